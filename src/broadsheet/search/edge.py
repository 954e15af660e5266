"""Qdrant Edge behind the port: one shard in one folder, owned by one process. Ranking beyond BM25 is not done here.

The engine (0.9) holds Python's interpreter lock during every call, ``optimize`` included: no other thread of the
owner runs meanwhile. So writes go in small portions, and whoever serves pages should not own the index itself.
"""

import json
import os
import shutil
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import batched
from pathlib import Path
from typing import Self

import qdrant_edge as engine
from filelock import FileLock, Timeout

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.search import edge_parts
from broadsheet.search.edge_layout import MEANING, config, numbers, point
from broadsheet.search.edge_terms import CATEGORIES, DAY, SCHEMA, WORDS, YEAR, fields, filter_of, query
from broadsheet.search.index import Document, Filters, Scored, Tally, Vector

# Papers in one call: 100 hold the interpreter for some 20 ms, and more gain nothing but longer stops.
_PORTION = 100


class IndexStale(BroadsheetError):
    """The index is damaged or of another schema, and has to be built anew from the papers (``EdgeIndex.anew``)."""


class EdgeIndex:
    """The whole port on Qdrant Edge. See ``index.Index`` for what each call promises."""

    def __init__(self, shard: engine.EdgeShard, lock: FileLock) -> None:
        self._shard: engine.EdgeShard | None = shard
        self._lock = lock
        self._process = os.getpid()
        self._writing = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the index in a folder, or make an empty one there; this process owns it until ``close``.

        Raises Conflict when it is open elsewhere (or here already), and IndexStale when it cannot be used.
        """
        return cls._own(path, anew=False)

    @classmethod
    def anew(cls, path: Path) -> Self:
        """Throw away the index in a folder and make an empty one. Raises Conflict when it is open elsewhere."""
        return cls._own(path, anew=True)

    @classmethod
    def _own(cls, path: Path, *, anew: bool) -> Self:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / "owner.lock", thread_local=False)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise Conflict(
                f"The search index in {path} is in use by another process.",
                "Searches can ask that process; to change the index, stop it first.",
            ) from None
        try:
            return cls(_create(path) if anew or not (path / "schema.json").exists() else _load(path), lock)
        except BaseException:
            lock.release()
            raise

    def add(self, documents: Sequence[Document]) -> None:
        """Add papers, or replace those with the same id and their vectors. Visible at once, portion by portion."""
        with self._writing, _told("taking papers in"):
            for portion in batched(documents, _PORTION):
                points = [point(document) for document in portion]
                self._engine().update(engine.UpdateOperation.upsert_points(points))

    def replace(self, parts: Sequence[Path]) -> None:
        """Put finished parts (``edge_parts.build``), which are used up by it, in the place of all that is here.

        Raises BroadsheetError where that fails; the index is empty then.
        """
        with self._writing, _told("putting parts together"):
            path = Path(self._lock.lock_file).parent
            self._engine().close()
            try:
                self._shard = _create(path, parts)
            except BaseException:
                self._shard = _create(path)
                raise

    def set_vectors(self, vectors: Mapping[int, Vector]) -> None:
        """Give vectors of 384 finite numbers to papers; unknown ids are ignored. Raises BadInput for other vectors."""
        with self._writing, _told("taking vectors in"):
            for portion in batched(vectors.items(), _PORTION):
                # The engine fails on an unknown id, after having done part of the work.
                ids: list[engine.PointId] = [pk for pk, _ in portion]
                known = {record.id for record in self._engine().retrieve(ids, with_payload=False, with_vector=False)}
                points = [engine.PointVectors(pk, {MEANING: numbers(v)}) for pk, v in portion if pk in known]
                if points:
                    self._engine().update(engine.UpdateOperation.update_vectors(points))

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out; unknown ids are ignored."""
        with self._writing, _told("taking papers out"):
            if ids:
                self._engine().update(engine.UpdateOperation.delete_points(list(ids)))

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids above ``after``, in rising order."""
        request = engine.ScrollRequest(offset=after + 1, limit=limit, with_payload=False, with_vector=False)
        with _told("listing papers"):
            return [int(record.id) for record in self._engine().scroll(request)[0]]

    def optimize(self) -> None:
        """Fold new papers and vectors in, and flush.

        Stops all threads of this process: for 3 s after 25,000 papers, 5-6 s after 20,000 vectors, 0.1-1 s after a
        day's 500. Call it after as many; folding each 2,000 vectors stops as long each time, for merging.
        """
        with self._writing, _told("folding new papers in"):
            self._engine().optimize()
            # What folding wrote stays mapped until it is flushed: 130,789 papers peaked at 1.6 GB without, 0.6 GB with.
            self._engine().flush()

    def flush(self) -> None:
        """Return when everything so far is on disk; what was not flushed still outlives a killed process."""
        with self._writing, _told("writing to disk"):
            self._engine().flush()

    def words(self, text: str, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the best papers by BM25 (k1 1.2, b 0.75) for whatever text; nothing for one without words."""
        wanted = query(text)
        return self._best(engine.TextQuery(WORDS, wanted), limit, filters) if wanted else []

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the nearest papers by cosine. Raises BadInput for anything but 384 finite numbers."""
        return self._best(engine.Query.Nearest(numbers(vector), using=MEANING), limit, filters)

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; the score is the day as a number."""
        if limit <= 0:
            return []
        order = engine.OrderBy(DAY, engine.Direction.Desc)
        request = engine.QueryRequest(limit=limit, query=order, filter=filter_of(filters), with_payload=[DAY])
        with _told("listing papers"):
            found = self._engine().query(request)
        return [Scored(int(point.id), float((point.payload or {}).get(DAY) or 0)) for point in found]

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters; with ``facets`` by category and by year too."""
        wanted = filter_of(filters)
        with _told("counting papers"):
            total = int(self._engine().count(engine.CountRequest(exact=True, filter=wanted)))
            if not (total and facets):
                return Tally(total)
            return Tally(
                total,
                tuple((str(name), number) for name, number in self._facet(CATEGORIES, 40, wanted)),
                tuple((int(str(year)), number) for year, number in self._facet(YEAR, 100, wanted)),
            )

    def _facet(self, field: str, most: int, wanted: engine.Filter | None) -> list[tuple[object, int]]:
        # What the engine calls inexact was equal on 130,789 papers, and took 4 ms in the place of 136.
        request = engine.FacetRequest(field, limit=most, exact=False, filter=wanted)
        return [(hit.value, int(hit.count)) for hit in self._engine().facet(request).hits]

    def size(self) -> int:
        """Return the number of papers in the index."""
        with _told("counting papers"):
            return int(self._engine().count(engine.CountRequest(exact=True)))

    def close(self) -> None:
        """Flush, close and let others own the index."""
        with self._writing, _told("closing"):
            if self._shard is not None:
                self._engine().close()
                self._shard = None
                self._lock.release()

    def _engine(self) -> engine.EdgeShard:
        """Return the shard. In a forked process it would wait forever for threads that only the parent has."""
        if self._process != os.getpid():
            raise Conflict("The search index belongs to the process that opened it, not to its forks.", "Knock there.")
        if self._shard is None:
            raise BroadsheetError("The search index is closed.")
        return self._shard

    def _best(self, query: engine.Query | engine.TextQuery, limit: int, filters: Filters) -> list[Scored]:
        if limit <= 0:
            return []
        params = engine.SearchParams(
            # Recall@20 of .99 against brute force on real vectors. Oversampling makes up for the int8 copies; with many
            # hits asked of each segment there are candidates enough, and twice as many take twice the time.
            hnsw_ef=128,
            quantization=engine.QuantizationSearchParams(rescore=True, oversampling=2.0 if limit <= 100 else 1.0),
        )
        request = engine.QueryRequest(limit=limit, query=query, filter=filter_of(filters), params=params)
        with _told("searching"):
            return [Scored(int(point.id), float(point.score)) for point in self._engine().query(request)]


def _create(path: Path, parts: Sequence[Path] = ()) -> engine.EdgeShard:
    """Make a shard, empty or of parts. The schema is written last: a folder without it holds nothing worth keeping."""
    (path / "schema.json").unlink(missing_ok=True)
    shutil.rmtree(path / "shard", ignore_errors=True)
    (path / "shard").mkdir()
    with _told("making a new index"):
        shard = engine.EdgeShard.create(str(path / "shard"), config())
        for name, params in fields().items():
            shard.update(engine.UpdateOperation.create_field_index(name, params))
        shard.flush()
        if parts:
            shard = edge_parts.join(shard, path / "shard", parts)
    (path / "schema.json").write_text(json.dumps({"schema": SCHEMA}))
    return shard


def _load(path: Path) -> engine.EdgeShard:
    hint = "`broadsheet reindex` builds it anew from the papers."
    try:
        schema = json.loads((path / "schema.json").read_text())["schema"]
    except (OSError, ValueError, TypeError, KeyError):
        raise IndexStale(f"The search index in {path} does not say of which schema it is.", hint) from None
    if schema != SCHEMA:
        raise IndexStale(f"The search index in {path} is of schema {schema}; this version needs {SCHEMA}.", hint)
    try:
        with _told("opening"):
            shard = engine.EdgeShard.load(str(path / "shard"), config())
    except BroadsheetError as error:
        raise IndexStale(f"The search index in {path} is damaged. {error.message}", hint) from error
    # The engine opens a shard that lost its segments as an empty one, without the fields.
    if missing := fields().keys() - shard.info().payload_schema.keys():
        shard.close()
        raise IndexStale(f"The search index in {path} is damaged: it lacks {', '.join(sorted(missing))}.", hint)
    return shard


@contextmanager
def _told(doing: str) -> Iterator[None]:
    """Turn the engine's errors into ours; it raises bare Exceptions, and its panics are not even Exceptions."""
    try:
        yield
    except BroadsheetError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            raise BroadsheetError(f"The search index failed while {doing}: {error}.") from error
        raise
