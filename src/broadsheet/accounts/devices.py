"""Signing programs in by a short code that their reader types on a page (RFC 8628), and renewing their tokens."""

import secrets
from datetime import timedelta
from typing import NamedTuple

from django.db import IntegrityError, transaction
from django.utils import timezone

from broadsheet.accounts import limits, readers, tokens
from broadsheet.accounts.models import ApiToken, DeviceGrant, Scope, User
from broadsheet.errors import BroadsheetError, NotFound, Refused

CODE_LIFE = timedelta(minutes=15)
INTERVAL = 5
"""Seconds that a program waits between two questions."""
TOKEN_LIFE = timedelta(days=30)
"""The hub's client renews a token when less than a day of it is left, so this is well above."""

_LETTERS = "BCDFGHJKLMNPQRSTVWXZ"
"""Letters of a code that is typed: none that look alike, no vowels, so that no words come out."""
_CLIENTS = {"26be6b09-91c5-47da-9861-d2d2bb7a7e36": "hf, the Hugging Face command line"}


class OAuthFault(BroadsheetError):
    """What a program is told in the one word that the standard has for it. word: such as ``authorization_pending``."""

    def __init__(self, word: str, message: str) -> None:
        super().__init__(message)
        self.word = word


class Begun(NamedTuple):
    """A sign-in that began. device_code: the program's secret, kept by it alone."""

    device_code: str
    grant: DeviceGrant


class Granted(NamedTuple):
    """What a program gets: its token, the secret of it, and the secret that renews it."""

    token: ApiToken
    secret: str
    refresh: str


def begin(client: str, scope: str = "") -> Begun:
    """Begin to sign a program in.

    client: what it calls itself. scope: words of OAuth; none of them that asks to write makes a token for reading,
    none at all one for writing, as clients that cannot say what they need do write. The reader may narrow it.
    """
    now = timezone.now()
    DeviceGrant.objects.filter(expires__lt=now - CODE_LIFE).delete()
    device_code = secrets.token_urlsafe(32)
    name = " ".join(_CLIENTS.get(client, client).replace("\0", "").split())[:80]
    for _ in range(5):
        letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
        try:
            with transaction.atomic():
                grant = DeviceGrant.objects.create(
                    digest=tokens.digest(device_code),
                    user_code=f"{letters[:4]}-{letters[4:]}",
                    client=name,
                    scope=_scope(scope),
                    expires=now + CODE_LIFE,
                )
        except IntegrityError:  # another program has this code right now
            continue
        return Begun(device_code, grant)
    raise Refused("No free code was found.", "Try again.")


def _scope(words: str) -> Scope:
    asked = words.split()
    writing = any(word.startswith(("write", "contribute", "manage")) for word in asked)
    return Scope.WRITE if writing or not asked else Scope.READ


def typed(visitor: readers.Visitor, user_code: str) -> DeviceGrant:
    """Return the sign-in that waits under a code as a reader typed it: in any case, with or without the hyphen.

    Raises SignInNeeded; NotFound for a code that is unknown, used or over; TooMany after ten wrong ones in ten minutes.
    """
    reader = _signed_in(visitor)
    letters = "".join(sign for sign in user_code.upper() if sign.isalnum())[:16]
    waiting = DeviceGrant.objects.filter(
        user_code=f"{letters[:4]}-{letters[4:]}", expires__gt=timezone.now(), reader__isnull=True, denied=False
    ).first()
    if waiting is None:
        limits.spend(f"device:{reader.pk}", capacity=10, seconds=600)
        raise NotFound("No program waits under this code.", "Codes last for 15 minutes; look at the program again.")
    return waiting


def approve(visitor: readers.Visitor, user_code: str, *, read_only: bool = False) -> DeviceGrant:
    """Let the program that waits under a code act as the visitor. read_only: it may read, whatever it asked for.

    Raises as ``typed``, and Refused where the visitor has all the tokens there may be.
    """
    reader = _signed_in(visitor)
    grant = typed(visitor, user_code)
    if tokens.of(reader).count() >= tokens.MOST:
        raise Refused(f"There are {tokens.MOST} tokens already.", "Revoke one that is not used any more.")
    scope = Scope.READ if read_only else grant.scope
    done = DeviceGrant.objects.filter(pk=grant.pk, reader__isnull=True, denied=False).update(reader=reader, scope=scope)
    if not done:
        raise NotFound("No program waits under this code any more.")
    grant.refresh_from_db()
    return grant


