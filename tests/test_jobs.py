"""The timetable: which jobs there are under which settings, and that the docs know each of them."""

import re
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.utils import timezone
from tests import cast

from broadsheet import jobs
from broadsheet.accounts.models import Role
from broadsheet.errors import NotFound, Refused, SignInNeeded
from broadsheet.work.models import Job, JobRun

DOCS = (Path(__file__).parents[1] / "docs" / "jobs.md").read_text()
HERE = {"quality", "ledger", "duplicates", "acronyms", "scores", "tidy"}
ASKING = {"news", "harvest", "reread", "gaps"}


def names() -> set[str]:
    return {entry.name for entry in jobs.standing()}


def test_the_docs_show_the_whole_timetable_with_its_times():
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", DOCS, re.MULTILINE)
    assert dict(rows) == {entry.name: str(entry.when) for entry in jobs.TIMETABLE}
    assert len(rows) == len(jobs.TIMETABLE), "no name stands twice"


def test_a_site_without_a_network_asks_nobody(settings):
    settings.OFFLINE, settings.ENRICH, settings.SEND_DIGESTS, settings.BOUNCES = True, ["none"], False, ""
    assert names() == HERE
    settings.ENRICH = ["said", "stars", "hub", "citations", "orcid", "summaries", "fulltext"]
    assert names() == HERE | {"facts"}


def test_a_site_with_a_network_asks_what_it_is_set_to(settings):
    settings.OFFLINE, settings.ENRICH, settings.SEND_DIGESTS = False, ["said", "stars", "hub", "fulltext"], True
    settings.BOUNCES, settings.FOLLOW_DAILY_PAPERS = "maildir:/var/mail/bounces", "https://example.org"
    assert names() == HERE | ASKING | {"facts", "stars", "hub", "fulltext", "digests", "bounces", "daily-papers"}


def test_what_is_quick_does_not_share_a_lane_with_what_is_long():
    lanes = {entry.name: entry.lane for entry in jobs.TIMETABLE}
    for long in ("harvest", "facts", "stars", "citations", "duplicates", "acronyms", "quality"):
        assert not {lanes[long]} & {lanes["digests"], lanes["news"], lanes["scores"], lanes["bounces"], lanes["ledger"]}


@pytest.mark.parametrize("name", ["nothing", "bounces"])
def test_what_is_not_in_the_timetable_is_not_found(name):
    with pytest.raises(NotFound, match=name):
        jobs.entry(name)


@pytest.mark.django_db
def test_only_administrators_ask_anything_of_a_job(ada, mo):
    for act in (jobs.start_now, jobs.pause, jobs.go_on):
        for visitor, error in ((ada, Refused), (mo, Refused), (AnonymousUser(), SignInNeeded)):
            with pytest.raises(error):
                act(visitor, "tidy")
    assert not Job.objects.exists()


@pytest.mark.django_db
def test_an_administrator_starts_pauses_and_lets_go_on():
    al = cast.reader("al", Role.ADMIN)
    jobs.pause(al, "tidy")
    assert Job.objects.get().paused
    jobs.go_on(al, "tidy")
    jobs.start_now(al, "tidy")
    job = Job.objects.get()
    assert (job.paused, job.wanted, job.asked_by) == (False, True, "al")


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["scores", "tidy", "ledger", "digests"])
def test_a_job_says_in_a_sentence_what_it_did(name):
    Job.objects.create(name=name, next_at=timezone.now())
    said = jobs.entry(name).function(lambda: False)
    assert said.endswith(".")
    assert JobRun.objects.count() == 0, "the runner keeps the book, not the job"
