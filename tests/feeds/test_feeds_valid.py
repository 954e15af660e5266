"""Every feed of the site in every form: valid by the rules, read by feedparser, on ordinary and on hostile papers."""

import json
import re
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from django.test import Client
from tests import cast
from tests.feeds import feed_rules
from tests.feeds.conftest import furnish
from tests.payloads import payloads

from broadsheet.accounts import feed_keys
from broadsheet.community import discussion
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db
FORMS = ("atom", "rss", "json")
TYPES = {"atom": "application/atom+xml; charset=utf-8", "rss": "application/rss+xml; charset=utf-8"}
TYPES["json"] = "application/feed+json"
AT = "http://testserver"

LISTS = {
    "day": "/papers.{form}",
    "week": "/papers/week.{form}",
    "month": "/papers/month.{form}",
    "trending": "/papers/trending.{form}",
    "new": "/papers/new.{form}",
    "a day": "/papers/date/2026-01-05.{form}",
    "a week": "/papers/week/2026-W02.{form}",
    "a month": "/papers/month/2026-01.{form}",
    "a search": "/papers.{form}?q=growth+cat%3Acs.CL",
    "category": "/categories/cs.CL.{form}",
    "author": "/authors/{author}.{form}",
    "organisation": "/organizations/lab.{form}",
    "votes": "/readers/ada.{form}",
    "list": "/readers/ada/lists/to-read.{form}",
}
OPTIONS = "votes=1&days=3650&n=400&abstract=no"


def secret_feeds(site) -> dict[str, str]:
    own = site.ada.public_id
    keys = {"following": f"following:{own}", "for me": f"for-me:{own}", "saved": "search:growth cat:cs.CL"}
    keys["private list"] = f"list:{site.private.public_id}"
    return {name: f"/feeds/{feed_keys.token(site.ada, key)}.{{form}}" for name, key in keys.items()}


def every_feed(site) -> dict[str, str]:
    from urllib.parse import quote

    author = quote(site.papers[0].authors[0], safe="~:@!$&'()*+,;=")
    comments = {"comments": f"/papers/{site.papers[0].key}.{{form}}"}
    public = {name: path.replace("{author}", author) for name, path in LISTS.items()}
    return public | comments | secret_feeds(site)


def test_every_feed_in_every_form_is_valid_and_holds_what_is_there(site):
    for name, path in every_feed(site).items():
        for form in FORMS:
            address = path.format(form=form)
            answer = Client().get(address)
            assert answer.status_code == 200, (name, form, answer.text[:200])
            assert answer.headers["Content-Type"] == TYPES[form]
            number = feed_rules.check(form, answer.content, AT + address)
            # For me is what its reader has not voted for or saved yet, and here that is nothing.
            expected = {"comments": 1, "for me": 0}.get(name, 3)
            assert number == expected, (name, form)


def test_every_feed_is_valid_with_options_too(site):
    for name, path in every_feed(site).items():
        for form in FORMS:
            address = path.format(form=form)
            address += ("&" if "?" in address else "?") + OPTIONS
            answer = Client().get(address)
            assert answer.status_code == 200, (name, form)
            feed_rules.check(form, answer.content, AT + address)


def test_every_feed_without_an_entry_is_valid(site):
    for name, path in every_feed(site).items():
        for form in FORMS:
            address = path.format(form=form)
            address += ("&" if "?" in address else "?") + "votes=1000000"
            answer = Client().get(address)
            number = feed_rules.check(form, answer.content, AT + address)
            assert number == (1 if name == "comments" else 0), (name, form)


def test_an_edition_of_tomorrow_has_no_date_to_come(db):
    tomorrow = datetime.now(UTC).date() + timedelta(days=3)
    cast.paper(day=tomorrow, announced=tomorrow)
    for path in (
        "/papers.{form}",
        f"/papers/date/{tomorrow}.{{form}}",
        "/categories/cs.CL.{form}",
        "/papers/new.{form}",
    ):
        for form in FORMS:
            address = path.format(form=form)
            assert feed_rules.check(form, Client().get(address).content, AT + address) == 1
            empty = f"{address}?votes=9"
            assert feed_rules.check(form, Client().get(empty).content, AT + empty) == 0


