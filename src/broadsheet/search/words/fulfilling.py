"""Which papers fulfil conditions, in one state of the index of words: by its postings, and by the engine where they do
not tell.

Postings tell it in a nanosecond a place and a tenth of a microsecond a text that is looked through for a phrase. They
do not tell names of several words, of which there are pairs in the engine alone, nor phrases with a word so rare that
it has no code, nor numbers of so many papers that an estimate has to do.
"""

from collections.abc import Sequence

import numpy as np
import tantivy as engine
from numpy.typing import NDArray
from tantivy import Query

from broadsheet.search.index import Filters
from broadsheet.search.machine.beside import Shared
from broadsheet.search.machine.trouble import told
from broadsheet.search.postings.asking import View
from broadsheet.search.postings.sets import Sets, Steps
from broadsheet.search.terms import fields as terms
from broadsheet.search.terms.expressions import expression
from broadsheet.search.text import people
from broadsheet.search.words import counting
from broadsheet.search.words.conditions import asked, named
from broadsheet.search.words.holders import FEW, Held, Holders

MANY, RARELY, SAMPLE = 100_000, 10, 2_000
"""Papers that may have a phrase, above which of so many (SAMPLE) is told how many do. Where not less than one of ten
(RARELY) does, those that are wanted are looked at alone."""

MOST_TEXTS = 1_000_000
"""Texts, titles among them, that are looked through at most for all papers with a phrase: 50 ms."""

MOST_DOUBTED = 2_000
"""Papers that the engine is asked about one by one at most, where a word has no code: 10 us each."""


class Fulfilling:
    """What tells it, and remembers what it told. Any thread may ask. view: of the postings, searcher: of the engine."""

    def __init__(self, searcher: engine.Searcher, view: View) -> None:
        self.view = view
        self.searcher = searcher
        self._holders, self._likely, self._filed = Holders(), Holders(), Holders()

    def holding(self, filters: Filters) -> Held:
        """Return which papers fulfil filters without ids."""
        return self._holders.of(filters, lambda shared: self._held(filters, shared))

    def likely(self, filters: Filters) -> Held:
        """Return the same, but where very many may have a phrase and many do, those that may, with ``steps``.

        Who wants some hundred of them asks ``which`` of the best.
        """
        return self._holders.known(filters) or self._likely.of(filters, lambda shared: self._perhaps(filters, shared))

    def which(self, ids: Sequence[int], filters: Filters) -> set[int]:
        """Return which of some papers fulfil the filters."""
        held = None if filters.ids is not None else self._likely.known(filters)
        if held is None or held.steps is None:
            return self._which(ids, filters)
        some = held.steps(Sets.of_ids(self.view, np.unique(np.array(ids, np.int64))))
        passing = set(some.ids().tolist())
        if some.doubted():
            doubted = some.ids(doubted=True).tolist()
            passing = passing.difference(doubted) | self._which(doubted, filters)
        return passing

    def filed(self, filters: Filters) -> Sets:
        """Return the papers that fulfil the facts of filters, which have no more than these."""

        def find(shared: Shared) -> Held:
            return Held(0, None, found=Steps(self.view, expression(filters))(together=shared))

        held = self._filed.of(filters, find)
        assert held.found is not None
        return held.found

    def _perhaps(self, filters: Filters, shared: Shared) -> Held:
        steps = Steps(self.view, expression(filters, self._named))
        if _are_few(steps):
            return self._holders.of(filters, lambda _: self._held(filters, shared, steps))
        some = steps(loosely=True, together=shared)
        if steps.phrases and (number := some.total()) > MANY and RARELY * (do := _sampled(steps, some)) >= number:
            return Held(do, None, about=True, found=some, steps=steps)
        return self._holders.of(filters, lambda _: self._held(filters, shared, steps, some))

    def _held(self, filters: Filters, shared: Shared, steps: Steps | None = None, some: Sets | None = None) -> Held:
        """Return what fulfils filters. steps, some: how that is found, and what may fulfil them, if known already."""
        steps = steps or Steps(self.view, expression(filters, self._named))
        few = some is None and _are_few(steps)
        some = some or steps(loosely=not few, together=shared)
        if steps.phrases and not few:
            number = some.total()
            if number * steps.phrases > MOST_TEXTS or (number > MANY and _sampled(steps, some) > FEW):
                return self._held_by_engine(filters)
            some = steps(some, together=shared)
        if doubted := some.doubted():
            if doubted > MOST_DOUBTED:
                return self._held_by_engine(filters)
            passing = self._which(some.ids(doubted=True).tolist(), filters)
            some = some.certain(np.array(sorted(passing), np.int64))
        ids = some.ids()
        return Held(len(ids), ids, found=some)

    def _held_by_engine(self, filters: Filters) -> Held:
        searcher = self.searcher
        wanted, most = asked(filters, searcher.doc_freq, searcher.num_docs), min(FEW, searcher.num_docs)
        query = terms.both(wanted.query, None)
        with told("searching"):
            if wanted.places > counting.DEAR:
                about = counting.estimated(searcher, filters)
                if about and about.total >= most:
                    return Held(about.total, None, about=True)
            elif wanted.papers > 2 * most:
                number = counting.counted(searcher, query, facets=False).total
                if number > most:
                    return Held(number, None)
            found = searcher.search(query, max(1, most), count=True)
            total = int(found.count)  # type: ignore[attr-defined]  # its stubs forget it
            if total > most:
                return Held(total, None)
            ids = _ids(searcher, [place for _, place in found.hits])
        return Held(total, ids, found=Sets.of_ids(self.view, ids))

    def _which(self, ids: Sequence[int], filters: Filters) -> set[int]:
        searcher = self.searcher
        wanted = asked(filters, searcher.doc_freq, searcher.num_docs, of=(terms.among(ids), len(ids)))
        return set(self._found(terms.both(wanted.query, None), len(ids)).tolist())

    def _named(self, text: str, families: Sequence[str]) -> NDArray[np.int64]:
        """Return the papers with an author of a name of several words, in rising order. families: that are known."""

        def counts(field: str, pair: str) -> int:
            return self.searcher.doc_freq(field, pair) if pair.partition("|")[0] in families else 0

        # Pairs of words are asked for in each of the engine's segments: most phrases are soon no name of anybody.
        for way in people.wanted(text):
            if all(any(counts(terms.PEOPLE, pair) for pair in some.split()) for some in way):
                wanted = named(text, counts)
                return self._found(terms.both(wanted.query, None), int(wanted.papers))
        return np.zeros(0, np.int64)

    def _found(self, query: Query, most: int) -> NDArray[np.int64]:
        """Return the papers that a query finds, which are no more than ``most``, in rising order."""
        most = min(most, self.searcher.num_docs)
        if most <= 0:
            return np.zeros(0, np.int64)
        with told("searching"):
            return _ids(self.searcher, [place for _, place in self.searcher.search(query, most, count=False).hits])


def _ids(searcher: engine.Searcher, places: list[engine.DocAddress]) -> NDArray[np.int64]:
    return np.sort(np.array(searcher.fast_field_values(terms.ID, places), np.int64))


def _are_few(steps: Steps) -> bool:
    """Tell whether no more papers may fulfil something than are looked through in any case."""
    return steps.most <= MANY and steps.most * steps.phrases <= MOST_TEXTS


def _sampled(steps: Steps, some: Sets) -> int:
    """Return how many of some papers should have the phrases of what they may fulfil."""
    sample = some.sample(SAMPLE)
    return some.total() * steps(sample).total() // max(sample.total(), 1)
