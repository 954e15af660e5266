"""Tokens of the API: made, found again by their digest, revoked. Whom a request speaks for is decided by the API."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.models import ApiToken, Scope, User
from broadsheet.errors import BadInput, NotFound, Refused

MOST = 50
"""Tokens one reader can have, so that a runaway program fills no table."""
LETTERS = 40
SHOWN = 8
"""Characters by which a reader tells tokens apart."""
FORGOTTEN = timedelta(days=90)
"""How long after its end a token that can be renewed is kept."""
USED_AGAIN = timedelta(minutes=1)
"""How exactly the time of last use is kept: reading by API should not write each time."""


def issue(
    visitor: readers.Visitor, name: str, scope: str = Scope.READ, expires: datetime | None = None
) -> tuple[ApiToken, str]:
    """Make a token for the visitor. Return it with its secret, which is shown this once and kept nowhere.

    name: what the reader calls it. scope: ``read`` or ``write``. expires: when it ends by itself, if ever.
    Raises SignInNeeded, BadInput for a name, scope or time that cannot be, Refused at the fiftieth token.
    """
    reader = readers.signed_in(visitor)
    if reader is None:
        # Even while suspended: a token for reading takes nothing from anybody, and writing asks again each time.
        reader = readers.active(visitor, "make a token")
    name = " ".join(name.replace("\0", "").split())
    if not 1 <= len(name) <= 60:
        raise BadInput(f"A token needs a name of 1 to 60 characters; this one has {len(name)}.", "Say what it is for.")
    if scope not in Scope.values:
        raise BadInput(f"{scope[:20]!r} is no scope of a token.", "It is read or write.")
    if expires is not None and expires <= timezone.now():
        raise BadInput("This token would have ended before it began.", "Choose a day to come, or none.")
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reader.pk)  # so that two requests do not both make the last one
        over = reader.tokens.filter(expires__lte=timezone.now())
        over.filter(Q(refresh="") | Q(expires__lte=timezone.now() - FORGOTTEN)).delete()
        if reader.tokens.count() >= MOST:
            raise Refused(f"There are {MOST} tokens already.", "Revoke one that is not used any more.")
        secret = fresh_secret()
        made = reader.tokens.create(
            name=name, digest=digest(secret), start=secret[:SHOWN], scope=scope, expires=expires
        )
    return made, secret


def fresh_secret() -> str:
    """Return a secret that nobody has."""
    return "bs_" + secrets.token_urlsafe(LETTERS)[:LETTERS]


def digest(secret: str) -> str:
    """Return what is kept of a secret. Secrets are random and long, so a plain digest cannot be guessed back."""
    return sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()


def reader_of(secret: str) -> ApiToken | None:
    """Return the token with its reader whose secret this is, None if there is none, or it has ended.

    Looked up by digest: how long that takes tells nothing about the secret. Marks the token as used.
    """
    now = timezone.now()
    token = (
        ApiToken.objects.select_related("reader")
        .filter(Q(expires__isnull=True) | Q(expires__gt=now), digest=digest(secret), reader__is_active=True)
        .first()
    )
    if token and (token.used is None or token.used < now - USED_AGAIN):
        ApiToken.objects.filter(pk=token.pk).update(used=now)
        token.used = now
    return token


def of(reader: User) -> QuerySet[ApiToken]:
    """Return a reader's tokens, the newest first."""
    return reader.tokens.order_by("-made", "-pk")


def revoke(visitor: readers.Visitor, public_id: str) -> None:
    """End one of the visitor's tokens at once. Raises SignInNeeded; NotFound for one that is not theirs."""
    reader = readers.signed_in(visitor) or readers.active(visitor, "revoke a token")
    ended, _ = reader.tokens.filter(public_id=public_id.replace("\0", "")).delete()
    if not ended:
        raise NotFound("You have no such token.", "Perhaps it was revoked before.")
