"""Compiled loops that lay two rankings together: numbers alone. What these mean, and what comes of them: ``fusing``."""

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.machine.compiled import compiled

type Ids = NDArray[np.int64]
type Scores = NDArray[np.float64]


@compiled
def at(ids: Ids, order: Ids, place: int) -> int:
    """Return the id at a place of an order; below all ids where that place is none."""
    return ids[order[place]] if place >= 0 else np.iinfo(np.int64).min


@compiled
def laid(
    words: Ids, of_words: Scores, by_word: Ids, meaning: Ids, of_meaning: Scores, by_meaning: Ids,
    near: Ids, of_near: Scores, by_near: Ids, last: float, ids: Ids, shares: Scores, cosines: Scores, why: Ids,
) -> int:  # fmt: skip
    """Write all papers of two rankings, each once, by falling ids; return how many they are.

    by_word, by_meaning, by_near: places by rising ids. shares: by words, ``last`` where there is none. cosines: by
    meaning or else of ``near``, infinite where there is none. why: 1 for words and 2 for meaning, added.
    """
    i, j, k, number = len(words) - 1, len(meaning) - 1, len(near) - 1, 0
    while i >= 0 or j >= 0:
        one = max(at(words, by_word, i), at(meaning, by_meaning, j))
        ids[number], shares[number], cosines[number], why[number] = one, last, np.inf, 0
        while k >= 0 and at(near, by_near, k) >= one:
            if at(near, by_near, k) == one:
                cosines[number] = of_near[by_near[k]]
            k -= 1
        while i >= 0 and at(words, by_word, i) == one:
            shares[number], why[number], i = of_words[by_word[i]], 1, i - 1
        while j >= 0 and at(meaning, by_meaning, j) == one:
            cosines[number], why[number], j = of_meaning[by_meaning[j]], why[number] | 2, j - 1
        number += 1
    return number


@compiled
def summed(
    words: Ids, of_words: Scores, by_word: Ids, meaning: Ids, of_meaning: Scores, by_meaning: Ids,
    near: Ids, of_near: Scores, by_near: Ids, last: float, usual: float, cubed: bool, weight: float,
    holding: Ids, more: float, ids: Ids, scores: Scores, cosines: Scores, why: Ids,
) -> int:  # fmt: skip
    """Write all papers as ``laid`` does, and their scores: shares by words, and cosines, which count ``weight``.

    usual: what scores by words are shares of. cubed: a third of the cubes of these count. A paper without a cosine has
    the least of all. holding: papers, by rising ids, that have so much ``more``. Scores are spread from 0 to 1.
    """
    number = laid(
        words, of_words, by_word, meaning, of_meaning, by_meaning, near, of_near, by_near,
        last, ids, scores, cosines, why,
    )  # fmt: skip
    least, low, high = np.inf, np.inf, -np.inf
    for k in range(number):
        least = min(least, cosines[k])
    if least == np.inf:
        least = 0.0
    held = len(holding) - 1
    for k in range(number):
        cosine = cosines[k] if cosines[k] < np.inf else least
        share = scores[k] / usual
        scores[k] = (1 - weight) * (share**3 / 3 if cubed else share) + weight * cosine
        while held >= 0 and holding[held] > ids[k]:
            held -= 1
        if held >= 0 and holding[held] == ids[k]:
            scores[k] += more
        low, high = min(low, scores[k]), max(high, scores[k])
    for k in range(number):
        scores[k] = (scores[k] - low) / (high - low) if high > low else 1.0
    return number
