"""Making a segment: of papers whose words were cut, or of former segments. Writing and listing: ``writer``."""

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import NamedTuple, Self

import numpy as np

from broadsheet.search.index import Document, Facts, facts_of
from broadsheet.search.meaning.passing import filed_bits, filed_under
from broadsheet.search.postings.segments import FIELDS, K1, MARKS, MOST, Array, B, Parts, Segment, sound
from broadsheet.search.postings.texts import coded, recoded
from broadsheet.search.postings.words import Cut, cut, marked, of_name
from broadsheet.search.terms import fields as terms
from broadsheet.search.terms.fields import Pieces
from broadsheet.search.text import people

_FIELD = np.uint64(3)

_ROOM = 1 << 18
"""Places of a table of words at first."""


class Paper(NamedTuple):
    """A paper as numbers of its words. coined, rest: those that are in the body alone. marks: numbers of marks."""

    title: Array
    coined: Array
    abstract: Array
    rest: Array
    facts: Facts
    marks: Array


class Words:
    """Numbers of words, given as they come. plain, stems: check sums by number. marks: keys of marks by number.

    common: the number below which the commonest words have theirs.
    """

    def __init__(self) -> None:
        self.plain = np.zeros(1, np.uint64)
        self.stems = np.zeros(1, np.uint64)
        self._marks: dict[str, int] = {}
        self._grow(_ROOM)
        common = cut(sorted(terms.COMMON))
        self._learn(common, np.arange(len(common.sums)))
        self.common = len(self.plain)

    def _grow(self, room: int) -> None:
        from broadsheet.search.postings import loops as kernels

        self._table, self._numbers = np.zeros(room, np.uint64), np.zeros(room, np.uint32)
        kernels.learn(self._table, self._numbers, self.plain[1:], 1)

    def cut(self, documents: Sequence[Document], pieces: Sequence[Pieces]) -> list[Paper]:
        """Return papers, of which the texts are given in pieces, as numbers of their words."""
        from broadsheet.search.postings import loops as kernels

        found = cut(list(chain.from_iterable(pieces)))
        words, unknown = np.empty(len(found.sums), np.uint32), np.empty(len(found.sums), np.int64)
        if lacking := kernels.look_up(self._table, self._numbers, found.sums, words, unknown):
            self._learn(found, unknown[:lacking])
            kernels.look_up(self._table, self._numbers, found.sums, words, unknown)
        ends = np.cumsum(found.counts).tolist()
        parts = [words[begin:end] for begin, end in pairwise([0, *ends])]
        facts = list(map(facts_of, documents))
        marks = map(self._marked, documents, facts)
        return list(
            map(Paper._make, zip(parts[0::4], parts[1::4], parts[2::4], parts[3::4], facts, marks, strict=True))
        )

    @property
    def marks(self) -> Array:
        """Keys of marks."""
        return marked(list(self._marks))

    def _marked(self, document: Document, facts: Facts) -> Array:
        """Return the numbers of the marks of a paper, which are no words of its texts."""
        numbers, every = self._marks, (*map(of_name, people.words(document.names)), *filed_under(facts))
        return np.array([numbers.setdefault(one, len(numbers)) for one in every], np.uint32)

    def _learn(self, found: Cut, unknown: Array) -> None:
        """Give numbers to words that were cut, by the places where they stand."""
        from broadsheet.search.postings import loops as kernels

        sums, first = np.unique(found.sums[unknown], return_index=True)
        places = unknown[first]
        at = zip(found.starts[places].tolist(), found.sizes[places].tolist(), strict=True)
        words = [found.text[begin : begin + size].decode().lower() for begin, size in at]
        stems = cut(terms.STEMMED.analyze(" ".join(words)))
        if len(stems.counts) != len(words) or (stems.counts != 1).any():  # the engine's own rules have cut one further
            stems = cut(["".join(terms.STEMMED.analyze(word)) for word in words])
        # Where there is still not one word for each, the word itself stands for it.
        first = np.append(stems.sums, np.uint64(0))[np.cumsum(stems.counts) - stems.counts]
        told = np.where(stems.counts == 1, first, sums)
        number = len(self.plain)
        self.plain, self.stems = np.concatenate([self.plain, sums]), np.concatenate([self.stems, told])
        if 2 * len(self.plain) > len(self._table):
            self._grow(4 * len(self._table))
        else:
            kernels.learn(self._table, self._numbers, sums, number)


