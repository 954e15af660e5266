"""Extracts: sentences that are split rightly, the two that tell most, and that it is said who chose them."""

import numpy as np
import pytest
from tests import cast

from broadsheet.enrich import extracts, from_corpus
from broadsheet.enrich.models import Fact
from broadsheet.papers import sentences
from broadsheet.search import current

ABSTRACT = (
    "Papers have become longer over the years, and nobody knows why. "
    "We measure how short papers grow when their authors are asked for 3.5 more pages, e.g. by reviewers. "
    "However, this is only a part of it. "
    "Our measurements show that growth slows down after the second round of review in all fields. "
    "Code is available at https://example.org/growth."
)


class Model:
    """A model that knows a sentence by its letters."""

    name, mark = "letters", "letters/1"

    def embed(self, texts, *, tokens=256):
        counts = np.array([[text.lower().count(letter) for letter in "abcdefghijklmnopqrstuvwxyz"] for text in texts])
        vectors = counts.astype(np.float32) + 0.01
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def no_model(monkeypatch):
    monkeypatch.setattr(current, "embedder", lambda *_, **__: None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("One is here. Two is there.", 2),
        ("As in Fig. 2 and Eq. 3, all is well. See Sec. 4.", 2),
        ("Example et al. Show it with approx. 3.5 dB. That is so.", 2),
        ("It works, e.g. Here and i.e. There. Good.", 2),
        ("J. Q. Sample wrote it! Did A. B. Example? Yes.", 3),
        ("We find $O(n^2)$. Then $x < 0.5$ holds.", 2),
        ("", 0),
    ],
)
def test_sentences_end_where_a_reader_would_end_them(text, number):
    assert len(sentences.split(text)) == number


def test_sentences_that_are_no_extract_are_passed_over():
    found = extracts.sentences_of(ABSTRACT)
    assert len(found) == 5
    assert extracts.usable(found) == [0, 1, 3]


def test_the_pair_nearest_to_the_whole_is_chosen_in_its_order():
    found = ["Aaaa is here, for long enough to stand alone.", "Bbbb too, for long enough to stand.", "Cccc as well."]
    vectors = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1]], dtype=np.float32)
    whole = np.array([0.7, 0.1, 0.7], dtype=np.float32)
    assert extracts.by_meaning(found, [0, 1, 2], whole, vectors) == [0, 2]


def test_without_a_model_words_choose_and_the_extract_says_so(db, settings, tmp_path, no_model):
    settings.HOME = tmp_path
    paper = cast.paper(abstract=ABSTRACT)
    kind = from_corpus.Extracts()
    kind.prepare(lambda: False, lambda what, done, total: None)
    kind.look([paper], lambda: False)
    fact = Fact.objects.get(paper=paper, kind="extract")
    assert fact.value["by"] == from_corpus.BY_WORDS
    assert len(fact.value["sentences"]) == 2
    assert all(one in ABSTRACT for one in fact.value["sentences"])
    assert fact.next_at is not None


def test_a_model_chooses_and_is_named(db, settings, tmp_path, monkeypatch):
    settings.HOME = tmp_path
    monkeypatch.setattr(current, "embedder", lambda *_, **__: Model())
    paper = cast.paper(abstract=ABSTRACT)
    kind = from_corpus.Extracts()
    kind.prepare(lambda: False, lambda what, done, total: None)
    kind.look([paper], lambda: False)
    fact = Fact.objects.get(paper=paper, kind="extract")
    assert fact.value["by"] == "letters"
    assert fact.next_at is None


@pytest.mark.parametrize("abstract", ["", "We measure how short papers grow.", "One is here. Two is there."])
def test_a_short_abstract_needs_no_extract(abstract, db, settings, tmp_path, no_model):
    settings.HOME = tmp_path
    paper = cast.paper(abstract=abstract)
    from_corpus.Extracts().look([paper], lambda: False)
    assert Fact.objects.get(paper=paper, kind="extract").value == {}
