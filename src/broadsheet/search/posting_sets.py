"""Which papers fulfil conditions, as sets of bits over the segments of ``postings``: one call of a compiled loop.

What conditions mean is ``conditions`` and ``expressions``; here they are steps of one pile. Phrases are looked for in
the codes of texts. Where a word of a phrase is so rare that it has no code, papers are left in doubt.
"""

import math
from collections.abc import Sequence
from itertools import chain
from typing import NamedTuple, Self

import numpy as np

from broadsheet.search.expressions import (
    All,
    Any,
    But,
    Days,
    Every,
    Expression,
    Ids,
    Phrase,
    Words,
    holding_words,
)
from broadsheet.search.lexicon_terms import ABSTRACT, TITLE
from broadsheet.search.posting_asking import View
from broadsheet.search.posting_words import keyed
from broadsheet.search.segments import MOST, Array

LISTED, HELD, EVERY, GIVEN, BOTH, EITHER, BUT, PHRASE, SINCE = range(9)
"""What a step does: puts the papers of one of some words, those that may hold all of them, all, or given ones upon the
pile; makes one of the two uppermost; narrows the uppermost to those with a phrase, or of some days."""

_WORDS = MOST // 64
_MOST = 1 << 32
"""Papers that the commonest words are taken to be in."""


