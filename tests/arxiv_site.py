"""A local server that answers as arXiv's OAI-PMH and feeds of the day do, with made-up papers and faults on order."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, unquote, urlencode, urlsplit
from xml.sax.saxutils import escape, quoteattr

TODAY = date(2026, 1, 20)


@dataclass
class MadeUp:
    """One paper as arXiv has it. changed: its datestamp. versions: when each was submitted. kind: in today's feed."""

    id: str
    changed: date = TODAY
    versions: list[datetime] = field(default_factory=lambda: [datetime(2026, 1, 19, 12, tzinfo=UTC)])
    title: str = ""
    authors: str = 'A. Example, B. G\\"odel (Institute of Examples, Town) and C. Other'
    categories: str = "cs.LG stat.ML"
    deleted: bool = False
    withdrawn: bool = False
    kind: str = "new"
    raw: str = ""  # instead of the whole record
    abstract: str = ""
    comment: str = "9 pages"


def papers(number: int, *, per_day: int = 10, first: date = date(2026, 1, 10)) -> list[MadeUp]:
    """Return papers of which so many have changed on each day."""
    return [MadeUp(f"2601.{n + 1:05}", first + timedelta(days=n // per_day)) for n in range(number)]


class ArxivSite(ThreadingHTTPServer):
    """arXiv. faults: what happens to the requests to come, in their order; None leaves one as it is.

    A fault takes (status, headers, body) and returns them as they go out. asked: the requests, with their times.
    """

    daemon_threads = True

    def __init__(self, held: list[MadeUp], *, page: int = 10, today: date = TODAY) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.held, self.page, self.today, self.feed_day = held, page, today, today
        self.faults: list[Callable[[Out], Out] | None] = []
        self.asked: list[dict[str, str]] = []
        self.times: list[float] = []
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def oai(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/oai"

    @property
    def rss(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/rss"

    @property
    def atom(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/atom"

    def close(self) -> None:
        self.shutdown()
        self.server_close()


@dataclass
class Out:
    """An answer on its way. drip: seconds between its pieces."""

    body: bytes
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    drip: float = 0


def busy(out: Out) -> Out:
    return Out(b"Service unavailable", 503, {"Retry-After": "7"})


def cut(out: Out) -> Out:
    return Out(out.body[: len(out.body) * 2 // 3])


def slow(out: Out) -> Out:
    return Out(out.body, drip=0.02)


def token_dies(out: Out) -> Out:
    return Out(error("badResumptionToken", "The value of the resumptionToken argument is invalid or expired."))


def doubled(out: Out) -> Out:
    """Send every record twice."""
    head, *records = out.body.decode().split("<record>")
    parts = [record.partition("</record>") for record in records]
    twice = "".join(f"<record>{inner}</record>" * 2 for inner, _, _ in parts)
    return Out((head + twice + (parts[-1][2] if parts else "")).encode())


def error(code: str, text: str) -> bytes:
    return envelope(f'<error code="{code}">{text}</error>')


def envelope(inside: str, today: date = TODAY, moment: str = "02:00:00") -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"<responseDate>{today}T{moment}Z</responseDate><request>http://127.0.0.1/oai</request>{inside}</OAI-PMH>\n"
    ).encode()


def record(paper: MadeUp, form: str = "arXivRaw") -> str:
    """Return a paper's record in the shape of arXiv's own."""
    if paper.raw:
        return paper.raw
    status = ' status="deleted"' if paper.deleted else ""
    head = (
        f"<header{status}><identifier>oai:arXiv.org:{paper.id}</identifier>"
        f"<datestamp>{paper.changed}</datestamp><setSpec>cs:cs:LG</setSpec></header>"
    )
    inside = "" if paper.deleted else f"<metadata>{_metadata(paper, form)}</metadata>"
    return f"<record>{head}{inside}</record>"


def _metadata(paper: MadeUp, form: str) -> str:
    title = escape(paper.title or f"Made-up paper {paper.id}")
    abstract = escape(paper.abstract) or "  An abstract that\n came over $a &lt; b$ wires.\n"
    tail = (
        f"<title>{title}</title><categories>{paper.categories}</categories><comments>{escape(paper.comment)}</comments>"
        "<license>http://arxiv.org/licenses/nonexclusive-distrib/1.0/</license>"
        f"<abstract>{abstract}</abstract>"
    )
    if form == "arXiv":
        author = "<author><keyname>Gödel</keyname><forenames>B.</forenames><suffix>Jr</suffix></author>"
        created = f"<created>{paper.versions[-1].date()}</created>"
        inside = f"<id>{paper.id}</id>{created}<authors>{author}</authors>{tail}"
    else:
        versions = ""
        for number, moment in enumerate(paper.versions, start=1):
            gone = paper.withdrawn and number == len(paper.versions)
            size = "<size>0kb</size><source_type>I</source_type>" if gone else "<size>14kb</size>"
            versions += f'<version version="v{number}"><date>{moment:%a, %d %b %Y %H:%M:%S} GMT</date>{size}</version>'
        authors = f"<authors>{escape(paper.authors)}</authors>"
        inside = f"<id>{paper.id}</id><submitter>A. Example</submitter>{versions}{authors}{tail}"
    return f'<{form} xmlns="http://arxiv.org/OAI/{form}/">{inside}</{form}>'


def answer(site: ArxivSite, params: dict[str, str]) -> bytes:
    """Return what OAI-PMH answers to a request; tokens are made as arXiv makes them."""
    if params["verb"] == "Identify":
        return envelope("<Identify><earliestDatestamp>2005-09-16</earliestDatestamp></Identify>", site.today)
    skip = 0
    if token := params.get("resumptionToken"):
        params = {name: values[0] for name, values in parse_qs(unquote(token)).items()}
        if "skip" not in params:
            return error("badResumptionToken", "Token structure is invalid.")
        skip = int(params.pop("skip"))
    if params["metadataPrefix"] not in ("arXiv", "arXivRaw"):
        return error("cannotDisseminateFormat", "")
    if params.get("set", "cs:cs:LG") not in ("cs", "cs:cs", "cs:cs:LG", "stat:stat:ML"):
        return error("badArgument", "Set does not exist")
    found = [one for one in site.held if params["from"] <= one.changed.isoformat() <= params["until"]]
    found.sort(key=lambda one: one.changed)
    if not found:
        return error("noRecordsMatch", "")
    shown, rest = found[skip : skip + site.page], found[skip + site.page :]
    token = ""
    if rest:
        token = quote(urlencode(params | {"skip": skip + site.page}))
        token = f"<resumptionToken expires='{site.today}T00:00:00Z'>{token}</resumptionToken>"
    records = "".join(record(one, params["metadataPrefix"]) for one in shown)
    return envelope(f"<ListRecords>{records}{token}</ListRecords>", site.today)


def feed(site: ArxivSite, form: str, categories: list[str]) -> bytes:
    """Return the feed of the day for some categories, of 2,000 papers at most."""
    held = [one for one in site.held if set(categories) & set(one.categories.split())][:2000]
    return written(held, form, categories, site.feed_day)


def written(held: list[MadeUp], form: str, categories: list[str], feed_day: date) -> bytes:
    """Return some papers as the feed of a day."""
    names = "+".join(categories)
    midnight = datetime.combine(feed_day, datetime.min.time())
    space = 'xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    if form == "atom":
        entries = "".join(_entry(one, f"{midnight:%Y-%m-%dT%H:%M:%S}-05:00") for one in held)
        return (
            f'<feed xmlns="http://www.w3.org/2005/Atom" {space}><id>http://rss.arxiv.org/atom/{names}</id>'
            f"<title>{names} updates on arXiv.org</title><updated>{midnight:%Y-%m-%d}T05:00:11+00:00</updated>"
            f"{entries}</feed>"
        ).encode()
    day = f"{midnight:%a, %d %b %Y} 00:00:00 -0500"
    items = "".join(_item(one, day) for one in held)
    return (
        f'<rss {space} version="2.0"><channel><title>{names} updates on arXiv.org</title>'
        f"<link>http://rss.arxiv.org/rss/{names}</link><pubDate>{day}</pubDate>{items}</channel></rss>"
    ).encode()


def _introduced(paper: MadeUp) -> str:
    said = escape(paper.abstract) or "We show $a &lt; b$\n in it."
    return f"arXiv:{paper.id}v{len(paper.versions)} Announce Type: {paper.kind} \nAbstract: {said}"


def _shared(paper: MadeUp) -> str:
    return (
        f"<arxiv:announce_type>{paper.kind}</arxiv:announce_type><dc:rights>http://example.org/licence</dc:rights>"
        f"<dc:creator>{escape(paper.authors.replace(' and', ','))}</dc:creator>"
    )


def _item(paper: MadeUp, day: str) -> str:
    if paper.raw:
        return paper.raw
    categories = "".join(f"<category>{name}</category>" for name in paper.categories.split())
    return (
        f"<item><title>{escape(paper.title or f'Made-up paper {paper.id}')}</title>"
        f"<link>https://arxiv.org/abs/{paper.id}</link><description>{_introduced(paper)}</description>"
        f'<guid isPermaLink="false">oai:arXiv.org:{paper.id}v{len(paper.versions)}</guid>{categories}'
        f"<pubDate>{day}</pubDate>{_shared(paper)}</item>"
    )


def _entry(paper: MadeUp, day: str) -> str:
    if paper.raw:
        return paper.raw
    categories = "".join(f"<category term={quoteattr(name)}/>" for name in paper.categories.split())
    return (
        f"<entry><id>oai:arXiv.org:{paper.id}v{len(paper.versions)}</id>"
        f"<title>{escape(paper.title or f'Made-up paper {paper.id}')}</title><updated>{day}</updated>"
        f'<link href="https://arxiv.org/abs/{paper.id}" rel="alternate" type="text/html"/>'
        f"<summary>{_introduced(paper)}</summary>{categories}<published>{day}</published>{_shared(paper)}</entry>"
    )


class _Answer(BaseHTTPRequestHandler):
    server: ArxivSite

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        params = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.server.asked.append(params | {"path": parts.path})
        self.server.times.append(time.monotonic())
        out = Out(self._body(parts.path, params))
        fault = self.server.faults.pop(0) if self.server.faults else None
        out = fault(out) if fault else out
        self.send_response(out.status)
        for name, value in out.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(out.body)))
        self.end_headers()
        step = max(1, len(out.body) // 10) if out.drip else len(out.body)
        for start in range(0, len(out.body), step or 1):
            time.sleep(out.drip)
            self.wfile.write(out.body[start : start + step])
            self.wfile.flush()

    def _body(self, path: str, params: dict[str, str]) -> bytes:
        form, _, names = path.strip("/").partition("/")
        return answer(self.server, params) if form == "oai" else feed(self.server, form, names.split("+"))

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
