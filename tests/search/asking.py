"""Few words by which tests put papers into an index and ask it."""

from collections.abc import Sequence

import numpy as np

from broadsheet.search.index import Document, Filters, Index, Scored, Searcher

EVERYTHING = Filters()


def paper(pk: int, title: str = "", abstract: str = "", authors: str = "", **more) -> Document:
    return Document(pk, title, abstract, authors, **more)


def put(index: Index, documents: Sequence[Document]) -> None:
    """Add papers and have them found."""
    index.add(documents)
    index.flush()


def ids(hits: Sequence[Scored]) -> list[int]:
    return [hit.id for hit in hits]


def words(index: Searcher, text: str, limit: int = 10, filters: Filters = EVERYTHING) -> list[int]:
    return ids(index.words(text, limit=limit, filters=filters))


def vectors(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors in clumps, as those of papers are."""
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((50, 384))
    made = middles[rng.integers(0, 50, count)] + rng.standard_normal((count, 384))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)
