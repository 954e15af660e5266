"""The secrets in the addresses of private feeds: made, read again, and ended all at once. What a feed holds lives in
``feeds``.

A secret is signed and not kept: a reader has a number (``User.feed_keys``) that is part of each, and a new number ends
all that were made before.
"""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.db.models import F
from django.utils.crypto import constant_time_compare, salted_hmac

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.errors import Gone, NotFound

LONGEST = 4_000
"""Characters of a secret; a search of 300 signs of four bytes each has 1,650."""
_SIGNATURE = 16
_WHOSE = 12
_NUMBER = 4


def token(reader: User, key: str) -> str:
    """Return the secret that opens one private feed of a reader, as it stands in an address.

    key: which of their feeds, as ``Listing.key`` says it. The same until the reader resets their secrets.
    """
    kind, separator, value = key.partition(":")
    own = value == reader.public_id  # lists of one reader name the reader a second time
    told = (kind if own else f"{kind}{separator}{value}").encode()
    said = bytes.fromhex(reader.public_id) + reader.feed_keys.to_bytes(_NUMBER) + told
    return urlsafe_b64encode(_signature(said) + said).rstrip(b"=").decode()


def opened(token: str) -> tuple[User, str]:
    """Return whose feed a secret opens, and the key it was made with.

    Raises NotFound for one that was never made here, Gone for one that was reset or whose reader has left.
    """
    said = _said(token)
    if said is None:
        raise NotFound("There is no such feed here.", "Copy its address anew from the page “Feeds”.")
    number = int.from_bytes(said[_WHOSE : _WHOSE + _NUMBER])
    reader = User.objects.filter(public_id=said[:_WHOSE].hex(), is_active=True, feed_keys=number).first()
    if reader is None:
        raise Gone("This feed has ended: its secret address was reset.", "Its reader finds the new one on “Feeds”.")
    key = said[_WHOSE + _NUMBER :].decode()
    return reader, key if ":" in key else f"{key}:{reader.public_id}"


def reset(visitor: readers.Visitor) -> None:
    """End all secret addresses of the visitor's feeds; new ones stand on the page that lists them.

    A suspended reader may too: it takes nothing from anybody. Raises SignInNeeded.
    """
    reader = readers.signed_in(visitor) or readers.active(visitor, "reset the addresses of your feeds")
    User.objects.filter(pk=reader.pk).update(feed_keys=F("feed_keys") + 1)
    reader.refresh_from_db(fields=["feed_keys"])


def _said(token: str) -> bytes | None:
    """Return what a secret says, None where it was not signed here."""
    if len(token) > LONGEST or not re.fullmatch(r"[A-Za-z0-9_-]+", token, re.ASCII) or len(token) % 4 == 1:
        return None
    read = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    signature, said = read[:_SIGNATURE], read[_SIGNATURE:]
    whole = urlsafe_b64encode(read).rstrip(b"=").decode() == token  # one feed has one address
    return said if whole and constant_time_compare(signature, _signature(said)) else None


def _signature(said: bytes) -> bytes:
    return salted_hmac("broadsheet.feeds", said, algorithm="sha256").digest()[:_SIGNATURE]
