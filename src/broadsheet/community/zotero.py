"""A library or collection of Zotero read through its web API (version 3). The key is used once and kept nowhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

from django.conf import settings

from broadsheet.errors import BadInput, NotFound, Refused, Upstream
from broadsheet.papers.bibliography import Entry
from broadsheet.sources.http import Answer, PoliteClient
from broadsheet.sources.paper_ids import arxiv_id, bare_doi
from broadsheet.work import gates

MOST_ITEMS = 2000
"""Items of one import: some twenty requests, which a reader can wait for."""

PAGE = 100
DELAY = 0.2
"""Seconds between two requests: somebody waits for them, and Zotero tells by Backoff when it wants more."""

_NO_PAPERS = {"attachment", "note", "annotation"}


def fetch(
    kind: str, library: str, *, key: str = "", collection: str = "", client: PoliteClient | None = None
) -> list[Entry]:
    """Return the items of a library, or of one of its collections, in the order they were added.

    kind: ``user`` or ``group``. library: its number. key: an API key, needed for what is not public. collection: the
    eight signs that name it in its address; '' for the whole library.
    Raises BadInput for what cannot be right and for more than MOST_ITEMS items, NotFound, Refused where the key does
    not open the library or the site asks no network, Upstream where Zotero does not answer as it should.
    """
    address = _address(kind, library, collection)
    if not re.fullmatch(r"([A-Za-z0-9]{16,64})?", key):
        raise BadInput("This is not an API key of Zotero.", "Make one at zotero.org/settings/keys; reading is enough.")
    if settings.OFFLINE:
        raise Refused("This site asks no network (BROADSHEET_OFFLINE).", "Export a file from Zotero and bring it.")
    client = client or PoliteClient(lambda host: gates.gate(host, DELAY), contact=settings.CONTACT)
    entries: list[Entry] = []
    for item in _items(client, address, key):
        if entry := _entry(item, len(entries) + 1):
            entries.append(entry)
    return entries


def _address(kind: str, library: str, collection: str) -> str:
    if kind not in ("user", "group"):
        raise BadInput(f"{kind[:20]!r} is not a kind of library.", "It is user or group.")
    if not re.fullmatch(r"[0-9]{1,12}", library):
        raise BadInput(
            f"{library[:20]!r} is not the number of a library.",
            "Yours stands at zotero.org/settings/keys; a group's in its address.",
        )
    if not re.fullmatch(r"([A-Z0-9]{8})?", collection):
        raise BadInput(f"{collection[:20]!r} is not a collection.", "Its eight signs stand at the end of its address.")
    within = f"/collections/{collection}" if collection else ""
    return f"{settings.ZOTERO_API.rstrip('/')}/{kind}s/{library}{within}/items/top"


def _items(client: PoliteClient, address: str, key: str) -> Iterator[Any]:
    """Yield the items page by page; the library's version must stay the same, else some would be missed."""
    headers = {"Zotero-API-Version": "3"} | ({"Zotero-API-Key": key} if key else {})
    asked = {"format": "json", "limit": str(PAGE), "sort": "dateAdded", "direction": "asc"}
    start, version = 0, ""
    while True:
        answer = client.get(address, asked | {"start": str(start)}, headers)
        _check(answer)
        page, total = _read(answer)
        if total > MOST_ITEMS:
            raise BadInput(
                f"There are {total:,} items, and {MOST_ITEMS:,} are fetched at once.",
                "Choose a collection, or export a file from Zotero.",
            )
        now = answer.headers.get("last-modified-version", "")
        if start and now != version:
            raise Upstream("The library changed while it was read.", "Try again.")
        version = now
        yield from page
        start += PAGE
        if not page or start >= total:
            return
        if (wait := answer.headers.get("backoff", "")).isdigit():
            client.hold(address, float(wait))


def _check(answer: Answer) -> None:
    if answer.status == 403:
        raise Refused("Zotero does not open this library with this key.", "See what the key may read, or give one.")
    if answer.status == 404:
        raise NotFound("Zotero knows no such library or collection.", "Compare the number and the collection's signs.")
    if answer.status != 200:
        raise Upstream(f"Zotero answered {answer.status}.", "Try again later, or export a file.")


def _read(answer: Answer) -> tuple[list[Any], int]:
    try:
        page = json.loads(answer.body)
        total = int(answer.headers.get("total-results", "0"))
    except (ValueError, RecursionError):
        page, total = None, 0
    if not isinstance(page, list):
        raise Upstream("Zotero's answer is not the list it should be.", "Try again later, or export a file.")
    return page, max(total, len(page))


def _entry(item: Any, number: int) -> Entry | None:
    """Return an item as an entry; None for what is no paper, such as a file or a note that stands alone."""
    data = item.get("data") if isinstance(item, dict) else None
    if not isinstance(data, dict):
        return Entry(f"item {number}", problem="it has no data")
    if data.get("itemType") in _NO_PAPERS:
        return None
    facts = {name: re.sub(r"[\ud800-\udfff\0]", "", text) for name, text in data.items() if isinstance(text, str)}
    creators = data.get("creators")
    whole = [facts.get(name, "") for name in ("archiveID", "url", "DOI", "archiveLocation", "number", "reportNumber")]
    within = [facts.get(name, "") for name in ("extra", "publicationTitle", "repository")]
    return Entry(
        place=f"item {number} ({facts.get('key', '')[:20]})",
        title=re.sub(r"</?(?:i|b|sub|sup|span)\b[^>]*>", "", facts.get("title", "")),
        authors=tuple(_authors(creators if isinstance(creators, list) else [])),
        arxiv=arxiv_id(whole, within),
        doi=bare_doi(facts.get("DOI", ""), facts.get("url", ""), facts.get("extra", "")),
    )


def _authors(creators: list[Any]) -> Iterator[str]:
    for creator in creators:
        if isinstance(creator, dict) and creator.get("creatorType", "author") == "author":
            parts = (creator.get(name) for name in ("firstName", "lastName", "name"))
            yield " ".join(part for part in parts if isinstance(part, str) and part)
