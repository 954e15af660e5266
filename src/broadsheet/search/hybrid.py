"""Search as readers get it: words and meaning fused, what was typed exactly first. Engines are asked through the port.

How a query is read lives in ``query``, how two rankings become one in ``fusing``, what is offered where nothing was
found in ``relax``.
"""

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from django.conf import settings
from django.db import InterfaceError, OperationalError

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.search import acronyms, current, feedback, fusing, orders, relax, state, titled
from broadsheet.search.asked import vector_of
from broadsheet.search.encoders import embed, maxsim
from broadsheet.search.encoders.student import Encoder
from broadsheet.search.fusing import Hit, Hits
from broadsheet.search.index import NOTHING_TOLD, Filters, Need, Scored, Searcher, Tally, Term, Vector
from broadsheet.search.machine.beside import Begun
from broadsheet.search.query import Query, parse
from broadsheet.search.terms import scoring
from broadsheet.search.text.compounds import Alike
from broadsheet.search.tuning import DEFAULT, Ranking

DEPTH = 300
"""Candidates asked of each kind of search, the same for every page: scores are normalised over them, so another
number on the next page would reorder what the last one showed. Who needs more wants a filter."""

HELD, MOST_HELD = 30, 24
"""Papers, the best by words, of which it is asked whether they hold all the words: who does is among these. Words typed
up to which it is asked: all of a long sentence's hardly a paper holds."""

LEAST_COSINE = 0.2
"""Where the best paper is less alike, nothing is "near in meaning": nonsense reaches about so much among some hundred
papers. What follows a nearer one is not cut there, as the last of a good list are as far (docs/search/quality.md)."""


@dataclass(slots=True)
class Results:
    """One page of results. total: how many can be paged through. jump: key of the paper that the query names.

    more: whether other pages follow. notes: sentences for the reader, such as what is missing for a full answer.
    tally: how many papers hold all that was typed, by category and year, where it was asked for. ways: what to leave
    out where too little was found.
    """

    hits: list[Hit]
    total: int
    jump: str | None = None
    notes: list[str] = field(default_factory=list)
    more: bool = False
    tally: Tally = NOTHING_TOLD
    ways: list["relax.Way"] = field(default_factory=list)


def search(
    query: Query,
    *,
    limit: int,
    offset: int = 0,
    after: orders.Place | None = None,
    exact: bool = False,
    tally: bool = False,
    ranking: Ranking = DEFAULT,
) -> Results:
    """Return results ``offset`` to ``offset + limit`` for a query, best first.

    Words and meaning are fused (``fusing``) with the weight BROADSHEET_DENSE_WEIGHT_PERCENT (docs/search).
    Without a model words alone decide and a note says so.
    after: the ``place`` of a hit, to go on behind it whatever was added since; ``offset`` does not count then.
    exact: only papers that hold all the words, and all of them. tally: count them, and say what to leave out.
    ranking: how they are ordered; readers get the default.
    """
    if query.key and (named := Paper.objects.named(query.key)):
        return Results([], 0, jump=named.key)
    results = Results([], 0, notes=list(query.notes))
    hits: Sequence[Hit]
    if query.cut:
        results.notes.insert(0, "The query was too long; its beginning was searched for.")
    if query.empty:
        return results
    searcher = current.searcher()
    query = _with_ids(query)
    complete = exact or query.order != "relevance" or not query.text
    counted, wanted = None, query.filters
    if tally or complete:
        wanted = holding(query)
        # Beside only where another machine does it: here it takes a millisecond, and by then knows more.
        counting = partial(searcher.tally, filters=wanted, facets=tally)
        counted = Begun(counting, beside=bool(settings.SEARCH_URL))
    if not complete:
        hits = _similar(searcher, query, results.notes, ranking, counted)
    elif query.text and query.order == "relevance":
        hits = _exactly(searcher, query, wanted, orders.MOST if after else offset + limit + DEPTH)
    else:
        why = ("words",) if query.text else ("listed",)
        listed = orders.listed(searcher, query.order, wanted, offset + limit + 1, after)
        hits = [Hit(pk, score, why) for pk, score in listed]
    results.tally = counted.result() if counted else NOTHING_TOLD
    results.total = max(len(hits), min(results.tally.total, orders.MOST)) if complete else len(hits)
    if not hits and query.text and not exact:
        hits = _nearest(searcher, query, results.notes, ranking)
        results.total = len(hits)
    if tally and results.tally.total < relax.FEW:
        results.ways = relax.ways(searcher, query, results.tally.total)
    begin = _behind(hits, after) if after else offset
    results.hits = list(hits[begin : begin + limit])
    results.more = bool(results.hits) and begin + limit < (len(hits) if after else results.total)
    return results


