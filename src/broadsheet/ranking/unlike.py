"""Slates of papers like some, but different as a reader says, refined in rounds ("like this, but").

Pure of HTTP: pages, commands and the API call ``asked`` and ``like``. How words are read is ``wishes``, how candidates
are scored ``steered``. Nothing is stored: a round is told everything by who asks (docs/search).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from broadsheet.errors import BadInput, NotFound
from broadsheet.papers.models import Paper
from broadsheet.ranking import steering, wishes
from broadsheet.ranking.similar import rows_of
from broadsheet.ranking.steered import SLATE, WEIGHTS, Asked, Near, Weights, ranked
from broadsheet.ranking.wishes import CHIPS, Wish

__all__ = ["CHIPS", "SLATE", "Alike", "Asked", "Chip", "Kept", "Slate", "asked", "like"]

SHORT_SLATE = 5
SHOWABLE = 400
"""Candidates that a slate may be chosen of, the best."""
MOST_LIKE, MOST_DECIDED, MOST_LIMIT = 5, 20, 100


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that can be wished for by a tick. on: it counts in this slate, ticked or typed."""

    name: str
    label: str
    on: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """A paper that was decided on. kept: False for a dropped one."""

    paper: Paper
    kept: bool


@dataclass(frozen=True, slots=True)
class Alike:
    """One paper of a slate. score: from 0 to about 1. why: any of ``meaning``, ``words``, ``wish``, ``field``."""

    paper: Paper
    score: float
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Slate:
    """One round's papers, and all that the next round needs to be told.

    papers: begun with. found: this slate, in order. decided: what was kept and dropped so far. understood: how the
    words and chips were read. notes: sentences on what is missing for a full answer.
    """

    papers: tuple[Paper, ...]
    found: tuple[Alike, ...]
    but: str = ""
    chips: tuple[Chip, ...] = ()
    decided: tuple[Kept, ...] = ()
    round: int = 1
    understood: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def next_round(self) -> int:
        """The number of the round after this one; the last one repeats."""
        return min(self.round + 1, steering.LAST_ROUND)

    def state(self) -> list[tuple[str, str]]:
        """Return the names and values that ask for this slate again, for addresses and hidden fields of forms."""
        return [
            *(("like", paper.key) for paper in self.papers),
            *([("but", self.but)] if self.but else []),
            *(("chip", chip.name) for chip in self.chips if chip.on and chip.name in self._ticked()),
            *(("keep" if one.kept else "drop", one.paper.key) for one in self.decided),
            ("round", str(self.round)),
        ]

    def _ticked(self) -> set[str]:
        """Chips that the words alone would not bring: those that were typed need no tick."""
        typed = set(wishes.read(self.but, (), self.papers).chips)
        return {chip.name for chip in self.chips if chip.on} - typed


def asked(
    like: Sequence[str],
    *,
    but: str = "",
    chips: Sequence[str] = (),
    keep: Sequence[str] = (),
    drop: Sequence[str] = (),
    number: int | str = 1,
    limit: int = SLATE,
) -> Asked:
    """Read a round from texts, as addresses, forms and commands hold them. Ids may be spelled as anywhere.

    Raises NotFound for a paper that is not here, BadInput for none, for too many, and for a round that is no number.
    """
    if not like:
        raise BadInput("There is no paper to begin with.", "Name one or several by their ids.")
    for what, names, most in (("begin with", like, MOST_LIKE), ("decide on", [*keep, *drop], 2 * MOST_DECIDED)):
        if len(names) > most:
            raise BadInput(f"{len(names)} papers are too many to {what}.", f"It takes {most}.")
    known = {name: _named(name) for name in dict.fromkeys([*like, *keep, *drop])}
    begun, kept = _each(known[name] for name in like), _each(known[name] for name in keep)
    dropped = tuple(paper for paper in _each(known[name] for name in drop) if paper not in kept)
    try:
        number = int(number)
    except ValueError:
        raise BadInput(f"{str(number)[:20]!r} is not the number of a round.", "Rounds are counted from 1.") from None
    number = min(max(number, 1), steering.LAST_ROUND)
    return Asked(begun, but.strip(), tuple(chips), kept, dropped, number, min(max(limit, 1), MOST_LIMIT))


def like(round_asked: Asked, *, weights: Weights = WEIGHTS) -> Slate:
    """Return the slate of a round. Raises what the index raises where it cannot be asked, and BadInput for a chip."""
    wish = wishes.read(round_asked.but, round_asked.chips, round_asked.papers)
    notes = list(wish.notes)
    limit = min(round_asked.limit, SHORT_SLATE) if wish.short else round_asked.limit
    near = ranked(round_asked, wish, notes, weights=weights)
    pool = _fulfilling(near, wish)[: max(steering.radius(round_asked.number), limit)]
    if not pool:
        notes.append("No paper fulfils all of this; leave something out.")
    worth = steering.scaled(np.array([one.score for one in pool], dtype=np.float32))
    rows = rows_of([one.paper.pk for one in pool])
    places = steering.varied(worth, rows, limit, weight=steering.balance(round_asked.number))
    return Slate(
        round_asked.papers,
        tuple(pool[place] for place in places),
        round_asked.but,
        tuple(Chip(name, label, name in wish.chips) for name, label in CHIPS.items()),
        tuple(
            [Kept(paper, kept=True) for paper in round_asked.kept]
            + [Kept(paper, kept=False) for paper in round_asked.dropped]
        ),
        round_asked.number,
        wish.said,
        tuple(notes),
    )


def _fulfilling(near: Sequence[Near], wish: Wish) -> list[Alike]:
    """Return the best as papers, those that only the database can rule out left away."""
    papers = Paper.objects.standing().in_bulk([one.paper for one in near[:SHOWABLE]])
    return [
        Alike(papers[one.paper], one.score, one.why)
        for one in near
        if one.paper in papers and not (wish.few and len(papers[one.paper].authors) > wishes.FEW_AUTHORS)
    ]


def _named(name: str) -> Paper:
    found = Paper.objects.named(name)
    if found is None:
        raise NotFound(f"Paper {name[:64]!r} is not here.", "Search finds those that are.")
    return found


def _each(papers: Iterable[Paper]) -> tuple[Paper, ...]:
    return tuple({paper.pk: paper for paper in papers}.values())
