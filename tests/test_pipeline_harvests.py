"""Taking papers in from arXiv's OAI-PMH and its feed of the day: what is read next, resumed, withdrawn, not moved."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from tests.arxiv_site import TODAY, ArxivSite, MadeUp, Out, error, papers, token_dies

from broadsheet import pipeline, places
from broadsheet.errors import BadInput, Refused, Upstream
from broadsheet.papers import harvests
from broadsheet.papers.models import Paper, Run, Version

pytestmark = pytest.mark.django_db

PLACE = "arxiv-oai:cs:cs:LG"


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(datetime(2026, 1, 20, 15, tzinfo=UTC), tick=True):
        yield


@pytest.fixture
def site(settings, tmp_path, monkeypatch):
    server = ArxivSite(papers(95))
    settings.OFFLINE, settings.ARXIV_DELAY, settings.HOME = False, 0, tmp_path
    settings.ARXIV_OAI, settings.ARXIV_RSS, settings.CATEGORIES = server.oai, server.rss, ["cs.LG", "stat.ML"]
    monkeypatch.setattr(pipeline, "BATCH", 10)
    yield server
    server.close()


def take(place, **given):
    opened = places.open_place(place)
    return pipeline.take_in(opened.source, place=place, fingerprint=opened.fingerprint, **given)


def first_days(site):
    return [asked["from"] for asked in site.asked if "from" in asked]


def test_a_first_harvest_reads_the_last_week(site):
    run = take(PLACE)
    assert first_days(site) == ["2026-01-13", "2026-01-20"]
    assert (run.added, run.rejected, bool(run.finished)) == (65, 0, True)


def test_the_next_one_goes_on_from_arxivs_own_day(site):
    take(PLACE)
    site.asked.clear()
    site.held.append(MadeUp("2601.09001", TODAY))
    run = take(PLACE)
    assert first_days(site) == ["2026-01-20"]
    assert run.added == 1
    assert Run.objects.count() == 2


def test_a_clock_of_ours_that_is_wrong_skips_nothing(site):
    with time_machine.travel(datetime(2027, 5, 1, tzinfo=UTC)):
        take(f"{PLACE}@2026-01-10..")
    site.asked.clear()
    site.today += timedelta(days=1)
    site.held.append(MadeUp("2601.09001", site.today))
    assert take(PLACE).added == 1
    assert first_days(site) == ["2026-01-20"]


def test_a_harvest_that_was_stopped_goes_on_where_it_was(site):
    asked = iter([False, False, False, True])
    stopped = take(f"{PLACE}@2026-01-10..", stop=lambda: next(asked))
    assert (stopped.finished, stopped.added) == (None, 30)
    site.asked.clear()
    run = take(PLACE)
    assert run.pk == stopped.pk
    assert first_days(site)[0] == "2026-01-10"
    assert (run.added, Paper.objects.count()) == (95, 95)


def test_a_harvest_that_failed_keeps_what_came_and_goes_on(site):
    site.faults = [None, None, None] + [token_dies] * 9
    with pytest.raises(Upstream):
        take(f"{PLACE}@2026-01-10..")
    failed = Run.objects.get()
    assert (failed.finished, "resumption tokens" in failed.failure, failed.added) == (None, True, 20)
    site.faults = []
    run = take(PLACE)
    assert (run.pk, run.added, run.failure) == (failed.pk, 95, "")


def test_a_harvest_that_was_refused_does_not_stand_in_the_way_of_the_next(site):
    take(PLACE)
    site.asked.clear()
    site.faults = [None, lambda _: Out(error("badArgument", "The from date is too early."))]
    with pytest.raises(BadInput, match="too early"):
        take(f"{PLACE}@1990-01-01..")
    site.asked.clear()
    take(PLACE)
    assert first_days(site) == ["2026-01-20"]


def test_some_days_of_the_past_do_not_move_the_next_harvest(site):
    take(PLACE)
    assert take(f"{PLACE}@2026-01-10..2026-01-11").added == 20
    site.asked.clear()
    take(PLACE)
    assert first_days(site) == ["2026-01-20"]


def test_each_set_goes_on_by_itself(site):
    take(PLACE)
    site.asked.clear()
    take("arxiv-oai:cs")
    assert first_days(site) == ["2026-01-13", "2026-01-20"]
    assert site.asked[1]["set"] == "cs"
    site.asked.clear()
    take("arxiv-oai:all")
    assert "set" not in site.asked[1]


def test_papers_that_arxiv_deleted_are_withdrawn_where_they_are_here(site):
    site.held = [MadeUp("2601.00001"), MadeUp("2601.00002")]
    take(PLACE)
    site.held = [MadeUp("2601.00001", deleted=True), MadeUp("2601.00009", deleted=True)]
    before = Paper.objects.get(key="2601.00001").stamp
    run = take(PLACE)
    assert (run.added, run.updated, run.unchanged) == (0, 1, 1)
    gone = Paper.objects.get(key="2601.00001")
    assert gone.withdrawn == datetime(2026, 1, 20, tzinfo=UTC)
    assert gone.stamp > before, "the index follows"
    assert set(Paper.objects.values_list("key", flat=True)) == {"2601.00001", "2601.00002"}
    assert take(PLACE).unchanged == 2


def test_a_revision_keeps_the_day_of_the_first_listing_and_the_earlier_text(site):
    first = datetime(2026, 1, 8, 12, tzinfo=UTC)
    site.held = [MadeUp("2601.00001", versions=[first])]
    take(PLACE)
    site.held = [MadeUp("2601.00001", versions=[first, datetime(2026, 1, 20, 9, tzinfo=UTC)], title="Better")]
    assert take(PLACE).updated == 1
    paper = Paper.objects.get()
    assert (paper.title, paper.version, paper.day) == ("Better", 2, date(2026, 1, 9))
    assert Version.objects.get(paper=paper).number == 1


def test_the_feed_and_oai_agree_on_a_paper(site):
    site.held = [MadeUp("2601.00001")]
    take(PLACE)
    paper = Paper.objects.get()
    run = take("arxiv-rss")
    assert run.added == 0
    again = Paper.objects.get()
    assert (again.authors, again.title, again.version) == (paper.authors, paper.title, 1)
    assert again.day == date(2026, 1, 20), "the day that the calendar tells is the feed's"


def test_the_feed_of_the_day_goes_in_and_only_new_papers_get_its_day(site):
    site.held = [
        MadeUp("2601.00001"),
        MadeUp("2511.00002", kind="cross"),
        MadeUp("2305.00003", kind="replace", versions=[datetime(2023, 5, 1, tzinfo=UTC)] * 2),
    ]
    assert take("arxiv-rss").added == 3
    assert dict(Paper.objects.values_list("key", "day")) == {
        "2601.00001": TODAY,
        "2511.00002": None,
        "2305.00003": None,
    }


def test_yesterdays_feed_under_todays_date_moves_no_paper_and_is_told(site):
    site.held = site.held[:5]
    assert places.open_place("arxiv-rss").notes == ()
    take("arxiv-rss")
    site.feed_day += timedelta(days=1)
    (note,) = places.open_place("arxiv-rss").notes
    assert "still holds the batch that was taken in on 2026-01-20" in note
    assert take("arxiv-rss").unchanged == 5
    assert set(Paper.objects.values_list("day", flat=True)) == {TODAY}


def test_an_empty_feed_and_a_full_one_are_told(site):
    site.held = []
    assert "empty" in places.open_place("arxiv-rss").notes[0]
    site.held = [MadeUp(f"2601.{n:05}", categories="cs.LG") for n in range(1, 2500)]
    assert "left some out of cs.LG" in places.open_place("arxiv-rss").notes[0]


def test_places_are_one_for_each_category_or_set(settings):
    settings.CATEGORIES = ["cs.LG", "hep-th", "cs.LG"]
    assert harvests.places() == ["arxiv-oai:cs:cs:LG", "arxiv-oai:physics:hep-th"]
    assert harvests.places(["all"], date(2026, 1, 1)) == ["arxiv-oai:all@2026-01-01.."]
    assert harvests.places(["cs"], None, date(2026, 1, 2)) == ["arxiv-oai:cs@..2026-01-02"]


@pytest.mark.parametrize(
    "place", ["arxiv-oai", "arxiv-oai:", "arxiv-oai:cs@2026-02-31..", "arxiv-oai:cs@x..", "arxiv-oai:c;"]
)
def test_what_is_no_place_is_told(site, place):
    with pytest.raises(BadInput):
        places.open_place(place)


def test_without_a_network_nothing_is_asked(site, settings):
    settings.OFFLINE = True
    with pytest.raises(Refused, match="switched off"):
        places.open_place("arxiv-rss")
    assert site.asked == []
