"""Search as readers get it, on a real index."""

from datetime import date

import pytest
from django.db import OperationalError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.records import record

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import fusing, hybrid
from broadsheet.search.index import Filters
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Acronym
from broadsheet.search.query import WHOLE, parse
from broadsheet.search.text.compounds import Alike
from broadsheet.search.tuning import named

LIBRARY = [
    record(
        "2501.00001",
        title="Attention for Protein Folding",
        abstract="A model folds proteins.",
        categories=("q-bio.BM",),
    ),
    record("2501.00002", title="Sparse Attention", abstract="Attention that reads less.", announced=date(2025, 2, 3)),
    record("2501.00003", title="Attention", abstract="One word is a title.", categories=("cs.CL",)),
    record("2501.00004", title="On the Gödel–Rosser Trick", abstract="Incompleteness.", authors=("K. Éxample",)),
    record("2501.00005", title="Car engines", abstract="Automobiles burn petrol.", categories=("physics.app-ph",)),
]


@pytest.fixture
def library(db, index):
    store(LIBRARY)
    upkeep.catch_up(index)
    return index


def keys(found):
    papers = Paper.objects.in_bulk([hit.paper_id for hit in found.hits])
    return [papers[hit.paper_id].key for hit in found.hits]


def search(text, *, limit=10, offset=0, **filters):
    return hybrid.search(parse(text, **filters), limit=limit, offset=offset)


def test_an_id_or_url_of_a_known_paper_is_a_jump(library):
    assert search("https://arxiv.org/abs/2501.00002v4").jump == "2501.00002"
    assert search("2501.99999").jump is None


def test_a_title_typed_in_full_comes_first_whatever_else_matches(library):
    found = search("attention")
    assert keys(found)[0] == "2501.00003"
    assert found.hits[0].why == ("title",)
    assert set(keys(found)) == {"2501.00001", "2501.00002", "2501.00003"}


def test_a_title_is_known_in_any_spelling(library):
    assert keys(search("on the GODEL-ROSSER trick!"))[0] == "2501.00004"


@pytest.mark.parametrize(
    ("text", "number"), [("folds proteins", 2), ("RNA folding au:example", 2), ("a model of cars " * 100, 0)]
)
def test_the_tables_are_asked_for_acronyms_and_titles_once_each(library, django_assert_num_queries, text, number):
    search(text)
    with django_assert_num_queries(number):
        assert search(text).hits


def test_it_is_ready_once_something_can_be_found(db, index):
    assert not hybrid.is_ready()
    store(LIBRARY)
    upkeep.catch_up(index)
    assert hybrid.is_ready()


def test_it_is_not_ready_while_the_database_does_not_answer(library, monkeypatch):
    def fails(*_given):
        raise OperationalError("it is starting")

    monkeypatch.setattr(hybrid.acronyms, "alike", fails)
    assert not hybrid.is_ready()


def test_of_several_ids_all_that_are_known_are_found(library):
    found = search("id:2501.00002 id:2501.00003 id:2501.99999 sort:date")
    assert set(keys(found)) == {"2501.00002", "2501.00003"}


def test_authors_are_found_without_their_accents(library):
    assert keys(search("example incompleteness"))[0] == "2501.00004"


def test_filters_hold_for_words_and_for_titles(library):
    assert keys(search("attention", categories=["q-bio"])) == ["2501.00001"]
    assert keys(search("attention", categories=["cs"], since=date(2025, 2, 1))) == ["2501.00002"]
    assert keys(search("attention", until=date(2024, 1, 1))) == []


def test_pages_join_without_gap_or_repeat(db, index):
    store([record(f"2501.{n:05}", title=f"Study {n} of turbulence", categories=("cs.LG",)) for n in range(1, 81)])
    store([record(f"2502.{n:05}", title=f"Study {n} of turbulence", categories=("math.NA",)) for n in range(1, 21)])
    upkeep.catch_up(index)
    pages = [search("turbulence", limit=30, offset=offset, categories=["cs"]) for offset in (0, 30, 60, 90)]
    seen = [key for page in pages for key in keys(page)]
    assert len(seen) == len(set(seen)) == 80
    assert all(key.startswith("2501") for key in seen)
    assert {page.total for page in pages} == {80}


def test_without_a_model_words_decide_and_a_note_says_so(library):
    found = search("protein")
    assert keys(found) == ["2501.00001"]
    assert "words alone" in found.notes[0]


def test_with_the_model_meaning_finds_what_words_do_not(library, embedder):
    upkeep.backfill(library, embedder)
    found = search("vehicles with a combustion motor")
    assert keys(found)[0] == "2501.00005"
    assert found.hits[0].why == ("meaning",)
    assert "nearest in meaning" in found.notes[0]
    assert search("petrol engines").notes == []


def test_what_goes_wrong_with_the_model_is_raised_and_not_waited_for(library, monkeypatch):
    class Broken:
        def embed_query(self, text, *, tokens):
            raise ValueError(f"cannot read {text}")

    monkeypatch.setattr(hybrid.current, "encoder", lambda _space: Broken())
    with pytest.raises(ValueError, match="cannot read protein folding"):
        search("protein folding")


