"""Atom (RFC 4287) and RSS 2.0 with its best practices, by Django's generators and what these leave out."""

import re
from io import StringIO
from typing import Any
from xml.sax.xmlreader import AttributesImpl

from django.utils.feedgenerator import Atom1Feed, Rss201rev2Feed, SyndicationFeed, rfc2822_date
from django.utils.xmlutils import SimplerXMLGenerator

from broadsheet.feeds.shape import LANGUAGE, NAME, Feed, Item

ATOM, RSS = "application/atom+xml", "application/rss+xml"
_DC = "http://purl.org/dc/elements/1.1/"
_MINUTES = 60
"""How long a reader of RSS may keep a feed before it asks again."""
# Nobody ever said whether titles in RSS are text or HTML. A blank after the sign makes them the same in both.
_MARKUP = re.compile(r"<(?=[A-Za-z/!?])|&(?=#?\w+;)")


def atom(feed: Feed) -> bytes:
    """Return a feed as Atom."""
    return _written(_Atom, feed)


def rss(feed: Feed) -> bytes:
    """Return a feed as RSS."""
    return _written(_Rss, feed)


def _written(kind: type[SyndicationFeed], feed: Feed) -> bytes:
    made = kind(
        feed.title,
        feed.page,
        feed.about,
        language=LANGUAGE,
        author_name=NAME,
        subtitle=feed.about,
        feed_url=feed.address,
        feed_guid=feed.id,
        ttl=_MINUTES,
        whole=feed,
    )
    for item in feed.items:
        made.add_item(
            item.title,
            item.address,
            item.html,
            pubdate=item.published,
            updateddate=item.updated,
            unique_id=item.id,
            unique_id_is_permalink=False,
            categories=item.tags,
            whole=item,
        )
    text = StringIO()
    made.write(text, "utf-8")
    return text.getvalue().encode()


class _Atom(Atom1Feed):
    def latest_post_date(self) -> Any:
        return self.feed["whole"].updated

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        super().add_root_elements(handler)
        handler.addQuickElement("generator", NAME)

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"description": None})  # the whole text is no summary
        whole: Item = item["whole"]
        for author in whole.authors:
            handler.startElement("author", AttributesImpl({}))
            handler.addQuickElement("name", author)
            handler.endElement("author")
        for link in whole.links:
            handler.addQuickElement(
                "link", "", {"rel": "related", "href": link.address, "type": link.kind, "title": link.name}
            )
        handler.addQuickElement("content", whole.html, {"type": "html"})


class _Rss(Rss201rev2Feed):
    def rss_attributes(self) -> dict[str, str]:
        return {**super().rss_attributes(), "xmlns:dc": _DC}

    def latest_post_date(self) -> Any:
        return self.feed["whole"].updated

    def add_root_elements(self, handler: SimplerXMLGenerator) -> None:
        whole: Feed = self.feed["whole"]
        handler.addQuickElement("title", whole.title)
        handler.addQuickElement("link", whole.page)
        handler.addQuickElement("description", whole.about)
        # The profile wants the type, which Django's own element has not.
        handler.addQuickElement("atom:link", None, {"rel": "self", "href": whole.address, "type": RSS})
        handler.addQuickElement("language", LANGUAGE)
        handler.addQuickElement("lastBuildDate", rfc2822_date(whole.updated))
        handler.addQuickElement("generator", NAME)
        handler.addQuickElement("docs", "https://www.rssboard.org/rss-specification")
        handler.addQuickElement("ttl", str(_MINUTES))

    def add_item_elements(self, handler: SimplerXMLGenerator, item: dict[str, Any]) -> None:
        super().add_item_elements(handler, item | {"title": _MARKUP.sub(r"\g<0> ", item["title"])})
        whole: Item = item["whole"]
        for author in whole.authors:
            handler.addQuickElement("dc:creator", author)
