"""Reading the body of an answer within limits of size and time, and unpacking it no further than that."""

import time
import zlib
from collections.abc import Callable, Iterator

import httpx2

from broadsheet.errors import Upstream

TELL_EVERY = 3.0
"""Seconds of reading after which it is told that there is more."""

_GZIP = 16 + zlib.MAX_WBITS


def read(
    response: httpx2.Response, url: str, most: int, until: float, goes_on: Callable[[], None] = lambda: None
) -> bytes:
    """Return the body of an answer, unpacked.

    most: bytes of it at most, which holds for the unpacked body at every moment of reading, however tightly it was
    packed. until: the moment of the monotonic clock at which an answer that still trickles in is given up. goes_on:
    told now and then that there is more.
    Raises Upstream beyond ``most``, TimeoutError beyond ``until``, ValueError for a body that is not what its headers
    say.
    """
    encoding = response.headers.get("content-encoding", "identity").lower()
    # Other encodings pack a body a thousand times tighter, and nobody asked for them.
    if encoding not in ("identity", "gzip"):
        raise Upstream(f"{url} sent {encoding[:40]!r}, though only gzip was asked for.")
    body = bytearray()
    told = time.monotonic()
    for part in _parts(response, most, packed=encoding == "gzip"):
        body += part
        if len(body) > most:
            raise Upstream(f"{url} sent more than {most} bytes.", "Ask for less at a time.")
        if time.monotonic() > until:
            raise TimeoutError
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            goes_on()
    return bytes(body)


def _parts(response: httpx2.Response, most: int, *, packed: bool) -> Iterator[bytes]:
    if response.is_stream_consumed:  # a transport that gave the answer as a whole has unpacked it
        return iter((response.content,))
    return _unpacked(response, most) if packed else response.iter_raw()


def _unpacked(response: httpx2.Response, most: int) -> Iterator[bytes]:
    """Unpack piece by piece: a bomb of some kilobytes must not fill the memory before anybody counts."""
    unpacking = zlib.decompressobj(_GZIP)
    begun = False
    for raw in response.iter_raw():
        left = raw
        while left:
            if unpacking.eof:  # gzip allows several members, one after the other
                unpacking = zlib.decompressobj(_GZIP)
            begun = True
            try:
                yield unpacking.decompress(left, min(most, 1_000_000))
            except zlib.error as error:
                raise ValueError(f"its body is not gzip ({error})") from None
            left = unpacking.unused_data if unpacking.eof else unpacking.unconsumed_tail
    if begun and not unpacking.eof:
        raise ValueError("its packed body breaks off")
