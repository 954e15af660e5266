"""What keeps programs from signing up by the thousand: a signed stamp of time, and work that a browser must do.

The field that only programs fill in is one of the form, in ``web``.
"""

import secrets
import time
from hashlib import sha256

from django.conf import settings
from django.core import signing

from broadsheet.accounts import limits
from broadsheet.errors import BadInput, TooMany

_SALT = "sign-up"
LEAST, MOST = 2, 86_400
"""Seconds in which a form is filled in: nobody types faster, and nobody leaves it open for longer than a day."""

AGAIN = "Please send the form once more."


def stamp() -> str:
    """Return the signed time at which a form was shown; it is also what the work is done on."""
    return signing.dumps([int(time.time() * 1000), secrets.token_hex(8)], salt=_SALT, compress=False)


def check(stamped: str, work: str) -> None:
    """Check when a form was shown, and the work done on it. Raises BadInput with a kind word for who is no program."""
    try:
        shown, _ = signing.loads(stamped, salt=_SALT)
    except signing.BadSignature:
        raise BadInput("This form was not made here.", AGAIN) from None
    age = time.time() - shown / 1000
    if age < LEAST:
        raise BadInput("That was faster than anybody types.", AGAIN)
    if age > MOST:
        raise BadInput("This page was open for more than a day.", AGAIN)
    if settings.SIGN_UP_WORK and not done(stamped, work, settings.SIGN_UP_WORK):
        raise BadInput("Your browser has not done the work that keeps programs out; it needs JavaScript.", AGAIN)


def use(stamped: str) -> None:
    """Use a stamp up, so that the work done on it counts once. Raises BadInput."""
    if settings.SIGN_UP_WORK:
        try:
            limits.spend(f"stamp:{sha256(stamped.encode()).hexdigest()}", capacity=1, seconds=MOST)
        except TooMany:
            raise BadInput("This form was sent before.", AGAIN) from None


def done(stamped: str, work: str, bits: int) -> bool:
    """Whether the SHA-256 of a stamp and a number begins with so many zero bits."""
    if not (work.isascii() and work.isdigit() and len(work) <= 15):
        return False
    digest = sha256(f"{stamped}:{work}".encode()).digest()
    return int.from_bytes(digest) >> (256 - bits) == 0
