"""What one more record changes about a paper: pure rules over a Paper in memory. Writing is done in ``actions``.

The rules are made so that reading the same files again, in any order, changes nothing: dates take the earliest
value, counts the highest, text the newest version, and everything else is only filled in where it was missing.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from broadsheet.papers import bulk
from broadsheet.papers.models import Paper, Version
from broadsheet.papers.titles import title_key
from broadsheet.sources.record import Record

_FILLED = ("comment", "doi", "journal_ref", "licence", "machine_summary", "code_url", "project_url")
_SET_BY = {"code_url": "code_by", "project_url": "project_by"}
TEXT = "text"
"""Stands in place of who set a link where it was read in what the authors wrote (``actions.fill_links``)."""
# Counts differ between readings; the highest is the one that does not depend on the order of reading.
_HIGHEST = ("code_stars",)
_EARLIEST = ("announced", "featured", "published")


def new_paper(record: Record) -> Paper:
    """Return an unsaved paper made of one record."""
    paper = bulk.blank(record.id, record.source)
    _take_text(paper, record)
    _merge_facts(paper, record, own=True)
    return paper


def merge(paper: Paper, record: Record, earlier: list[Version]) -> bool:
    """Bring a record into a paper, in memory only, and return whether the paper changed.

    earlier: the paper's former texts; a text that this replaces, or an older one that it brings, is appended.
    """
    before = _facts(paper)
    rises = bool(record.version and record.version > (paper.version or 0))
    if _text_differs(paper, record):
        if _is_newer(paper, record, earlier):
            if paper.abstract_kind == "abstract":
                earlier.append(_version_of(paper))
            _take_text(paper, record)
        elif _is_unknown_older(paper, record, earlier):
            earlier.append(_older_version(paper, record))
    elif record.version:
        paper.version = max(record.version, paper.version or 0)
    _merge_facts(paper, record, own=record.source == paper.text_source and not _is_older(paper, record))
    if rises and record.licence:  # each version has its own, also where its text is word for word another source's
        paper.licence = record.licence
    return _facts(paper) != before


def _facts(paper: Paper) -> tuple[object, ...]:
    return tuple(getattr(paper, field.attname) for field in Paper._meta.concrete_fields if not field.generated)


def _text_differs(paper: Paper, record: Record) -> bool:
    """Whether a record's text is another one; sources fold lines differently, which makes no other text."""
    return (
        record.title.split() != paper.title.split()
        or (record.abstract not in ("", paper.abstract) and record.abstract.split() != paper.abstract.split())
        or (bool(record.authors) and list(record.authors) != paper.authors)
    )


def _is_newer(paper: Paper, record: Record, earlier: list[Version]) -> bool:
    """Whether a record's text should stand in place of the paper's."""
    if record.abstract_kind != paper.abstract_kind and record.abstract and paper.abstract:
        return record.abstract_kind == "abstract"
    if record.version and paper.version and record.version != paper.version:
        return record.version > paper.version
    if record.updated and paper.updated and record.updated != paper.updated:
        return record.updated > paper.updated
    if any(old.title == record.title and old.abstract == record.abstract for old in earlier):
        return False  # this text has been replaced already: it is being read again
    return record.source == paper.text_source or not paper.abstract


def _is_older(paper: Paper, record: Record) -> bool:
    """Whether a record tells of a state that has been replaced since, so that it may fill in but not correct."""
    if record.version and paper.version and record.version != paper.version:
        return record.version < paper.version
    return bool(record.updated and paper.updated and record.updated < paper.updated)


def _is_unknown_older(paper: Paper, record: Record, earlier: list[Version]) -> bool:
    return bool(
        record.version
        and paper.version
        and record.version < paper.version
        and all(old.number != record.version for old in earlier)
    )


def _version_of(paper: Paper) -> Version:
    return Version(
        paper=paper,
        number=paper.version,
        title=paper.title,
        abstract=paper.abstract,
        authors=paper.authors,
        updated=paper.updated,
        source=paper.text_source,
    )


