"""Which addresses may be mailed: how each is kept, which are never mailed, and how often one is asked to confirm."""

from hashlib import sha256

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from broadsheet.accounts import actions, limits
from broadsheet.accounts.models import User
from broadsheet.errors import BadInput, Refused
from broadsheet.mail.models import State, Subscription, Suppression

CONFIRMATIONS_PER_DAY = 3
"""Mails that ask an address to confirm, whoever asks for them."""
LONGEST = 254
"""Characters of an address, as mail servers take it."""
REASONS = ("asked", "complaint", "bounce", "operator")
"""Why an address is never mailed."""


@transaction.atomic
def suppress(address: str, reason: str) -> None:
    """Never mail an address again, and end all its subscriptions. reason: one of REASONS. Raises BadInput."""
    if reason not in REASONS:
        raise BadInput(f"{reason[:20]!r} is no reason.", f"Reasons are {', '.join(REASONS)}.")
    address = address_of(address)
    Suppression.objects.bulk_create([Suppression(digest=_digest(address), reason=reason)], ignore_conflicts=True)
    hold(address)
    open_ones = Subscription.objects.filter(address=address).exclude(state=State.ENDED)
    open_ones.update(state=State.ENDED, ended=timezone.now(), due=None)


def hold(address: str) -> list[Subscription]:
    """Return all subscriptions of an address, held until the transaction ends.

    In the order in which the sender holds them too, so that no two wait for each other.
    """
    return list(Subscription.objects.select_for_update().filter(address=address).order_by("pk"))


def allow(address: str) -> bool:
    """Let an address be mailed again once it subscribes; return whether it was not before. Raises BadInput."""
    return bool(Suppression.objects.filter(digest=_digest(address_of(address))).delete()[0])


def is_suppressed(address: str) -> bool:
    """Whether an address is never mailed."""
    return Suppression.objects.filter(digest=_digest(address)).exists()


def address_of(typed: str) -> str:
    """Return an address as it is kept: in small letters, its domain as mail servers take it. Raises BadInput."""
    address = actions.address(typed)
    name, _, domain = address.rpartition("@")
    try:
        kept = f"{name}@{domain.encode('idna').decode()}"
    except UnicodeError:
        kept = ""
    if not kept or len(kept) > LONGEST:
        raise BadInput(f"{address[:80]!r} is no mail address.", "It looks like ada@example.org.")
    return kept


def is_own(reader: User, address: str) -> bool:
    """Whether an address is the one that a reader has confirmed, so that it needs no link."""
    return reader.email_verified and bool(reader.email) and address_of(reader.email) == address


def allow_own(address: str) -> None:
    """Take back the wish of an address's owner, who subscribes again; only an operator takes back other reasons."""
    Suppression.objects.filter(digest=_digest(address), reason="asked").delete()
    if is_suppressed(address):
        raise Refused("This address is not mailed any more.", "Ask the operator of this site to allow it again.")


def _digest(address: str) -> str:
    return sha256(address.lower().encode()).hexdigest()


def few_confirmations(reader: User | None, address: str, client_address: str) -> None:
    """Count a mail that asks to confirm, before it is known whether one goes. Raises TooMany."""
    most = settings.SUBSCRIPTIONS_PER_DAY
    if reader is None:
        limits.spend(f"subscribe-from:{limits.subnet(client_address)}", capacity=most, seconds=86_400)
    else:
        limits.spend(f"subscribe:{reader.pk}", capacity=limits.share(reader, most), seconds=86_400)
    name, _, domain = address.rpartition("@")
    mailbox = f"{name.partition('+')[0]}@{domain}"  # what stands after a + arrives in the same mailbox
    limits.spend(f"subscribe-to:{_digest(mailbox)[:32]}", capacity=CONFIRMATIONS_PER_DAY, seconds=86_400)
