"""The lists: the edition of a day, a week or a month, and trending."""

from datetime import date

from django.conf import settings
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from broadsheet.community import exposure
from broadsheet.hub import compact, daily_papers_props
from broadsheet.ledger.standing import front_line
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.ranking import lists
from broadsheet.ranking.listings import Listing
from broadsheet.ranking.lists import Kind, Period
from broadsheet.sources import arxiv_calendar
from broadsheet.web.cache import kept_page
from broadsheet.web.cards import dress, here, list_in_sight, unwanted
from broadsheet.web.views.search import results


@require_safe
def newest(request: HttpRequest, kind: Kind = "day") -> HttpResponse:
    """Go to the newest edition of a day, a week or a month, or say that there is none yet."""
    day = lists.newest_day()
    if day is None:
        return render(request, "web/empty.html", {"title": "No papers yet"})
    return HttpResponseRedirect(reverse(kind, args=[lists.period_around(kind, day).label]))


@require_safe
def papers(request: HttpRequest) -> HttpResponse:
    """Search where a query is given; else go to the day asked for in the old form, or to the newest edition."""
    if "q" in request.GET:
        return results(request)
    if asked := request.GET.get("date"):
        return HttpResponseRedirect(reverse("day", args=[lists.period("day", asked).label]))
    return newest(request)


@require_safe
@kept_page
def edition(request: HttpRequest, kind: Kind, label: str) -> HttpResponse:
    """Show the papers of a day, a week or a month, best first."""
    period = lists.period(kind, label)
    sight = list_in_sight(request, lists.papers_of(period))
    page, papers = _page(request, sight.papers)
    previous, following = lists.neighbours(period)
    slot = _slot(request, period, page, papers, newest=following is None)
    found = dress(request, [*papers, *(shown.paper for shown in slot)])
    context = sight.context | {
        "period": period,
        "listed": Listing(kind, period.label),
        "here": here(request),
        "slot": slot,
        "previous": reverse(kind, args=[previous]) if previous else "",
        "next": reverse(kind, args=[following]) if following else "",
        "tabs": _tabs(period),
        "sample": any(paper.text_source == "sample" for paper in papers),
        "why_empty": "" if papers else why_empty(period, timezone.localdate()),
        "line": front_line(timezone.now()) if kind == "day" and following is None else "",
        "props": compact(daily_papers_props(kind, period.label, previous, papers, found)),
        "page": page,
        "papers": papers,
        "total": page.paginator.count,
    }
    return render(request, "web/front.html", context)


@require_safe
@kept_page
def trending(request: HttpRequest) -> HttpResponse:
    """Show the papers that readers turn to now."""
    return _endless(request, "Trending", lists.trending(), Listing("trending"))


@require_safe
@kept_page
def added(request: HttpRequest) -> HttpResponse:
    """Show the papers that came here last, whatever their votes."""
    return _endless(request, "New", lists.added(), Listing("new"))


def _endless(request: HttpRequest, heading: str, papers: PaperQuerySet, listed: Listing) -> HttpResponse:
    """Show a list over all editions."""
    sight = list_in_sight(request, papers)
    page, shown = _page(request, sight.papers)
    found = dress(request, shown)
    context = sight.context | {
        "heading": heading,
        "listed": listed,
        "here": here(request),
        "tabs": _tabs(None, heading),
        "props": compact(daily_papers_props("day", timezone.localdate().isoformat(), None, shown, found)),
        "page": page,
        "papers": shown,
        "total": page.paginator.count,
    }
    return render(request, "web/front.html", context)


def _slot(
    request: HttpRequest, period: Period, page: Page[Paper], papers: list[Paper], *, newest: bool
) -> list[exposure.Shown]:
    """Return the rotating slot, which stands below the first page of a day."""
    if period.kind != "day" or page.number != 1 or not papers:
        return []
    beside = None if page.paginator.num_pages == 1 else [paper.pk for paper in papers]
    return exposure.slot(period.first, newest=newest, beside=beside, unwanted=unwanted(request))


def why_empty(period: Period, today: date) -> str:
    """Return the honest sentence for a period without papers."""
    if period.first > today:
        return "This edition is not out yet."
    if period.kind == "day" and period.first.weekday() >= 5:
        return "There is no edition on this day: arXiv announces no papers on Saturdays and Sundays."
    if period.kind == "day" and (name := arxiv_calendar.holiday_before(period.first)):
        return f"There is no edition on this day: arXiv announced no papers for it ({name})."
    if period.first <= today <= period.last:
        return "This edition is not out yet. arXiv announces its papers in the evening of New York, Sunday to Thursday."
    return "No paper of this period has been taken in here. It may be a holiday, or from before this site began."


def _page(request: HttpRequest, papers: PaperQuerySet) -> tuple[Page[Paper], list[Paper]]:
    """Return one page of a list and its papers; a number out of range gives the nearest page."""
    page = Paginator(papers, settings.PAGE_SIZE).get_page(request.GET.get("p", "1"))
    return page, list(page.object_list)


def _tabs(period: Period | None, heading: str = "") -> list[tuple[str, str, bool]]:
    """Return name, address and "is this one" of each kind of list, each around the day that is open."""
    day = (period.first if period else None) or lists.newest_day() or timezone.localdate()
    if period and period.kind != "day":
        day = min(period.last, lists.newest_day() or period.last)
    tabs = [
        (
            kind.capitalize(),
            reverse(kind, args=[lists.period_around(kind, day).label]),
            bool(period and period.kind == kind),
        )
        for kind in lists.KINDS
    ]
    endless = [("Trending", reverse("trending")), ("New", reverse("newest-added"))]
    return [*tabs, *((name, address, name == heading) for name, address in endless)]
