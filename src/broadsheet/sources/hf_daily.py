"""Hugging Face's daily_papers as a source, an answer in a file or by address, in both generations of its shape.

No account is taken over.
"""

import ast
import contextlib
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.record import Item, Record, Reject
from broadsheet.sources.rows import LONGEST_SOURCE, moment_of, record_of

NAME = "huggingface-daily"
MOST_BYTES = 50_000_000
_LONGEST = 200_000
_KEPT = 10_000
PAGE = 100
"""Rows of an answer by address: the most that a page has there."""

MOST_PAGES = 20
ROWS_A_DAY = 10_000
"""Positions that each day has, so that a position tells its day."""

RECENT = timedelta(days=14)
"""How old a list may be for its votes to count as those of the day on which they are read."""

_NAMED_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class HfDaily:
    """One answer: an array of list items. done and total are rows.

    day: the edition the answer is of, where known; else each row's own day is used. A file named after a day, such as
    ``2025-10-01.json``, is of that day.
    """

    def __init__(self, path: Path, name: str | None = None, day: date | None = None) -> None:
        self.name = (name or NAME)[:LONGEST_SOURCE]
        self._path = path
        self._day = day or _named_day(path)
        self.total: int | None = None
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows after number ``after``. Raises BadInput where the file is not a JSON array."""
        rows = answer_of(self._path)
        self.total = len(rows)
        for position, row in enumerate(rows[after:], start=after + 1):
            self.done = position
            yield Item(position, read_row(row, self.name, self._day))
        self.done = self.total


class HfDays:
    """The lists of some days by address, asked for one day after the other. done and total are days.

    first, last: both included. today: the day of the reading, under which the votes of recent lists are noted.
    reached: the position at which the days that were read whole end.
    """

    def __init__(self, client: PoliteClient, address: str, first: date, last: date, today: date) -> None:
        self.name = NAME
        self._client, self._address, self._today = client, address, today
        self._days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        self.total: int | None = len(self._days)
        self.done = 0
        self.reached = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows after a position; days before its day are not asked for. Raises Upstream."""
        for day in self._days:
            begins = day.toordinal() * ROWS_A_DAY
            if begins + ROWS_A_DAY > after:
                for position, row in enumerate(self.of_day(day), start=begins + 1):
                    if position > after:
                        yield Item(position, row)
            self.done += 1
            self.reached = begins + ROWS_A_DAY - 1

    def of_day(self, day: date) -> list[Record | Reject]:
        """Return the list of one day, in its order; a paper that a page repeats is there once. Raises Upstream."""
        seen = self._today if self._today - day <= RECENT else None
        found: list[Record | Reject] = []
        known: set[str] = set()
        for page in range(MOST_PAGES):
            rows = self._page(day, page)
            fresh = [row for row in rows if (named := _named(row)) is None or named not in known]
            known.update(filter(None, map(_named, rows)))
            found += [read_row(row, self.name, day, seen) for row in fresh]
            if len(rows) < PAGE or not fresh:
                break
        return found

    def _page(self, day: date, page: int) -> list[Any]:
        params = {"date": day.isoformat(), "limit": str(PAGE)} | ({"p": str(page)} if page else {})
        answer = self._client.get(self._address, params, remember=True)
        if answer.status != 200:
            raise Upstream(f"{self._address} answered {answer.status} for {day}.", "Look at the address and the day.")
        try:
            rows = json.loads(answer.body)
        except (ValueError, RecursionError) as error:
            hint = "Look at the address, or try again later."
            raise Upstream(f"The list of {day} is not JSON: {error}.", hint) from None
        if not isinstance(rows, list):
            raise Upstream(f"What {self._address} answered for {day} is not a list.", "Look at the address.")
        return rows


def day_of(position: int) -> date | None:
    """Return the day of a position of ``HfDays``, None for what is none."""
    ordinal = position // ROWS_A_DAY
    return date.fromordinal(ordinal) if 0 < ordinal <= date.max.toordinal() else None


def read_row(row: object, name: str, day: date | None, seen: date | None = None) -> Record | Reject:
    """Return the paper of one row. day: of the list, where known. seen: the day on which its votes are read."""
    try:
        return _record(_unquoted(row), name, day, seen)
    except BadInput as error:
        reason = error.message
    except (ValueError, RecursionError):
        reason = "The row holds a number or a nesting that is too large."
    return Reject(reason, (row if isinstance(row, str) else json.dumps(row, ensure_ascii=False))[:_KEPT])


