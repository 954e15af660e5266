"""Finds the papers that entries of a file name: by key, arXiv id, DOI or whole title. A few queries for any number."""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from django.db.models.functions import Lower

from broadsheet.papers.bibliography.entry import Entry
from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key

_AT_ONCE = 5000
"""Values in one query; databases refuse more than some ten thousand."""


class Missing(NamedTuple):
    """An entry whose paper is not here, and why."""

    entry: Entry
    reason: str


def find(entries: Sequence[Entry]) -> tuple[list[tuple[Paper, Entry]], list[Missing]]:
    """Return the papers of entries, each with its entry and in their order, and what is not known here."""
    usable = [entry for entry in entries if not entry.problem]
    by_key = _held("key", {key for entry in usable for key in (entry.arxiv, entry.key) if key and len(key) <= 64})
    left = [entry for entry in usable if not _by_key(entry, by_key)]
    by_doi = _by_doi({entry.doi.lower() for entry in left if entry.doi})
    by_title = _held("title_key", {key for entry in left if (key := title_key(entry.title))})
    found: list[tuple[Paper, Entry]] = []
    missing: list[Missing] = []
    for entry in entries:
        paper = _by_key(entry, by_key) or by_doi.get(entry.doi.lower()) or by_title.get(title_key(entry.title))
        if paper is None or entry.problem:
            missing.append(Missing(entry, entry.problem or _reason(entry)))
        else:
            found.append((paper, entry))
    return found, missing


def _by_key(entry: Entry, papers: dict[str, Paper]) -> Paper | None:
    return papers.get(entry.key) or papers.get(entry.arxiv)


def _held(column: str, values: set[str]) -> dict[str, Paper]:
    """Return papers by a column; of several with the same value the first."""
    held: dict[str, Paper] = {}
    for some in _parts(values):
        for paper in Paper.objects.filter(**{f"{column}__in": some}).select_related("same_as").order_by("-pk"):
            held[getattr(paper, column)] = paper.same_as or paper
    return held


def _by_doi(dois: set[str]) -> dict[str, Paper]:
    held: dict[str, Paper] = {}
    for some in _parts(dois):
        for paper in (
            Paper.objects.standing().exclude(doi="").alias(low=Lower("doi")).filter(low__in=some).order_by("-pk")
        ):
            held[paper.doi.lower()] = paper
    return held


def _parts(values: Iterable[str]) -> Iterator[list[str]]:
    ordered = sorted(value for value in values if "\0" not in value)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _reason(entry: Entry) -> str:
    if entry.arxiv:
        return f"arXiv:{entry.arxiv} is not here yet"
    if entry.doi:
        return "no paper here has this DOI or title"
    return "no paper here has this title" if entry.title else "it has neither an arXiv id nor a DOI nor a title"
