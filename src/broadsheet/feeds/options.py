"""What can be asked of a feed in its address: least votes, days, with or without abstract, how many."""

from dataclasses import dataclass, fields
from typing import Self
from urllib.parse import urlencode

from django.http import QueryDict

from broadsheet.errors import BadInput

MOST = 500
"""Entries of one feed."""

RANGES = {"votes": (0, 1_000_000), "days": (0, 3_650), "n": (1, MOST)}


@dataclass(frozen=True, slots=True)
class Options:
    """How a feed is asked for. votes: papers with fewer are left out. days: entries of so many days; 0: of any.

    n: how many entries. abstract: whether each holds it.
    """

    votes: int = 0
    days: int = 0
    n: int = 100
    abstract: bool = True

    @classmethod
    def read(cls, asked: QueryDict) -> Self:
        """Return the options of a question; what it does not name is as usual, and what is none of them is ignored.

        Raises BadInput for a value that cannot be.
        """
        numbers = {name: _number(name, asked.get(name, "")) for name in RANGES if name in asked}
        abstract = asked.get("abstract", "yes")
        if abstract not in ("yes", "no"):
            raise BadInput(f"abstract is {abstract[:20]!r}.", "It takes yes or no.")
        return cls(**numbers, abstract=abstract == "yes")

    def question(self) -> str:
        """Return what differs from a feed as usual, as part of an address; in one order, so that one feed has one."""
        changed = {field.name: getattr(self, field.name) for field in fields(self)}
        differs = {name: value for name, value in changed.items() if value != getattr(Options(), name)}
        return urlencode({name: "no" if value is False else value for name, value in differs.items()})


def _number(name: str, text: str) -> int:
    least, most = RANGES[name]
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
    if not least <= number <= most:
        raise BadInput(f"{name} is {text[:20]!r}.", f"It takes a whole number from {least} to {most}.")
    return number
