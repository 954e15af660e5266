"""How a list can be followed, in templates: the addresses of its feeds and of its subscription."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import NoReverseMatch, get_script_prefix, reverse
from django.utils.safestring import SafeString

from broadsheet.errors import BroadsheetError
from broadsheet.papers.escaping import escape
from broadsheet.ranking import listings, lists
from broadsheet.ranking.listings import Listing
from broadsheet.web.templatetags.papers import at

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


@register.simple_tag(takes_context=True)
def listing_head(context: dict[str, Any]) -> SafeString:
    """Return the links to the feeds of the page's list for its head, as safe HTML, each on a line."""
    listed: Listing | None = context.get("listed")
    if not listed:
        return SafeString("")
    every = ongoing(listed)
    return SafeString(_links_to(every) + (_links_to(listed) if every != listed else ""))


def _links_to(listed: Listing) -> str:
    title = escape(listing_title(listed))
    return "".join(
        [
            f'<link rel="alternate" type="{escape(kind)}" title="{title} ({escape(name)})" href="{escape(path)}">\n'
            for name, kind, path in feeds(listed)
        ]
    )


@register.simple_tag(takes_context=True)
def listing_ways(context: dict[str, Any]) -> SafeString:
    """Return how the page's list can be followed by mail and by feed, as safe HTML."""
    listed: Listing | None = context.get("listed")
    if not listed:
        return SafeString("")
    every = ongoing(listed)
    mail = by_mail(every)
    by = f'<a href="{escape(mail)}" rel="nofollow">By mail</a> · ' if mail else ""
    if listed.private:
        links = f'<a href="{escape(at("feeds"))}">Feeds</a>'
    else:
        known = [
            f'<a href="{escape(path)}" type="{escape(kind)}">{escape(name)}</a> ' for name, kind, path in feeds(every)
        ]
        links = f"Feed: {''.join(known)}"
    return SafeString(f'<p class="ways-in quiet">{by}{links}</p>')


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
