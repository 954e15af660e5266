"""Harvesting arXiv's OAI-PMH from a server on this machine, with every fault such a server has been seen to have."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from tests.arxiv_site import (
    TODAY,
    ArxivSite,
    MadeUp,
    Out,
    busy,
    cut,
    doubled,
    envelope,
    error,
    papers,
    slow,
    token_dies,
)
from tests.gates import polite

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources.arxiv_oai import PER_DAY, TRIES, ArxivOai, day_of, set_of
from broadsheet.sources.record import Record, Reject, Withdrawal

FIRST = date(2026, 1, 10)


class Clock:
    """A clock that moves only when somebody sleeps by it."""

    now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def site():
    server = ArxivSite(papers(95))
    yield server
    server.close()


@pytest.fixture
def harvest(tmp_path, site, clock):
    client = polite(3, clock)

    def make(since=FIRST, **given):
        return ArxivOai(client, site.oai, since=since, **given)

    return make


def ids(items):
    return [item.row.id for item in items]


def expected(number):
    return [f"2601.{n + 1:05}" for n in range(number)]


def test_everything_that_changed_comes_once_and_in_order(site, harvest, clock):
    began = clock.now
    source = harvest()
    items = list(source.fetch())
    assert ids(items) == expected(95)
    assert all(isinstance(item.row, Record) for item in items)
    assert all(earlier.position < later.position for earlier, later in pairwise(items))
    assert (source.done, source.total) == (11, 11)
    assert clock.now - began >= 3 * (len(site.asked) - 1), "one request in three seconds"


def test_days_and_set_and_format_are_asked_for_as_the_protocol_has_it(site, harvest):
    list(harvest(group="cs:cs:LG", until=date(2026, 1, 19)).fetch())
    identify, first, second = site.asked[0], site.asked[1], site.asked[2]
    assert identify == {"path": "/oai", "verb": "Identify"}
    assert first == {
        "path": "/oai",
        "verb": "ListRecords",
        "metadataPrefix": "arXivRaw",
        "from": "2026-01-10",
        "until": "2026-01-16",
        "set": "cs:cs:LG",
    }
    assert set(second) == {"path", "verb", "resumptionToken"}, "nothing may stand beside a token"


def test_the_servers_own_day_is_the_last_one_asked_for_and_remembered(site, harvest):
    site.today = date(2026, 1, 12)
    source = harvest()
    assert ids(source.fetch()) == expected(30)
    assert max(asked.get("until", "") for asked in site.asked) == "2026-01-12"
    assert day_of(source.reached) == date(2026, 1, 12)


def test_the_next_harvest_goes_on_from_there_and_misses_nothing_that_changed_later_that_day(site, harvest):
    source = harvest()
    list(source.fetch())
    site.held += [MadeUp("2601.09001", TODAY), MadeUp("2601.09002", TODAY + timedelta(days=1))]
    site.today = TODAY + timedelta(days=1)
    assert ids(harvest(since=day_of(source.reached)).fetch()) == ["2601.09001", "2601.09002"]


def test_what_was_interrupted_goes_on_with_its_window(site, harvest):
    first = []
    for item in harvest().fetch():
        first.append(item)
        if len(first) == 84:
            break
    site.asked.clear()
    rest = list(harvest().fetch(after=first[-1].position))
    assert site.asked[1]["from"] == "2026-01-17"
    assert rest[0].position > first[-1].position
    assert list(dict.fromkeys(ids(first) + ids(rest))) == expected(95)
    assert ids(rest) == expected(95)[70:]


def test_a_position_tells_its_day():
    assert day_of(0) is None
    assert day_of(date(2026, 1, 17).toordinal() * PER_DAY + 14) == date(2026, 1, 17)


@pytest.mark.parametrize("place", range(1, 14))
def test_a_token_that_dies_anywhere_loses_and_doubles_nothing(site, harvest, place):
    site.faults = [None] * place + [token_dies]
    assert ids(harvest().fetch()) == expected(95)


def test_after_a_dead_token_it_begins_again_at_the_last_day_seen(site, harvest):
    site.faults = [None, None, None, token_dies]
    list(harvest().fetch())
    assert [asked.get("from") for asked in site.asked[1:5]] == ["2026-01-10", None, None, "2026-01-11"]


def test_a_list_out_of_order_is_begun_again_as_a_whole(site, harvest):
    turned = envelope(
        "<ListRecords>"
        + "".join(
            f"<record><header status='deleted'><identifier>oai:arXiv.org:2601.{n:05}</identifier>"
            f"<datestamp>2026-01-{day}</datestamp></header></record>"
            for n, day in ((1, 15), (2, 11))
        )
        + "<resumptionToken>x</resumptionToken></ListRecords>"
    )
    site.faults = [None, lambda _: Out(turned), token_dies]
    list(harvest().fetch())
    assert site.asked[3]["from"] == "2026-01-10"


def test_tokens_that_all_die_at_once_end_the_harvest_with_its_reason(site, harvest):
    site.faults = [None, None] + [token_dies] * 20
    given = []
    with pytest.raises(Upstream, match="resumption tokens die"):
        given.extend(harvest().fetch())
    assert len(site.asked) < 10


@pytest.mark.parametrize("place", range(1, 14))
def test_xml_that_breaks_off_anywhere_is_kept_as_far_as_it_goes_and_asked_for_again(site, harvest, place):
    site.faults = [None] * place + [cut, cut]
    assert ids(harvest().fetch()) == expected(95)


def test_xml_that_stays_broken_ends_the_harvest_and_what_came_is_kept(site, harvest):
    site.faults = [None, None, *[cut] * (TRIES + 1)]
    given = []
    with pytest.raises(Upstream, match="its XML breaks off"):
        given.extend(harvest().fetch())
    assert 10 < len(given) < 20
    assert ids(harvest().fetch(after=given[-1].position)) == expected(95)


def test_a_busy_server_is_asked_again_when_it_says(site, harvest, clock):
    site.faults = [None, busy, None, busy, busy]
    began = clock.now
    assert ids(harvest().fetch()) == expected(95)
    assert clock.now - began >= 21


def test_a_server_that_is_busy_for_ever_ends_the_harvest(site, harvest):
    site.faults = [busy] * 20
    with pytest.raises(Upstream, match="answered 503"):
        list(harvest().fetch())


def test_an_answer_that_drips_in_is_waited_for(site, harvest):
    site.faults = [slow, slow, slow]
    assert ids(harvest().fetch()) == expected(95)


def test_records_sent_twice_are_yielded_once(site, harvest):
    site.faults = [doubled] * 14
    assert ids(harvest().fetch()) == expected(95)


def test_a_paper_that_changed_twice_is_yielded_as_it_was_each_time(site, harvest):
    site.held = [MadeUp("2601.00001", FIRST), MadeUp("2601.00001", TODAY, [datetime(2026, 1, 19, 12, tzinfo=UTC)] * 2)]
    assert [item.row.version for item in harvest().fetch()] == [1, 2]


def test_a_server_that_sends_one_page_for_ever_is_left(site, harvest):
    site.faults = [None] + [
        lambda _: Out(envelope("<ListRecords><resumptionToken>x</resumptionToken></ListRecords>"))
    ] * 9
    with pytest.raises(Upstream, match="same page"):
        list(harvest().fetch())


def test_deleted_records_and_broken_ones_come_as_what_they_are(site, harvest):
    site.held = [
        MadeUp("2601.00001", deleted=True),
        MadeUp("2601.00002", raw="<record><header/><p>a < b</record>"),
        MadeUp("2601.00003", raw="<record><header><identifier>x</identifier></header></record>"),
        MadeUp("2601.00004", withdrawn=True),
    ]
    rows = [item.row for item in harvest().fetch()]
    assert [type(row) for row in rows] == [Withdrawal, Reject, Record, Reject]
    assert rows[2].withdrawn


def test_days_without_changes_give_nothing(site, harvest):
    site.held = []
    source = harvest()
    assert list(source.fetch()) == []
    assert day_of(source.reached) == TODAY


def test_days_to_come_ask_for_nothing(site, harvest):
    assert list(harvest(since=TODAY + timedelta(days=3)).fetch()) == []
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("badArgument", BadInput, "Does it know the set 'cs'?"),
        ("noSetHierarchy", BadInput, "Does it know the set 'cs'?"),
        ("cannotDisseminateFormat", BadInput, "It does not give arXivRaw."),
        ("badVerb", BadInput, "BROADSHEET_ARXIV_OAI"),
        ("idDoesNotExist", BadInput, "BROADSHEET_ARXIV_OAI"),
        ("noMetadataFormats", BadInput, "BROADSHEET_ARXIV_OAI"),
        ("undefinedError", Upstream, "Try again later."),
    ],
)
def test_every_refusal_of_the_protocol_is_told_with_a_way_out(site, harvest, code, kind, told):
    site.faults = [None, lambda _: Out(error(code, "Not so."))]
    with pytest.raises(kind) as raised:
        list(harvest(group="cs").fetch())
    assert f"{code} (Not so.)" in raised.value.message
    assert told in raised.value.hint


def test_an_unknown_set_is_told(harvest):
    with pytest.raises(BadInput, match="'cs:cs:NO'"):
        list(harvest(group="cs:cs:NO").fetch())


@pytest.mark.parametrize("out", [Out(b"<html>Welcome</html>"), Out(b"not XML"), Out(b"<html/>", 404)])
def test_a_place_that_is_no_oai_is_told(site, harvest, out):
    site.faults = [lambda _: out] * 9
    with pytest.raises(Upstream) as raised:
        list(harvest().fetch())
    assert "BROADSHEET_ARXIV_OAI" in raised.value.hint


def test_the_format_arxiv_is_harvested_too(harvest):
    rows = [item.row for item in harvest(form="arXiv").fetch()]
    assert len(rows) == 95
    assert rows[0].authors == ("B. Gödel Jr",)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("cs.LG", "cs:cs:LG"),
        ("cs", "cs"),
        ("stat.ML", "stat:stat:ML"),
        ("hep-th", "physics:hep-th"),
        ("astro-ph.EP", "physics:astro-ph:EP"),
        ("physics.optics", "physics:physics:optics"),
        ("physics", "physics"),
        ("q-bio.QM", "q-bio:q-bio:QM"),
        ("physics:hep-th", "physics:hep-th"),
    ],
)
def test_categories_archives_and_groups_have_their_set(name, found):
    assert set_of(name) == found


@pytest.mark.parametrize("name", ["", "cs.LG.x", "CS LG", "cs:", "a:b:c:d", "cs;drop", "é"])
def test_what_is_no_set_is_told(name):
    with pytest.raises(BadInput, match="is no set of arXiv"):
        set_of(name)


def test_days_the_wrong_way_round_are_told(harvest):
    with pytest.raises(BadInput, match="2026-01-01, is before the first, 2026-01-10"):
        harvest(until=date(2026, 1, 1))
