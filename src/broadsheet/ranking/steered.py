"""Candidates of "like this, but", scored: near to some papers as moved by a wish. Slates of them are ``unlike``.

The arithmetic is ``steering``, how a wish is read ``wishes``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import steering
from broadsheet.ranking.key_terms import counted, key_terms
from broadsheet.ranking.similar import rows_of
from broadsheet.ranking.steering import Numbers
from broadsheet.ranking.wishes import Wish
from broadsheet.search import current
from broadsheet.search.encoders import embed
from broadsheet.search.index import Filters, Scored, Searcher, Term, Vector
from broadsheet.search.kept import read_by_model, vectors_of

EVERYTHING = Filters()
CANDIDATES = 200
"""Papers asked of each kind of likeness."""
SLATE = 12
"""Papers of a slate, where nobody says how many."""


@dataclass(frozen=True, slots=True)
class Weights:
    """How much each kind of likeness counts; set by ``bench like`` (docs/search/quality.md).

    meaning: the cosine to the moved vector. paper: the words of the papers begun with; alone: the same where no words
    are wished for. more: the words wished for; holds: having all of them; phrase: side by side. field: standing in a
    field that is named, where its name's words do not count. toward, away, penalty: see ``steering``; lean: the same as
    toward, where a field is named.
    """

    meaning: float = 0.5
    paper: float = 0.3
    alone: float = 0.8
    more: float = 0.4
    holds: float = 0.2
    phrase: float = 0.3
    field: float = 1.0
    toward: float = steering.MORE
    lean: float = 0.3
    away: float = steering.LESS
    penalty: float = steering.PENALTY


WEIGHTS = Weights()


@dataclass(frozen=True, slots=True)
class Asked:
    """One round as it is asked for. papers: begun with. but: words. chips: ticked. number: of the round, from 1."""

    papers: tuple[Paper, ...]
    but: str = ""
    chips: tuple[str, ...] = ()
    kept: tuple[Paper, ...] = ()
    dropped: tuple[Paper, ...] = ()
    number: int = 1
    limit: int = SLATE


class Near(NamedTuple):
    """A candidate: its paper by primary key, its score, and why it is one."""

    paper: int
    score: float
    why: tuple[str, ...]


def ranked(round_asked: Asked, wish: Wish, notes: list[str], *, weights: Weights = WEIGHTS) -> list[Near]:
    """Return all candidates of a round, best first, before any is chosen for variety. notes: added to."""
    searcher = current.searcher()
    aim, less = _aim(searcher, round_asked, wish, notes, weights)
    seen, named = counted(), (*round_asked.papers, *round_asked.kept)
    words = " ".join(key_terms(paper.title, paper.abstract, seen=seen) for paper in named)
    found: set[int] = set()
    for filters in _alternatives(wish):
        found |= _candidates(searcher, wish, filters, aim, words)
    found -= {paper.pk for paper in (*round_asked.papers, *round_asked.kept, *round_asked.dropped)}
    pks = sorted(found)
    parts = {
        "meaning": (weights.meaning, _nearness(searcher, pks, aim, less, weights.penalty)),
        "words": (weights.paper if wish.more else weights.alone, _by_words(searcher, words, pks)),
        "wish": (1.0, _by_wish(searcher, wish, pks, weights)),
        "field": (weights.field, _in_fields(pks, wish.fields)),
    }
    score = sum((weight * part for weight, part in parts.values()), np.zeros(len(pks), dtype=np.float32))
    order = np.lexsort((-np.array(pks), -score))
    return [
        Near(pks[place], float(score[place]), tuple(name for name, (_, part) in parts.items() if part[place] > 0))
        for place in order.tolist()
    ]


def _candidates(searcher: Searcher, wish: Wish, filters: Filters, aim: Vector | None, words: str) -> set[int]:
    """Return what is near in meaning or in words, of all and of what has that which is wished for."""
    found = _ids(searcher.words(words, limit=CANDIDATES, filters=filters))
    narrowed = [filters]
    if wish.more and not wish.fields:
        found |= _ids(searcher.words(wish.more, limit=CANDIDATES, filters=filters))
        narrowed.append(replace(filters, terms=(*filters.terms, Term("words", wish.more))))
    if wish.fields and not filters.categories:
        narrowed.append(replace(filters, categories=wish.fields))
    if aim is not None:
        for wanted in narrowed:
            found |= _ids(searcher.meaning(aim, limit=CANDIDATES, filters=wanted))
    return found


def _aim(
    searcher: Searcher, round_asked: Asked, wish: Wish, notes: list[str], weights: Weights
) -> tuple[Vector | None, list[Vector]]:
    """Return the vector to be near to, None where there is none, and those of what is not wanted."""
    encoder = current.encoder(searcher.space)
    static = getattr(encoder, "static", False)
    every = (*round_asked.papers, *round_asked.kept, *round_asked.dropped)
    pks = [paper.pk for paper in every]
    known = vectors_of(pks, searcher) if encoder is None or static else read_by_model(pks, searcher.space)
    if encoder is not None:
        for paper in every:
            if paper.pk not in known:
                text = embed.text_of(plain(paper.title), plain(paper.abstract))
                known[paper.pk] = encoder.embed([text])[0]

    def of(papers: Sequence[Paper]) -> list[Vector]:
        return [known[paper.pk] for paper in papers if paper.pk in known]

    base = steering.fed_back(of(round_asked.papers), of(round_asked.kept), of(round_asked.dropped))
    if base is None:
        notes.append(f"Compared by words alone: {current.why_no_model() or 'the papers have no vectors yet.'}")
        return None, []
    if wish.more or wish.less:
        if encoder is None:
            notes.append(f"What was typed was compared by words alone: {current.why_no_model()}")
        elif static:
            notes.append(f"What was typed was read by the small model alone: {current.why_no_model()}")
    if encoder is None:
        return base, []
    more = encoder.embed_query(wish.more) if wish.more else None
    less = [encoder.embed_query(what) for what in wish.less]
    toward = weights.lean if wish.fields else weights.toward
    return steering.steered(base, more, less, toward=toward, away=weights.away), less


def _alternatives(wish: Wish) -> list[Filters]:
    """Return the conditions, once for each word of which one must stand in the title."""
    held = [(*wish.filters.terms, Term("title", word)) for word in wish.any_title] or [wish.filters.terms]
    return [replace(wish.filters, terms=terms) for terms in held]


def _ids(hits: Sequence[Scored]) -> set[int]:
    return {hit.id for hit in hits}


def _nearness(
    searcher: Searcher, pks: Sequence[int], aim: Vector | None, less: Sequence[Vector], penalty: float
) -> Numbers:
    """Return how near papers are to the aim, from 0 to 1; 0 for those without a vector."""
    if aim is None or not pks:
        return np.zeros(len(pks), dtype=np.float32)
    rows = rows_of(pks, len(aim), searcher)
    near = steering.scaled(steering.nearness(rows, aim, less, penalty=penalty))
    near[~rows.any(axis=1)] = 0.0
    return near


def _by_words(searcher: Searcher, text: str, pks: Sequence[int], filters: Filters = EVERYTHING) -> Numbers:
    """Return how well papers answer to words, from 0 to 1 for the best of them; 0 for what the filters leave out."""
    scores = np.zeros(len(pks), dtype=np.float32)
    if text and pks:
        place = {pk: number for number, pk in enumerate(pks)}
        for hit in searcher.words(text, limit=len(pks), filters=replace(filters, ids=tuple(pks))):
            scores[place[hit.id]] = hit.score
        scores /= scores.max() or 1.0
    return scores


def _by_wish(searcher: Searcher, wish: Wish, pks: Sequence[int], weights: Weights) -> Numbers:
    """Return how well papers answer to the words wished for; a field is a matter of categories, not of its name."""
    if not wish.more or wish.fields:
        return np.zeros(len(pks), dtype=np.float32)
    every = Filters(terms=(Term("words", wish.more),))
    beside = Filters(terms=(Term("any", wish.more, exact=True),))
    scores = weights.more * _by_words(searcher, wish.more, pks)
    scores += weights.holds * np.sign(_by_words(searcher, wish.more, pks, every))
    scores += weights.phrase * np.sign(_by_words(searcher, wish.more, pks, beside))
    return scores


def _in_fields(pks: Sequence[int], fields: Sequence[str]) -> Numbers:
    """Return 1 for papers of one of the categories or archives, else 0."""
    if not fields:
        return np.zeros(len(pks), dtype=np.float32)
    wanted = set(fields)
    rows = Paper.objects.filter(pk__in=pks).values_list("pk", "categories")
    within = {pk for pk, own in rows if wanted & {part for name in own for part in (name, name.split(".")[0])}}
    return np.array([pk in within for pk in pks], dtype=np.float32)
