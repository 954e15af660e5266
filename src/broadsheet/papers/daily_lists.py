"""The daily papers of another site as a place to take papers from: which days are next. Reading them: ``hf_daily``."""

import re
from datetime import date, timedelta

from django.conf import settings
from django.db.models import Q
from django.utils import timezone

from broadsheet.errors import BadInput, Refused
from broadsheet.papers.harvests import Harvest
from broadsheet.papers.models import Run
from broadsheet.sources.hf_daily import NAME, HfDays, day_of
from broadsheet.sources.http import PoliteClient

PLACE = "daily-papers"
REREAD = timedelta(days=7)
"""How far each reading goes back before the last one: votes are cast for days, and histories grow by it."""

_DAY = r"\d{4}-\d\d-\d\d"
_PLACE = re.compile(rf"{PLACE}(?:@(?P<first>{_DAY})?\.\.(?P<last>{_DAY})?)?", re.ASCII)


def is_one(place: str) -> bool:
    """Whether a place is one of these: ``daily-papers``, or with days ``daily-papers@2026-01-01..2026-01-31``."""
    return _PLACE.fullmatch(place) is not None


def place(first: date | None, last: date | None) -> str:
    """Return the place of some days; without any it goes on from where the last reading ended."""
    return f"{PLACE}@{first or ''}..{last or ''}" if first or last else PLACE


def address() -> str:
    """Return the address that is asked."""
    follow: str = settings.FOLLOW_DAILY_PAPERS
    return follow if follow.startswith("http") else settings.DAILY_PAPERS


def source(first: date, last: date, client: PoliteClient) -> HfDays:
    """Return the lists of some days as a source. Raises Refused where the network is switched off."""
    if settings.OFFLINE:
        raise Refused("The daily papers need the network, which is switched off (BROADSHEET_OFFLINE).")
    return HfDays(client, address(), first, last, timezone.now().date())


def opened(place: str, client: PoliteClient) -> Harvest:
    """Open such a place. Raises BadInput for days that are none or in the wrong order, Refused without a network."""
    found = _PLACE.fullmatch(place)
    if not found:
        raise BadInput(f"{place[:80]!r} is no place of daily papers.", f"Say {PLACE}.")
    today = timezone.now().date()
    try:
        first, last = (date.fromisoformat(found[name]) if found[name] else None for name in ("first", "last"))
    except ValueError:
        raise BadInput(f"{place[:80]!r} holds a day that is none.", "Days look like 2026-11-21.") from None
    last = min(last or today, today)
    first = first or _next_day() or last - REREAD
    if first > last:
        raise BadInput(f"The days end ({last}) before they begin ({first}).", "No later day than today is asked for.")
    return Harvest(source(first, last, client), f"daily {first}..{last}")


def _next_day() -> date | None:
    """Return the day from which to read: some days before the last whole reading that reached the present ended."""
    onward = Q(place=PLACE) | Q(place__startswith=f"{PLACE}@", place__endswith="..")
    last = Run.objects.filter(onward, source=NAME).exclude(finished=None).order_by("-pk").first()
    reached = day_of(last.position) if last else None
    return reached - REREAD if reached else None