def deny(visitor: readers.Visitor, user_code: str) -> DeviceGrant:
    """Refuse the program that waits under a code. Raises as ``typed``."""
    grant = typed(visitor, user_code)
    DeviceGrant.objects.filter(pk=grant.pk, reader__isnull=True).update(denied=True)
    return grant


def redeem(device_code: str) -> Granted:
    """Return the token of a program whose reader has agreed; this works once.

    Raises OAuthFault with ``authorization_pending``, ``slow_down``, ``access_denied``, ``expired_token`` or
    ``invalid_grant``.
    """
    now = timezone.now()
    with transaction.atomic():
        grant = (
            DeviceGrant.objects.select_for_update(of=("self",))
            .select_related("reader")
            .filter(digest=tokens.digest(device_code))
            .first()
        )
        fault = _not_yet(grant) if grant else OAuthFault("invalid_grant", "This device code is not known.")
        if grant and fault is None and grant.reader:
            grant.delete()
            return _granted(grant.reader, grant.client, grant.scope)
        if grant:
            DeviceGrant.objects.filter(pk=grant.pk).update(asked=now)
    raise fault or OAuthFault("authorization_pending", "The reader has not decided yet.")


def _not_yet(grant: DeviceGrant) -> OAuthFault | None:
    """Return why a program gets no token now, None if it does."""
    now = timezone.now()
    if grant.expires <= now:
        return OAuthFault("expired_token", "The code is over; begin again.")
    if grant.denied:
        return OAuthFault("access_denied", "The reader refused.")
    if grant.reader and grant.reader.is_active:
        return None
    # A little less than the interval, as the way of a question is not always equally long.
    if grant.asked and now - grant.asked < timedelta(seconds=INTERVAL - 0.5):
        return OAuthFault("slow_down", f"Wait {INTERVAL} seconds between two questions.")
    return OAuthFault("authorization_pending", "The reader has not decided yet.")


def _granted(reader: User, client: str, scope: str) -> Granted:
    try:
        token, secret = tokens.issue(reader, (client or "A program")[:60], scope, timezone.now() + TOKEN_LIFE)
    except Refused as refused:  # the last place for a token was taken meanwhile
        raise OAuthFault("access_denied", str(refused)) from None
    refresh = _refresh_secret()
    token.refresh = tokens.digest(refresh)
    token.save(update_fields=["refresh"])
    return Granted(token, secret, refresh)


def renew(refresh: str) -> Granted:
    """Put a new token in the place of one whose time is running out; what renewed it is used up.

    Shown a second time it was stolen, by whoever came first or second, so the token ends.
    Raises OAuthFault ``invalid_grant``.
    """
    now = timezone.now()
    digest = tokens.digest(refresh)
    with transaction.atomic():
        token = (
            ApiToken.objects.select_for_update(of=("self",))
            .select_related("reader")
            .filter(refresh=digest, expires__gt=now - tokens.FORGOTTEN, reader__is_active=True)
            .first()
        )
        if token:
            secret, again = tokens.fresh_secret(), _refresh_secret()
            token.digest, token.start = tokens.digest(secret), secret[: tokens.SHOWN]
            token.refresh, token.renewed_by = tokens.digest(again), digest
            token.expires = now + TOKEN_LIFE
            token.save(update_fields=["digest", "start", "refresh", "renewed_by", "expires"])
            return Granted(token, secret, again)
        ApiToken.objects.filter(renewed_by=digest).delete()
    raise OAuthFault("invalid_grant", "This refresh token is used up, over or revoked; sign in again.")


def _refresh_secret() -> str:
    return "br_" + secrets.token_urlsafe(tokens.LETTERS)[: tokens.LETTERS]


def _signed_in(visitor: readers.Visitor) -> User:
    return readers.signed_in(visitor) or readers.active(visitor, "sign a program in")
