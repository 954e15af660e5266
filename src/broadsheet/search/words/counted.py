"""How many papers hold plain words, counted in the postings, and what was counted along the way.

How it is counted is ``filed``; what only the engine can tell, and samples by days, are ``counting``'s.
"""

from collections.abc import Callable
from dataclasses import replace
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Filters
from broadsheet.search.postings.asking import View
from broadsheet.search.postings.sets import Sets
from broadsheet.search.terms import fields as terms
from broadsheet.search.words.filed import Counted, Filing
from broadsheet.search.words.holders import Held

READ = 4_000_000
"""Places of lists that are read at most for an exact number, 4 ms of a processor; else a sample has to do."""
_SPARED = 12
"""Words of a query of which it is told what leaving one out would find."""
_FIRST = 6
"""Words of a longer one that are looked at alone, the longest: nearly always no paper has even these."""
_KNOWN = 1000
"""Numbers that are kept."""

type _Key = tuple[Filters, frozenset[str]]


class Counts:
    """Counts in the view of the postings that it is shown, and remembers for that view what it counted along."""

    def __init__(self) -> None:
        self._filing = Filing()
        self._known: tuple[View, dict[_Key, int]] | None = None

    def of(
        self,
        view: View,
        filters: Filters,
        *,
        facets: bool,
        holding: Callable[[Filters], Held],
        filed: Callable[[Filters], Sets],
    ) -> Counted | None:
        """Count papers that are told by words, by facts (``filed``), and other conditions (``holding``).

        facets: by category and by year too. Returns None where postings do not tell that, or where more than READ
        places of them would be read.
        """
        if filters.ids is not None or not view.segments:
            return None
        plain = [_words(term.text) for term in filters.terms if term.where == "words"]
        words = terms.different(chain.from_iterable(plain))
        rest = replace(filters, terms=tuple(term for term in filters.terms if term.where != "words"))
        if not all(plain) or not (words or rest.terms):
            return None
        known = self._known
        if known is None or known[0] is not view:
            known = self._known = view, {}
        if not facets and (number := known[1].get((rest, frozenset(words)))) is not None:
            return Counted(number, [], [], [], 0)
        among = None
        if rest != Filters():
            found = _found(view, rest, holding, filed)
            if found is None:
                return None
            among = found.bits
        seen = self._seen(view, words, among, facets=facets)
        if seen is None:
            return None
        if len(known[1]) > _KNOWN:
            known[1].clear()
        if seen.lacking:
            # Where few papers hold all, what leaving a word out would find is asked next (``relax``).
            known[1].update(
                ((rest, frozenset(words) - {word}), seen.total + number)
                for word, number in zip(words, seen.lacking, strict=True)
            )
        return seen

    def _seen(self, view: View, words: list[str], among: NDArray[np.uint64] | None, *, facets: bool) -> Counted | None:
        if len(words) > _SPARED:
            longest = sorted(words, key=len, reverse=True)[:_FIRST]
            seen = self._filing.counted(view, longest, among, most=READ)
            if seen is not None and not seen.total:
                return seen
        spare = facets and 2 < len(words) <= _SPARED
        return self._filing.counted(view, words, among, facets=facets, spare=spare, most=READ)


def _found(
    view: View, filters: Filters, holding: Callable[[Filters], Held], filed: Callable[[Filters], Sets]
) -> Sets | None:
    """Return the papers of a view that fulfil filters; None where they are not told one by one."""
    if not (filters.terms or filters.without):
        return filed(filters)
    held = holding(filters)
    if held.ids is None:
        return None
    return held.found if held.found and held.found.view is view else Sets.of_ids(view, held.ids)


def _words(text: str) -> list[str]:
    return terms.SCORED.analyze(terms.clean(text[: terms.LONGEST]))
