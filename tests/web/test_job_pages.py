"""The operators' pages of jobs: what is seen, and what can be asked."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from broadsheet.work.models import Job, JobRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(al, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(al)
    return client


def page(browser, address="/jobs"):
    answer = browser.get(address)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.content.decode()


def ran(name="tidy", ok=True, result="Three forgotten.", **more):
    now = timezone.now()
    job, _ = Job.objects.get_or_create(name=name, defaults={"next_at": now + timedelta(hours=1)})
    return JobRun.objects.create(
        job=job, **{"started": now - timedelta(seconds=90), "ended": now, "ok": ok, "result": result} | more
    )


def test_each_job_is_shown_with_what_when_and_how_it_went(browser):
    ran()
    text = page(browser)
    for shown in ("Forgets old runs", "daily at 04:40 UTC", "next at 2", "Three forgotten.", "90 s"):
        assert shown in text
    assert "nothing has run the timetable yet" in text, "of the others"


def test_a_failure_is_told_plainly_and_cannot_bring_markup(browser):
    ran(ok=False, result="<script>alert(1)</script> is away.")
    text = page(browser)
    assert "<strong>Failed:</strong> &lt;script&gt;" in text
    assert "<script>alert" not in text + page(browser, "/jobs/tidy")


def test_a_running_job_tells_its_time_and_cannot_be_started_twice(browser):
    now = timezone.now()
    run = ran(started=now - timedelta(minutes=5), ended=None, ok=None, result="")
    Job.objects.filter(pk=run.job_id).update(held_by="x", held_until=now + timedelta(seconds=50))
    text = page(browser, "/jobs/tidy")
    assert "running for 5 min" in text
    assert 'value="start"' not in text
    Job.objects.filter(pk=run.job_id).update(held_until=now - timedelta(seconds=1))
    assert "running for" not in page(browser, "/jobs/tidy"), "its process has died"


def test_the_last_fifty_runs_of_a_job_are_shown(browser):
    for number in range(55):
        ran(result=f"Run {number:02}.", by="al" if number == 54 else "")
    text = page(browser, "/jobs/tidy")
    assert "Run 54." in text
    assert "Run 05." in text
    assert "Run 04." not in text
    assert ">al</td>" in text
    assert ">the timetable</td>" in text


def test_a_job_is_started_paused_and_let_go_on(browser):
    answer = browser.post("/jobs/tidy", {"do": "pause", "from": "list"}, follow=True)
    assert answer.redirect_chain == [("/jobs", 302)]
    assert "tidy rests until it goes on" in answer.content.decode()
    assert "paused" in answer.content.decode()
    browser.post("/jobs/tidy", {"do": "start"})
    assert Job.objects.get(name="tidy").wanted
    assert "asked for, waits" in browser.post("/jobs/tidy", {"do": "go-on"}, follow=True).content.decode()
    assert not Job.objects.get(name="tidy").paused


def test_nothing_else_can_be_asked_and_unknown_jobs_are_not_there(browser):
    assert browser.post("/jobs/tidy", {"do": "delete"}).status_code == 400
    assert browser.get("/jobs/nothing").status_code == 404
    assert browser.post("/jobs/nothing", {"do": "start"}).status_code == 404


def test_the_status_page_leads_administrators_there(browser):
    assert 'href="/jobs"' in page_of_status(browser)
    assert 'href="/jobs"' not in page_of_status(Client())


def page_of_status(client):
    return client.get("/status").content.decode()


def test_a_form_of_another_site_asks_nothing(al, settings):
    settings.ALLOWED_HOSTS = ["testserver"]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(al)
    assert strict.post("/jobs/tidy", {"do": "pause"}).status_code == 403
    assert not Job.objects.filter(paused=True).exists()


def test_runs_that_went_alike_are_told_as_one_with_their_number(browser):
    ran(result="Nothing is due.", times=2880)
    assert "2880 times alike" in page(browser)
    assert "2880 runs alike" in page(browser, "/jobs/tidy")
