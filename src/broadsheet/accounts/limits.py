"""How much one address or one reader may do in a time: cheap counts in memory, and buckets that all processes share.

What is limited, by how much and what is answered lives in the rooms.
"""

import hashlib
import ipaddress
import math
import secrets
import threading
import time
from datetime import timedelta
from typing import NamedTuple

from django.conf import settings
from django.db.models import F
from django.db.models.functions import Greatest, Least
from django.http import HttpRequest

from broadsheet.accounts.models import Bucket, Role, User
from broadsheet.errors import TooMany

MOST = 20_000
"""Addresses remembered; beyond it the longest known is forgotten, so memory stays bounded under a flood."""

_lock = threading.Lock()
_used: dict[tuple[str, str], tuple[int, int]] = {}


class Allowance(NamedTuple):
    """What is left. remaining: further requests in this window. reset_seconds: whole seconds until the next one."""

    allowed: bool
    remaining: int
    reset_seconds: int


def take(bucket: str, address: str, quota: int, window: int = 300) -> Allowance:
    """Count one request of an address, unless its quota is used up.

    bucket: what is counted apart from other things (``api``, ``search``). quota: requests in a window, at least 1.
    window: its length in seconds; windows begin at whole multiples of it since 1970, for everybody alike.

    The counts live in the memory of this process and end with it, so several processes each grant the quota; what has
    to be exact is spent from a bucket below. Addresses of one IPv6 network (/64) count as one: each household has one.
    """
    now = time.time()
    number = int(now // window)
    key = (bucket, _household(address))
    with _lock:
        began, used = _used.get(key, (-1, 0))
        if began != number:
            # Put in anew at the end, so that the front of the dictionary is what was opened longest ago.
            _used.pop(key, None)
            used = 0
        allowed = used < quota
        used += allowed
        _used[key] = (number, used)
        if len(_used) > MOST:
            del _used[next(iter(_used))]
    return Allowance(allowed, max(quota - used, 0), math.ceil((number + 1) * window - now))


def forget() -> None:
    """Forget every count."""
    with _lock:
        _used.clear()


def client_address(request: HttpRequest) -> str:
    """Return the address a request came from.

    Behind a trusted proxy (BROADSHEET_BEHIND_PROXY) that is the last entry of X-Forwarded-For, the only one the proxy
    itself wrote; what stands before it is the client's own claim.
    """
    if settings.SECURE_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rsplit(",", 1)[-1].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _household(address: str) -> str:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return f"{int(parsed) >> 64:x}/64"
    return str(parsed)


# --- Buckets in the database ------------------------------------------------------------------------------------------

LONGEST = 86_400
"""Seconds in which the slowest bucket is full again; rows of full buckets are swept away after twice that."""


def spend(key: str, *, capacity: int, seconds: int, cost: float = 1) -> None:
    """Take from the token bucket of this key, which all processes share.

    key: what is limited and for whom (``comment:17``). capacity: what a full bucket holds, so the most at one go.
    seconds: how long an empty one takes to be full, at most a day. cost: how much is taken.

    It is counted and taken in one statement, so parallel requests never spend the same token. Raises TooMany, and
    takes nothing, where there is not enough.
    """
    key = key if len(key) <= 120 else f"{key[:50]}:{hashlib.sha256(key.encode()).hexdigest()}"
    now = time.time()
    # Clocks of several machines differ, and a capacity may have been set lower since.
    grown = Greatest(now - F("filled"), 0.0) * (capacity / seconds)
    bucket = Bucket.objects.annotate(held=Least(F("tokens") + grown, float(capacity)))
    enough = bucket.filter(pk=key, held__gte=cost)
    if not enough.update(tokens=F("held") - cost, filled=now):
        Bucket.objects.bulk_create([Bucket(key=key, tokens=capacity, filled=now)], ignore_conflicts=True)
        if not enough.update(tokens=F("held") - cost, filled=now):
            held = bucket.filter(pk=key).values_list("held", flat=True).first() or 0
            wait = max(math.ceil((cost - held) * seconds / capacity), 1)
            raise TooMany("That was too often for now.", wait, f"It works again {_in(wait)}.")
    if secrets.randbelow(500) == 0:
        Bucket.objects.filter(filled__lt=now - 2 * LONGEST).delete()


def act(address: str) -> None:
    """Count one change that came from an address with all that come from its subnet, whoever makes them.

    Raises TooMany where the subnet has made as many as BROADSHEET_ACT_RATE allows in five minutes.
    """
    if settings.ACT_RATE and settings.MODE in ("closed", "open"):
        spend(f"acts:{subnet(address)}", capacity=settings.ACT_RATE, seconds=300)


def subnet(address: str) -> str:
    """Return the network that an address counts with: /24 of IPv4, /48 of IPv6; what is no address counts as itself."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:64]
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return str(ipaddress.ip_network((parsed, 24 if parsed.version == 4 else 48), strict=False))


def is_new(reader: User) -> bool:
    """Whether an account is so young that it gets a tenth of the limits. Who was given a role is trusted at once."""
    return reader.role == Role.READER and reader.age() < new_for()


def new_for() -> timedelta:
    """Return how long an account counts as new; where readers come by invitation, somebody has vouched for them."""
    return timedelta(days=settings.NEW_DAYS if settings.MODE == "open" else 0)


def share(reader: User, n: int) -> int:
    """Return how much of a limit of ``n`` a reader gets: all, or a tenth and at least 1 while the account is new."""
    return max(n // 10, 1) if is_new(reader) else n


def _in(seconds: int) -> str:
    """Return a time to wait as a person says it."""
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
        if seconds >= size:
            many = math.ceil(seconds / size)
            return f"in {many} {unit}{'' if many == 1 else 's'}"
    return f"in {seconds} second{'' if seconds == 1 else 's'}"
