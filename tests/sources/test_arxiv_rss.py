"""arXiv's feed of the day: its four kinds, its cap, empty days, and yesterday's batch under today's date."""

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.arxiv_site import TODAY, ArxivSite, MadeUp, Out, feed
from tests.conftest import DATA
from tests.gates import polite

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources.arxiv_rss import MOST_ITEMS, ArxivRss, ask, parse
from broadsheet.sources.record import Record, Reject

TWIN = (DATA / "rss-of-the-day.xml").read_bytes()
CATEGORIES = ["cs.LG", "stat.ML"]


@pytest.fixture
def site():
    server = ArxivSite(
        [
            MadeUp("2601.00003", kind="replace", versions=[datetime(2026, 1, 1, tzinfo=UTC)] * 3),
            MadeUp("2601.00001"),
            MadeUp("2601.00002", kind="cross", categories="math.OC cs.LG"),
        ]
    )
    yield server
    server.close()


@pytest.fixture
def client():
    return polite()


def rows(batch):
    return [entry.row for entry in batch.entries]


def test_a_feed_is_read_in_full():
    batch = parse(TWIN)
    assert batch.day == date(2026, 1, 20)
    assert [entry.kind for entry in batch.entries] == ["new", "cross", "replace", "replace-cross"]
    assert rows(batch) == [
        Record(
            id="2601.00010",
            title="A Made-up & New Paper",
            source="arxiv",
            abstract="We show that $a < b$, and name no Abstract: of another.",
            authors=("A. Example", "B. Gödel"),
            categories=("cs.CL", "cs.AI"),
            version=1,
            announced=date(2026, 1, 20),
        ),
        Record(
            id="2511.00020",
            title="Of Another Archive",
            source="arxiv",
            abstract="We cross over.",
            authors=("C. Other",),
            categories=("math.OC", "stat.ML"),
            version=1,
        ),
        Record(
            id="2305.00030",
            title="An Older Example, Improved",
            source="arxiv",
            abstract="This paper has been withdrawn by the authors.",
            authors=("D. Sample",),
            categories=("cs.CL",),
            version=3,
            withdrawn=datetime(2026, 1, 20, tzinfo=UTC),
            doi="10.1000/182",
            journal_ref="J. Ex. 1 (2026) 1-9",
        ),
        Record(
            id="2305.00040",
            title="Improved Elsewhere",
            source="arxiv",
            abstract="It was improved.",
            authors=("E. Sample, Jr.",),
            categories=("math.PR", "stat.ML"),
            version=2,
        ),
    ]


def test_only_new_papers_are_announced_by_it():
    batch = parse(TWIN)
    assert {row.id: row.announced for row in rows(batch) if row.announced} == {"2601.00010": batch.day}
    assert batch.ids() == {"2601.00010"}
    assert batch.ids("cross") == {"2511.00020"}


def test_atom_and_rss_say_the_same(site, client):
    rss, atom = ask(client, site.rss, CATEGORIES), ask(client, site.atom, CATEGORIES)
    assert rss == atom
    assert rss.fingerprint == atom.fingerprint
    assert rss.day == TODAY
    assert [row.id for row in rows(rss)] == ["2601.00001", "2601.00002", "2601.00003"], "new ones first"
    assert [asked["path"] for asked in site.asked] == ["/rss/cs.LG+stat.ML", "/atom/cs.LG+stat.ML"]


def test_yesterdays_batch_under_todays_date_is_known_by_its_content(site, client):
    yesterday = ask(client, site.rss, CATEGORIES)
    site.feed_day = TODAY + timedelta(days=1)
    stale = ask(client, site.rss, CATEGORIES)
    assert stale.day != yesterday.day
    assert stale.fingerprint == yesterday.fingerprint
    assert stale.ids() == yesterday.ids()
    site.held.append(MadeUp("2601.00004"))
    half_new = ask(client, site.rss, CATEGORIES)
    assert half_new.fingerprint != yesterday.fingerprint
    assert half_new.ids() - yesterday.ids() == {"2601.00004"}


