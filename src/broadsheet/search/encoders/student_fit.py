"""Fitting the static student: ridge regression of token rows onto the embedding model's own vectors.

The sum of a text's rows, each weighed by how rare its token is (inverse document frequency) and how often it occurs, is
to lie near the model's vector of the text. Which texts are taken, and how well the student does, is ``lessons``.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import batched, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.encoders.piece_counts import PieceCounts
from broadsheet.search.encoders.student import Table, weighed
from broadsheet.search.encoders.wordpieces import WordPieces

RIDGE = 1.0
ROUNDS = 25
"""Steps of conjugate gradients; the fit changes in its fourth digit after that."""

_PIECE = 512  # rows multiplied at once: they stay near the processor
_COUNTED = 1000  # texts counted at once, a kilobyte of numbers each; a fit has some hundred thousand

type Floats = NDArray[np.float32]
type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]


@dataclass(slots=True)
class Counted:
    """Which tokens each text holds, as a sparse matrix by rows, each of unit length, and its transpose.

    starts: where the tokens of each text begin; texts and text_weights the same by token, from ``token_starts`` on.
    """

    tokens: NDArray[np.int32]
    weights: Floats
    starts: NDArray[np.int64]
    texts: NDArray[np.int32]
    text_weights: Floats
    token_starts: NDArray[np.int64]

    @classmethod
    def of(cls, rows: Sequence[tuple[NDArray[np.int32], Floats]], importance: Floats) -> "Counted":
        """Weigh the tokens of each text by ``importance``."""
        weighed_rows = []
        for ids, share in rows:
            weight = importance[ids] * share
            weighed_rows.append((weight / (np.linalg.norm(weight) or 1)).astype(np.float32))
        lengths = [len(ids) for ids, _ in rows]
        flat = np.concatenate([ids for ids, _ in rows])
        flat_weights = np.concatenate(weighed_rows)
        order = np.argsort(flat, kind="stable")
        return cls(
            flat,
            flat_weights,
            np.concatenate([[0], np.cumsum(lengths)]),
            np.repeat(np.arange(len(rows), dtype=np.int32), lengths)[order],
            flat_weights[order],
            np.searchsorted(flat[order], np.arange(len(importance) + 1)),
        )

    def times(self, table: Floats) -> Floats:
        """Return the vector of each text by a table of token rows, shape (texts, dim)."""
        return _summed(table, self.tokens, self.weights, self.starts)

    def transposed_times(self, vectors: Floats) -> Floats:
        """Return for each token the weighted sum of the vectors of the texts that hold it, shape (tokens, dim)."""
        return _summed(vectors, self.texts, self.text_weights, self.token_starts)


def counted(words: WordPieces, texts: Sequence[str]) -> list[tuple[NDArray[np.int32], Floats]]:
    """Return the tokens of each text and what each weighs there."""
    pieces, found = PieceCounts(words), list[tuple[NDArray[np.int32], Floats]]()
    for some in batched(texts, _COUNTED):
        counts, weights = weighed(pieces, some)
        begins = [0, *counts.ends.tolist()]
        found += [(counts.ids[begin:end], weights[begin:end]) for begin, end in pairwise(begins)]
    return found


def fit(
    words: WordPieces,
    rows: Sequence[tuple[NDArray[np.int32], Floats]],
    vectors: Floats,
    *,
    about: dict[str, Any],
    ridge: float = RIDGE,
    report: Report = lambda _done, _total: None,
    stop: Stop = lambda: False,
) -> Table:
    """Fit a table so that the weighted sum of a text's token rows lies near its vector.

    rows: of the texts, as ``counted`` gives them. vectors: the model's, shape (len(rows), dim), unit length. about:
    kept with the table. The least squares with a ridge are solved by conjugate gradients; the importance of tokens goes
    into the rows, each of which is kept as int8 with a scale. Stopped, it ends early, with what was reached.
    """
    size = len(words.pieces)
    importance = _importance(rows, size)
    matrix = Counted.of(rows, importance)
    table = np.zeros((size, vectors.shape[1]), dtype=np.float32)
    rest = matrix.transposed_times(vectors)
    step, left = rest.copy(), (rest * rest).sum(axis=0)
    for done in range(ROUNDS):
        if stop():
            break
        seen = matrix.transposed_times(matrix.times(step)) + ridge * step
        rate = left / np.maximum((step * seen).sum(axis=0), 1e-12)
        table += rate * step
        rest -= rate * seen
        before, left = left, (rest * rest).sum(axis=0)
        step = rest + (left / np.maximum(before, 1e-20)) * step
        report(done + 1, ROUNDS)
    return _packed(table * importance[:, None], words.pieces, about | {"texts": len(rows)})


def _packed(table: Floats, pieces: Sequence[str], about: dict[str, Any]) -> Table:
    # The scale is rounded first, so that the rows are whole steps of what will be multiplied.
    scales = (np.abs(table).max(axis=1) / 127).astype(np.float16).astype(np.float32)
    rows = np.rint(np.divide(table, scales[:, None], out=np.zeros_like(table), where=scales[:, None] > 0))
    return Table(np.clip(rows, -127, 127).astype(np.int8), scales.astype(np.float16), tuple(pieces), about)


def _importance(rows: Sequence[tuple[NDArray[np.int32], Floats]], size: int) -> Floats:
    """Return the inverse document frequency of each token; one that is in every text still says a little."""
    found = np.bincount(np.concatenate([ids for ids, _ in rows]), minlength=size)
    return (np.log((len(rows) + 1) / (found + 1)) + 0.1).astype(np.float32)


def _summed(table: Floats, places: NDArray[np.int32], weights: Floats, starts: NDArray[np.int64]) -> Floats:
    """Return for each stretch between two ``starts`` the weighted sum of the table's rows at its places."""
    bounds = starts.tolist()
    out = np.zeros((len(bounds) - 1, table.shape[1]), dtype=np.float32)
    gathered = np.empty((_PIECE, table.shape[1]), dtype=np.float32)
    for row, (first, last) in enumerate(pairwise(bounds)):
        for begin in range(first, last, _PIECE):
            end = min(begin + _PIECE, last)
            part = np.take(table, places[begin:end], axis=0, out=gathered[: end - begin], mode="clip")
            out[row] += weights[begin:end] @ part
    return out
