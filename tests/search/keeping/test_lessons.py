"""What the student is fitted on: kept vectors, titles that the model reads once, and words alone."""

import numpy as np
import pytest
from tests.records import record

from broadsheet.errors import Refused
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search.encoders import embed, student
from broadsheet.search.encoders.wordpieces import WordPieces
from broadsheet.search.keeping import documents, lessons
from broadsheet.search.models import Embedding

pytestmark = pytest.mark.django_db

WORDS = ["ship", "mast", "lantern", "bread", "yeast", "stone", "river", "cloud"]


class Reader:
    """A model of eight words: a text's vector is the mean of theirs, each with a direction of its own."""

    name, mark, dim = "made-up", "made-up/1", 8

    def __init__(self):
        self.read = []

    def embed(self, texts, *, tokens=256):
        self.read += texts
        rows = np.array([[text.lower().split().count(word) for word in WORDS] for text in texts], dtype=np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)


@pytest.fixture
def drawing(tmp_path, monkeypatch):
    monkeypatch.setattr(lessons, "LEAST", 40)
    return lessons.Lessons(Reader(), 100, tmp_path / "titles.npz")


@pytest.fixture
def papers(drawing):
    """60 papers of these words, with the vectors that are kept of them."""
    rng = np.random.default_rng(1)
    for number in range(60):
        title, abstract = (" ".join(rng.choice(WORDS, size=size)) for size in (2, 5))
        store([record(f"2501.{number:05}", title=title, abstract=abstract)])
    texts = {paper.pk: documents.text_of(paper) for paper in Paper.objects.all()}
    digests = map(embed.digest, texts.values())
    vectors = Reader().embed(list(texts.values()))
    Embedding.objects.keep(Reader.mark, zip(texts, digests, vectors, strict=True))


def never():
    return False


def silent(done, total):
    """Report to nobody."""


def test_too_few_papers_are_refused(drawing):
    with pytest.raises(Refused, match="0 papers have a vector by made-up; fitting needs 40"):
        drawing.drawn()


def test_a_student_that_was_fitted_on_some_papers_finds_others_by_their_titles(drawing, papers):
    words = WordPieces(["[UNK]", *WORDS])
    drawn = drawing.drawn().tolist()
    assert len(set(drawn)) == 60
    trial, lesson = (drawing.read(pks, silent, never) for pks in (drawn[:15], drawn[15:]))
    alone = drawing.words(words.pieces, silent, never)
    assert alone.titles == WORDS
    table = lessons.fitted(words, lesson, alone, Reader.mark, report=silent, stop=never)
    assert table.about == {"space": "made-up/1", "texts": 45 + 45 + 8}
    found = lessons.tried(student.Student(table), trial)
    assert found.papers > 0.9
    assert found.titles > 0.9
    assert found.found > 0.7 * found.by_model
    assert found.first_ten >= found.found


def test_titles_that_were_read_are_not_read_again(drawing, papers):
    drawn = drawing.drawn().tolist()
    drawing.read(drawn[:10], silent, never)
    assert drawing.embedder.read
    drawing.embedder.read.clear()
    again = drawing.read(drawn[:10], silent, never)
    assert drawing.embedder.read == []
    assert len(again.titles) == 10


def test_reading_that_is_stopped_ends_with_what_it_has(drawing, papers, monkeypatch):
    monkeypatch.setattr(lessons, "BATCH", 4)
    asked = iter([False, True])
    lesson = drawing.read(drawing.drawn().tolist(), silent, lambda: next(asked))
    assert (len(lesson.texts), len(lesson.vectors), len(lesson.title_vectors)) == (4, 4, 4)


def test_papers_whose_text_has_changed_are_left_out(drawing, papers):
    Embedding.objects.filter(paper__key="2501.00003").update(digest="of another")
    lesson = drawing.read(drawing.drawn().tolist(), silent, never)
    assert len(lesson.texts) == 59
