"""The port of search on a Qdrant server or cluster, for more than one machine: chosen by BROADSHEET_SEARCH_URL.

An alias leads to the collection that is searched, so that another can be made beside it and take its place at once.
One process writes (``server.lock``), any number read (``server.reader``). What others want to know of how far the
index is lies in its collection: ``tell`` and ``told``.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from itertools import batched
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db import connection
from qdrant_client import models

from broadsheet.errors import BadInput, Conflict
from broadsheet.search.index import Document, Vector
from broadsheet.search.server import fields as terms
from broadsheet.search.server import layout
from broadsheet.search.server.collections import delete, drop_vectors, target, upsert, vector_sizes
from broadsheet.search.server.connection import Server
from broadsheet.search.server.lock import WritersPlace
from broadsheet.search.server.reader import ClusterReader, Place, Shown, searched
from broadsheet.search.server.vectors import PORTION, NamedVectors

KEEP_FORMER = 60.0
"""Seconds that a collection is kept once another took its place: readers look every two."""

WRITERS = 4
"""Requests under way at once while papers are taken in."""


_mine: list["ClusterIndex"] = []
"""What this process writes."""


def place() -> Place:
    """Return where the settings say that the index is."""
    return Place(
        settings.SEARCH_URL,
        Path(settings.INDEX_DIR),
        key=settings.SEARCH_KEY,
        prefix=settings.SEARCH_PREFIX,
        shards=settings.SEARCH_SHARDS,
        replicas=settings.SEARCH_REPLICAS,
        shared=connection.vendor == "postgresql",
    )


class ClusterIndex(ClusterReader):
    """The whole port, which one process has at a time. See ``index.Index`` for what each call promises.

    Everything is kept by the server, on as many machines as there are replicas, before a call returns; what was added
    is found from then on. Where an index is being made beside the one that is searched, searches go on in that one, and
    everything else is about the new one, until it is ``complete``.
    """

    def __init__(self, server: Server, where: Place, written: Shown, live: Shown, lock: WritersPlace) -> None:
        super().__init__(server, where, live)
        self._target = written
        self._lock = lock
        self._writers = ThreadPoolExecutor(WRITERS, "search-writer")
        self._reader: ClusterReader | None = None
        self._left: dict[str, tuple[float, Callable[[], None]]] = {}

    @classmethod
    def own(cls, where: Place, *, space: str, dim: int, anew: bool = False) -> Self:
        """Open the index for reading and writing; this process has it until ``close``.

        space, dim: of the vectors of an index that is made now. anew: make one whatever there is, which is searched
        until the new one is complete; so it is with one of another number of shards. A making that was left goes on.
        Raises Conflict where another process writes, and Upstream where no server answers.
        """
        with ExitStack() as undone:
            lock = WritersPlace(where.folder, f"{where.url} {where.alias}", shared=where.shared)
            undone.callback(lock.leave)
            server = Server.at(where.url, where.key)
            undone.callback(server.let_go)
            live = searched(server, where)
            written = target(server, where, live, layout.Card(space, dim, shards=where.shards), anew=anew)
            index = cls(server, where, written, live or written, lock)
            if live is None:
                index.complete()
            drop_vectors(
                server, written.collection, vector_sizes(server, written.collection).keys() - {written.card.vectors}
            )
            undone.pop_all()
        return index

    def fresh(self) -> ClusterReader:
        """Return what a search asks. Nobody else changes what this process writes."""
        server = self._asking()
        if self._reader is None or self._reader.shown != self.shown:
            self._reader = ClusterReader(server, self._place, self.shown)
        return self._reader

    def add(self, documents: Sequence[Document]) -> None:
        """Add papers, or replace those with the same id and their vectors. Found at once."""
        card = self._target.card
        last = {document.id: document for document in documents}
        points = [
            models.PointStruct(
                id=document.id,
                vector={} if document.vector is None else {card.vectors: layout.numbers(document.vector, card.dim)},
                payload=dict(terms.payload(document)),
            )
            for document in last.values()
        ]
        server = self._writing()
        put = partial(upsert, server, self._target.collection)
        # All are waited for: of two calls with the same paper the later one counts.
        for done in [self._writers.submit(put, portion) for portion in batched(points, PORTION, strict=False)]:
            done.result()

    def set_vectors(self, vectors: Mapping[int, Vector]) -> None:
        """Give vectors to papers; unknown ids are ignored. Raises BadInput for a vector that is none."""
        self._writing()
        self.vectors.put(vectors)

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out at once; unknown ids are ignored."""
        server = self._writing()
        for portion in batched(ids, 10_000, strict=False):
            with server.asked("taking papers out") as client:
                client.delete(self._target.collection, models.PointIdsList(points=list(portion)), wait=True)

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids above ``after``, in rising order."""
        if limit <= 0:
            return []
        with self._asking().asked("listing papers") as client:
            records, _ = client.scroll(
                self._target.collection, limit=limit, offset=max(after, -1) + 1, with_payload=False
            )
        return [int(record.id) for record in records]

    def flush(self) -> None:
        """Return when all of it is kept, as it is already; take away what readers have left."""
        self._writing()
        for name, (since, take_away) in list(self._left.items()):
            if time.monotonic() - since > KEEP_FORMER:
                del self._left[name]
                take_away()

    def complete(self) -> None:
        """Say that everything stored was taken over: a collection that was made beside takes its place at once."""
        server = self._writing()
        if searched(server, self._place) == self._target:
            return
        changes: list[models.AliasOperations] = [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=self._target.collection, alias_name=self._place.alias)
            )
        ]
        if self.shown != self._target:
            self._left[self.shown.collection] = time.monotonic(), partial(delete, server, self.shown.collection)
            gone = models.DeleteAliasOperation(delete_alias=models.DeleteAlias(alias_name=self._place.alias))
            changes.insert(0, gone)
        with server.asked("putting the new index in its place") as client:
            client.update_collection_aliases(changes)
        self.shown = self._target

    def _about(self) -> Shown:
        return self._target

    def begin_vectors(self, name: str, dim: int) -> NamedVectors:
        """Return empty vectors of a further name, which are not searched. Raises Conflict where that name is used."""
        server, written = self._writing(), self._target
        if name == written.card.vectors:
            raise Conflict(f"The vectors {name} are those that are searched.", "Choose another name.")
        self.drop_vectors(name)
        self._left.pop(name, None)
        with server.asked("making room for vectors") as client:
            client.create_vector_name(written.collection, name, layout.further_vectors(dim))
        return NamedVectors(server, written.collection, name, dim)

    def drop_vectors(self, name: str) -> None:
        """Throw away what ``begin_vectors`` gave under that name."""
        server, written = self._writing(), self._target
        if name != written.card.vectors:
            drop_vectors(server, written.collection, {name})

    def use_vectors(self, name: str, space: str) -> None:
        """Search the vectors of another name from now on, in their space; the former go once no reader asks them."""
        server, written = self._writing(), self._target
        sizes = vector_sizes(server, written.collection)
        if name not in sizes:
            raise BadInput(f"No vectors were begun under the name {name}.", "Call begin_vectors first.")
        card = replace(written.card, vectors=name, space=space, dim=sizes[name])
        with server.asked("changing the vectors") as client:
            client.update_collection(written.collection, metadata=card.written())
        self._target = Shown(written.collection, card)
        if self.shown == written:
            self.shown = self._target
        former = written.card.vectors
        self._left[former] = time.monotonic(), partial(drop_vectors, server, written.collection, {former})

    def tell(self, state: Mapping[str, Any]) -> None:
        """Write down how far the index is, for all processes."""
        with self._writing().asked("noting how far the index is") as client:
            client.update_collection(self._target.collection, metadata={"state": dict(state)})

    def close(self) -> None:
        """Let go of the connection, and let others write. A second call does nothing."""
        if self._server is not None:
            self._writers.shutdown()
            super().close()
            self._lock.leave()

    def _writing(self) -> Server:
        server = self._asking()
        self._lock.check()
        return server


def own(*, space: str, dim: int, anew: bool = False) -> ClusterIndex:
    """Open the index of the settings for reading and writing: see ``ClusterIndex.own``."""
    index = ClusterIndex.own(place(), space=space, dim=dim, anew=anew)
    _mine.append(index)
    return index


def reader() -> ClusterReader:
    """Open the index of the settings for reading: see ``ClusterReader.open``."""
    return ClusterReader.open(place())


def space() -> str:
    """Return the space of what is searched; empty where nothing is yet."""
    if index := _written():
        return index.fresh().space
    try:
        with closing(reader()) as opened:
            return opened.space
    except Conflict:
        return ""


def told() -> dict[str, Any] | None:
    """Return what is told of how far the index of the settings is; None where nothing is, or there is none.

    In the process that writes it is about what is written.
    """
    if index := _written():
        return index.told()
    try:
        with closing(reader()) as opened:
            return opened.told()
    except Conflict:
        return None


def tell(state: Mapping[str, Any]) -> None:
    """Tell how far the index of the settings is. Raises Conflict where this process does not write it."""
    index = _written()
    if index is None:
        raise Conflict("This process does not write the search index.", "Only who does tells how far it is.")
    index.tell(state)


def _written() -> ClusterIndex | None:
    _mine[:] = [index for index in _mine if not index.closed]
    return _mine[-1] if _mine else None
