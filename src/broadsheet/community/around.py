"""What stands around papers on a page or in an answer: the visitor's own vote and mark, and who brought them.

Reads for a whole page at once; what changes them lives in the modules of verbs.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from django.db import connection
from django.db.models import Exists, OuterRef

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community.models import Claim, ClaimState, Comment, Submission
from broadsheet.papers.models import Paper

# Written by hand, as every page asks this first: the ORM takes longer to put it together than the rest of a card.
_ANYBODYS = """
SELECT paper_id, 'votes' FROM community_vote WHERE taken_back IS NULL AND paper_id IN ({papers})
UNION SELECT paper_id, 'submitted' FROM community_submission WHERE reader_id IS NOT NULL AND paper_id IN ({papers})
UNION SELECT paper_id, 'claimed' FROM community_claim WHERE state = 'verified' AND paper_id IN ({papers})"""
_OWN = """
UNION SELECT paper_id, 'voted' FROM community_vote
    WHERE reader_id = %s AND taken_back IS NULL AND paper_id IN ({papers})
UNION SELECT paper_id, 'saved' FROM community_listitem JOIN community_readinglist ON community_readinglist.id = list_id
    WHERE owner_id = %s AND slug = 'saved' AND paper_id IN ({papers})
UNION SELECT paper_id, kind FROM community_mark WHERE reader_id = %s AND paper_id IN ({papers})"""


_MOST_SENT = 1_000
"""Papers whose numbers are sent apart from the question, as a database takes some ten thousand of these."""


@dataclass(slots=True)
class Around:
    """What stands around one paper. mark: ``read``, ``not-interested`` or ''. submitter: who brought it here last.

    voted_on: whether anybody's vote is here, one that moderation made void included.
    authors: verified readers by the author's name that is theirs. author_participates: whether one of them speaks in
    its discussion.
    """

    voted: bool = False
    voted_on: bool = False
    saved: bool = False
    mark: str = ""
    submitter: User | None = None
    authors: dict[str, User] = field(default_factory=dict)
    author_participates: bool = False


def around(papers: Iterable[Paper], visitor: Visitor, *, people: bool = True) -> dict[int, Around]:
    """Return what stands around papers, by primary key; one query, and one more each for submitters and authors.

    people: whether to read these two.
    """
    found = {paper.id: Around() for paper in papers}
    if not found:
        return found
    known: dict[str, list[int]] = {}
    for pk, what in _rows(found, readers.signed_in(visitor)):
        known.setdefault(what, []).append(pk)
    for pk in known.pop("votes", ()):
        found[pk].voted_on = True
    brought, claimed = known.pop("submitted", None), known.pop("claimed", None)
    if people and brought:
        _add_submitters(found, brought)
    if people and claimed:
        _add_authors(found, claimed)
    for pk in known.pop("voted", ()):
        found[pk].voted = True
    for pk in known.pop("saved", ()):
        found[pk].saved = True
    for mark, marked in known.items():
        for pk in marked:
            found[pk].mark = mark
    return found


def _rows(papers: Collection[int], reader: User | None) -> Iterator[tuple[int, str]]:
    """Read which papers have something around them, and what: each row is a paper and a word."""
    some = sorted(papers)
    sent = [*some, *some, *some]
    if reader:
        sent += [reader.pk, *some] * 3
    with connection.cursor() as cursor:
        # In the same words for as many papers, which the database has read before: that takes it longer than to answer.
        if len(some) <= _MOST_SENT:
            cursor.execute(_asked(len(some), own=reader is not None), sent)
        else:
            cursor.execute(_asked(len(some), own=reader is not None) % tuple(map(int, sent)))
        yield from cursor.fetchall()


@lru_cache(maxsize=256)
def _asked(number: int, *, own: bool) -> str:
    return (_ANYBODYS + _OWN if own else _ANYBODYS).replace("{papers}", ",".join(["%s"] * number))


def _add_submitters(found: dict[int, Around], papers: Collection[int]) -> None:
    brought = Submission.objects.filter(paper__in=papers, reader__isnull=False).select_related("reader")
    for submission in brought.order_by("version"):
        found[submission.paper_id].submitter = submission.reader


def _add_authors(found: dict[int, Around], papers: Collection[int]) -> None:
    said = Comment.objects.filter(
        paper=OuterRef("paper"), author=OuterRef("reader"), deleted__isnull=True, hidden__isnull=True
    )
    verified = Claim.objects.filter(paper__in=papers, state=ClaimState.VERIFIED).select_related("reader")
    for claim in verified.annotate(speaks=Exists(said)).order_by("pk"):
        here = found[claim.paper_id]
        here.authors[claim.author_name] = claim.reader
        here.author_participates |= claim.speaks
