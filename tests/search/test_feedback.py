"""What feedback takes from the first results."""

import numpy as np
import pytest
from tests import cast

from broadsheet.search import current, feedback, hybrid
from broadsheet.search.encoders import embed, maxsim
from broadsheet.search.index import Scored
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding
from broadsheet.search.query import parse
from broadsheet.search.tuning import named

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nowhere(settings, tmp_path):
    """No index, whatever was open before; tests that want one make it."""
    current.release()
    settings.INDEX_DIR = tmp_path / "nowhere"
    yield
    current.release()


def with_vector(paper, vector, settings):
    Embedding.objects.create(
        paper=paper, model=embed.mark(settings.MODEL), digest="d", vector=np.array(vector, "<f2").tobytes()
    )


def test_a_vector_moves_towards_the_mean_of_the_first_results(settings):
    one, other = (cast.paper(f"2601.0000{number}", title=f"Paper {number}") for number in (1, 2))
    with_vector(one, [0.0, 1.0], settings)
    asked = np.array([1.0, 0.0], dtype=np.float32)
    expected = np.array([1.0, 0.5]) / np.sqrt(1.25)
    assert np.allclose(feedback.moved(asked, [one.pk, other.pk]), expected, atol=1e-3)


def test_without_a_vector_among_them_it_stays(paper):
    asked = np.array([1.0, 0.0], dtype=np.float32)
    assert np.array_equal(feedback.moved(asked, [paper.pk]), asked)


def test_words_are_those_that_the_first_results_share_and_the_background_lacks():
    first = [
        cast.paper(f"2601.0000{number}", title="Lanterns", abstract="Harbour lamps shine with paper light.")
        for number in (1, 2)
    ]
    last = [
        cast.paper(f"2601.0001{number}", title="Boats", abstract="Boats with paper sails are painted.")
        for number in (1, 2, 3, 4, 5)
    ]
    found = feedback.words_of("lanterns", [one.pk for one in first], [one.pk for one in last])
    assert "lanterns" not in found
    assert set(found[:2]) <= {"harbour", "lamps", "shine", "light"}
    assert found.index("harbour") < found.index("paper") if "paper" in found else True


def test_no_words_come_of_no_results():
    assert feedback.words_of("lanterns", [], []) == []


def test_added_words_are_summed_with_less_weight():
    words, more = [Scored(1, 2.0), Scored(2, 1.0)], [Scored(2, 4.0), Scored(3, 4.0)]
    found = feedback.added(words, more, asked=2, extra=4, limit=3)
    weight = feedback.LAMBDA * 0.5
    assert found == [Scored(1, 2.0), Scored(2, 1.0 + 4 * weight), Scored(3, 4 * weight)]


def test_words_of_the_first_results_find_papers_that_lack_those_of_the_query(index):
    for number in (1, 2):
        cast.paper(f"2601.0000{number}", title=f"Lanterns {number}", abstract="Harbour lamps of paper.")
    other = cast.paper("2601.00009", title="Boats", abstract="A harbour at night.")
    upkeep.catch_up(index)
    off, on = (
        {hit.paper_id for hit in hybrid.search(parse("lanterns"), limit=5, ranking=named(how)).hits}
        for how in ("words", "weight=0 feedback=rm3")
    )
    assert on - off == {other.pk}


@pytest.mark.parametrize(
    ("typed", "first"), [("protein folds", "Bread"), ("how do the proteins fold", "Protein folding")]
)
def test_a_short_query_is_asked_again_by_its_moved_vector_and_a_long_one_is_not(
    index, embedder, monkeypatch, typed, first
):
    ours = cast.paper("2601.00001", title="Protein folding", abstract="Proteins fold into shapes.")
    other = cast.paper("2601.00002", title="Bread", abstract="Dough rises overnight.")
    upkeep.catch_up(index)
    upkeep.backfill(index, embedder)
    bread = embedder.embed([embed.text_of(other.title, other.abstract)])[0]
    monkeypatch.setattr(feedback, "moved", lambda *_: bread)
    found = hybrid.search(parse(typed), limit=5, ranking=named("weight=1 feedback=rocchio"))
    assert found.hits[0].paper_id == {"Bread": other.pk, "Protein folding": ours.pk}[first]


def test_the_first_results_are_scored_anew_and_the_others_stay_behind(index, embedder, monkeypatch):
    papers = [cast.paper(f"2601.0000{number}", title=f"Bread {'and dough ' * number}") for number in (1, 2, 3)]
    upkeep.catch_up(index)
    upkeep.backfill(index, embedder)
    plain = [hit.paper_id for hit in hybrid.search(parse("bread"), limit=5).hits]
    assert set(plain) == {paper.pk for paper in papers}

    def turned(_rescorer, query, ranked, texts):
        assert query == "bread"
        assert all(texts[pk].startswith("Bread") for pk, _ in ranked)
        return [(pk, score) for (pk, _), (_, score) in zip(reversed(ranked), ranked, strict=True)]

    monkeypatch.setattr(maxsim.Rescorer, "__call__", turned)
    found = hybrid.search(parse("bread"), limit=5, ranking=named("maxsim=2"))
    assert [hit.paper_id for hit in found.hits] == [plain[1], plain[0], plain[2]]
