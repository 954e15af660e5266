"""arXiv's bulk snapshot of its metadata: JSON lines in arXiv's own shape, plain, packed, or in a zip archive.

How lines are read and resumed lives in ``jsonl``.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from broadsheet.errors import BadInput
from broadsheet.sources.arxiv_api import says_withdrawn
from broadsheet.sources.arxiv_authors import name_of, names_of
from broadsheet.sources.arxiv_calendar import announced_on
from broadsheet.sources.jsonl import BROKEN, LONGEST_LINE, JsonLines, unpacked
from broadsheet.sources.record import Record
from broadsheet.sources.rows import record_of

ENDINGS = (".json", ".jsonl", ".zip", ".gz", ".xz", ".bz2", ".zst")
"""Of files that may hold a snapshot; whether one does is told by its first line alone."""

_TEXT = {str}
_MONTHS = {
    name: n
    for n, name in enumerate(
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"], start=1
    )
}


def is_snapshot(path: Path) -> bool:
    """Whether the first line of a file has the keys that only the snapshot's lines have.

    Raises BadInput for a zip archive that cannot be read.
    """
    if not path.name.endswith(ENDINGS):
        return False
    try:
        with path.open("rb") as raw, unpacked(path, raw) as file:
            line = b"\n"
            while line.isspace():
                line = file.readline(LONGEST_LINE)
        row = json.loads(line.decode("utf-8-sig")) if line.lstrip(b"\xef\xbb\xbf \t")[:1] == b"{" else None
    except BROKEN as error:
        if path.suffix == ".zip":
            raise BadInput(f"{path} cannot be read: {error}.", "The archive is cut off, damaged or locked.") from None
        return False  # other sources say what is wrong with it
    except (ValueError, RecursionError):
        return False
    return isinstance(row, dict) and isinstance(row.get("versions"), list) and "authors_parsed" in row


class Snapshot(JsonLines):
    """A snapshot, one paper a line. Its papers bear the name of arXiv's other doors, whose word counts as much."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        super().__init__(path, name or "arxiv")

    def record(self, row: object) -> Record:
        """Return the paper of one line; raises BadInput, naming the field, for what is none."""
        if not isinstance(row, dict):
            raise BadInput("The line is not an object.")
        submitted = _versions(row)
        comment, abstract = _folded(row, "comments"), _folded(row, "abstract")
        # The plain look comes first, as nearly every abstract is passed over by it.
        withdrawn = "withdrawn" in f"{comment} {abstract}".lower() and says_withdrawn(comment, abstract)
        facts = {
            "id": row.get("id"),
            "title": _folded(row, "title"),
            "abstract": abstract,
            "authors": _authors(row),
            "categories": _folded(row, "categories").split(),
            "version": len(submitted),
            "announced": announced_on(submitted[0]).isoformat(),
            "published": submitted[0],
            "updated": submitted[-1],
            "withdrawn": submitted[-1] if withdrawn else None,
            "comment": comment,
            "doi": _folded(row, "doi"),
            "journal_ref": _folded(row, "journal-ref"),
            "licence": _folded(row, "license"),
            "history": [(number, moment, "") for number, moment in enumerate(submitted, start=1)],
        }
        return record_of(facts, self.name)


def _versions(row: Mapping[str, Any]) -> list[datetime]:
    """Return when each version was submitted. The day of ``update_date`` is that of any change of the metadata."""
    versions = row.get("versions")
    if not isinstance(versions, list) or not versions:
        raise BadInput(f"versions is {str(versions)[:60]}; it takes a list of versions with their times.")
    return [_moment(one.get("created") if isinstance(one, dict) else one) for one in versions]


def _moment(text: object) -> datetime:
    """Return the moment of a time such as ``Mon, 2 Apr 2007 19:18:42 GMT``; the library takes five times as long.

    Raises BadInput for anything else.
    """
    try:
        _, day, month, year, clock, zone = str(text).split()
        hour, minute, second = map(int, clock.split(":"))
        moment = datetime(int(year), _MONTHS[month], int(day), hour, minute, second, tzinfo=UTC)
    except (ValueError, KeyError):
        moment, zone = datetime.min.replace(tzinfo=UTC), ""
    if zone != "GMT" or not 1900 <= moment.year <= 2200:
        raise BadInput(f"created is {str(text)[:60]!r}; it takes a time like Mon, 2 Apr 2007 19:18:42 GMT.")
    return moment


def _folded(row: Mapping[str, Any], name: str) -> str:
    """Return a text without arXiv's wrapping of lines."""
    value = row.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadInput(f"{name} is {str(value)[:60]}; it takes a text.")
    return " ".join(value.split())


def _authors(row: Mapping[str, Any]) -> list[str]:
    """Return the names as people write them; each came as [family name, given names, suffix, affiliations ...]."""
    parsed = row.get("authors_parsed")
    if not parsed:
        return names_of(_folded(row, "authors"))
    if not isinstance(parsed, list) or not all(map(_is_name, parsed)):
        raise BadInput(f"authors_parsed is {str(parsed)[:60]}; it takes a list of lists of texts.")
    return [name for one in parsed if (name := _name(*one[:3]))]


def _is_name(parts: object) -> bool:
    return isinstance(parts, list) and set(map(type, parts)) <= _TEXT


def _name(family: str = "", given: str = "", suffix: str = "") -> str:
    name = name_of(f"{given} {family}")
    return f"{name}, {suffix.strip()}" if suffix.strip() else name
