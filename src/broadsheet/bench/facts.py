"""How good key phrases and extracts are, on a file of papers. How they are chosen lives in the enrich room."""

import json
import random
import sys
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import mean
from typing import Any

import numpy as np

from broadsheet.bench.votes import opened
from broadsheet.enrich import extracts
from broadsheet.errors import BadInput
from broadsheet.papers import phrases
from broadsheet.papers.tex import plain
from broadsheet.search import current

FIRST = 5
"""Phrases of a paper that are looked at."""


@dataclass(frozen=True, slots=True)
class PhraseRow:
    """A way to choose phrases on one half of the papers: that on which weights are set, or the one held out.

    precision: of FIRST phrases so many are among the keywords, on average. near: so many are, or stand in one, or
    hold one.
    """

    way: str
    half: str
    papers: int
    precision: float
    near: float


@dataclass(frozen=True, slots=True)
class ExtractRow:
    """A way to choose two sentences. meaning: likeness of their vector to the abstract's, nan without a model.

    words: share of the abstract's weight of words that they hold. letters: of the two, on average.
    """

    way: str
    papers: int
    meaning: float
    words: float
    letters: float


def run_phrases(path: Path, *, as_json: bool = False) -> None:
    """Measure key phrases and print a table, or JSON."""
    _show(measure_phrases(path), as_json=as_json)


def run_extracts(path: Path, papers: int, *, as_json: bool = False) -> None:
    """Measure extracts and print a table, or JSON."""
    _show(measure_extracts(path, papers), as_json=as_json)


def measure_phrases(path: Path) -> list[PhraseRow]:
    """Choose phrases for all papers of a file that have keywords, by frequencies of the whole file.

    Each paper belongs by its id to one of two halves, so that weights are set on the one and told by the other.
    Raises BadInput for a file that cannot be read, or without keywords.
    """
    rows = list(_rows(path))
    counts: Counter[str] = Counter()
    for row in rows:
        counts.update(phrases.counted(row["title"], row["abstract"]))
    judged = [row for row in rows if row.get("keywords")]
    if not judged:
        raise BadInput(f"No paper in {path} has keywords.", "Give a file whose papers have the field keywords.")

    def seen(names: list[str]) -> list[int]:
        return [counts[name] for name in names]

    hits: dict[tuple[str, str], list[tuple[int, int]]] = {}
    for row in judged:
        text = row["title"], row["abstract"]
        mine = [one.text for one in phrases.choose(*text, len(rows), seen, FIRST)]
        plain_ones = phrases.by_tfidf(*text, len(rows), seen, FIRST)
        wanted = {_folded(word) for word in row["keywords"]}
        half = half_of(str(row.get("id", row["title"])))
        hits.setdefault(("broadsheet", half), []).append(_hits(mine, wanted))
        hits.setdefault(("TF-IDF", half), []).append(_hits(plain_ones, wanted))
    return [
        PhraseRow(way, half, len(found), *(mean(one[place] for one in found) / FIRST for place in (0, 1)))
        for (way, half), found in sorted(hits.items(), key=lambda item: item[0][1])
    ]


def half_of(key: str) -> str:
    """Return the half to which a paper belongs by its id, the same whatever else a file holds."""
    return ("held out", "tuning")[zlib.crc32(key.encode()) % 2]


def measure_extracts(path: Path, papers: int) -> list[ExtractRow]:
    """Choose two sentences of so many abstracts, drawn by a fixed seed, and of the first and of any two.

    Raises BadInput for a file that cannot be read, or without an abstract of three sentences.
    """
    rows = list(_rows(path))
    random.Random(1).shuffle(rows)  # noqa: S311 (which papers are measured)
    counts: Counter[str] = Counter()
    for row in rows[: 20 * papers]:
        counts.update(phrases.counted(row["title"], row["abstract"]))
    number = min(len(rows), 20 * papers)
    found = [sentences for row in rows if len(sentences := extracts.sentences_of(row["abstract"])) > 2]
    if not found:
        raise BadInput(f"No abstract in {path} has three sentences.")
    judge = _Judge(counts, number)
    for sentences in found[:papers]:
        judge.look(sentences)
    return judge.rows()


class _Judge:
    """Looks at one abstract after the other and keeps the measures of each way."""

    def __init__(self, counts: Counter[str], papers: int) -> None:
        self._counts, self._papers = counts, papers
        self._model = current.embedder()
        self._chance = random.Random(2)  # noqa: S311 (which two sentences are the chance ones, the same each time)
        self._found: dict[str, list[tuple[float, float, int]]] = {}

    def look(self, sentences: Sequence[str]) -> None:
        """Choose two sentences in every way and measure them."""
        places = extracts.usable(sentences)
        if len(places) < 2:
            return
        ways = {
            "first two": [0, 1],
            "any two": sorted(self._chance.sample(range(len(sentences)), 2)),
            "weight of words": extracts.by_words(sentences, places, self._papers, self._seen),
        }
        whole = None
        if self._model:
            vectors = self._model.embed([" ".join(sentences), *(sentences[place] for place in places)])
            whole = vectors[0]
            ways["model"] = extracts.by_meaning(sentences, places, whole, vectors[1:])
        for way, chosen in ways.items():
            text = " ".join(sentences[place] for place in chosen)
            meaning = float(self._model.embed([text])[0] @ whole) if self._model and whole is not None else np.nan
            self._found.setdefault(way, []).append((meaning, self._held(text, sentences), len(text)))

    def rows(self) -> list[ExtractRow]:
        """Return the means of each way."""
        return [
            ExtractRow(way, len(found), *(float(np.mean([one[place] for one in found])) for place in range(3)))
            for way, found in self._found.items()
        ]

    def _seen(self, names: list[str]) -> list[int]:
        return [self._counts[name] for name in names]

    def _held(self, text: str, sentences: Sequence[str]) -> float:
        weights = {
            name: np.log((self._papers + 1) / (self._counts[name] + 1)) + 0.1
            for name in phrases.counted("", " ".join(sentences))
        }
        held = phrases.counted("", text)
        return float(sum(weights[name] for name in weights if name in held) / (sum(weights.values()) or 1.0))


def _hits(chosen: Sequence[str], wanted: set[str]) -> tuple[int, int]:
    folded = [_folded(one) for one in chosen]
    near = sum(any(one in word or word in one for word in wanted) for one in folded)
    return sum(one in wanted for one in folded), near


def _folded(text: str) -> str:
    return phrases.fold(plain(text).replace("(", " ").replace(")", " ").split())


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with opened(path) as lines:
        for line in lines:
            row = json.loads(line)
            if isinstance(row, dict) and isinstance(row.get("title"), str) and isinstance(row.get("abstract"), str):
                yield row


def _show(rows: Sequence[PhraseRow] | Sequence[ExtractRow], *, as_json: bool) -> None:
    told = [asdict(row) for row in rows]
    if as_json:
        sys.stdout.write(json.dumps(told, indent=1) + "\n")
        return
    for row in told:
        numbers = "  ".join(
            f"{name} {value:.3f}" if isinstance(value, float) else f"{name} {value}"
            for name, value in row.items()
            if name != "way"
        )
        sys.stdout.write(f"{row['way']:<16} {numbers}\n")
