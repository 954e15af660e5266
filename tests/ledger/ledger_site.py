"""arXiv with its three doors on one local server: API with ids and totals, OAI-PMH with lists of ids, feed."""

import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from tests import arxiv_site
from tests.arxiv_imitation import FEED
from tests.arxiv_site import MadeUp

LONG_AGO, LONG_HENCE = datetime(1991, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
ENTRY = """<entry><id>http://arxiv.org/abs/{id}v{version}</id><title>{title}</title><published>{first}</published>
<updated>{last}</updated><summary>An abstract.</summary><author><name>A. Example</name></author>{categories}</entry>"""


class LedgerSite(ThreadingHTTPServer):
    """arXiv with some papers. fed: what the feed holds, where it is not all. down: doors that answer 404."""

    daemon_threads = True

    def __init__(self, held: list[MadeUp], today: date) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.held, self.today, self.feed_day, self.page = held, today, today, 1000
        self.fed: list[MadeUp] | None = None
        self.down: set[str] = set()
        self.asked: list[dict[str, str]] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def door(self, name: str) -> str:
        """Return the address of api, oai or rss."""
        return f"http://127.0.0.1:{self.server_port}/{name}"

    def close(self) -> None:
        """Stop serving."""
        self.shutdown()
        self.server_close()


@dataclass
class _Feed:
    """What ``arxiv_site.feed`` wants of a server."""

    held: list[MadeUp] = field(default_factory=list)
    feed_day: date = date.min


class _Answer(BaseHTTPRequestHandler):
    server: LedgerSite

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        door, _, names = parts.path.strip("/").partition("/")
        self.server.asked.append(params | {"door": door})
        body = b"" if door in self.server.down else self._body(door, names, params)
        self.send_response(404 if door in self.server.down else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _body(self, door: str, names: str, params: dict[str, str]) -> bytes:
        site = self.server
        if door == "rss":
            feed = _Feed(site.held if site.fed is None else site.fed, site.feed_day)
            return arxiv_site.feed(feed, "rss", names.split("+"))  # type: ignore[arg-type]
        if door == "oai":
            body = arxiv_site.answer(site, params | {"verb": params["verb"].replace("Identifiers", "Records")})  # type: ignore[arg-type]
            if params["verb"] != "ListIdentifiers":
                return body
            headers = "".join(re.findall(r"<header.*?</header>", body.decode()))
            return arxiv_site.envelope(f"<ListIdentifiers>{headers}</ListIdentifiers>", site.today)
        return _api(site, params)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


def _api(site: LedgerSite, params: dict[str, str]) -> bytes:
    if ids := params.get("id_list"):
        found = [one for one in site.held if one.id in ids.split(",")]
    else:
        query = params["search_query"]
        wanted = set(re.findall(r"cat:([\w.-]+)", query))
        span = re.search(r"submittedDate:\[(\d{12}) TO (\d{12})\]", query)
        first, last = (_moment(span[1]), _moment(span[2])) if span else (LONG_AGO, LONG_HENCE)
        found = [one for one in site.held if wanted & set(one.categories.split()) and first <= one.versions[0] <= last]
        found.sort(key=lambda one: one.versions[0], reverse=True)
    start = int(params["start"])
    shown = found[start : start + int(params["max_results"])]
    return FEED.format(total=len(found), entries="".join(map(_entry, shown))).encode()


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y%m%d%H%M").replace(tzinfo=UTC)


def _entry(one: MadeUp) -> str:
    first, last = (f"{moment:%Y-%m-%dT%H:%M:%SZ}" for moment in (one.versions[0], one.versions[-1]))
    categories = "".join(f'<category term="{name}"/>' for name in one.categories.split())
    title = one.title or f"Made-up paper {one.id}"
    return ENTRY.format(
        id=one.id, version=len(one.versions), title=title, first=first, last=last, categories=categories
    )
