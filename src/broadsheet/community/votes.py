"""The verbs that change votes, and the scores that follow from them. Which votes count for what lives in ``tally``.

The number beside a paper is counted from the rows while the paper is locked, so whatever happens at once, it is the
number of standing votes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import accumulate

from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community.models import Vote
from broadsheet.community.tally import grown_before, trending_casts
from broadsheet.errors import NotFound
from broadsheet.papers import scores
from broadsheet.papers.actions import note_activity, write_trending
from broadsheet.papers.models import Paper, VotesSeen

VOTES_PER_HOUR = 300
"""Votes cast or taken back by one reader in an hour; a tenth for new accounts."""

_AT_ONCE = 500


def cast(visitor: Visitor, paper: Paper) -> bool:
    """Vote for a paper and return whether that changed something: a second vote of the same reader does not.

    A vote that was taken back stands again as of the moment when it was first cast, so that nobody keeps a paper fresh
    by voting anew each day. A vote that moderation made void stays void.
    Raises SignInNeeded, Refused while suspended, TooMany, and NotFound for a paper that is gone.
    """
    return _set(readers.active(visitor, "vote"), paper, standing=True)


def take_back(visitor: Visitor, paper: Paper) -> bool:
    """Take a vote back and return whether there was one. Raises as ``cast`` does."""
    return _set(readers.active(visitor, "vote"), paper, standing=False)


@transaction.atomic(savepoint=False)
def rescore(papers: Sequence[int]) -> None:
    """Work out the trending score of papers, by primary key, from the raw rows, and write it.

    The raw rows are the counts a source showed by day and the votes of readers here; nothing else enters.
    """
    wanted = sorted(papers)
    for first in range(0, len(wanted), _AT_ONCE):
        batch = wanted[first : first + _AT_ONCE]
        # A row that turned out to be another paper is on no list.
        write_trending(_scores(list(_locked(batch).filter(same_as=None).values_list("pk", "day", "imported_votes"))))


def void(account: User, *, void: bool) -> list[int]:
    """Make all votes of an account void, or count them again; return the primary keys of the papers concerned.

    For moderation, which asks who may do so, keeps the log and notes the activity as the last thing it does, as whoever
    does so earlier is waited for. The rows stay, so that it can be undone.
    """
    return _change_all(Vote.objects.filter(reader=account, void=not void), void=void)


def withdraw_all(account: User) -> list[int]:
    """Take all votes of an account back, as when it closes; return the primary keys of the papers concerned.

    The caller notes the activity, as for ``void``.
    """
    return _change_all(Vote.objects.filter(reader=account, taken_back__isnull=True), taken_back=timezone.now())


def come_of_age(since: timedelta) -> int:
    """Work out anew the papers voted on by accounts that stopped being new within a time; return how many.

    For the work beside serving: without it such votes count from the next vote on their paper.
    """
    grown = grown_before()
    rows = Vote.objects.standing().filter(reader__date_joined__gt=grown - since, reader__date_joined__lte=grown)
    papers = sorted(set(rows.values_list("paper", flat=True)))
    if papers:
        with transaction.atomic():
            rescore(papers)
            note_activity()
    return len(papers)


def _set(reader: User, paper: Paper, *, standing: bool) -> bool:
    most = limits.share(reader, VOTES_PER_HOUR)
    with transaction.atomic():
        held = _locked([paper.pk]).values("day", "imported_votes", "reader_votes", "trending").first()
        if held is None:
            raise NotFound(f"The paper {paper.key} is not here any more.", "It may have been removed by the operator.")
        # After the paper, as when a paper is submitted: two transactions take what they share in one order.
        limits.spend(f"vote:{reader.pk}", capacity=most, seconds=3600)
        changed = _stand(reader, paper) if standing else _withdraw(reader, paper)
        if changed:
            scored = _scores([(paper.pk, held["day"], held["imported_votes"])])
            held |= {"reader_votes": Vote.objects.standing().filter(paper=paper).count(), "trending": scored[paper.pk]}
            Paper.objects.filter(pk=paper.pk).update(reader_votes=held["reader_votes"], trending=held["trending"])
            note_activity()
    vars(paper).update(held, all_votes=held["imported_votes"] + held["reader_votes"])
    return changed


def _scores(papers: Sequence[tuple[int, date | None, int]]) -> dict[int, float | None]:
    """Return the trending score of papers by primary key. papers: each with its edition's day and imported votes."""
    batch = [pk for pk, _, _ in papers]
    seen: defaultdict[int, list[tuple[date, int]]] = defaultdict(list)
    counts = VotesSeen.objects.filter(paper__in=batch).order_by("day")
    for pk, day, votes in counts.values_list("paper", "day", "votes"):
        seen[pk].append((day, votes))
    _add_readings(seen, batch)
    own = trending_casts(batch)
    results: dict[int, float | None] = {}
    for pk, edition, votes in papers:
        # A count without a day of reading is taken as of the edition's day.
        readings = seen[pk] or ([(edition, votes)] if edition and votes else [])
        results[pk] = scores.trending(readings, edition, own.get(pk, ()))
    return results


