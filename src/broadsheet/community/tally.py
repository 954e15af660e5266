"""Which votes count for what: the age quorum and authors' own votes, as reads. What changes votes: ``votes``."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import Role
from broadsheet.community.models import Claim, ClaimState, Vote
from broadsheet.papers.models import Paper

_BY_AN_AUTHOR = Exists(
    Claim.objects.filter(paper=OuterRef("paper"), reader=OuterRef("reader"), state=ClaimState.VERIFIED)
)

# Written by hand, as pages ask it: the ORM takes longer to put it together than the database to answer.
# A reader has one claim to a paper that was not refused.
_SPLIT = """
SELECT paper_id, COUNT(*) FILTER (WHERE grown AND NOT own AND NOT void),
    COUNT(*) FILTER (WHERE NOT grown AND NOT own AND NOT void),
    COUNT(*) FILTER (WHERE own AND NOT void), COUNT(*) FILTER (WHERE void)
FROM (
    SELECT vote.paper_id, vote.void, claim.id IS NOT NULL AS own,
        reader.date_joined <= %s OR reader.role <> 'reader' AS grown
    FROM community_vote vote JOIN accounts_user reader ON reader.id = vote.reader_id
    LEFT JOIN community_claim claim ON claim.paper_id = vote.paper_id AND claim.reader_id = vote.reader_id
        AND claim.state = 'verified'
    WHERE vote.taken_back IS NULL AND vote.paper_id IN ({papers})
) AS standing GROUP BY paper_id"""


class Tally(NamedTuple):
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
    wanted = {paper.pk: paper for paper in papers}
    if not wanted:
        return {}
    asked = _SPLIT.replace("{papers}", ",".join(["%s"] * len(wanted)))
    with connection.cursor() as cursor:
        cursor.execute(asked, [connection.ops.adapt_datetimefield_value(grown_before()), *wanted])
        found = {pk: counts for pk, *counts in cursor.fetchall()}
    split, quorum = {}, _quorum()
    for pk, paper in wanted.items():
        old, new, own, barred = found.get(pk, (0, 0, 0, 0))
        split[pk] = Tally(paper.imported_votes, paper.reader_votes, 0 if old >= quorum else new, own, barred)
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
