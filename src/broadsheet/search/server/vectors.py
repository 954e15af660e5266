"""Vectors of one name in a collection of a search server, as a change of model reads and fills them."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import batched

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from broadsheet.search.index import Facts, Filters, Scored, Vector
from broadsheet.search.server import fields as terms
from broadsheet.search.server.connection import Server
from broadsheet.search.server.layout import near, numbers

PORTION = 250
"""Papers in one request; a vector takes some eight kilobytes of it."""


class NamedVectors:
    """The vectors of one name. What papers are filed under stands beside all of them, and is not told again."""

    def __init__(self, server: Server, collection: str, name: str, dim: int) -> None:
        self._server = server
        self._collection = collection
        self._holding = models.Filter(must=[models.HasVectorCondition(has_vector=name)])
        self.name = name
        self.dim = dim

    def put(self, vectors: Mapping[int, Vector], facts: Mapping[int, Facts] | None = None) -> None:
        """Give vectors to papers; those that are not in the index are left out. Seen at once.

        Raises BadInput for a vector that is none.
        """
        points = [
            models.PointVectors(id=pk, vector={self.name: numbers(vector, self.dim)}) for pk, vector in vectors.items()
        ]
        for portion in batched(points, PORTION, strict=False):
            known = self._known([int(point.id) for point in portion])
            if wanted := [point for point in portion if point.id in known]:
                with self._server.asked("taking vectors in") as client:
                    client.update_vectors(self._collection, wanted, wait=True)

    def remove(self, ids: Sequence[int]) -> None:
        """Take the vectors of papers out; unknown ids are ignored."""
        if known := self._known(ids):
            with self._server.asked("taking vectors out") as client:
                client.delete_vectors(self._collection, [self.name], models.PointIdsList(points=[*known]), wait=True)

    def nearest(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers nearest by cosine that fulfil the filters. Raises BadInput for what is no vector."""
        wanted = numbers(vector, self.dim)
        if limit <= 0:
            return []
        with self._server.asked("searching") as client:
            found = client.query_points(
                self._collection,
                query=wanted,
                using=self.name,
                query_filter=terms.condition(filters),
                search_params=near(limit),
                limit=limit,
                with_payload=False,
            )
        return [Scored(int(point.id), float(point.score)) for point in found.points]

    def get(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors of papers; those that have none are left out."""
        found: dict[int, Vector] = {}
        for portion in batched(ids, PORTION, strict=False):
            with self._server.asked("reading vectors") as client:
                records = client.retrieve(self._collection, list(portion), with_payload=False, with_vectors=[self.name])
            found |= self._read(records)
        return found

    def each(self, size: int = 8192) -> Iterator[tuple[NDArray[np.int64], Vector]]:
        """Return all vectors by rising id: arrays of ids, and of vectors of shape (ids, dim), ``size`` at most."""
        for records in self._scrolled(size, [self.name]):
            held = self._read(records)
            if held:
                yield np.array(list(held), dtype=np.int64), np.stack(list(held.values()))

    def ids(self) -> NDArray[np.int64]:
        """Return the ids of the papers that have one, in rising order."""
        return np.array([int(record.id) for page in self._scrolled(10_000, []) for record in page], dtype=np.int64)

    def size(self) -> int:
        """Return how many papers have one."""
        with self._server.asked("counting") as client:
            return client.count(self._collection, self._holding, exact=True).count

    def flush(self) -> None:
        """Do nothing: each change is kept by the server before it answers."""

    def close(self) -> None:
        """Do nothing: the connection is the index's."""

    def _known(self, ids: Sequence[int]) -> set[int]:
        """Return which papers are in the index; the server would complain of others."""
        if not ids:
            return set()
        with self._server.asked("looking for papers") as client:
            there = client.retrieve(self._collection, list(ids), with_payload=False, with_vectors=False)
        return {int(found.id) for found in there}

    def _scrolled(self, size: int, names: list[str]) -> Iterator[list[models.Record]]:
        after: models.ExtendedPointId | None = None
        while True:
            with self._server.asked("reading vectors") as client:
                page, after = client.scroll(
                    self._collection,
                    scroll_filter=self._holding,
                    limit=size,
                    offset=after,
                    with_payload=False,
                    with_vectors=names or False,
                )
            yield page
            if after is None:
                return

    def _read(self, records: Sequence[models.Record]) -> dict[int, Vector]:
        return {
            int(record.id): np.asarray(record.vector[self.name], dtype=np.float32)
            for record in records
            if isinstance(record.vector, dict) and self.name in record.vector
        }
