"""The search page."""

from datetime import date
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.search import hybrid
from broadsheet.search.query import Query, parse
from broadsheet.web import cards

WHY = {"title": "its title is what you typed", "words": "matches your words", "meaning": "near in meaning"}


def results(request: HttpRequest) -> HttpResponse:
    """Show what was found, or go to the paper whose id or URL was typed."""
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "category", "since", "until")}
    kept = [(name, value) for name, value in asked.items() if value and name != "q"]
    context: dict[str, object] = {"asked": asked, "kept": kept}
    try:
        query = _query(asked)
        number = _number(request.GET.get("p", "1"))
        found = hybrid.search(query, limit=settings.PAGE_SIZE, offset=(number - 1) * settings.PAGE_SIZE)
        if found.total and not found.hits:  # past the end: the last page, as in every list
            number = -(-found.total // settings.PAGE_SIZE)
            found = hybrid.search(query, limit=settings.PAGE_SIZE, offset=(number - 1) * settings.PAGE_SIZE)
    except BadInput as error:
        return render(request, "web/search.html", context | {"error": error}, status=400)
    except BroadsheetError as error:
        return render(request, "web/search.html", context | {"error": error}, status=503)
    if found.jump:
        return HttpResponseRedirect(reverse("paper", args=[found.jump]))
    context |= _page(request, found, number, asked)
    return render(request, "web/search.html", context | {"found": found, "unknown_id": query.key})


def _query(asked: dict[str, str]) -> Query:
    categories = asked["category"].replace(",", " ").split()
    return parse(asked["q"], categories=categories, since=_day("since", asked), until=_day("until", asked))


def _day(name: str, asked: dict[str, str]) -> date | None:
    if not asked[name]:
        return None
    try:
        return date.fromisoformat(asked[name])
    except ValueError:
        raise BadInput(f"{asked[name][:40]!r} is not a day.", "Days are written like 2026-11-21.") from None


def _number(text: str) -> int:
    """Return a page number; whatever is not one is the first page."""
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 6 else 1


def _page(request: HttpRequest, found: hybrid.Results, number: int, asked: dict[str, str]) -> dict[str, object]:
    papers = Paper.objects.in_bulk([hit.paper_id for hit in found.hits])
    sight = cards.within_sight(request, papers.values())
    seen = {paper.pk for paper in sight.papers}
    cards.dress(request, sight.papers, request.get_full_path())
    shown = [
        (papers[hit.paper_id], ", ".join(WHY[why] for why in hit.why)) for hit in found.hits if hit.paper_id in seen
    ]
    kept = {name: value for name, value in asked.items() if value}

    def at(page: int) -> str:
        return f"{reverse('papers')}?{urlencode(kept | {'p': page})}"

    more = number * settings.PAGE_SIZE < found.total
    return sight.context | {
        "shown": shown,
        "here": request.get_full_path(),
        "number": number,
        "newer": at(number - 1) if number > 1 else "",
        "older": at(number + 1) if more else "",
    }
