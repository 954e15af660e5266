"""How a list can be followed, in templates: the addresses of its feeds and of its subscription."""

from functools import lru_cache
from urllib.parse import urlencode

from django import template
from django.urls import NoReverseMatch, get_script_prefix, reverse

from broadsheet.errors import BroadsheetError
from broadsheet.ranking import listings, lists
from broadsheet.ranking.listings import Listing

register = template.Library()

FORMS = (
    ("Atom", "atom", "application/atom+xml"),
    ("RSS", "rss", "application/rss+xml"),
    ("JSON", "json", "application/feed+json"),
)


@register.filter
def feeds(listed: Listing) -> list[tuple[str, str, str]]:
    """Return name, media type and path of each form of a list's feed; none where the list is gone meanwhile."""
    if listed.kind == "search":  # whose address is all in its words, and stands on a page twice
        return list(_of_search(get_script_prefix(), listed))
    return _feeds(listed)


@lru_cache(maxsize=64)
def _of_search(_: str, listed: Listing) -> tuple[tuple[str, str, str], ...]:
    return tuple(_feeds(listed))


def _feeds(listed: Listing) -> list[tuple[str, str, str]]:
    try:
        paths = listings.feed_paths(listed, [form for _, form, _ in FORMS])
    except BroadsheetError:
        return []
    return [(name, kind, path) for (name, _, kind), path in zip(FORMS, paths, strict=True)]


@register.filter
def ongoing(listed: Listing) -> Listing:
    """Return the list that goes on: that of every day for one day's; any other list is it itself."""
    return Listing(listed.kind) if listed.kind in lists.KINDS else listed


@register.filter
def listing_title(listed: Listing) -> str:
    """Return what a list is called."""
    return listings.title(listed)


@register.filter
def by_mail(listed: Listing) -> str:
    """Return the path of the page that subscribes to a list, '' where there is none."""
    value = "" if listed.private else listed.value  # a private list is its reader's, who need not be named
    try:
        return f"{reverse('subscribe')}?{urlencode({'kind': listed.kind} | ({'value': value} if value else {}))}"
    except NoReverseMatch:
        return ""
