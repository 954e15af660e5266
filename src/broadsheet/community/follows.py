"""What readers follow: authors, categories, searches, readers, organisations and lists. What is new is in ``news``."""

import re
from collections.abc import Callable

from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.models import Organization, User
from broadsheet.accounts.readers import Visitor
from broadsheet.community.models import Follow, ReadingList
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.papers.models import Paper
from broadsheet.prepared import Prepared

MOST = 500
"""Follows of one reader."""

_CATEGORY = re.compile(r"[a-z-]{2,10}(\.[A-Za-z-]{2,12})?", re.ASCII)


_followed = Prepared(lambda reader: Follow.objects.filter(reader=reader).values_list("kind", "value"), -1)


def follow(visitor: Visitor, kind: str, value: str) -> bool:
    """Follow something and return whether it was not followed before.

    kind: author, category, search, reader, organization or list. value: the author's name, the category, the query,
    the reader's or organisation's name, or the list's public id.
    Raises SignInNeeded, Refused, BadInput for what cannot be followed, NotFound for what is not here.
    """
    reader = readers.active(visitor, "follow")
    check = _CHECKS.get(kind)
    if check is None:
        raise BadInput(f"{kind[:20]!r} cannot be followed.", f"What can: {', '.join(_CHECKS)}.")
    value = " ".join(value.split())
    if not value or len(value) > 300 or not value.isprintable():
        raise BadInput(f"To follow a {kind}, name it in 1 to 300 characters.")
    value = check(reader, value)
    if Follow.objects.filter(reader=reader).count() >= MOST:
        raise Refused(f"A reader follows at most {MOST} things.", "Unfollow one on the page “Following”.")
    _, fresh = Follow.objects.get_or_create(reader=reader, kind=kind, value=value)
    return fresh


def unfollow(visitor: Visitor, kind: str, value: str) -> bool:
    """Stop following and return whether it was followed. Raises SignInNeeded or Refused."""
    reader = readers.active(visitor, "unfollow")
    gone, _ = Follow.objects.filter(reader=reader, kind=kind, value=" ".join(value.split())).delete()
    return bool(gone)


def of(visitor: Visitor) -> QuerySet[Follow]:
    """Return what a visitor follows, by kind and then by value."""
    reader = readers.signed_in(visitor)
    return (Follow.objects.filter(reader=reader) if reader else Follow.objects.none()).order_by("kind", "value")


def all_of(visitor: Visitor) -> frozenset[tuple[str, str]]:
    """Return kind and value of all that a visitor follows."""
    reader = readers.signed_in(visitor)
    return frozenset((kind, value) for kind, value in _followed.rows(reader.pk)) if reader else frozenset()


def follows(visitor: Visitor, kind: str, value: str) -> bool:
    """Whether a visitor follows something."""
    return of(visitor).filter(kind=kind, value=" ".join(value.split())).exists()


def seen(visitor: Visitor) -> None:
    """Count all that is new up to now as seen. Raises SignInNeeded or Refused."""
    Follow.objects.filter(reader=readers.active(visitor, "follow")).update(seen=timezone.now())


def _author(_reader: User, value: str) -> str:
    return value


def _category(_reader: User, value: str) -> str:
    if not _CATEGORY.fullmatch(value):
        raise BadInput(f"{value[:40]!r} is not a category.", "Categories look like cs.LG, or cs for all of it.")
    return value


def _reader(reader: User, value: str) -> str:
    if value == reader.username:
        raise BadInput("Nobody follows themselves.")
    if not User.objects.filter(username=value, is_active=True).exists():
        raise NotFound(f"There is no reader {value[:39]!r} here.")
    return value


def _organization(_reader: User, value: str) -> str:
    if not (Organization.objects.filter(slug=value).exists() or Paper.objects.filter(organization_slug=value).exists()):
        raise NotFound(f"There is no organisation {value[:39]!r} here.")
    return value


def _list(reader: User, value: str) -> str:
    if not ReadingList.objects.filter(Q(public=True) | Q(owner=reader), public_id=value).exists():
        raise NotFound("There is no such list here.", "It may be private or deleted.")
    return value


_CHECKS: dict[str, Callable[[User, str], str]] = {
    "author": _author,
    "category": _category,
    "search": _author,
    "reader": _reader,
    "organization": _organization,
    "list": _list,
}
KINDS = tuple(_CHECKS)
