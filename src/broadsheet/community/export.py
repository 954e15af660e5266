"""Everything the site keeps of one reader, as data to take along. The format is documented in docs/readers.md.

Closing an account lives in ``closing``.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone

from broadsheet.accounts import connections, readers
from broadsheet.accounts.models import User
from broadsheet.community import moving
from broadsheet.community.models import Comment, LinkChange, ReadingList
from broadsheet.errors import SignInNeeded

FORMAT = "broadsheet-export"
VERSION = 1
"""Rises when a key changes its meaning or goes away; new keys may come at any time."""

type Rows = list[dict[str, Any]]


def export(visitor: readers.Visitor) -> dict[str, Any]:
    """Return everything kept of a reader, ready for JSON; suspended readers have it too. Raises SignInNeeded."""
    return dict(sections(visitor))


type More = Mapping[str, Callable[[User], Rows]]
"""What rooms above this one keep of a reader: the name of a section, and what returns its rows."""


def sections(visitor: readers.Visitor, more: More | None = None) -> Iterator[tuple[str, Any]]:
    """Return the same piece by piece, so that a page can send what is long without holding it whole.

    more: further sections. Raises SignInNeeded before the first piece.
    """
    reader = readers.signed_in(visitor)
    if reader is None:
        raise SignInNeeded("Sign in to take your data along.")
    return _sections(reader, more or {})


def _sections(reader: User, more: More) -> Iterator[tuple[str, Any]]:
    yield "format", FORMAT
    yield "version", VERSION
    yield "made", _plain(timezone.now())
    yield "profile", _profile(reader)
    for name, rows in {**_ROWS, **more}.items():
        yield name, rows(reader)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: days and times as ISO 8601, times in UTC."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _rows(query: QuerySet[Any], fields: str, **renamed: str) -> Rows:
    """Return the fields of rows, oldest first. renamed: the key in the export, and the column it comes from."""
    columns = {name: name for name in fields.split()} | renamed
    return [
        {key: _plain(value) for key, value in zip(columns, row, strict=True)}
        for row in query.order_by("pk").values_list(*columns.values())
    ]


_PROFILE = [
    "username",
    "name",
    "email",
    "email_verified",
    "affiliation",
    "about",
    "website",
    "orcid",
    "orcid_verified",
    "role",
    "public_votes",
    "notify",
    "suspended_until",
    "suspended_reason",
    "date_joined",
    "last_login",
]


def _profile(reader: User) -> dict[str, Any]:
    return {"id": reader.public_id} | {name: _plain(getattr(reader, name)) for name in _PROFILE}


def _comments(reader: User) -> Rows:
    comments = Comment.objects.filter(author=reader).select_related("paper", "parent").prefetch_related("edits")
    return [
        {
            "id": comment.public_id,
            "paper": comment.paper.key,
            "reply_to": comment.parent.public_id if comment.parent else None,
            "text": comment.text,
            "posted": _plain(comment.posted),
            "edited": _plain(comment.edited),
            "deleted": _plain(comment.deleted),
            "hidden": _plain(comment.hidden),
            "hidden_reason": comment.hidden_reason,
            "earlier_texts": [{"text": edit.text, "replaced": _plain(edit.replaced)} for edit in comment.edits.all()],
        }
        for comment in comments.order_by("pk")
    ]


def _lists(reader: User) -> Rows:
    made = []
    for row in ReadingList.objects.filter(owner=reader).order_by("pk"):
        facts = {
            name: _plain(getattr(row, name)) for name in ["slug", "title", "description", "public", "made", "changed"]
        }
        items = row.items.order_by("position", "id").values("note", "added", key=F("paper__key"))
        made.append(
            {
                "id": row.public_id,
                **facts,
                "items": [
                    {"paper": item["key"], "note": item["note"], "added": _plain(item["added"])} for item in items
                ],
            }
        )
    return made


_PAPER = {"paper": "paper__key"}
_ROWS: dict[str, Callable[[User], Rows]] = {
    "sessions": lambda reader: _rows(reader.sessions.all(), "agent address made seen", id="public_id"),
    "tokens": lambda reader: _rows(reader.tokens.all(), "name start scope made used expires", id="public_id"),
    "links": lambda reader: _rows(reader.links.all(), "kind email made expires used"),
    "connections": lambda reader: [
        {"provider": link.provider, "id": link.uid, "shown": link.shown, "made": _plain(link.made)}
        for link in connections.of(reader)
    ],
    "votes": lambda reader: _rows(reader.votes.all(), "cast taken_back void", **_PAPER),
    "comments": _comments,
    "reactions": lambda reader: _rows(
        reader.reactions.all(), "sign", comment="comment__public_id", paper="comment__paper__key"
    ),
    "submissions": lambda reader: _rows(reader.submissions.all(), "version day made", **_PAPER),
    "claims": lambda reader: _rows(
        reader.claims.all(), "author_name proof note state made decided reason hidden", **_PAPER
    ),
    "link_changes": lambda reader: _rows(
        LinkChange.objects.filter(reader=reader), "field before after by made", **_PAPER
    ),
    "lists": _lists,
    "marks": lambda reader: _rows(reader.marks.all(), "kind made", **_PAPER),
    "follows": lambda reader: _rows(reader.follows.all(), "kind value made"),
    "notifications": lambda reader: _rows(
        reader.notifications.all(),
        "kind text made read",
        comment="comment__public_id",
        actor="actor__username",
        **_PAPER,
    ),
    "reports": lambda reader: _rows(
        reader.reports.all(),
        "reason note made closed outcome",
        comment="comment__public_id",
        account="account__username",
        **_PAPER,
    ),
    "set_aside": moving.aside_of,
    "memberships": lambda reader: _rows(reader.memberships.all(), "owner since", organization="organization__slug"),
}


def as_json(visitor: readers.Visitor, encode: Callable[[Any], str], more: More | None = None) -> Iterator[str]:
    """Return the export as pieces of JSON text, one section each. encode: turns a value into JSON. more: as above."""
    pieces = sections(visitor, more)

    def write() -> Iterator[str]:
        between = "{\n"
        for name, value in pieces:
            yield f"{between}{encode(name)}: {encode(value)}"
            between = ",\n"
        yield "\n}\n"

    return write()


def file_name(reader: User, now: datetime | None = None) -> str:
    """Return the name under which an export is kept."""
    return f"broadsheet-{reader.username}-{(now or timezone.now()):%Y-%m-%d}.json"
