"""The verbs of the ledger: note what a place told of a day, count anew what is here, tell the operator.

Each is one transaction, and nothing here asks the network: that is ``watching``.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from broadsheet.accounts import mail
from broadsheet.accounts.models import Role, User
from broadsheet.ledger import rules
from broadsheet.ledger.counting import ALL, ESTIMATE, Share, facts_of, shares, told
from broadsheet.ledger.models import Announcement
from broadsheet.ledger.standing import asks_arxiv, grace
from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_calendar

FEED, API = "arXiv’s feed", "arXiv’s API"
"""Places that tell how many papers a day has."""

LONGEST_HISTORY = 100
ALERT_DAYS = 3
"""So many days back an incomplete day is told of."""


def is_new(day: date, ids: Iterable[str]) -> bool:
    """Whether a batch that bears a day's date is really of that day, and not an earlier one served once more.

    ids: of its new papers. By content: it is another day's where more than half of what it calls new has been here as
    an earlier day's announcement. An empty batch is none. Half of today's batch counts as new, and so does the whole
    that follows it.
    """
    wanted = set(ids)
    if not wanted:
        return False
    earlier = 0
    listed = sorted(wanted)
    for start in range(0, len(listed), 500):
        earlier += Paper.objects.filter(key__in=listed[start : start + 500], announced__lt=day).count()
    return earlier * 2 <= len(wanted)


@transaction.atomic
def note_batch(day: date, new: Mapping[str, Sequence[str]], now: datetime, source: str = FEED) -> bool:
    """Note the new papers that a feed of a day holds, by id with their categories, and return whether it is new.

    A batch that is another day's is not noted.
    """
    if not is_new(day, new):
        return False
    ours = set(settings.CATEGORIES)
    counts = Counter(category for categories in new.values() for category in ours.intersection(categories))
    _tell(day, ALL, len(new), source)
    for category in settings.CATEGORIES:
        _tell(day, category, counts[category], source)
    Announcement.objects.filter(day=day, out_at=None).update(out_at=now)
    return True


@transaction.atomic
def note_total(day: date, category: str, total: int, source: str = API) -> None:
    """Note how many papers of a category, '' for all together, a place says that a day has.

    None at all tells nothing, as a place that has not been brought up to date says so too.
    """
    if total > 0:
        _tell(day, category, total, source)


@transaction.atomic
def note_look(day: date, now: datetime) -> None:
    """Note that the sources were asked for a day."""
    row = _row(day, ALL)
    row.checked_at = now
    row.save(update_fields=["checked_at"])


def recount(days: Iterable[date], now: datetime) -> list[Announcement]:
    """Count what is here of some days, judge how far they are, and return the rows of all together.

    A day of which nothing is here, and nothing was to be expected, is left out: it may lie before the site began.
    """
    return [row for day in days if (row := _recount(day, now))]


@transaction.atomic
def _recount(day: date, now: datetime) -> Announcement | None:
    held = {row.category: row for row in Announcement.objects.select_for_update().filter(day=day).order_by("category")}
    found = shares(day, now)
    facts = facts_of(day, now, found[ALL].received, told(held.get(ALL)))
    is_past = now >= arxiv_calendar.announced_at(arxiv_calendar.day_after(day))
    if not held and is_past and not (facts.received or rules.has_basis(facts)):
        return None
    state = rules.state_of(day, now, facts, grace())
    whole = held.get(ALL) or _row(day, ALL)
    if told(whole) is None:
        whole.expected, whole.expected_from = (facts.usual, ESTIMATE) if facts.usual else (None, "")
    _write(whole, state, found[ALL], now)
    for category in settings.CATEGORIES:
        if state in ("weekend", "holiday") and category not in held:
            continue
        row = held.get(category) or _row(day, category)
        _write(row, rules.state_of_category(state, facts, found[category].received, row.expected), found[category], now)
    return whole


def alert(now: datetime) -> list[str]:
    """Mail the operators about days that stay incomplete, once a day, and when such a day is complete after all.

    Returns a sentence for each mail's matter; none where this site does not ask arXiv by itself.
    """
    if not asks_arxiv():
        return []
    return [*_alerts(now), *_all_clears(now)]


def _alerts(now: datetime) -> list[str]:
    """Tell of the days that have been incomplete for BROADSHEET_ALERT_HOURS."""
    told_lately = Q(alerted_at__gt=now - timedelta(days=1))
    first = now.date() - timedelta(days=ALERT_DAYS)
    rows = Announcement.objects.filter(category=ALL, day__gte=first, state__in=("partial", "late")).exclude(told_lately)
    found = []
    for row in rows.order_by("day"):
        if now < arxiv_calendar.announced_at(row.day) + timedelta(hours=settings.ALERT_HOURS):
            continue
        if row.expected and row.received >= row.expected:
            continue  # waited for whether more comes, as on the first start of a site; none is known to be missing
        # Whoever moves the moment tells of it, where two look at once.
        if Announcement.objects.filter(pk=row.pk).exclude(told_lately).update(alerted_at=now):
            found.append(_send("ledger-incomplete", row))
    return found


def _all_clears(now: datetime) -> list[str]:
    rows = Announcement.objects.filter(category=ALL, state="complete").exclude(alerted_at=None).order_by("day")
    return [
        _send("ledger-complete", row)
        for row in rows
        if Announcement.objects.filter(pk=row.pk).exclude(alerted_at=None).update(alerted_at=None)
    ]


def _send(template: str, row: Announcement) -> str:
    addresses: list[str | User] = list(settings.ALERTS)
    addresses = addresses or list(User.objects.filter(role=Role.ADMIN, is_active=True).exclude(email=""))
    partial = Announcement.objects.filter(day=row.day).exclude(category=ALL).exclude(state="complete")
    context = {
        "row": row,
        "estimated": told(row) is None,
        "categories": [f"{one.category}: {one.received} of {one.expected or '?'}" for one in partial],
        "address": mail.absolute(f"/status/days/{row.day}"),
    }
    number = sum(mail.send(template, to, context) for to in addresses)
    return f"{row.day} is {row.state}: {number} mail{'s' if number != 1 else ''}"


def _row(day: date, category: str) -> Announcement:
    row, _ = Announcement.objects.get_or_create(day=day, category=category, defaults={"state": "not-out"})
    return row


def _tell(day: date, category: str, number: int, source: str) -> None:
    """Keep a number told. The same place corrects itself; of two places the one that knows of more is believed."""
    _row(day, category)
    row = Announcement.objects.select_for_update().get(day=day, category=category)
    known = told(row)
    if known is None or row.expected_from == source or number > known:
        row.expected, row.expected_from = number, source
        row.save(update_fields=["expected", "expected_from"])


def _write(row: Announcement, state: rules.State, share: Share, now: datetime) -> None:
    """Bring a row up to date, and its history where a number or the state is another one."""
    last = row.history[-1][1:] if row.history else None
    row.state, row.received = state, share.received
    row.first_id, row.last_id, row.source = share.first_id, share.last_id, share.source
    if share.received and row.out_at is None:
        row.out_at = now
    row.complete_at = (row.complete_at or now) if state == "complete" else None
    if last != [state, share.received, row.expected]:
        entry = [now.isoformat(timespec="seconds"), state, share.received, row.expected]
        row.history = [*row.history, entry][-LONGEST_HISTORY:]
    row.save()
