"""Who is reading: the mode of the site, the one reader of a site without sign-in, and what a verb asks of its reader.

How accounts come and go lives in ``actions``.
"""

from typing import Literal, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError

from broadsheet.accounts.models import Role, User
from broadsheet.errors import Refused, SignInNeeded
from broadsheet.prepared import Prepared

Mode = Literal["single", "closed", "open"]
Visitor = User | AnonymousUser
"""Whoever sends a request, signed in or not."""

ONE = "reader"
"""The name of the one reader of a site in single mode."""

_named = Prepared(lambda name: User.objects.filter(username=name), "name")


def mode() -> Mode:
    """Return who may read as whom: see BROADSHEET_MODE. ``serve`` decides where nothing was set."""
    return cast("Mode", settings.MODE or "single")


def the_one_reader() -> User:
    """Return the one reader of a site in single mode, made at first use."""
    for reader in _named.models(ONE):
        return reader
    try:
        return User.objects.create_user(ONE, role=Role.ADMIN, is_staff=True, is_superuser=True)
    except IntegrityError:  # another request was first
        return User.objects.get(username=ONE)


def signed_in(visitor: Visitor) -> User | None:
    """Return the reader that a visitor is, None where nobody is signed in."""
    return visitor if visitor.is_authenticated else None


def active(visitor: Visitor, doing: str) -> User:
    """Return the reader who is about to change something. doing: what, as in ``vote`` or ``write a comment``.

    Raises SignInNeeded for a visitor, Refused for a reader who is suspended.
    """
    reader = signed_in(visitor)
    if reader is None:
        raise SignInNeeded(f"Sign in to {doing}.")
    if reader.is_suspended:
        until = f"{reader.suspended_until:%Y-%m-%d %H:%M} UTC"
        raise Refused(
            f"This account cannot {doing} until {until}: {reader.suspended_reason or 'no reason was given'}.",
            "The moderation log shows who decided; reading goes on as before.",
        )
    return reader


def moderator(visitor: Visitor) -> User:
    """Return the moderator who is about to act. Raises SignInNeeded or Refused."""
    reader = active(visitor, "moderate")
    if not reader.is_moderator:
        raise Refused("This is for moderators.", "Report what should be looked at instead.")
    return reader


def admin(visitor: Visitor) -> User:
    """Return the administrator who is about to act. Raises SignInNeeded or Refused."""
    reader = active(visitor, "administer the site")
    if not reader.is_admin:
        raise Refused("This is for administrators.")
    return reader
