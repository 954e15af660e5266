"""``broadsheet compare`` against another site: what it prints, and that a day without an answer loses no other."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import CliRunner
from tests import cast

from broadsheet.cli import main

pytestmark = pytest.mark.django_db(transaction=True)
LIST = [
    {"paper": {"id": "2601.00001", "title": "Scaling $x^2$", "upvotes": 3}},
    {"paper": {"id": "2601.00009", "title": "Not \x1b[31mHere", "upvotes": 8}},
    {"paper": None},
]


@pytest.fixture
def other_site(settings) -> Iterator[None]:
    """A site with a list of 5 January, and no answer for any later day."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps(LIST).encode() if "date=2026-01-05" in self.path else b"<html>none</html>"
            self.send_response(200 if body.startswith(b"[") else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    settings.OFFLINE, settings.HOST_DELAY = False, 0
    settings.DAILY_PAPERS = f"http://127.0.0.1:{server.server_port}/api/daily_papers"
    yield
    server.shutdown()
    server.server_close()


def compare(*options: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(main, ["compare", "--from", "2026-01-05", *options])
    return done.exit_code, done.stdout, done.stderr


def test_a_day_is_printed_and_hostile_titles_reach_no_terminal(other_site):
    cast.paper("2601.00001", imported_votes=2)
    code, told, _ = compare("--to", "2026-01-05")
    assert code == 0
    assert "2026-01-05: 2 there, 1 here, 1 in both" in told
    assert "not here: 2601.00009        Not" in told
    assert "\x1b" not in told
    assert told.endswith("2026-01-05 to 2026-01-05: 2 papers there, 1 of them not here; 1 could not be read.\n")


def test_a_day_without_an_answer_ends_it_and_the_days_before_are_told(other_site):
    code, told, trouble = compare("--to", "2026-01-07", "--json")
    assert code == 1
    assert [day["day"] for day in json.loads(told)] == ["2026-01-05"]
    assert "answered 404 for 2026-01-06" in trouble


def test_days_in_the_wrong_order_are_refused(other_site):
    code, _, trouble = compare("--to", "2026-01-01")
    assert code == 1
    assert "Swap --from and --to" in trouble
