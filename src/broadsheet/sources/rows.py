"""Reading one row of the documented record format (docs/record-format.md) into a Record, or saying why not."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from broadsheet.errors import BadInput
from broadsheet.sources import arxiv_ids
from broadsheet.sources.record import Record

LONGEST_TEXT = 100_000
LONGEST_SOURCE = 80
# Without empty and dotted steps, so that a key can stand in an address of a page.
OTHER_KEY = re.compile(r"(?=.{3,62}$)[a-z][a-z0-9-]{1,20}:[\w-][\w.()-]*(?:/[\w-][\w.()-]*)*", re.ASCII)
"""The key of a paper that is not arXiv's: the name of a place and the id there."""


def record_of(row: object, source: str) -> Record:
    """Return the record that a decoded row stands for.

    source: kept as provenance, unless the row names its own.
    Raises BadInput that names the field, what was found and what it takes.
    """
    if not isinstance(row, dict):
        raise BadInput("The row is not an object.")
    key, version = _key(row)
    description = _text(row, "description")
    return Record(
        id=key,
        title=_needed(row, "title"),
        source=_source(row) or source,
        abstract=_text(row, "abstract") or description,
        abstract_kind="description" if description and not _text(row, "abstract") else "abstract",
        authors=_texts(row, "authors"),
        categories=_texts(row, "categories"),
        version=_number(row, "version") or version,
        announced=_day(row, "announced") or _day(row, "first_listed"),
        featured=_day(row, "featured") or _day(row, "daily_date"),
        published=_moment(row, "published"),
        updated=_moment(row, "updated"),
        withdrawn=_moment(row, "withdrawn"),
        comment=_text(row, "comment"),
        doi=_text(row, "doi"),
        journal_ref=_text(row, "journal_ref"),
        licence=_address(row, "licence"),
        history=_history(row),
        other_ids=_other_ids(row, key),
        votes=_number(row, "upvotes"),
        votes_seen=_votes_seen(row),
        comment_count=_number(row, "comments"),
        keywords=_texts(row, "keywords"),
        machine_summary=_text(row, "summary"),
        code_url=_address(row, "github"),
        code_stars=_number(row, "github_stars"),
        project_url=_address(row, "project_page"),
        organization=(_text(row, "organization_slug"), _text(row, "organization")),
    )


def _key(row: Mapping[str, Any]) -> tuple[str, int | None]:
    text = _needed(row, "id")
    is_other = OTHER_KEY.fullmatch(text) and not text.startswith("arxiv:") and not arxiv_ids.find(text)
    return (text, None) if is_other else arxiv_ids.split_version(text)


def _other_ids(row: Mapping[str, Any], own: str) -> tuple[str, ...]:
    """Return the further ids of a paper, spelled as keys are."""
    found = [text if OTHER_KEY.fullmatch(text) else arxiv_ids.canonical(text) for text in _texts(row, "other_ids")]
    return tuple(dict.fromkeys(key for key in found if key != own))


def _source(row: Mapping[str, Any]) -> str:
    text = _text(row, "source")
    if len(text) > LONGEST_SOURCE:
        raise BadInput(f"source has {len(text)} characters; at most {LONGEST_SOURCE} are taken.")
    return text


def _needed(row: Mapping[str, Any], name: str) -> str:
    text = _text(row, name)
    if not text:
        raise BadInput(f"The row has no {name}.")
    return text


def _text(row: Mapping[str, Any], name: str) -> str:
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{name} is {_shown(value)}; it takes a text.")
    return _stored(value, name)


def _stored(value: str, name: str) -> str:
    """Return a text that every database can hold: not endless, without NUL and without halves of surrogate pairs."""
    if len(value) > LONGEST_TEXT:
        raise BadInput(f"{name} has {len(value)} characters; at most {LONGEST_TEXT} are taken.")
    if "\0" in value:
        raise BadInput(f"{name} holds a NUL character.")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            raise BadInput(f"{name} holds half of a surrogate pair.") from None
    return value.strip()


def _texts(row: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = row.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadInput(f"{name} is {_shown(value)}; it takes a list of texts.")
    return tuple(text for one in value if (text := _stored(one, name)))


def _number(row: Mapping[str, Any], name: str) -> int | None:
    value = row.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
        raise BadInput(f"{name} is {_shown(value)}; it takes a whole number that is not negative.")
    return value


def _day(row: Mapping[str, Any], name: str) -> date | None:
    moment = _moment(row, name)
    return moment.date() if moment else None


def _moment(row: Mapping[str, Any], name: str) -> datetime | None:
    value = row.get(name)
    if value is None or value == "":
        return None
    try:
        return moment_of(value)
    except (TypeError, ValueError):
        raise BadInput(f"{name} is {_shown(value)}; it takes a day like 2026-11-21, or a time.") from None


def moment_of(text: str | datetime) -> datetime:
    """Return the moment of an ISO day or time, or of one read already; without a zone in UTC. Raises ValueError."""
    moment = text if isinstance(text, datetime) else datetime.fromisoformat(text)
    if not 1900 <= moment.year <= 2200:
        raise ValueError(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _address(row: Mapping[str, Any], name: str) -> str:
    """Return a web address; one that is not http or https is dropped, as it may be a script."""
    text = _text(row, name)
    return text if re.match(r"https?://[^\s<>\"]+$", text, re.IGNORECASE) else ""


def _votes_seen(row: Mapping[str, Any]) -> tuple[tuple[date, int], ...]:
    value = row.get("upvotes_seen")
    if value is None:
        return ()
    try:
        seen = tuple((moment_of(day).date(), votes) for day, votes in value)
    except (TypeError, ValueError):
        seen = ((date.min, -1),)
    if any(isinstance(votes, bool) or not isinstance(votes, int) or not 0 <= votes < 2**31 for _, votes in seen):
        raise BadInput(f"upvotes_seen is {_shown(value)}; it takes a list of [day, votes].")
    return seen


def _history(row: Mapping[str, Any]) -> tuple[tuple[int, datetime, str], ...]:
    """Return the versions in the order of their numbers, each told once."""
    value = row.get("history")
    if value is None:
        return ()
    told: dict[int, tuple[int, datetime, str]] = {}
    try:
        told = {number: (number, moment_of(at), str(size)[:20]) for number, at, size in value}
        fits = all(type(number) is int and 0 < number < 2**15 for number in told)
    except (TypeError, ValueError):
        fits = False
    if not fits:
        raise BadInput(f"history is {_shown(value)}; it takes a list of [number, time, size].")
    return tuple(told[number] for number in sorted(told))


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
