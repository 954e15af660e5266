"""How subscriptions begin, change, rest and end. Which addresses are mailed: ``addresses``; reads: ``subscribed``.

Who may do something has proved it: by the signed link of a mail, or as the reader whose subscription it is.
"""

import contextlib
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from broadsheet.accounts import actions, mail, readers
from broadsheet.errors import BadInput, BroadsheetError, NotFound, Refused
from broadsheet.mail import schedule, subscribed, tokens
from broadsheet.mail.addresses import (
    address_of,
    allow,
    allow_own,
    few_confirmations,
    hold,
    is_own,
    is_suppressed,
    suppress,
)
from broadsheet.mail.models import Cadence, State, Subscription
from broadsheet.mail.preferences import Preferences, preferences_key
from broadsheet.mail.subscribed import LIVE
from broadsheet.ranking import entries, listings
from broadsheet.ranking.listings import PRIVATE, Listing

MOST = 100
"""Subscriptions of one address."""
PAUSE_WEEKS = (1, 2, 4, 8)
"""For how many weeks a subscription can rest."""
WORDS = {
    "day": "papers of the day",
    "week": "papers of the week",
    "month": "papers of the month",
    "trending": "trending papers",
    "new": "papers as they come in",
    "search": "new papers of a search",
    "category": "papers of a category",
    "author": "papers of an author",
    "organization": "papers of an organisation",
    "reader": "papers that a reader votes for",
    "list": "papers of a reading list",
    "following": "what is new of all you follow",
    "for-me": "papers chosen for you",
}
"""Each kind of list in our own words: a mail nobody has confirmed yet holds no words of whoever asked for it."""

__all__ = ["Preferences", "allow", "is_suppressed", "preferences_key", "suppress"]


# --- Beginning --------------------------------------------------------------------------------------------------------


def subscribe(
    visitor: readers.Visitor,
    address: str,
    listed: Listing,
    preferences: Preferences,
    *,
    client_address: str,
    site: str = "",
) -> Subscription:
    """Subscribe an address to a list. It begins at once for a reader's own confirmed address, else by a mailed link.

    visitor: who asks, with or without an account. client_address: from where, as a subnet can ask a few times a day
    only. site: the site's address for the link, where none is configured.

    What is answered never tells whether the address is known, subscribed already, or wants no mail: a subscription that
    waits for its link, which is not kept where none is mailed. Raises BadInput for what is no address, NotFound for a
    list that is not here or not for this visitor, Refused for a suspended reader and for one whose own address wants
    no mail, TooMany.
    """
    reader = readers.active(visitor, "subscribe") if readers.signed_in(visitor) else None
    listed = endless(listings.listing(listed.kind, listed.value, reader))
    address = address_of(address)
    asked = Subscription(address=address, reader=reader, kind=listed.kind, value=listed.value)
    _prefer(asked, preferences)
    if reader is not None and is_own(reader, address):
        with transaction.atomic():
            allow_own(address)
            return _begin(asked)
    few_confirmations(reader, address, client_address)
    mailed = "" if is_suppressed(address) else address
    with transaction.atomic():
        asked.save()
        if not mailed:
            # Written all the same, so that the time of the answer tells nothing.
            Subscription.objects.filter(pk=asked.pk).delete()
    path = reverse("mail-confirm", args=[tokens.confirm_token(asked)])
    mail.send("subscription", mailed, {"words": WORDS[asked.kind], "address": mail.absolute(path, site)})
    return asked


def endless(listed: Listing) -> Listing:
    """Return the list that can come by mail: of one day, week or month, on which nothing new comes, the newest ones."""
    return Listing(listed.kind) if listed.kind in ("day", "week", "month") else listed


@transaction.atomic
def confirm(token: str) -> Subscription:
    """Begin the subscription that a mailed link confirms, and return it; it may be pressed twice.

    Where the address has that list already, that subscription gets the preferences asked for now. Raises NotFound for a
    link that does not work, Refused for an address that wants no mail or has too many.
    """
    link = tokens.confirming(token)
    hold(link.address)
    asked = _held(link)
    if asked.state in LIVE:
        return asked
    if asked.state == State.ENDED:
        # Pressed once more after what it asked for went into a subscription that was there before.
        before = _live(asked)
        if before is None:
            raise NotFound("This link was used already, and the subscription has ended.", "Subscribe again to have it.")
        return before
    if is_suppressed(asked.address):
        raise Refused("This address is not mailed any more.", "Its owner or a mail server asked for that.")
    if asked.kind not in PRIVATE:
        asked.reader = actions.owner(asked.address) or asked.reader
    return _begin(asked)


