"""The rules that feeds and lists of feeds must keep, as the W3C's validator, the RSS Advisory Board's best practices
and the specifications have them. Each check raises AssertionError with every fault it found.
"""

import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

ATOM = "{http://www.w3.org/2005/Atom}"
DC = "{http://purl.org/dc/elements/1.1/}"
CONTROLS = re.compile(
    "[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ud800-\\udfff\\ufffe\\uffff]"
)
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
RFC822 = re.compile(
    r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} "
    r"\d\d:\d\d:\d\d ([+-]\d{4}|GMT)"
)
URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
EMAIL_FIRST = re.compile(r"\S+@\S+\.\S+")

ENTRY = {"id", "title", "updated", "published", "author", "category", "link", "content", "summary", "rights"}
FEED = {
    "id",
    "title",
    "updated",
    "author",
    "category",
    "link",
    "subtitle",
    "generator",
    "icon",
    "logo",
    "rights",
    "entry",
}
CHANNEL = {"title", "link", "description", "language", "copyright", "pubDate", "lastBuildDate", "category", "generator"}
CHANNEL |= {"docs", "ttl", "image", "item", f"{ATOM}link"}
RSS_ITEM = {
    "title",
    "link",
    "description",
    "category",
    "comments",
    "enclosure",
    "guid",
    "pubDate",
    "source",
    f"{DC}creator",
}
JSON_FEED = {"version", "title", "home_page_url", "feed_url", "description", "authors", "language", "items", "next_url"}
JSON_ITEM = {"id", "url", "external_url", "title", "content_html", "content_text", "summary", "date_published"}
JSON_ITEM |= {"date_modified", "authors", "tags", "language", "attachments"}


class Faults(list[str]):
    """What was found wrong; the checks ask it line by line."""

    def unless(self, fine: object, fault: str) -> None:
        if not fine:
            self.append(fault)

    def done(self) -> None:
        assert not self, "\n".join(self[:20])


def check(form: str, body: bytes, address: str) -> int:
    """Check a feed and return how many entries it has. address: the absolute one it is known by."""
    return {"atom": check_atom, "rss": check_rss, "json": check_json}[form](body, address)


def check_atom(body: bytes, address: str) -> int:
    """RFC 4287."""
    faults = Faults()
    root = _xml(body, faults)
    faults.unless(root.tag == f"{ATOM}feed", f"the root is {root.tag}")
    _children(root, FEED, faults, space=ATOM)
    _once(root, ("id", "title", "updated"), ("subtitle", "generator", "rights"), faults, space=ATOM)
    links = root.findall(f"{ATOM}link")
    own = [link.get("href") for link in links if link.get("rel") == "self"]
    faults.unless(own == [address], f"self is {own}, and the feed is at {address}")
    _alternate(root, faults)
    entries = root.findall(f"{ATOM}entry")
    for entry in entries:
        _children(entry, ENTRY, faults, space=ATOM)
        _once(entry, ("id", "title", "updated"), ("published", "content", "summary", "rights"), faults, space=ATOM)
        _alternate(entry, faults)
        faults.unless(entry.find(f"{ATOM}author") is not None or root.find(f"{ATOM}author") is not None, "no author")
        content = entry.find(f"{ATOM}content")
        faults.unless(content is not None and content.get("type") == "html", "the content is not said to be HTML")
        check_html("" if content is None else content.text or "", faults)
    for one in root.iter():
        if one.tag in (f"{ATOM}updated", f"{ATOM}published"):
            _rfc3339(one.text or "", faults)
        elif one.tag == f"{ATOM}id":
            faults.unless(URI.fullmatch(one.text or ""), f"{one.text!r} is no IRI")
        elif one.tag == f"{ATOM}author":
            names = one.findall(f"{ATOM}name")
            faults.unless(len(names) == 1 and (names[0].text or "").strip(), "an author has not one name")
        elif one.tag == f"{ATOM}category":
            faults.unless((one.get("term") or "").strip(), "a category without a term")
        elif one.tag == f"{ATOM}link":
            _absolute(one.get("href"), faults)
            faults.unless(re.fullmatch(r"[\w.+-]+/[\w.+-]+", one.get("type", "a/b")), "a link's type is no media type")
        elif one.tag == f"{ATOM}title":
            faults.unless((one.text or "").strip(), "an empty title")
    _unique([entry.findtext(f"{ATOM}id") for entry in entries], faults)
    faults.done()
    return len(entries)


