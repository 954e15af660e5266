"""The page that asks arXiv's own search for what is not here yet. Bringing a paper here is in ``submit``."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from broadsheet import pipeline
from broadsheet.accounts import readers
from broadsheet.errors import BroadsheetError, SignInNeeded, TooMany
from broadsheet.papers.models import Paper
from broadsheet.search.query import parse
from broadsheet.sources.record import Record
from broadsheet.web.views.errors import STATUS

ROWS = 20
LAST_PAGE = 50


@require_safe
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show what arXiv finds for a query: which of it is here, and a button that brings the others."""
    readers.active(request.user, "ask arXiv")
    typed = request.GET.get("q", "").strip()[:300]
    text = request.GET.get("p", "1")
    number = min(max(int(text), 1), LAST_PAGE) if text.isascii() and text.isdigit() and len(text) < 6 else 1
    context: dict[str, object] = {"title": "What arXiv finds", "typed": typed, "offline": settings.OFFLINE}
    if not typed or request.method == "HEAD":
        return render(request, "web/elsewhere.html", context)
    try:
        found = pipeline.ask_arxiv(request.user, parse(typed), start=(number - 1) * ROWS, limit=ROWS)
    except SignInNeeded:
        raise
    except BroadsheetError as error:
        answer = render(request, "web/elsewhere.html", context | {"error": error}, status=STATUS[type(error)])
        if isinstance(error, TooMany):
            answer["Retry-After"] = str(error.wait)
        return answer
    context |= {
        "rows": _with_ours(found.papers),
        "total": found.total,
        "notes": found.notes,
        "number": number,
        "newer": number - 1,
        "older": number + 1 if number * ROWS < found.total and number < LAST_PAGE else 0,
    }
    return render(request, "web/elsewhere.html", context)


def _with_ours(found: list[Record]) -> list[tuple[Record, str]]:
    """Return each record with the key of the paper here, '' where it is not here."""
    held = Paper.objects.filter(key__in=[row.id for row in found]).select_related("same_as")
    known = {paper.key: (paper.same_as or paper).key for paper in held}
    return [(row, known.get(row.id, "")) for row in found]