def test_before_the_first_paper_feeds_are_valid(db):
    for path in ("/papers.{form}", "/papers/week.{form}", "/papers/trending.{form}", "/papers/new.{form}"):
        for form in FORMS:
            address = path.format(form=form)
            assert feed_rules.check(form, Client().get(address).content, AT + address) == 0


def test_feedparser_reads_every_feed_without_a_complaint(site):
    for name, path in every_feed(site).items():
        for form in ("atom", "rss"):
            answer = Client().get(path.format(form=form))
            read = feedparser.parse(answer.content, response_headers={"content-type": answer.headers["Content-Type"]})
            assert not read.bozo, (name, form, read.get("bozo_exception"))
            assert read.version == {"atom": "atom10", "rss": "rss20"}[form]
            assert read.feed.title.endswith("Broadsheet")
            assert read.feed.link.startswith(AT)
            for entry in read.entries:
                assert entry.id
                assert entry.link.startswith(AT)
                assert entry.published_parsed
                text = entry.content[0].value if form == "atom" else entry.summary
                assert "</p>" in text, (name, form)


def test_feedparser_finds_all_of_a_paper(three):
    read = feedparser.parse(Client().get("/papers.atom").content)
    entry = next(one for one in read.entries if one.id.endswith("2601.00001"))
    assert entry.id == "https://arxiv.org/abs/2601.00001"
    assert entry.title == "The growth of papers, part 1"
    assert entry.link == f"{AT}/papers/2601.00001"
    assert [author.name for author in entry.authors] == ["Ada Example", "Bo Sample"]
    assert [tag.term for tag in entry.tags] == ["cs.CL"]
    links = {link.title: (link.rel, link.href, link.type) for link in entry.links if "title" in link}
    assert links["arXiv"] == ("related", "https://arxiv.org/abs/2601.00001", "text/html")
    assert links["PDF"] == ("related", "https://arxiv.org/pdf/2601.00001", "application/pdf")
    assert links["Code"] == ("related", "https://github.com/example/growth", "text/html")
    assert "<p>We count α² papers.</p>" in entry.content[0].value
    assert '<a href="https://github.com/example/growth">https://github.com/example/growth</a>' in entry.content[0].value


def test_the_three_forms_hold_the_same(three):
    atom, rss = (feedparser.parse(Client().get(f"/papers.{form}").content) for form in ("atom", "rss"))
    items = json.loads(Client().get("/papers.json").content)["items"]
    assert [one.id for one in atom.entries] == [one.id for one in rss.entries] == [one["id"] for one in items]
    assert [one.title for one in atom.entries] == [one.title for one in rss.entries] == [one["title"] for one in items]
    assert [one.content[0].value for one in atom.entries] == [one.summary for one in rss.entries]
    assert [one.published_parsed for one in atom.entries] == [one.published_parsed for one in rss.entries]
    assert items[0]["authors"] == [{"name": "Ada Example"}, {"name": "Bo Sample"}]
    assert items[0]["external_url"].startswith("https://arxiv.org/abs/")
    assert not re.search("<math", json.dumps(items))


