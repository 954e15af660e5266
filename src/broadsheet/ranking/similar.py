"""Papers like this one: by words, meaning, authors, and what its readers chose too; weighed by ``bench similar``.

What should differ from a paper is ``unlike``; how near papers are by words and by meaning is ``nearness``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import nearness
from broadsheet.ranking.read_together import chosen_with
from broadsheet.search import current
from broadsheet.search.index import Filters, Searcher, Term
from broadsheet.search.kept import vectors_of

AUTHORS, OF_AUTHOR = 4, 60
"""Authors whose other papers are looked at, the first ones and the last, and how many of each, the newest."""

OF_LIKE_TITLE = 10
"""Papers that are compared with one because its title shares words with theirs."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of likeness counts."""

    words: float = 0.55
    meaning: float = 0.45
    authors: float = 0.0
    together: float = 0.3


WEIGHTS = Weights()


class Near(NamedTuple):
    """A paper by primary key, how near it is, and by what: ``words``, ``meaning``, ``authors``, ``readers``."""

    paper: int
    score: float
    why: tuple[str, ...]


def similar_to(paper: Paper, *, limit: int = 6) -> list[Paper] | None:
    """Return the papers nearest to one, best first; None where the index cannot be asked right now."""
    try:
        near = ranked(paper)[:limit]
    except BroadsheetError:
        return None
    papers = Paper.objects.standing().in_bulk([one.paper for one in near])
    return [papers[one.paper] for one in near if one.paper in papers]


def ranked(paper: Paper, *, weights: Weights = WEIGHTS) -> list[Near]:
    """Return the candidates near to a paper, best first.

    Words and meaning count as ``nearness`` tells, of every candidate, whatever it was found by. Authors count by how
    many are shared, each the less the more papers the name stands on; readers by the cosine of who openly chose both.
    Raises what the index does.
    """
    searcher = current.searcher()
    others: dict[str, tuple[float, dict[int, float]]] = {}
    if weights.authors:
        others["authors"] = weights.authors, _by_authors(searcher, paper)
    if weights.together:
        others["readers"] = weights.together, chosen_with(paper)
    vector = vectors_of([paper.pk], searcher).get(paper.pk) if weights.meaning else None
    near = nearness.parts(
        searcher,
        nearness.Text(paper.title, paper.abstract, vector),
        words=weights.words > 0,
        meaning=weights.meaning > 0,
        also={pk for _, found in others.values() for pk in found},
        but=(paper.pk,),
    )
    parts = {"words": (weights.words, near.words), "meaning": (weights.meaning, near.meaning)} | others
    scores: dict[int, float] = {}
    for weight, found in parts.values():
        for pk, score in found.items():
            scores[pk] = scores.get(pk, 0.0) + weight * score
    scores.pop(paper.pk, None)
    order = sorted(scores, key=lambda pk: (-scores[pk], -pk))
    return [Near(pk, scores[pk], tuple(why for why, (_, found) in parts.items() if pk in found)) for pk in order]


def _by_authors(searcher: Searcher, paper: Paper) -> dict[int, float]:
    """Return the papers that share authors with one: 1 for one rare name or several, less for a name of many papers."""
    found: dict[int, float] = {}
    for name in dict.fromkeys([*paper.authors[: AUTHORS - 1], *paper.authors[-1:]]):
        own = searcher.newest(limit=OF_AUTHOR, filters=Filters(terms=(Term("authors", name),)))
        for hit in own:
            found[hit.id] = min(1.0, found.get(hit.id, 0.0) + 1 / log2(1 + len(own)))
    return found


def rows_of(pks: Sequence[int], width: int = 1, searcher: Searcher | None = None) -> NDArray[np.float32]:
    """Return the vectors of papers as rows in their order, zeros for a paper without one.

    width: of the rows where no paper has a vector. searcher: as for ``vectors_of``.
    """
    known = vectors_of(pks, searcher)
    width = len(next(iter(known.values()))) if known else width
    rows = np.zeros((len(pks), width), dtype=np.float32)
    for row, pk in zip(rows, pks, strict=True):
        if pk in known:
            row[:] = known[pk]
    return rows


def of_like_title(paper: Paper) -> list[int]:
    """Return the papers, by primary key, whose words fit the title and the first authors of one best.

    Raises what the index raises where it cannot be asked.
    """
    asked = " ".join([paper.title, *paper.authors[:2]])
    hits = current.searcher().words(plain(asked)[:400], limit=OF_LIKE_TITLE + 1, filters=Filters())
    return [hit.id for hit in hits if hit.id != paper.pk][:OF_LIKE_TITLE]
