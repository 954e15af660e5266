"""arXiv over HTTP as a replay needs it: OAI-PMH, feeds and API as they are at a simulated moment, and faults on order.

The answers' form is that of ``tests.arxiv_site``; what they hold is told by ``replay_world``.
"""

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape

from tests.arxiv_imitation import FEED
from tests.arxiv_site import MadeUp, Out, envelope, record, written
from tests.replay.replay_clock import MovableClock
from tests.replay.replay_world import Door, World

LONG_AGO, ONE_DAY = datetime(1991, 1, 1, tzinfo=UTC), datetime(2091, 1, 1, tzinfo=UTC)


@dataclass
class Fault:
    """What happens to the next ``times`` requests at a door from a moment on. tokens: only where a token is sent."""

    door: Door
    since: datetime
    change: Callable[[Out], Out]
    times: int = 1
    tokens: bool = False
    hit: int = 0


@dataclass(frozen=True)
class Asked:
    """One request, with the simulated moment at which it came in."""

    at: datetime
    door: Door
    params: dict[str, str]
    status: int
    held: int


class ReplaySite(ThreadingHTTPServer):
    """arXiv at the moment that a clock shows. page: records in one page of OAI-PMH. down: spans without an answer."""

    daemon_threads = True

    def __init__(self, world: World, clock: MovableClock, *, page: int = 500) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.world, self.clock, self.page = world, clock, page
        self.faults: list[Fault] = []
        self.down: list[tuple[datetime, datetime]] = []
        self.asked: list[Asked] = []
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def address(self, door: str) -> str:
        """Return the address of a door: api, oai, rss or atom."""
        return f"http://127.0.0.1:{self.server_port}/{door}"

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()

    def fault(self, door: Door, params: dict[str, str], now: datetime) -> Fault | None:
        """Return the fault that this request meets, and count it as met."""
        with self.lock:
            for one in self.faults:
                wanted = not one.tokens or "resumptionToken" in params
                if one.door == door and one.since <= now and one.hit < one.times and wanted:
                    one.hit += 1
                    return one
        return None


def busy_for(seconds: int) -> Callable[[Out], Out]:
    """Return a fault: 503, with the seconds to wait."""
    return lambda _: Out(b"Service unavailable", 503, {"Retry-After": str(seconds)})


def too_many(_: Out) -> Out:
    """Answer 429 without any word on how long."""
    return Out(b"Rate exceeded.", 429)


