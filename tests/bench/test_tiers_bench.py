"""Search while the model has read only some of the papers."""

import pytest
from tests.records import record

from broadsheet.bench import tiers
from broadsheet.errors import BadInput, Refused
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import student
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding
from broadsheet.sources.beir import Judgments

pytestmark = pytest.mark.django_db

SUBJECTS = ["automobile engines", "prime numbers", "distant galaxies", "protein folding", "sparse attention"]


class Model:
    """Reads as the student does, a little aside."""

    mark = student.SPACE

    def embed(self, texts, *, tokens=256):
        made = student.shipped().embed(texts)
        made[:, 0] += 0.2
        return made / (made**2).sum(axis=1, keepdims=True) ** 0.5

    def embed_query(self, text, *, tokens=256):
        return self.embed([text])[0]


@pytest.fixture
def index(tmp_path, settings, monkeypatch):
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODELS_DIR = tmp_path / "models"
    settings.MODEL = "all-MiniLM-L6-v2"
    current.release()
    monkeypatch.setattr(current, "encoder", lambda _of="": Model())
    store([record(f"2501.0000{n}", title=subject, abstract=f"About {subject}.") for n, subject in enumerate(SUBJECTS)])
    index = current.own()
    upkeep.catch_up(index)
    yield index
    current.release()
    state.read(now=True)


def silent(done, total):
    """Report to nobody."""


def test_the_more_papers_the_model_has_read_the_nearer_is_search_to_its_own(index, monkeypatch):
    monkeypatch.setattr(tiers, "NEAREST", 2)
    monkeypatch.setattr(tiers, "RECALL", "recall@2")
    tiers.read(Model(), silent, lambda: False)
    assert Embedding.objects.filter(model=student.SPACE).count() == len(SUBJECTS)
    held = tiers.held(student.SPACE, silent)
    judged = Judgments({"q": "engines of cars"}, {"q": {"2501.00000": 1}}, {"field": {"q": "cs"}})
    found = tiers.measure(index, held, judged, [0.0, 0.4, 1.0], {}, silent)
    assert [tier.share for tier in found] == [0.0, 0.4, 1.0]
    assert found[0].cosine < found[1].cosine < found[2].cosine == pytest.approx(1, abs=1e-3)
    assert found[0].weight < found[1].weight < found[2].weight
    assert found[2].means["meaning"]["recall@2"] == (1, 1, 1)
    assert found[2].means["meaning"]["nDCG@10"] == (1, 1, 1)
    answer = tiers.as_json(held, judged, found)
    (row,) = answer["tiers"][2]["systems"]["fused"]["by_field"]
    assert (row["field"], row["queries"], row["mean"]) == ("cs", 1, 1.0)
    assert row["measures"].keys() == {"nDCG@10", "MRR@10"}
    shown = tiers.table(answer)
    assert shown.splitlines()[0] == "5 papers, 1 queries; in brackets 95 % intervals"
    assert shown.splitlines()[1].split() == ["upgraded", "0%", "40%", "100%"]
    assert "nDCG@10 of meaning by number of words in the query" in shown


def test_other_rankings_are_asked_too_for_the_weight_that_meaning_should_have(index):
    tiers.read(Model(), silent, lambda: False)
    held = tiers.held(student.SPACE, silent)
    judged = Judgments({"q": "engines of cars"}, {"q": {"2501.00000": 1}})
    found = tiers.measure(index, held, judged, [0.0, 1.0], {}, silent, ["weight=0.36"])
    assert [list(tier.means) for tier in found] == 2 * [["words", "meaning", "fused", "weight=0.36"]]
    shown = tiers.table(tiers.as_json(held, judged, found)).splitlines()
    assert [line.split()[:2] for line in shown if line.startswith("weight=0.36")] == [
        ["weight=0.36,", "nDCG@10"],
        ["weight=0.36,", "MRR@10"],
    ]
    with pytest.raises(BadInput, match="weigt"):
        tiers.measure(index, held, judged, [0.0], {}, silent, ["weigt=0.36"])


def test_reading_can_be_stopped_and_goes_on(index):
    tiers.read(Model(), silent, lambda: True)
    assert not Embedding.objects.exists()
    with pytest.raises(Refused, match="no paper a vector"):
        tiers.held(student.SPACE, silent)


def test_papers_are_drawn_by_chance_and_the_same_every_time(index, monkeypatch):
    monkeypatch.setattr(tiers, "of_store", Paper.objects.standing)
    assert tiers.drawn(3) == tiers.drawn(5)[:3]
    assert len(set(tiers.drawn(9))) == len(SUBJECTS)
