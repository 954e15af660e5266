"""Another site's daily papers taken in from a local server: started from, followed, resumed and compared with."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from click.testing import CliRunner

from broadsheet import jobs, pipeline, places
from broadsheet.cli import main
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.papers import daily_lists
from broadsheet.papers.models import Paper, Run, VotesSeen

pytestmark = pytest.mark.django_db(transaction=True)
MONDAY = datetime(2026, 1, 12, 9, tzinfo=UTC)
DAYS = ("2026-01-05", "2026-01-06", "2026-01-07")


def row(number: int, votes: int) -> dict[str, Any]:
    paper = {"id": f"2601.{number:05}", "title": f"Paper {number}", "summary": "We study it.", "upvotes": votes}
    return {"paper": paper, "title": f"Paper {number}", "numComments": 0}


class Site(ThreadingHTTPServer):
    """Another site: three days with two papers each. asked: the days it was asked for. extra: votes for every paper."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.asked: list[str] = []
        self.extra = 0
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/api/daily_papers"


class _Answer(BaseHTTPRequestHandler):
    server: Site

    def do_GET(self) -> None:
        day = parse_qs(urlsplit(self.path).query)["date"][0]
        self.server.asked.append(day)
        first = 2 * DAYS.index(day) + 1 if day in DAYS else 0
        rows = [row(first, 5 + self.server.extra), row(first + 1, 3 + self.server.extra)] if first else []
        body = json.dumps([*rows, "odd"] if day == DAYS[0] else rows).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def site(settings) -> Iterator[Site]:
    server = Site()
    settings.OFFLINE, settings.HOST_DELAY, settings.DAILY_PAPERS = False, 0, server.address
    with time_machine.travel(MONDAY, tick=True):
        yield server
    server.shutdown()
    server.server_close()


def take(place: str, **more: Any) -> Run:
    opened = places.open_place(place)
    return pipeline.take_in(opened.source, place=place, fingerprint=opened.fingerprint, **more)


def test_some_days_are_taken_in_and_rows_that_cannot_be_read_set_aside(site):
    run = take("daily-papers@2026-01-05..2026-01-07")
    assert (run.added, run.rejected) == (6, 1)
    assert site.asked == list(DAYS)
    featured = Paper.objects.order_by("key").values_list("featured", flat=True)
    assert [str(day) for day in featured][::2] == list(DAYS)
    assert Paper.objects.get(key="2601.00001").imported_votes == 5


def test_following_begins_a_week_back_and_rereads_the_last_days_so_that_votes_grow(site):
    pipeline.take_in_daily_papers()
    assert (site.asked[0], site.asked[-1], len(site.asked)) == ("2026-01-05", "2026-01-12", 8)
    assert Paper.objects.count() == 6
    site.asked.clear()
    site.extra = 4
    with time_machine.travel(datetime(2026, 1, 13, 9, tzinfo=UTC), tick=True):
        run = pipeline.take_in_daily_papers()
    assert (run.added, run.updated) == (0, 6)
    assert (site.asked[0], site.asked[-1]) == ("2026-01-05", "2026-01-13"), "a week before where the last one ended"
    seen = VotesSeen.objects.filter(paper__key="2601.00001").order_by("day").values_list("day", "votes")
    assert list(seen) == [(date(2026, 1, 12), 5), (date(2026, 1, 13), 9)]


def test_what_was_stopped_is_carried_on_at_its_day(site, monkeypatch):
    monkeypatch.setattr(pipeline, "BATCH", 2)
    asked = iter([False, False, True])
    run = take("daily-papers@2026-01-05..2026-01-07", stop=lambda: next(asked))
    assert run.finished is None
    site.asked.clear()
    run = take("daily-papers@2026-01-05..2026-01-07")
    assert run.finished
    assert run.added + run.unchanged == 6
    assert "2026-01-05" not in site.asked
    assert Paper.objects.count() == 6


def test_an_address_can_be_followed_by_itself(site, settings):
    settings.DAILY_PAPERS, settings.FOLLOW_DAILY_PAPERS = "http://127.0.0.1:9/nobody", site.address
    assert jobs.entry("daily-papers")
    assert pipeline.take_in_daily_papers().added == 6
    settings.FOLLOW_DAILY_PAPERS = ""
    with pytest.raises(NotFound, match="not in the timetable"):
        jobs.entry("daily-papers")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("daily-papers@2026-01-07..2026-01-05", "end .* before they begin"),
        ("daily-papers@2026-13-01..", "holds a day that is none"),
        ("daily-papers@2027-01-01..", "end .* before they begin"),
    ],
)
def test_days_that_cannot_be_asked_for_are_told(site, place, told):
    with pytest.raises(BadInput, match=told):
        places.open_place(place)
    assert site.asked == []


def test_nothing_is_asked_offline(site, settings):
    settings.OFFLINE = True
    with pytest.raises(Refused, match="BROADSHEET_OFFLINE"):
        places.open_place(daily_lists.PLACE)


def test_the_command_compares_the_days_here_with_theirs(site, monkeypatch):
    monkeypatch.setattr("broadsheet.cli.start.set_up", lambda *_, **__: None, raising=False)
    take("daily-papers@2026-01-05..2026-01-06")
    done = CliRunner().invoke(main, ["compare", "--from", "2026-01-05", "--to", "2026-01-07"])
    assert done.exit_code == 0, done.output
    assert "2026-01-05: 2 there, 2 here, 2 in both; 2 of the first ten in both, order +1.00" in done.stdout
    assert "not here: 2601.00005" in done.stdout
    assert "6 papers there, 2 of them not here; mean order +1.00; 1 could not be read." in done.stdout
    done = CliRunner().invoke(main, ["compare", "--from", "2026-01-07", "--to", "2026-01-07", "--json"])
    [day] = json.loads(done.stdout)
    assert [one["key"] for one in day["missing"]] == ["2601.00005", "2601.00006"]