def test_hostile_papers_lists_and_comments_leave_every_feed_valid(ada, bo, index):
    hostile = [
        *payloads()[::4],
        "\x00\x0b\x1b[31m\x85\u2028\u202e\ud800\ufffe]]>",
        "&amp;lt;script&gt; <![CDATA[",
        "",
        "🙂 \t\r\n x",
    ]
    papers = []
    for number, text in enumerate(hostile):
        stored = text.encode("utf-8", "replace").decode().replace("\x00", "")  # what a database takes
        papers.append(
            cast.paper(
                f"2601.1{number:04}",
                stored,
                abstract=f"growth {stored}\n\n{stored}",
                authors=["Ada Example", stored],
                categories=["cs.CL", stored],
                comment=stored,
                organization=stored,
                organization_slug="lab",
                code_url=stored,
                project_url=f"https://example.org/{stored}",
                updated=datetime(2026, 1, 7, tzinfo=UTC),
            )
        )
    upkeep.catch_up(index)
    site = furnish(ada, bo, papers)
    for text in hostile[::5]:
        if stored := text.encode("utf-8", "replace").decode().replace("\x00", "").strip():
            discussion.comment(bo, papers[0], stored)
    ada.name = hostile[1][:80]
    ada.save()
    for name, path in every_feed(site).items():
        for form in FORMS:
            address = path.format(form=form) + ("&n=500" if "?" in path else "?n=500")
            answer = Client().get(address)
            assert answer.status_code == 200, (name, form)
            number = feed_rules.check(form, answer.content, AT + address)
            assert number > 10 or name == "for me", (name, form)
            if form != "json":
                assert not feedparser.parse(answer.content).bozo, (name, form)


def test_an_address_that_leads_nowhere_is_left_out(db):
    cast.paper(code_url="http://[::1", project_url="https://example.org/here", abstract="See http://[::1 and http://.")
    for form in FORMS:
        text = Client().get(f"/papers.{form}").text
        assert feed_rules.check(form, text.encode(), f"{AT}/papers.{form}") == 1
        assert "https://example.org/here" in text


def test_a_hostile_title_is_told_as_it_is_in_atom_and_json(db):
    cast.paper(title="<script>alert(1)</script> & <b>bold</b> &lt;")
    assert "<title>&lt;script&gt;alert(1)&lt;/script&gt; &amp; &lt;b&gt;" in Client().get("/papers.atom").text
    assert json.loads(Client().get("/papers.json").content)["items"][0]["title"].startswith("<script>alert(1)</script>")
    rss = feedparser.parse(Client().get("/papers.rss").content, sanitize_html=False)
    assert rss.entries[0].title.startswith("< script>alert(1)< /script> &")


# --- The rules themselves -------------------------------------------------------------------------------------------

FAULTS = {
    "atom": [
        ("<id>https://arxiv.org/abs/2601.00001</id>", ""),
        ("2601.00001</id>", "2601.00002</id>"),
        ('rel="self"', 'rel="via"'),
        ('href="https://arxiv.org/', 'href="/'),
        ("<name>Ada Example</name>", "<name> </name>"),
        ("</updated>", "</updated><updated>2026-01-05T00:00:00Z</updated>"),
        ('term="cs.CL"', 'term=""'),
        ("<title>The growth of papers, part 1", "<title>The \x0b growth"),
        ("&lt;p&gt;", "&lt;math&gt;"),
        ("<generator>", "<surprise/><generator>"),
    ],
    "rss": [
        ('isPermaLink="false"', ""),
        ("<pubDate>", "<pubDate>2026-"),
        ("<description>The papers", "<summary>x</summary><description>The papers"),
        ('type="application/rss+xml"', ""),
        ("<dc:creator>Ada Example</dc:creator>", "<author>Ada Example</author>"),
        ("<title>The growth", "<title>&lt;b&gt;The growth"),
        ("2601.00001</guid>", "2601.00002</guid>"),
    ],
    "json": [
        ("version/1.1", "version/1"),
        ('"date_published":"2026', '"date_published":"26'),
        ('"url":"http://testserver', '"url":"'),
        ("2601.00001", "2601.00002"),
        ('"authors":[{"name":"Ada', '"author":[{"name":"Ada'),
        ("<p>", "<p><img>"),
    ],
}


@pytest.mark.parametrize("form", FORMS)
def test_the_rules_find_what_is_wrong(form, three):
    address = f"/papers.{form}"
    body = Client().get(address).content.decode()
    assert feed_rules.check(form, body.encode(), AT + address) == 3
    for right, wrong in FAULTS[form]:
        assert right in body, right
        with pytest.raises((AssertionError, SyntaxError)):
            feed_rules.check(form, body.replace(right, wrong).encode(), AT + address)
