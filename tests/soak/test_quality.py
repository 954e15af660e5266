"""The quality of search on Cranfield through the product's own store, index and query path, as docs/search tells it."""

from statistics import fmean

import pytest

from broadsheet.bench import beir as bench
from broadsheet.papers.actions import store
from broadsheet.search import current, state
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.search.tuning import SYSTEMS
from broadsheet.sources import beir
from broadsheet.sources.record import Record


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
    folder = shared_data("cranfield")
    judged = beir.judgments(folder)
    store([item.row for item in beir.Corpus(folder).fetch() if isinstance(item.row, Record)])
    index = current.own()
    try:
        upkeep.catch_up(index)
        model = current.embedder(build=True)
        assert model is not None
        upkeep.backfill(index, model)
        assert state.read(now=True).share == 1.0
        found = bench.measure(judged, list(SYSTEMS), lambda _done, _total: None)
    finally:
        current.release()
        current.forget_model()
    scores = {name: measured["nDCG@10"] for name, measured in found.scores.items()}
    means = {name: fmean(by_query.values()) for name, by_query in scores.items()}
    print("\nCranfield, nDCG@10: " + ", ".join(f"{name} {mean:.3f}" for name, mean in means.items()))
    assert means["words"] >= 0.53
    assert means["fused"] >= 0.57
    assert means["fused"] > max(means["words"], means["meaning"]) + 0.015
