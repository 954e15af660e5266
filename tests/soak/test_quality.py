"""The quality of search on Cranfield through the product's own store, index and query path, as docs/search tells it."""

import json
import math

import pytest
from tests.records import record

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current, embed, hybrid, state, upkeep
from broadsheet.search.query import parse


def ndcg(ranking: list[str], judged: dict[str, int], depth: int = 10) -> float:
    """Return nDCG with gains of 2^relevance - 1."""
    gains = [2 ** judged.get(document, 0) - 1 for document in ranking[:depth]]
    ideal = sorted((2**grade - 1 for grade in judged.values()), reverse=True)[:depth]
    discounted, best = (sum(gain / math.log2(rank + 2) for rank, gain in enumerate(row)) for row in (gains, ideal))
    return discounted / best if best else math.nan


@pytest.mark.soak
@pytest.mark.django_db
def test_words_and_meaning_together_are_better_than_either_on_cranfield(tmp_path, settings, shared_data):
    settings.INDEX_DIR, settings.MODELS_DIR, settings.MODEL = (
        tmp_path / "index",
        tmp_path / "models",
        "all-MiniLM-L6-v2",
    )
    current.release()
    current.forget_model()
    if embed.available(tmp_path / "models", settings.MODEL).state == "missing":
        pytest.skip("the weights of the model are not installed")
    corpus = [json.loads(line) for line in shared_data("cranfield/corpus.jsonl").read_text().splitlines()]
    queries = {
        row["_id"]: row["text"]
        for row in map(json.loads, shared_data("cranfield/queries.jsonl").read_text().splitlines())
    }
    judged: dict[str, dict[str, int]] = {}
    for line in shared_data("cranfield/qrels/test.tsv").read_text().splitlines()[1:]:
        query, document, grade = line.split("\t")
        judged.setdefault(query, {})[document] = int(grade)
    store(
        [
            record(f"cran:{row['_id']}", title=row["title"] or "untitled", abstract=row["text"], authors=())
            for row in corpus
        ]
    )
    index = current.own()
    try:
        upkeep.catch_up(index)
        model = current.embedder(build=True)
        assert model is not None
        upkeep.backfill(index, model)
        assert state.read(now=True).share == 1.0
        names = {paper.pk: paper.key.removeprefix("cran:") for paper in Paper.objects.only("key")}
        results = {}
        for name, weight in (("words", 0.0), ("meaning", 1.0), ("fused", 0.5)):
            settings.DENSE_WEIGHT = weight
            scores = [
                ndcg([names[hit.paper_id] for hit in hybrid.search(parse(queries[query]), limit=10).hits], grades)
                for query, grades in judged.items()
            ]
            kept = [score for score in scores if not math.isnan(score)]
            results[name] = sum(kept) / len(kept)
            print(f"\nCranfield, {len(kept)} queries, {name}: nDCG@10 {results[name]:.3f}")
    finally:
        current.release()
        current.forget_model()
    assert results["fused"] > max(results["words"], results["meaning"]) + 0.02
