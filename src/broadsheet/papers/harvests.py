"""arXiv's OAI-PMH and its feed of the day as places to take papers from: which days are next, and what was read before.

How far each set has been read is known from its runs; asking and reading is done by the sources.
"""

import re
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.conf import settings
from django.db.models import Q

from broadsheet.errors import BadInput, Refused
from broadsheet.papers.models import Run
from broadsheet.sources import arxiv_rss
from broadsheet.sources.arxiv_oai import ArxivOai, day_of, set_of
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.record import Source

OAI, RSS = "arxiv-oai", "arxiv-rss"
SLOW_ANSWER = 120.0
"""Seconds that these places may take to begin an answer: arXiv makes some pages only when they are asked for."""

_DAY = r"\d{4}-\d\d-\d\d"
_PLACE = re.compile(rf"{OAI}:(?P<set>[A-Za-z:-]+)(?:@(?P<since>{_DAY})?\.\.(?P<until>{_DAY})?)?", re.ASCII)


class Harvest(NamedTuple):
    """A place read: the source, what tells that it is the same as last time, and what there is to say of it."""

    source: Source
    fingerprint: str
    notes: tuple[str, ...] = ()


def places(sets: Iterable[str] = (), since: date | None = None, until: date | None = None) -> list[str]:
    """Return the places to harvest: one for each set, by default for each configured category.

    sets: OAI-PMH sets, categories or archives; ``all`` is the whole of arXiv. since, until: first and last day of
    change; by default it goes on from where the last harvest ended. Raises BadInput for what is no set.
    """
    names = [name if name == "all" else set_of(name) for name in sets or settings.CATEGORIES]
    days = f"@{since or ''}..{until or ''}" if since or until else ""
    return [f"{OAI}:{name}{days}" for name in dict.fromkeys(names)]


def is_one(place: str) -> bool:
    """Whether a place is one of these."""
    return place == RSS or place.split(":", maxsplit=1)[0] == OAI


def opened(place: str, client: PoliteClient) -> Harvest:
    """Open a place: ``arxiv-rss``, or ``arxiv-oai:SET`` with days where wanted, as ``places`` names them.

    Raises BadInput where it is none, Refused where the network is switched off, and what asking for the feed raises.
    """
    if settings.OFFLINE:
        raise Refused(f"{place[:80]} needs the network, which is switched off (BROADSHEET_OFFLINE).")
    if place == RSS:
        return _of_the_day(client)
    found = _PLACE.fullmatch(place)
    if not found:
        raise BadInput(f"{place[:80]!r} is no place of arXiv's OAI-PMH.", f"Say {OAI}:cs, or {OAI}:cs:cs:LG.")
    try:
        since, until = (date.fromisoformat(found[name]) if found[name] else None for name in ("since", "until"))
    except ValueError:
        raise BadInput(f"{place[:80]!r} holds a day that is none.", "Days look like 2026-11-21.") from None
    name = found["set"]
    since = since or _next_day(name)
    source = ArxivOai(client, settings.ARXIV_OAI, group="" if name == "all" else set_of(name), since=since, until=until)
    first, last = (f"{day:%Y%m%d}" if day else "" for day in (since, until))
    return Harvest(source, f"oai {name} {first}..{last}")


def _next_day(name: str) -> date | None:
    """Return the day from which a set is to be read: that of a harvest that broke off, else where the last one ended.

    None for a set that has never been read. Harvests of some days in the past, with an end, say nothing of how far
    it has been read.
    """
    place = f"{OAI}:{name}"
    runs = Run.objects.filter(Q(place=place) | Q(place__startswith=f"{place}@", place__endswith=".."))
    ended = runs.exclude(finished=None).order_by("-pk").first()
    # One that has read nothing, as its days or its set were refused, is not worth going on with.
    later = runs.filter(finished=None, pk__gt=ended.pk if ended else 0, position__gt=0)
    if broken_off := later.order_by("-pk").first():
        began = re.search(r" (\d{8})\.\.$", broken_off.fingerprint)
        return date.fromisoformat(began[1]) if began else None
    return day_of(ended.position) if ended else None


def _of_the_day(client: PoliteClient) -> Harvest:
    batch = arxiv_rss.ask(client, settings.ARXIV_RSS, settings.CATEGORIES)
    fingerprint = f"rss {batch.fingerprint}"
    notes = []
    if not batch.entries:
        notes.append("The feed of the day is empty, as on weekends and holidays.")
    elif seen := Run.objects.filter(fingerprint=fingerprint).exclude(finished=None).order_by("pk").first():
        notes.append(f"The feed still holds the batch that was taken in on {seen.started:%Y-%m-%d}.")
    if batch.capped:
        names = ", ".join(batch.capped)
        notes.append(f"arXiv puts {arxiv_rss.MOST_ITEMS} papers into a feed at most, and left some out of {names}.")
    return Harvest(arxiv_rss.ArxivRss(batch), fingerprint, tuple(notes))
