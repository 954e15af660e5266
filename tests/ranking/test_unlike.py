"""Like this paper, but different: slates, what is read, rounds, and what is left where there is no model."""

from datetime import date

import numpy as np
import pytest
from tests import cast

from broadsheet.errors import BadInput, NotFound
from broadsheet.papers.models import Paper
from broadsheet.ranking import unlike
from broadsheet.search import current
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding

AXES = ("graphs", "proteins", "speech", "drones")


class Reader:
    """A stand-in for the model: a text points to each of AXES that it names."""

    def embed(self, texts, *, tokens=256):
        vectors = np.zeros((len(texts), 384), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            row[4] = 0.1
            for place, word in enumerate(AXES):
                row[place] = text.casefold().count(word)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors

    def embed_query(self, text, *, tokens=256):
        return self.embed([text])[0]


@pytest.fixture
def library(db, index, settings, monkeypatch):
    """Six papers on a few things, in the index with vectors."""
    settings.MODEL = "all-MiniLM-L6-v2"
    monkeypatch.setattr(current, "embedder", lambda *_, **__: Reader())
    for number, (title, more) in enumerate(
        {
            "Graphs Grow": {},
            "Graphs of Proteins": {"categories": ["q-bio.BM"]},
            "Graphs of Speech": {"day": date(2026, 2, 1)},
            "Speech and Graphs: A Survey": {"authors": ["Cy Example"] * 5},
            "Graphs by Drones": {"abstract": "Code: https://github.com/example/drones"},
            "Proteins Fold": {"day": date(2026, 2, 1)},
        }.items(),
        start=1,
    ):
        made = cast.paper(f"2601.0000{number}", title, **({"abstract": f"On {title.lower()}."} | more))
        vector = Reader().embed([f"{made.title} {made.abstract}"])[0].astype("<f2")
        mark = embed.mark("all-MiniLM-L6-v2")
        Embedding.objects.create(
            paper=made, model=mark, digest=embed.digest(upkeep.text_of(made)), vector=vector.tobytes()
        )
    index.add(upkeep.documents_of(list(Paper.objects.all())))
    index.flush()


def slate(but="", **more):
    return unlike.like(unlike.asked(["2601.00001"], but=but, **more))


def titles(found):
    return [one.paper.title for one in found.found]


def test_a_slate_never_holds_the_paper_that_it_begins_with(library):
    assert "Graphs Grow" not in titles(slate())
    assert len(titles(slate())) == 5


def test_what_is_wished_for_comes_first(library):
    assert titles(slate("about proteins"))[0] == "Graphs of Proteins"
    assert titles(slate("about speech"))[0] == "Graphs of Speech"


def test_what_is_not_wanted_is_left_out_where_the_title_says_so(library):
    found = titles(slate("not drones, not proteins"))
    assert set(found) == {"Graphs of Speech", "Speech and Graphs: A Survey"}


@pytest.mark.parametrize(
    ("but", "expected"),
    [
        ("newer", {"Graphs of Speech", "Proteins Fold"}),
        ("with code", {"Graphs by Drones"}),
        ("a survey", {"Speech and Graphs: A Survey"}),
        ("in another field", {"Graphs of Proteins"}),
        ("cat:q-bio", {"Graphs of Proteins"}),
        ("older", set()),
    ],
)
def test_conditions_hold_for_every_paper(library, but, expected):
    assert set(titles(slate(but))) == expected


def test_few_authors_and_a_shorter_list_are_chips_too(library):
    assert "Speech and Graphs: A Survey" not in titles(slate(chips=["few"]))
    assert next(chip for chip in slate("of few authors").chips if chip.name == "few").on


def test_an_empty_slate_says_so(library):
    assert slate("older").notes == ("No paper fulfils all of this; leave something out.",)


def test_a_named_field_leans_to_its_categories(library):
    found = slate("for biology")
    assert titles(found)[0] == "Graphs of Proteins"
    assert "field" in found.found[0].why
    assert found.understood == ("more of “biology”", "fields: q-bio")


def test_kept_papers_draw_the_next_round_and_are_told(library):
    found = slate(keep=["2601.00003"], drop=["2601.00005"], number=2)
    assert titles(found)[0] == "Speech and Graphs: A Survey"
    assert [(one.paper.key, one.kept) for one in found.decided] == [("2601.00003", True), ("2601.00005", False)]
    assert not {"Graphs of Speech", "Graphs by Drones"} & set(titles(found))
    assert (found.round, found.next_round) == (2, 3)


def test_the_state_asks_for_the_same_slate_again(library):
    found = slate("newer, about speech", chips=["short"], keep=["2601.00002"], number=3)
    state = found.state()
    assert state == [
        ("like", "2601.00001"),
        ("but", "newer, about speech"),
        ("chip", "short"),
        ("keep", "2601.00002"),
        ("round", "3"),
    ]


def test_several_papers_are_met_in_the_middle(library):
    found = unlike.like(unlike.asked(["2601.00001", "2601.00006"]))
    assert titles(found)[0] == "Graphs of Proteins"


def test_where_only_the_table_of_words_can_read_it_reads_what_was_typed(library, monkeypatch):
    reader = Reader()
    reader.static = True
    monkeypatch.setattr(current, "encoder", lambda *_: reader)
    monkeypatch.setattr(current, "why_no_model", lambda: "the model is missing.")
    found = slate("about proteins")
    assert titles(found)[0] == "Graphs of Proteins"
    assert found.notes == ("What was typed was read by the small model alone: the model is missing.",)


def test_without_a_model_vectors_still_tell_and_words_are_words(library, monkeypatch):
    monkeypatch.setattr(current, "encoder", lambda *_: None)
    monkeypatch.setattr(current, "why_no_model", lambda: "the model is missing.")
    found = slate("about proteins")
    assert titles(found)[0] == "Graphs of Proteins"
    assert found.notes == ("What was typed was compared by words alone: the model is missing.",)


def test_what_the_model_has_not_read_is_compared_by_the_vectors_of_the_index(library, monkeypatch):
    monkeypatch.setattr(current, "encoder", lambda *_: None)
    before = [(one.paper.title, "meaning" in one.why) for one in slate().found]
    Embedding.objects.all().delete()
    assert [(one.paper.title, "meaning" in one.why) for one in slate().found] == before


def test_without_vectors_it_goes_by_words_and_says_so(library, index, monkeypatch):
    monkeypatch.setattr(current, "encoder", lambda *_: None)
    monkeypatch.setattr(current, "why_no_model", lambda: "the model is missing.")
    Embedding.objects.all().delete()
    index.vectors.remove(list(Paper.objects.values_list("pk", flat=True)))
    found = slate("not drones")
    assert "Graphs by Drones" not in titles(found)
    assert "Graphs of Speech" in titles(found)
    assert found.notes == ("Compared by words alone: the model is missing.",)


def test_a_paper_without_a_vector_is_read_by_the_model(library):
    Embedding.objects.filter(paper__key="2601.00001").delete()
    assert slate("about proteins").notes == ()


def test_candidates_without_vectors_go_by_words(library):
    Embedding.objects.exclude(paper__key="2601.00001").delete()
    assert titles(slate("about proteins"))[0] == "Graphs of Proteins"


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        ({"like": []}, BadInput),
        ({"like": ["2601.99999"]}, NotFound),
        ({"like": [f"2601.{number:05}" for number in range(9)]}, BadInput),
        ({"like": ["2601.00001"], "number": "soon"}, BadInput),
        ({"like": ["2601.00001"], "keep": ["nothing"]}, NotFound),
    ],
)
def test_what_cannot_be_asked_is_said(library, asked, error):
    with pytest.raises(error):
        unlike.asked(**asked)
