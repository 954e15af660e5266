"""What is known of a paper in a file of references, and the arXiv id that stands in one of its fields."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_ids


class Cited(NamedTuple):
    """A paper to be written, with the reader's note on it. whole: with its abstract, in formats that have one."""

    paper: Paper
    note: str = ""
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry that was read.

    place: where it stands, for messages, such as ``entry 3 (smith2020)``. key: the paper's key where this site wrote
    the file. arxiv: canonical id, '' where none was found. note: what the reader wrote on it. problem: why the entry
    could not be read, and then nothing else is known.
    """

    place: str
    title: str = ""
    authors: tuple[str, ...] = ()
    key: str = ""
    arxiv: str = ""
    doi: str = ""
    note: str = ""
    problem: str = ""


OWN = "broadsheet:"
"""Before the key of a paper that is not arXiv's, where a format has one field for every program's id."""

_NAMED = re.compile(
    r"(?:arxiv\s*[:.]\s*|arxiv\.org/[a-z-]+/|10\.48550/arxiv\.|alphaxiv\.org/[a-z-]+/)"
    r"(?P<id>\d{4}\.\d{4,5}|[a-z-]{1,8}(?:\.[a-z-]{2,8})?/\d{7})",
    re.IGNORECASE,
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s\"<>{}]+")


def arxiv_id(whole: Iterable[str], within: Iterable[str] = ()) -> str:
    """Return the canonical arXiv id that fields name, '' if none does.

    whole: fields that may be an id or address as they stand. within: fields that may mention one, marked as arXiv's.
    """
    candidates = list(whole)
    for text in candidates:
        if text and (found := arxiv_ids.find(text)):
            return found
    for text in (*candidates, *within):
        for mention in _NAMED.finditer(text[:2000]):
            if found := arxiv_ids.find(mention["id"]):
                return found
    return ""


def own_key(text: str) -> str:
    """Return the key of a paper in an id that this site wrote, '' for any other id."""
    return text.removeprefix(OWN) if text.startswith(OWN) else ""


def bare_doi(*texts: str) -> str:
    """Return the DOI in the first text that has one, without the address before it; '' if none has."""
    for text in texts:
        if found := _DOI.search(text[:2000]):
            return found[0].rstrip(".,;")
    return ""
