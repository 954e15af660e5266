"""The imitation of arXiv that replays ask shows at each moment what arXiv would: it is judged before it judges."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from tests.arxiv_site import token_dies
from tests.replay import replay_story
from tests.replay.replay_clock import MovableClock
from tests.replay.replay_papers import OURS, lead_on, listing_days, twin
from tests.replay.replay_site import Fault, ReplaySite, busy_for, cut_short
from tests.replay.replay_story import at
from tests.replay.replay_world import Edition, World, usual

from broadsheet.errors import Upstream
from broadsheet.sources import arxiv_calendar, arxiv_rss
from broadsheet.sources.arxiv_api import ArxivApi
from broadsheet.sources.arxiv_oai import ArxivOai
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.record import Record

MONDAY = date(2025, 11, 24)
DAYS = listing_days(date(2025, 11, 17), date(2025, 12, 2), [date(2025, 11, 28)])
HALF = Edition(MONDAY, usual(MONDAY), whole_at=at(MONDAY, 13))


@pytest.fixture
def clock():
    with MovableClock(at(MONDAY, 6)) as moving:
        yield moving


@pytest.fixture
def make(clock):
    """Serve editions of the twin, one of them changed."""
    running = []

    def serve(changed=None, **told):
        papers = twin(DAYS)
        lead_on(papers, DAYS)
        editions = {day: Edition(day, usual(day)) for day in DAYS}
        if changed:
            editions[changed.day] = changed
        running.append(ReplaySite(World(papers, list(editions.values())), clock, **told))
        return running[-1]

    yield serve
    for site in running:
        site.close()


class Open:
    """A gate that lets everybody through, by the clock of the test."""

    def __init__(self, clock):
        self.wait, self.hold = lambda lease: clock.sleep(3), clock.sleep
        self.goes_on = self.done = lambda: None


@pytest.fixture
def client(clock):
    return PoliteClient(lambda host: Open(clock), clock=clock.time)


def feed(site, client, form="rss"):
    return arxiv_rss.ask(client, site.address(form), OURS)


def day_of_all(site, ids):
    return {site.world.by_id[key].day for key in ids}


def harvested(site, client, since, group="cs"):
    rows = ArxivOai(client, site.address("oai"), group=group, since=since).fetch()
    return [item.row for item in rows if isinstance(item.row, Record)]


def test_its_listings_carry_what_the_calendar_says_also_over_holidays_and_changes_of_the_clock():
    days = listing_days(date(2025, 10, 20), date(2025, 12, 2), [date(2025, 11, 28)])
    for one in twin(days):
        assert arxiv_calendar.announced_on(one.texts[0].submitted) == one.day
    assert {arxiv_calendar.announced_at(day) for day in days} == {usual(day) for day in days}
    assert [
        day for day in (days[0] + timedelta(n) for n in range(44)) if arxiv_calendar.is_announcement_day(day)
    ] == days
    assert usual(date(2025, 10, 31)).hour == 0
    assert usual(date(2025, 11, 4)).hour == 1, "clocks were put back on 2 November"


@pytest.mark.parametrize("form", ["rss", "atom"])
def test_the_feed_is_made_at_midnight_in_new_york_and_is_empty_on_weekends_and_holidays(make, client, clock, form):
    site = make()
    batch = feed(site, client, form)
    assert batch.day == MONDAY
    assert day_of_all(site, batch.ids()) == {MONDAY}
    assert {entry.kind for entry in batch.entries} >= {"new", "replace"}
    clock.to(at(MONDAY + timedelta(days=1), 4, 59))
    assert day_of_all(site, feed(site, client, form).ids()) == {MONDAY}
    clock.to(at(MONDAY + timedelta(days=1), 5))
    assert day_of_all(site, feed(site, client, form).ids()) == {MONDAY + timedelta(days=1)}
    for day in (date(2025, 11, 28), date(2025, 11, 29)):
        clock.to(at(day, 12))
        assert feed(site, client, form).entries == ()


def test_a_late_batch_is_yesterdays_under_todays_date_and_a_half_one_is_half_at_every_door(make, client, clock):
    late = make(Edition(MONDAY, at(MONDAY, 15)))
    batch = feed(late, client)
    assert batch.day == MONDAY
    assert day_of_all(late, batch.ids()) == {date(2025, 11, 21)}
    half = make(HALF)
    early, listed = feed(half, client), {row.id for row in harvested(half, client, MONDAY, "")}
    found = {
        item.row.id
        for item in ArxivApi(client, half.address("api")).newest(
            OURS, since=at(MONDAY, 0) - timedelta(days=9), limit=99
        )
    }
    clock.to(at(MONDAY, 14))
    whole = feed(half, client)
    assert early.ids() < whole.ids()
    late_ones = whole.ids() - early.ids()
    assert not late_ones & (listed | found)


def test_tokens_lead_through_all_pages_and_die_at_midnight(make, client, clock):
    site = make(page=3)
    rows = harvested(site, client, MONDAY)
    assert len(rows) == len({row.id for row in rows}) > 3
    assert any("resumptionToken" in one.params for one in site.asked)
    assert all(row.announced == site.world.by_id[row.id].day for row in rows)


def test_faults_meet_the_requests_they_are_meant_for_once_each(make, client, clock):
    site = make(page=3)
    site.faults = [Fault("rss", at(MONDAY, 0), busy_for(120)), Fault("oai", at(MONDAY, 0), token_dies, tokens=True)]
    before = clock.now()
    assert feed(site, client).entries
    assert clock.now() - before >= timedelta(seconds=120)
    assert [one.status for one in site.asked] == [503, 200]
    rows = harvested(site, client, MONDAY)
    assert len(rows) == len({row.id for row in rows})
    site.faults.append(Fault("rss", clock.now(), cut_short))
    with pytest.raises(Upstream, match="not XML"):
        feed(site, client)
    assert [fault.hit for fault in site.faults] == [1, 1, 1]


def test_the_api_tells_single_papers_totals_of_a_span_and_pages(make, client, clock):
    site = make()
    api = ArxivApi(client, site.address("api"))
    first, last = arxiv_calendar.window(MONDAY)
    ours = [one for one in site.world.papers if one.day == MONDAY and "cs.LG" in one.categories]
    assert api.total("cs.LG", first, last - timedelta(minutes=1)) == len(ours)
    single = next(api.by_ids([ours[0].id, "2511.99999"])).row
    assert (single.id, single.announced) == (ours[0].id, MONDAY)
    clock.to(at(MONDAY, 0))
    unknown = next(one for one in site.world.papers if one.day == MONDAY + timedelta(days=2))
    assert list(api.by_ids([unknown.id])) == []


def test_a_hidden_paper_is_in_no_list_and_is_known_by_its_id(make, client, clock):
    site = make()
    one = next(one for one in site.world.papers if one.day == MONDAY and "cs.LG" in one.categories)
    one.absent = frozenset({"api", "oai", "rss"})
    assert one.id not in feed(site, client).ids()
    assert one.id not in {row.id for row in harvested(site, client, MONDAY, "")}
    assert next(ArxivApi(client, site.address("api")).by_ids([one.id])).row.id == one.id


def test_the_real_papers_make_thirty_listings(shared_data):
    story = replay_story.long(Path(shared_data("papers-2025-2026.jsonl.xz")))
    assert len(story.days) == 30
    assert len({one.id for one in story.ours()}) == len(story.ours()) > 10_000


def test_a_moved_clock_passes_no_real_time(clock):
    clock.sleep(3600)
    assert datetime.now(UTC) >= at(MONDAY, 7)
    assert clock.slept == 3600