def cut_short(out: Out) -> Out:
    """Break the XML off in the midst."""
    return Out(out.body[: len(out.body) * 2 // 3], headers=out.headers)


def dripping(seconds: float) -> Callable[[Out], Out]:
    """Return a fault: the answer comes in ten pieces, so many real seconds and half a simulated minute apart."""
    return lambda out: Out(out.body, headers=out.headers, drip=seconds)


def _oai(site: ReplaySite, params: dict[str, str], now: datetime) -> tuple[bytes, int]:
    verb = params.get("verb", "")
    if verb == "Identify":
        return _said("<Identify><earliestDatestamp>2005-09-16</earliestDatestamp></Identify>", now), 0
    if verb == "GetRecord":
        one = site.world.by_id.get(params.get("identifier", "").removeprefix("oai:arXiv.org:"))
        if not one or not site.world.is_out(one, now, "oai"):
            return _refused("idDoesNotExist", now)
        shown = site.world.shown(one, now, "oai")
        return _said(f"<GetRecord>{record(shown, params['metadataPrefix'])}</GetRecord>", now), 1
    if verb not in ("ListRecords", "ListIdentifiers"):
        return _refused("badVerb", now)
    return _list(site, verb, params, now)


def _list(site: ReplaySite, verb: str, params: dict[str, str], now: datetime) -> tuple[bytes, int]:
    skip = 0
    if token := params.get("resumptionToken"):
        params = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
        # arXiv's tokens die at the end of the day.
        if params.pop("made", "") != now.date().isoformat():
            return _refused("badResumptionToken", now)
        skip = int(params.pop("skip"))
    if params.get("metadataPrefix") not in ("arXiv", "arXivRaw"):
        return _refused("cannotDisseminateFormat", now)
    since = date.fromisoformat(params.get("from", "2005-09-16"))
    until = date.fromisoformat(params.get("until", now.date().isoformat()))
    found = site.world.changed(since, until, params.get("set", ""), now)
    if not found:
        return _refused("noRecordsMatch", now)
    page = found[skip : skip + site.page]
    end = ""
    if found[skip + site.page :]:
        again = quote(urlencode(params | {"skip": skip + site.page, "made": now.date()}))
        end = f"<resumptionToken expires='{now.date() + timedelta(days=1)}T00:00:00Z'>{again}</resumptionToken>"
    records = [record(site.world.shown(one, now, "oai"), params["metadataPrefix"]) for one in page]
    if verb == "ListIdentifiers":
        records = re.findall(r"<header.*?</header>", "".join(records))
    return _said(f"<{verb}>{''.join(records)}{end}</{verb}>", now), len(page)


def _said(inside: str, now: datetime) -> bytes:
    return envelope(inside, now.date(), f"{now:%H:%M:%S}")


def _refused(code: str, now: datetime) -> tuple[bytes, int]:
    return _said(f'<error code="{code}"></error>', now), 0


def _rss(site: ReplaySite, form: str, names: list[str], now: datetime) -> tuple[bytes, int]:
    day, held = site.world.feed(names, now)
    return written(held, form, names, day), len(held)


def _api(site: ReplaySite, params: dict[str, str], now: datetime) -> tuple[bytes, int]:
    start, most = int(params.get("start", 0)), int(params.get("max_results", 10))
    if ids := params.get("id_list"):
        asked = [re.sub(r"v\d+$", "", name) for name in ids.split(",")]
        found = [one for name in asked if (one := site.world.by_id.get(name)) and site.world.is_out(one, now, "api")]
    else:
        query = params["search_query"]
        span = re.search(r"submittedDate:\[(\d{8,14})\s+TO\s+(\d{8,14})\]", query)
        since, until = (_moment(span[1]), _moment(span[2])) if span else (LONG_AGO, ONE_DAY)
        found = site.world.newest(frozenset(re.findall(r"cat:([\w.-]+)", query)), since, until, now)
        if params.get("sortOrder") == "ascending":
            found = found[::-1]
    shown = [site.world.shown(one, now, "api") for one in found[start : start + most]]
    return FEED.format(total=len(found), entries="".join(map(_entry, shown))).encode(), len(shown)


def _moment(text: str) -> datetime:
    return datetime.strptime(text[:12].ljust(12, "0"), "%Y%m%d%H%M").replace(tzinfo=UTC)


def _entry(one: MadeUp) -> str:
    first, last = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (one.versions[0], one.versions[-1]))
    names = one.categories.split()
    authors = "".join(f"<author><name>{escape(name)}</name></author>" for name in one.authors.split(", "))
    categories = "".join(f'<category term="{name}"/>' for name in names)
    return (
        f"<entry><id>http://arxiv.org/abs/{one.id}v{len(one.versions)}</id><title>{escape(one.title)}</title>"
        f"<published>{first}</published><updated>{last}</updated><summary>{escape(one.abstract)}</summary>{authors}"
        f'<arxiv:comment>{escape(one.comment)}</arxiv:comment>{categories}<arxiv:primary_category term="{names[0]}"/>'
        "</entry>"
    )


class _Answer(BaseHTTPRequestHandler):
    server: ReplaySite

    def do_GET(self) -> None:
        site, now = self.server, self.server.clock.now()
        parts = urlsplit(self.path)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path, _, names = parts.path.strip("/").partition("/")
        door: Door = "api" if path == "api" else "oai" if path == "oai" else "rss"
        if any(since <= now < until for since, until in site.down):
            out, held = Out(b"Bad gateway", 502), 0
        else:
            body, held = self._body(path, names, params, now)
            out = Out(body)
            if fault := site.fault(door, params, now):
                out = fault.change(out)
        if path in ("rss", "atom") and out.status == 200:
            tag = f'"{hashlib.sha256(out.body).hexdigest()[:16]}"'
            out = Out(b"", 304) if self.headers["If-None-Match"] == tag else out
            out.headers["ETag"] = tag
        with site.lock:
            site.asked.append(Asked(now, door, params | ({"of": names} if names else {}), out.status, held))
        self._send(out)

    def _body(self, path: str, names: str, params: dict[str, str], now: datetime) -> tuple[bytes, int]:
        if path == "oai":
            return _oai(self.server, params, now)
        if path == "api":
            return _api(self.server, params, now)
        return _rss(self.server, path, names.split("+"), now)

    def _send(self, out: Out) -> None:
        self.send_response(out.status)
        for name, value in out.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(out.body)))
        self.end_headers()
        if not out.drip:
            self.wfile.write(out.body)
            return
        step = max(1, len(out.body) // 10)
        try:
            for start in range(0, len(out.body), step):
                time.sleep(out.drip)
                self.server.clock.sleep(30)
                self.wfile.write(out.body[start : start + step])
                self.wfile.flush()
        except OSError:
            return  # whoever asked lost patience

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
