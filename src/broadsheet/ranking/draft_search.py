"""Which papers are near to a draft, and how near: by its text, as papers are near to a paper, and by what it cites.

How they are grouped and what is told of each is ``drafts``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import common_ground, nearness
from broadsheet.ranking.similar import WEIGHTS
from broadsheet.search import current, hybrid
from broadsheet.search.encoders import embed
from broadsheet.search.index import Filters, Scored, Vector
from broadsheet.search.kept import vectors_of
from broadsheet.search.query import LONGEST, Query

RRF_K = 60
"""The constant of reciprocal rank fusion (G. Cormack, C. Clarke and S. Buettcher, SIGIR 2009)."""

MOST_CITED = 100
"""Cited papers whose vectors are looked at."""

ASKED_BY_MEANING, ASKED_BY_TITLE, BESIDE_EACH = 60, 20, 25
"""Cited papers whose neighbours are looked for, titles of cited works that are not here, papers for each of them."""

CLOSE = 0.6
"""The cosine from which a paper is very close to a draft, or to one that it cites."""

FEWEST_WORDS = 3


@dataclass
class Asking:
    """One draft being asked for: its text, its vector where anything can read it, and what it cites.

    One index is asked to the end, so that vectors are of one space. but: papers that are not looked for, such as the
    draft's own where it is here.
    """

    title: str
    abstract: str
    filters: Filters
    cited: list[Paper]
    absent: list[str]
    but: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        self.text = embed.text_of(self.title, self.abstract)
        self.has_text = len(self.text.split()) >= FEWEST_WORDS
        # Of a bare list of works the titles that are looked for are all the words that there are.
        title = self.title if self.has_text else "\n".join(self.absent[:ASKED_BY_TITLE])
        self.phrases = common_ground.of(title, self.abstract)
        self.searcher = current.searcher()
        self.encoder = current.encoder(self.searcher.space)
        self.vector: Vector | None = (
            self.encoder.embed([self.text])[0] if self.encoder is not None and self.has_text else None
        )
        self.cited_vectors = vectors_of([paper.pk for paper in self.cited[:MOST_CITED]], self.searcher)
        self.vectors: dict[int, Vector] = {}
        self._phrases: dict[int, dict[str, str]] = {}
        self.rarity = common_ground.Rarity(self.searcher)

    def phrases_of(self, paper: Paper) -> dict[str, str]:
        """Return the phrases of a paper, taken apart once."""
        if paper.pk not in self._phrases:
            self._phrases[paper.pk] = common_ground.of(paper.title, paper.abstract)
        return self._phrases[paper.pk]

    def ranked(self) -> dict[int, float]:
        """Return candidates by primary key with how near they are, best first.

        The best by the text counts 1, and so does the best by citations, as there is no judge who could weigh them.
        """
        scores: defaultdict[int, float] = defaultdict(float)
        for part in (self._by_text(), self._by_citations()):
            best = max(part.values(), default=0.0) or 1.0
            for pk, score in part.items():
                scores[pk] += score / best
        ordered = sorted(scores.items(), key=lambda item: (-item[1], -item[0]))
        return {pk: score for pk, score in ordered if pk not in self.but}  # citations may find them too

    def _by_text(self) -> dict[int, float]:
        """Return how near papers are to the text, weighed as for papers that are similar to a paper."""
        if not self.has_text:
            return {}
        text = nearness.Text(self.title, self.abstract, self.vector)
        near = nearness.parts(self.searcher, text, filters=self.filters, but=self.but)
        scores: defaultdict[int, float] = defaultdict(float)
        for weight, part in ((WEIGHTS.words, near.words), (WEIGHTS.meaning, near.meaning)):
            for pk, score in part.items():
                scores[pk] += weight * score
        return scores

    def _by_citations(self) -> dict[int, float]:
        """Return the neighbours of what is cited by their places; with many citations, of some spread over the list."""
        scores: defaultdict[int, float] = defaultdict(float)
        for pk in _spread(sorted(self.cited_vectors), ASKED_BY_MEANING):
            near = self.searcher.meaning(self.cited_vectors[pk], limit=BESIDE_EACH, filters=self.filters)
            _count(scores, _ids(near))
        titles = [plain(paper.title) for paper in self.cited if paper.pk not in self.cited_vectors]
        for title in _spread([*titles, *self.absent], ASKED_BY_TITLE):
            _count(scores, self._search(plain(title), BESIDE_EACH))
        return scores

    def _search(self, text: str, limit: int) -> list[int]:
        """Ask as a reader's search does, but for operators: what looks like one in an abstract is none."""
        asked = text[:LONGEST]
        query = Query(asked, self.filters, typed=asked, given=self.filters)
        return [hit.paper_id for hit in hybrid.search(query, limit=limit).hits]

    def closeness(self, papers: Sequence[Paper], ranks: Mapping[int, float]) -> dict[int, float]:
        """Return how close papers are, from 0 to 1: as shares of the best by ``ranked``.

        Half by the cosine where the draft has no text, and for cited papers that its text does not find.
        """
        self.vectors = vectors_of([paper.pk for paper in papers], self.searcher)
        best = max(ranks.values(), default=1.0)
        found = {}
        for paper in papers:
            placed = ranks.get(paper.pk, 0.0) / best
            cosine = None if self.has_text and paper.pk in ranks else self.cosine(paper.pk)
            found[paper.pk] = round(placed if cosine is None else (placed + max(cosine, 0.0)) / 2, 4)
        return found

    def cosine(self, pk: int) -> float | None:
        """Return how near a paper is to the draft, or where it has no text, to the nearest three it cites."""
        vector = self.vectors.get(pk)
        if vector is None:
            return None
        if self.vector is not None:
            return float(vector @ self.vector)
        others = sorted((float(vector @ one) for own, one in self.cited_vectors.items() if own != pk), reverse=True)[:3]
        return sum(others) / len(others) if others else None

    def beside(self, pk: int) -> Paper | None:
        """Return the cited paper that another one is nearest to, where both have vectors."""
        vector = self.vectors.get(pk)
        others = (
            {own: float(vector @ one) for own, one in self.cited_vectors.items() if own != pk}
            if vector is not None
            else {}
        )
        best = max(others, key=lambda own: (others[own], own), default=None)
        return (
            next((paper for paper in self.cited if paper.pk == best), None) if best and others[best] >= CLOSE else None
        )


def _count(scores: defaultdict[int, float], pks: Iterable[int]) -> None:
    for place, pk in enumerate(pks, start=1):
        scores[pk] += 1 / (RRF_K + place)


def _ids(hits: Sequence[Scored]) -> list[int]:
    return [hit.id for hit in hits if hit.score >= hybrid.LEAST_COSINE]


def _spread[T](things: Sequence[T], most: int) -> list[T]:
    """Return at most so many, evenly from the whole list."""
    step = max(1.0, len(things) / most)
    return [things[int(place * step)] for place in range(min(len(things), most))]
