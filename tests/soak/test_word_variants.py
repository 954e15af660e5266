"""What each way to cut and weigh words is worth, as docs/search/quality.md tells it; WORD_PAPERS says of how many."""

import os
import time
from dataclasses import replace

import numpy as np
import pytest
from tests.soak.word_variants import LONG_LIST, Asked, Cut, Plain, Words, cranfield, known, measured, papers

from broadsheet.bench import measures
from broadsheet.search.text import compounds

PAPERS = int(os.environ.get("WORD_PAPERS", "40000"))
QUERIES = int(os.environ.get("WORD_QUERIES", "500"))
PLAIN, KEPT = Asked(), Asked((0.3, 0.2), forms=True, questions=True)
CUTS: dict[str, tuple[Cut, dict[str, Asked]]] = {
    "title once": (Cut(titles=1), {"": PLAIN}),
    "title twice": (Cut(titles=2), {"": PLAIN}),
    "title three times": (
        Cut(),
        {
            "": PLAIN,
            "without the words that only ask": replace(PLAIN, questions=True),
            "and words as typed, .4 and .1": Asked((0.4, 0.1)),
            "and words as typed, .2 and .2": Asked((0.2, 0.2)),
            "and words as typed, .3 and .2": Asked((0.3, 0.2)),
            "and words as typed, .3 and .3": Asked((0.3, 0.3)),
        },
    ),
    "title five times": (Cut(titles=5), {"": PLAIN}),
    "no authors": (Cut(authors=False), {"": PLAIN}),
    "no stop words": (Cut(stop=False), {"": PLAIN}),
    "127 stop words": (Cut(stop=LONG_LIST), {"": PLAIN}),
    "no stems": (Cut(stem=""), {"": PLAIN}),
    "plurals alone": (Cut(stem="", plurals=True), {"": PLAIN}),
    "compounds as one word too": (
        Cut(joined=True),
        {
            "": PLAIN,
            "and asked for": replace(PLAIN, forms=True),
            "and asked for, words as typed, questions": KEPT,
            "the same with .2 and .2": replace(KEPT, exact=(0.2, 0.2)),
            "the same with .3 and .3": replace(KEPT, exact=(0.3, 0.3)),
        },
    ),
}


@pytest.mark.soak
def test_each_way_to_cut_and_weigh_words_is_measured(shared_data):
    tasks = [
        cranfield(shared_data("cranfield")),
        known(papers(shared_data("papers-2025-2026.jsonl.xz"), PAPERS), QUERIES),
    ]
    table: dict[str, dict[str, float]] = {}
    for name, (cut, readings) in CUTS.items():
        for asked, row in zip(readings, measured(tasks, cut, list(readings.values())), strict=True):
            if not table:
                print(f"\n{'':<72}" + "".join(f"{task:>10}" for task in row))
            table[f"{name} {asked}".strip()] = row
            print(f"{f'{name} {asked}':<72}" + "".join(f"{value:>10.4f}" for value in row.values()), flush=True)
    before = table["title three times"]
    kept = table["compounds as one word too and asked for, words as typed, questions"]
    assert np.mean(list(kept.values())) > np.mean(list(before.values()))
    assert kept["3 words"] > before["3 words"]


@pytest.mark.soak
def test_the_engine_s_k1_and_b_are_near_the_best_for_all_tasks(shared_data):
    for task in (
        cranfield(shared_data("cranfield")),
        known(papers(shared_data("papers-2025-2026.jsonl.xz"), PAPERS // 2), QUERIES),
    ):
        index = Words(task.documents, Cut())
        scored = Plain([index.stems.analyze(index.body(text)) for text in task.documents])
        for k1, b in ((0.9, 0.4), (0.9, 0.75), (1.2, 0.4), (1.2, 0.75), (1.2, 0.9), (1.6, 0.75), (2.0, 0.75)):
            scores: dict[str, list[float]] = {}
            for name, query, grades in task.queries:
                best = scored.best(index.stems.analyze(query), k1, b)
                score = measures.ndcg if name == "Cranfield" else measures.reciprocal_rank
                scores.setdefault(name, []).append(score(best, grades))
            print(f"k1 {k1} b {b}: " + ", ".join(f"{name} {np.mean(values):.4f}" for name, values in scores.items()))
            assert all(0 < np.mean(values) <= 1 for values in scores.values())


@pytest.mark.soak
def test_the_other_words_of_a_paper_cost_its_import_microseconds(shared_data):
    texts = papers(shared_data("papers-2025-2026.jsonl.xz"), 10_000)
    began = time.thread_time()
    words = sum(len(compounds.joined(text["title"])) + len(compounds.joined(text["abstract"])) for text in texts)
    spent = (time.thread_time() - began) / len(texts)
    print(f"\n{words / len(texts):.1f} other words a paper, {1e6 * spent:.1f} microseconds")
    assert words > 5 * len(texts)
