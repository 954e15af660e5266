"""The texts of a segment as codes of words, by which phrases are looked for: made of papers, or of former segments.

A code is the place of the word in the segment's vocabulary, which has the commonest of its words. The codes of a
segment are sound in this way: a word of the vocabulary has its code wherever it stands.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from broadsheet.search.postings.segments import CODES, Array, Segment

if TYPE_CHECKING:
    from broadsheet.search.postings.making import Paper

MOST_CODED = CODES
"""Words of a segment that have a code; of others it is left in doubt whether they stand in a phrase."""

_KEY = ~np.uint64(3)


def coded(papers: Sequence["Paper"], plain: Array) -> tuple[Array, Array, Array]:
    """Return vocabulary, texts and starts of papers. plain: check sums of words by their numbers."""
    texts = [text for one in papers for text in (one.title, one.abstract)]
    words = np.concatenate(texts)
    starts = np.cumsum([0, *map(len, texts)])
    chosen = _commonest(np.bincount(words, minlength=len(plain)))
    keys = plain[chosen] & _KEY
    order = np.argsort(keys)
    codes = np.full(len(plain), CODES, np.uint16)
    codes[chosen[order]] = np.arange(len(chosen))
    return keys[order], halves(codes[words]), starts


def recoded(those: Sequence[Segment], order: Array) -> tuple[Array, Array, Array]:
    """Return vocabulary, texts and starts of segments made one. order: the papers of all that are left, by number."""
    from broadsheet.search.postings import loops as kernels

    parts = [one.parts for one in those]
    keys = np.unique(np.concatenate([one.vocabulary for one in parts]))
    counts, into = np.zeros(len(keys), np.int64), []
    known = np.ones(len(keys), np.bool_)
    for one in parts:
        into.append(np.searchsorted(keys, one.vocabulary))
        times = np.bincount(one.texts[0] | one.texts[1].astype(np.uint16) << 8, minlength=CODES + 1)
        counts[into[-1]] += times[: len(one.vocabulary)]
        if times[len(one.vocabulary) :].any():
            # What has no code there may stand in any of those places.
            known &= np.isin(keys, one.vocabulary)
    chosen = _commonest(np.where(known, counts, 0))
    codes = np.full(len(keys), CODES, np.uint16)
    codes[chosen] = np.arange(len(chosen))
    lengths = [np.diff(one.starts.astype(np.int64)).reshape(-1, 2) for one in parts]
    of_each = np.concatenate(lengths)[order].reshape(-1)
    starts = np.concatenate([[0], np.cumsum(of_each)])
    texts = np.empty((2, starts[-1]), np.uint8)
    target = np.full(sum(map(len, lengths)), -1, np.int64)
    target[order] = np.arange(len(order))
    begin = 0
    for one, places in zip(parts, into, strict=True):
        papers = len(one.ids)
        table = np.full(CODES + 1, CODES, np.uint16)
        table[: len(places)] = codes[places]
        kernels.move_texts(one.texts, one.starts, table, target[begin : begin + papers], starts, texts)
        begin += papers
    return keys[chosen], texts, starts


def halves(codes: Array) -> Array:
    """Return codes as their lower and upper halves: half as much is to be read where the lower ones are others."""
    return np.stack([codes & 255, codes >> 8]).astype(np.uint8)


def _commonest(counts: Array) -> Array:
    """Return the words that have a code, in rising order: those that stand most often, which do at all."""
    there = np.flatnonzero(counts)
    if len(there) > MOST_CODED:
        there = np.sort(there[np.argpartition(-counts[there], MOST_CODED)[:MOST_CODED]])
    return there
