"""What one record of arXiv's OAI-PMH says, in the formats arXivRaw and arXiv. How records are asked for is elsewhere.

A record's datestamp is the day of its last change of any kind at arXiv. It is never a day of submission, and only
tells when a withdrawal without any text happened.
"""

import re
from datetime import UTC, date, datetime, time
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element, tostring

from broadsheet.errors import BadInput
from broadsheet.sources import arxiv_ids
from broadsheet.sources.arxiv_api import says_withdrawn
from broadsheet.sources.arxiv_authors import name_of, names_of
from broadsheet.sources.arxiv_calendar import announced_on
from broadsheet.sources.oai_pmh import child, local, text_of
from broadsheet.sources.record import Record, Reject, Withdrawal
from broadsheet.sources.rows import moment_of, record_of

SOURCE = "arxiv"
_KEPT = 10_000
_PREFIX = "oai:arXiv.org:"
_NUMBER = re.compile(r"v?([0-9]{1,3})", re.ASCII)
_GONE = "I"
"""The sign that arXiv sets on the source of a version that withdraws the paper."""


def stamp_of(record: Element) -> tuple[str, str]:
    """Return a record's identifier and datestamp, by which one that comes twice is known."""
    header = child(record, "header")
    return text_of(header, "identifier"), text_of(header, "datestamp")[:10]


def row_of(record: Element) -> Record | Reject | Withdrawal:
    """Return what a record says; a deleted one is a withdrawal, one that cannot be read is rejected."""
    identifier, datestamp = stamp_of(record)
    header = child(record, "header")
    try:
        if header is not None and header.get("status") == "deleted":
            return Withdrawal(arxiv_ids.canonical(_bare(identifier)), moment_of(datestamp))
        return record_of(_facts(record, identifier), SOURCE)
    except (BadInput, ValueError, TypeError) as error:
        reason = error.message if isinstance(error, BadInput) else f"A date cannot be read: {error}."
        return Reject(f"{identifier[:60] or 'A record without identifier'}: {reason}", _raw(record))


def _facts(record: Element, identifier: str) -> dict[str, Any]:
    metadata = child(record, "metadata")
    said = None if metadata is None else next(iter(metadata), None)
    form = "" if said is None else local(said)
    if said is None or form not in ("arXivRaw", "arXiv"):
        raise BadInput(f"It is in the format {form[:40]!r}; arXivRaw and arXiv are read.")
    facts: dict[str, Any] = {
        "id": text_of(said, "id") or _bare(identifier),
        "title": text_of(said, "title"),
        "abstract": text_of(said, "abstract"),
        "categories": text_of(said, "categories").split(),
        "comment": text_of(said, "comments"),
        "doi": text_of(said, "doi"),
        "journal_ref": text_of(said, "journal-ref"),
        "licence": text_of(said, "license"),
    }
    facts |= _raw_facts(said) if form == "arXivRaw" else _plain_facts(said, str(facts["id"]))
    if facts.pop("gone", False) or says_withdrawn(facts["comment"], facts["abstract"]):
        facts["withdrawn"] = facts["updated"] or facts["published"]
    return facts


def _raw_facts(said: Element) -> dict[str, Any]:
    """Return what arXivRaw alone says: all versions, with the second each was submitted."""
    versions = sorted(_versions(said))
    if not versions:
        raise BadInput("It has no version.")
    first, last = versions[0], versions[-1]
    return {
        "authors": names_of(text_of(said, "authors")),
        "version": last[0],
        "published": first[1].isoformat() if first[0] == 1 else None,
        "announced": announced_on(first[1]).isoformat() if first[0] == 1 else None,
        "updated": last[1].isoformat(),
        "history": [(number, moment.isoformat(), size) for number, moment, _, size in versions],
        "gone": _GONE in last[2],
    }


def _versions(said: Element) -> list[tuple[int, datetime, str, str]]:
    """Return number, time, kind of source and size of each version that has a number."""
    found = []
    for version in said:
        number = _NUMBER.fullmatch(version.get("version", "")) if local(version) == "version" else None
        if number:
            moment = parsedate_to_datetime(text_of(version, "date"))
            moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            found.append((int(number[1]), moment, text_of(version, "source_type"), text_of(version, "size")))
    return found


def _plain_facts(said: Element, key: str) -> dict[str, Any]:
    """Return what the format arXiv says of authors and days; it has no times, and tells of no version.

    ``created`` has been the day of the first version, and is that of the newest one since arXiv's server of 2025. So
    it counts as publication only where it fits the month in the paper's id, and the listing's day is never taken from
    it: a revised paper would be announced once more.
    """
    created, updated = _day(text_of(said, "created")), _day(text_of(said, "updated"))
    is_first = bool(created and _month(created) <= _month_of_id(key))
    newest = updated if is_first else max((day for day in (created, updated) if day), default=None)
    authors = child(said, "authors")
    return {
        "authors": [name for author in authors if any(map(str.isalnum, name := _name(author)))]
        if authors is not None
        else [],
        # The last moment of that day: another source that knows the time puts the earlier one in its place.
        "published": datetime.combine(created, time(23, 59, 59), UTC).isoformat() if created and is_first else None,
        "updated": newest.isoformat() if newest else None,
    }


def _name(author: Element) -> str:
    return name_of(" ".join(text_of(author, part) for part in ("forenames", "keyname", "suffix")))


def _day(text: str) -> date | None:
    return date.fromisoformat(text[:10]) if text else None


def _month(day: date) -> tuple[int, int]:
    return day.year, day.month


def _month_of_id(key: str) -> tuple[int, int]:
    """Return the month in an arXiv id: 2305.12102 and cs/0305012 are of May."""
    digits = arxiv_ids.canonical(key).rpartition("/")[2]
    year = int(digits[:2])
    return (1900 if year >= 91 else 2000) + year, int(digits[2:4])


def _bare(identifier: str) -> str:
    return identifier.removeprefix(_PREFIX)


def _raw(record: Element) -> str:
    return tostring(record, encoding="unicode")[:_KEPT]
