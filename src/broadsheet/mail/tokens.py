"""The signed words of links in mails: one opens a subscription for good, one confirms it within two days.

Whoever holds the mail holds the link, and nobody else can make one. What the links do lives in ``subscriptions``.
"""

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import timedelta

from django.core import signing
from django.utils.crypto import constant_time_compare, salted_hmac

from broadsheet.errors import NotFound
from broadsheet.mail.models import State, Subscription

CONFIRM_WITHIN = timedelta(days=2)

_SALT = "broadsheet.mail.subscription"
_CONFIRM = "broadsheet.mail.confirm"
_ID, _MAC = 12, 12
"""Bytes of the id and of its code; 96 bits are out of reach of guessing, and the link stays on one line."""


def token(subscription: Subscription) -> str:
    """Return the words that open a subscription: its id and a code over it, 32 characters, with no end."""
    return urlsafe_b64encode(bytes.fromhex(subscription.public_id) + _code(subscription.public_id)).decode()


def subscription_of(words: str) -> Subscription:
    """Return the subscription that a link opens, with its reader.

    Raises NotFound for words that were not made here, and once the subscription is forgotten.
    """
    try:
        held = urlsafe_b64decode(words.encode("ascii", "strict"))
    except (binascii.Error, ValueError):  # UnicodeEncodeError is a ValueError
        held = b""
    public_id, code = held[:_ID].hex(), held[_ID:]
    # In one spelling alone: base64 leaves room for others.
    if len(held) == _ID + _MAC and len(words) == 32 and constant_time_compare(code, _code(public_id)):
        found = Subscription.objects.select_related("reader").filter(public_id=public_id).exclude(state=State.PENDING)
        if (subscription := found.first()) is not None:
            return subscription
    raise NotFound(
        "This link opens no subscription.", "It may have ended, and is forgotten by now; nothing more is sent for it."
    )


def confirm_token(subscription: Subscription) -> str:
    """Return the words that confirm a subscription, which work for two days."""
    return signing.dumps(subscription.public_id, salt=_CONFIRM)


def confirming(words: str) -> Subscription:
    """Return the subscription that a link confirms, confirmed already or not.

    Raises NotFound for words that were not made here, that are too old, and where it ended or is forgotten.
    """
    try:
        public_id = signing.loads(words, salt=_CONFIRM, max_age=CONFIRM_WITHIN)
    except signing.BadSignature:
        public_id = ""
    known = Subscription.objects.select_related("reader").filter(public_id=public_id)
    found = known.exclude(state=State.ENDED, confirmed__isnull=False)
    if (subscription := found.first()) is None:
        raise NotFound(
            "This link confirms nothing.", "Each works for two days. Subscribe again, and a new one comes by mail."
        )
    return subscription


def _code(public_id: str) -> bytes:
    return bytes(salted_hmac(_SALT, public_id, algorithm="sha256").digest()[:_MAC])
