"""When the next digest of a subscription is looked at, and which edition that is, by its reader's clock. No writes."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from broadsheet.mail.models import Cadence, Subscription

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_SATURDAY = 5


def next_due(subscription: Subscription, after: datetime, *, told: str | None = None) -> datetime:
    """Return when the next digest is looked at: the first such moment after another, in UTC.

    That is the reader's hour in the reader's zone. Where clocks are put forward over it, it is the first moment after,
    where they are put back, the first of the two; each day on which one comes has exactly one. One that comes "when
    there is something" is looked at each full hour from then on, until one was sent that day.

    told: for such a one, the edition that was sent last, where the caller knows it ('' for none that matters any
    more); without it the ledger is asked.
    """
    zone = zone_of(subscription)
    if subscription.cadence == Cadence.SOMETHING:
        return _next_hour(subscription, after, zone, told)
    today = after.astimezone(zone).date()
    # A week and a day on, as today's may be over; one more, as some zones have skipped a day.
    for ahead in range(-1, 10):
        day = today + ahead * _DAY
        if _comes_on(subscription, day) and (moment := _moment(day, subscription.hour, zone)) and moment > after:
            return moment
    raise AssertionError("a week without any of its days")  # pragma: no cover


def edition(subscription: Subscription, due: datetime) -> str:
    """Return the label of the edition that is due at a moment: the reader's date, or week for weekly ones."""
    local = due.astimezone(zone_of(subscription)).date()
    if subscription.cadence == Cadence.WEEKLY:
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02}"
    return local.isoformat()


def edition_at(subscription: Subscription, now: datetime) -> str:
    """Return the label of the edition that is told at a moment: the one that is due.

    Where nothing was sent for a day or more, as the site was away, it is the last one that would have come since: what
    was missed comes in one mail, and that is not dated days ago.
    """
    due = subscription.due or now
    if now - due < _DAY:
        return edition(subscription, due)
    if subscription.cadence == Cadence.SOMETHING:
        return edition(subscription, now - subscription.hour * _HOUR)
    due = max(due, now - 9 * _DAY)
    while (following := next_due(subscription, due)) <= now:
        due = following
    return edition(subscription, due)


def zone_of(subscription: Subscription) -> ZoneInfo:
    """Return the reader's time zone; UTC for one that this machine no longer knows."""
    try:
        return ZoneInfo(subscription.zone)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        return ZoneInfo("UTC")


def _comes_on(subscription: Subscription, day: date) -> bool:
    if subscription.cadence == Cadence.WEEKDAYS:
        return day.weekday() < _SATURDAY
    return subscription.cadence != Cadence.WEEKLY or day.weekday() == subscription.weekday


def _moment(day: date, hour: int, zone: ZoneInfo) -> datetime | None:
    """Return a local hour of a day in UTC; None for a day that this zone skipped whole."""
    for fold in (0, 1):
        # Of an hour that does not exist, fold 0 gives the time after the gap, fold 1 the one before; the second is
        # needed where the gap reaches into the next day.
        moment = datetime(day.year, day.month, day.day, hour, tzinfo=zone, fold=fold).astimezone(UTC)
        if moment.astimezone(zone).date() == day:
            return moment
    return None


def _next_hour(subscription: Subscription, after: datetime, zone: ZoneInfo, told: str | None) -> datetime:
    began = after.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
    days = {(after.astimezone(zone).date() + ahead * _DAY).isoformat() for ahead in (0, 1)}
    sent: set[str] = {told} if told else set()
    if told is None and subscription.pk:
        sent = set(subscription.deliveries.filter(edition__in=days).values_list("edition", flat=True))
    moment = began + _HOUR
    while moment <= after or _too_soon(moment.astimezone(zone), subscription.hour, sent):
        moment += _HOUR
    return moment


def _too_soon(local: datetime, hour: int, sent: set[str]) -> bool:
    return local.hour < hour or local.date().isoformat() in sent
