"""Which papers are near to a draft, and how near: by its text, its title and key phrases, and by what it cites.

How they are grouped and what is told of each is ``drafts``.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import common_ground
from broadsheet.search import current, embed, hybrid
from broadsheet.search.index import Filters, Scored, Vector
from broadsheet.search.kept import vectors_of
from broadsheet.search.query import LONGEST, Query

CANDIDATES = 150
NEIGHBOURS = 60
"""Papers by which it is told which phrases of a draft are its own."""

RRF_K = 60
"""The constant of reciprocal rank fusion (G. Cormack, C. Clarke and S. Buettcher, SIGIR 2009)."""

WHOLE, TITLE, PHRASE = 2.0, 1.0, 0.4
"""What a place counts in the results for the whole draft, for its title, and for one of its key phrases."""

MOST_PHRASES = 5
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

    One index is asked to the end, so that vectors are of one space; the searches within are fused by their places.
    """

    title: str
    abstract: str
    filters: Filters
    cited: list[Paper]
    absent: list[str]

    def __post_init__(self) -> None:
        self.text = embed.text_of(self.title, self.abstract)
        self.has_text = len(self.text.split()) >= FEWEST_WORDS
        self.phrases = common_ground.of(self.title, self.abstract)
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
        """Return candidates by primary key with the sum of their reciprocal ranks, best first."""
        scores: defaultdict[int, float] = defaultdict(float)
        if self.has_text:
            self._by_text(scores)
        self._by_citations(scores)
        return dict(sorted(scores.items(), key=lambda item: (-item[1], -item[0])))

    def _by_text(self, scores: defaultdict[int, float]) -> None:
        whole = self._search(self.text, CANDIDATES)
        _count(scores, whole, WHOLE)
        if self.abstract and self.title:
            _count(scores, self._search(self.title, CANDIDATES), TITLE)
        near = Paper.objects.standing().in_bulk(whole[:NEIGHBOURS])
        found = [self.phrases_of(paper) for paper in near.values()]
        for phrase in common_ground.key_phrases(self.title, self.abstract, found, MOST_PHRASES):
            _count(scores, self._search(phrase, CANDIDATES), PHRASE)

    def _by_citations(self, scores: defaultdict[int, float]) -> None:
        """Add the neighbours of what is cited; with many citations, of some spread over the list."""
        for pk in _spread(sorted(self.cited_vectors), ASKED_BY_MEANING):
            near = self.searcher.meaning(self.cited_vectors[pk], limit=BESIDE_EACH, filters=self.filters)
            _count(scores, _ids(near), 1.0)
        titles = [plain(paper.title) for paper in self.cited if paper.pk not in self.cited_vectors]
        for title in _spread([*titles, *self.absent], ASKED_BY_TITLE):
            _count(scores, self._search(plain(title), BESIDE_EACH), 1.0)

    def _search(self, text: str, limit: int) -> list[int]:
        """Ask as a reader's search does, but for operators: what looks like one in an abstract is none."""
        asked = text[:LONGEST]
        query = Query(asked, self.filters, typed=asked, given=self.filters)
        return [hit.paper_id for hit in hybrid.search(query, limit=limit).hits]

    def closeness(self, papers: Sequence[Paper], ranks: Mapping[int, float]) -> dict[int, float]:
        """Return how close papers are, from 0 to 1: half by the places at which they were found, half by cosine."""
        self.vectors = vectors_of([paper.pk for paper in papers], self.searcher)
        best = max(ranks.values(), default=1.0)
        found = {}
        for paper in papers:
            placed = ranks.get(paper.pk, 0.0) / best
            cosine = self.cosine(paper.pk)
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


def _count(scores: defaultdict[int, float], pks: Iterable[int], weight: float) -> None:
    for place, pk in enumerate(pks, start=1):
        scores[pk] += weight / (RRF_K + place)


def _ids(hits: Sequence[Scored]) -> list[int]:
    return [hit.id for hit in hits if hit.score >= hybrid.LEAST_COSINE]


def _spread[T](things: Sequence[T], most: int) -> list[T]:
    """Return at most so many, evenly from the whole list."""
    step = max(1.0, len(things) / most)
    return [things[int(place * step)] for place in range(min(len(things), most))]
