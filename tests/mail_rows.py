"""Subscriptions and digests that were chosen already, for tests of what comes after choosing."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from tests import cast

from broadsheet.mail.models import Choice, Delivery, Pick, State, Subscription
from broadsheet.mail.preferences import Preferences, preferences_key
from broadsheet.papers.models import Paper


def subscription(address: str = "ada@example.org", kind: str = "day", value: str = "", **more: Any) -> Subscription:
    """Make a confirmed subscription; nothing is due unless ``due`` is given."""
    names = Preferences.__dataclass_fields__
    preferences = Preferences(**{"cadence": "daily"} | {name: more.pop(name) for name in list(more) if name in names})
    facts = {
        "state": State.ACTIVE,
        "confirmed": timezone.now(),
        "covered_until": timezone.now() - timedelta(days=2),
        "preferences": preferences_key(kind, value, preferences),
    }
    return Subscription.objects.create(
        address=address, kind=kind, value=value, **(preferences.columns() | facts | more)
    )


def choice(edition: str = "2026-01-05", papers: int = 2, key: str = "") -> Choice:
    """Make a choice of some papers, which are made where they are missing."""
    made = Choice.objects.create(key=key or f"choice-{edition}", preferences="x", edition=edition, facts={})
    for place in range(papers):
        name = f"2601.1{place:04}"
        found = Paper.objects.filter(key=name).first() or cast.paper(name, f"Paper number {place}")
        Pick.objects.create(choice=made, paper=found, place=place, why="the most read of cs.CL")
    return made


def delivery(to: Subscription, of: Choice, **more: Any) -> Delivery:
    """Take a digest, to be sent now."""
    facts = {"edition": of.edition, "next_try": timezone.now() - timedelta(seconds=1)} | more
    return Delivery.objects.create(subscription=to, choice=of, **facts)
