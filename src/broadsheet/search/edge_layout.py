"""How vectors are laid out in a shard of Qdrant Edge: when it folds, what a paper is to it, how facts are asked for."""

import numpy as np
import qdrant_edge as engine

from broadsheet.errors import BadInput
from broadsheet.search.index import Facts, Filters, Vector

DIMENSIONS = 384
MEANING = "meaning"

_CATEGORIES, _DAY, _HAS = "categories", "day", "has"
# From so many vectors on, at 768 bytes each, the engine makes a graph of those that came since the last; until then it
# compares with each of them.
_FOLD_FROM_KB = 640

type _Index = engine.KeywordIndexParams | engine.IntegerIndexParams
type _Condition = engine.FieldCondition | engine.HasIdCondition


def config() -> engine.EdgeConfig:
    """Return how a shard is laid out."""
    cold, cached = engine.Memory.Cold, engine.Memory.Cached
    meaning = engine.EdgeVectorParams(
        size=DIMENSIONS,
        distance=engine.Distance.Cosine,
        datatype=engine.VectorStorageDatatype.Float16,  # as the database keeps them
        memory=cold,
        hnsw_config=engine.HnswIndexConfig(m=16, ef_construct=100, full_scan_threshold=10_000, memory=cached),
        quantization_config=engine.ScalarQuantizationConfig(type=engine.ScalarType.Int8, quantile=0.99, memory=cached),
    )
    return engine.EdgeConfig(
        vectors={MEANING: meaning},
        payload_memory=cold,
        # Few, large segments search fastest, but merging them is what stops the process longest: none grows above
        # 100 MB of vectors by merging.
        optimizers=engine.EdgeOptimizersConfig(
            default_segment_number=8, max_segment_size=100_000, indexing_threshold=_FOLD_FROM_KB
        ),
    )


def fields() -> dict[str, _Index]:
    """Return the indexed fields. With ``enable_hnsw`` folding would build graphs for each value of each field."""
    keyword = engine.KeywordIndexParams(enable_hnsw=False, memory=engine.Memory.Cold)
    day = engine.IntegerIndexParams(lookup=False, range=True, enable_hnsw=False, memory=engine.Memory.Cold)
    return {_CATEGORIES: keyword, _HAS: keyword, _DAY: day}


def point(pk: int, vector: Vector, facts: Facts) -> engine.Point:
    """Return a paper as the engine takes it. Raises BadInput for a vector that is none."""
    payload: dict[str, object] = {_CATEGORIES: list(facts.categories), _HAS: list(facts.has)}
    if facts.day is not None:
        payload[_DAY] = facts.day
    return engine.Point(pk, {MEANING: numbers(vector)}, payload)


def numbers(vector: Vector) -> list[float]:
    """Return a vector as the engine takes it. Raises BadInput for anything but 384 finite numbers."""
    found: Vector = np.asarray(vector, dtype=np.float32)
    if found.shape != (DIMENSIONS,) or not np.isfinite(found).all():
        raise BadInput(f"A vector of shape {found.shape} cannot be searched for.", f"It takes {DIMENSIONS} numbers.")
    listed: list[float] = found.tolist()
    return listed


def filter_of(filters: Filters) -> engine.Filter | None:
    """Return the facts of filters as the engine takes them, without their terms; None where everything passes."""
    must: list[_Condition] = [_one_of(_HAS, [one]) for one in filters.has]
    if filters.categories:
        must.append(_one_of(_CATEGORIES, filters.categories))
    if filters.since or filters.until:
        first = filters.since.toordinal() if filters.since else None
        last = filters.until.toordinal() if filters.until else None
        must.append(engine.FieldCondition(_DAY, range=engine.RangeFloat(gte=first, lte=last)))
    if filters.ids is not None:
        must.append(engine.HasIdCondition(set(filters.ids)))
    names = ((_CATEGORIES, filters.not_categories), (_HAS, filters.lacks))
    must_not: list[_Condition] = [_one_of(name, values) for name, values in names if values]
    return engine.Filter(must=[*must], must_not=[*must_not]) if must or must_not else None


def _one_of(field: str, values: tuple[str, ...] | list[str]) -> engine.FieldCondition:
    return engine.FieldCondition(field, match=engine.MatchAny(list(values)))
