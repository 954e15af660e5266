"""How many requests one address may make in a window of time. What counts and what is answered lives in the rooms."""

import ipaddress
import math
import threading
import time
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest

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

    The counts live in the memory of this process and end with it, so several processes each grant the quota; a table
    that they share comes with accounts. Addresses of one IPv6 network (/64) count as one, as each household has one.
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