def _add_readings(seen: defaultdict[int, list[tuple[date, int]]], papers: Sequence[int]) -> None:
    """Add what was read of rows that turned out to be these papers: by a day, the highest count of all of them."""
    rows = Paper.objects.filter(same_as__in=papers).values("pk")
    several: set[int] = set()
    for other in VotesSeen.objects.filter(paper__in=rows).select_related("paper"):
        if kept := other.paper.same_as_id:
            seen[kept].append((other.day, other.votes))
            several.add(kept)
    for kept in several:
        days, counts = zip(*sorted(seen[kept]), strict=True)
        seen[kept] = list(zip(days, accumulate(counts, max), strict=True))


def _stand(reader: User, paper: Paper) -> bool:
    vote, fresh = Vote.objects.get_or_create(paper=paper, reader=reader, defaults={"cast": timezone.now()})
    if not fresh and vote.taken_back:
        return bool(Vote.objects.filter(pk=vote.pk).update(taken_back=None))
    return fresh


def _withdraw(reader: User, paper: Paper) -> bool:
    mine = Vote.objects.filter(paper=paper, reader=reader, taken_back__isnull=True)
    return bool(mine.update(taken_back=timezone.now()))


def hold(papers: Iterable[int]) -> None:
    """Lock papers, by primary key, until the end of the caller's transaction: all it will change, and in one order."""
    wanted = sorted(set(papers))
    for first in range(0, len(wanted), _AT_ONCE):
        list(_locked(wanted[first : first + _AT_ONCE]).values_list("pk"))


def recount(papers: Iterable[int]) -> None:
    """Set the number beside papers, by primary key, to that of their standing votes. In the caller's transaction."""
    standing = Vote.objects.standing().filter(paper=OuterRef("pk")).order_by().values("paper").annotate(n=Count("pk"))
    Paper.objects.filter(pk__in=papers).update(reader_votes=Coalesce(Subquery(standing.values("n")), 0))


@transaction.atomic
def _change_all(votes: QuerySet[Vote], **changes: object) -> list[int]:
    papers = sorted(votes.values_list("paper", flat=True))
    for first in range(0, len(papers), _AT_ONCE):
        batch = papers[first : first + _AT_ONCE]
        list(_locked(batch).values_list("pk"))
        votes.filter(paper__in=batch).update(**changes)
        recount(batch)
        rescore(batch)
    return papers


def _locked(papers: Sequence[int]) -> QuerySet[Paper]:
    """Return papers to be read under lock, always in the same order, so that two transactions never wait in a ring.

    The weaker lock lets comments, which point at the paper, be written meanwhile.
    """
    return Paper.objects.select_for_update(no_key=True).filter(pk__in=papers).order_by("pk")