def is_ready() -> bool:
    """Search twice, so that index, model and kernels are loaded before a reader waits for them; False where none could.

    To load the model takes half a second, and to compile the kernels half a minute where no process of this machine
    has; those for phrases and conditions are others than those for words.
    """
    try:
        search(Query("learning from models and data", Filters()), limit=1, tally=True)
        search(parse('learning "from data" -noise'), limit=1, tally=True)
        return current.searcher().size() > 0
    except (BroadsheetError, OperationalError, InterfaceError):  # no index yet, or a database that is just starting
        return False


def holding(query: Query) -> Filters:
    """Return the filters of papers that hold everything that was typed: all words, each condition."""
    if not query.text or (query.parts and all(part.field or part.quoted or part.minus for part in query.parts)):
        return query.filters  # what stands in operators and quotes is among these
    return replace(query.filters, terms=(*query.filters.terms, Term("words", query.text)))


def _with_ids(query: Query) -> Query:
    """Turn the ids that were typed beside other words into a condition."""
    if not query.keys:
        return query
    known = {paper.key: paper for paper in Paper.objects.filter(key__in=query.keys).select_related("same_as")}
    papers = (known.get(key) or Paper.objects.named(key) for key in query.keys)
    found = tuple(dict.fromkeys((paper.same_as or paper).pk for paper in papers if paper))
    return replace(query, filters=replace(query.filters, ids=found))


def _similar(
    searcher: Searcher,
    query: Query,
    notes: list[str],
    ranking: Ranking = DEFAULT,
    counted: Begun[Tally] | None = None,
) -> Sequence[Hit]:
    """Words and meaning fused; what is called as typed first. counted: done while meaning is waited for."""
    encoder = None if ranking.weight == 0 else _encoder(searcher, notes)
    asked = _Asked(searcher, query, ranking)
    meant = _Meant(asked, encoder) if encoder else None
    called = titled.as_typed(searcher, query) if ranking.titles else []
    alike = acronyms.alike(query.text, query.filters.categories) if ranking.acronyms else []
    if alike:
        notes.append(f"Also searched for: {', '.join(one.other for one in alike)}.")
    needs = [] if ranking.weight == 1 else asked.needs(alike)  # while the query is being embedded
    words = [] if ranking.weight == 1 else asked.words(query.text, alike)
    known = state.read()
    weight = _share_of_meaning(query.text, known, ranking, encoder)
    if counted:
        counted.here()
    # After the parts of the search by meaning that this thread may do, as nothing waits for them before.
    nearby = Begun(
        lambda: (asked.holding(words, needs), asked.cosines(words, meant.vector() if meant else None)), beside=False
    )
    meaning = meant.nearest(meanwhile=nearby) if meant else []
    (holding, cosines), vector = nearby.result(), meant.vector() if meant else None
    if meaning and (said := state.said(known)):
        notes.append(said)
    short = fusing.is_short(query.text)
    length: fusing.Length = "short" if short else "whole" if asked.whole else "usual"
    hits: Sequence[Hit] = fusing.fuse(words, meaning, weight, ranking, cosines, length=length, holding=holding)
    if ranking.feedback != "none" and hits and short:
        hits = asked.again(words, meaning, vector, weight, hits, needs)
    if ranking.maxsim:
        hits = _rescored(searcher, query.text, hits, ranking.maxsim)
    if ranking.titles:
        hits = _titles_first(query, called, hits)
    if hits and not words and "title" not in hits[0].why:
        notes.append("Nothing was found by these words; these are the nearest in meaning.")
    return hits


