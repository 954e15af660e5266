"""Submissions at OpenReview, from answers of its API (version 2, and what version 1 has in common with it)."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from broadsheet.errors import Upstream
from broadsheet.sources.entries import KEPT, Row, folded, row_of
from broadsheet.sources.paper_ids import arxiv_id, bare_doi, keys_of, openreview_key, publishers_doi
from broadsheet.sources.record import Reject

API = "https://api2.openreview.net/notes"
SLICE = 1000
_HIDDEN = frozenset({"anonymous", "anonymous authors", "anonymous author(s)"})
_NOT_OUT = re.compile(r"/(?:[A-Za-z_]*Submissions?|[A-Za-z_]*Submission\d*)$")
_ADDRESS = re.compile(r"https?://(?:www\.)?openreview\.net/(?P<what>forum|group|pdf)\?(?P<query>[^#]*)", re.IGNORECASE)


def is_answer(value: object) -> bool:
    """Whether decoded JSON is an answer of the API, or a list of its notes."""
    notes = value.get("notes") if isinstance(value, dict) else value
    if not isinstance(notes, list) or (isinstance(value, list) and not notes):
        return False
    return not notes or (isinstance(notes[0], dict) and isinstance(notes[0].get("content"), dict))


def api_address(address: str) -> str:
    """Return what the API calls a page of OpenReview: one submission, or the submissions of a venue.

    An address of the API itself gets an order and a limit; any other stays as it is.
    """
    found = _ADDRESS.match(address)
    names = dict(parse_qsl(found["query"])) if found else {}
    if not found or not names.get("id"):
        # Later slices come in the order of submission, so the first one must.
        return slice_of(address, 0) if urlsplit(address).path.endswith("/notes") else address
    field = "content.venueid" if found["what"].lower() == "group" else "id"
    return slice_of(f"{API}?{urlencode({field: names['id']})}", 0)


def slice_of(address: str, start: int) -> str:
    """Return the address of the notes from number ``start`` on, of an address that asks for many."""
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    if "id" in query:
        return address
    begun = int(query["offset"]) if query.get("offset", "").isdecimal() else 0
    query = {"limit": str(SLICE), "sort": "number:asc"} | query | {"offset": str(begun + start)}
    return parts._replace(query=urlencode(query)).geturl()


def refusal(body: bytes, address: str) -> Upstream | None:
    """Return why OpenReview refused an address, where it did so in its own way."""
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = told.get("name") if isinstance(told, dict) else None
    if name == "ChallengeRequiredError":
        return Upstream(
            f"OpenReview asks a visitor of {address[:200]} for a check that only a browser can pass.",
            "Open that address in a browser, save what it shows as a .json file, and take in the file.",
        )
    if not isinstance(name, str):
        return None
    return Upstream(f"OpenReview refused {address[:200]}: {str(told.get('message', name))[:200]}.", "Look at the id.")


def read(answer: Any, name: str, more: Callable[[int], Any] | None = None) -> Iterator[Row]:
    """Yield the submissions of an answer and of those after it; what replies to one, such as a review, is none.

    answer: decoded. more: returns the answer that begins at some number, None where there is no more than this one.
    Raises Upstream where an answer is of another shape.
    """
    given, before = 0, None
    while True:
        notes = answer.get("notes") if isinstance(answer, dict) else answer
        if not isinstance(notes, list) or (notes and notes == before):
            raise Upstream("OpenReview's answer holds no notes, or those of the answer before.", "Try again later.")
        yield from filter(None, (_row(note, name) for note in notes))
        given += len(notes)
        total = answer.get("count") if isinstance(answer, dict) else None
        if more is None or not notes or (isinstance(total, int) and given >= total):
            return
        answer, before = more(given), notes


def _row(note: object, name: str) -> Row | None:
    raw = json.dumps(note, ensure_ascii=False)
    if not isinstance(note, dict) or not isinstance(note.get("content"), dict):
        return Reject("The note has no content.", raw[:KEPT])
    if note.get("replyto"):
        return None
    content = {field: _value(value) for field, value in note["content"].items()}
    place = f"note {str(note.get('id', '?'))[:40]}"
    return row_of(_facts(note, content), name, place, raw)


def _facts(note: Mapping[str, Any], content: Mapping[str, Any]) -> dict[str, Any]:
    texts = {field: value for field, value in content.items() if isinstance(value, str)}
    addresses = [texts.get(field, "") for field in ("arxiv", "arxiv_id", "html", "pdf", "ee", "url")]
    own = str(note.get("forum") or note.get("id") or "")
    venue, where = texts.get("venue", ""), texts.get("venueid", "")
    is_out = bool(venue) and not _NOT_OUT.search(where) and not venue.lower().startswith(("submitted to", "corr "))
    is_withdrawn = "withdrawn" in where.lower() or note.get("ddate")
    updated = _moment(note, "mdate", "tmdate")
    arxiv = arxiv_id(addresses)
    others = keys_of(addresses)
    return {
        "id": arxiv or (openreview_key(own) if own else ""),
        "other_ids": [*others, openreview_key(own)] if own else others,
        "title": folded(texts.get("title", "")),
        "abstract": texts.get("abstract"),
        "authors": _authors(content.get("authors")),
        # What is brought over from elsewhere bears the day of that, and arXiv knows its own better.
        "published": "" if arxiv else _moment(note, "odate", "cdate", "tcdate", "pdate"),
        "updated": "" if arxiv else updated,
        "withdrawn": (_moment(note, "ddate") or updated) if is_withdrawn else None,
        "comment": "" if is_out else venue,
        "doi": publishers_doi(bare_doi(texts.get("doi", "")), bare_doi(texts.get("html", ""))),
        "journal_ref": venue if is_out else "",
        "keywords": _terms(content.get("keywords")),
        "github": texts.get("code") or texts.get("github"),
        "project_page": texts.get("project_page") or texts.get("website"),
    }


def _value(value: object) -> object:
    """Return a field's value; version 2 wraps each in an object, as some are for fewer eyes than others."""
    return value.get("value") if isinstance(value, dict) and "value" in value else value


def _authors(authors: object) -> list[str] | None:
    """Return the names; none where a venue hides them as long as it reviews."""
    if not isinstance(authors, list):
        return None
    told = (author.get("fullname") if isinstance(author, dict) else author for author in authors)
    names = [folded(author) for author in told if isinstance(author, str)]
    return None if any(author.lower() in _HIDDEN for author in names) else names


def _terms(terms: object) -> list[str]:
    listed = re.split(r"[,;]", terms) if isinstance(terms, str) else terms if isinstance(terms, list) else []
    return [term for one in listed if isinstance(one, str) and (term := folded(one))]


def _moment(note: Mapping[str, Any], *names: str) -> str | None:
    """Return the first of some moments that a note has; they come in milliseconds since 1970."""
    for name in names:
        value = note.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < 7e12:
            return datetime.fromtimestamp(value / 1000, UTC).isoformat()
    return None