def _older_version(paper: Paper, record: Record) -> Version:
    return Version(
        paper=paper,
        number=record.version,
        title=record.title,
        abstract=record.abstract,
        authors=list(record.authors),
        updated=record.updated,
        source=record.source,
    )


def _take_text(paper: Paper, record: Record) -> None:
    paper.title = record.title
    paper.title_key = title_key(record.title)
    if record.abstract:
        paper.abstract = record.abstract
        paper.abstract_kind = record.abstract_kind
    if record.authors:
        paper.authors = list(record.authors)
    paper.version = record.version or paper.version
    paper.text_source = record.source


def _merge_facts(paper: Paper, record: Record, *, own: bool) -> None:
    """Merge everything but the text. own: the record comes from the source whose text stands, so it may correct."""
    for name in _FILLED:
        if value := getattr(record, name):
            _fill(paper, name, value, own=own)
    # Stars are those of the repository that the source names, which is another one where a person set it here.
    for name in _HIGHEST if paper.code_by in ("", TEXT) or record.code_url == paper.code_url else ():
        _set_if(paper, name, getattr(record, name), max)
    for name in _EARLIEST:
        _set_if(paper, name, getattr(record, name), min)
    _set_if(paper, "updated", record.updated, max)
    _set_if(paper, "withdrawn", record.withdrawn, min)
    for name in ("categories", "keywords"):
        value = list(getattr(record, name))
        if value and (own or not getattr(paper, name)):
            setattr(paper, name, value)
    slug, full = record.organization
    if full and (own or not paper.organization) and not paper.organization_by:
        paper.organization_slug, paper.organization = slug, full
    if record.comment_count is not None:
        paper.imported_comments = max(paper.imported_comments, record.comment_count)
    if record.history:
        paper.history = _histories(paper.history, record.history)
    set_day(paper)


def _histories(known: list[list[Any]], told: tuple[tuple[int, datetime, str], ...]) -> list[list[Any]]:
    """Return all versions that are known, by number; of two accounts of one, the earlier time and the longer size."""
    versions: dict[int, list[Any]] = {number: [number, at, size] for number, at, size in known}
    for number, moment, size in told:
        at = moment.astimezone(UTC).isoformat()
        _, other_at, other_size = versions.get(number, (number, at, size))
        versions[number] = [number, min(at, other_at), max(size, other_size, key=lambda text: (len(text), text))]
    return [versions[number] for number in sorted(versions)]


def set_day(paper: Paper) -> None:
    """Set the edition a paper belongs to: the one chosen here, else that of a daily list, of arXiv, of publication.

    A row that turned out to be another paper belongs to none.
    """
    published = paper.published.date() if paper.published else None
    paper.day = None if paper.same_as_id else paper.resubmitted or paper.featured or paper.announced or published


def _fill(paper: Paper, name: str, value: str, *, own: bool) -> None:
    """Set a field to a source's value where it was missing, and from the text's own source also where it was not."""
    if (own or not getattr(paper, name) or _read_in_text(paper, name)) and not _set_by_hand(paper, name):
        setattr(paper, name, value)
        if name in _SET_BY:
            setattr(paper, _SET_BY[name], "")


def _set_by_hand(paper: Paper, name: str) -> bool:
    """Whether an author, submitter or moderator has set a link here, which no source overrules."""
    return name in _SET_BY and getattr(paper, _SET_BY[name]) not in ("", TEXT)


def _read_in_text(paper: Paper, name: str) -> bool:
    """Whether a link was read in comment or abstract, so that a source that tells one knows better."""
    return name in _SET_BY and getattr(paper, _SET_BY[name]) == TEXT


def _set_if(paper: Paper, name: str, value: Any, choose: Callable[[Any, Any], Any]) -> None:
    """Set a field to the chosen one of its value and a new one; an absent value never erases a known one."""
    if value is not None:
        known = getattr(paper, name)
        setattr(paper, name, value if known is None else choose(known, value))
