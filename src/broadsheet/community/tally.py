"""Which votes count for what: the age quorum and authors' own votes, as reads. What changes votes: ``votes``."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import Role
from broadsheet.community.models import Claim, ClaimState, Vote
from broadsheet.papers.models import Paper

_BY_AN_AUTHOR = Exists(
    Claim.objects.filter(paper=OuterRef("paper"), reader=OuterRef("reader"), state=ClaimState.VERIFIED)
)


@dataclass(frozen=True, slots=True)
class Tally:
    """The votes of a paper, split. imported and here add up to what is shown.

    waiting: of those here, by new accounts and without weight in trending until the quorum is there. own: of those
    here, by the paper's own authors and without weight in trending. void: by accounts that moderation barred; these
    are not among those here.
    """

    imported: int
    here: int = 0
    waiting: int = 0
    own: int = 0
    void: int = 0

    def __str__(self) -> str:
        """Return the split as one sentence, for whoever points at the number."""
        return f"{self.imported + self.here} {self.split}"

    @property
    def split(self) -> str:
        """The sentence without the number that it begins with, for where that stands before it."""
        word = "vote" if self.imported + self.here == 1 else "votes"
        told = [f"{word}: {self.imported} imported, {self.here} here"]
        if self.waiting:
            told.append(f"{self.waiting} {_verb(self.waiting, 'wait')} for the quorum of older accounts")
        if self.own:
            told.append(f"{self.own} by its authors, which {_verb(self.own, 'do')} not trend")
        if self.void:
            told.append(f"{self.void} made void by moderation and not counted")
        return "; ".join(told)


def tallies(papers: Iterable[Paper]) -> dict[int, Tally]:
    """Return the split of each paper's votes by primary key, with one query for all; none for no papers."""
    papers = list(papers)
    if not papers:
        return {}
    grown = is_grown()
    standing = Q(taken_back__isnull=True, void=False)
    rows = (
        Vote.objects.filter(paper__in=[paper.pk for paper in papers], taken_back__isnull=True)
        .annotate(by_author=_BY_AN_AUTHOR)
        .values("paper")
        .annotate(
            old=Count("pk", filter=standing & grown & Q(by_author=False)),
            new=Count("pk", filter=standing & ~grown & Q(by_author=False)),
            own=Count("pk", filter=standing & Q(by_author=True)),
            barred=Count("pk", filter=Q(void=True)),
        )
        .values_list("paper", "old", "new", "own", "barred")
    )
    found = {pk: (old, new, own, barred) for pk, old, new, own, barred in rows}
    split = {}
    for paper in papers:
        old, new, own, barred = found.get(paper.pk, (0, 0, 0, 0))
        waiting = 0 if old >= _quorum() else new
        split[paper.pk] = Tally(paper.imported_votes, paper.reader_votes, waiting, own, barred)
    return split


def trending_casts(papers: Sequence[int]) -> dict[int, list[datetime]]:
    """Return when the votes were cast that count towards trending, by the primary key of their paper.

    These are the standing votes but for those of a paper's verified authors; those of new accounts only where as many
    votes of accounts that are not new stand on the paper as the quorum asks for.
    """
    old: defaultdict[int, list[datetime]] = defaultdict(list)
    new: defaultdict[int, list[datetime]] = defaultdict(list)
    grown = grown_before()
    rows = Vote.objects.standing().filter(~_BY_AN_AUTHOR, paper__in=papers)
    for pk, cast, joined, role in rows.values_list("paper", "cast", "reader__date_joined", "reader__role"):
        (old if joined <= grown or role != Role.READER else new)[pk].append(cast)
    return {pk: old[pk] + (new[pk] if len(old[pk]) >= _quorum() else []) for pk in {*old, *new}}


def grown_before() -> datetime:
    """Return the moment before which an account must have been made not to be new any more."""
    return timezone.now() - limits.new_for()


def is_grown() -> Q:
    """Accounts that are not new, as ``limits.is_new`` tells: who was given a role is trusted at once."""
    return Q(reader__date_joined__lte=grown_before()) | ~Q(reader__role=Role.READER)


def _quorum() -> int:
    return int(settings.QUORUM) if readers.mode() == "open" else 0


def _verb(number: int, word: str) -> str:
    """Return a verb for one or for many."""
    return word if number != 1 else {"wait": "waits", "do": "does"}[word]
