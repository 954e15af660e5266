"""Which papers fulfil conditions, as sets of bits over the segments of ``postings``: one call of a compiled loop.

What conditions mean is ``conditions`` and ``expressions``; here they are steps of one pile. Phrases are looked for in
the codes of texts. Where a word of a phrase is so rare that it has no code, papers are left in doubt.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Self

import numpy as np

from broadsheet.search.postings.asking import View
from broadsheet.search.postings.segments import CODES, MOST, Array
from broadsheet.search.postings.words import keyed
from broadsheet.search.terms.expressions import (
    NAMES,
    All,
    Any,
    But,
    Days,
    Every,
    Expression,
    Ids,
    Name,
    Phrase,
    Words,
    holding_words,
)
from broadsheet.search.terms.fields import ABSTRACT

GIVEN, LISTED, EVERY, BOTH, EITHER, BUT, SINCE, PHRASE = range(8)
"""What a step does: puts given papers, those of one of some words, or all upon the pile; makes one of the two
uppermost; narrows the uppermost to some days; puts those with a phrase upon it."""

DIRECTLY, LOOSELY, AGAIN = range(3)
"""How phrases are looked for: at once, not yet, or in the papers that may hold their words, which are known by now."""

type Together = Callable[[Callable[[], None]], None]
"""Calls a function in one thread or more, which share its work, and returns when all of it is done."""

_WORDS = MOST // 64
_MOST = 1 << 32
"""Papers that the commonest words are taken to be in."""


def alone(call: Callable[[], None]) -> None:
    """Have one thread do all of some work."""
    call()


class Step(NamedTuple):
    """One step, as the compiled loop has it.

    one, other: which set is given, the first and the last day, or where the words of what is ``LISTED``, or the keys
    of a phrase's words, begin and end. first, last: where the words begin and end of which a phrase is held. part: 0
    for titles and 1 for abstracts. at: the first of the three words that are looked for first. place: of the phrase
    among all. base: place in the pile of a set beside whose papers none is wanted, or -1.
    """

    does: int
    one: int = 0
    other: int = 0
    first: int = 0
    last: int = 0
    part: int = 0
    at: int = 0
    place: int = 0
    base: int = -1


class Sets(NamedTuple):
    """Some papers of a view. bits, doubt: those that fulfil what was asked for, and which of these only perhaps do
    [segments, words of a set]; None where none is in doubt."""

    view: View
    bits: Array
    doubt: Array | None = None

    @classmethod
    def of_ids(cls, view: View, ids: Array) -> Self:
        """Return the papers of a view with some ids, which are in rising order."""
        from broadsheet.search.postings import set_loops as loops

        bits = _empty(view)
        loops.mark(view.addresses, view.sizes, np.ascontiguousarray(ids, np.int64), bits)
        return cls(view, bits)

    def total(self) -> int:
        """Return how many there are."""
        return _number(self.bits)

    def doubted(self) -> int:
        """Return how many of these only perhaps fulfil it."""
        return 0 if self.doubt is None else _number(self.doubt)

    def ids(self, *, doubted: bool = False) -> Array:
        """Return their ids in rising order, or of those in doubt alone."""
        from broadsheet.search.postings import set_loops as loops

        bits = self.doubt if doubted else self.bits
        if bits is None:
            return np.zeros(0, np.int64)
        found = np.empty(_number(bits), np.int64)
        number, rising = loops.ids_of(self.view.addresses, self.view.sizes, bits, found)
        found = found[:number]
        if not rising:  # where papers came again, later segments have lower ids
            found.sort()
        return found

    def certain(self, passing: Array) -> Self:
        """Return these, of those in doubt only some, which are told by ids in rising order."""
        if self.doubt is None:
            return self
        surely = self.bits & ~self.doubt | self.doubt & Sets.of_ids(self.view, passing).bits
        return self._replace(bits=surely, doubt=None)

    def sample(self, number: int) -> Self:
        """Return some of these, about as many, from all over."""
        step = max(1, self.total() // max(1, number))
        kept = np.zeros_like(self.bits)
        kept[:, ::step] = self.bits[:, ::step]
        return self._replace(bits=kept, doubt=None if self.doubt is None else self.doubt & kept)


class Steps:
    """How an expression is made of sets, in one view. It is put together once and may be asked several times.

    phrases: that are looked for, in title or abstract. most: papers that may fulfil it, at most.
    """

    def __init__(self, view: View, expression: Expression) -> None:
        from broadsheet.search.postings import kernels, phrase_loops

        leaves = list(_leaves(expression))
        phrases = [leaf for leaf in leaves if isinstance(leaf, Phrase)]
        words = list(dict.fromkeys(chain.from_iterable(map(_words_of, leaves))))
        phrased = list(dict.fromkeys(phrase.words for phrase in phrases))
        # All at once, as each call takes longer than what it is for.
        keys = keyed([*words, *(("", word) for word in chain.from_iterable(phrased))])
        begin, end = np.zeros((2, len(view.segments), len(words)), np.int64)
        kernels.find(view.addresses, view.sizes, keys[: len(words)], begin, end)
        self._view = view
        self.phrases = len(phrases)
        self._papers = dict(zip(words, (end - begin).sum(axis=0).tolist(), strict=True))
        self._columns = {word: column for column, word in enumerate(words)}
        self._lists: list[int] = []
        self._codes = np.empty((len(view.segments), len(keys) - len(words)), np.uint16)
        if phrases:
            phrase_loops.coded(view.addresses, view.sizes, keys[len(words) :], self._codes)
        self._begins = dict(zip(phrased, np.cumsum([0, *map(len, phrased)]).tolist(), strict=False))
        self._given: list[Array] = []
        self._kept: Array | None = None
        self._steps: list[Step] = []
        self._pile: list[int] = []  # how many papers may be in each set, at most
        self._deepest = 0
        self._put(expression)
        self.most = self._pile[0]
        self._begin, self._end = (np.ascontiguousarray(some[:, self._lists]) for some in (begin, end))
        self._sets = np.array(self._given, np.uint64).reshape(len(self._given), len(view.segments), _WORDS)

    def __call__(self, within: Sets | None = None, *, loosely: bool = False, together: Together = alone) -> Sets:
        """Return the papers. within: those alone that may be among them. loosely: phrases are left in doubt.

        together: calls a function in one thread or more, which share its work.
        """
        from broadsheet.search.postings import set_loops as loops

        view, kept, how = self._view, self._kept, AGAIN
        shape = (len(view.segments), _WORDS)
        if loosely or kept is None:
            how = LOOSELY if loosely else DIRECTLY
            kept = np.empty((sum(step.does == PHRASE for step in self._steps) if loosely else 0, *shape), np.uint64)
        steps, turn = np.array(self._steps, np.int64), np.zeros(1, np.int64)
        found = np.empty(shape, np.uint64)
        doubt = np.zeros(shape, np.uint64) if self.phrases and (loosely or (self._codes == CODES).any()) else None

        def hold() -> None:
            loops.hold(
                view.addresses, view.sizes, self._begin, self._end, steps, self._codes, self._sets, kept, how,
                found if within is None else within.bits, within is not None,
                np.empty((2, self._deepest, _WORDS), np.uint64), turn, found,
                found if doubt is None else doubt,
            )  # fmt: skip

        together(hold)
        if loosely:
            self._kept = kept
        return Sets(view, found, doubt)

    @property
    def size(self) -> int:
        """How many numbers of 8 bytes the sets take that are kept from one answer to the next."""
        return self._sets.size + (0 if self._kept is None else self._kept.size)

    def _put(self, one: Expression, base: int = -1) -> None:
        """Put an expression upon the pile. base: place of a set beside whose papers none is wanted, or -1."""
        match self._told(one):
            case But(those, others):
                self._put(those, base)
                self._put(others, len(self._pile) - 1)
                self._join(BUT)
            case All(several):
                # Of those in all others alone it is asked whether they have a phrase.
                told = map(self._told, several or (Every(),))
                rarest = sorted(told, key=lambda part: (_has_phrase(part), self._at_most(part)))
                for place, part in enumerate(rarest):
                    self._put(part, len(self._pile) - 1 if place else base)
                    if place:
                        self._join(BOTH)
            case Any(several):
                for place, part in enumerate(_fewer(list(map(self._told, several)))):
                    self._put(part, base)
                    if place:
                        self._join(EITHER)
            case leaf:
                self._put_leaf(leaf, base)

    def _put_leaf(self, leaf: Expression, base: int) -> None:
        match leaf:
            case Words(those):
                begin = self._listed(those)
                papers = sum(self._papers[word] for word in those)
                self._push(Step(LISTED, begin, len(self._lists)), min(papers, self._view.papers))
            case Every():
                self._push(Step(EVERY), self._view.papers)
            case Ids(ids):
                self._given.append(Sets.of_ids(self._view, ids).bits)
                self._push(Step(GIVEN, len(self._given) - 1), len(ids))
            case Days(since, until):
                self._push(Step(EVERY), self._view.papers)
                self._steps.append(Step(SINCE, since, until))
            case Phrase(field, words):
                self._put_phrase(field, words, base)

    def _at_most(self, one: Expression) -> int:
        """Return how many papers fulfil an expression at most."""
        match one:
            case Words(those):
                return sum(self._papers[word] for word in those)
            case Phrase(field, words):
                return min((self._papers[word] for word in holding_words(field, words)), default=self._view.papers)
            case Ids(ids):
                return len(ids)
            case But(those, _):
                return self._at_most(those)
            case All(several):
                return min(map(self._at_most, several), default=self._view.papers)
            case Any(several):
                return sum(map(self._at_most, several))
            case Name(families):
                return sum(self._papers[NAMES, family] for family in families)
        return self._view.papers

    def _told(self, one: Expression) -> Expression:
        """Return papers by a name as what finds them, and nothing for a phrase with a word that none holds."""
        if isinstance(one, Name):
            return Ids(one.find([family for family in one.families if self._papers[NAMES, family]]))
        if isinstance(one, Phrase) and not all(self._papers[word] for word in _words_of(one)):
            return Words(())
        return one

    def _put_phrase(self, field: str, words: tuple[str, ...], base: int) -> None:
        """Look for a phrase in the papers that hold its words, as far as there are lists of them, the rarest first."""
        held = sorted(holding_words(field, words), key=self._papers.__getitem__)
        first, begin = self._listed(held), self._begins[words]
        often = [self._papers.get((field, word), _MOST) for word in words]
        at = min(range(max(1, len(often) - 2)), key=lambda place: math.prod(often[place : place + 3]))
        place = sum(step.does == PHRASE for step in self._steps)
        part = int(field == ABSTRACT)
        self._push(
            Step(PHRASE, begin, begin + len(words), first, len(self._lists), part, at, place, base),
            self._papers[held[0]] if held else self._view.papers,
        )

    def _listed(self, words: Sequence[tuple[str, str]]) -> int:
        """Note which lists a step reads, one behind the other; return where these begin."""
        begin = len(self._lists)
        self._lists += [self._columns[word] for word in words]
        return begin

    def _push(self, step: Step, papers: int) -> None:
        self._steps.append(step)
        self._pile.append(papers)
        self._deepest = max(self._deepest, len(self._pile))

    def _join(self, does: int) -> None:
        self._steps.append(Step(does))
        other = self._pile.pop()
        if does == BOTH:
            self._pile[-1] = min(self._pile[-1], other)
        elif does == EITHER:
            self._pile[-1] = min(self._pile[-1] + other, self._view.papers)


def _leaves(one: Expression) -> Iterator[Expression]:
    """Yield what an expression is made of in the end."""
    match one:
        case But(those, others):
            yield from _leaves(those)
            yield from _leaves(others)
        case All(several) | Any(several):
            yield from chain.from_iterable(map(_leaves, several))
        case _:
            yield one


def _words_of(leaf: Expression) -> Sequence[tuple[str, str]]:
    """Return the words whose lists tell of something, in their fields."""
    match leaf:
        case Words(those):
            return those
        case Phrase(field, words):
            return holding_words(field, words)
        case Name(families):
            return [(NAMES, family) for family in families]
    return ()


def _has_phrase(one: Expression) -> bool:
    return any(isinstance(leaf, Phrase) for leaf in _leaves(one))


def _fewer(several: Sequence[Expression]) -> list[Expression]:
    """Return what finds the papers of one of several sets: all words as one of these, and none that finds nothing."""
    words = tuple(chain.from_iterable(one.those for one in several if isinstance(one, Words)))
    found: list[Expression] = [
        one for one in several if not isinstance(one, Words) and not (isinstance(one, Ids) and not len(one.ids))
    ]
    return [*found, Words(words)] if words or not found else found


def _number(bits: Array) -> int:
    from broadsheet.search.postings import set_loops as loops

    return loops.count_of(bits.reshape(-1))


def _empty(view: View) -> Array:
    return np.zeros((len(view.segments), _WORDS), np.uint64)
