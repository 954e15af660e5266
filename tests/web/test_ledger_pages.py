"""The ledger as readers and operators see it: calendar, page of a day, line on the front page, figures."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from django.core.cache import cache
from tests import cast

from broadsheet.ledger import keeping
from broadsheet.papers.models import Paper
from broadsheet.work.models import Gate, Job, JobRun

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _now(settings):
    cache.clear()
    settings.PAGE_RATE, settings.OFFLINE = 0, False
    with time_machine.travel(NOW, tick=False):
        yield
    cache.clear()


@pytest.fixture
def partial():
    keeping.note_total(FRIDAY, "", 13)
    for number in range(4):
        made = cast.paper(f"2611.{number + 1:05}", day=FRIDAY, announced=FRIDAY)
        Paper.objects.filter(pk=made.pk).update(added=NOW - timedelta(hours=1))
    keeping.recount([FRIDAY], NOW)


def text(client, path):
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def cell(client, path, day):
    page = client.get(path).content.decode()
    found = re.search(
        rf'<td class="([a-z-]+)"(?: aria-current="date")?><a href="/status/days/{day}">.*?</td>', page, re.DOTALL
    )
    return found[1], re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])).strip()


def test_the_status_page_has_a_calendar_whose_states_are_words_and_signs(client, partial):
    assert cell(client, "/status", "2026-11-20") == ("partial", "20 ◐ partial 4 / of 13")
    assert cell(client, "/status", "2026-11-27") == ("holiday", "27 – holiday")
    assert cell(client, "/status", "2026-11-22") == ("weekend", "22 · weekend")
    page = client.get("/status").content.decode()
    assert '<table class="month">' in page
    assert page.count('scope="col"><abbr') == 7
    assert "is partial: 4 of 13 papers" in text(client, "/status")
    assert text(client, "/status").count("4 of 13 papers") == 1, "what is missing is told once"
    assert "not all here yet" not in text(client, "/status")
    assert re.findall(r'aria-current="date"><a href="/status/days/([\d-]+)', page) == ["2026-11-20"]
    assert cell(client, "/status", "2026-11-23") == ("none", "23"), "of a day that lies ahead nothing is said"
    assert cell(client, "/status", "2026-11-19") == ("none", "19 nothing noted")


def test_other_months_are_a_link_away_and_a_month_that_is_none_is_refused(client):
    assert "?month=2026-10" in client.get("/status").content.decode()
    assert "?month=2026-12" not in client.get("/status").content.decode()
    assert "October 2026" in text(client, "/status?month=2026-10")
    for name in ("2026-13", "1066-10", "9999-12", "0000-01", "x", "2026-10-01"):
        assert client.get("/status", {"month": name}).status_code == 400, name


def test_a_day_has_a_page_with_categories_ids_source_and_history(client, partial):
    page = text(client, "/status/days/2026-11-20")
    assert "Announcement of Friday, 20 November 2026" in page
    assert "◐ Partial : 4 of 13 papers." in page
    assert "2026-11-20 01:00 UTC" in page
    assert re.search(r"all together ◐ partial 4 13, by arXiv’s API 2611.00001 2611.00004 arxiv", page)
    assert re.search(r"2026-11-20 07:00:00 partial 4 13", page)


@pytest.mark.parametrize(
    ("day", "told"),
    [
        ("2026-11-27", "Holiday (Thanksgiving)."),
        ("2026-11-21", "Weekend ."),
        ("2026-11-25", "This day lies ahead."),
        ("2026-11-04", "Nothing is noted of this day"),
        ("2027-01-19", "Holidays of this year are expected by rule"),
    ],
)
def test_a_day_of_which_nothing_is_noted_says_why(client, day, told):
    assert told in text(client, f"/status/days/{day}")


@pytest.mark.parametrize(("day", "status"), [("2026-11-31", 400), ("x", 400), ("1066-10-14", 404), ("9999-12-31", 404)])
def test_what_is_no_day_is_refused(client, day, status):
    assert client.get(f"/status/days/{day}").status_code == status


def test_the_front_page_says_in_one_line_that_papers_are_missing_and_nothing_when_all_is_well(client, partial):
    line = "The papers of Friday, 20 November are not all here yet: 4 of 13 have come."
    assert line in text(client, "/papers/date/2026-11-20")
    with time_machine.travel(NOW + timedelta(minutes=1), tick=False):
        keeping.note_total(FRIDAY, "", 4)
        cast.paper("2611.00009", day=date(2026, 11, 19), announced=date(2026, 11, 19))
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        keeping.recount([FRIDAY], NOW + timedelta(hours=1))
        assert "not all here" not in text(client, "/papers/date/2026-11-20")
        assert line not in text(client, "/papers/date/2026-11-19"), "it is a line about today"


@pytest.mark.parametrize("fed_otherwise", [{"OFFLINE": True}, {"CATEGORIES": []}], ids=str)
def test_a_site_that_does_not_ask_arxiv_says_nothing_of_missing_papers(client, partial, settings, fed_otherwise):
    for name, value in fed_otherwise.items():
        setattr(settings, name, value)
    assert "not all here" not in text(client, "/papers/date/2026-11-20")


def test_a_kept_page_follows_the_ledger_though_no_paper_has_changed(client, partial):
    assert "4 of 13" in text(client, "/papers/date/2026-11-20")
    with time_machine.travel(NOW + timedelta(minutes=2), tick=False):
        keeping.note_total(FRIDAY, "", 14)
        keeping.recount([FRIDAY], NOW + timedelta(minutes=2))
        assert "4 of 14" in text(client, "/papers/date/2026-11-20")


def test_the_status_page_tells_of_a_holiday_once_the_papers_before_it_are_here(client):
    with time_machine.travel(datetime(2026, 11, 27, 12, tzinfo=UTC), tick=False):
        assert "announces nothing today: holiday (Thanksgiving)" in text(client, "/status")


@pytest.mark.parametrize(
    ("day", "turns"), [("1991-08-01", ["next"]), ("2026-11-20", ["prev", "next"]), ("2026-11-21", ["prev"])]
)
def test_days_lead_to_each_other_as_far_as_there_is_anything_to_see(client, day, turns):
    page = client.get(f"/status/days/{day}").text
    assert re.findall(r'<a rel="(\w+)" href="/status/days', page) == turns


def test_an_empty_day_after_a_holiday_says_so(client):
    assert "arXiv announced no papers for it (Labor Day)" in text(client, "/papers/date/2026-09-08")


# --- Figures ----------------------------------------------------------------------------------------------------------

HERE = {"HTTP_HOST": "localhost:8000", "REMOTE_ADDR": "127.0.0.1"}


def test_the_figures_are_in_prometheus_text_format(client, partial, settings):
    settings.ALLOWED_HOSTS = ["*"]
    job = Job.objects.create(name="news", next_at=NOW)
    JobRun.objects.create(job=job, started=NOW - timedelta(hours=2), ended=NOW - timedelta(hours=1), ok=True)
    JobRun.objects.create(job=job, started=NOW, ended=NOW, ok=False)
    Gate.objects.create(host='odd"host\n', held=NOW.timestamp() + 90)
    answer = client.get("/metrics", **HERE)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
    lines = answer.content.decode().splitlines()
    for line in (
        "broadsheet_papers 4",
        "broadsheet_votes 0",
        'broadsheet_announcement_received{category="all"} 4',
        'broadsheet_announcement_expected{category="all"} 13',
        'broadsheet_announcement_state{state="partial"} 1',
        'broadsheet_announcement_state{state="complete"} 0',
        "broadsheet_announcement_late_seconds 21600",
        f'broadsheet_job_success_timestamp_seconds{{job="news"}} {int(NOW.timestamp()) - 3600}',
        'broadsheet_job_failures_in_a_day{job="news"} 1',
        'broadsheet_digests_in_a_day{outcome="sent"} 0',
        'broadsheet_gate_hold_seconds{host="odd\\"host\\n"} 90',
    ):
        assert line in lines
    named = {line.split()[2] for line in lines if line.startswith("# TYPE")}
    pattern = re.compile(r'([a-z_]+)(\{([a-z]+="(\\.|[^"\\])*",?)+\})? -?[0-9.]+')
    samples = [pattern.fullmatch(line) for line in lines if not line.startswith("#")]
    assert all(samples), lines
    assert {sample[1] for sample in samples} <= named


@pytest.mark.parametrize(
    ("request_facts", "status"),
    [
        (HERE, 200),
        ({"HTTP_HOST": "127.0.0.1", "REMOTE_ADDR": "127.0.0.1"}, 200),
        ({"HTTP_HOST": "[::1]:8000", "REMOTE_ADDR": "::1"}, 200),
        ({"HTTP_HOST": "[::1]", "REMOTE_ADDR": "::1"}, 200),
        ({"HTTP_HOST": "localhost", "REMOTE_ADDR": "192.0.2.7"}, 302),
        (HERE | {"HTTP_HOST": "papers.example.org"}, 302),  # through a proxy
        (HERE | {"HTTP_X_FORWARDED_FOR": "192.0.2.7"}, 302),
        ({"HTTP_AUTHORIZATION": "Bearer a-token"}, 200),
        ({"HTTP_AUTHORIZATION": "bearer a-token"}, 200),
        ({"HTTP_AUTHORIZATION": "Bearer another"}, 302),
        ({"HTTP_AUTHORIZATION": "Bearer "}, 302),
        ({}, 302),
    ],
)
def test_the_figures_are_for_this_machine_and_for_who_has_the_token(client, settings, request_facts, status):
    settings.ALLOWED_HOSTS, settings.METRICS_TOKEN = ["*"], "a-token"
    assert client.get("/metrics", **request_facts).status_code == status


def test_without_a_token_in_the_settings_none_opens(client, settings):
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer ").status_code == 302


def test_administrators_read_the_figures_and_other_readers_do_not(client, al, ada):
    client.force_login(ada)
    assert client.get("/metrics").status_code == 403
    client.force_login(al)
    assert client.get("/metrics").status_code == 200


def test_behind_a_proxy_every_request_seems_to_be_from_here_and_none_counts_so(client, settings):
    settings.ALLOWED_HOSTS, settings.SECURE_PROXY = ["*"], True
    assert client.get("/metrics", **HERE).status_code == 302
