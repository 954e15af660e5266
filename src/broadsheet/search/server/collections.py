"""Collections of a search server: made, found again, emptied and thrown away. What is in them: ``layout``."""

import logging
import re
import secrets
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from qdrant_client import models

from broadsheet.errors import BroadsheetError
from broadsheet.search.server import layout
from broadsheet.search.server.connection import Server
from broadsheet.search.server.reader import Place, Shown, shown

logger = logging.getLogger(__name__)


def target(server: Server, where: Place, live: Shown | None, card: layout.Card, *, anew: bool = False) -> Shown:
    """Return the collection that is to be written: that which is searched, where it will do; not so ``anew``.

    Else one that was begun beside it and not ended, or a new one, laid out by ``card``. Any others that are of no use
    any more are deleted.
    """
    suits = live is not None and not anew and where.shards in (0, live.card.shards)
    found = live if suits else None
    for name in _beside(server, where, live):
        one = shown(server, where, name)
        if found is None and one.card == card:
            found = one
        else:
            delete(server, name)
    if found is not None and found == live:
        return found
    found = found or _made(server, where, card)
    _index_fields(server, found.collection)
    return found


def _beside(server: Server, where: Place, live: Shown | None) -> list[str]:
    """Return the names of this site's collections beside the one that is searched; other sites may be there too."""
    with server.asked("looking for the index") as client:
        names = sorted(one.name for one in client.get_collections().collections)
    ours = re.compile(re.escape(where.alias) + "-[0-9a-f]{8}")
    return [name for name in names if ours.fullmatch(name) and not (live and name == live.collection)]


def _made(server: Server, where: Place, card: layout.Card) -> Shown:
    name = f"{where.alias}-{secrets.token_hex(4)}"
    with server.asked("making a new index") as client:
        client.create_collection(name, **layout.collection(card, replicas=where.replicas))
    return Shown(name, card)


def _index_fields(server: Server, name: str) -> None:
    """Have the fields of a collection indexed; those that are already stay as they are."""
    with server.asked("making a new index") as client:
        for field, params in layout.fields():
            client.create_payload_index(name, field, params, wait=True)


def delete(server: Server, name: str) -> None:
    """Delete a collection."""
    logger.info("The collection %s is no longer searched, and is deleted.", name)
    with server.asked("deleting a former index") as client:
        client.delete_collection(name)


def drop_vectors(server: Server, collection: str, names: AbstractSet[str]) -> None:
    """Take vectors of some names away; unknown ones are ignored."""
    there = vector_sizes(server, collection)
    with server.asked("taking vectors away") as client:
        for name in names & there.keys():
            client.delete_vector_name(collection, name)


def upsert(server: Server, collection: str, points: Sequence[models.PointStruct]) -> None:
    """Take papers in, or replace them."""
    with server.asked("taking papers in") as client:
        client.upsert(collection, list(points), wait=True)


def vector_sizes(server: Server, collection: str) -> dict[str, int]:
    """Return the names of a collection's vectors with their length."""
    with server.asked("looking for the index") as client:
        named = client.get_collection(collection).config.params.vectors
    if not isinstance(named, dict):
        raise BroadsheetError(f"The collection {collection} has no named vectors.", "It is somebody else's.")
    return {name: params.size for name, params in named.items()}
