"""What a corpus of made papers is asked for: queries of several kinds, drawn from its own lines with a seed."""

import json
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

KINDS = ("words", "title words", "sentence", "paragraph", "phrase", "author", "category")
SHORT = KINDS[:2]
"""Kinds that another engine understands as they are."""

_WORD = re.compile(r"[^\W\d_]{3,}")
_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")


class Asked(NamedTuple):
    """A query and of which kind it is."""

    kind: str
    text: str


class Drawn(NamedTuple):
    """Queries, and whole titles, which are what meaning is asked for."""

    queries: list[Asked]
    titles: list[str]


def drawn(path: Path, corpus: int, number: int, seed: int) -> Drawn:
    """Return queries made of papers of a file, as many of each kind, and as many titles of other papers at most.

    corpus: lines of the file. number: of queries.
    """
    chance = random.Random(seed)  # noqa: S311 (no secret)
    places = set(chance.sample(range(corpus), min(corpus, 2 * number)))
    rows = list(_rows(path, places))
    chance.shuffle(rows)
    half = max(1, len(rows) // 2)
    queries = [_asked(KINDS[place % len(KINDS)], row, chance) for place, row in enumerate(rows[:half])]
    return Drawn(queries, [str(row["title"]) for row in rows[half:]] or [str(rows[0]["title"])])


def _rows(path: Path, places: set[int]) -> Iterator[dict[str, Any]]:
    with path.open("rb") as lines:
        yield from (json.loads(line) for place, line in enumerate(lines) if place in places)


def _asked(kind: str, row: dict[str, Any], chance: random.Random) -> Asked:
    title, abstract = str(row["title"]), str(row["abstract"])
    words = list(dict.fromkeys(_WORD.findall(f"{title} {abstract}")))
    match kind:
        case "title words":
            text = _run(title.split(), 4, chance)
        case "sentence":
            text = chance.choice(_END.split(abstract))
        case "paragraph":
            text = abstract
        case "phrase":
            text = f'"{_run(_WORD.findall(abstract), 3, chance)}"'
        case "author":
            text = f"{_some(words, 1, chance)} au:{row['authors'][0].rpartition(' ')[2]}"
        case "category":
            text = f"{_some(words, 2, chance)} cat:{next(iter(row['categories']), 'cs')}"
        case _:
            text = _some(words, chance.randint(2, 6), chance)
    return Asked(kind, text)


def _some(words: Sequence[str], number: int, chance: random.Random) -> str:
    return " ".join(chance.sample(words, min(number, len(words))))


def _run(words: Sequence[str], number: int, chance: random.Random) -> str:
    begin = chance.randint(0, max(0, len(words) - number))
    return " ".join(words[begin : begin + number])
