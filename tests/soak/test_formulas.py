"""What it is worth to read formulas and to name Greek letters, as docs/search/quality.md tells it; WORD_PAPERS says of
how many papers.

Papers with a formula in their title are asked for by the word that holds it and one other word of the title, each in
the three ways in which people type a formula; those with a Greek letter by the letter and by its name. No judgment is
needed: relevant is the paper that the words are of.
"""

import json
import lzma
import os
import random
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.soak.word_variants import Asked, Cut, Text, Words

from broadsheet.bench import measures
from broadsheet.papers.tex import plain
from broadsheet.search.index import Document
from broadsheet.search.query import parse
from broadsheet.search.terms import fields
from broadsheet.search.text import compounds

PAPERS = int(os.environ.get("WORD_PAPERS", "40000"))
QUERIES = int(os.environ.get("WORD_QUERIES", "500"))
KEPT = Asked((0.3, 0.2), forms=True, questions=True)
BESIDES = "the same, and what the source has besides"
WAYS = ("in TeX", "in Unicode", "in ASCII")
_WITH_FORMULA = re.compile(r"\S*\$[^$]*\d[^$]*\$\S*")
_LETTER, _NO_LETTER = re.compile(f"[{''.join(compounds.GREEK)}]"), re.compile(r"(?!)")

type Row = dict[str, str]


def rows(path: Path, wanted: Callable[[str], object]) -> list[Row]:
    """Return some of the shared papers as they came, those first whose title is wanted."""
    with lzma.open(path, "rt") as lines:
        every: list[Row] = [json.loads(line) for line in lines]
    random.Random(7).shuffle(every)
    return sorted(every, key=lambda row: not wanted(row["title"]))[:PAPERS]


def typed(row: Row) -> dict[str, str]:
    """Return what is typed by each way of typing the formula of a title; nothing where it has no other word."""
    found = _WITH_FORMULA.search(row["title"])
    others: list[str] = re.findall(r"\b[A-Za-z]{5,}\b", re.sub(r"\$[^$]*\$", " ", row["title"]))
    if not found or not others or not plain(found[0]).strip():
        return {}
    formula, word = found[0], max(others, key=len)
    shown = plain(formula)
    bare = re.sub(r"[_^](?:\(([^()]*)\))?", r"\1", unicodedata.normalize("NFKC", shown))
    letters = "".join(_NAMES.get(sign, sign) for sign in bare)
    return {way: f"{said} {word}" for way, said in zip(WAYS, (formula, shown, letters), strict=True)}


_NAMES = {chr(code): unicodedata.name(chr(code)).split()[-1].lower() for code in range(0x3B1, 0x3CA)}


def cut(way: str, row: Row) -> Text:
    """Return a paper's text as an index has it that reads formulas in one way."""
    title, abstract = row["title"], row["abstract"]
    match way:
        case "as they come":
            return Text(title=title, abstract=abstract, authors="")
        case "read":
            return Text(title=plain(title), abstract=plain(abstract), authors="")
        case "read, signs in one form":
            return Text(title=fields.clean(plain(title)), abstract=fields.clean(plain(abstract)), authors="")
        case _:
            source = f"{title} {abstract}"
            document = Document(id=1, title=plain(title), abstract=plain(abstract), authors="", source_text=source)
            shown, coined, told, rest = fields.pieces(document)
            return Text(title=f"{shown} {coined}", abstract=told, authors=rest)


def queries(found: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Yield the way of typing, what is typed, and the number of the paper."""
    asked = [(number, said) for number, row in enumerate(found) if (said := typed(row))]
    for number, said in asked[:QUERIES]:
        for way, text in said.items():
            yield way, text, str(number)


@pytest.mark.soak
def test_a_formula_finds_its_paper_in_whichever_way_it_is_typed(shared_data):
    found = rows(shared_data("papers-2025-2026.jsonl.xz"), _WITH_FORMULA.search)
    every = list(queries(found))
    table = {}
    for way in ("as they come", "read", "read, signs in one form", BESIDES):
        index = Words([cut(way, row) for row in found], Cut(joined=way != BESIDES))  # there words are joined already
        table |= asked(index, way, every)
        if way == BESIDES:
            table |= asked(
                index, "the same, and what is typed is read", [(one, parse(said).text, n) for one, said, n in every]
            )
    for way, row in table.items():
        print(f"\n{way}: " + ", ".join(f"{typing} {value:.3f}" for typing, value in row.items()), end="")
    print(f" ({len(every) // 3} titles)")
    worst = {way: min(row.values()) for way, row in table.items()}
    assert worst["the same, and what is typed is read"] == max(worst.values())


def asked(index: Words, way: str, every: list[tuple[str, str, str]]) -> dict[str, dict[str, float]]:
    """Return the mean reciprocal rank of papers by the way of typing, under the way in which formulas are read."""
    scores: dict[str, list[float]] = {}
    for typing, text, number in every:
        best = index.best(text if way in {"as they come", "read"} else fields.clean(text), KEPT)
        scores.setdefault(typing, []).append(measures.reciprocal_rank(best, {number: 1}))
    return {way: {typing: float(np.mean(values)) for typing, values in scores.items()}}


@pytest.mark.soak
def test_a_greek_letter_finds_its_paper_by_its_name(shared_data, monkeypatch):
    found = rows(shared_data("papers-2025-2026.jsonl.xz"), lambda title: _LETTER.search(plain(title)))
    every = list(with_letters(found))
    with monkeypatch.context() as patch:
        patch.setattr(compounds, "_GREEK", _NO_LETTER)
        index = Words([cut(BESIDES, row) for row in found], Cut())
    table = asked(index, "not named in papers", every)
    index = Words([cut(BESIDES, row) for row in found], Cut())
    for weight in (0.0, compounds.NAME, 1.0):
        monkeypatch.setattr(compounds, "NAME", weight)
        table |= asked(index, f"named in papers, and at {weight} in queries", every)
    for way, row in table.items():
        print(f"\n{way}: " + ", ".join(f"{typing} {value:.3f}" for typing, value in row.items()), end="")
    print(f" ({len(every) // 2} titles)")
    before, kept = table["not named in papers"], table["named in papers, and at 0.3 in queries"]
    assert kept["by name, two words"] > before["by name, two words"]


def with_letters(found: list[Row]) -> Iterator[tuple[str, str, str]]:
    """Yield the way of typing, what is typed, and the number of the paper, of which every second loses its title.

    The others are asked for by the letter's word and the longest other one.
    """
    asked_for = 0
    for number, row in enumerate(found):
        shown = fields.clean(plain(row["title"]))
        lettered = [word for word in shown.split() if _LETTER.search(word)]
        others: list[str] = [word for word in re.findall(r"\b[A-Za-z]{5,}\b", shown) if word not in lettered]
        if not lettered or not others or asked_for >= QUERIES:
            continue
        asked_for += 1
        if asked_for % 2:
            kind, text = "masked title", shown
            row["title"] = ""
        else:
            kind, text = "two words", f"{lettered[0]} {max(others, key=len)}"
        yield f"as it is, {kind}", text, str(number)
        yield f"by name, {kind}", _LETTER.sub(lambda sign: compounds.GREEK[sign[0]], text), str(number)
