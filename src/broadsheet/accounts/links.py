"""Links that work once and for a while: how they are made, found and used up. What each does lives in ``actions``."""

import secrets
from datetime import timedelta
from hashlib import sha256

from django.utils import timezone

from broadsheet.accounts.models import LinkKind, OneTimeLink, User
from broadsheet.errors import NotFound

LIFETIME = {
    LinkKind.SIGN_IN: timedelta(minutes=20),
    LinkKind.CONFIRM: timedelta(days=2),
    LinkKind.RESET: timedelta(hours=1),
    LinkKind.INVITE: timedelta(days=14),
}
FORGOTTEN = timedelta(days=30)
"""How long a link that has ended is kept."""


def make(kind: LinkKind, reader: User | None, email: str = "") -> str:
    """Make a link and return its secret, of which a digest alone is kept.

    reader: whose account it opens, or who invites; nobody's opens nothing. email: the address it is mailed to.
    """
    now = timezone.now()
    OneTimeLink.objects.filter(expires__lt=now - FORGOTTEN).delete()
    secret = secrets.token_urlsafe(32)
    OneTimeLink.objects.create(
        kind=kind, digest=_digest(secret), reader=reader, email=email, expires=now + LIFETIME[kind]
    )
    return secret


def find(kind: LinkKind, secret: str) -> OneTimeLink:
    """Return the link with its reader, and leave it unused. Raises NotFound if it does not work, or not any more."""
    link = OneTimeLink.objects.select_related("reader").filter(
        kind=kind, digest=_digest(secret), used=None, expires__gt=timezone.now(), reader__isnull=False
    )
    found = link.first()
    if found is None:
        raise NotFound(
            "This link does not work.", "Each works once, and only for a while. Ask for a new one where it came from."
        )
    return found


def use(kind: LinkKind, secret: str) -> OneTimeLink:
    """Return the link used up: of two requests at once, one gets it. Raises NotFound as ``find`` does."""
    link = find(kind, secret)
    now = timezone.now()
    if not OneTimeLink.objects.filter(pk=link.pk, used=None).update(used=now):
        raise NotFound("This link was used already.", "Each works once. Ask for a new one where it came from.")
    link.used = now
    return link


def void(reader: User) -> None:
    """End all links that open a reader's account; invitations that they made stay."""
    reader.links.exclude(kind=LinkKind.INVITE).delete()


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
