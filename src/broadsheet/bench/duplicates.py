"""How well duplicates are told from papers of like titles, on any two files with ids: ``papers.likeness``.

The ids are the truth and are hidden from what is measured. What follows from a likeness on a site, where ids are known
and clash, is stricter: ``community.duplicates``.
"""

import itertools
import json
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from broadsheet.errors import BadInput
from broadsheet.papers.likeness import PERHAPS, SURE, Text, likeness, title_likeness
from broadsheet.papers.tex import plain
from broadsheet.papers.titles import title_key
from broadsheet.sources.jsonl import JsonLines
from broadsheet.sources.record import Record

NEAR = 0.6
"""Likeness of titles from which on two papers are a hard case."""

THRESHOLDS = (0.5, 0.6, 0.7, PERHAPS, 0.8, 0.85, SURE, 0.95)
_LARGEST = 40
_RAREST = 4
_ROUNDS = 2000
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_WORD = re.compile(r"[^\W_]{3,}")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two papers. same: whether they have one id. equal: whether their titles are the same letters."""

    one: Text
    other: Text
    ids: tuple[str, str]
    same: bool
    equal: bool


@dataclass(frozen=True, slots=True)
class Row:
    """One way of telling pairs apart. right, wrong: pairs called one paper; missed: those that are and were not.

    precision and recall with the 95 % interval of a bootstrap over the pairs; None where nothing was called so.
    """

    pairs: str
    change: str
    same: int
    other: int
    threshold: float
    right: int
    wrong: int
    missed: int
    precision: float | None
    precision_from: float | None
    recall: float
    recall_from: float
    recall_to: float


def changes() -> dict[str, Callable[[Text, random.Random], Text]]:
    """Return by what a paper is made harder to know again."""
    return {
        "as they are": lambda text, _: text,
        "title changed": _title_changed,
        "authors cut": lambda text, _: replace(text, authors=[_short(name) for name in text.authors[:1]]),
        "initials": lambda text, _: replace(text, authors=[_short(name) for name in text.authors]),
        "abstract revised": _abstract_revised,
        "no abstract": lambda text, _: replace(text, abstract=""),
        "no authors": lambda text, _: replace(text, authors=()),
        "title, initials, abstract": lambda text, chance: _abstract_revised(
            replace(_title_changed(text, chance), authors=[_short(name) for name in text.authors]), chance
        ),
    }


def _short(name: str) -> str:
    *given, family = name.split() or [""]
    return f"{family}, {' '.join(word[0] + '.' for word in given)}" if given else family


def _title_changed(text: Text, chance: random.Random) -> Text:
    """Return the paper with its subtitle gone, or else with a word or two of its title gone, as between versions."""
    head, colon, tail = text.title.partition(":")
    if colon and len(tail.split()) > 2:
        return replace(text, title=tail.strip() if chance.random() < 0.5 and len(head.split()) < 3 else head.strip())
    words = text.title.split()
    for _ in range(max(1, len(words) // 6)):
        if len(words) > 2:
            words.pop(chance.randrange(len(words)))
    return replace(text, title=" ".join(words))


def _abstract_revised(text: Text, chance: random.Random) -> Text:
    """Return the paper with two of five sentences of its abstract gone, and of the others some words."""
    sentences = [one for one in _SENTENCE.split(text.abstract) if chance.random() > 0.4]
    words = [word for sentence in sentences for word in sentence.split() if chance.random() > 0.08]
    return replace(text, abstract=" ".join(words))


def measure(first: Path, second: Path, *, seed: int = 7) -> tuple[list[Row], list[dict[str, object]]]:
    """Compare the papers of two files that have the same or nearly the same title; return rows, and what went wrong.

    first, second: JSON-lines files of the record format. Same is who has the same id in both; papers of other ids and
    like titles, from both files, are the hard cases.
    Raises BadInput for files that have no id in common.
    """
    ours, theirs = _read(first), _read(second)
    pairs = [*_same(ours, theirs), *_others(ours, theirs)]
    if not any(pair.same for pair in pairs):
        raise BadInput("The files have no id in common.", "Give two files that both know some papers.")
    rows: list[Row] = []
    mistakes: list[dict[str, object]] = []
    generator = np.random.default_rng(seed)
    for name, change in changes().items():
        chance = random.Random(seed)  # noqa: S311 - the same changes each time
        scored = [(pair, *_score(replace(pair, other=change(pair.other, chance)))) for pair in pairs]
        for kind, of_kind in (("same title", True), ("like title", False)):
            some = [(pair, score) for pair, score, kindred in scored if (pair.equal or not of_kind)
                    for score in [0.0 if kindred else score]]  # fmt: skip
            rows += [_row(kind, name, threshold, some, generator) for threshold in THRESHOLDS]
        if name == "as they are":
            mistakes = [_told(pair, score) for pair, score, kindred in scored if not kindred and _wrong(pair, score)]
    return rows, mistakes


def _read(path: Path) -> dict[str, Text]:
    records = (item.row for item in JsonLines(path).fetch())
    return {record.id: _text(record) for record in records if isinstance(record, Record)}


def _text(record: Record) -> Text:
    moment = record.published or record.announced or record.featured
    abstract = record.abstract if record.abstract_kind == "abstract" else ""
    return Text(record.title, record.authors, abstract, moment.year if moment else None)


def _same(ours: dict[str, Text], theirs: dict[str, Text]) -> Iterator[Pair]:
    for key in sorted(ours.keys() & theirs.keys()):
        one, other = ours[key], theirs[key]
        yield Pair(one, other, (key, key), same=True, equal=title_key(one.title) == title_key(other.title) != "")


def _others(ours: dict[str, Text], theirs: dict[str, Text]) -> Iterator[Pair]:
    """Yield papers of two ids whose titles are like each other, each pair of ids once."""
    texts = theirs | ours
    keys = {key: title_key(text.title) for key, text in texts.items()}
    for one, other in sorted(_neighbours({key: plain(text.title).lower() for key, text in texts.items()})):
        equal = keys[one] == keys[other] != ""
        if equal or title_likeness(texts[one].title, texts[other].title) >= NEAR:
            yield Pair(texts[one], texts[other], (one, other), same=False, equal=equal)


def _neighbours(titles: dict[str, str]) -> set[tuple[str, str]]:
    """Return pairs of ids whose titles share two of their rarest words, or all letters."""
    words = {key: set(_WORD.findall(title)) for key, title in titles.items()}
    known = Counter(word for some in words.values() for word in some)
    places: defaultdict[object, list[str]] = defaultdict(list)
    for key, some in words.items():
        rarest = sorted(some, key=lambda word: (known[word], word))[:_RAREST]
        for two in itertools.combinations(sorted(rarest), 2):
            places[two].append(key)
        places[title_key(titles[key])].append(key)
    return {
        (one, other)
        for group in places.values()
        if 1 < len(group) <= _LARGEST
        for one, other in itertools.combinations(sorted(group), 2)
    }


def _score(pair: Pair) -> tuple[float, bool]:
    found = likeness(pair.one, pair.other)
    return found.score, found.kindred


def _wrong(pair: Pair, score: float) -> bool:
    return pair.same != (score >= SURE)


def _told(pair: Pair, score: float) -> dict[str, object]:
    titles = [plain(pair.one.title), plain(pair.other.title)]
    return {"ids": pair.ids, "same": pair.same, "score": round(score, 3), "titles": titles}


def _row(
    kind: str, change: str, threshold: float, scored: Sequence[tuple[Pair, float]], generator: np.random.Generator
) -> Row:
    counted = Counter((pair.same, score >= threshold) for pair, score in scored)
    right, wrong = counted[True, True], counted[False, True]
    missed, apart = counted[True, False], counted[False, False]
    total = max(1, right + wrong + missed + apart)
    # Drawing pairs again with replacement is drawing these four counts.
    drawn = generator.multinomial(total, np.array([right, wrong, missed, apart]) / total, size=_ROUNDS)
    precisions = drawn[:, 0] / np.maximum(1, drawn[:, 0] + drawn[:, 1])
    recalls = drawn[:, 0] / np.maximum(1, drawn[:, 0] + drawn[:, 2])
    low, high = np.percentile(recalls, [2.5, 97.5])
    called = right + wrong
    return Row(
        kind, change, right + missed, wrong + apart, threshold, right, wrong, missed,
        right / called if called else None,
        float(np.percentile(precisions, 2.5)) if called else None,
        right / max(1, right + missed), float(low), float(high),
    )  # fmt: skip


def run(first: Path, second: Path, *, as_json: bool) -> None:
    """Print the figures as a table, or all of them as JSON with the pairs that were told wrongly."""
    rows, mistakes = measure(first, second)
    if as_json:
        print(json.dumps({"rows": [asdict(row) for row in rows], "mistakes": mistakes}, ensure_ascii=False, indent=1))
        return
    sys.stdout.writelines(_lines(rows, mistakes))


def _lines(rows: Iterable[Row], mistakes: Sequence[dict[str, object]]) -> Iterator[str]:
    yield "pairs       change                       score  same   other  right  wrong missed  precision     recall\n"
    for row in rows:
        if row.threshold not in (PERHAPS, SURE):
            continue
        precision = "-" if row.precision is None else f"{row.precision:.4f} ≥{row.precision_from:.4f}"
        recall = f"{row.recall:.4f} {row.recall_from:.3f}-{row.recall_to:.3f}"
        yield (
            f"{row.pairs:<11} {row.change:<28} {row.threshold:.2f} {row.same:>6} {row.other:>6} {row.right:>6}"
            f" {row.wrong:>6} {row.missed:>6}  {precision:<15} {recall}\n"
        )
    yield f"{len(mistakes)} pairs told wrongly at {SURE} (--json lists them).\n"