def _share_of_meaning(text: str, known: state.State, ranking: Ranking, encoder: Encoder | None) -> float:
    weight = ranking.weight
    if weight is None:
        weight = state.weight_of_meaning(known, by_model=not getattr(encoder, "static", False))
    return fusing.share_of_meaning(text, weight, by_length=ranking.by_length)


def _encoder(searcher: Searcher, notes: list[str]) -> Encoder | None:
    """Return what encodes queries for an index; None, and a note that says why, where nothing does."""
    encoder = current.encoder(searcher.space)
    if encoder is None:
        notes.append(f"Searched by words alone: {current.why_no_model()}")
    elif getattr(encoder, "static", False):
        notes.append(f"Meaning by the small model alone: {current.why_no_model()}")
    return encoder


@dataclass(frozen=True, slots=True)
class _Asked:
    """One query as it is put to the index, once or, with feedback, twice."""

    searcher: Searcher
    query: Query
    ranking: Ranking

    @property
    def whole(self) -> bool:
        """Whether it is taken for a whole text."""
        return self.ranking.by_length and self.query.whole

    def words(self, text: str, alike: Sequence[Alike] = ()) -> Sequence[Scored]:
        depth, filters = self.ranking.depth, self.query.filters
        return self.searcher.words(text, limit=depth, filters=filters, alike=alike, whole=self.whole)

    def meaning(self, vector: Vector) -> Sequence[Scored]:
        nearest = self.searcher.meaning(vector, limit=self.ranking.depth, filters=self.query.filters)
        return nearest if nearest and nearest[0].score >= LEAST_COSINE else []

    def cosines(self, words: Sequence[Scored], vector: Vector | None) -> Sequence[Scored]:
        """Return how near the papers are that words found, where it counts. It may be asked while meaning still is."""
        if vector is None or not words or self.ranking.fusion != "cosine":
            return ()
        ids = fusing.papers_of(words)
        return self.searcher.meaning(vector, limit=len(ids), filters=Filters(ids=ids))

    def needs(self, alike: Sequence[Alike]) -> list[Need]:
        """Return what a paper has to hold to hold all that was typed, where that counts: of two words at least."""
        text, ranking = self.query.text, self.ranking
        if self.whole or not ranking.all_words or ranking.fusion != "cosine" or text.count(" ") >= MOST_HELD:
            return []
        needs = scoring.needs(text, alike)
        return needs if len(needs) > 1 else []

    def holding(self, words: Sequence[Scored], needs: Sequence[Need]) -> fusing.Holding | None:
        """Return those of the best papers by words that hold all of these."""
        if not words or not needs:
            return None
        return fusing.Holding.of(self.searcher.having(fusing.papers_of(words, HELD), needs), len(needs))

    def again(
        self,
        words: Sequence[Scored],
        meaning: Sequence[Scored],
        vector: Vector | None,
        weight: float,
        fused: Sequence[Hit],
        needs: Sequence[Need],
    ) -> Hits:
        """Ask once more with what the first results hold."""
        first = [hit.paper_id for hit in fused[: feedback.FIRST]]
        if self.ranking.feedback == "rocchio" and vector is not None:
            vector = feedback.moved(vector, first, self.searcher)
            meaning = self.meaning(vector)
        elif self.ranking.feedback == "rm3":
            last = [hit.paper_id for hit in fused[feedback.FIRST :][-feedback.BACKGROUND :]]
            extra = feedback.words_of(self.query.text, first, last)
            asked = len(self.query.text.split())
            more = self.words(" ".join(extra)) if extra else []
            words = feedback.added(words, more, asked, len(extra), self.ranking.depth)
        cosines, holding = self.cosines(words, vector), self.holding(words, needs)
        return fusing.fuse(words, meaning, weight, self.ranking, cosines, length="short", holding=holding)


