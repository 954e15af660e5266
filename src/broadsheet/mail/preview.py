"""What the next digest would hold, shown before anything is sent: nothing is chosen for good, taken or kept here."""

from datetime import datetime

from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.mail import choosing, message, schedule, subscriptions
from broadsheet.mail.message import Letter
from broadsheet.mail.models import Subscription
from broadsheet.mail.preferences import Preferences, preferences_key
from broadsheet.ranking.listings import Listing

NOBODY = "you@example.org"
"""The address that stands in the preview of a subscription that is none yet."""


def letter(subscription: Subscription, *, now: datetime | None = None, site: str = "") -> Letter | None:
    """Return the next digest of a subscription as it would be now, None where it would not be sent.

    subscription: a stored one or a sample. site: the address of this site, where none is configured.
    """
    now = now or timezone.now()
    choice = choosing.draft(subscription, schedule.edition_at(subscription, now), now)
    return message.letter(choice, subscription, choice.drafted, site) if choice else None


def sample(
    visitor: readers.Visitor,
    listed: Listing,
    preferences: Preferences,
    *,
    address: str = "",
    now: datetime | None = None,
) -> Subscription:
    """Return what a subscription would be, not stored: its first mail holds the newest edition, or the last week.

    listed: a list that is found for this visitor.
    """
    made = Subscription(
        address=address or NOBODY,
        reader=readers.signed_in(visitor),
        kind=listed.kind,
        value=listed.value,
        preferences=preferences_key(listed.kind, listed.value, preferences),
        **preferences.columns(),
    )
    subscriptions.cover(made, now or timezone.now())
    return made