class _Stream(NamedTuple):
    """Words of papers, one behind the other: number of each, and of which paper it is."""

    words: Array
    papers: Array

    @classmethod
    def of(cls, parts: Sequence[Array], least: int = 0) -> Self:
        """Return the words of papers. least: number below which words are left out."""
        words = np.concatenate(parts)
        papers = np.repeat(np.arange(len(parts), dtype=np.uint16), [len(part) for part in parts])
        told = np.flatnonzero(words >= least)
        return cls(words[told], papers[told])

    def counts(self, papers: int) -> Array:
        """Return how many words each of so many papers has."""
        return np.bincount(self.papers.astype(np.int64), minlength=papers)


def made(
    ids: Sequence[int], papers: Sequence[Paper], words: Words, others: Sequence[Segment]
) -> tuple[Parts, tuple[float, ...], list[str]]:
    """Return papers as a segment has them, what their fields' mean lengths are, and the names of its bits.

    ids: in rising order. others: the segments beside it, of whose papers means are as well.
    """
    from broadsheet.search.postings import loops as kernels

    title, coined, abstract, rest = (
        _Stream.of(parts, words.common)
        for parts in zip(*((one.title, one.coined, one.abstract, one.rest) for one in papers), strict=True)
    )
    title_whole, marks = _Stream.of([one.title for one in papers]), _Stream.of([one.marks for one in papers])
    body = [title, coined] * terms.TITLE_WEIGHT + [abstract, rest]
    lengths = _lengths(papers, body)
    means = means_of([*(other.parts.lengths for other in others), lengths])
    streams = [*((0, one) for one in body), (1, abstract), (2, title), (MARKS, title_whole), (MARKS + 1, marks)]
    every, places = _places(words, streams)
    held, times = np.empty(len(places), np.uint16), np.empty(len(places), np.uint8)
    numbers, begins = np.empty(len(every), np.int64), np.empty(len(every) + 1, np.uint32)
    postings, count = kernels.runs(places, held, times, numbers, begins)
    del places
    held, begins, found = held[:postings], begins[: count + 1], every[numbers[:count]]
    impacts = np.empty(postings, np.uint8)
    kernels.weigh(held, times, begins, fields_of(found), weighed(lengths, means), impacts)
    under = [filed_under(paper.facts) for paper in papers]
    names = list(dict.fromkeys(chain.from_iterable(under)))
    filed = filed_bits({name: bit for bit, name in enumerate(names)}, under)
    days = np.array([paper.facts.day or 0 for paper in papers], np.int32)
    return (
        Parts(np.array(ids, np.int64), lengths, days, filed, found, begins, held, impacts, *coded(papers, words.plain)),
        means,
        names,
    )


def _lengths(papers: Sequence[Paper], body: Sequence[_Stream]) -> Array:
    """Return the lengths of papers by field; of abstract and title with the commonest words, as the engine does it."""
    found = [
        sum(one.counts(len(papers)) for one in body),
        [len(paper.abstract) for paper in papers],
        [len(paper.title) for paper in papers],
    ]
    return np.minimum(np.array(found, np.int64), 65_535).astype(np.uint16)


def _places(words: Words, streams: Sequence[tuple[int, _Stream]]) -> tuple[Array, Array]:
    """Return the keys of all words by field, and where they stand: word in the upper 32 bits, paper in the lower.

    streams: words with the field that they are of; marks, which have numbers of their own, with the one above all.
    """
    plain, stems = words.plain & ~_FIELD, words.stems & ~_FIELD
    keys = [*(one | np.uint64(field) for field, one in enumerate((stems, plain, plain, stems))), words.marks]
    every = np.unique(np.concatenate(keys))
    numbers = [np.searchsorted(every, one).astype(np.uint64) << np.uint64(32) for one in keys]
    # One after the other, and sorted in place: these are 400 numbers a paper.
    places, end = np.empty(sum(len(one.words) for _, one in streams), np.uint64), 0
    for field, one in streams:
        begin, end = end, end + len(one.words)
        np.bitwise_or(numbers[field][one.words], one.papers, out=places[begin:end])
    places.sort()
    return every, places