class _Meant:
    """What a query means, found beside its words: first its vector, then what is nearest to that."""

    def __init__(self, asked: _Asked, encoder: Encoder) -> None:
        self._asked, self._encoder = asked, encoder
        self._vector: Future[Vector] = Future()
        self._nearest = Begun(self._found)
        self._nearest.let_begin()  # it takes longer than the words

    def vector(self) -> Vector:
        """Return the vector of what was typed, while what is nearest may still be looked for."""
        self._nearest.here()
        return self._vector.result()

    def nearest(self, *, meanwhile: Begun[Any]) -> Sequence[Scored]:
        """Return what is nearest in meaning. meanwhile: what is done here while nothing of that can be."""
        return self._nearest.result(meanwhile)

    def _found(self) -> Sequence[Scored]:
        try:
            vector = vector_of(self._encoder, self._asked.query.text)
        except BaseException as error:
            self._vector.set_exception(error)
            raise
        self._vector.set_result(vector)
        return self._asked.meaning(vector)


def _rescored(searcher: Searcher, text: str, hits: Sequence[Hit], first: int) -> Sequence[Hit]:
    """Score the first hits anew, token by token, where there is a model."""
    embedder = current.embedder(searcher.space)
    if embedder is None or not hits:
        return hits
    ranked = {hit.paper_id: hit for hit in hits[:first]}
    papers = Paper.objects.filter(pk__in=ranked)
    texts = {paper.pk: embed.text_of(plain(paper.title), plain(paper.abstract)) for paper in papers}
    rescorer = maxsim.Rescorer(embedder, settings.EMBED_TOKENS)
    scored = rescorer(text, [(pk, hit.score) for pk, hit in ranked.items()], texts)
    return [*(ranked[pk]._replace(score=score) for pk, score in scored), *hits[first:]]


def _exactly(searcher: Searcher, query: Query, wanted: Filters, upto: int) -> Sequence[Hit]:
    """Papers that hold all the words, by words alone, as deep as the page lies."""
    hits = [Hit(pk, score, ("words",)) for pk, score in searcher.words(query.text, limit=upto, filters=wanted)]
    return _titles_first(
        query, titled.as_typed(searcher, query), sorted(hits, key=lambda hit: (-hit.score, -hit.paper_id))
    )


def _nearest(searcher: Searcher, query: Query, notes: list[str], ranking: Ranking) -> Sequence[Hit]:
    """What is nearest where nothing holds what was typed: the same words, without their conditions."""
    terms = query.filters.terms
    if not terms and query.order == "relevance":
        return []
    exact = [f"“{term.text}”" for term in terms if term.exact]
    said = f"{' and '.join(exact)} exactly" if exact else "all of this"
    more: list[str] = []
    hits = _similar(searcher, replace(query, filters=replace(query.filters, terms=())), more, ranking)
    if hits:
        notes += [f"No paper holds {said}; these are the nearest.", *more]
    return hits


def _behind(hits: Sequence[Hit], after: orders.Place) -> int:
    """Return how many hits stand up to the place ``after``: to its paper, or where that is gone, to its score."""
    score, pk = after
    for number, hit in enumerate(hits, start=1):
        if hit.paper_id == pk:
            return number
    return sum((-hit.score, -hit.paper_id) <= (-score, -pk) for hit in hits)


def _titles_first(query: Query, called: list[int], hits: Sequence[Hit]) -> Sequence[Hit]:
    """Put some papers in front, and say of the others where they hold a phrase."""
    phrases = any(term.exact for term in query.filters.terms)
    if not called and not phrases:
        return hits
    above = max(2.0, hits[0].score + 1) if hits else 2.0
    front = [Hit(pk, above, ("title",)) for pk in called]
    rest = [hit for hit in hits if hit.paper_id not in set(called)]
    if phrases:
        rest = [hit._replace(why=("phrase", *hit.why)) for hit in rest]
    return front + rest
