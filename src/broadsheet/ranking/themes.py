"""Some papers parted into themes by their vectors, and what each theme is called. Pure: no index, no database.

Spherical k-means (I. Dhillon and D. Modha, Concept Decompositions for Large Sparse Text Data Using Clustering, Machine
Learning 42, 2001) begun from the papers farthest apart, so that the same papers always fall into the same themes.
"""

import math
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float32]

PAPERS_OF_A_THEME = 8
MOST_THEMES = 7
FEWEST = 3
"""Papers that make a theme; what is left over belongs to none."""

HELD_BY = 0.35
"""Share of a theme's papers that hold what it is called by."""

WORD_HELD_BY = 0.5
"""The same of a word by itself, which a few papers may hold by chance."""

_BESIDE = ", "
"""Between the phrases of a label, none of which holds a comma."""

_ROUNDS = 25
_WEIGHED = 6
"""Phrases of a theme whose rarity is asked for."""


def parted(rows: Numbers) -> list[list[int]]:
    """Return the places of vectors in themes, each in rising order; what belongs to none is the last, maybe empty.

    rows: unit vectors of papers, best paper first. What all of them share is taken off first: papers found by one
    question are alike by that, and themes are what tells them apart.
    """
    number = len(rows)
    if number < 2 * FEWEST:
        return [list(range(number)), []]
    apart = rows - rows.mean(axis=0)
    apart = apart / np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-9)
    of = _clustered(apart, min(MOST_THEMES, max(2, round(number / PAPERS_OF_A_THEME))))
    themes = [np.flatnonzero(of == theme).tolist() for theme in range(of.max() + 1)]
    whole = sorted((theme for theme in themes if len(theme) >= FEWEST), key=lambda theme: theme[0])
    return [*whole, sorted(place for theme in themes if len(theme) < FEWEST for place in theme)]


def _clustered(rows: Numbers, number: int) -> NDArray[np.intp]:
    centres = rows[_far_apart(rows, number)]
    of = np.full(len(rows), -1)
    for _ in range(_ROUNDS):
        nearest = np.argmax(rows @ centres.T, axis=1)
        if (nearest == of).all():
            break
        of = nearest
        for theme in range(number):
            if (of == theme).any():
                total = rows[of == theme].sum(axis=0)
                centres[theme] = total / max(float(np.linalg.norm(total)), 1e-9)
    return of


def _far_apart(rows: Numbers, number: int) -> list[int]:
    """Return places to begin with: the first paper, then again and again the one least like those chosen."""
    chosen = [0]
    nearest = rows @ rows[0]
    while len(chosen) < number:
        chosen.append(int(np.argmin(nearest)))
        nearest = np.maximum(nearest, rows @ rows[chosen[-1]])
    return chosen


def label(
    inside: Sequence[Mapping[str, str]],
    outside: Sequence[Mapping[str, str]],
    rarity: Callable[[str], float],
    most: int = 2,
    taken: Collection[str] = (),
) -> str:
    """Return the phrases that tell papers from others beside them, '' where none does.

    inside, outside: the phrases of each paper, folded, and as it writes them. rarity: how telling a phrase is at all.
    taken: what other themes are called, so that no two are called alike.
    """
    here, there = Counter(name for one in inside for name in one), Counter(name for one in outside for name in one)
    called = {_folded(phrase) for one in taken for phrase in one.split(_BESIDE)}
    worth = {
        name: _worth(seen / len(inside), there[name] / max(len(outside), 1))
        for name, seen in here.items()
        if seen >= _fewest(name, len(inside)) and _folded(_as_written(name, inside)) not in called
    }
    likely = sorted(worth, key=lambda name: (-worth[name], name))[:_WEIGHED]
    written = {name: _as_written(name, inside) for name in likely}
    weighed = {name: worth[name] * rarity(written[name]) for name in likely}
    chosen: list[str] = []
    for name in sorted(weighed, key=lambda name: (-weighed[name], name)):
        if len(chosen) == most or weighed[name] <= 0:
            break
        beside = all(_go_together(name, other) for other in chosen)
        if beside:
            chosen.append(name)
    return _capital(_BESIDE.join(written[name] for name in chosen))


def _folded(phrase: str) -> str:
    """Return a phrase as it is in any case and number: "Neural Network" and "neural networks" call a theme the same."""
    return " ".join(word.removesuffix("s") for word in phrase.casefold().split())


def _fewest(name: str, papers: int) -> float:
    """Return how many of a theme's papers must hold what it is called by."""
    return max(2, papers * HELD_BY) if " " in name else max(3, papers * WORD_HELD_BY)


def _capital(text: str) -> str:
    """Return a text with a capital letter, unless its first word has one already, as mRNA does."""
    return text[:1].upper() + text[1:] if text.partition(" ")[0].islower() else text


def _go_together(name: str, first: str) -> bool:
    """Whether a phrase may stand beside a first one: no word twice, and no single word beside several."""
    return set(name.split()).isdisjoint(first.split()) and (" " in name or " " not in first)


def _worth(here: float, there: float) -> float:
    """Weigh a phrase by how much more often papers of a theme have it than the others."""
    return here * math.log((here + 0.02) / (there + 0.02))


def _as_written(name: str, papers: Sequence[Mapping[str, str]]) -> str:
    """Return how most papers write a phrase; of equals the first in the alphabet."""
    seen = Counter(one[name] for one in papers if name in one)
    return min(seen, key=lambda text: (-seen[text], text))
