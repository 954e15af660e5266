"""A local server that answers as arXiv's API does, with made-up papers; for tests that need a network's other end."""

import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom" xmlns:arxiv="http://arxiv.org/schemas/atom"
 xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/">
<opensearch:totalResults>{total}</opensearch:totalResults>{entries}</feed>"""

ENTRY = """<entry><id>http://arxiv.org/abs/{id}v1</id><title>{title}</title><published>{moment}</published>
<updated>{moment}</updated><summary>An abstract that came
 over the wire.</summary><author><name>A. Example</name></author>
<category term="cs.LG"/><arxiv:primary_category term="cs.LG"/></entry>"""


class Imitation(ThreadingHTTPServer):
    """arXiv with ``number`` papers of the last hours; remembers when it was asked and by whom."""

    daemon_threads = True

    def __init__(self, number: int) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.number = number
        self.asked: list[tuple[float, str, dict[str, list[str]]]] = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/query"


class _Answer(BaseHTTPRequestHandler):
    server: Imitation

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        self.server.asked.append((time.monotonic(), self.headers["User-Agent"], query))
        start, size = int(query["start"][0]), int(query["max_results"][0])
        newest = datetime.now(UTC).replace(microsecond=0)
        if "id_list" in query:
            entries = [ENTRY.format(id=query["id_list"][0], title="Asked by Id", moment="2023-05-19T12:00:00Z")]
        else:
            entries = [
                ENTRY.format(
                    id=f"2611.{n + 1:05}",
                    title=f"News number {n + 1}",
                    moment=(newest - timedelta(minutes=n)).isoformat().replace("+00:00", "Z"),
                )
                for n in range(start, min(start + size, self.server.number))
            ]
        body = FEED.format(total=self.server.number, entries="".join(entries)).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""
