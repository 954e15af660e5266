"""Preprints of bioRxiv and medRxiv, from answers of their API's ``details``, which come slice by slice."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from broadsheet.errors import Upstream
from broadsheet.sources.entries import KEPT, Row, folded, in_reading_order, row_of
from broadsheet.sources.paper_ids import bare_doi, doi_in, key_of
from broadsheet.sources.record import Reject

API = "https://api.biorxiv.org/details"
SERVERS = ("biorxiv", "medrxiv")
_PAGE = re.compile(r"https?://(?:www\.)?(?P<server>(?:bio|med)rxiv)\.org/content/(?!early/20)", re.IGNORECASE)
_INTERVAL = re.compile(
    r"(?P<before>/details/(?:bio|med)rxiv/(?:\d{4}-\d\d-\d\d/\d{4}-\d\d-\d\d|\d+d?))(?:/(?P<start>\d+))?(?:/json)?/?$",
    re.IGNORECASE,
)
_WITHDRAWN = re.compile(r"\s*\W?(?:withdrawn|retracted)\b(?:[^:]{0,20}:|\s*$)", re.IGNORECASE)


def is_answer(value: object) -> bool:
    """Whether decoded JSON is an answer of the API."""
    return isinstance(value, dict) and isinstance(value.get("collection"), list) and "messages" in value


def server_of(answer: Mapping[str, Any]) -> str:
    """Return which server an answer is of: ``biorxiv`` or ``medrxiv``."""
    rows = [row for row in answer["collection"] if isinstance(row, dict)]
    name = str(rows[0].get("server", "")).lower() if rows else ""
    return name if name in SERVERS else SERVERS[0]


def newest(server: str, since: str, until: str) -> str:
    """Return the address of a server's preprints of some days, in ISO form, both included."""
    return f"{API}/{server}/{since}/{until}/0/json"


def api_address(address: str) -> str:
    """Return what the API calls the page of a preprint; any other address as it is."""
    page, doi = _PAGE.match(address), doi_in(address)
    return f"{API}/{page['server'].lower()}/{doi}/na/json" if page and doi else address


def slice_of(address: str, start: int) -> str:
    """Return the address of the preprints from number ``start`` on, of an address that asks for some days."""
    parts = urlsplit(address)
    found = _INTERVAL.search(parts.path)
    if not found:
        return address
    first = int(found["start"] or 0) + start
    return parts._replace(path=f"{parts.path[: found.start()]}{found['before']}/{first}/json").geturl()


def read(answer: Any, name: str, more: Callable[[int], Any] | None = None) -> Iterator[Row]:
    """Yield the preprints of an answer and of those after it, each version as a row of its own.

    answer: decoded. more: returns the answer that begins at some number, None where there is no more than this one.
    Raises Upstream where an answer tells of trouble, or ends before the number of preprints that it names.
    """
    given, total = 0, None
    while True:
        if not is_answer(answer):
            raise Upstream("The preprint server's answer holds no collection.", "Try again later.")
        told = next((one for one in answer["messages"] or [] if isinstance(one, dict)), {})
        status = str(told.get("status", "ok"))
        if status != "ok" and not re.match(r"no (?:posts|articles|papers)", status, re.IGNORECASE):
            raise Upstream(f"The preprint server answered: {status[:200]}.", "Try again later.")
        rows = answer["collection"]
        yield from (_row(row, name) for row in rows)
        given += len(rows)
        total = _total(told) if total is None else total
        if more is None or total is None or given >= total:
            return
        if not rows:
            raise Upstream(f"The preprint server sent {given} of {total} preprints and then nothing.", "Try again.")
        answer = more(given)


def _total(message: Mapping[str, Any]) -> int | None:
    """Return how many rows there are from where the first answer began; the API writes numbers as texts at times."""
    told = re.fullmatch(r"\d{1,9}", str(message.get("total", "")))
    start = re.fullmatch(r"\d{1,9}", str(message.get("cursor", "")))
    return int(told[0]) - (int(start[0]) if start else 0) if told else None


def _row(row: object, name: str) -> Row:
    raw = json.dumps(row, ensure_ascii=False)
    if not isinstance(row, dict):
        return Reject("The row is not an object.", raw[:KEPT])
    texts = {field: "" if value == "NA" else value for field, value in row.items() if isinstance(value, str)}
    doi, day, title = bare_doi(texts.get("doi", "")), texts.get("date", ""), folded(texts.get("title", ""))
    version = re.fullmatch(r"[1-9]\d{0,3}", str(row.get("version", "")))
    number = int(version[0]) if version else None
    is_withdrawn = "withdraw" in texts.get("type", "").lower() or _WITHDRAWN.match(title)
    facts = {
        "id": key_of([], doi=doi),
        "title": title,
        "abstract": texts.get("abstract"),
        "authors": [in_reading_order(author) for author in texts.get("authors", "").split(";") if author.strip()],
        "version": number,
        "published": day if number in (None, 1) else None,
        "updated": day,
        "withdrawn": day if is_withdrawn else None,
        # The journal's own once there is one; the preprint's stands in the key.
        "doi": bare_doi(texts.get("published", "")) or doi,
        "keywords": [texts["category"]] if texts.get("category") else [],
    }
    return row_of(facts, name, doi[:80] or "a row without a DOI", raw)
