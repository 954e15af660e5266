"""A reader's feeds: the page that lists them with their addresses, and the same as OPML for other programs."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from broadsheet.accounts import feed_keys, readers
from broadsheet.accounts.models import User
from broadsheet.community import follows, lists
from broadsheet.community.models import Follow, ReadingList
from broadsheet.errors import BroadsheetError, SignInNeeded
from broadsheet.feeds.opml import Outline, opml
from broadsheet.feeds.shape import NAME, line, uri
from broadsheet.feeds.views import site_of
from broadsheet.ranking import listings
from broadsheet.ranking.listings import Kind, Listing

FORMS = {"atom": "Atom", "rss": "RSS", "json": "JSON"}
_EVERYBODYS = ("day", "week", "month", "trending", "new")
_PLAIN = ("author", "category", "organization")
"""Follows whose lists have their page whether anything is on them or not, so nothing is looked up for them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Feeds that stand together."""

    name: str
    feeds: list[Outline]


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show a reader's feeds with their addresses; the form resets the secret ones."""
    reader = _reader(request)
    if request.method == "POST":
        feed_keys.reset(request.user)
        messages.success(request, "The secret addresses are reset. Give your programs the new ones.")
        return HttpResponseRedirect(reverse("feeds"))
    return render(request, "web/feeds.html", {"title": "Feeds", "groups": groups(reader, site_of(request))})


@require_safe
@never_cache
def as_opml(request: HttpRequest) -> HttpResponse:
    """Send a reader's feeds as OPML, in the form asked for by ``?form=`` (Atom by default)."""
    reader = _reader(request)
    form = request.GET.get("form", "atom")
    form = form if form in FORMS else "atom"
    found = [(group.name, group.feeds) for group in groups(reader, site_of(request))]
    text = opml(f"{NAME}: feeds of {line(reader.shown_name)}", found, form=form, now=timezone.now())
    response = HttpResponse(text, content_type="text/x-opml; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="broadsheet.opml"'
    return response


def groups(reader: User, site: str) -> list[Group]:
    """Return all feeds of a reader; site: the address of the site without a final slash."""
    found = [
        Group("Yours alone", list(_own(reader, site))),
        Group("Saved searches", list(_searches(reader, site))),
        Group("Your lists", [_of_list(reader, one, site) for one in lists.mine(reader)]),
        Group("What you follow", list(_followed(reader, site))),
        Group("For everybody", [_public(listings.listing(kind), site) for kind in _EVERYBODYS]),
    ]
    return [group for group in found if group.feeds]


def _own(reader: User, site: str) -> Iterator[Outline]:
    for kind in ("for-me", "following"):
        yield _secret(reader, listings.listing(kind, viewer=reader), site)


def _searches(reader: User, site: str) -> Iterator[Outline]:
    for follow in follows.of(reader).filter(kind="search"):
        yield _secret(reader, Listing("search", follow.value), site)


def _followed(reader: User, site: str) -> Iterator[Outline]:
    for follow in follows.of(reader).exclude(kind="search"):
        try:
            yield _public(_listing(follow, reader), site)
        except BroadsheetError:  # gone, or private by now: it is still followed, and has no feed
            continue


def _listing(follow: Follow, reader: User) -> Listing:
    if follow.kind in _PLAIN:
        return Listing(cast("Kind", follow.kind), follow.value)
    return listings.listing(follow.kind, follow.value, reader)


def _of_list(reader: User, held: ReadingList, site: str) -> Outline:
    listed = Listing("list", held.public_id)
    return _public(listed, site) if held.public else _secret(reader, listed, site)


def _public(listed: Listing, site: str) -> Outline:
    return _outline(listed, site, lambda form: listings.feed_path(listed, form))


def _secret(reader: User, listed: Listing, site: str) -> Outline:
    token = feed_keys.token(reader, listed.key)
    return _outline(listed, site, lambda form: reverse("feed-secret", args=[token, form]), secret=True)


def _outline(listed: Listing, site: str, path: Callable[[str], str], *, secret: bool = False) -> Outline:
    return Outline(
        name=line(listings.title(listed)),
        page=uri(site + listings.path(listed)),
        addresses={form: uri(site + path(form)) for form in FORMS},
        secret=secret,
    )


def _reader(request: HttpRequest) -> User:
    reader = readers.signed_in(request.user)
    if reader is None:
        raise SignInNeeded("Sign in to see your feeds.")
    return reader
