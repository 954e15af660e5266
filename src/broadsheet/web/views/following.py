"""Pages of what is a reader's own business: what they follow, with what is new, and what they marked."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_POST, require_safe

from broadsheet.community import follows, marks, news
from broadsheet.community.models import Mark
from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.ranking import searched
from broadsheet.ranking.lists import newest_day
from broadsheet.web.views.lists import address, back, signed_in

MOST_SEARCHES = 20
"""Searches that are asked anew for one page; the others show their name alone."""

MOST_FOUND = 50
"""Papers of one search, the newest; more than so many new ones are not counted."""

RECENT = timedelta(days=30)
"""How long before the newest edition a search of what is followed goes back."""

PAGE_SIZE = 50
NAMES = {
    "author": "Authors",
    "category": "Categories",
    "search": "Searches",
    "reader": "Readers",
    "organization": "Organisations",
    "list": "Lists",
}
private = cache_control(private=True, no_store=True)


@private
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show what a reader follows, each with its newest papers."""
    signed_in(request, "follow")
    told = news.news(request.user, _searcher())
    groups = [
        (kind, name, [(one, _address(one)) for one in told if one.follow.kind == kind]) for kind, name in NAMES.items()
    ]
    context = {"groups": [group for group in groups if group[2]], "new": sum(one.new for one in told)}
    return render(request, "web/following.html", context)


@require_POST
def follow(request: HttpRequest) -> HttpResponse:
    """Follow something (``do=follow``) or leave it (``do=unfollow``), and go back to where the form was."""
    verbs = {"follow": follows.follow, "unfollow": follows.unfollow}
    asked = request.POST.get("do", "")
    if asked not in verbs:
        raise BadInput(f"do is {asked[:20]!r}; it takes follow or unfollow.")
    verbs[asked](request.user, request.POST.get("kind", ""), request.POST.get("value", ""))
    return HttpResponseRedirect(back(request, reverse("following")))


@require_POST
def seen(request: HttpRequest) -> HttpResponse:
    """Count what is new up to now as seen."""
    follows.seen(request.user)
    return HttpResponseRedirect(reverse("following"))


@private
@require_safe
def marked(request: HttpRequest) -> HttpResponse:
    """Show what a reader marked as read or as not interesting, with a way to undo each."""
    signed_in(request, "see what you marked")
    kind = request.GET.get("kind", "")
    found = marks.marked(request.user)
    if kind in marks.KINDS:
        found = found.filter(kind=kind)
    shown = Paginator(found, PAGE_SIZE).get_page(request.GET.get("p", "1"))
    kinds = (("", "All"), (Mark.READ, "Read"), (Mark.NOT_INTERESTED, "Not interested"))
    return render(request, "web/marks.html", {"page": shown, "kind": kind, "kinds": kinds})


def _searcher() -> Callable[[str], list[int]]:
    """Return a search among recent papers that gives up after some queries, or where the index does not answer.

    It finds what feeds and mails tell of too.
    """
    asked: list[str] = []
    newest = newest_day()
    since = newest - RECENT if newest else None

    def newest_of(query: str) -> list[int]:
        asked.append(query)
        if len(asked) > MOST_SEARCHES:
            return []
        try:
            found = Paper.objects.filter(pk__in=searched.matches(query, since))
        except BroadsheetError:
            return []
        return list(found.order_by("-day", "-pk").values_list("pk", flat=True)[:MOST_FOUND])

    return newest_of


def _address(one: news.News) -> str:
    """Return the page of what is followed, '' where there is none."""
    value = one.follow.value
    if one.follow.kind == "list":
        return address(one.list) if one.list else ""
    if one.follow.kind == "search":
        return f"{reverse('papers')}?{urlencode({'q': value})}"
    try:
        return reverse(one.follow.kind, args=[value])
    except NoReverseMatch:
        return ""
