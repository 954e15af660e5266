"""OPML 2.0: a list of feeds that other programs take in. Which feeds, ``mine`` says."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import StringIO
from xml.sax.xmlreader import AttributesImpl

from django.utils.feedgenerator import rfc2822_date
from django.utils.xmlutils import SimplerXMLGenerator

from broadsheet.feeds.shape import line


@dataclass(frozen=True, slots=True)
class Outline:
    """A feed as it is listed. addresses: by form. secret: whether who knows its address can read it."""

    name: str
    page: str
    addresses: Mapping[str, str]
    secret: bool = False


def opml(title: str, groups: Iterable[tuple[str, Iterable[Outline]]], *, form: str, now: datetime) -> bytes:
    """Return feeds as OPML, in groups. form: which of each feed's addresses. now: when it was made."""
    text = StringIO()
    handler = SimplerXMLGenerator(text, "utf-8", short_empty_elements=True)
    handler.startDocument()
    handler.startElement("opml", AttributesImpl({"version": "2.0"}))
    handler.startElement("head", AttributesImpl({}))
    handler.addQuickElement("title", line(title))
    handler.addQuickElement("dateCreated", rfc2822_date(now))
    handler.addQuickElement("docs", "http://opml.org/spec2.opml")
    handler.endElement("head")
    handler.startElement("body", AttributesImpl({}))
    for name, feeds in groups:
        handler.startElement("outline", AttributesImpl({"text": line(name), "title": line(name)}))
        for feed in feeds:
            handler.addQuickElement("outline", None, _attributes(feed, form))
        handler.endElement("outline")
    handler.endElement("body")
    handler.endElement("opml")
    return text.getvalue().encode()


def _attributes(feed: Outline, form: str) -> dict[str, str]:
    # Programs look for the type "rss" whatever the form is, which they find out themselves.
    return {
        "type": "rss",
        "text": line(feed.name),
        "title": line(feed.name),
        "xmlUrl": feed.addresses[form],
        "htmlUrl": feed.page,
    }
