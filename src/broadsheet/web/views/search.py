"""The search page."""

from dataclasses import replace
from datetime import date
from functools import lru_cache
from urllib.parse import quote_plus, urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.papers.models import Paper, standing_by_pk
from broadsheet.papers.tex import both
from broadsheet.ranking.asked import followable
from broadsheet.search import highlight, hybrid, orders
from broadsheet.search.query import ORDERS, Query, parse
from broadsheet.web import cards

WHY = {
    "title": "its title is what you typed",
    "phrase": "holds your phrase",
    "words": "matches your words",
    "meaning": "near in meaning",
}
FEW = 10
"""Results below which the page offers to ask arXiv for more."""

LIKE_AN_ABSTRACT = 40
"""Words from which a query reads like an abstract, whose related work is shown better in groups."""

FACETS = 8
"""Categories, and years, that the page offers to narrow by."""

_quoted = lru_cache(maxsize=1024)(quote_plus)  # the same few categories and years stand on every page


def results(request: HttpRequest) -> HttpResponse:
    """Show what was found, or go to the paper whose id or URL was typed."""
    asked = {name: request.GET.get(name, "").strip() for name in ("q", "category", "since", "until", "sort", "match")}
    kept = [(name, value) for name, value in asked.items() if value and name != "q"]
    # All names that the template asks for: one that is missing is looked for in every layer, which takes long.
    context: dict[str, object] = {"asked": asked, "kept": kept, "error": None, "hidden": 0, "shown": []}
    try:
        query = _query(asked)
        number = _number(request.GET.get("p", "1"))
        after = orders.read(request.GET["after"]) if number > 1 and request.GET.get("after") else None
        found = _found(query, number, asked, after)
        if found.total and not found.hits:  # past the end: the last page, as in every list
            number = -(-found.total // settings.PAGE_SIZE)
            found = _found(query, number, asked, None)
    except BadInput as error:
        return render(request, "web/search.html", context | {"error": error}, status=400)
    except BroadsheetError as error:
        return render(request, "web/search.html", context | {"error": error}, status=503)
    if found.jump:
        return HttpResponseRedirect(reverse("paper", args=[found.jump]))
    context |= (
        _page(request, query, found, number, asked) | _ways_on(query, found, asked) | {"listed": followable(asked)}
    )
    context |= {"found": found, "unknown_id": query.key, "nothing": query.empty}
    context["long"] = len(query.text.split()) >= LIKE_AN_ABSTRACT
    context["elsewhere"] = found.total < FEW and not settings.OFFLINE
    return render(request, "web/search.html", context)


def _query(asked: dict[str, str]) -> Query:
    categories = asked["category"].replace(",", " ").split()
    query = parse(asked["q"], categories=categories, since=_day("since", asked), until=_day("until", asked))
    order = next((order for order in ORDERS if order == asked["sort"]), None)
    return replace(query, order=order) if order else query


def _found(query: Query, number: int, asked: dict[str, str], after: orders.Place | None) -> hybrid.Results:
    begin = (number - 1) * settings.PAGE_SIZE
    exact = asked["match"] == "exact"
    return hybrid.search(query, limit=settings.PAGE_SIZE, offset=begin, after=after, exact=exact, tally=True)


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


def _page(
    request: HttpRequest, query: Query, found: hybrid.Results, number: int, asked: dict[str, str]
) -> dict[str, object]:
    papers = standing_by_pk([hit.paper_id for hit in found.hits], only=cards.SHOWN)
    around = cards.dress(request, papers.values(), request.get_full_path(), people=False)
    sight = cards.within_sight(request, papers.values(), around)
    seen = {paper.id for paper in sight.papers}
    shown = [
        (papers[hit.paper_id], ", ".join(WHY[why] for why in hit.why if why in WHY))
        for hit in found.hits
        if hit.paper_id in seen
    ]
    _mark(query, [paper for paper, _ in shown])
    kept = {name: value for name, value in asked.items() if value}

    def at(page: int, **more: str) -> str:
        return f"{reverse('papers')}?{urlencode(kept | {'p': str(page)} | more)}"

    return sight.context | {
        "shown": shown,
        "here": request.get_full_path(),
        "number": number,
        "newer": at(number - 1) if number > 1 else "",
        "older": at(number + 1, after=orders.written(found.hits[-1].place)) if found.more else "",
    }


def _mark(query: Query, papers: list[Paper]) -> None:
    """Put its texts beside each paper: the title with its marks, and the passage that matches best."""
    marks = highlight.pattern(query.text)
    if not marks:
        return
    titles = [both(paper.title, links=False) for paper in papers]
    abstracts = [both(paper.abstract) for paper in papers]
    marked = highlight.marked(
        [(title, abstract) for (_, title), (abstract, _) in zip(titles, abstracts, strict=True)], marks
    )
    for paper, (name, _), (_, abstract), (title, passage) in zip(papers, titles, abstracts, marked, strict=True):
        vars(paper)["texts"] = cards.Texts(name, title, abstract, passage)


def _ways_on(query: Query, found: hybrid.Results, asked: dict[str, str]) -> dict[str, object]:
    """Return where one can go from here: narrower by category and year, wider by leaving something out."""
    kept = {name: value for name, value in asked.items() if value}
    address = reverse("papers")
    # A dozen addresses differ in the end of the query alone, which may be a whole paragraph.
    typed = f"{address}?{urlencode({'q': asked['q']})}"
    filters = "".join([f"&{urlencode({name: value})}" for name, value in kept.items() if name != "q"])

    def at(**changed: str) -> str:
        return f"{address}?{urlencode({name: value for name, value in (kept | changed).items() if value})}"

    def narrowed(operator: str) -> str:
        return f"{typed}+{_quoted(operator)}{filters}"

    here = query.filters.categories
    categories = found.tally.categories if len(found.tally.categories) > 1 and not here else ()
    years = sorted(found.tally.years, reverse=True) if len(found.tally.years) > 1 else ()
    return {
        "categories": [(name, number, narrowed(f"cat:{name}")) for name, number in categories[:FACETS]],
        "years": [(year, number, narrowed(f"year:{year}")) for year, number in years[:FACETS]],
        "ways": [(way, at(q=way.text)) for way in found.ways],
        "exact": asked["match"] == "exact",
        "exactly": at(match="exact"),
        "similarly": at(match=""),
    }
