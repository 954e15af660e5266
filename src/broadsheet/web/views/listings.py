"""The pages of lists that are followed: a category's papers, and the papers for one reader."""

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from broadsheet.errors import BadInput
from broadsheet.ranking import entries, for_reader
from broadsheet.ranking.listings import listing, title
from broadsheet.web.cache import kept_page
from broadsheet.web.cards import dress, here, list_in_sight
from broadsheet.web.views.lists import private, signed_in

CATEGORY = 1000
"""Papers of a category, the newest: all of them would be counted anew on each view."""

FOR_ME = 200
"""Papers on the page for one reader."""


@require_safe
@kept_page
def category(request: HttpRequest, name: str) -> HttpResponse:
    """Show the papers of a category, or of a whole archive, newest edition first."""
    try:
        listed = listing("category", name)
    except BadInput as error:
        raise Http404(error.message) from None
    if listed.value != name:
        return redirect("category", listed.value, permanent=True)
    sight = list_in_sight(request, entries.of_category(name))
    page = Paginator(sight.papers[:CATEGORY], settings.PAGE_SIZE).get_page(request.GET.get("p", "1"))
    papers = list(page.object_list)
    if not papers and not sight.context:
        raise Http404(f"No paper of the category {name!r} is known here.")
    dress(request, papers, people=False)
    context = {
        "title": title(listed),
        "listed": listed,
        "page": page,
        "papers": papers,
        "most": CATEGORY,
        "here": here(request),
    }
    return render(request, "web/category.html", sight.context | context)


@private
@require_safe
def for_me(request: HttpRequest) -> HttpResponse:
    """Show the newest papers for who is signed in, each with its reasons."""
    reader = signed_in(request, "see the papers for you")
    page = Paginator(for_reader.ranked(reader, FOR_ME), settings.PAGE_SIZE).get_page(request.GET.get("p", "1"))
    found = list(page.object_list)
    dress(request, [entry.paper for entry in found], people=False)
    context = {"listed": listing("for-me", "", reader), "page": page, "entries": found, "here": here(request)}
    return render(request, "web/for_me.html", context)
