"""What is on a list and since when, and what came onto it after a moment: the one source of feeds and of digests."""

from dataclasses import dataclass
from datetime import date, datetime

from broadsheet.accounts.models import User
from broadsheet.papers.models import Paper
from broadsheet.ranking.listings import Listing


@dataclass(frozen=True, slots=True)
class Entered:
    """A paper on a list. at: when it entered the list. why: the reason as words of a sentence, '' where it is plain."""

    paper: Paper
    at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True)
class Covered:
    """Up to where somebody was told already. day: newest edition. paper: newest paper, by primary key. until: when."""

    day: date | None
    paper: int
    until: datetime


def on_list(
    listed: Listing, *, viewer: User | None = None, least_votes: int = 0, days: int = 0, limit: int = 100
) -> list[Entered]:
    """Return what is on a list, what entered last first, so that no later vote reorders it.

    viewer: whose private list it is. least_votes: papers with fewer are left out; a paper enters once it has as many.
    days: only what entered in so many days; 0 for any. limit: entries at most.
    """
    raise NotImplementedError


def since(listed: Listing, covered: Covered, *, viewer: User | None = None, least_votes: int = 0) -> list[Entered]:
    """Return what came onto a list after what was covered, newest first, for a digest to choose from; 3,000 at most.

    That is what stands in editions after ``covered.day``, and what came here after ``covered.paper`` for an edition of
    the seven days before, as papers may be late.
    """
    raise NotImplementedError


def covered_now(now: datetime) -> Covered:
    """Return how far papers have come, so that what comes after it can be told later."""
    raise NotImplementedError
