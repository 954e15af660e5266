"""What stands around papers on a page or in an answer: the visitor's own vote and mark, and who brought them.

Reads for a whole page at once; what changes them lives in the modules of verbs.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import CharField, Exists, F, OuterRef, Value

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community.models import Claim, ClaimState, Comment, ListItem, Mark, Submission, Vote
from broadsheet.papers.models import Paper

_SAVED = "saved"
"""The slug of the list that every reader has (``lists.SAVED``)."""


@dataclass(slots=True)
class Around:
    """What stands around one paper. mark: ``read``, ``not-interested`` or ''. submitter: who brought it here last.

    authors: verified readers by the author's name that is theirs. author_participates: whether one of them speaks in
    its discussion.
    """

    voted: bool = False
    saved: bool = False
    mark: str = ""
    submitter: User | None = None
    authors: dict[str, User] = field(default_factory=dict)
    author_participates: bool = False


def around(papers: Iterable[Paper], visitor: Visitor) -> dict[int, Around]:
    """Return what stands around papers, by primary key; three queries for a reader, two for a visitor."""
    found = {paper.pk: Around() for paper in papers}
    if not found:
        return found
    reader = readers.signed_in(visitor)
    if reader:
        _add_own(found, reader)
    brought = Submission.objects.filter(paper__in=found, reader__isnull=False).select_related("reader")
    for submission in brought.order_by("version"):
        found[submission.paper_id].submitter = submission.reader
    said = Comment.objects.filter(
        paper=OuterRef("paper"), author=OuterRef("reader"), deleted__isnull=True, hidden__isnull=True
    )
    verified = Claim.objects.filter(paper__in=found, state=ClaimState.VERIFIED).select_related("reader")
    for claim in verified.annotate(speaks=Exists(said)).order_by("pk"):
        here = found[claim.paper_id]
        here.authors[claim.author_name] = claim.reader
        here.author_participates |= claim.speaks
    return found


def _add_own(found: dict[int, Around], reader: User) -> None:
    def rows(of: Any, what: Any) -> Any:
        # Three tables in one query, each row as a paper and a word.
        return of.filter(paper__in=found).order_by().annotate(what=what).values_list("paper", "what")

    votes = rows(Vote.objects.filter(reader=reader, taken_back__isnull=True), _text("voted"))
    saved = rows(ListItem.objects.filter(list__owner=reader, list__slug=_SAVED), _text("saved"))
    marks = rows(Mark.objects.filter(reader=reader), F("kind"))
    for pk, what in votes.union(saved, marks, all=True):
        here = found[pk]
        if what == "voted":
            here.voted = True
        elif what == "saved":
            here.saved = True
        else:
            here.mark = what


def _text(text: str) -> Value:
    return Value(text, output_field=CharField(max_length=16))