def _begin(asked: Subscription) -> Subscription:
    """Make a subscription active, or give what was asked for to the one that is there."""
    now = timezone.now()
    held = _live(asked)
    if held is None:
        if Subscription.objects.filter(address=asked.address, state__in=LIVE).count() >= MOST:
            raise Refused(f"An address has at most {MOST} subscriptions.", "End one first.")
        asked.state, asked.confirmed, asked.due = State.ACTIVE, now, _first_due(asked, now)
        cover(asked, now)
        try:
            with transaction.atomic():
                asked.save()
        except IntegrityError:  # another request was first
            held = _live(asked)
        if held is None:
            _remember(asked)
            return asked
    _prefer(held, Preferences.of(asked))
    held.reader = asked.reader or held.reader
    held.state, held.reason, held.due = State.ACTIVE, "", _first_due(held, now)
    held.save()
    Subscription.objects.filter(pk=asked.pk, state=State.PENDING).update(state=State.ENDED, ended=now)
    _remember(held)
    return held


def _remember(begun: Subscription) -> None:
    """Begin to note what enters a list that has no dates of its own; where the index does not answer, an hour later."""
    with contextlib.suppress(BroadsheetError):
        entries.remember(subscribed.listed_of(begun), viewer=begun.reader, least_votes=begun.least_votes)


def cover(asked: Subscription, now: datetime) -> None:
    """Count as told what came before the newest edition (of a weekly one: week), so that the first mail holds that."""
    covered = entries.covered_now(now)
    back = timedelta(days=7 if asked.cadence == Cadence.WEEKLY else 1)
    asked.covered_day = covered.day - back if covered.day else None
    asked.covered_paper = covered.paper
    asked.covered_stamp = covered.stamp
    asked.covered_until = covered.until - back


# --- Changing and ending ----------------------------------------------------------------------------------------------


@transaction.atomic
def change(subscription: Subscription, preferences: Preferences) -> Subscription:
    """Set how often and when a subscription comes, and with which papers. Raises NotFound for one that has ended."""
    held = _standing(subscription)
    _prefer(held, preferences)
    if held.state == State.ACTIVE:
        held.due = _first_due(held, timezone.now())
    held.save()
    _remember(held)
    return held


@transaction.atomic
def pause(subscription: Subscription, weeks: int) -> Subscription:
    """Let a subscription rest for some weeks; what comes after holds the best of what was missed.

    Raises BadInput for other weeks than those that can be chosen, NotFound for one that has ended.
    """
    if weeks not in PAUSE_WEEKS:
        raise BadInput(f"It cannot rest for {weeks} weeks.", f"It takes {', '.join(map(str, PAUSE_WEEKS))}.")
    held = _standing(subscription)
    if held.state == State.ACTIVE:
        held.due = _first_due(held, timezone.now() + timedelta(weeks=weeks))
        held.save(update_fields=["due"])
    return held


@transaction.atomic
def unsubscribe(subscription: Subscription) -> Subscription:
    """End a subscription; one that has ended stays so. Nothing is sent for it from this moment."""
    held = _held(subscription)
    if held.state != State.ENDED:
        held.state, held.ended, held.due = State.ENDED, timezone.now(), None
        held.save(update_fields=["state", "ended", "due"])
    return held


@transaction.atomic
def suspend(subscription: Subscription, reason: str) -> Subscription:
    """Send nothing until somebody resumes it, as its address does not take mail. reason: a sentence for its reader."""
    held = _held(subscription)
    if held.state == State.ACTIVE:
        held.state, held.reason, held.due = State.SUSPENDED, reason[:300], None
        held.save(update_fields=["state", "reason", "due"])
    return held


@transaction.atomic
def resume(subscription: Subscription) -> Subscription:
    """Send again what was suspended, or rests. Raises NotFound for one that has ended, Refused if it wants no mail."""
    held = _standing(subscription)
    if is_suppressed(held.address):
        raise Refused("This address is not mailed any more.", "Its owner or a mail server asked for that.")
    held.state, held.reason, held.due = State.ACTIVE, "", _first_due(held, timezone.now())
    held.save(update_fields=["state", "reason", "due"])
    return held


# --- Rows -------------------------------------------------------------------------------------------------------------


def _prefer(subscription: Subscription, preferences: Preferences) -> None:
    for name, value in preferences.columns().items():
        setattr(subscription, name, value)
    subscription.preferences = preferences_key(subscription.kind, subscription.value, preferences)


def _first_due(subscription: Subscription, now: datetime) -> datetime:
    """Return when the next edition comes that was not taken yet: another hour of the same day is no other edition."""
    due = schedule.next_due(subscription, now)
    while subscription.pk and subscription.deliveries.filter(edition=schedule.edition(subscription, due)).exists():
        due = schedule.next_due(subscription, due)
    return due


def _held(subscription: Subscription) -> Subscription:
    """Return a subscription as it stands, held until the transaction ends. Raises NotFound."""
    found = Subscription.objects.select_for_update().filter(pk=subscription.pk).first()
    if found is None:
        raise NotFound("There is no such subscription any more.")
    return found


def _standing(subscription: Subscription) -> Subscription:
    held = _held(subscription)
    if held.state not in LIVE:
        raise NotFound("This subscription has ended.", "Subscribe again to have it.")
    return held


def _live(asked: Subscription) -> Subscription | None:
    same = Subscription.objects.filter(address=asked.address, kind=asked.kind, value=asked.value)
    return same.select_for_update().filter(state__in=LIVE).first()
