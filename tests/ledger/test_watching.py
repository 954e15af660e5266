"""Looking for news against a local arXiv: stale, half and whole batches, faults, and what the ledger makes of them."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from tests import cast
from tests.arxiv_site import MadeUp
from tests.ledger.ledger_site import LedgerSite

from broadsheet import watching
from broadsheet.errors import Upstream
from broadsheet.ledger.models import Announcement
from broadsheet.papers.models import Paper, Run, Version

pytestmark = pytest.mark.django_db

DAY = date(2026, 1, 20)
"""A Tuesday without a listing, as it follows Martin Luther King Day."""
WEDNESDAY = date(2026, 1, 21)
THURSDAY = date(2026, 1, 22)
OUT = datetime(2026, 1, 21, 1, 0, tzinfo=UTC)


def made_up(number, day=WEDNESDAY, first=1, categories="cs.LG stat.ML", kind="new"):
    """Papers whose listing is that of a day: submitted the morning before."""
    submitted = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - timedelta(days=1)
    return [
        MadeUp(f"2601.{first + n:05}", day, [submitted + timedelta(seconds=n)], categories=categories, kind=kind)
        for n in range(number)
    ]


@pytest.fixture
def site(settings, tmp_path):
    server = LedgerSite(made_up(40), WEDNESDAY)
    settings.OFFLINE, settings.ARXIV_DELAY, settings.HOME = False, 0, tmp_path
    settings.ARXIV_OAI, settings.ARXIV_RSS, settings.ARXIV_API = (server.door(name) for name in ("oai", "rss", "api"))
    settings.CATEGORIES, settings.GAP_REQUESTS, settings.ALERTS = ["cs.LG", "stat.ML"], 20, []
    yield server
    server.close()


def at(moment):
    return time_machine.travel(moment, tick=False)


def look(moment):
    with at(moment):
        return watching.look_for_news()


def row(day=WEDNESDAY, category=""):
    return Announcement.objects.get(day=day, category=category)


def states(day=WEDNESDAY):
    return [state for _, state, _, _ in row(day).history]


def test_a_look_takes_papers_in_and_notes_what_should_have_come(site):
    told = look(OUT)
    assert told.startswith("2026-01-21 is partial: 40 of 40 papers; API 40 new")
    found = row()
    assert (found.received, found.expected, found.first_id, found.last_id) == (40, 40, "2601.00001", "2601.00040")
    assert (found.source, found.out_at, found.checked_at) == ("arxiv", OUT, OUT)
    assert row(category="cs.LG").expected == 40


def test_a_day_is_complete_once_nothing_more_comes(site):
    look(OUT)
    look(OUT + timedelta(minutes=40))
    assert row().state == "complete"
    assert states() == ["partial", "complete"]


def test_between_two_looks_nothing_is_asked(site):
    look(OUT)
    site.asked.clear()
    assert look(OUT + timedelta(minutes=9)) == "Nothing is to be asked before 2026-01-21 01:10 UTC."
    assert site.asked == []


def test_nothing_is_asked_while_the_network_is_switched_off(site, settings):
    settings.OFFLINE = True
    jobs = (watching.look_for_news, watching.harvest, watching.reread, watching.fill_gaps)
    assert {job() for job in jobs} == {watching.SWITCHED_OFF}
    assert site.asked == []


def test_yesterdays_batch_under_todays_date_moves_no_paper_and_is_not_taken_for_todays(site):
    look(OUT)
    site.held, site.feed_day = [], THURSDAY
    site.fed = made_up(40)
    site.fed[3].kind = "replace"  # not even the same content
    told = look(OUT + timedelta(days=1, hours=5))
    assert "the feed of 2026-01-22 holds an earlier day’s papers" in told
    assert set(Paper.objects.values_list("announced", flat=True)) == {WEDNESDAY}
    assert row(THURSDAY).state == "not-out"
    assert row(THURSDAY).expected is None


def test_half_a_batch_counts_as_new_and_the_whole_that_follows_does_too(site):
    look(OUT)
    look(OUT + timedelta(hours=1))
    today = made_up(40, THURSDAY, first=41)
    site.feed_day, site.held, site.fed = THURSDAY, made_up(40), today[:20]
    look(OUT + timedelta(days=1, minutes=5))
    assert (row(THURSDAY).received, row(THURSDAY).expected, row(THURSDAY).state) == (20, 20, "partial")
    site.fed = today
    look(OUT + timedelta(days=1, minutes=20))
    assert (row(THURSDAY).received, row(THURSDAY).expected, row(THURSDAY).state) == (40, 40, "partial")
    look(OUT + timedelta(days=1, minutes=55))
    assert row(THURSDAY).state == "complete"
    assert Paper.objects.filter(announced=THURSDAY).count() == 40


def test_the_same_feed_is_not_read_twice(site):
    look(OUT)
    assert "the feed is as before" in look(OUT + timedelta(minutes=10))
    assert Run.objects.filter(place="arxiv-rss").count() == 1


def test_a_door_that_fails_does_not_stop_the_other(site):
    site.down = {"api"}
    told = look(OUT)
    assert "failed: arXiv’s API" in told
    assert Paper.objects.count() == 40
    assert row().expected_from == "arXiv’s feed"


def test_where_no_door_answers_the_job_fails_and_the_ledger_is_late(site):
    look(OUT)
    look(OUT + timedelta(hours=1))
    site.down = {"api", "rss"}
    with pytest.raises(Upstream, match="arXiv’s API"):
        look(OUT + timedelta(days=1))
    site.down, site.held = set(), []
    with at(OUT + timedelta(days=1, hours=1)):
        watching.keep_ledger()
    assert row(THURSDAY).state == "not-out"


def test_replaced_and_cross_listed_papers_are_not_announced_once_more(site):
    first = datetime(2025, 11, 3, 12, tzinfo=UTC)
    old = MadeUp("2511.00001", WEDNESDAY, [first, OUT - timedelta(hours=9)], kind="replace", title="A better title")
    crossed = MadeUp("2511.00002", WEDNESDAY, [first], kind="cross")
    unknown = MadeUp("2511.00003", WEDNESDAY, [first], kind="cross")
    with at(OUT - timedelta(days=1)):
        site.held = [MadeUp("2511.00001", DAY, [first], title="A title"), MadeUp("2511.00002", DAY, [first])]
        watching.harvest()
    days = dict(Paper.objects.values_list("key", "day"))
    site.held = site.fed = [old, crossed, unknown, *made_up(3)]
    look(OUT)
    with at(OUT + timedelta(hours=5)):
        site.today = WEDNESDAY
        watching.harvest()
    after = dict(Paper.objects.values_list("key", "day"))
    assert set(days.values()) == {date(2025, 11, 4)}
    assert {key: after[key] for key in days} == days
    assert after["2511.00003"] == date(2025, 11, 4)
    assert row().received == 3
    revised = Paper.objects.get(key="2511.00001")
    assert (revised.title, revised.version) == ("A better title", 2)
    assert Version.objects.get(paper=revised, number=1).title == "A title"


def test_a_withdrawal_is_shown_and_keeps_its_day(site, client):
    look(OUT)
    gone = site.held[0]
    gone.changed, gone.withdrawn = THURSDAY, True
    gone.versions = [*gone.versions, OUT + timedelta(hours=9)]
    site.today = THURSDAY
    with at(OUT + timedelta(days=1, hours=5)):
        watching.harvest()
    paper = Paper.objects.get(key=gone.id)
    assert (paper.withdrawn, paper.day) == (OUT + timedelta(hours=9), WEDNESDAY)
    assert "withdrawn" in client.get(f"/papers/{gone.id}").content.decode().lower()


def test_a_category_that_fails_does_not_stop_the_others(site, settings):
    settings.CATEGORIES = ["math.CO", "cs.LG"]
    with at(OUT + timedelta(hours=5)):
        told = watching.harvest()
    assert "Cs:cs:LG 40 new" in told
    assert "failed: arxiv-oai:math:math:CO" in told
    settings.CATEGORIES = ["math.CO"]
    with at(OUT + timedelta(hours=5)), pytest.raises(Upstream, match="math"):
        watching.harvest()


def test_what_changed_in_a_week_is_read_again_and_mends_a_day(site):
    site.held = made_up(30)
    look(OUT)
    site.held = made_up(40)
    with at(OUT + timedelta(days=2)):
        told = watching.reread()
    assert "10 new" in told
    assert (row().received, row().expected) == (40, 40)
    assert sorted({asked["from"] for asked in site.asked if "from" in asked}) == ["2026-01-16"]


def test_days_on_which_the_site_was_down_are_noted_when_it_is_back(site):
    look(OUT)
    with at(OUT + timedelta(days=30)):
        for number in range(12):
            cast.paper(f"2601.{41 + number:05}", day=THURSDAY, announced=THURSDAY, categories=["cs.LG"])
        watching.keep_ledger()
    assert (row(THURSDAY).state, row(THURSDAY).received) == ("complete", 12)


def test_a_holiday_is_in_the_ledger(site):
    site.held = []
    with at(datetime(2026, 1, 20, 12, tzinfo=UTC)):
        watching.look_for_news()
        watching.keep_ledger()
    assert row(DAY).state == "holiday"
    assert not Announcement.objects.filter(day=DAY).exclude(category="").exists()


# --- Gaps -------------------------------------------------------------------------------------------------------------


def fill(moment=OUT + timedelta(days=1)):
    with at(moment):
        return watching.fill_gaps()


def asked_ids(site):
    return [asked["id_list"].split(",") for asked in site.asked if "id_list" in asked]


def test_ids_that_arxiv_lists_and_that_are_not_here_are_fetched(site):
    site.held = made_up(30)
    look(OUT)
    site.held = made_up(40)
    told = fill()
    assert told.startswith("10 listed and 0 in holes were missing; 10 were brought")
    assert Paper.objects.count() == 40
    assert (row().received, row().expected) == (40, 30)
    assert len(asked_ids(site)) == 1
    site.asked.clear()
    fill(OUT + timedelta(days=2))
    assert asked_ids(site) == []


def test_a_hole_among_ids_that_are_all_ours_is_asked_for_once_and_what_is_elsewhere_never_again(site):
    ours = made_up(100)
    elsewhere = made_up(2, first=50, categories="math.CO")
    site.held = [one for one in ours if one.id not in {"2601.00050", "2601.00051", "2601.00052"}]
    look(OUT)
    site.held = [*site.held, *elsewhere]  # 52 does not exist
    for one in elsewhere:
        one.changed = date(2025, 1, 1)  # nor does OAI-PMH list them
    told = fill()
    assert "3 in holes were missing; 0 were brought, 2 are of other categories, 1 are unknown" in told
    assert asked_ids(site) == [["2601.00050", "2601.00051", "2601.00052"]]
    site.asked.clear()
    fill(OUT + timedelta(days=1, hours=1))
    assert asked_ids(site) == [], "not before a day has passed"
    fill(OUT + timedelta(days=2, hours=1))
    assert asked_ids(site) == [["2601.00052"]], "what did not exist is asked for once more"
    fill(OUT + timedelta(days=4))
    assert asked_ids(site) == [["2601.00052"]], "and then never"
    assert not Paper.objects.filter(categories__icontains="math.CO").exists()


def test_no_more_is_asked_than_the_operator_allows(site, settings):
    settings.GAP_REQUESTS = 1
    site.held = made_up(30)
    look(OUT)
    site.held = made_up(40)
    site.asked.clear()
    assert "0 were brought" in fill() or len(asked_ids(site)) <= 1
    assert len(site.asked) <= 1
