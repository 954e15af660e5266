"""The one polite client of all sources: agent string, gate, time-outs, size limit, retries. Knows no source.

How a body is read is in ``body``, which hosts may be reached in ``reach``, how long one is left alone in ``pauses``.
"""

import json
import re
import ssl
import time
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import httpx2

from broadsheet import __version__
from broadsheet.errors import Upstream
from broadsheet.sources import body
from broadsheet.sources.gate import LONGEST_WAIT, Gate
from broadsheet.sources.memory import Memory, Remembered
from broadsheet.sources.pauses import asked_for
from broadsheet.sources.reach import Watch, is_private

MOST_BYTES = 50_000_000
MOST_REDIRECTS = 5
LONGEST_ANSWER = 300.0
"""Seconds after which an answer that still trickles in is given up."""

ATTEMPTS = 4
_LONGEST_CONNECT = 4.0
_AGAIN = {429, 500, 502, 503, 504}


class Answer(NamedTuple):
    """An answer: the address that gave it, its status, its body as bytes, and its headers, names in lower case.

    unchanged: the host said that nothing has changed since it was asked last, and the body is the remembered one.
    """

    url: str
    status: int
    body: bytes
    headers: Mapping[str, str]
    unchanged: bool = False


class PoliteClient:
    """Asks hosts politely.

    gates: gives the gate of a host by its name. contact: told in the agent string. memory: of answers, for those who
    ask to remember. timeout: seconds for an answer to begin and between its parts.
    """

    def __init__(
        self,
        gates: Callable[[str], Gate],
        *,
        contact: str = "",
        memory: Memory | None = None,
        timeout: float = 30.0,
        clock: Callable[[], float] = time.time,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._gates, self._memory, self._clock = gates, memory, clock
        # As long as a host may say nothing: while the connection is made, and then until the answer begins or goes on.
        self._lease = timeout + _LONGEST_CONNECT + body.TELL_EVERY
        agent = f"broadsheet/{__version__}" + (f" (+{contact})" if contact else "")
        self._client = httpx2.Client(
            headers={"User-Agent": agent, "Accept-Encoding": "gzip"},
            timeout=httpx2.Timeout(timeout, connect=min(_LONGEST_CONNECT, timeout)),
            # Between requests that lie seconds apart a kept connection saves little, and hosts drop it unasked.
            limits=httpx2.Limits(max_keepalive_connections=0),
            transport=transport,
            verify=_certificates(),
        )

    def get(
        self,
        url: str,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        *,
        remember: bool = False,
    ) -> Answer:
        """Return the answer to a GET, whatever its status below 500 but 429.

        headers: more of them, for this host alone; where it redirects to another, they are left out. remember: ask only
        for what has changed since the last time, by ETag or date; the body is whole either way, and ``unchanged`` says
        so.

        Only addresses that the operator gave are asked, and these may be private; who is asked at a public one is never
        led to a private one.

        429 and 5xx are asked again, at most four times in all, after the time the host names in Retry-After, or after
        growing pauses. Raises Upstream with address, attempt and status when that does not help, when the host does
        not answer or asks for a long pause, when the answer is too large, and when it leads to a private address.
        """

        def once() -> Answer:
            address = _address(url, params)
            more = dict(headers or {})
            question = f"{address}\n{sorted(more.items())}"
            known = self._memory.recall(question) if remember and self._memory else None
            answer = self._follow(address, more | _conditions(known))
            if self._memory and known and answer.status == 304:
                self._memory.keep(question, known)  # anew, as what nobody asks for is forgotten
                return answer._replace(status=200, body=known.body, unchanged=True)
            if remember and self._memory and answer.status == 200:
                self._note(self._memory, question, answer)
            return answer

        return self._patiently(url, once)

    def post(
        self,
        url: str,
        sent: object,
        params: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer to a POST of JSON, for questions that are too long for an address; asked again as a GET is.

        sent: what is written as JSON. A redirect is not followed, and is returned as it is.
        """
        more = {"Content-Type": "application/json"} | dict(headers or {})
        content = json.dumps(sent).encode()

        def once() -> Answer:
            return self._ask(_address(url, params), more, content)

        return self._patiently(url, once)

    def hold(self, url: str, seconds: float) -> None:
        """Ask a host nothing more for some seconds, as it wishes."""
        self._gate(url).hold(seconds)

    def _patiently(self, url: str, once: Callable[[], Answer]) -> Answer:
        """Ask once, and again where the host is overloaded; whoever tells that its limit is reached is left alone."""
        trouble = ""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                answer = once()
            except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
                raise Upstream(
                    f"{_shown(url)} does not answer: {str(error) or type(error).__name__} (attempt {attempt}).",
                    "Check the network, or try again later.",
                ) from None
            told = asked_for(answer.headers, self._clock())
            if answer.status not in _AGAIN:
                if told:
                    self.hold(answer.url, told)
                return answer
            pause = told or 5.0 * 2 ** (attempt - 1)
            trouble = f"{_shown(answer.url)} answered {answer.status} (attempt {attempt})"
            self.hold(answer.url, pause)
            if pause > LONGEST_WAIT:
                raise Upstream(f"{trouble} and asks to wait {pause:.0f} s.", "Nothing is asked of it until then.")
        raise Upstream(f"{trouble}.", "It is overloaded or down; try again later.")

    def _gate(self, url: str) -> Gate:
        return self._gates((urlsplit(url).hostname or "nowhere").lower())

    def _follow(self, url: str, headers: Mapping[str, str]) -> Answer:
        """Ask, and follow redirects to public hosts; every one of them passes the gate."""
        may_be_private = is_private(urlsplit(url).hostname or "")
        origin = urlsplit(url)[:2]
        for _ in range(MOST_REDIRECTS + 1):
            answer = self._ask(url, headers if urlsplit(url)[:2] == origin else {}, public=not may_be_private)
            target = answer.headers.get("location")
            if answer.status not in (301, 302, 303, 307, 308) or not target:
                return answer
            url = urljoin(url, target)
            parts = urlsplit(url)
            if parts.scheme not in ("http", "https") or (is_private(parts.hostname or "") and not may_be_private):
                raise Upstream(f"A redirect leads to {_shown(url)[:100]!r}, which is not a public web address.")
        raise Upstream(f"{_shown(url)} redirects more than {MOST_REDIRECTS} times.")

    def _ask(self, url: str, more: Mapping[str, str], content: bytes | None = None, *, public: bool = False) -> Answer:
        gate = self._gate(url)
        gate.wait(self._lease)
        try:
            return self._once(gate, url, more, content, public=public)
        finally:
            gate.done()

    def _once(self, gate: Gate, url: str, more: Mapping[str, str], content: bytes | None, *, public: bool) -> Answer:
        until = time.monotonic() + LONGEST_ANSWER
        watch = Watch(url, public=public, seconds=LONGEST_ANSWER)
        asked = self._client.stream(
            "GET" if content is None else "POST",
            url,
            headers=dict(more),
            content=content,
            extensions={"trace": watch},
        )
        try:
            with watch, asked as response:
                gate.goes_on()
                headers = {name.lower(): value for name, value in response.headers.items()}
                read = body.read(response, _shown(url), MOST_BYTES, until, gate.goes_on)
                answer = Answer(url, response.status_code, read, headers)
        except (httpx2.HTTPError, TimeoutError):
            if not (watch.late or time.monotonic() > until):
                raise
            answer = None
        # What was cut off may look whole, where the host did not say how long it would be.
        if answer is None or watch.late:
            raise Upstream(f"{_shown(url)} was still answering after {LONGEST_ANSWER:.0f} s.", "Try again later.")
        return answer

    def _note(self, memory: Memory, question: str, answer: Answer) -> None:
        etag, modified = answer.headers.get("etag", ""), answer.headers.get("last-modified", "")
        if (etag or modified) and "no-store" not in answer.headers.get("cache-control", "").lower():
            memory.keep(question, Remembered(etag, modified, answer.body))


@cache
def _certificates() -> ssl.SSLContext:
    """Return what hosts are checked by, read once: for each client anew it takes longer than many an answer."""
    return httpx2.create_ssl_context()


def _address(url: str, params: Mapping[str, str] | None) -> str:
    return str(httpx2.URL(url, params=params) if params else url)


def _shown(url: str) -> str:
    """Return an address for messages, without a name and password that may stand in it."""
    return re.sub(r"//[^/?#]*@", "//", url, count=1)


def _conditions(known: Remembered | None) -> dict[str, str]:
    """Return the headers that ask for an answer only if it is not the known one."""
    if known is None:
        return {}
    told = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    return {name: value for name, value in told.items() if value}
