"""Which hosts may be reached: what counts as private, a watch over a connection, and whether a host answers at all."""

import ipaddress
import socket
import threading
from typing import Any, Self
from urllib.parse import urlsplit

import httpx2

from broadsheet.errors import Upstream


class Watch:
    """Looks after the connection of one request: refuses private peers, and cuts it off after a time.

    The name service may answer otherwise when the connection is made than when the name was looked up before it, so
    it is the peer's own address that is looked at, before anything is sent. url: what is asked. public: whether only
    public peers will do. late: whether it was cut off.
    """

    def __init__(self, url: str, *, public: bool, seconds: float) -> None:
        self.late = False
        self._host = httpx2.URL(url).raw_host.decode("ascii")
        self._public = public
        self._connecting = ""
        self._stream: Any = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()

    def __call__(self, event: str, info: dict[str, Any]) -> None:
        """Take note of what happens to the connection, as the HTTP client tells it."""
        if event == "connection.connect_tcp.started":
            self._connecting = info["host"]
        elif event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
            peer = self._stream.get_extra_info("server_addr")
            # A proxy may well be private; whom it reaches is its own affair.
            if self._public and self._connecting == self._host and _is_not_global(str(peer[0])):
                self._stream.close()
                raise Upstream(f"{self._host[:100]} leads to {peer[0]}, which is not a public address.")
        elif event == "connection.start_tls.complete":
            self._stream = info["return_value"]

    def _cut(self) -> None:
        self.late = True
        sock = self._stream and self._stream.get_extra_info("socket")
        if sock is not None:
            try:
                # Of the plain socket: whoever reads at this moment keeps its TLS, and wakes up to an end.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)
            except OSError:
                return


def is_private(host: str) -> bool:
    """Whether a host is, or resolves to, an address that is not public; an unknown host is not."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return any(_is_not_global(str(entry[4][0])) for entry in found)


def is_reachable(url: str, within: float = 3.0) -> bool:
    """Whether the host of an address accepts a connection within some seconds."""
    found: list[bool] = []

    def knock() -> None:
        try:
            parts = urlsplit(url)
            port = parts.port or (443 if parts.scheme == "https" else 80)
            if parts.hostname:
                socket.create_connection((parts.hostname, port), timeout=within).close()
                found.append(True)
        except (OSError, ValueError):
            return

    # Looking a name up has no time-out of its own, so it is done on a thread that may be left behind.
    thread = threading.Thread(target=knock, daemon=True)
    thread.start()
    thread.join(within)
    return bool(found)


_HOLD_OTHERS = tuple(ipaddress.IPv6Network(net) for net in ("::/96", "64:ff9b::/96"))
"""Addresses whose last four bytes are one of IPv4, which a gateway may lead to; the newer kinds Python knows itself."""


def _is_not_global(address: str) -> bool:
    found = ipaddress.ip_address(address.partition("%")[0])
    if any(found in net for net in _HOLD_OTHERS):
        found = ipaddress.IPv4Address(found.packed[-4:])
    return not found.is_global or found.is_multicast
