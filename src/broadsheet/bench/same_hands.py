"""Papers by the same hands, as judgments that no ranked feature sees: two authors in common. Who is asked: ``similar``.

People go on with what they worked on, so that what the same two wrote is mostly near in content; that is noisy, and
the same noise for every system.
"""

import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from broadsheet.bench.known_item import draw
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper

type Half = Literal["tuning", "report"]
HALVES: tuple[Half, ...] = get_args(Half.__value__)

FEWEST_AUTHORS, MOST_AUTHORS = 2, 10
"""Authors of a paper that is looked at: two names in common say little among a hundred."""
MOST_PAPERS = 200
"""Papers of a name that is looked at; more are several people."""
MOST_NEAR = 50


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a paper here."""

    key: str
    authors: tuple[str, ...]
    categories: tuple[str, ...]
    day: date | None

    @property
    def year(self) -> int | None:
        """The year of its edition."""
        return self.day.year if self.day else None


class Hands:
    """All papers of the store by their authors."""

    def __init__(self) -> None:
        fields = ("pk", "key", "authors", "categories", "day")
        self.rows = {
            pk: Row(key, tuple(authors), tuple(categories), day)
            for pk, key, authors, categories, day in Paper.objects.standing().values_list(*fields).iterator()
        }
        self._by: defaultdict[str, list[int]] = defaultdict(list)
        for pk, row in self.rows.items():
            if FEWEST_AUTHORS <= len(row.authors) <= MOST_AUTHORS:
                for name in row.authors:
                    self._by[name].append(pk)

    def near(self, pk: int) -> set[int]:
        """Return the papers that share two authors with one; none where they are too many to mean anything."""
        row = self.rows[pk]
        if not FEWEST_AUTHORS <= len(row.authors) <= MOST_AUTHORS:
            return set()
        held = (self._by[name] for name in row.authors if len(self._by[name]) <= MOST_PAPERS)
        shared = Counter(other for own in held for other in own if other != pk)
        found = {other for other, number in shared.items() if number >= 2}
        return found if len(found) <= MOST_NEAR else set()

    def drawn(self, seed: int, half: Half) -> Iterator[int]:
        """Yield the papers of one half in an order that looks like chance, and is the same for the same seed."""
        own = [pk for pk, row in self.rows.items() if half_of(row.key) == half]
        yield from sorted(own, key=lambda pk: draw(seed, self.rows[pk].key))


def half(name: str) -> Half:
    """Return the half of a name. Raises BadInput for another name."""
    for known in HALVES:
        if known == name:
            return known
    raise BadInput(f"{name[:20]!r} is no half of the papers.", f"There are {' and '.join(HALVES)}.")


def half_of(key: str) -> Half:
    """Return the half that a paper belongs to: what is tuned on the one is reported on the other."""
    return "report" if zlib.crc32(key.encode()) % 2 else "tuning"
