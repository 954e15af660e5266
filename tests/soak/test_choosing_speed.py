"""Choosing for 500 different wishes from a real day of 1,500 papers: how long it takes, first and when it is kept."""

import itertools
import json
import lzma
import random
import resource
import time
from datetime import UTC, date, datetime, timedelta

import pytest
from tests.records import record

from broadsheet.mail import choosing
from broadsheet.mail.models import Cadence, Choice, State, Subscription
from broadsheet.mail.preferences import Preferences, preferences_key
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 7, tzinfo=UTC)
CATEGORIES = ["cs.CL", "cs.CV", "cs.LG", "cs.AI", "cs.RO", "stat.ML", "cs", "math", "physics", "astro-ph"]
WORDS = ["language", "diffusion", "graph", "robot", "retrieval", "3D", "reasoning", "quantum", "agents", "benchmark"]

pytestmark = [pytest.mark.soak, pytest.mark.django_db]


def wishes(number):
    """Different wishes: by category, words to include and exclude, number of papers and votes."""
    choose = random.Random(number)
    return Preferences(
        cadence=Cadence.DAILY if number % 5 else Cadence.WEEKLY,
        papers=5 + number % 46,
        categories=tuple(choose.sample(CATEGORIES, number % 3)),
        include=tuple(choose.sample(WORDS, number % 4)),
        exclude=tuple(choose.sample(WORDS, number % 2)),
        least_votes=0 if number % 10 else 3,
    )


def subscription(number, kind, value):
    preferences = wishes(number)
    return Subscription(
        address=f"reader{number}@example.org",
        kind=kind,
        value=value,
        preferences=preferences_key(kind, value, preferences),
        state=State.ACTIVE,
        due=NOW,
        covered_day=DAY - timedelta(days=1),
        covered_until=NOW - timedelta(days=1),
        **preferences.columns(),
    )


def test_five_hundred_wishes_from_a_day_of_fifteen_hundred_papers(shared_data):
    with lzma.open(shared_data("papers-2025-2026.jsonl.xz"), "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in itertools.islice(lines, 3, 1503)]
    votes = random.Random(1)
    store(
        [
            record(
                row["id"],
                title=row["title"],
                abstract=row["abstract"],
                authors=tuple(row.get("authors", ())),
                categories=tuple(row.get("categories", ())),
                announced=DAY,
                votes=int(votes.paretovariate(1)) - 1,
            )
            for row in rows
        ]
    )
    assert Paper.objects.filter(day=DAY).count() == 1500
    kinds = [("day", "")] * 350 + [("category", CATEGORIES[number % 6]) for number in range(150)]
    wanted = Subscription.objects.bulk_create(subscription(number, *kind) for number, kind in enumerate(kinds))

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    made = choosing.choices_for(wanted, NOW)
    first = time.process_time() - began
    began = time.process_time()
    assert choosing.choices_for(wanted, NOW) == made
    again = time.process_time() - began
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024

    sizes = [choice.picks.count() for choice in made.values() if choice]
    print(f"\n500 wishes, 1,500 papers: chosen in {first:.1f} s of one core")
    print(f"asked again in {again:.2f} s; the process grew by {grown:.0f} MB")
    print(f"{len(sizes)} of them have something to tell, {sum(sizes)} papers in all; {Choice.objects.count()} choices")
    assert len(sizes) > 400
