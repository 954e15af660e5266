"""What is known of a paper in a file of references, and what is written. Which paper a field names: ``paper_ids``."""

from dataclasses import dataclass
from typing import NamedTuple

from broadsheet.papers.models import Paper


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


def own_key(text: str) -> str:
    """Return the key of a paper in an id that this site wrote, '' for any other id."""
    return text.removeprefix(OWN) if text.startswith(OWN) else ""