def check_rss(body: bytes, address: str) -> int:
    """RSS 2.0 with the best practices profile."""
    faults = Faults()
    root = _xml(body, faults)
    faults.unless((root.tag, root.get("version")) == ("rss", "2.0"), f"the root is {root.tag} {root.get('version')}")
    faults.unless([one.tag for one in root] == ["channel"], "not one channel")
    channel = root[0]
    _children(channel, CHANNEL, faults)
    single = ("language", "lastBuildDate", "pubDate", "generator", "docs", "ttl", "copyright")
    _once(channel, ("title", "link", "description", f"{ATOM}link"), single, faults)
    own = channel.find(f"{ATOM}link")
    said = dict(own.attrib) if own is not None else {}
    faults.unless(said == {"rel": "self", "href": address, "type": "application/rss+xml"}, f"atom:link says {said}")
    faults.unless(LANGUAGE.fullmatch(channel.findtext("language", "en")), "the language is none")
    faults.unless(channel.findtext("ttl", "1").isdigit(), "ttl is no number")
    items = channel.findall("item")
    for item in items:
        _children(item, RSS_ITEM, faults)
        _once(item, ("title", "link", "guid", "pubDate", "description"), ("comments", "source"), faults)
        guid = item.find("guid")
        faults.unless(guid is not None and guid.get("isPermaLink") == "false", "a guid that is no page must say so")
        title = item.findtext("title") or ""
        faults.unless(not re.search(r"</?[A-Za-z!?]|&#?\w+;", title), f"a title that can be taken for HTML: {title!r}")
        check_html(item.findtext("description") or "", faults)
    for one in root.iter():
        if one.tag in ("pubDate", "lastBuildDate"):
            _rfc822(one.text or "", faults)
        elif one.tag in ("link", "docs", "comments"):
            _absolute(one.text, faults)
        elif one.tag in ("title", "category", f"{DC}creator"):
            faults.unless((one.text or "").strip(), f"an empty {one.tag}")
        elif one.tag == "author":
            faults.unless(EMAIL_FIRST.match(one.text or ""), "an author is an e-mail address; others are dc:creator")
    _unique([item.findtext("guid") for item in items], faults)
    faults.done()
    return len(items)


def check_json(body: bytes, address: str) -> int:
    """JSON Feed 1.1."""
    faults = Faults()
    _plain(body.decode("utf-8"), faults)
    whole = json.loads(body)
    faults.unless(whole.get("version") == "https://jsonfeed.org/version/1.1", "not version 1.1")
    faults.unless(set(whole) <= JSON_FEED, f"unknown: {set(whole) - JSON_FEED}")
    faults.unless(isinstance(whole.get("title"), str) and whole["title"].strip(), "no title")
    faults.unless(whole.get("feed_url") == address, f"feed_url is {whole.get('feed_url')}, not {address}")
    _absolute(whole.get("home_page_url"), faults)
    faults.unless(isinstance(whole.get("items"), list), "no items")
    for item in whole["items"]:
        faults.unless(set(item) <= JSON_ITEM, f"unknown: {set(item) - JSON_ITEM}")
        faults.unless(isinstance(item.get("id"), str) and item["id"], "an id that is no text")
        faults.unless(isinstance(item.get("content_html"), str), "no content")
        check_html(item["content_html"], faults)
        faults.unless(item.get("title", "x").strip(), "an empty title")
        for name in ("url", "external_url"):
            if name in item:
                _absolute(item[name], faults)
        for name in ("date_published", "date_modified"):
            _rfc3339(item.get(name, ""), faults)
        tags = item.get("tags", [])
        faults.unless(all(isinstance(tag, str) and tag for tag in tags) and len(set(tags)) == len(tags), "tags")
        for author in [*item.get("authors", []), *whole.get("authors", [])]:
            faults.unless(set(author) <= {"name", "url", "avatar"} and author.get("name", "").strip(), "an author")
    _unique([item["id"] for item in whole["items"]], faults)
    faults.done()
    return len(whole["items"])


