"""The reading half of an index on a search server, which any number of processes open. The writing half: ``cluster``.

How a collection is laid out is ``layout``, what papers and questions are there ``fields``.
"""

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.search.index import SCHEMA, Filters, Need, Scored, Tally, Vector
from broadsheet.search.machine.trouble import IndexStale
from broadsheet.search.server import fields as terms
from broadsheet.search.server import layout
from broadsheet.search.server.connection import Server
from broadsheet.search.server.vectors import NamedVectors
from broadsheet.search.text.compounds import Alike

FRESH = 2.0
"""Seconds for which a reader believes that its collection is the one that is searched."""

_DEEPER, _DEEP = 3, 1000
"""Papers that each part of a score finds, against those that are wanted, and at least."""

_MOST_CATEGORIES, _MOST_YEARS = 40, 100


@dataclass(frozen=True, slots=True)
class Place:
    """Where an index is, and how it is to be made.

    folder: of this machine's locks. prefix: of the names there. shared: whether other machines share the database.
    """

    url: str
    folder: Path
    key: str = ""
    prefix: str = "broadsheet"
    shards: int = 0
    replicas: int = 1
    shared: bool = False

    @property
    def alias(self) -> str:
        """What is searched. Another schema has another one: processes of another version go on with theirs."""
        return f"{self.prefix}-{SCHEMA}"


class Shown(NamedTuple):
    """A collection as it stands."""

    collection: str
    card: layout.Card


