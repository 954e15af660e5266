"""What was tried for similar papers and "like this, but", as docs/search/quality.md tells it; SIMILAR_PAPERS and
SIMILAR_QUERIES say of how much.

Each variant is the product's own way with one number or one part put in another's place, judged as ``bench similar``
and ``bench like`` do, on the half of the papers for tuning. All papers are read by the model.
"""

import json
import lzma
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from broadsheet.bench import like, measures, same_hands, similar, similar_systems
from broadsheet.bench.asking import Measured
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.ranking import nearness, steered, wishes
from broadsheet.ranking import similar as ranking
from broadsheet.ranking.key_terms import key_terms
from broadsheet.search import current, state
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.sources.record import Record
from broadsheet.sources.rows import record_of

PAPERS = int(os.environ.get("SIMILAR_PAPERS", "12000"))
QUERIES = int(os.environ.get("SIMILAR_QUERIES", "200"))
MODEL = "all-MiniLM-L6-v2"
SEED = 7

type Patch = tuple[object, str, object]
BY_TERMS: Patch = (nearness, "BY_INDEX", 1.0)
WITH_HUBS: Patch = (nearness, "_excess", lambda _searcher, ids, _rows: np.zeros(len(ids), np.float32))


def variant(words: float, meaning: float, *patches: Patch) -> similar_systems.System:
    """Return similar papers by these weights, with some numbers or parts put in the product's place."""
    weights = replace(ranking.WEIGHTS, words=words, meaning=meaning, authors=0.0, together=0.0)

    def found(paper: Paper) -> list[int]:
        with pytest.MonkeyPatch.context() as patch:
            for owner, name, value in patches:
                patch.setattr(owner, name, value)
            return [near.paper for near in ranking.ranked(paper, weights=weights)]

    return found


def rarity_twice(paper: Paper) -> list[int]:
    """Return similar papers where the index counts twice how rare a key term is, as it does of whole texts."""
    searcher = current.searcher()
    return variant(KEPT.words, KEPT.meaning, (searcher, "words", partial(searcher.words, whole=True)))(paper)


def most_terms(number: int) -> Patch:
    """Return what has so many key terms asked for."""
    return nearness, "key_terms", partial(key_terms, most=number)


KEPT = ranking.WEIGHTS
PRODUCT = "**fused: key terms and TF-IDF, and the cosine less hubs** (kept: .55 and .45)"
SIMILAR: dict[str, similar_systems.System] = {
    "words: 20 key terms by BM25": variant(1, 0, BY_TERMS, most_terms(20)),
    "words: 40": variant(1, 0, BY_TERMS),
    "words: 80": variant(1, 0, BY_TERMS, most_terms(80)),
    "words: the texts' words by TF-IDF": variant(1, 0, (nearness, "BY_INDEX", 0.0)),
    "words: 40 key terms and TF-IDF, half and half (**kept**)": variant(1, 0),
    "meaning: cosine": variant(0, 1, WITH_HUBS),
    "meaning: cosine less hubs (**kept**)": variant(0, 1),
    "fused: 40 key terms alone, and the cosine less hubs": variant(KEPT.words, KEPT.meaning, BY_TERMS),
    "fused: key terms and TF-IDF, and the cosine": variant(KEPT.words, KEPT.meaning, WITH_HUBS),
    PRODUCT: variant(KEPT.words, KEPT.meaning),
    "the same, the texts of 200 candidates read": variant(KEPT.words, KEPT.meaning, (nearness, "READ", 200)),
    "the same, how rare a key term is counted twice": rarity_twice,
    "the same, words .45, meaning .55": variant(0.45, 0.55),
    "the same, words .5, meaning .5": variant(0.5, 0.5),
    "the same, words .6, meaning .4": variant(0.6, 0.4),
    "the same, words .7, meaning .3": variant(0.7, 0.3),
}


def moved(paper: Paper, change: like.Change, *, named: bool = True, **weights: float) -> list[int]:
    """Return "like this, but" by other weights. named: whether a field that is named is one, not words."""
    wish = wishes.read(change.words, (), [paper])
    wish = wish if named else replace(wish, fields=())
    asked = steered.Asked((paper,), change.words)
    near = steered.ranked(asked, wish, [], weights=replace(steered.WEIGHTS, **weights))
    return [one.paper for one in near[: like.DEPTH]]