def check_opml(body: bytes) -> list[str]:
    """OPML 2.0. Returns the addresses of its feeds."""
    faults = Faults()
    root = _xml(body, faults)
    faults.unless((root.tag, root.get("version")) == ("opml", "2.0"), f"the root is {root.tag} {root.get('version')}")
    faults.unless([one.tag for one in root] == ["head", "body"], "not a head and a body")
    faults.unless(root.findtext("head/title"), "no title")
    _rfc822(root.findtext("head/dateCreated") or "", faults)
    faults.unless(len(root[1]), "an empty body")
    found = []
    for outline in root[1].iter("outline"):
        faults.unless((outline.get("text") or "").strip(), "an outline without text")
        if outline.get("type") == "rss":
            for name in ("xmlUrl", "htmlUrl"):
                _absolute(outline.get(name), faults)
            found.append(outline.get("xmlUrl") or "")
    faults.done()
    return found


class _Html(HTMLParser):
    def __init__(self, faults: Faults) -> None:
        super().__init__()
        self.faults = faults
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.faults.unless(tag in ("p", "a", "em", "strong", "br"), f"<{tag}> in a text")
        for name, value in attrs:
            self.faults.unless((tag, name) == ("a", "href"), f"{name} on <{tag}>")
            _absolute(value, self.faults)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        self.faults.unless(self.open and self.open.pop() == tag, f"</{tag}> closes nothing")

    def handle_comment(self, data: str) -> None:
        self.faults.append(f"a comment {data!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def check_html(text: str, faults: Faults) -> None:
    """A text is HTML of a few tags, whole, with absolute links, and without mathematics that few programs show."""
    look = _Html(faults)
    look.feed(text)
    look.close()
    faults.unless(not look.open, f"{look.open} stay open")
    _plain(text, faults)


def _xml(body: bytes, faults: Faults) -> ET.Element:
    faults.unless(body.startswith(b'<?xml version="1.0" encoding="utf-8"?>'), "no declaration of UTF-8")
    _plain(body.decode("utf-8"), faults)
    root = ET.fromstring(body)
    for one in root.iter():
        _plain("".join([one.text or "", *one.attrib.values()]), faults)
    return root


def _plain(text: str, faults: Faults) -> None:
    found = CONTROLS.search(text)
    faults.unless(found is None, f"a sign that cannot be seen: {found and found[0]!r}")


def _children(parent: ET.Element, known: set[str], faults: Faults, *, space: str = "") -> None:
    for child in parent:
        name = child.tag.removeprefix(space)
        faults.unless(name in known, f"{child.tag} in {parent.tag}")


def _once(
    parent: ET.Element, needed: tuple[str, ...], allowed: tuple[str, ...], faults: Faults, *, space: str = ""
) -> None:
    for name in needed:
        number = len(parent.findall(space + name))
        faults.unless(number == 1, f"{number} times {name} in {parent.tag}")
    for name in allowed:
        number = len(parent.findall(space + name))
        faults.unless(number <= 1, f"{number} times {name} in {parent.tag}")


def _alternate(parent: ET.Element, faults: Faults) -> None:
    links = [link for link in parent.findall(f"{ATOM}link") if link.get("rel", "alternate") == "alternate"]
    faults.unless(len(links) == 1, f"{len(links)} alternate links in {parent.tag}")


def _absolute(address: str | None, faults: Faults) -> None:
    parts = urlsplit(address or "")
    fine = parts.scheme in ("http", "https") and parts.netloc and URI.fullmatch(address or "")
    faults.unless(fine, f"{address!r} is no absolute address")


def _unique(ids: list[str | None], faults: Faults) -> None:
    faults.unless(len(set(ids)) == len(ids), "two entries have one id")


def _rfc3339(text: str, faults: Faults) -> None:
    if not RFC3339.fullmatch(text):
        faults.append(f"{text!r} is no date of RFC 3339")
        return
    faults.unless(datetime.fromisoformat(text) <= datetime.now(UTC) + timedelta(minutes=1), f"{text} is to come")


def _rfc822(text: str, faults: Faults) -> None:
    if not RFC822.fullmatch(text):
        faults.append(f"{text!r} is no date of RFC 822")
        return
    moment = parsedate_to_datetime(text)
    faults.unless(text.startswith(f"{moment:%a}"), f"{text} is not that day of the week")
    faults.unless(moment <= datetime.now(UTC) + timedelta(minutes=1), f"{text} is to come")
