"""The one polite client of all sources: agent string, gate, time-outs, size limit, retries. Knows no source."""

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx2

from broadsheet import __version__
from broadsheet.errors import Upstream
from broadsheet.sources.gate import LONGEST_WAIT, Gate

MOST_BYTES = 50_000_000
MOST_REDIRECTS = 5
LONGEST_ANSWER = 300.0
"""Seconds after which an answer that still trickles in is given up."""

ATTEMPTS = 4
_AGAIN = {429, 500, 502, 503, 504}


class Answer(NamedTuple):
    """An answer: the address that gave it, its status, its body as bytes, and its headers, names in lower case."""

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str]


class PoliteClient:
    """Asks hosts politely.

    gates: folder of the hosts' gates. contact: told in the agent string. delay: least seconds between two requests
    to one host. pace: name of a gate that all hosts of one operator share, who counts requests to all of them.
    timeout: seconds for an answer to begin and between its parts.
    """

    def __init__(
        self,
        gates: Path,
        *,
        contact: str = "",
        delay: float = 3.0,
        pace: str = "",
        timeout: float = 30.0,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._gates, self._delay, self._clock, self._sleep = gates, delay, clock, sleep
        self._pace = pace
        agent = f"broadsheet/{__version__}" + (f" (+{contact})" if contact else "")
        self._client = httpx2.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(timeout, connect=min(4.0, timeout)),
            # Between requests that lie seconds apart a kept connection saves little, and hosts drop it unasked.
            limits=httpx2.Limits(max_keepalive_connections=0),
            transport=transport,
        )

    def get(
        self, url: str, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Return the answer to a GET, whatever its status below 500 but 429.

        headers: more of them, for this host alone; where it redirects to another, they are left out.

        429 and 5xx are asked again, at most four times in all, after the time the host names in Retry-After, or after
        growing pauses. Raises Upstream with address, attempt and status when that does not help, when the host does
        not answer or asks for a long pause, when the answer is too large, and when it leads to a private address.
        """
        trouble = ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = self._follow(str(httpx2.URL(url, params=params) if params else url), headers or {})
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
                raise Upstream(
                    f"{url} does not answer: {str(error) or type(error).__name__} (attempt {attempt}).",
                    "Check the network, or try again later.",
                ) from None
            if answer.status not in _AGAIN:
                return answer
            pause = _retry_after(answer.headers, self._clock()) or 5.0 * 2 ** (attempt - 1)
            trouble = f"{answer.url} answered {answer.status} (attempt {attempt})"
            self._gate(answer.url).hold(pause)
            if pause > LONGEST_WAIT:
                raise Upstream(f"{trouble} and asks to wait {pause:.0f} s.", "Nothing is asked of it until then.")
        raise Upstream(f"{trouble}.", "It is overloaded or down; try again later.")

    def hold(self, url: str, seconds: float) -> None:
        """Ask a host nothing more for some seconds, as it wishes."""
        self._gate(url).hold(seconds)

    def _gate(self, url: str) -> Gate:
        return self._named(urlsplit(url).hostname or "nowhere")

    def _named(self, name: str) -> Gate:
        return Gate(self._gates, name, self._delay, clock=self._clock, sleep=self._sleep)

    def _wait(self, url: str) -> None:
        """Return when a request to an address may start. A pause that one host asks for holds up that host alone."""
        self._gate(url).wait()
        if self._pace and self._pace != urlsplit(url).hostname:
            self._named(self._pace).wait()

    def _follow(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask, and follow redirects to public hosts; every one of them passes the gate."""
        may_be_private = is_private(urlsplit(url).hostname or "")
        origin = urlsplit(url)[:2]
        for _ in range(MOST_REDIRECTS + 1):
            self._wait(url)
            answer = self._ask(url, headers if urlsplit(url)[:2] == origin else {})
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = urljoin(url, target)
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or (is_private(parts.hostname or "") and not may_be_private):
                raise Upstream(f"A redirect leads to {url[:100]!r}, which is not a public web address.")
        raise Upstream(f"{url} redirects more than {MOST_REDIRECTS} times.")

    def _ask(self, url: str, more: Mapping[str, str]) -> Answer:
        until = time.monotonic() + LONGEST_ANSWER
        with self._client.stream("GET", url, headers=dict(more)) as response:
            headers = {name.lower(): value for name, value in response.headers.items()}
            # Other encodings pack a body a thousand times tighter, so that unpacking one piece could fill the memory.
            if headers.get("content-encoding", "identity").lower() not in ("identity", "gzip"):
                raise Upstream(f"{url} sent {headers['content-encoding'][:40]!r}, though only gzip was asked for.")
            body = bytearray()
            for part in response.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise Upstream(f"{url} sent more than {MOST_BYTES} bytes.", "Ask for less at a time.")
                if time.monotonic() > until:
                    raise Upstream(f"{url} was still answering after {LONGEST_ANSWER:.0f} s.", "Try again later.")
            return Answer(url, response.status_code, bytes(body), headers)


def is_private(host: str) -> bool:
    """Whether a host is, or resolves to, an address that is not public; an unknown host is not."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return any(not ipaddress.ip_address(str(entry[4][0]).split("%")[0]).is_global for entry in found)


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


def _retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a Retry-After header asks for, given as a number or as a date."""
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit() and len(text) < 9:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - datetime.fromtimestamp(now, UTC)).total_seconds())
