"""MaxSim: the first results scored anew, word by word, with the encoder's own token vectors. Off by default.

What it is worth and what it costs is told in docs/search/quality.md.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.encoders.embed import Embedder

SHARE = 0.3
"""Weight of MaxSim beside the fused score, both normalised over the results that are scored anew."""
CAP = 2.0
"""Seconds after which the rest stays as it is: every paper is read by the model while the reader waits."""

Tokens = NDArray[np.float32]


def score(query: Tokens, document: Tokens) -> float:
    """Return the mean over the query's tokens of the greatest cosine with any of the document's, in [-1, 1].

    Both hold a unit vector a row. Source: Khattab and Zaharia, 2020 (ColBERT), there with tokens trained for it.
    """
    return float((query @ document.T).max(axis=1).mean())


@dataclass(frozen=True, slots=True)
class Rescorer:
    """Scores the first results anew. texts: of the papers, by primary key, as they are embedded."""

    embedder: Embedder
    tokens: int
    cap: float = CAP

    def __call__(
        self, query: str, ranked: Sequence[tuple[int, float]], texts: Mapping[int, str]
    ) -> list[tuple[int, float]]:
        """Return (paper, score) in their new order.

        ranked: the results to score, best first. Those that the cap leaves unread stay behind those that were read,
        in their order. Scores lie between those of the first and the last that were read.
        """
        ends = time.monotonic() + self.cap
        asked = self.embedder.token_vectors(query, tokens=self.tokens)
        read: list[tuple[int, float, float]] = []
        for pk, fused in ranked:
            if time.monotonic() > ends:
                break
            document = self.embedder.token_vectors(texts.get(pk, ""), tokens=self.tokens)
            read.append((pk, fused, score(asked, document)))
        return [*_mixed(read), *islice(ranked, len(read), None)]


def _mixed(read: Sequence[tuple[int, float, float]]) -> list[tuple[int, float]]:
    """Mix both scores, each normalised, and put the sum where the fused scores lay, so that the rest stays behind."""
    if len(read) < 2:
        return [(pk, fused) for pk, fused, _ in read]
    fused = np.array([row[1] for row in read])
    new = (1 - SHARE) * _normalised(fused) + SHARE * _normalised(np.array([row[2] for row in read]))
    placed = fused.min() + _normalised(new) * (fused.max() - fused.min())
    rows = zip((row[0] for row in read), placed.tolist(), strict=True)
    return sorted(rows, key=lambda row: (-row[1], -row[0]))


def _normalised(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    width = scores.max() - scores.min()
    made: NDArray[np.float64] = (scores - scores.min()) / width if width else np.ones_like(scores)
    return made
