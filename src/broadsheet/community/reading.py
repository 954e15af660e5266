"""A paper's discussion as it is read: comments with their replies, reactions and cards, in a fixed number of queries.

What changes a discussion lives in ``discussion``.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count
from django.utils.safestring import SafeString

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import markdown
from broadsheet.community.models import Claim, ClaimState, Comment, Reaction
from broadsheet.papers.models import Paper

SIGNS = {"👍": "agree", "❤️": "thanks", "🔥": "exciting", "🤔": "not convinced", "👀": "will look"}
"""The reactions there are, and what each one says."""
CARDS = 5
"""Papers shown as cards below one comment."""


@dataclass(slots=True)
class Reacted:
    """One sign below a comment: who gave it, and whether the one who reads did."""

    sign: str
    word: str
    names: list[str] = field(default_factory=list)
    mine: bool = False

    @property
    def count(self) -> int:
        """How many gave it."""
        return len(self.names)


@dataclass(slots=True)
class Said:
    """One comment as this visitor may see it.

    html and raw: empty where it is deleted, or hidden from this visitor. by_author: whether a verified author of the
    paper wrote it. edits: how often it was changed.
    """

    comment: Comment
    html: SafeString
    raw: str
    cards: list[Paper]
    reactions: list[Reacted]
    by_author: bool
    mine: bool
    edits: int
    replies: list["Said"] = field(default_factory=list)

    @property
    def author(self) -> User | None:
        """Who wrote it; nobody once the account is closed."""
        return self.comment.author

    @property
    def posted(self) -> datetime:
        """When it was written."""
        return self.comment.posted

    @property
    def readable(self) -> bool:
        """Whether this visitor sees its text."""
        return bool(self.raw)


def thread(paper: Paper, visitor: Visitor) -> list[Said]:
    """Return the comments on a paper, the oldest first, each with its replies.

    Deleted comments are left out unless replies stand below them. The number of queries does not grow with comments.
    """
    comments = list(
        Comment.objects.filter(paper=paper)
        .select_related("author", "parent", "paper")
        .annotate(changes=Count("edits"))
        .order_by("posted", "pk")
    )
    if not comments:
        return []
    said = {one.comment.pk: one for one in _said(comments, paper, visitor)}
    for one in said.values():
        above = one.comment.parent_id
        if above in said and not one.comment.deleted:
            said[above].replies.append(one)
    return [one for one in said.values() if one.comment.parent_id is None and (one.replies or not one.comment.deleted)]


def one(comment: Comment, visitor: Visitor) -> Said:
    """Return one comment as this visitor may see it, without its replies."""
    found = Comment.objects.select_related("author", "parent", "paper").annotate(changes=Count("edits"))
    (said,) = _said([found.get(pk=comment.pk)], comment.paper, visitor)
    return said


def shown(text: str) -> tuple[SafeString, list[Paper]]:
    """Return a text as it would stand below a paper, and its cards, for a preview."""
    names, papers = _known([text])
    return _html(text, names), _cards(text, papers)


def _said(comments: Collection[Comment], paper: Paper, visitor: Visitor) -> Iterator[Said]:
    reader = readers.signed_in(visitor)
    moderates = reader is not None and reader.is_moderator
    authors = set(Claim.objects.filter(paper=paper, state=ClaimState.VERIFIED).values_list("reader_id", flat=True))
    texts = {one.pk: "" if one.deleted or (one.hidden and not moderates) else one.text for one in comments}
    names, papers = _known(texts.values())
    papers.pop(paper.key, None)  # the paper that is spoken of needs no card
    reactions = _reactions(comments, reader)
    for comment in comments:
        text = texts[comment.pk]
        yield Said(
            comment,
            _html(text, names),
            text,
            _cards(text, papers),
            [reactions[comment.pk][sign] for sign in SIGNS] if text else [],
            by_author=comment.author_id in authors,
            mine=reader is not None and comment.author_id == reader.pk,
            edits=getattr(comment, "changes", 0),
        )


def _known(texts: Iterable[str]) -> tuple[set[str], dict[str, Paper]]:
    """Which of the names that texts mention are readers', and which papers that they name are here."""
    read = [markdown.read(text) for text in texts if text]
    names = {name for one in read for name in one.names}
    keys = {key for one in read for key in one.papers}
    known = User.objects.filter(username__in=names, is_active=True).values_list("username", flat=True)
    return set(known) if names else set(), {paper.key: paper for paper in Paper.objects.filter(key__in=keys)}


def _html(text: str, names: set[str]) -> SafeString:
    return markdown.to_html(text, frozenset(names.intersection(markdown.read(text).names))) if text else SafeString("")


def _cards(text: str, papers: dict[str, Paper]) -> list[Paper]:
    return [papers[key] for key in markdown.read(text).papers if key in papers][:CARDS] if text else []


def _reactions(comments: Collection[Comment], reader: User | None) -> dict[int, dict[str, Reacted]]:
    found: defaultdict[int, dict[str, Reacted]] = defaultdict(
        lambda: {sign: Reacted(sign, word) for sign, word in SIGNS.items()}
    )
    rows = Reaction.objects.filter(comment__in=[comment.pk for comment in comments], sign__in=SIGNS).order_by("pk")
    for pk, sign, name in rows.values_list("comment_id", "sign", "reader__username"):
        found[pk][sign].names.append(name)
        found[pk][sign].mine |= reader is not None and name == reader.username
    return found
