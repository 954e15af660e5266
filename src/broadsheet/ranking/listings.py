"""Lists that can be followed by feed and by mail: what each is called and where it is. What is on one: ``entries``."""

from dataclasses import dataclass
from typing import Literal

from broadsheet.accounts.models import User

Kind = Literal[
    "day",
    "week",
    "month",
    "trending",
    "new",
    "search",
    "category",
    "author",
    "organization",
    "reader",
    "list",
    "following",
    "for-me",
]
PRIVATE: tuple[Kind, ...] = ("following", "for-me")
"""Lists of one reader, whose value is the reader's public id."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with an address. value: what it is of, in its one canonical spelling; '' where the kind says all.

    day, week, month: '' for the newest editions, or a label such as ``2026-W47``. search: the query in the language
    of the search box, filters included. list and the private ones: a public id. reader: the name in addresses.
    """

    kind: Kind
    value: str = ""

    @property
    def key(self) -> str:
        """One text for the whole of it."""
        return f"{self.kind}:{self.value}"


def listing(kind: str, value: str = "", viewer: User | None = None) -> Listing:
    """Return a list that can be followed, in its canonical spelling.

    viewer: who asks; private lists are found for their owner alone.
    Raises BadInput for what is no list, NotFound for one that is not here or not for this viewer.
    """
    raise NotImplementedError


def title(listed: Listing) -> str:
    """Return what a list is called, as plain text for one line; it may hold what somebody typed."""
    raise NotImplementedError


def path(listed: Listing) -> str:
    """Return the path of the page of a list, with its question."""
    raise NotImplementedError
