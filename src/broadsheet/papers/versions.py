"""The versions of a paper as one list: when each was submitted, and what is known of earlier texts. Reads only.

What is kept of a version is decided in ``merge``.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from broadsheet.papers.models import Paper, Version
from broadsheet.papers.tex import plain
from broadsheet.sources.arxiv_api import says_withdrawn

_SENTENCE = re.compile(r"[^.!?]*\bwithdrawn\b[^.!?]*(?:[.!?](?=\s|$)|$)", re.IGNORECASE)
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Listed:
    """One version. number: None where the source counts none. source: who told its text, '' where that is not known.

    is_current: its text stands on the page. title: what it was called, where that was something else. abstract: of an
    earlier text, '' where it is not known or the current one.
    """

    number: int | None
    at: datetime | None
    size: str = ""
    source: str = ""
    is_current: bool = False
    title: str = ""
    abstract: str = ""


def versions(paper: Paper, earlier: Iterable[Version]) -> list[Listed]:
    """Return a paper's versions, the newest first; texts without a number come after those that have one.

    earlier: its earlier texts.
    """
    times = {number: (datetime.fromisoformat(at), size) for number, at, size in paper.history}
    texts = list(earlier)
    current = paper.version or (max(times) if times else None)
    found = [_current(paper, current, times)]
    found += [_of_text(paper, text, times) for text in texts]
    told = {one.number for one in found}
    found += [Listed(number, at, size) for number, (at, size) in times.items() if number not in told]
    numbered = sorted((one for one in found if one.number), key=lambda one: -(one.number or 0))
    return numbered + [one for one in found if not one.number]


def why_withdrawn(paper: Paper) -> str:
    """Return what the authors say of a withdrawal, as plain text; '' where they say nothing, or it is not withdrawn."""
    if not paper.withdrawn:
        return ""
    comment = plain(paper.comment)
    if "withdraw" in comment.lower() and says_withdrawn(comment, ""):
        return comment[:_LONGEST]
    sentence = _SENTENCE.search(plain(paper.abstract))
    return sentence[0].strip()[:_LONGEST] if sentence and says_withdrawn("", sentence[0]) else ""


def _current(paper: Paper, number: int | None, times: dict[int, tuple[datetime, str]]) -> Listed:
    at, size = times.get(number or 0, (paper.updated or (paper.published if number in (None, 1) else None), ""))
    return Listed(number, at, size, paper.text_source, is_current=True)


def _of_text(paper: Paper, text: Version, times: dict[int, tuple[datetime, str]]) -> Listed:
    at, size = times.get(text.number or 0, (text.updated, ""))
    other = text.title.split() != paper.title.split()
    return Listed(text.number, at, size, text.source, title=text.title if other else "", abstract=text.abstract)
