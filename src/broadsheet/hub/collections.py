"""Reading lists in the hub's shape of collections. Which lists, and for whom, is decided by the API."""

from collections.abc import Iterable, Sequence

from django.utils.text import slugify

from broadsheet.community.models import ListItem, ReadingList
from broadsheet.hub.items import plain
from broadsheet.hub.people import account
from broadsheet.hub.texts import Json, day_text, time_text

PREVIEW = 4
"""Items that a list of collections shows of each."""


def slug(reading_list: ReadingList) -> str:
    """Return a list's name among collections: owner, title for people, and an id that stays when the title changes."""
    titled = slugify(reading_list.title)[:60].strip("-_") or "list"
    return f"{reading_list.owner.username}/{titled}-{reading_list.public_id}"


def collection(
    reading_list: ReadingList, items: Iterable[ListItem], *, followers: int, voted: frozenset[int] = frozenset()
) -> Json:
    """Return a list as a collection, as lists of collections have it: without its own ``position``.

    items: those to be shown, in order, with their papers. followers: stand for upvotes. voted: primary keys of the
    papers that the one who asks has voted for.
    """
    return {
        "slug": slug(reading_list),
        "title": reading_list.title,
        "description": reading_list.description,
        "lastUpdated": time_text(reading_list.changed),
        "gating": False,
        "owner": account(reading_list.owner),
        "items": [_item(item, place, voted) for place, item in enumerate(items)],
        "theme": reading_list.theme,
        "private": not reading_list.public,
        "upvotes": followers,
        "isUpvotedByUser": False,
    }


def _item(item: ListItem, place: int, voted: Sequence[int] | frozenset[int]) -> Json:
    paper = item.paper
    shown: Json = {
        "_id": item.public_id,
        "id": paper.key,
        "type": "paper",
        "position": place,
        "title": plain(paper.title),
        "upvotes": paper.votes,
        "thumbnailUrl": "",
        "isUpvotedByUser": paper.pk in voted,
    }
    if paper.published:
        shown["publishedAt"] = time_text(paper.published)
    elif paper.day:
        shown["publishedAt"] = day_text(paper.day)
    if item.note:
        shown["note"] = {"text": item.note}
    return shown
