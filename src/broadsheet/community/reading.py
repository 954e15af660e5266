"""A paper's discussion as it is read: comments with their replies, reactions and cards, in a fixed number of queries.

What changes a discussion lives in ``discussion``.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet
from django.utils.safestring import SafeString

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import markdown
from broadsheet.community.models import Claim, ClaimState, Comment, Edit, Reaction
from broadsheet.papers.models import Paper

SIGNS = {"👍": "agree", "❤️": "thanks", "🔥": "exciting", "🤔": "not convinced", "👀": "will look"}
"""The reactions there are, and what each one says."""
CARDS = 5
"""Papers shown as cards below one comment."""
ON_A_PAGE = 100
"""Comments after which a discussion goes on on another page."""


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


class Row(NamedTuple):
    """A comment as it is kept. edits: how often it was changed. signs: who gave each reaction, as they came first."""

    comment: Comment
    edits: int
    signs: dict[str, list[str]]


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


class Part(NamedTuple):
    """One page of a discussion. rows: all comments on it as they are kept. last: the number of the newest page."""

    said: list[Said]
    rows: list[Row]
    number: int
    last: int


def thread(paper: Paper, visitor: Visitor) -> list[Said]:
    """Return all comments on a paper, the oldest first, each with its replies.

    Deleted comments are left out unless replies stand below them. The number of queries does not grow with comments.
    """
    return _threads(read(paper.discussion.all()), paper, visitor)


def part(paper: Paper, visitor: Visitor, asked: str = "1") -> Part:
    """Return one page of the discussion of a paper. asked: its number; one out of range gives the nearest page."""
    pages = _pages(paper)
    number = min(max(int(asked) if asked.isdecimal() else 1, 1), len(pages)) or 1
    shown = paper.discussion.all()
    if len(pages) > 1:
        begun = pages[number - 1]
        shown = shown.filter(Q(pk__in=begun) | Q(parent__in=begun))
    rows = read(shown) if pages else []
    return Part(_threads(rows, paper, visitor), rows, number, max(len(pages), 1))


def page_of(comment: Comment) -> int:
    """Return the number of the page on which a comment stands."""
    begun = comment.parent_id or comment.pk
    return next((number for number, page in enumerate(_pages(comment.paper), 1) if begun in page), 1)


def one(comment: Comment, visitor: Visitor) -> Said:
    """Return one comment as this visitor may see it, without its replies."""
    (said,) = _said(read(Comment.objects.filter(pk=comment.pk)), comment.paper, visitor)
    return said


def read(found: QuerySet[Comment]) -> list[Row]:
    """Read comments with what hangs on them, the oldest first, in three queries at most."""
    comments = list(found.select_related("author", "hidden_by").order_by("posted", "pk"))
    known = {comment.pk: comment for comment in comments}
    edited = [comment.pk for comment in comments if comment.edited]
    edits = Edit.objects.filter(comment__in=edited).order_by().values_list("comment").annotate(Count("pk"))
    changes: dict[int, int] = dict(edits) if edited else {}
    signs: defaultdict[int, dict[str, list[str]]] = defaultdict(dict)
    rows = Reaction.objects.filter(comment__in=known).order_by("pk")
    for pk, sign, name in rows.values_list("comment_id", "sign", "reader__username"):
        signs[pk].setdefault(sign, []).append(name)
    for comment in comments:
        if comment.parent_id in known:
            comment.parent = known[comment.parent_id]
    return [Row(comment, changes.get(comment.pk, 0), signs[comment.pk]) for comment in comments]


def shown(text: str) -> tuple[SafeString, list[Paper]]:
    """Return a text as it would stand below a paper, and its cards, for a preview."""
    names, papers = _known([text])
    return _html(text, names), _cards(text, papers)


def _pages(paper: Paper) -> list[list[int]]:
    """Return the comments that begin a thread, by primary key, page by page; a thread is never parted."""
    rows = list(paper.discussion.order_by("posted", "pk").values_list("pk", "parent_id", "deleted"))
    below = Counter(parent for _, parent, deleted in rows if parent and not deleted)
    pages: list[list[int]] = []
    room = 0
    for pk, parent, deleted in rows:
        if parent or (deleted and not below[pk]):
            continue
        if room <= 0:
            pages.append([])
            room = ON_A_PAGE
        pages[-1].append(pk)
        room -= 1 + below[pk]
    return pages


def _threads(rows: Collection[Row], paper: Paper, visitor: Visitor) -> list[Said]:
    if not rows:
        return []
    said = {one.comment.pk: one for one in _said(rows, paper, visitor)}
    for one in said.values():
        above = one.comment.parent_id
        if above in said and not one.comment.deleted:
            said[above].replies.append(one)
    return [one for one in said.values() if one.comment.parent_id is None and (one.replies or not one.comment.deleted)]


def _said(rows: Collection[Row], paper: Paper, visitor: Visitor) -> Iterator[Said]:
    reader = readers.signed_in(visitor)
    moderates = reader is not None and reader.is_moderator
    authors = set(Claim.objects.filter(paper=paper, state=ClaimState.VERIFIED).values_list("reader_id", flat=True))
    texts = {
        row.comment.pk: "" if row.comment.deleted or (row.comment.hidden and not moderates) else row.comment.text
        for row in rows
    }
    names, papers = _known(texts.values())
    papers.pop(paper.key, None)  # the paper that is spoken of needs no card
    for comment, edits, signs in rows:
        comment.paper = paper
        text = texts[comment.pk]
        yield Said(
            comment,
            _html(text, names),
            text,
            _cards(text, papers),
            _reactions(signs, reader) if text else [],
            by_author=comment.author_id in authors,
            mine=reader is not None and comment.author_id == reader.pk,
            edits=edits,
        )


def _known(texts: Iterable[str]) -> tuple[set[str], dict[str, Paper]]:
    """Which of the names that texts mention are readers', and which papers that they name are here."""
    read = [markdown.read(text) for text in texts if text]
    names = {name for one in read for name in one.names}
    keys = {key for one in read for key in one.papers}
    known = User.objects.filter(username__in=names, is_active=True).values_list("username", flat=True)
    return set(known) if names else set(), _by_name(keys)


def _by_name(keys: set[str]) -> dict[str, Paper]:
    """Return papers by the ids that lead to them, also where a row turned out to be another paper."""
    rows = Paper.objects.filter(key__in=keys).select_related("same_as")
    return {row.key: row.same_as or row for row in rows}


def _html(text: str, names: set[str]) -> SafeString:
    return markdown.to_html(text, frozenset(names.intersection(markdown.read(text).names))) if text else SafeString("")


def _cards(text: str, papers: dict[str, Paper]) -> list[Paper]:
    return [papers[key] for key in markdown.read(text).papers if key in papers][:CARDS] if text else []


def _reactions(signs: dict[str, list[str]], reader: User | None) -> list[Reacted]:
    me = reader.username if reader else ""
    return [Reacted(sign, word, signs.get(sign, []), me in signs.get(sign, ())) for sign, word in SIGNS.items()]
