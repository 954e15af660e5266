"""The one shape that every source yields. How a source reads its own format lives with the source, not here."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal, Protocol

AbstractKind = Literal["abstract", "description"]


@dataclass(frozen=True, slots=True)
class Record:
    """What one source says of one paper. Text is kept as the source wrote it; cleaning happens where it is shown.

    A field that the source does not know is left at its default: an absent value never erases a known one.

    id: canonical and without a version (``2305.12102``, ``cs/0601001``).
    source: short name of the source, kept as provenance (``arxiv``, ``sample``, a file's stem).
    abstract_kind: ``description`` where the text is not the authors' own abstract.
    announced: the day on which arXiv listed the paper first; published: when its first version was submitted.
    featured: the day on which a daily edition showed it.
    votes_seen: (day, votes) as read on several days; votes: the number of the newest reading.
    licence: address of the licence that the authors chose.
    history: (number, when submitted, size as the source writes it) of each version.
    other_ids: further keys by which the same paper is known, spelled as ids are (``doi:10.1000/182``).
    organization: (slug, full name), the slug empty where the source has only a name.
    """

    id: str
    title: str
    source: str
    abstract: str = ""
    abstract_kind: AbstractKind = "abstract"
    authors: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    version: int | None = None
    announced: date | None = None
    featured: date | None = None
    published: datetime | None = None
    updated: datetime | None = None
    withdrawn: datetime | None = None
    comment: str = ""
    doi: str = ""
    journal_ref: str = ""
    licence: str = ""
    history: tuple[tuple[int, datetime, str], ...] = ()
    other_ids: tuple[str, ...] = ()
    votes: int | None = None
    votes_seen: tuple[tuple[date, int], ...] = ()
    comment_count: int | None = None
    keywords: tuple[str, ...] = ()
    machine_summary: str = ""
    code_url: str = ""
    code_stars: int | None = None
    project_url: str = ""
    organization: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Reject:
    """A row that could not be read: why, and its own text, so that nothing is lost."""

    reason: str
    raw: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A source says that it has withdrawn a paper, and nothing else of it. A paper not known here stays unknown."""

    id: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Item:
    """One row of a source. position: a number by which a run resumes, such as that of its line; it rises from 1."""

    position: int
    row: Record | Reject | Withdrawal


class Source(Protocol):
    """A place papers come from.

    name: the provenance that its records carry. total: size of the work in ``done``'s unit, None where unknown.
    done: how much has been read so far (bytes of a file, rows of a feed), for progress only.
    """

    name: str
    total: int | None
    done: int

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows whose position is greater than ``after``, in order."""
        ...