def means_of(lengths: Sequence[Array]) -> tuple[float, ...]:
    """Return the mean length of each field, one at least. lengths: of papers by field, in each segment."""
    papers = sum(one.shape[1] for one in lengths)
    sums = np.sum([one.sum(axis=1, dtype=np.int64) for one in lengths], axis=0)
    return tuple(max(float(one) / papers, 1.0) for one in sums)


def weighed(lengths: Array, means: Sequence[float]) -> Array:
    """Return BM25's k1 (1 - b + b l / mean) of papers by field [fields, MOST]."""
    found = np.ones((len(FIELDS), MOST), np.float32)
    found[:, : lengths.shape[1]] = K1 * (1 - B + B * lengths / np.array(means, np.float32)[:, None])
    return found


def fields_of(keys: Array) -> Array:
    """Return the field that each key of a word is of; of a damaged one any."""
    found: Array = np.minimum(keys & _FIELD, len(FIELDS) - 1).astype(np.int64)
    return found


def merged(those: Sequence[Segment], others: Sequence[Segment]) -> tuple[Parts, tuple[float, ...], list[str]]:
    """Return several segments as one, without the papers that were taken out. Else as ``made``.

    Raises BroadsheetError where one is damaged by now.
    """
    from broadsheet.search.postings import loops as kernels

    those = list(map(sound, those))
    ids, order = _living(those)
    lengths = np.concatenate([one.parts.lengths for one in those], axis=1)[:, order]
    days = np.concatenate([one.parts.days for one in those])[order]
    means = means_of([*(other.parts.lengths for other in others), lengths])
    after = weighed(lengths, means)
    every = np.unique(np.concatenate([one.parts.terms for one in those]))
    counts, moves, begin = np.zeros(len(every), np.int64), [], 0
    place = np.full(sum(len(one.parts.ids) for one in those), -1, np.int64)
    place[order] = np.arange(len(order))
    for one in those:
        moved = np.full(MOST, -1, np.int64)
        moved[: len(one.parts.ids)] = place[begin : begin + len(one.parts.ids)]
        begin += len(one.parts.ids)
        into = np.searchsorted(every, one.parts.terms)
        kernels.count_living(one.parts.papers, one.parts.begins, moved, into, counts)
        moves.append((one, moved, into))
    held, impacts = np.empty(counts.sum(), np.uint16), np.empty(counts.sum(), np.uint8)
    begins = np.concatenate([[0], np.cumsum(counts)])
    places = begins[:-1].copy()
    for one, moved, into in moves:
        parts = one.parts
        before, now = weighed(parts.lengths, one.means), np.ones((len(FIELDS), MOST), np.float32)
        now[:, : len(parts.ids)] = after[:, np.maximum(moved[: len(parts.ids)], 0)]
        fields = fields_of(parts.terms)
        kernels.move_living(
            parts.papers, parts.impacts, parts.begins, moved, into, fields, before, now, places, held, impacts
        )
    names = list(dict.fromkeys(name for one in those for name in one.names))
    filed = _filed(those, {name: bit for bit, name in enumerate(names)})[order]
    kept = np.flatnonzero(counts)
    return (
        Parts(
            ids, lengths, days, filed, every[kept], np.append(begins[kept], begins[-1]), held, impacts,
            *recoded(those, order),
        ),
        means,
        names,
    )  # fmt: skip


def _living(those: Sequence[Segment]) -> tuple[Array, Array]:
    """Return the ids of the papers of segments, in rising order, and where among all each is."""
    ids = np.concatenate([one.parts.ids for one in those])
    there, begin = np.ones(len(ids), np.bool_), 0
    for one in those:
        there[begin + one.dead.astype(np.int64)] = False
        begin += len(one.parts.ids)
    living = np.flatnonzero(there)
    order = living[np.argsort(ids[living], kind="stable")]
    return ids[order], order


def _filed(those: Sequence[Segment], names: dict[str, int]) -> Array:
    """Return the bits of the papers of segments by names that hold all of theirs."""
    words = max(1, -(-len(names) // 64))
    found = np.zeros((sum(len(one.parts.ids) for one in those), words), np.uint64)
    begin = 0
    for one in those:
        rows = found[begin : begin + len(one.parts.ids)]
        for name, bit in one.names.items():
            has = one.parts.filed[:, bit // 64] >> np.uint64(bit % 64) & np.uint64(1)
            rows[:, names[name] // 64] |= has << np.uint64(names[name] % 64)
        begin += len(one.parts.ids)
    return found
