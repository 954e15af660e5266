"""Makes any number of papers of real ones, as a file of records that ``ingest`` takes in.

Titles, sentences, authors and categories are recombined within a topic (``scale_pool``), so that lengths, frequencies
of words, and what stands with what stay as they are; rare words are coined as the vocabulary of so many papers asks.
"""

import json
import math
import random
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from broadsheet.bench.scale_pool import Pool
from broadsheet.search.machine import mapped

BLOCK = 1000
"""Lines that one seed makes: a file that was cut off goes on behind its last whole block."""

A_DAY = 1500
"""Papers of a day that is added, about as many as arXiv announces."""

NEWEST_MONTH = 0.01
"""Share of the papers that the last thirty days have."""

YEARS = 30

_JOINTS = re.compile(
    r"\s(?=(?:for|with|via|in|of|on|from|under|using|through|by|and|as|towards?|without|beyond|between)\s)|(?<=:)\s"
)
_TOKEN = re.compile(r"[^\W\d_]{3,}")

type Row = dict[str, Any]
type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]


class Maker:
    """Makes the papers of a corpus of ``number``; the same pool, number, last day and seed make the same ones.

    last: day of the newest papers.
    """

    def __init__(self, pool: Pool, number: int, last: date, seed: int) -> None:
        self._pool = pool
        self._number = number
        self._last = last
        self._seed = seed
        self._share = pool.coined(number)
        self._rare = sorted(pool.rare)

    def lines(self, begin: int) -> Iterator[str]:
        """Yield the lines of the corpus from place ``begin``, which is that of a block, oldest papers first."""
        for block in range(begin, self._number, BLOCK):
            drawn = random.Random(f"{self._seed} {self._number} {block}")  # noqa: S311 (no secret)
            for place in range(block, min(block + BLOCK, self._number)):
                day = self._last - timedelta(days=age(place, self._number))
                yield f"{json.dumps(self._paper(drawn, f'made:{self._number}-{place}', day), ensure_ascii=False)}\n"

    def day(self, number: int, size: int = A_DAY) -> Iterator[str]:
        """Yield the lines of the ``number``-th day after the last one, from 1 on."""
        drawn = random.Random(f"{self._seed} {self._number} day {number}")  # noqa: S311 (no secret)
        day = self._last + timedelta(days=number)
        for place in range(size):
            key = f"made:{self._number}-day{number}-{place}"
            yield f"{json.dumps(self._paper(drawn, key, day), ensure_ascii=False)}\n"

    def _paper(self, drawn: random.Random, key: str, day: date) -> Row:
        papers, topics = self._pool.papers, self._pool.topics
        base = int(drawn.random() * len(papers))
        topic = int(topics.searchsorted(base, side="right"))
        begin, size = int(topics[topic - 1]), int(topics[topic] - topics[topic - 1])

        def near() -> int:
            return begin + int(drawn.random() * size)

        other = papers[near()]
        return {
            "id": key,
            "title": self._coin(drawn, joined(papers[base].title, other.title)),
            "abstract": self._abstract(drawn, (base, near(), near())),
            "authors": [self._author(drawn, papers[base].authors, near) for _ in papers[base].authors[:30]],
            "categories": papers[base].categories,
            "announced": day.isoformat(),
            "published": f"{day - timedelta(days=1)}T12:00:00Z",
        }

    def _abstract(self, drawn: random.Random, of: tuple[int, int, int]) -> str:
        """Return the beginning of one abstract, the middle of another and the end of a third.

        Sentences that follow one another stay together, as a paper says the same words several times.
        """
        held = (self._pool.sentences[place] for place in of)
        parts = (theirs[len(theirs) * n // 3 : len(theirs) * (n + 1) // 3] for n, theirs in enumerate(held))
        chosen = [one for part in parts for one in part]
        return " ".join(self._coin(drawn, text) if has_rare else text for text, has_rare in chosen)

    def _author(self, drawn: random.Random, own: tuple[str, ...], near: Callable[[], int]) -> str:
        """Return a given name of one author with the family name of another."""
        others = self._pool.papers[near()].authors
        given = own[int(drawn.random() * len(own))].rpartition(" ")[0]
        return f"{given} {others[int(drawn.random() * len(others))].rpartition(' ')[2]}".strip()

    def _coin(self, drawn: random.Random, text: str) -> str:
        """Return a text with some of its rare words made new, each of the beginning of one and the end of another."""
        rare, share = self._pool.rare, self._share

        def new(found: re.Match[str]) -> str:
            word = found[0]
            if word.lower() not in rare or drawn.random() >= share:
                return word
            other = self._rare[int(drawn.random() * len(self._rare))]
            return word[: (len(word) + 1) // 2] + other[len(other) // 2 :]

        return _TOKEN.sub(new, text)


def age(place: int, number: int) -> int:
    """Return how many days before the last one the paper at a place came, of ``number`` papers, oldest first.

    Each day has more papers than the one before by the same factor, so that the newest month has ``NEWEST_MONTH`` of
    them; none is older than ``YEARS``.
    """
    rate = -math.log(1 - NEWEST_MONTH) / 30
    newer = (number - place - 0.5) / number
    return int(-math.log1p(newer * math.expm1(-rate * 365.25 * YEARS)) / rate)


def joined(first: str, second: str) -> str:
    """Return a title that begins as the one and ends as the other, parted at a small word or a colon."""
    head, tail = _JOINTS.split(first, maxsplit=1)[0], _JOINTS.split(second, maxsplit=1)[1:]
    return f"{head} {tail[0]}" if tail and head != first else first


def write(path: Path, maker: Maker, number: int, *, report: Report, stop: Stop) -> bool:
    """Write a corpus to a file, or go on with it; return whether it is whole.

    What is not whole yet stands beside it. report: called with (done, total) lines. stop: asked between two blocks.
    """
    if path.exists():
        return True
    new = path.with_suffix(".new")
    done = _whole_blocks(new)
    with new.open("a", encoding="utf-8") as file:
        lines = maker.lines(done)
        while done < number and not stop():
            block = list(islice(lines, BLOCK))
            file.writelines(block)
            done += len(block)
            report(done, number)
    if done < number:
        return False
    mapped.named(new, path)
    return True


def _whole_blocks(path: Path) -> int:
    """Cut a file that was not finished behind its last whole block; return how many lines it has then."""
    if not path.exists():
        return 0
    ends, at = [0], 0
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            at += len(line)
            if number % BLOCK == 0 and line.endswith(b"\n"):
                ends.append(at)
    with path.open("r+b") as file:
        file.truncate(ends[-1])
    return (len(ends) - 1) * BLOCK