def _named(row: object) -> str | None:
    """Return the id of a row as it stands there, None where it has none."""
    paper = row.get("paper") if isinstance(row, dict) else None
    key = paper.get("id") if isinstance(paper, dict) else None
    return key if isinstance(key, str) else None


def _named_day(path: Path) -> date | None:
    """Return the day a file is named after; a name like ``2025-13-01`` is of no day."""
    with contextlib.suppress(ValueError):
        return date.fromisoformat(path.stem) if _NAMED_DAY.fullmatch(path.stem) else None
    return None


def answer_of(path: Path) -> list[Any]:
    """Return the rows of an answer; raises BadInput, naming the file, where it is too large or not a JSON array."""
    if (size := path.stat().st_size) > MOST_BYTES:
        raise BadInput(
            f"{path} has {size} bytes; a daily_papers answer has {MOST_BYTES} at most.",
            "Larger collections go in as JSON lines.",
        )
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path} is not JSON: {error}.") from None
    if not isinstance(rows, list):
        raise BadInput(f"{path} is not a daily_papers answer.", "Such an answer is a JSON array of papers.")
    return rows


def _unquoted(row: object) -> Mapping[str, Any]:
    """Return a row as an object. Some answers were saved with each row written out as a Python value in a text."""
    if isinstance(row, str):
        if len(row) > _LONGEST:
            raise BadInput(f"The row is a text of {len(row)} characters; at most {_LONGEST} are read.")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                row = ast.literal_eval(row)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            raise BadInput("The row is a text that does not hold an object.") from None
    if not isinstance(row, dict):
        raise BadInput(f"The row is not an object but {type(row).__name__}.")
    return row


def _record(row: Mapping[str, Any], name: str, day: date | None, seen: date | None) -> Record:
    paper = row.get("paper")
    if not isinstance(paper, dict):
        raise BadInput("The row has no paper.")
    organization = paper.get("organization") or row.get("organization") or {}
    if not isinstance(organization, dict):
        raise BadInput("organization is not an object.")
    votes = paper.get("upvotes", row.get("upvotes"))
    featured = day or _own_day(row, paper)
    facts = {
        "id": paper.get("id"),
        "title": _folded(paper.get("title") or row.get("title")),
        "abstract": _folded(paper.get("summary") or row.get("summary")),
        "authors": _authors(paper.get("authors")),
        "published": paper.get("publishedAt"),
        "withdrawn": paper.get("withdrawnAt"),
        "daily_date": featured.isoformat() if featured else None,
        "upvotes": votes,
        "upvotes_seen": [[seen.isoformat(), votes]] if seen and votes is not None else None,
        "comments": row.get("numComments", paper.get("numComments")),
        "keywords": paper.get("ai_keywords"),
        "summary": paper.get("ai_summary"),
        "github": paper.get("githubRepo"),
        "github_stars": paper.get("githubStars"),
        "project_page": paper.get("projectPage"),
        "organization": organization.get("fullname") or organization.get("name"),
        "organization_slug": organization.get("name"),
    }
    return record_of(facts, name)


def _authors(authors: object) -> list[str] | None:
    """Return the names that the paper bears; the accounts behind them stay where they are.

    An author may hide a paper from a profile there, which does not unmake its author: every name is kept.
    """
    if authors is None:
        return None
    if not isinstance(authors, list) or not all(
        isinstance(author, dict) and isinstance(author.get("name"), str) for author in authors
    ):
        raise BadInput("authors is not a list of objects with a name.")
    return [author["name"] for author in authors]


def _folded(text: object) -> object:
    """Return a text with its line breaks folded, as arXiv wraps lines."""
    return " ".join(text.split()) if isinstance(text, str) else text


def _own_day(row: Mapping[str, Any], paper: Mapping[str, Any]) -> date | None:
    """Return the edition's day as the row itself tells it: the UTC day of the submission to the list.

    Rows of 2024 lack it, but their outer time is that of the submission where it is later than the publication (in
    later rows it is the publication, shifted to New York wall time); counted three hours ahead it gives the day of
    each of the 57 recorded ones.
    """
    told = paper.get("submittedOnDailyAt") or row.get("submittedOnDailyAt")
    outer, published = row.get("publishedAt"), paper.get("publishedAt")
    try:
        if isinstance(told, str):
            return moment_of(told).date()
        if isinstance(outer, str) and isinstance(published, str) and moment_of(outer) > moment_of(published):
            return (moment_of(outer) + timedelta(hours=3)).date()
    except (ValueError, OverflowError):
        return None
    return None