LIKE: dict[str, Callable[[Paper, like.Change], list[int]]] = {
    "as it is": moved,
    "words wished for by BM25 alone": partial(moved, holds=0.0, phrase=0.0),
    "and who holds all of them": partial(moved, phrase=0.0),
    "the name of a field as words": partial(moved, named=False),
    "as far a move to a field as to words": partial(moved, lean=steered.WEIGHTS.toward),
    "no move to what is wished for": partial(moved, toward=0.0, lean=0.0),
    "a move by 1": partial(moved, toward=1.0),
    "no move out of what is not wanted, no penalty": partial(moved, away=0.0, penalty=0.0),
    "a penalty of 1": partial(moved, penalty=1.0),
}


def some(papers: Path, keywords: Mapping[str, object]) -> Iterator[Record]:
    """Yield PAPERS of a file: those whose keywords are known, and the newest, which share authors and months."""
    with lzma.open(papers, "rt") as lines:
        rows: list[dict[str, Any]] = [json.loads(line) for line in lines]
    rows.sort(key=lambda row: row.get("first_listed") or "", reverse=True)
    known = (row for row in rows if row["id"] in keywords)
    others = (row for row in rows if row["id"] not in keywords)
    for row in islice(chain(known, others), PAPERS):
        yield record_of(row, "papers")


@contextmanager
def indexed(records: Iterator[Record]) -> Iterator[None]:
    """Store, index and read papers as the product does it, within the block."""
    store(list(records))
    index = current.own()
    try:
        upkeep.catch_up(index)
        model = current.embedder(build=True)
        assert model is not None
        upkeep.backfill(index, model)
        assert state.read(now=True).share == 1.0
        yield
    finally:
        current.release()
        current.forget_model()


def by_variants(measured: Sequence[tuple[str, Measured]], measure: str, kept: str) -> None:
    """Print a table: the mean of each variant, by 100, and where that is beyond chance the difference from one."""
    measured = [(name, found) for name, found in measured if found.queries]
    print(f"\n| {measure} | " + " | ".join(f"{name} ({len(found.queries)})" for name, found in measured) + " |")
    print("|---" * (1 + len(measured)) + "|")
    for name in measured[0][1].scores:
        cells = []
        for _, found in measured:
            ours, theirs = (list(found.scores[one][measure].values()) for one in (name, kept))
            less = measures.difference(ours, theirs)
            told = f" ({100 * less.mean:+.1f}, p = {less.p:.4f})" if less.p < 0.05 else ""
            cells.append(f"{100 * fmean(ours):.1f}{told}")
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


@pytest.mark.soak
@pytest.mark.django_db
def test_what_was_tried_for_similar_papers_and_for_changes_of_them(tmp_path, settings, shared_data, monkeypatch):
    settings.INDEX_DIR, settings.MODELS_DIR, settings.MODEL = tmp_path / "index", tmp_path / "models", MODEL
    current.release()
    current.forget_model()
    if embed.available(tmp_path / "models", MODEL).state == "missing":
        pytest.skip("the weights of the model are not installed")
    keywords = similar.keywords_of(shared_data("daily-2024-2026.jsonl.xz"))
    with indexed(some(shared_data("papers-2025-2026.jsonl.xz"), keywords)):
        hands = same_hands.Hands()
        judges = [judge(hands, QUERIES, SEED, "tuning") for judge in similar.JUDGES.values()]
        judges.append(similar.by_keywords(hands, keywords, QUERIES, SEED, "tuning"))
        monkeypatch.setattr(similar, "SYSTEMS", SIMILAR)
        found = [(one.name, similar.measure(one, hands, list(SIMILAR), lambda _done, _total: None)) for one in judges]
        by_variants(found, "nDCG@10", PRODUCT)
        monkeypatch.setattr(like, "SYSTEMS", LIKE)
        changed = []
        for kind in like.KINDS:
            asked = like.changes(hands, kind, QUERIES // 4, SEED, "tuning")
            changed.append((kind, like.measure(asked, hands, list(LIKE), lambda _done, _total: None)))
        by_variants(changed, "R@50", "as it is")
    for _, one in found if PAPERS >= 10_000 else ():
        means = {name: fmean(scores["nDCG@10"].values()) for name, scores in one.scores.items()}
        assert means[PRODUCT] > means["words: 20 key terms by BM25"]