def test_nonsense_finds_nothing_even_by_meaning(library, embedder):
    upkeep.backfill(library, embedder)
    assert search("zzzqqqxxy 9999").total <= 1


def test_a_note_says_how_far_search_by_meaning_reaches(library, embedder, monkeypatch):
    monkeypatch.setattr(upkeep, "PORTION", 2)
    asked = iter([False, False, True, True])
    upkeep.backfill(library, embedder, stop=lambda: next(asked))
    assert "reaches 2 of 5 papers so far" in search("attention to proteins").notes[0]


def test_while_no_paper_has_a_vector_meaning_counts_nothing(library, embedder):
    assert keys(search("petrol"))[0] == "2501.00005"


@given(st.text(max_size=80) | st.sampled_from(["AND OR NOT", '"', "a" * 9000, "の論文", "💥", "%' --", ".*", "the of"]))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
def test_no_query_is_an_error(library, text):
    found = search(text)
    assert found.total >= len(found.hits)


SPIN = "spin lattice rotation modes"


@pytest.fixture
def crystals(db, index):
    """Twelve papers that say most of some words often, one that says each of them once, and others."""
    often = "Spin lattice rotation, rotation of spins of lattices."
    once = f"Crystals {'like many others ' * 3} have spin, lattice, rotation and modes."
    store([record("2501.10001", title="On crystals", abstract=once)])
    store([record(f"2501.2{n:04}", title="On other crystals", abstract=often) for n in range(12)])
    store([record(f"2501.3{n:04}", title="Other matters", abstract="") for n in range(30)])
    upkeep.catch_up(index)


def first(text, said="default"):
    return keys(hybrid.search(parse(text), limit=1, ranking=named(said)))[0]


@pytest.mark.parametrize("text", [SPIN, f"could {SPIN}?", f"the {SPIN} of the"])
def test_the_paper_that_holds_all_the_words_comes_before_one_that_says_most_of_them_often(crystals, text):
    assert first(text) == "2501.10001"
    assert "2501.10001" not in {first(text, "words"), first(text, "all_words=no")}


def test_a_paper_that_holds_the_other_form_of_an_acronym_holds_it(crystals):
    Acronym.objects.create(short="SLR", long="spin lattice rotation", sign="slr", key="spin lattice rotation", papers=9)
    assert first("SLR modes crystals") == "2501.10001"


def test_in_a_whole_text_it_says_nothing_that_all_words_are_held(crystals, monkeypatch):
    text = f"{SPIN} {'crystals ' * WHOLE}"
    monkeypatch.setattr(fusing.Holding, "of", None)  # asked for, it would fail
    assert hybrid.search(parse(text), limit=1).hits


def test_after_feedback_it_counts_as_before_to_hold_all_the_words(crystals, monkeypatch):
    fuse, held = fusing.fuse, []

    def noted(*rankings, holding, **more):
        held.append(holding.papers.tolist())
        return fuse(*rankings, holding=holding, **more)

    monkeypatch.setattr(fusing, "fuse", noted)
    hybrid.search(parse("spin lattice modes"), limit=1, ranking=named("feedback=rm3"))
    assert held == 2 * [[Paper.objects.get(key="2501.10001").pk]]


def test_in_a_whole_text_rare_words_decide(db, index):
    titles = ["Amber birch cedar dunes"] * 10 + ["Petrol burns"] + ["Nothing of it"] * 29
    store([record(f"2501.1{number:04}", title=title, abstract="") for number, title in enumerate(titles)])
    upkeep.catch_up(index)
    rest = " ".join(f"unheard{number}" for number in range(WHOLE))
    first = {
        said: keys(hybrid.search(parse(f"amber birch cedar dunes petrol {rest}"), limit=1, ranking=named(said)))
        for said in ("words", "weight=0")
    }
    # One word in 40 papers counts 3.3, four in ten of them 1.3 each; of their squares the one is more.
    assert first["words"] != ["2501.10010"]
    assert first["weight=0"] == ["2501.10010"]
    # By ids the engine answers, and has them as rare.
    some = Filters(ids=tuple(Paper.objects.values_list("pk", flat=True)))
    asked = parse(f"amber birch cedar dunes petrol {rest}").text
    alike = [Alike("petrol", "birch dunes")]
    for forms in ([], alike):
        plain = index.words(asked, limit=40, filters=Filters(), alike=forms, whole=True)
        by_ids = index.words(asked, limit=40, filters=some, alike=forms, whole=True)
        assert dict(by_ids) == pytest.approx(dict(plain), rel=0.02)


def test_what_is_nearest_where_nothing_holds_a_phrase_is_ranked_as_was_asked(library):
    assert len(search('"attention of petrol"').hits) > 1
    found = hybrid.search(parse('"attention of petrol"'), limit=9, ranking=named("depth=1 titles=no"))
    assert len(found.hits) == 1
