"""What others see of a reader, and how readers change it. Addresses, passwords and roles live in ``accounts``."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from broadsheet.accounts import orcid, readers
from broadsheet.accounts.models import User
from broadsheet.community import claims
from broadsheet.community.models import Comment, ReadingList, Vote
from broadsheet.errors import BadInput, NotFound
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper

SHOWN = 50
"""How many of each are on the page."""

FIELDS = {"name": 80, "affiliation": 120, "about": 500, "website": 200}
"""What a reader writes about themselves, and its most characters."""


@dataclass(frozen=True)
class Profile:
    """A reader as others see them. votes: None where they are private."""

    reader: User
    papers: list[Paper]
    lists: list[ReadingList]
    comments: list[Comment]
    votes: list[Vote] | None


def find(name: str) -> User:
    """Return the reader of this name. Raises NotFound, also for an account that is not confirmed."""
    reader = User.objects.filter(username=name.lower().replace("\0", ""), is_active=True).first()
    if reader is None:
        raise NotFound(f"There is no reader {name[:40]!r}.")
    return reader


def public(reader: User) -> Profile:
    """Return what anybody may see of a reader: nothing saved, marked, followed or private is among it."""
    comments = Comment.objects.filter(author=reader, deleted=None, hidden=None).select_related("paper")
    return Profile(
        reader,
        papers=list(claims.shown_papers(reader)[:SHOWN]),
        lists=list(ReadingList.objects.filter(owner=reader, public=True).order_by("title")[:SHOWN]),
        comments=list(comments.order_by("-posted")[:SHOWN]),
        votes=list(public_votes(reader)[:SHOWN]) if reader.public_votes else None,
    )


def public_votes(reader: User) -> QuerySet[Vote]:
    """Return the votes that a reader shows, the newest first; none where they are private."""
    standing = Vote.objects.standing().filter(reader=reader, reader__public_votes=True)
    return standing.select_related("paper").order_by("-cast")


def set_profile(visitor: readers.Visitor, *, public_votes: bool, orcid_id: str, **texts: str) -> User:
    """Set what others see of the visitor: texts named in FIELDS, the ORCID iD, and whether votes are public.

    Raises SignInNeeded or Refused; BadInput for what is too long or no iD.
    """
    reader = readers.active(visitor, "change a profile")
    changed: dict[str, Any] = {"public_votes": public_votes, "orcid": orcid.read(orcid_id)}
    for field, text in texts.items():
        if len(text) > FIELDS[field]:
            raise BadInput(f"{field} has {len(text)} characters; it takes {FIELDS[field]}.")
        changed[field] = text
    if changed["orcid"] != reader.orcid:
        changed["orcid_verified"] = False
    for field, value in changed.items():
        setattr(reader, field, value)
    with transaction.atomic():
        reader.save(update_fields=list(changed))
        note_activity()
    return reader
