"""How a shard of Qdrant Edge is laid out: its vectors, when it folds, what a paper is to it. Words: ``edge_terms``."""

import numpy as np
import qdrant_edge as engine

from broadsheet.errors import BadInput
from broadsheet.search.edge_terms import payload
from broadsheet.search.index import Document, Vector

DIMENSIONS = 384

MEANING, _ANCHOR = "meaning", "anchor"
# Folding is decided by the size of vectors alone, and an unfolded segment keeps its words in memory: 130,789 papers
# without vectors opened in 4-7 s and answered with p99 28 ms, folded in 0.9 s and with 2 ms. So each paper has this
# vector that is never searched; by its 128 bytes 5,120 papers without a vector of their own reach the threshold.
_ANCHOR_VECTOR = [1.0] * 32
_FOLD_FROM_KB = 640


def config(*, log: bool = True) -> engine.EdgeConfig:
    """Return how a shard is laid out. log: whether what is not folded yet outlives a kill, at a third more work."""
    cold, cached = engine.Memory.Cold, engine.Memory.Cached
    meaning = engine.EdgeVectorParams(
        size=DIMENSIONS,
        distance=engine.Distance.Cosine,
        datatype=engine.VectorStorageDatatype.Float16,  # as the database keeps them
        memory=cold,
        hnsw_config=engine.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000, memory=cached),
        quantization_config=engine.ScalarQuantizationConfig(type=engine.ScalarType.Int8, quantile=0.99, memory=cached),
    )
    # No graph, and no size at which the engine would merge segments for the sake of one.
    no_graph = engine.HnswIndexConfig(m=0, ef_construct=4, full_scan_threshold=1)
    anchor = engine.EdgeVectorParams(
        size=len(_ANCHOR_VECTOR), distance=engine.Distance.Dot, memory=cold, hnsw_config=no_graph
    )
    return engine.EdgeConfig(
        vectors={MEANING: meaning, _ANCHOR: anchor},
        payload_memory=cold,
        wal_enabled=log,
        # Few, large segments search fastest, but merging them is what stops the process longest: none grows above
        # 100 MB of vectors, or 65,000 papers, by merging.
        optimizers=engine.EdgeOptimizersConfig(
            default_segment_number=8, max_segment_size=100_000, indexing_threshold=_FOLD_FROM_KB
        ),
    )


def point(document: Document) -> engine.Point:
    """Return a paper as the engine takes it."""
    vectors: dict[str, list[float]] = {_ANCHOR: _ANCHOR_VECTOR}
    if document.vector is not None:
        vectors[MEANING] = numbers(document.vector)
    return engine.Point(document.id, vectors, payload(document))  # type: ignore[arg-type]  # its stubs want one kind of vector


def numbers(vector: Vector) -> list[float]:
    """Return a vector as the engine takes it. Raises BadInput for anything but 384 finite numbers."""
    found: Vector = np.asarray(vector, dtype=np.float32)
    if found.shape != (DIMENSIONS,) or not np.isfinite(found).all():
        raise BadInput(f"A vector of shape {found.shape} cannot be searched for.", f"It takes {DIMENSIONS} numbers.")
    listed: list[float] = found.tolist()
    return listed
