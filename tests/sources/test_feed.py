"""Feeds of papers in every shape they come in: Atom, RSS 2.0, RSS in RDF; names, dates, ids, hostile XML."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from broadsheet.errors import BadInput
from broadsheet.sources import feed
from broadsheet.sources.record import Record, Reject

PLACES = Path(__file__).parents[1] / "data" / "places"
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'


def rows(name: str) -> list[Record | Reject]:
    return list(feed.read(feed.parsed((PLACES / name).read_bytes()), "example.org"))


def item(inner: str) -> Record:
    (row,) = feed.read(feed.parsed(f"<rss {DC}><channel><item>{inner}</item></channel></rss>".encode()), "example.org")
    assert isinstance(row, Record), row
    return row


def test_an_entry_of_atom_is_read_whole():
    assert rows("feed.atom")[0] == Record(
        id="doi:10.1000/annals.1",
        title="Examples & Instances",
        source="example.org",
        abstract="We parse all examples.\nTwice.",
        authors=("Ada Example", "Bo Instance"),
        categories=("cs.CL",),
        published=datetime(2026, 8, 7, 10, tzinfo=UTC),
        doi="10.1000/annals.1",
        journal_ref="Annals of Examples",
        keywords=("parsing",),
    )


def test_a_text_that_does_not_say_what_it_is_is_a_description():
    known = rows("feed.rss")[0]
    assert isinstance(known, Record)
    assert (known.id, known.abstract, known.abstract_kind) == ("2607.00001", "What somebody says of it.", "description")


def test_an_entry_known_by_its_address_alone_leads_there():
    row = rows("feed.atom")[1]
    assert isinstance(row, Record)
    assert row.id.startswith("feed:")
    assert (row.abstract, row.project_url) == ("Marked up.", "https://example.org/annals/2")
    assert row.published == datetime(2026, 8, 6, tzinfo=UTC), "when it changed, where nothing else is told"
    assert row.updated is None, "an entry that changed is no new version of the paper"


def test_an_entry_without_a_title_is_rejected_with_its_text():
    row = rows("feed.atom")[2]
    assert isinstance(row, Reject)
    assert row.reason == "entry 3: The row has no title."
    assert "urn:example:3" in row.raw


def test_papers_are_known_by_the_ids_that_their_links_hold():
    assert [getattr(row, "id", "") for row in rows("feed.rss")] == [
        "2607.00001",
        "acl:2024.example-long.7",
        "doi:10.64898/2026.07.31.000001",
    ]


def test_rss_in_rdf_is_read():
    (row,) = rows("feed.rdf")
    assert isinstance(row, Record)
    assert (row.id, row.title, row.authors) == ("doi:10.1000/rdf.1", "Still in RDF", ("Ada Example", "Bo Instance"))
    assert (row.abstract, row.abstract_kind, row.journal_ref) == ("We keep RDF.", "abstract", "Annals of Examples")


@pytest.mark.parametrize(
    ("told", "authors"),
    [
        (
            "<dc:creator>Ada Example, Bo van Instance and Mo Case</dc:creator>",
            ("Ada Example", "Bo van Instance", "Mo Case"),
        ),
        ("<dc:creator>Example, A.; Instance, B.</dc:creator>", ("A. Example", "B. Instance")),
        ("<dc:creator>Example, A.</dc:creator>", ("A. Example",)),
        ("<dc:creator>Ada Example</dc:creator><dc:creator>Instance, Bo</dc:creator>", ("Ada Example", "Bo Instance")),
        ("<author>mo@example.org (Mo Case)</author>", ("Mo Case",)),
        ("<author>mo@example.org</author>", ()),
        ("<dc:creator>&lt;a href='x'&gt;Ada Example&lt;/a&gt;</dc:creator>", ("Ada Example",)),
        ("", ()),
    ],
)
def test_authors_are_told_in_many_ways(told, authors):
    assert item(f"<title>T</title><guid>g</guid>{told}").authors == authors


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("<pubDate>Thu, 30 Jul 2026 10:00:00 +0200</pubDate>", datetime(2026, 7, 30, 8, tzinfo=UTC)),
        ("<pubDate>30 Jul 2026 10:00 GMT</pubDate>", datetime(2026, 7, 30, 10, tzinfo=UTC)),
        ("<dc:date>2026-07-30</dc:date>", datetime(2026, 7, 30, tzinfo=UTC)),
        ("<pubDate>soon</pubDate><dc:date>2026-07-30</dc:date>", datetime(2026, 7, 30, tzinfo=UTC)),
        ("<pubDate>Thu, 30 Jul 1426 10:00:00 +0000</pubDate>", None),
        ("<pubDate>soon</pubDate>", None),
    ],
)
def test_moments_are_read_as_mail_and_iso_write_them(told, moment):
    assert item(f"<title>T</title><guid>g</guid>{told}").published == moment


def test_the_same_entry_is_the_same_paper_again_though_its_title_changed():
    first, again = item("<title>T</title><guid>g</guid>"), item("<title>Other</title><guid>g</guid>")
    assert first.id == again.id
    assert first.id != item("<title>T</title><guid>h</guid>").id


def test_a_link_that_is_a_script_is_not_kept():
    assert item("<title>T</title><link>javascript:alert(1)</link>").project_url == ""


def test_hostile_titles_come_through_as_text(subtests: pytest.Subtests):
    for line in (PLACES.parent / "xss.txt").read_text().splitlines():
        with subtests.test(line=line):
            (row,) = feed.read(
                feed.parsed(f"<rss><item><guid>g</guid><title>x {escape(line)}</title></item></rss>".encode()), "x"
            )
            assert isinstance(row, Record | Reject)


@pytest.mark.parametrize(
    "content",
    [
        b"<rss><item>",
        b"no",
        b'<!DOCTYPE r [<!ENTITY a "b">]><rss><item><title>&a;</title></item></rss>',
        b"<?xml version='1.0' encoding='nonsense'?><rss/>",
    ],
)
def test_what_is_no_xml_or_brings_entities_is_refused(content):
    with pytest.raises(BadInput, match="not XML"):
        feed.parsed(content)


def test_an_entry_that_is_nested_without_end_does_no_harm():
    deep = "<a>" * 9000 + "x" + "</a>" * 9000
    found = list(
        feed.read(
            feed.parsed(f"<rss><item><title>{deep}</title></item><item><title>T</title></item></rss>".encode()), "x"
        )
    )
    assert isinstance(found[-1], Record)


@pytest.mark.parametrize("name", ["hf_thirdparty_feed", "hf_thirdparty_feed_weekly", "hf_thirdparty_feed_monthly"])
def test_recorded_feeds_of_papers_are_read_without_loss(shared_data: Callable[[str], Path], name):
    content = shared_data(f"feeds/rss/{name}.xml").read_bytes()
    found = list(feed.read(feed.parsed(content), name))
    assert len(found) == content.count(b"<item>") > 0
    records = [row for row in found if isinstance(row, Record)]
    assert len(records) == len(found)
    assert all(row.title and row.abstract and row.published and row.id[:4].isdecimal() for row in records)
