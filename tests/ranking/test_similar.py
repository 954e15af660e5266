"""Similar papers: by words, by meaning, by authors, and by what readers openly chose too."""

import numpy as np
import pytest
from django.utils import timezone
from tests import cast

from broadsheet.community.models import Vote
from broadsheet.errors import Conflict
from broadsheet.papers.models import Paper
from broadsheet.ranking import key_terms, similar
from broadsheet.search import current
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding


@pytest.fixture
def shelf(db, index, settings):
    """A paper, one of like words, one of like meaning, one of the same authors, and one of nothing in common."""
    settings.MODEL = "all-MiniLM-L6-v2"
    texts = {
        "first": ("Zebrafish Hearts Heal", "Zebrafish hearts heal by regrowth.", ["Ada Example", "Bo Sample"], 0),
        "words": ("Zebrafish Regrowth", "Hearts of zebrafish.", ["Cy Di"], 200),
        "meaning": ("Cardiac Repair in Teleosts", "How muscle is restored.", ["Di Ed"], 1),
        "authors": ("Voting Theory", "On ballots.", ["Ada Example", "Bo Sample"], 300),
        "nothing": ("Quantum Dots", "On light.", ["Ed Fo"], 383),
    }
    made = {}
    for number, (name, (title, abstract, authors, angle)) in enumerate(texts.items(), start=1):
        paper = cast.paper(f"2601.0000{number}", title, abstract=abstract, authors=authors)
        vector = np.zeros(384)
        vector[:2] = np.cos(angle * np.pi / 383), np.sin(angle * np.pi / 383)
        Embedding.objects.create(
            paper=paper,
            model=embed.mark("all-MiniLM-L6-v2"),
            digest=embed.digest(upkeep.text_of(paper)),
            vector=vector.astype("<f2").tobytes(),
        )
        made[name] = paper
    index.add(upkeep.documents_of(list(Paper.objects.all())))
    index.flush()
    return made


def order(paper, **weights):
    none = {"words": 0.0, "meaning": 0.0, "authors": 0.0, "together": 0.0}
    return [one.paper for one in similar.ranked(paper, weights=similar.Weights(**(none | weights)))]


def test_words_and_meaning_find_each_their_own_and_both_together(shelf):
    assert order(shelf["first"], words=1.0) == [shelf["words"].pk]
    assert order(shelf["first"], meaning=1.0)[0] == shelf["meaning"].pk
    found = similar.similar_to(shelf["first"], limit=2)
    assert {paper.pk for paper in found} == {shelf["words"].pk, shelf["meaning"].pk}


def test_a_paper_is_not_similar_to_itself(shelf):
    assert shelf["first"].pk not in order(shelf["first"], words=1.0, meaning=1.0, authors=1.0)


def test_authors_in_common_find_papers_where_they_are_weighed(shelf):
    assert order(shelf["first"], authors=1.0) == [shelf["authors"].pk]


def test_papers_that_readers_chose_together_rise(shelf):
    for name in ("ada", "bo"):
        reader = cast.reader(name, public_votes=True)
        for paper in (shelf["first"], shelf["nothing"]):
            Vote.objects.create(reader=reader, paper=paper, cast=timezone.now())
    near = similar.ranked(shelf["first"])
    assert next(one for one in near if one.paper == shelf["nothing"].pk).why == ("readers",)
    by_text = similar.ranked(shelf["first"], weights=similar.Weights(together=0.0))
    assert shelf["nothing"].pk not in [one.paper for one in by_text]


def test_a_paper_without_a_vector_has_similar_ones_by_words(shelf, index):
    Embedding.objects.all().delete()
    index.vectors.remove([paper.pk for paper in shelf.values()])
    assert similar.similar_to(shelf["first"]) == [shelf["words"]]


def test_papers_that_no_model_has_read_are_similar_in_meaning_by_the_table_of_words(shelf, index):
    near = cast.paper("2601.00006", "Repair of the cardiac muscle", abstract="Fish restore a damaged heart.")
    Embedding.objects.all().delete()
    index.add(upkeep.documents_of(list(Paper.objects.all())))
    index.flush()
    assert order(shelf["meaning"], meaning=1.0)[0] == near.pk


def test_a_paper_that_the_model_has_read_is_compared_with_those_that_it_has_not(shelf):
    Embedding.objects.exclude(paper=shelf["first"]).delete()
    assert order(shelf["first"], meaning=1.0)[0] == shelf["meaning"].pk


def test_with_meaning_switched_off_words_alone_find(shelf, settings):
    settings.MODEL = "none"
    assert order(shelf["first"], meaning=1.0) == []


def test_an_index_that_cannot_be_asked_is_told_from_one_that_finds_nothing(shelf, monkeypatch):
    def held():
        raise Conflict("The index is in use.")

    monkeypatch.setattr(current, "searcher", held)
    assert similar.similar_to(shelf["first"]) is None


def test_key_terms_are_frequent_in_the_paper_and_rare_in_others(shelf):
    first = shelf["first"]
    terms = key_terms.key_terms(first.title, first.abstract).split()
    assert terms[0] == "heal"  # three times, the title's twice, and in no other paper
    assert terms.index("zebrafish") < terms.index("regrowth")
    assert key_terms.key_terms(first.title, first.abstract, most=2).split() == terms[:2]
