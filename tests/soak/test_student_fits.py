"""What the student of the model is fitted on, as docs/search/quality.md tells it; FIT_PAPERS says on how many papers.

Each variant is fitted by the product's own code and tried on papers that it did not see, and on Cranfield by meaning
alone, where the model reads the queries and the student the documents.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np
import pytest
from tests.soak.word_variants import Task, Text, cranfield, papers

from broadsheet.bench import measures
from broadsheet.search.encoders import embed, student_fit, wordpieces
from broadsheet.search.encoders.student import Student
from broadsheet.search.index import Vector
from broadsheet.search.keeping import lessons
from broadsheet.search.keeping.lessons import ROW_LENGTH, Lesson

PAPERS = int(os.environ.get("FIT_PAPERS", "4000"))
HELD_OUT = PAPERS // 4
MODEL = "all-MiniLM-L6-v2"
KEPT = "and each word alone, at half length (**kept**)"


def lesson(model: embed.Embedder, some: Sequence[Text]) -> Lesson:
    """Return papers as what is learned from, read by the model."""
    texts = [embed.text_of(one["title"], one["abstract"]) for one in some]
    titles = [one["title"] for one in some]
    return Lesson(texts, model.embed(texts), titles, model.embed(titles))


def fitted(
    words: wordpieces.WordPieces, of: Lesson, alone: Lesson, titles: int = 1, length: float = 0.0, ridge: float = 1.0
) -> Student:
    """Return a student. titles: how often they count; length: of the vectors of words alone, 0 for none of these."""
    texts = [*of.texts, *of.titles * titles, *(alone.titles if length else [])]
    vectors = [of.vectors, *[of.title_vectors] * titles, *([length * alone.title_vectors] if length else [])]
    rows = student_fit.counted(words, texts)
    return Student(student_fit.fit(words, rows, np.concatenate(vectors), about={"space": MODEL}, ridge=ridge))


def on_cranfield(student: Student, task: Task, asked: Sequence[Vector]) -> float:
    """Return nDCG@10 by meaning alone. asked: the queries as the model reads them."""
    documents = student.embed([embed.text_of(one["title"], one["abstract"]) for one in task.documents])
    scores = []
    for query, (_, _, grades) in zip(asked, task.queries, strict=True):
        best = np.argsort(-(documents @ query), kind="stable")[:10]
        scores.append(measures.ndcg([str(one) for one in best.tolist()], grades))
    return fmean(scores)


@pytest.mark.soak
def test_titles_and_words_alone_bring_the_student_nearer_to_the_model(tmp_path, shared_data):
    models = tmp_path / "models"
    if embed.available(models, MODEL).state == "missing":
        pytest.skip("the weights of the model are not installed")
    model = embed.load(models, MODEL)
    words = wordpieces.WordPieces(wordpieces.pieces_of(models / MODEL / embed.WORDS))
    some = papers(shared_data("papers-2025-2026.jsonl.xz"), PAPERS + HELD_OUT)
    seen, trial, task = (
        lesson(model, some[HELD_OUT:]),
        lesson(model, some[:HELD_OUT]),
        cranfield(shared_data("cranfield")),
    )
    asked = [model.embed_query(text) for _, text, _ in task.queries]
    alone = alone_of(model, words, tmp_path)
    variants = {
        "papers alone": fitted(words, seen, alone, titles=0),
        "papers and titles": fitted(words, seen, alone),
        "the same, titles count twice": fitted(words, seen, alone, titles=2),
        KEPT: fitted(words, seen, alone, length=ROW_LENGTH),
        "the same, at full length": fitted(words, seen, alone, length=1.0),
        "at half length, ridge .3": fitted(words, seen, alone, length=ROW_LENGTH, ridge=0.3),
        "at half length, ridge 3": fitted(words, seen, alone, length=ROW_LENGTH, ridge=3.0),
    }
    print("\n| | papers | titles | MRR | Cranfield |\n|---|---|---|---|---|")
    found = {}
    for name, student in variants.items():
        tried, found[name] = lessons.tried(student, trial), on_cranfield(student, task, asked)
        print(
            f"| {name} | {tried.papers:.3f} | {tried.titles:.3f} | {tried.found:.3f} | {found[name]:.3f} |", flush=True
        )
    assert found[KEPT] > found["papers and titles"]


def alone_of(model: embed.Embedder, words: wordpieces.WordPieces, folder: Path) -> Lesson:
    """Return the words that are a piece of their own, each read by the model."""
    drawing = lessons.Lessons(model, 0, folder / "titles.npz")
    return drawing.words(words.pieces, lambda _done, _total: None, lambda: False)
