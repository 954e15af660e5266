"""How a collection of a search server is laid out: vectors, fields, what it tells. Its papers: ``fields``."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from qdrant_client import models

from broadsheet.errors import BadInput
from broadsheet.search.index import SCHEMA, Vector
from broadsheet.search.server import fields as terms

FIRST_VECTORS = "vectors"
"""Name of the vectors that a new collection has; a change of model adds others."""

type Field = models.TextIndexParams | models.KeywordIndexParams | models.IntegerIndexParams


@dataclass(frozen=True, slots=True)
class Card:
    """What a collection says of itself.

    space, dim: of its vectors, whose name is ``vectors``. shards: that were asked for, 0 where the server chose.
    """

    space: str
    dim: int
    vectors: str = FIRST_VECTORS
    shards: int = 0
    schema: int = SCHEMA

    @classmethod
    def read(cls, metadata: dict[str, Any] | None) -> Self | None:
        """Return the card of a collection; None where it has none, and so is somebody else's."""
        told = (metadata or {}).get("broadsheet")
        try:
            return cls(**told) if isinstance(told, dict) else None
        except TypeError:
            return None

    def written(self) -> dict[str, Any]:
        """Return the card as the collection keeps it."""
        return {"broadsheet": asdict(self)}


def collection(card: Card, *, replicas: int) -> dict[str, Any]:
    """Return how a collection is made: each vector in 16-bit floats on disk, and in 8-bit numbers in memory.

    The settings of graph and quantisation are the collection's, so that vectors of a further name have them too.
    """
    cold, cached, pinned = models.Memory.COLD, models.Memory.CACHED, models.Memory.PINNED
    return {
        "vectors_config": {
            card.vectors: models.VectorParams(
                size=card.dim, distance=models.Distance.COSINE, datatype=models.Datatype.FLOAT16, memory=cold
            )
        },
        # Further links for the values of fields cost hours of building; filtered searches found all without.
        "hnsw_config": models.HnswConfigDiff(m=16, ef_construct=100, payload_m=0, memory=cached),
        "quantization_config": models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, quantile=0.99, memory=pinned)
        ),
        "payload": models.PayloadStorageParams(memory=cold),
        "shard_number": card.shards or None,
        "replication_factor": replicas,
        "metadata": card.written(),
    }


def further_vectors(dim: int) -> models.DenseVectorNameConfig:
    """Return how vectors of another space are added to a collection."""
    return models.DenseVectorNameConfig(
        dense=models.DenseVectorConfig(
            size=dim, distance=models.Distance.COSINE, datatype=models.VectorStorageDatatype.FLOAT16
        )
    )


def fields() -> Iterator[tuple[str, Field]]:
    """Return the indexed fields; BM25 scores what is searched as one, and words just as they were typed."""
    cold, cached = models.Memory.COLD, models.Memory.CACHED
    text, keyword = models.TextIndexType.TEXT, models.KeywordIndexType.KEYWORD

    def words(memory: models.Memory, *, scoring: bool = False, phrases: bool = False) -> models.TextIndexParams:
        return models.TextIndexParams(
            type=text,
            tokenizer=models.TokenizerType.WORD,
            scoring=scoring,
            phrase_matching=phrases,
            memory=memory,
            enable_hnsw=False,
        )

    yield terms.BODY, words(cached, scoring=True)
    for name in (terms.TITLE, terms.ABSTRACT):
        yield name, words(cold, scoring=True, phrases=True)
    yield terms.TITLE_STEMS, words(cold)
    yield terms.PEOPLE, models.KeywordIndexParams(type=keyword, memory=cold, enable_hnsw=False)
    for name in (terms.CATEGORIES, terms.HAS):
        yield name, models.KeywordIndexParams(type=keyword, memory=cached, enable_hnsw=False)
    for name, lookup in ((terms.DAY, False), (terms.YEAR, True)):
        yield (
            name,
            models.IntegerIndexParams(
                type=models.IntegerIndexType.INTEGER,
                lookup=lookup,
                range=not lookup,
                memory=cached,
                enable_hnsw=False,
            ),
        )


def near(limit: int) -> models.SearchParams:
    """Return how carefully the nearest are looked for: .99 of the exact ones on real vectors, by the embedded engine.

    With many hits asked of each segment there are candidates enough.
    """
    return models.SearchParams(
        hnsw_ef=128,
        quantization=models.QuantizationSearchParams(rescore=True, oversampling=2.0 if limit <= 100 else 1.0),
    )


def numbers(vector: Vector, dim: int) -> list[float]:
    """Return a vector as the server takes it. Raises BadInput for anything but ``dim`` finite numbers."""
    found: Vector = np.asarray(vector, dtype=np.float32)
    if found.shape != (dim,) or not np.isfinite(found).all():
        raise BadInput(f"A vector of shape {found.shape} cannot be searched for.", f"It takes {dim} finite numbers.")
    listed: list[float] = found.tolist()
    return listed
