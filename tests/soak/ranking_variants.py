"""What search asks of the index for the queries of a collection, kept so that ways to rank can be compared.

Which ways are compared is told in test_ranking_variants. Collections are made of the shared papers by
scripts/collections_of_papers.py; each is stored, indexed and read by the model as the product does it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from django.db import transaction
from django.test import override_settings
from numpy.typing import NDArray

from broadsheet.bench import measures
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key
from broadsheet.search import asked, current, fusing, hybrid, state
from broadsheet.search.encoders import embed
from broadsheet.search.index import Scored
from broadsheet.search.keeping import upkeep
from broadsheet.search.query import literal
from broadsheet.search.tuning import Ranking
from broadsheet.sources import beir
from broadsheet.sources.record import Record

MODEL = "all-MiniLM-L6-v2"
PLAIN = Ranking(titles=False)
"""What readers get, but that a title typed in full brings its paper to the top."""

type Numbers = NDArray[np.float64]
type Vectors = NDArray[np.float32]


class Reader:
    """The model, which reads each text once: corpora share most of theirs."""

    def __init__(self, models: Path) -> None:
        self.models, self._model = models, embed.load(models, MODEL)
        self.mark = self._model.mark
        self._known: dict[tuple[str, int], Vectors] = {}

    def embed(self, texts: Sequence[str], *, tokens: int = 256) -> Vectors:
        for text in texts:
            if (text, tokens) not in self._known:
                self._known[text, tokens] = self._model.embed([text], tokens=tokens)[0]
        return np.array([self._known[text, tokens] for text in texts])


class Handed(NamedTuple):
    """What the product hands over to be fused. given: words, meaning, weight, ranking and cosines."""

    given: Sequence[Any]
    length: fusing.Length
    holding: fusing.Holding | None


class Asked:
    """One query as it comes to be fused.

    ids: of the candidates, the newest first, as equal scores stand. words, cosines: of each; where it has none, the
    last by words, or the least. more: what each has more for holding all the words. first: scores by words, best first.
    itself: the paper that asks, which is no answer.
    """

    def __init__(self, text: str, handed: Handed, grades: Mapping[str, int], itself: str) -> None:
        self.text, self.grades, self.itself = text, grades, itself
        given, self.length, self.holding = handed
        self.ranked: list[int] = []
        self.by_words: Sequence[Scored]
        self.by_words, self.by_meaning, self.weight, _, near = given
        # Where nothing is near in meaning, words decide alone.
        words, cosines = dict(self.by_words), dict(near if self.by_meaning else ()) | dict(self.by_meaning)
        last = min(words.values()) if len(words) >= PLAIN.depth else 0.0
        least = min(cosines.values(), default=0.0)
        self.ids = np.array(sorted({*words, *dict(self.by_meaning)}, reverse=True), dtype=np.int64)
        self.words: Numbers = np.array([words.get(one, last) for one in self.ids.tolist()])
        self.cosines: Numbers = np.array([cosines.get(one, least) for one in self.ids.tolist()])
        held = np.isin(self.ids, self.holding.papers) if self.holding else np.zeros(len(self.ids))
        self.more: Numbers = held * (self.holding.more if self.holding else 0.0)
        self.first: Numbers = np.array([one.score for one in self.by_words] or [1.0])

    def meant(self, papers: Sequence[int], cosines: Numbers) -> "Asked":
        """Return the same query with other cosines of all papers."""
        nearest = np.argsort(-cosines, kind="stable")[: PLAIN.depth]
        every = [Scored(paper, float(cosine)) for paper, cosine in zip(papers, cosines, strict=True)]
        known = dict(every)
        near = [Scored(one.id, known[one.id]) for one in self.by_words]
        found = [every[place] for place in nearest if cosines[nearest[0]] >= hybrid.LEAST_COSINE]
        handed = Handed((self.by_words, found, self.weight, PLAIN, near), self.length, self.holding)
        return Asked(self.text, handed, self.grades, self.itself)

    def by(self, scores: Numbers) -> list[int]:
        """Return the candidates by their scores."""
        return self.ids[np.argsort(-scores, kind="stable")].tolist()

    def ndcg(self, ranked: Sequence[int]) -> float:
        """Return how good a ranking is; the paper that asks is no answer."""
        names = [str(one) for one in ranked[:11] if str(one) != self.itself]
        return measures.ndcg(names, self.grades)


type Way = Callable[[Asked], Sequence[int]]


@contextmanager
def indexed(folder: Path, home: Path, reader: Reader) -> Iterator[None]:
    """Let the documents of a collection be all that is searched."""
    with override_settings(INDEX_DIR=home, MODELS_DIR=reader.models, MODEL=MODEL, EMBED_TOKENS=256):
        current.release()
        current.forget_model()
        try:
            with transaction.atomic():
                store([item.row for item in beir.Corpus(folder).fetch() if isinstance(item.row, Record)])
                index = current.own()
                upkeep.catch_up(index)
                assert current.embedder(build=True)
                upkeep.backfill(index, reader)  # type: ignore[arg-type]
                assert state.read(now=True).share == 1.0
                yield
                transaction.set_rollback(True)
        finally:
            current.release()
            current.forget_model()


@dataclass(frozen=True, slots=True)
class Question:
    """How queries are asked. words: so many of each alone. whole: as whole texts, whatever their length."""

    ranking: Ranking = PLAIN
    words: int | None = None
    whole: bool = False


def ask(folder: Path, how: Question = Question()) -> list[Asked]:
    """Ask the queries of a collection of the index, and return what came to be fused for each."""
    judged = beir.judgments(folder)
    papers = {paper.key: paper for paper in Paper.objects.all()}
    handed: list[Handed] = []
    fuse = fusing.fuse

    def spied(*given: Any, length: fusing.Length, holding: fusing.Holding | None) -> fusing.Hits:
        handed.append(Handed(given, length, holding))
        return fuse(*given, length=length, holding=holding)

    found = []
    asked.forget()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fusing, "fuse", spied)
        for name, text in judged.queries.items():
            query = literal(" ".join(text.split()[: how.words]))
            hits = hybrid.search(replace(query, whole=query.whole or how.whole), limit=1000, ranking=how.ranking).hits
            named = {papers.get(beir.key_of(document)): grade for document, grade in judged.qrels[name].items()}
            grades = {str(paper.pk) if paper else "gone": grade for paper, grade in named.items()}
            one = Asked(query.text, handed.pop(), grades, _itself(papers.get(beir.key_of(name)), text))
            one.ranked = [hit.paper_id for hit in hits]
            found.append(one)
    return found


def _itself(paper: Paper | None, text: str) -> str:
    """Return the paper that asks, as ``bench beir`` knows it: by the name of the query and its text."""
    if paper is None or title_key(text) not in map(title_key, (paper.title, f"{paper.title} {paper.abstract}")):
        return ""
    return str(paper.pk)


def scores(some: Sequence[Asked], way: Way) -> Numbers:
    """Return nDCG@10 of each query, by 100."""
    return np.array([100 * one.ndcg(way(one)) for one in some])


def against(ours: Numbers, theirs: Numbers, *, p: bool = True) -> str:
    """Return how much better ours are, with the standard error, and p by paired randomisation."""
    found = measures.difference(ours.tolist(), theirs.tolist())
    told = f"{found.mean:+.1f} ± {float(np.std(ours - theirs)) / len(ours) ** 0.5:.1f}"
    return f"{told} (p = {found.p:.2g})" if p else told


def beside(ours: Numbers, theirs: Numbers, *, p: bool = True) -> str:
    """Return the mean, and how it differs, unless both are the same."""
    return f"{ours.mean():.1f}" + ("" if ours is theirs else f", {against(ours, theirs, p=p)}")


def table(heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> None:
    """Print a table as the docs have it."""
    print("\n| | " + " | ".join(heads) + " |\n|" + "---|" * (len(heads) + 1))
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(row) + " |")
    print(flush=True)
