"""What a reader sets for one subscription: how often and when, and which papers. How it is kept: ``subscriptions``."""

import hashlib
import json
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, Self

from django.conf import settings

from broadsheet.accounts.actions import line
from broadsheet.errors import BadInput
from broadsheet.mail.models import Cadence, Subscription

MOST_PAPERS = 50
"""Papers in one mail; more would make it too large for mail programs to show whole."""
MOST_WORDS = 20
"""Categories, words or authors of one kind."""
LONGEST = 80
"""Characters of one of them."""
MOST_VOTES = 100_000
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

_CATEGORY = re.compile(r"[a-z-]{2,10}(\.[a-z-]{2,12})?", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Preferences:
    """How often and when a digest comes, and which papers it may hold; the fields are those of a subscription.

    weekday: 0 is Monday, for weekly ones. hour, zone: when, as the reader's clock shows it. papers: at most so many.
    categories, include, authors: a paper fits one of each that is not empty. exclude: and none of these.
    """

    cadence: str = Cadence.WEEKDAYS
    weekday: int = 0
    hour: int = 7
    zone: str = "UTC"
    papers: int = 10
    categories: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    least_votes: int = 0

    @classmethod
    def read(cls, form_values: Mapping[str, Any]) -> Self:
        """Return the preferences that a form holds; what it leaves out is as usual.

        form_values: texts by the names of the fields, as typed. Raises BadInput for the first that cannot be read.
        """
        given: dict[str, Any] = {"zone": settings.TIME_ZONE}
        for name, reader in READERS.items():
            if str(form_values.get(name) or "").strip():
                given[name] = reader(str(form_values[name]))
        return cls(**given)

    @classmethod
    def of(cls, subscription: Subscription) -> Self:
        """Return the preferences that a subscription holds."""
        kept: dict[str, Any] = {}
        for field in fields(cls):
            value = getattr(subscription, field.name)
            kept[field.name] = tuple(value) if isinstance(value, list) else value
        return cls(**kept)

    def columns(self) -> dict[str, Any]:
        """Return them as the columns of a subscription."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in kept.items()}

    def typed(self) -> dict[str, Any]:
        """Return them as a form shows them, so that ``read`` reads the same again."""
        return self.columns() | {
            "categories": " ".join(self.categories),
            "include": "\n".join(self.include),
            "exclude": "\n".join(self.exclude),
            "authors": "\n".join(self.authors),
        }


def preferences_key(kind: str, value: str, preferences: Preferences) -> str:
    """Return a digest of what decides which papers are chosen; who shares it shares the choice.

    kind, value: the list. When a mail comes decides nothing, but a weekly one is of another make.
    """
    decides = [
        kind,
        value,
        preferences.cadence == Cadence.WEEKLY,
        preferences.papers,
        preferences.least_votes,
        *(
            sorted({one.casefold() for one in words})
            for words in (preferences.categories, preferences.include, preferences.exclude, preferences.authors)
        ),
    ]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:40]


def zone_names() -> tuple[str, ...]:
    """Return the time zones that can be chosen, by name."""
    return _zones()[0]


def usual_cadence(kind: str) -> str:
    """Return how often a list comes where nothing else is said: a week's weekly, a search when it finds something."""
    return {"week": Cadence.WEEKLY, "month": Cadence.WEEKLY, "search": Cadence.SOMETHING}.get(kind, Cadence.WEEKDAYS)


def sentence(preferences: Preferences) -> str:
    """Return when a digest comes, in words, as in "on weekdays at 7:00 (Europe/Berlin)"."""
    often = {
        Cadence.DAILY: "every day",
        Cadence.WEEKDAYS: "on weekdays",
        Cadence.WEEKLY: f"on {WEEKDAYS[preferences.weekday]}s",
        Cadence.SOMETHING: "when there is something new, once a day at most and not before",
    }[Cadence(preferences.cadence)]
    at = "" if preferences.cadence == Cadence.SOMETHING else " at"
    return f"{often}{at} {preferences.hour}:00 ({preferences.zone})"


# --- One field each ---------------------------------------------------------------------------------------------------


def _cadence(text: str) -> str:
    if text not in Cadence.values:
        raise BadInput(f"{text[:20]!r} is not how often mail comes.", f"It takes {', '.join(Cadence.values)}.")
    return text


def _number(what: str, least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        text = text.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 10 and least <= int(text) <= most):
            raise BadInput(f"{text[:20]!r} is not {what}.", f"It takes a whole number from {least} to {most}.")
        return int(text)

    return read


@cache
def _zones() -> tuple[tuple[str, ...], dict[str, str]]:
    known = {name for name in zoneinfo.available_timezones() if "/" in name}
    # Browsers may name one of the others; nobody looks for a town among them.
    shown = {name for name in known if not name.startswith(("Etc/", "SystemV/"))} | {"UTC", settings.TIME_ZONE}
    return tuple(sorted(shown)), {name.lower(): name for name in known | shown}


def _zone(text: str) -> str:
    known = _zones()[1].get("_".join(text.split()).lower())
    if known is None:
        raise BadInput(f"{text.strip()[:40]!r} is not a time zone.", "Zones look like Europe/Berlin, or UTC.")
    return known


def _words(what: str, parts: str) -> Callable[[str], tuple[str, ...]]:
    def read(text: str) -> tuple[str, ...]:
        found = dict.fromkeys(filter(None, map(line, re.split(parts, text))))
        if len(found) > MOST_WORDS:
            raise BadInput(f"These are {len(found)} {what}.", f"A subscription takes {MOST_WORDS} at most.")
        if long := next((one for one in found if len(one) > LONGEST), ""):
            raise BadInput(f"“{long[:30]}…” is too long.", f"Each of the {what} has {LONGEST} characters at most.")
        return tuple(found)

    return read


def _categories(text: str) -> tuple[str, ...]:
    found = _words("categories", r"[\s,;]+")(text)
    for one in found:
        if not _CATEGORY.fullmatch(one):
            raise BadInput(f"{one[:40]!r} is not a category.", "Categories look like cs.LG, or cs for all of it.")
    return tuple(dict.fromkeys(map(_spelled, found)))


def _spelled(category: str) -> str:
    """Return a category as arXiv spells it: archives in small letters, classes in capitals but for two archives."""
    archive, dot, subject = category.lower().partition(".")
    return archive + dot + (subject if archive in ("physics", "cond-mat") else subject.upper())


READERS: dict[str, Callable[[str], Any]] = {
    "cadence": _cadence,
    "weekday": _number("a day of the week", 0, 6),
    "hour": _number("an hour of the day", 0, 23),
    "zone": _zone,
    "papers": _number("a number of papers", 1, MOST_PAPERS),
    "categories": _categories,
    "include": _words("words and phrases", r"[\n,;]+"),
    "exclude": _words("words and phrases", r"[\n,;]+"),
    "authors": _words("authors", r"[\n;]+"),
    "least_votes": _number("a number of votes", 0, MOST_VOTES),
}
"""What reads each field as it was typed; each raises BadInput."""
