"""The daily papers of another site by address: days, pages, both generations of rows, resuming, and broken answers."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx2
import pytest
from tests.gates import polite

from broadsheet.errors import Upstream
from broadsheet.sources.hf_daily import PAGE, HfDays, day_of
from broadsheet.sources.record import Record, Reject

FIRST, LAST, TODAY = date(2026, 1, 5), date(2026, 1, 7), date(2026, 1, 8)


def row(number: int, votes: int = 1, **paper: Any) -> dict[str, Any]:
    facts = {"id": f"2601.{number:05}", "title": f"Paper {number}", "summary": "We study it.", "upvotes": votes}
    return {"paper": facts | paper, "title": f"Paper {number}", "numComments": 0}


class Site:
    """Another site. held: its lists by day. asked: the questions."""

    def __init__(self, held: dict[str, list[Any]], broken: Callable[[str], httpx2.Response | None] = lambda _: None):
        self.held, self.broken = held, broken
        self.asked: list[dict[str, str]] = []

    def days(self, first: date = FIRST, last: date = LAST, today: date = TODAY) -> HfDays:
        def answer(request: httpx2.Request) -> httpx2.Response:
            params = {name: values[0] for name, values in parse_qs(request.url.query.decode()).items()}
            self.asked.append(params)
            begin = int(params.get("p", "0")) * PAGE
            rows = self.held.get(params["date"], [])[begin : begin + int(params["limit"])]
            return self.broken(params["date"]) or httpx2.Response(200, content=json.dumps(rows).encode())

        return HfDays(
            polite(transport=httpx2.MockTransport(answer)), "http://127.0.0.1/api/daily_papers", first, last, today
        )


def test_days_are_read_one_after_the_other():
    site = Site({"2026-01-05": [row(1, 9), row(2, 3)], "2026-01-07": [row(3)]})
    source = site.days()
    items = list(source.fetch())
    assert [item.row.id for item in items] == ["2601.00001", "2601.00002", "2601.00003"]
    assert [item.row.featured for item in items] == [FIRST, FIRST, LAST]
    assert [item.row.source for item in items] == ["huggingface-daily"] * 3
    assert [one["date"] for one in site.asked] == ["2026-01-05", "2026-01-06", "2026-01-07"]
    assert [day_of(item.position) for item in items] == [FIRST, FIRST, LAST]
    assert (source.done, source.total, day_of(source.reached)) == (3, 3, LAST)


def test_votes_are_those_of_the_day_of_reading_while_the_list_is_recent():
    [item] = Site({"2026-01-05": [row(1, 9)]}).days(last=FIRST).fetch()
    assert (item.row.votes, item.row.votes_seen) == (9, ((TODAY, 9),))
    [item] = Site({"2026-01-05": [row(1, 9)]}).days(last=FIRST, today=TODAY + timedelta(days=30)).fetch()
    assert (item.row.votes, item.row.votes_seen) == (9, ()), "votes of an old list were not cast today"


def test_reading_is_carried_on_within_a_day_and_asks_for_no_earlier_one():
    held = {"2026-01-05": [row(1)], "2026-01-06": [row(2), row(3)], "2026-01-07": [row(4)]}
    position = list(Site(held).days().fetch())[1].position
    site = Site(held)
    assert [item.row.id for item in site.days().fetch(after=position)] == ["2601.00003", "2601.00004"]
    assert [one["date"] for one in site.asked] == ["2026-01-06", "2026-01-07"]


def test_a_long_list_is_read_page_by_page_and_no_paper_twice():
    rows = [row(number) for number in range(1, 251)]
    site = Site({"2026-01-05": rows})
    assert len(list(site.days(last=FIRST).fetch())) == 250
    assert [one.get("p") for one in site.asked] == [None, "1", "2"]
    site = Site({"2026-01-05": rows}, lambda _: httpx2.Response(200, content=json.dumps(rows[:PAGE]).encode()))
    assert len(list(site.days(last=FIRST).fetch())) == PAGE, "a site that knows no pages sends the same one again"
    assert len(site.asked) == 2


def test_rows_that_cannot_be_read_are_set_aside_and_the_rest_goes_in():
    rows = [row(1), {"paper": None}, "no row", row(2, votes=-1), 7, repr(row(3))]
    items = list(Site({"2026-01-05": rows}).days(last=FIRST).fetch())
    assert [type(item.row) for item in items] == [Record, Reject, Reject, Reject, Reject, Record]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (httpx2.Response(404), "answered 404 for 2026-01-06"),
        (httpx2.Response(200, content=b"<html>"), "is not JSON"),
        (httpx2.Response(200, content=b'{"error": "x"}'), "is not a list"),
        (httpx2.Response(200, content=b"[" * 100_000), "is not JSON"),
    ],
)
def test_an_answer_that_is_none_is_told_after_the_days_before_it(answer, told):
    site = Site({"2026-01-05": [row(1)]}, lambda day: answer if day == "2026-01-06" else None)
    source = site.days()
    rows = source.fetch()
    assert next(rows).row.id == "2601.00001"
    with pytest.raises(Upstream, match=told):
        next(rows)
    assert day_of(source.reached) == FIRST


@pytest.mark.shared
def test_recorded_answers_come_through_the_address_as_they_do_from_files(shared_data):
    from broadsheet.sources.hf_daily import HfDaily

    for path in sorted(shared_data("feeds/hf-api").glob("*.json")):
        day = date.fromisoformat(path.stem)
        body = path.read_bytes()
        site = Site({}, lambda _, body=body: httpx2.Response(200, content=body))
        by_address = [item.row for item in site.days(day, day, day + timedelta(days=60)).fetch()]
        assert by_address == [item.row for item in HfDaily(path).fetch()], path.name
