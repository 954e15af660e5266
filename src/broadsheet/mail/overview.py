"""The week in numbers, for weekly digests: papers of each day, the most active categories, what had most votes."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

from broadsheet.papers import tex
from broadsheet.papers.models import Paper

CATEGORIES = 5
VOTED = 3


def of_week(last: date) -> dict[str, Any]:
    """Return the numbers of the seven days that end with one, ready for JSON; {} where there was no paper.

    last: that day. days: (day, papers), weekends only where they had papers. categories: (name, papers), by the first
    category of each. voted: (key, title as plain text, votes).
    """
    first = last - timedelta(days=6)
    papers = Paper.objects.of_days(first, last)
    by_day: Counter[date | None] = Counter()
    by_category: Counter[str] = Counter()
    for day, categories in papers.values_list("day", "categories").iterator(chunk_size=2000):
        by_day[day] += 1
        by_category.update(categories[:1])
    if not by_day:
        return {}
    days = [first + timedelta(days=step) for step in range(7)]
    voted = papers.filter(withdrawn=None, all_votes__gt=0).ranked().values_list("key", "title", "all_votes")[:VOTED]
    return {
        "last": last.isoformat(),
        "days": [[day.isoformat(), by_day[day]] for day in days if by_day[day] or day.weekday() < 5],
        "categories": [
            list(pair) for pair in sorted(by_category.items(), key=lambda one: (-one[1], one[0]))[:CATEGORIES]
        ],
        "voted": [[key, " ".join(tex.plain(title).split()), votes] for key, title, votes in voted],
    }