class Sets(NamedTuple):
    """Some papers of a view. bits, doubt: those that fulfil what was asked for, and which of these only perhaps do
    [segments, words of a set]."""

    view: View
    bits: Array
    doubt: Array

    @classmethod
    def of_ids(cls, view: View, ids: Array) -> Self:
        """Return the papers of a view with some ids, which are in rising order."""
        from broadsheet.search import posting_set_loops as loops

        bits = _empty(view)
        loops.mark(view.addresses, view.sizes, np.ascontiguousarray(ids, np.int64), bits)
        return cls(view, bits, np.zeros_like(bits))

    def total(self) -> int:
        """Return how many there are."""
        return int(np.bitwise_count(self.bits).sum())

    def doubted(self) -> int:
        """Return how many of these only perhaps fulfil it."""
        return int(np.bitwise_count(self.doubt).sum())

    def ids(self, *, doubted: bool = False) -> Array:
        """Return their ids in rising order, or of those in doubt alone."""
        from broadsheet.search import posting_set_loops as loops

        bits = self.doubt if doubted else self.bits
        found = np.empty(int(np.bitwise_count(bits).sum()), np.int64)
        first = [int(segment.parts.ids[0]) for segment in self.view.segments]
        number = loops.ids_of(self.view.addresses, self.view.sizes, np.argsort(np.array(first, np.int64)), bits, found)
        found = found[:number]
        if (found[1:] <= found[:-1]).any():  # where papers came again, later segments have lower ids
            found.sort()
        return found

    def certain(self, passing: Array) -> Self:
        """Return these, of those in doubt only some, which are told by ids in rising order."""
        surely = self.bits & ~self.doubt | self.doubt & Sets.of_ids(self.view, passing).bits
        return self._replace(bits=surely, doubt=np.zeros_like(self.doubt))

    def sample(self, number: int) -> Self:
        """Return some of these, about as many, from all over."""
        step = max(1, self.total() // max(1, number))
        kept = np.zeros_like(self.bits)
        kept[:, ::step] = self.bits[:, ::step]
        return self._replace(bits=kept, doubt=self.doubt & kept)


class Steps:
    """How an expression is made of sets, in one view. It is put together once and may be asked several times.

    phrases: that are looked for, in title or abstract.
    """

    def __init__(self, view: View, expression: Expression) -> None:
        self._view = view
        self._words: list[tuple[str, str]] = []
        self._phrased: list[str] = []
        self._given: list[Array | None] = []  # None for what is told with the first answer
        self._steps: list[tuple[int, int, int, int, int]] = []
        self._deep = self._deepest = 0
        self.phrases = 0
        self._put(expression)
        self._begin, self._end = places_of(view, self._words)
        self._look_for_rarest()
        self._keys = keyed([("", word) for word in self._phrased])
        self._sets = np.empty((len(self._given), len(view.segments), _WORDS), np.uint64)
        for place, bits in enumerate(self._given):
            if bits is not None:
                self._sets[place] = bits

    def __call__(self, within: Sets | None = None, *, loosely: bool = False) -> Sets:
        """Return the papers. within: those alone that may be among them. loosely: phrases are left in doubt."""
        from broadsheet.search import posting_set_loops as loops

        view = self._view
        found, doubt = np.empty((2, len(view.segments), _WORDS), np.uint64)
        pile, pile_of_doubt = np.empty((2, self._deepest, _WORDS), np.uint64)
        loops.hold(
            view.addresses, view.sizes, self._begin, self._end, np.array(self._steps, np.int64), self._keys, self._sets,
            found if within is None else within.bits, within is not None, loosely, pile, pile_of_doubt, found, doubt,
        )  # fmt: skip
        # What may hold the words of a phrase is kept.
        self._steps = [(GIVEN, step[3], 0, 0, 0) if step[0] == HELD else step for step in self._steps]
        return Sets(view, found, doubt)

    @property
    def size(self) -> int:
        """How many numbers of 8 bytes the sets take that are kept from one answer to the next."""
        return self._sets.size

    def _put(self, one: Expression) -> None:
        match one:
            case Words(those):
                self._put_words(LISTED, those)
            case Every():
                self._step(EVERY)
            case Ids(ids):
                self._given.append(Sets.of_ids(self._view, ids).bits)
                self._step(GIVEN, len(self._given) - 1)
            case Days(since, until):
                self._step(EVERY)
                self._step(SINCE, since, until)
            case Phrase(field, words):
                self._put_phrase(field, words)
            case But(those, others):
                self._put(those)
                self._put(others)
                self._step(BUT)
            case All(several):
                self._put_several(several or (Every(),), BOTH)
            case Any(several):
                self._put_several(_fewer(several), EITHER)

    def _put_words(self, does: int, words: Sequence[tuple[str, str]], kept: int = 0) -> None:
        begin = len(self._words)
        self._words += words
        self._step(does, begin, len(self._words), kept)

    def _put_several(self, several: Sequence[Expression], does: int) -> None:
        for place, part in enumerate(several):
            self._put(part)
            if place:
                self._step(does)

    def _put_phrase(self, field: str, words: Sequence[str]) -> None:
        """Look for a phrase in the papers that hold its words, as far as there are lists of them."""
        self.phrases += 1
        if held := holding_words(field, words):
            self._given.append(None)
            self._put_words(HELD, held, len(self._given) - 1)
        else:
            self._step(EVERY)
        begin = len(self._phrased)
        self._phrased += words
        self._step(PHRASE, begin, len(self._phrased), int(field == ABSTRACT), -1)

    def _step(self, does: int, one: int = 0, other: int = 0, part: int = 0, at: int = 0) -> None:
        self._steps.append((does, one, other, part, at))
        if does <= GIVEN:
            self._deep += 1
            self._deepest = max(self._deepest, self._deep)
        elif does <= BUT:
            self._deep -= 1

    def _look_for_rarest(self) -> None:
        """Begin with the rarest words, of those that are looked for in lists and of those of a phrase in texts."""
        papers = (self._end - self._begin).sum(axis=0)
        counts = dict(zip(self._words, papers.tolist(), strict=True))
        for step, (does, begin, end, part, _) in enumerate(self._steps):
            if does == HELD:
                order = begin + np.argsort(papers[begin:end], kind="stable")
                self._begin[:, begin:end], self._end[:, begin:end] = self._begin[:, order], self._end[:, order]
            if does == PHRASE:
                field = ABSTRACT if part else TITLE
                # The commonest have no list.
                often = [counts.get((field, word), 0) or _MOST for word in self._phrased[begin:end]]
                at = min(range(max(1, len(often) - 2)), key=lambda place: math.prod(often[place : place + 3]))
                self._steps[step] = does, begin, end, part, at


def _fewer(several: Sequence[Expression]) -> list[Expression]:
    """Return what finds the papers of one of several sets: all words as one of these, and none that finds nothing."""
    words = tuple(chain.from_iterable(one.those for one in several if isinstance(one, Words)))
    found: list[Expression] = [
        one for one in several if not isinstance(one, Words) and not (isinstance(one, Ids) and not len(one.ids))
    ]
    return [*found, Words(words)] if words or not found else found


def places_of(view: View, words: Sequence[tuple[str, str]]) -> tuple[Array, Array]:
    """Return where the postings of words of fields lie: where each begins and ends [segments, words]."""
    from broadsheet.search import posting_kernels as kernels

    begin, end = np.zeros((2, len(view.segments), len(words)), np.int64)
    kernels.find(view.addresses, view.sizes, keyed(words), begin, end)
    return begin, end


def _empty(view: View) -> Array:
    return np.zeros((len(view.segments), _WORDS), np.uint64)
