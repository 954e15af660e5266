"""Vectors in Qdrant Edge: one shard in one folder, with what is needed to narrow a search by facts. Words: ``lexicon``.

The engine (0.9) holds Python's interpreter lock during every call, ``optimize`` included: no other thread of the
owner runs meanwhile. So writes go in small portions, and whoever serves pages should not own the index itself.
"""

import shutil
import threading
from collections.abc import Mapping, Sequence
from itertools import batched
from pathlib import Path
from typing import Self

import qdrant_edge as engine

from broadsheet.errors import BroadsheetError
from broadsheet.search.edge_layout import MEANING, config, fields, filter_of, numbers, point
from broadsheet.search.index import Facts, Filters, Scored, Vector
from broadsheet.search.trouble import told

# Papers in one call: 100 hold the interpreter for some 20 ms, and more gain nothing but longer stops.
_PORTION = 100

ROOM = 128 << 20
"""Bytes that must be free for the engine to write: it maps its files, and a full disk would kill the process."""


class Vectors:
    """The vectors of papers. What changes is seen at once."""

    def __init__(self, shard: engine.EdgeShard, folder: Path) -> None:
        self._shard: engine.EdgeShard | None = shard
        self._folder = folder
        self._writing = threading.Lock()

    @classmethod
    def open(cls, folder: Path) -> Self:
        """Open the shard in a folder. Raises BroadsheetError where there is none or it is damaged."""
        with told("opening"):
            shard = engine.EdgeShard.load(str(folder), config())
        # The engine opens a shard that lost its segments as an empty one, without the fields.
        if missing := fields().keys() - shard.info().payload_schema.keys():
            shard.close()
            raise BroadsheetError(f"The vectors in {folder} lack {', '.join(sorted(missing))}.")
        return cls(shard, folder)

    @classmethod
    def anew(cls, folder: Path) -> Self:
        """Make an empty shard in a folder, whatever was there."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with told("making a new index"):
            shard = engine.EdgeShard.create(str(folder), config())
            for name, params in fields().items():
                shard.update(engine.UpdateOperation.create_field_index(name, params))
            shard.flush()
        return cls(shard, folder)

    def put(self, vectors: Mapping[int, Vector], facts: Mapping[int, Facts]) -> None:
        """Give vectors to papers, with what they are filed under.

        Raises BadInput for what is no vector, and BroadsheetError where the disk is nearly full.
        """
        if vectors:
            self._need_room()
        with self._writing, told("taking vectors in"):
            for portion in batched(vectors.items(), _PORTION, strict=False):
                points = [point(pk, vector, facts[pk]) for pk, vector in portion]
                self._engine().update(engine.UpdateOperation.upsert_points(points))

    def remove(self, ids: Sequence[int]) -> None:
        """Take the vectors of papers out; unknown ids are ignored."""
        with self._writing, told("taking vectors out"):
            if ids:
                self._engine().update(engine.UpdateOperation.delete_points(list(ids)))

    def nearest(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the nearest papers by cosine that fulfil the filters, their terms aside.

        Raises BadInput for anything but 384 finite numbers.
        """
        wanted = engine.Query.Nearest(numbers(vector), using=MEANING)
        if limit <= 0:
            return []
        params = engine.SearchParams(
            # Recall@20 of .99 against brute force on real vectors. Oversampling makes up for the int8 copies; with many
            # hits asked of each segment there are candidates enough, and twice as many take twice the time.
            hnsw_ef=128,
            quantization=engine.QuantizationSearchParams(rescore=True, oversampling=2.0 if limit <= 100 else 1.0),
        )
        request = engine.QueryRequest(limit=limit, query=wanted, filter=filter_of(filters), params=params)
        with told("searching"):
            return [Scored(int(point.id), float(point.score)) for point in self._engine().query(request)]

    def size(self) -> int:
        """Return the number of papers that have a vector here."""
        with told("counting vectors"):
            return int(self._engine().count(engine.CountRequest(exact=True)))

    def optimize(self) -> None:
        """Fold new vectors in, and flush.

        Stops all threads of this process: for 5-6 s after 20,000 vectors, 0.1-1 s after a day's 500. Call it after as
        many; folding each 2,000 vectors stops as long each time, for merging. Raises BroadsheetError where the disk is
        nearly full.
        """
        self._need_room()
        with self._writing, told("folding new vectors in"):
            self._engine().optimize()
            # What folding wrote stays mapped until it is flushed: 130,789 papers peaked at 1.6 GB without, 0.6 GB with.
            self._engine().flush()

    def flush(self) -> None:
        """Return when everything so far is on disk; what was not flushed still outlives a killed process."""
        with self._writing, told("writing to disk"):
            self._engine().flush()

    def close(self) -> None:
        """Flush and close. A second call does nothing."""
        with self._writing, told("closing"):
            if self._shard is not None:
                self._shard.close()
                self._shard = None

    def _need_room(self) -> None:
        if (free := shutil.disk_usage(self._folder).free) < ROOM:
            raise BroadsheetError(
                f"The disk of {self._folder} has {free >> 20} MB left, too little for the index of vectors.",
                f"Make room: {ROOM >> 20} MB. Nothing is lost; a running server goes on by itself.",
            )

    def _engine(self) -> engine.EdgeShard:
        if self._shard is None:
            raise BroadsheetError("The search index is closed.")
        return self._shard
