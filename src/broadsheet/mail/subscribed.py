"""Who is subscribed to what: reads, the export, and what is forgotten. Changes are in ``subscriptions``."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.errors import BadInput, NotFound, SignInNeeded
from broadsheet.mail.addresses import address_of, is_own
from broadsheet.mail.models import State, Subscription
from broadsheet.ranking import listings
from broadsheet.ranking.listings import Listing

FORGET_PENDING = timedelta(days=7)
FORGET_ENDED = timedelta(days=30)
LIVE = (State.ACTIVE, State.SUSPENDED)
"""States in which a subscription is its reader's to change; of one list, an address has one in these at most."""


def of(visitor: readers.Visitor) -> QuerySet[Subscription]:
    """Return a reader's subscriptions, and those of the reader's confirmed address, oldest first. Raises SignInNeeded.

    Those that wait for their link are not among them, as that would tell something of the address.
    """
    reader = readers.signed_in(visitor)
    if reader is None:
        raise SignInNeeded("Sign in to see your subscriptions.")
    return _whose(reader).filter(state__in=LIVE).order_by("pk")


def of_list(visitor: readers.Visitor, listed: Listing) -> Subscription | None:
    """Return a reader's subscription to a list, None for a visitor and where there is none to the own address."""
    reader = readers.signed_in(visitor)
    same = of(reader).filter(kind=listed.kind, value=listed.value) if reader else []
    return next((one for one in same if reader and may_change(reader, one)), None)


def may_change(reader: User, subscription: Subscription) -> bool:
    """Whether a reader may change a subscription without its mail: to the reader's own address, confirmed as such.

    Whoever asks for mail to another address, whose owner then confirms it, gets no power over that address by asking.
    """
    return readers.mode() == "single" or is_own(reader, subscription.address)


def title(subscription: Subscription) -> str:
    """Return what the list of a subscription is called, as plain text; it may hold what somebody typed."""
    try:
        if subscription.kind == "list":  # it may have become private, and its name with it
            listings.listing("list", subscription.value, subscription.reader)
        return listings.title(listed_of(subscription))
    except (BadInput, NotFound):
        return "A list that is not here any more"


def listed_of(subscription: Subscription) -> Listing:
    """Return the list of a subscription."""
    return Listing(subscription.kind, subscription.value)  # type: ignore[arg-type]  # checked when it was made


def may_be_mailed() -> Q:
    """Return the condition that no closed or suspended account stands behind a subscription."""
    acting = Q(reader__suspended_until=None) | Q(reader__suspended_until__lte=timezone.now())
    return Q(reader=None) | (Q(reader__is_active=True) & acting)


_KEPT = ["address", "kind", "value", "cadence", "weekday", "hour", "zone", "papers"]
_KEPT += ["categories", "include", "exclude", "authors", "least_votes"]


def exported(reader: User) -> list[dict[str, Any]]:
    """Return everything kept of a reader's subscriptions, to take along."""
    return [
        {"id": one.public_id}
        | {name: getattr(one, name) for name in _KEPT}
        | {"state": one.state, "reason": one.reason}
        | {name: getattr(one, name) for name in ("made", "confirmed", "ended", "due")}
        | {"editions": list(one.deliveries.order_by("pk").values("edition", "progress", "sent"))}
        for one in _whose(reader).order_by("pk").prefetch_related("deliveries")
    ]


def _whose(reader: User) -> QuerySet[Subscription]:
    own = Q(address=address_of(reader.email)) if reader.email and reader.email_verified else Q(pk__in=[])
    return Subscription.objects.filter(Q(reader=reader) | own)


# --- Forgetting -------------------------------------------------------------------------------------------------------


def forget(now: datetime | None = None) -> int:
    """Delete what was never confirmed and what ended a while ago; return how many subscriptions that was."""
    now = now or timezone.now()
    old = Q(state=State.PENDING, made__lt=now - FORGET_PENDING) | Q(state=State.ENDED, ended__lt=now - FORGET_ENDED)
    return Subscription.objects.filter(old).delete()[1].get("mail.Subscription", 0)


def forget_address(address: str) -> None:
    """Delete all subscriptions of an address, whose owner closes the account."""
    Subscription.objects.filter(address=address_of(address)).delete()