def test_an_item_with_a_date_of_its_own_keeps_it_under_a_later_feed():
    stale = TWIN.replace(b"<pubDate>Tue, 20", b"<pubDate>Wed, 21", 1)
    assert parse(stale).day == date(2026, 1, 21)
    assert parse(stale).entries[0].row.announced == date(2026, 1, 20)


def test_weekends_and_holidays_have_an_empty_feed(site, client):
    site.held = []
    batch = ask(client, site.rss, CATEGORIES)
    assert (batch.entries, batch.fingerprint, batch.capped) == ((), "", ())
    assert list(ArxivRss(batch).fetch()) == []


def test_at_the_cap_each_category_is_asked_by_itself_and_every_paper_comes_once(site, client):
    site.held = [MadeUp(f"2601.{n:05}", categories="cs.LG") for n in range(1, 1501)]
    site.held += [MadeUp(f"2601.{n:05}", categories="stat.ML") for n in range(1501, 2601)]
    site.held += [MadeUp("2601.00001", categories="stat.ML cs.LG", kind="cross")]
    batch = ask(client, site.rss, CATEGORIES)
    assert [asked["path"] for asked in site.asked] == ["/rss/cs.LG+stat.ML", "/rss/cs.LG", "/rss/stat.ML"]
    assert len(rows(batch)) == 2600
    assert batch.capped == ()
    assert next(entry.kind for entry in batch.entries if entry.row.id == "2601.00001") == "new"


def test_a_category_at_the_cap_is_told(site, client):
    site.held = [MadeUp(f"2601.{n:05}", categories="cs.LG") for n in range(1, MOST_ITEMS + 500)]
    batch = ask(client, site.rss, CATEGORIES)
    assert len(rows(batch)) == MOST_ITEMS
    assert batch.capped == ("cs.LG",)
    assert ask(client, site.rss, ["cs.LG"]).capped == ("cs.LG",)


def test_a_broken_item_is_rejected_with_its_text_and_the_rest_goes_in():
    broken = TWIN.replace(b"<title>Of Another Archive</title>", b"").replace(
        b"<arxiv:announce_type>replace</arxiv:announce_type>", b"<arxiv:announce_type>surprise</arxiv:announce_type>"
    )
    batch = parse(broken)
    rejected = [row for row in rows(batch) if isinstance(row, Reject)]
    assert len(rows(batch)) == 4
    assert ["has no title" in rejected[0].reason, "whether it is new" in rejected[1].reason] == [True, True]
    assert "We cross over." in rejected[0].raw
    assert "oai:arXiv.org:2511.00020v1" in rejected[0].reason


def test_dates_that_cannot_be_read_are_none(site):
    spoilt = feed(site, "rss", CATEGORIES).replace(b"Tue, 20 Jan 2026 00:00:00 -0500", b"Someday, 0000")
    batch = parse(spoilt)
    assert batch.day is None
    assert [row.announced for row in rows(batch)] == [None] * 3


def test_an_error_in_the_shape_of_a_feed_is_told(site, client):
    told = (
        b"<rss version='2.0'><channel><title>Feed error for query: http://rss.arxiv.org/rss/cs.NO</title>"
        b"<description>Bad subject class 'NO'.</description></channel></rss>"
    )
    site.faults = [lambda _: Out(told, 400)]
    with pytest.raises(BadInput, match="Bad subject class 'NO'"):
        ask(client, site.rss, ["cs.NO"])


@pytest.mark.parametrize(
    "out",
    [
        Out(b"<html>Welcome</html>"),
        Out(b"<rss version='2.0'/>"),
        Out(TWIN[:900]),
        Out(b"", 404),
        Out(b'<!DOCTYPE rss [<!ENTITY a "b">]><rss><channel>&a;</channel></rss>'),
    ],
)
def test_what_is_no_feed_is_told(site, client, out):
    site.faults = [lambda _: out]
    with pytest.raises(Upstream):
        ask(client, site.rss, CATEGORIES)


def test_rows_are_numbered_and_can_be_gone_on_with():
    source = ArxivRss(parse(TWIN))
    assert [item.position for item in source.fetch()] == [1, 2, 3, 4]
    assert [item.row.id for item in source.fetch(after=3)] == ["2305.00040"]
    assert (source.done, source.total) == (4, 4)
