"""Which papers the same readers chose: co-votes. Only what readers show to everybody counts.

Votes of readers whose votes are public, and public lists. Private votes, saved papers and marks never play a part, not
even in numbers: with a few accounts of one's own, a count over private choices tells what somebody chose.
"""

from collections import Counter
from collections.abc import Collection
from math import sqrt

from broadsheet.community.models import ListItem, Vote
from broadsheet.papers.models import Paper

LEAST = 2
"""Readers who chose both papers, for it to count: one reader's taste says little of the papers."""
MOST_READERS, MOST_CHOICES, MOST_PAPERS = 200, 20_000, 100
"""What is looked at: readers of the paper, their choices in all, the newest, and papers that they chose most."""


def chosen_with(paper: Paper) -> dict[int, float]:
    """Return the papers that readers of this one chose too, by primary key, with the cosine of their readers' sets.

    A reader counts once for a paper, however often it was chosen.
    """
    readers = {reader for reader, _ in _choices(paper__in=[paper.pk])}
    if len(readers) < LEAST:
        return {}
    chosen = set(_choices(reader__in=sorted(readers)[:MOST_READERS]))
    both = Counter(pk for _, pk in chosen if pk != paper.pk)
    counts = {pk: number for pk, number in both.most_common(MOST_PAPERS) if number >= LEAST}
    sizes = Counter(pk for _, pk in set(_choices(paper__in=list(counts))))
    return {pk: number / sqrt(len(readers) * sizes[pk]) for pk, number in counts.items()}


def _choices(**of: Collection[int]) -> list[tuple[int, int]]:
    """Return (reader, paper) of what was chosen openly, the newest. of: ``reader__in`` or ``paper__in``."""
    votes = Vote.objects.standing().filter(reader__public_votes=True, reader__is_active=True, **of)
    listed = {name.replace("reader", "list__owner"): value for name, value in of.items()}
    items = ListItem.objects.filter(list__public=True, list__owner__is_active=True, **listed)
    return [
        *votes.order_by("-cast").values_list("reader", "paper")[:MOST_CHOICES],
        *items.order_by("-added").values_list("list__owner", "paper")[:MOST_CHOICES],
    ]
