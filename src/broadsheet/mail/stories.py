"""A paper and a week as a digest shows them: plain texts that templates only set. How a mail is put together: message.

Which papers these are lives in ``choosing``.
"""

import math
from calendar import day_abbr, day_name, month_name
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import quote

from broadsheet.accounts.mail import absolute
from broadsheet.hub import code_url
from broadsheet.mail import extract
from broadsheet.mail.headers import one_line
from broadsheet.papers.models import Paper
from broadsheet.sources import paper_ids

FEW = 4
"""Authors that are named; a fifth is named too where there is no sixth."""
BAR = 24
"""Signs of the longest bar of a plot in plain text."""
EIGHTHS = " ▏▎▍▌▋▊▉"


@dataclass(frozen=True, slots=True)
class Story:
    """A paper as a digest tells it. lines: the two lines, or less of them. why: the reason it is here.

    place and original: the name of the place it comes from, and its address there.
    """

    number: int
    title: str
    authors: str
    lines: str
    why: str
    category: str
    votes: int
    comments: int
    page: str
    place: str
    original: str
    code: str

    @property
    def counts(self) -> str:
        """Return votes and comments as words, '' where there are none."""
        told = [_counted(self.votes, "vote"), _counted(self.comments, "comment")]
        return " · ".join(filter(None, told))


def story(number: int, paper: Paper, why: str, *, longest: int, site: str = "") -> Story:
    """Return a paper as a digest tells it. longest: characters of its lines; 0 for none. site: as for ``absolute``."""
    code = code_url(paper)
    return Story(
        number,
        one_line(paper.title, 240) or paper.key,
        authors(paper.authors),
        one_line(extract.two_lines(paper, longest), longest) if longest else "",
        one_line(why, 160),
        one_line(str(paper.categories[0]), 40) if paper.categories else "",
        paper.votes,
        paper.comments,
        absolute(f"/papers/{quote(paper.key, safe='/:@~')}", site),
        *paper_ids.original(paper.key),
        code if code.startswith("https://") and len(code) <= 200 else "",
    )


def authors(names: Sequence[str]) -> str:
    """Return the first authors as a sentence names them, and how many more there are."""
    shown = [one_line(str(name), 60) for name in names[: FEW + 1]]
    more = len(names) - FEW
    if more > 1:
        return f"{', '.join(shown[:FEW])} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a plot. share: its length in per cent of the longest. drawn: the same as signs."""

    name: str
    count: int
    share: int
    drawn: str


def bars(counted: Sequence[tuple[str, int]]) -> list[Bar]:
    """Return counts as bars, the longest of which is full."""
    most = max((count for _, count in counted), default=0) or 1
    return [Bar(name, count, math.ceil(count * 100 / most), drawn(count / most)) for name, count in counted]


def drawn(share: float) -> str:
    """Return a bar as signs of a line, to an eighth of a sign; what is not nothing shows."""
    eighths = math.ceil(share * BAR * 8)
    return ("█" * (eighths // 8) + EIGHTHS[eighths % 8]).rstrip()


@dataclass(frozen=True, slots=True)
class Noted:
    """A paper that the overview of a week names."""

    title: str
    votes: int
    page: str


@dataclass(frozen=True, slots=True)
class Week:
    """The overview of a week."""

    days: list[Bar]
    categories: list[Bar]
    voted: list[Noted]
    total: int


def week(facts: dict[str, Any], site: str = "") -> Week | None:
    """Return the overview of a week, None where the choice has none."""
    told = facts.get("overview")
    if not told:
        return None
    days = [(date.fromisoformat(day), int(count)) for day, count in told.get("days", [])]
    return Week(
        bars([(f"{day_abbr[day.weekday()]} {day.day}", count) for day, count in days]),
        bars([(one_line(str(name), 40), int(count)) for name, count in told.get("categories", [])]),
        [
            Noted(one_line(title, 140), int(votes), absolute(f"/papers/{quote(key, safe='/:@~')}", site))
            for key, title, votes in told.get("voted", [])
        ],
        sum(count for _, count in days),
    )


def count(papers: int, of: int) -> str:
    """Return how many papers a digest holds, and of how many where it holds not all."""
    return f"{papers} of {_counted(of, 'paper')}" if of > papers else _counted(papers, "paper")


def long_edition(edition: str, facts: dict[str, Any]) -> str:
    """Return the date of an edition in full, as a masthead says it. facts: those of the choice.

    A weekly one is dated by the last day it tells of: its number is that of the week in which it is sent.
    """
    day = _date(edition, facts)
    if day is None:
        return f"Week {edition[-2:]} of {edition[:4]}"
    full = f"{day_name[day.weekday()]}, {day.day} {month_name[day.month]} {day.year}"
    return f"The week to {full}" if _weekly(edition) else full


def short_edition(edition: str, facts: dict[str, Any]) -> str:
    """Return the date of an edition for a subject. facts: those of the choice."""
    day = _date(edition, facts)
    if day is None:
        return f"week {edition[-2:]} of {edition[:4]}"
    short = f"{day.day} {month_name[day.month][:3]} {day.year}"
    return f"week to {short}" if _weekly(edition) else f"{day_abbr[day.weekday()]} {short}"


def _weekly(edition: str) -> bool:
    return "-W" in edition


def _date(edition: str, facts: dict[str, Any]) -> date | None:
    """Return the day of an edition, of a weekly one the last it tells of; None where that is not known."""
    day = facts.get("overview", {}).get("last", "") if _weekly(edition) else edition
    return date.fromisoformat(day) if day else None


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}" if count else ""
