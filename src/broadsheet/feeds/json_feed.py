"""JSON Feed 1.1 (https://www.jsonfeed.org/version/1.1/)."""

import json
from datetime import UTC, datetime

from broadsheet.feeds.shape import LANGUAGE, NAME, Feed, Item

JSON = "application/feed+json"


def json_feed(feed: Feed) -> bytes:
    """Return a feed as JSON Feed."""
    whole = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": feed.page,
        "feed_url": feed.address,
        "description": feed.about,
        "authors": [{"name": NAME}],
        "language": LANGUAGE,
        "items": [_item(item) for item in feed.items],
    }
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _item(item: Item) -> dict[str, object]:
    made: dict[str, object] = {
        "id": item.id,
        "url": item.address,
        "title": item.title,
        "content_html": item.html,
        "date_published": _time(item.published),
        "date_modified": _time(item.updated),
    }
    if item.links:
        made["external_url"] = item.links[0].address
    if item.authors:
        made["authors"] = [{"name": name} for name in item.authors]
    if item.tags:
        made["tags"] = list(item.tags)
    return made


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
