"""What the static student is fitted on and tried with: papers with kept vectors, and their titles as short texts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import Refused
from broadsheet.papers.tex import plain
from broadsheet.search.encoders import embed, student_fit
from broadsheet.search.encoders.student import Encoder, Table
from broadsheet.search.encoders.student_fit import Floats, Report, Stop
from broadsheet.search.encoders.wordpieces import WordPieces
from broadsheet.search.keeping.documents import vector_of
from broadsheet.search.machine import mapped
from broadsheet.search.models import Embedding

LEAST = 2_000
"""Papers with a kept vector below which no table is fitted: most words would be seen once or never."""

HELD_OUT = 2_000
"""Papers that the table is tried on, a fifth of all at most; they are not among those that it is fitted on."""

ROW_LENGTH = 0.5
"""Length that the vector of a word alone is given: the rows of frequent words are about as long."""

BATCH = 500
KEEP_EVERY = 10_000
"""Titles read between two times that their vectors are written down."""

SEED = 1


class Lesson(NamedTuple):
    """Papers as texts of two kinds, row by row: whole ones and bare titles, with the model's vectors of both."""

    texts: list[str]
    vectors: Floats
    titles: list[str]
    title_vectors: Floats


class Trial(NamedTuple):
    """How near a student comes to the model on papers that it did not see.

    papers, titles: mean cosine. found: mean reciprocal rank of the paper whose title is asked, read by the model, among
    the papers as the student has them; first_ten: how often it is among the first ten. by_model: the rank where the
    papers are as the model has them.
    """

    papers: float
    titles: float
    found: float
    first_ten: float
    by_model: float


@dataclass(slots=True)
class Lessons:
    """The kept vectors of a store in a drawn order, the same every time.

    limit: how many papers are taken at most, those held out among them. notes: a file where title vectors are kept, so
    that who was stopped need not have them read again.
    """

    embedder: embed.Embedder
    limit: int
    notes: Path

    def drawn(self) -> NDArray[np.int64]:
        """Return the rows of kept vectors to learn from. Raises Refused where they are too few."""
        kept = Embedding.objects.filter(model=self.embedder.mark, paper__same_as=None)
        pks = np.array(kept.order_by("paper_id").values_list("pk", flat=True), dtype=np.int64)
        if len(pks) < LEAST:
            raise Refused(
                f"{len(pks)} papers have a vector by {self.embedder.name}; fitting needs {LEAST}.",
                "A running server gives them in the background: `broadsheet status` tells how far it is.",
            )
        return np.random.default_rng(SEED).permutation(pks)[: self.limit]

    def read(self, pks: Sequence[int], report: Report, stop: Stop) -> Lesson:
        """Return papers with the vectors that are kept of them and of their titles; fewer where it was stopped."""
        known = _Titles(self.notes, self.embedder.mark)
        lesson = Lesson([], np.empty((len(pks), self.embedder.dim), np.float32), [], np.empty((0, 0), np.float32))
        short = np.empty_like(lesson.vectors)
        for some in batched(pks, BATCH):
            if stop():
                break
            for text, title, vector in self._of(some):
                row = len(lesson.texts)
                lesson.vectors[row] = vector
                short[row] = known.of(title, self.embedder)
                lesson.texts.append(text)
                lesson.titles.append(title)
            known.keep(KEEP_EVERY)
            report(len(lesson.texts), len(pks))
        known.keep(1)
        return Lesson(lesson.texts, lesson.vectors[: len(lesson.texts)], lesson.titles, short[: len(lesson.texts)])

    def words(self, pieces: Sequence[str], report: Report, stop: Stop) -> Lesson:
        """Return the words that are a piece of their own, as titles without a text; fewer where it was stopped."""
        known = _Titles(self.notes, self.embedder.mark)
        whole = [piece for piece in pieces if piece.isascii() and piece.isalpha() and len(piece) > 1]
        vectors = np.zeros((len(whole), self.embedder.dim), np.float32)
        for row, word in enumerate(whole):
            if row % BATCH == 0:
                if stop():
                    break
                report(row, len(whole))
            vectors[row] = known.of(word, self.embedder)
        known.keep(1)
        return Lesson([], vectors[:0], whole, vectors)

    def _of(self, pks: Sequence[int]) -> Iterator[tuple[str, str, Floats]]:
        for one in Embedding.objects.filter(pk__in=pks).select_related("paper").order_by("pk"):
            title = plain(one.paper.title)
            text = embed.text_of(title, plain(one.paper.abstract))
            if one.digest == embed.digest(text):
                yield text, title, vector_of(one)


class _Titles:
    """Vectors of titles that were read before, in a file."""

    def __init__(self, path: Path, mark: str) -> None:
        self._path, self._mark = path, mark
        self._known: dict[str, NDArray[np.float16]] = {}
        self._new = 0
        try:
            with np.load(path, allow_pickle=False) as held:
                if str(held["mark"]) == mark:
                    self._known = dict(zip(held["digests"].tolist(), held["vectors"], strict=True))
        except mapped.NO_ARRAYS:
            pass  # none yet, or a damaged file: they are read again

    def of(self, title: str, embedder: Encoder) -> NDArray[np.float16]:
        name = embed.digest(title)
        if name not in self._known:
            self._known[name] = embedder.embed([title])[0].astype(np.float16)
            self._new += 1
        return self._known[name]

    def keep(self, least: int) -> None:
        """Write down what is known where so many are new."""
        if self._new < least:
            return
        part = self._path.with_name(f"{self._path.stem}.part.npz")
        np.savez(part, mark=self._mark, digests=list(self._known), vectors=np.stack(list(self._known.values())))
        mapped.named(part, self._path)
        self._new = 0


def fitted(words: WordPieces, lesson: Lesson, alone: Lesson, space: str, *, report: Report, stop: Stop) -> Table:
    """Return a table fitted on whole texts, on titles and on words alone, each of which counts as much as the others.

    alone: see ``Lessons.words``. Where few texts hold a word its own vector decides, so that papers of fields beside
    those here are told apart too.
    """
    rows = student_fit.counted(words, [*lesson.texts, *lesson.titles, *alone.titles])
    vectors = np.concatenate([lesson.vectors, lesson.title_vectors, ROW_LENGTH * alone.title_vectors])
    return student_fit.fit(words, rows, vectors, about={"space": space}, report=report, stop=stop)


def tried(student: Encoder, lesson: Lesson) -> Trial:
    """Return how near the student comes on papers that it was not fitted on."""
    papers, titles = student.embed(lesson.texts), student.embed(lesson.titles)
    ranks, best = (_ranks(lesson.title_vectors @ of.T) for of in (papers, lesson.vectors))
    return Trial(
        float((papers * lesson.vectors).sum(axis=1).mean()),
        float((titles * lesson.title_vectors).sum(axis=1).mean()),
        float((1 / ranks).mean()),
        float((ranks <= 10).mean()),
        float((1 / best).mean()),
    )


def _ranks(scores: Floats) -> NDArray[np.int64]:
    """Return at which place the diagonal of each row stands."""
    ranks: NDArray[np.int64] = (scores >= np.diag(scores)[:, None]).sum(axis=1)
    return ranks
