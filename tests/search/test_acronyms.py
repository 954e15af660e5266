"""Acronyms: how abstracts define them, what is kept, and what a query asks for besides."""

from datetime import date

import pytest
from tests import cast

from broadsheet.search import acronyms, hybrid
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Acronym
from broadsheet.search.query import parse
from broadsheet.search.text import defined
from broadsheet.search.tuning import named


@pytest.mark.parametrize(
    ("text", "short", "long"),
    [
        ("We prompt large language models (LLMs) again.", "LLM", "large language models"),
        ("We prompt an LLM (large language model) again.", "LLM", "large language model"),
        ("Low-rank adaptation (LoRA, for short) is used.", "LoRA", "Low-rank adaptation"),
        ("It works. Graph neural networks (GNNs; see below) too.", "GNN", "Graph neural networks"),
        ("With 3D Gaussian splatting (3DGS) we render.", "3DGS", "3D Gaussian splatting"),
        ("the k-nearest\nneighbours (k-NN) of it", "k-NN", "k-nearest neighbours"),
        ("the Dirac-Frenkel (DF) principle", "DF", "Dirac-Frenkel"),
    ],
)
def test_an_acronym_is_read_with_its_words_on_either_side_of_the_bracket(text, short, long):
    assert defined.pairs(text) == [defined.Pair(short, long)]


@pytest.mark.parametrize(
    "text",
    [
        "Nothing is defined here.",
        "We ask (see Table 1) and answer (GPT-4).",
        "Many models exist. Others (MEO) do not.",
        "the model (mod) of it",
        "by LLM (which we prompt, at length) it goes",
        "the LLM alignment (LLMA) of LLM (",
        "(ABC)",
        "a bracket ) before ( another",
        "İİ İstanbul İklim (II)",
    ],
)
def test_what_is_no_definition_is_not_read_as_one(text):
    assert defined.pairs(text) == []


def test_forms_are_compared_without_plurals_hyphens_and_capitals():
    assert defined.key_of("Multi-Modal Language Models") == defined.key_of("multimodal language model")
    assert defined.key_of("loss analysis") == "lossanalysis"
    assert defined.key_of("studies") == defined.key_of("study")
    assert defined.sign_of("k-NN") == "knn"
    assert (defined.bare("LLMs"), defined.bare("llms"), defined.bare("GPS"), defined.bare("as")) == (
        "LLM",
        "llm",
        "GPS",
        "as",
    )


def papers(first: int, *texts: str, category: str = "cs.CL", day: date = date(2026, 1, 5)) -> None:
    for number, text in enumerate(texts, start=first):
        cast.paper(f"2601.{number:05}", f"Paper {number}", abstract=text, categories=[category], day=day)


LLM, CNN = "A large language model (LLM) is asked.", "A convolutional neural network (CNN) sees."


@pytest.mark.django_db
def test_acronyms_are_counted_once_for_each_paper_and_each_time_for_the_new_ones_alone():
    papers(1, LLM, f"{LLM} {LLM}", "Large language models (LLMs).", day=date(2026, 1, 5))
    assert acronyms.mine() == "Read 3 abstracts, which define 3 acronyms; 1 are known."
    papers(4, LLM, category="eess.AS", day=date(2026, 2, 1))
    assert acronyms.mine() == "Read 1 abstracts, which define 1 acronyms; 1 are known."
    assert acronyms.mine().startswith("Read 0")
    one = Acronym.objects.get()
    assert (one.short, one.long, one.papers) == ("LLM", "large language model", 4)
    assert (one.fields, one.first, one.last) == ({"cs": 3, "eess": 1}, date(2026, 1, 5), date(2026, 2, 1))


@pytest.mark.django_db
def test_mining_stops_between_batches_and_goes_on_there(monkeypatch):
    monkeypatch.setattr(acronyms, "BATCH", 2)
    papers(1, LLM, CNN, LLM, LLM)
    asked = iter((False, True))
    told: list[tuple[int, int]] = []
    acronyms.mine(lambda: next(asked), lambda done, total: told.append((done, total)))
    assert told == [(2, 4)]
    acronyms.mine(report=lambda done, total: told.append((done, total)))
    assert told == [(2, 4), (2, 2)]
    assert Acronym.objects.get(sign="llm").papers == 3


@pytest.fixture
def known(db: None) -> None:
    """Some acronyms: one of language, two of images, one that means two things by field."""
    papers(1, *[LLM] * 3, *[CNN] * 3, *["An adversarial network (AN)."] * 2)
    papers(20, *["Speech recognition (SR) hears."] * 3, category="eess.AS")
    papers(30, *["Special relativity (SR) holds."] * 3, category="gr-qc")
    acronyms.mine()


@pytest.mark.parametrize(
    ("query", "forms"),
    [
        ("LLM agents", ["large language model"]),
        ("llms for code", ["large language model"]),
        ("LLM", ["large language model"]),
        ("large language models in medicine", ["LLM"]),
        ("Large-Language-Model safety", ["LLM"]),
        ("LLM-based CNNs", ["convolutional neural network", "large language model"]),
        ("large language models (LLM)", []),
        ("ALL THAT IS CNN IS LOUD", ["convolutional neural network"]),
        ("AN END", []),
        ("SR of today", []),
        ("nothing known", []),
        ("", []),
        ("word " * 41 + "LLM", []),
    ],
)
def test_a_query_in_one_form_asks_for_the_other(known, query, forms):
    assert sorted(acronyms.other_forms(query)) == forms


def test_a_field_tells_what_an_acronym_means_there(known):
    assert acronyms.other_forms("SR of today", ["gr-qc"]) == ["Special relativity"]
    assert acronyms.other_forms("SR of today", ["eess.AS"]) == ["Speech recognition"]
    assert acronyms.other_forms("SR of today", ["math"]) == []


def test_of_words_within_words_the_longest_count(known):
    papers(50, *["The large language model of images (LLMI) sees."] * 3)
    acronyms.mine()
    assert acronyms.other_forms("a large language model of images") == ["LLMI"]


def test_with_acronyms_on_a_search_asks_for_both_forms_and_says_so(known, index):
    longer = cast.paper("2601.00100", "Safety of agents", abstract="The large language model as an agent.")
    upkeep.catch_up(index)
    off, on = (
        hybrid.search(parse("LLM agent safety"), limit=50, ranking=named(how))
        for how in ("acronyms=no", "acronyms=yes")
    )
    assert "Also searched for: large language model." in on.notes
    assert not any("Also searched for" in note for note in off.notes)
    scores = [{hit.paper_id: hit.score for hit in found.hits} for found in (off, on)]
    assert scores[1][longer.pk] >= scores[0][longer.pk]
    assert on.hits[0].paper_id == longer.pk


@pytest.mark.parametrize("query", ["WHO guidelines", "WHO"])
def test_an_acronym_that_is_one_of_the_commonest_words_finds_what_it_stands_for(db, index, query):
    papers(1, *["The World Health Organization (WHO) advises."] * 3)
    acronyms.mine()
    meant = cast.paper("2601.00200", "Vaccines", abstract="Advice of the World Health Organization.")
    cast.paper("2601.00201", "Guidelines", abstract="Who wrote them, and for whom.")
    upkeep.catch_up(index)
    found = hybrid.search(parse(query), limit=50, ranking=named("words"))
    assert "Also searched for: World Health Organization." in found.notes
    assert meant.pk in {hit.paper_id for hit in found.hits}
