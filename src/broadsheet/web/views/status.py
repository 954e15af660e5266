"""The status page, and the small files that robots ask for."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.templatetags.static import static
from django.utils import timezone
from django.views.decorators.http import require_safe

from broadsheet.papers.models import Paper, Run
from broadsheet.ranking.lists import newest_day
from broadsheet.search import current
from broadsheet.search.keeping.standing import standing
from broadsheet.web.views.ledger import month_context


@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Show how many papers are here, how far the index is, and what came of each day of a month (``?month=``)."""
    embedder = current.embedder()
    context = {
        "papers": Paper.objects.number_standing(),
        "newest": newest_day(),
        "index": standing(),
        "missing": "" if embedder else current.why_no_model(),
        "runs": Run.objects.order_by("-pk")[:20],
    } | month_context(request.GET.get("month", ""), timezone.now())
    return render(request, "web/status.html", context)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Tell robots to leave search and the choices of ``/quality`` alone, as every one is another page, and full texts,
    which arXiv is asked for.
    """
    kept_from = ("/papers?", "/papers/like?", "/papers/*.md$", "/quality?", "/api/")
    lines = ["User-agent: *", *(f"Disallow: {address}" for address in kept_from), ""]
    return HttpResponse("\n".join(lines), content_type="text/plain")


@require_safe
def favicon(_: HttpRequest) -> HttpResponse:
    """Lead browsers that ask in the old way to the icon."""
    return HttpResponseRedirect(static("web/icon.svg"))
