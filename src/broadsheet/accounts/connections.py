"""Accounts elsewhere (ORCID, GitHub, Hugging Face, OpenID Connect) by which readers sign in: who may, and as whom.

The conversation with the provider lives in ``web/providers``. Without the extra ``oauth`` everything here is empty.
"""

import re
import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from broadsheet.accounts import actions, limits, links, orcid, readers
from broadsheet.accounts.models import LinkKind, User
from broadsheet.errors import BroadsheetError, Conflict, NotFound, Refused, SignInNeeded

TABLE = "socialaccount_socialaccount"


class Identity(NamedTuple):
    """Who somebody is elsewhere. email: an address that the provider has confirmed, else empty."""

    provider: str
    uid: str
    handle: str = ""
    name: str = ""
    email: str = ""

    @property
    def title(self) -> str:
        """What the provider is called."""
        return str(settings.PROVIDERS[self.provider]["name"])


class Connection(NamedTuple):
    """An account elsewhere that opens a reader's account here."""

    pk: int
    provider: str
    uid: str
    shown: str
    made: datetime

    @property
    def title(self) -> str:
        """What the provider is called."""
        known = settings.PROVIDERS.get(self.provider)
        return str(known["name"]) if known else self.provider


def switched_on() -> bool:
    """Whether this site lets readers sign in by accounts elsewhere."""
    return bool(settings.SIGN_IN_WITH) and readers.mode() != "single"


# --- Reads --------------------------------------------------------------------------------------------------------


def of(reader: User) -> list[Connection]:
    """Return a reader's accounts elsewhere, the oldest first."""
    if not settings.SIGN_IN_WITH:
        return []
    from allauth.socialaccount.models import SocialAccount

    rows = SocialAccount.objects.filter(user=reader).order_by("pk")
    return [Connection(row.pk, row.provider, row.uid, row.extra_data.get("shown", ""), row.date_joined) for row in rows]


def reader_of(identity: Identity) -> User | None:
    """Return the reader whose account an identity opens. An address in common opens nothing."""
    from allauth.socialaccount.models import SocialAccount

    known = SocialAccount.objects.filter(provider=identity.provider, uid=identity.uid).select_related("user").first()
    return known.user if known else None


# --- Verbs --------------------------------------------------------------------------------------------------------


def sign_up(identity: Identity, *, invitation: str = "", subnet: str = "") -> User:
    """Make an account that an identity opens, with a free name close to the one elsewhere, and without a password.

    invitation: the secret of an invitation, needed unless the site is open. subnet: where it comes from.
    Raises Refused where nobody signs up, NotFound for an invitation that does not work, Conflict where the address has
    an account already: whoever owns that signs in and connects the two, as an address alone proves nothing to it.
    TooMany.
    """
    mode = readers.mode()
    if mode == "single" or (mode == "closed" and not invitation):
        raise Refused(
            f"No account here is connected with this account of {identity.title}, and nobody signs up by themselves.",
            "Sign in and connect it under Settings, or ask a reader of this site for an invitation.",
        )
    if actions.by_email(identity.email):
        raise Conflict(
            f"There is an account for {identity.email} here already.",
            f"Sign in to it by password or mail, then connect {identity.title} under Settings.",
        )
    if subnet:
        limits.spend(f"sign-up:{subnet}", capacity=settings.SIGN_UPS_PER_DAY, seconds=86_400)
    with transaction.atomic():
        if invitation:
            links.use(LinkKind.INVITE, invitation)
        user = User(email=identity.email, email_verified=bool(identity.email), name=actions.line(identity.name)[:80])
        user.set_unusable_password()
        _save_named(user, identity)
        _attach(user, identity)
    return user


def connect(visitor: readers.Visitor, identity: Identity) -> bool:
    """Let an identity open the visitor's account from now on, and return whether it did not before.

    Raises SignInNeeded, Conflict where it opens another account.
    """
    reader = _themselves(visitor)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=reader.pk)
        known = reader_of(identity)
        if known is None:
            _attach(reader, identity)
    if known is not None and known.pk != reader.pk:
        raise Conflict(
            f"This account of {identity.title} opens another reader's account here.", "Disconnect it there first."
        )
    return known is None


def disconnect(visitor: readers.Visitor, pk: int) -> Connection:
    """Let an account elsewhere open the visitor's account no more, and return which it was.

    Raises SignInNeeded, NotFound for one that is not theirs, Refused where it is the last way to sign in.
    """
    from allauth.socialaccount.models import SocialAccount

    reader = _themselves(visitor)
    with transaction.atomic():
        held = User.objects.select_for_update().get(pk=reader.pk)
        all_of = of(held)
        gone = next((known for known in all_of if known.pk == pk), None)
        if gone is None:
            raise NotFound("There is no such connection.", "Perhaps it was removed already.")
        if len(all_of) == 1 and not held.has_usable_password() and not (held.email and held.email_verified):
            raise Refused(
                f"{gone.title} is the only way to sign in to this account.",
                "Set a password or confirm a mail address first, under Settings.",
            )
        SocialAccount.objects.filter(pk=pk).delete()
        if gone.provider == "orcid" and held.orcid == gone.uid:
            User.objects.filter(pk=held.pk).update(orcid_verified=False, orcid_name="")
    return gone


def forget(reader: User) -> None:
    """Delete a reader's accounts elsewhere, within the caller's transaction.

    By plain SQL: a site that once had the extra has the table still, and its rows would hold the reader fast.
    """
    if TABLE in connection.introspection.table_names():
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {TABLE} WHERE user_id = %s", [reader.pk])  # noqa: S608 (a constant)


def _themselves(visitor: readers.Visitor) -> User:
    """Return who mends their own account; suspended readers may too."""
    reader = readers.signed_in(visitor)
    if reader is None:
        raise SignInNeeded("Sign in to connect accounts.")
    return reader


def _attach(reader: User, identity: Identity) -> None:
    from allauth.socialaccount.models import SocialAccount

    shown = actions.line(identity.handle or identity.name or identity.uid)[:80]
    try:
        with transaction.atomic():
            SocialAccount.objects.create(
                user=reader, provider=identity.provider, uid=identity.uid, extra_data={"shown": shown}
            )
    except IntegrityError:  # another request was first
        raise Conflict(f"This account of {identity.title} was connected at this moment.", "Sign in by it.") from None
    if identity.provider == "orcid":
        reader.orcid, reader.orcid_verified = orcid.read(identity.uid), True
        reader.orcid_name = actions.line(identity.name)[:120]
        reader.save(update_fields=["orcid", "orcid_verified", "orcid_name"])


def _save_named(user: User, identity: Identity) -> None:
    """Save a new account under the first free name that its holder's name elsewhere suggests."""
    for name in _names(identity):
        user.username = name
        try:
            actions.free_name(name)
            with transaction.atomic():
                user.save()
        except (BroadsheetError, IntegrityError):
            continue
        return
    raise Conflict("No free name was found for the account.", "Try again.")


def _names(identity: Identity) -> Iterator[str]:
    for text in (identity.handle, identity.name):
        name = re.sub(r"[^a-z0-9]+", "-", text.partition("@")[0].lower()).strip("-")[:34].strip("-")
        if name:
            yield name
            yield from (f"{name}-{number}" for number in range(2, 6))
            yield f"{name}-{secrets.token_hex(2)}"
    yield from (f"reader-{secrets.token_hex(4)}" for _ in range(3))