class ClusterReader:
    """The reading half. It never changes its collection or space: see ``fresh``.

    shown: what is searched.
    """

    def __init__(self, server: Server, place: Place, shown: Shown) -> None:
        self._server: Server | None = server
        self._place = place
        self.shown = shown
        self._looked = time.monotonic()
        self._outdated = False

    @classmethod
    def open(cls, place: Place) -> Self:
        """Open the index for reading. Raises Conflict where there is none yet, Upstream where nothing answers."""
        with ExitStack() as undone:
            server = Server.at(place.url, place.key)
            undone.callback(server.let_go)
            found = searched(server, place)
            if found is None:
                raise Conflict(
                    f"There is no search index {place.alias} at {server.url} yet.",
                    "`broadsheet serve`, `worker` or `reindex` makes it from the papers; try again once one has.",
                )
            undone.pop_all()
        return cls(server, place, found)

    @property
    def space(self) -> str:
        """Of the vectors: the mark of the model that made them."""
        return self._about().card.space

    @property
    def vectors(self) -> NamedVectors:
        """The vectors alone."""
        return _vectors(self._asking(), self._about())

    def fresh(self) -> "ClusterReader":
        """Return what a search asks: this, or another where another collection or space is searched by now.

        The other one takes this one's place, which is not closed, as searches may still run in it.
        """
        if time.monotonic() - self._looked > FRESH:
            self._looked = time.monotonic()
            found = searched(self._asking(), self._place)
            if found is not None and found != self.shown:
                return ClusterReader(self._asking(), self._place, found)
        return self

    def words(
        self,
        text: str,
        *,
        limit: int,
        filters: Filters,
        alike: Sequence[Alike] = (),
        whole: bool = False,
    ) -> list[Scored]:
        """Return the best papers by BM25 for whatever text; nothing for one without words.

        The parts of the score find ``_DEEP`` papers each; of one that stands behind them there a part counts as
        nothing.
        """
        server = self._asking()
        ranking = terms.ranking(text, alike, deep=max(_DEEP, _DEEPER * limit))
        if ranking is None or limit <= 0:
            return []
        with server.asked("searching") as client:
            found = client.query_points(
                self.shown.collection,
                prefetch=ranking.parts,
                query=ranking.score,
                query_filter=terms.condition(filters),
                limit=limit,
                with_payload=False,
            )
        return [Scored(int(point.id), float(point.score)) for point in found.points]

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the nearest papers by cosine that fulfil the filters. Raises BadInput for what is no vector."""
        return _vectors(self._asking(), self.shown).nearest(vector, limit=limit, filters=filters)

    def having(self, ids: NDArray[np.int64], needs: Sequence[Need]) -> NDArray[np.int64]:
        """Return those of some papers that hold each of several words in one of its ways; ids rise, as given."""
        if not len(ids):
            return np.zeros(0, np.int64)
        with self._asking().asked("searching") as client:
            records, _ = client.scroll(
                self.shown.collection,
                scroll_filter=terms.needed(ids, needs),
                limit=len(ids),
                with_payload=False,
            )
        return np.array(sorted(int(record.id) for record in records), np.int64)

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors that papers are compared by."""
        return _vectors(self._asking(), self.shown).get(ids)

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; the score is the day as a number."""
        if limit <= 0:
            return []
        with self._asking().asked("listing papers") as client:
            records, _ = client.scroll(
                self.shown.collection,
                scroll_filter=terms.condition(filters),
                order_by=models.OrderBy(key=terms.DAY, direction=models.Direction.DESC),
                limit=limit,
                with_payload=False,
            )
        return [Scored(int(record.id), float(record.order_value or 0)) for record in records]

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters; with ``facets`` by category and by year too."""
        condition, name = terms.condition(filters), self.shown.collection
        with self._asking().asked("counting papers") as client:
            total = client.count(name, condition, exact=True).count
            if not facets:
                return Tally(total)
            categories, years = (
                client.facet(name, key, condition, limit=most, exact=True).hits
                for key, most in ((terms.CATEGORIES, _MOST_CATEGORIES), (terms.YEAR, _MOST_YEARS))
            )
        return Tally(
            total,
            tuple((str(hit.value), hit.count) for hit in categories),
            tuple((int(hit.value), hit.count) for hit in years),
        )

    def size(self) -> int:
        """Return the number of papers in the index."""
        with self._asking().asked("counting papers") as client:
            return client.count(self._about().collection, exact=True).count

    def told(self) -> dict[str, Any] | None:
        """Return what its writer told last of how far the index is."""
        with self._asking().asked("reading how far the index is") as client:
            metadata = client.get_collection(self._about().collection).config.metadata
        state = (metadata or {}).get("state")
        return state if isinstance(state, dict) else None

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._server is None

    def close(self) -> None:
        """Let go of the connection. A second call does nothing."""
        if self._server is not None:
            server, self._server = self._server, None
            server.let_go()

    def _about(self) -> Shown:
        """Return the collection that everything but searching is about."""
        return self.shown

    def _asking(self) -> Server:
        if self._server is None:
            raise BroadsheetError("The search index is closed.")
        return self._server


def _vectors(server: Server, one: Shown) -> NamedVectors:
    return NamedVectors(server, one.collection, one.card.vectors, one.card.dim)


def searched(server: Server, place: Place) -> Shown | None:
    """Return the collection that is searched; None where there is none. Raises IndexStale where it is not ours."""
    with server.asked("looking for the index") as client:
        aliases = client.get_aliases().aliases
    names = [alias.collection_name for alias in aliases if alias.alias_name == place.alias]
    return shown(server, place, names[0]) if names else None


def shown(server: Server, place: Place, name: str) -> Shown:
    """Return a collection as it stands. Raises IndexStale where it is not of this version's making."""
    with server.asked("looking for the index") as client:
        metadata = client.get_collection(name).config.metadata
    card = layout.Card.read(metadata)
    if card is None or card.schema != SCHEMA:
        raise IndexStale(
            f"The collection {name} at {server.url} is "
            + (f"of schema {card.schema}; this version needs {SCHEMA}." if card else "not one of Broadsheet's."),
            f"Set BROADSHEET_SEARCH_PREFIX to another beginning of names than {place.prefix!r}, or delete it there; "
            "the papers are all in the database.",
        )
    return Shown(name, card)
