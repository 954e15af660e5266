"""Run as a script on a state directory with papers: makes subscriptions that are due, of a number of preference sets.

Subscribing so many by HTTP would measure the limits against list-bombing. What is made is what the verbs make.
"""

import sys
from datetime import date, timedelta

import django

django.setup()

from django.db.models import Min  # noqa: E402
from django.utils import timezone  # noqa: E402

from broadsheet.mail.models import State, Subscription  # noqa: E402
from broadsheet.mail.preferences import Preferences, preferences_key  # noqa: E402
from broadsheet.papers.models import Paper  # noqa: E402
from broadsheet.ranking import entries  # noqa: E402

LISTS = (("day", ""), ("new", ""), ("week", ""), ("month", ""))
WORDS = ("model", "learning", "language", "graph", "vision", "data", "network", "agent", "robot", "speech")


def preferences(place: int) -> tuple[str, str, Preferences]:
    """Return the list and the preferences of a set."""
    kind, value = LISTS[place % len(LISTS)]
    exclude = (f"{WORDS[place // len(LISTS) % len(WORDS)]} {place}",)
    return kind, value, Preferences(cadence="daily", papers=5 + place // len(LISTS) % 16, exclude=exclude)


def main(number: int, sets: int, covered: str) -> None:
    now = timezone.now()
    until = date.fromisoformat(covered)
    first = Paper.objects.filter(day__gt=until).aggregate(first=Min("pk"))["first"]
    stamp = entries.covered_now(now).stamp
    made = [preferences(place) for place in range(sets)]
    keys = [preferences_key(*one) for one in made]
    for start in range(0, number, 2000):
        Subscription.objects.bulk_create(
            Subscription(
                address=f"reader-{place}@{place % 50}.example.org",
                kind=made[place % sets][0],
                value=made[place % sets][1],
                preferences=keys[place % sets],
                state=State.ACTIVE,
                confirmed=now,
                due=now - timedelta(minutes=1),
                covered_day=until,
                covered_paper=first - 1,
                covered_stamp=stamp,
                covered_until=now - timedelta(days=2),
                **made[place % sets][2].columns(),
            )
            for place in range(start, min(start + 2000, number))
        )


main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
