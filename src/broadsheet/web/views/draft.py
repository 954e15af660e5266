"""The page of related work: a draft comes in by form, what is near to it goes out, and nothing of it stays."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from broadsheet.errors import BadInput, BroadsheetError, Conflict
from broadsheet.papers import bibliography
from broadsheet.papers.models import Paper
from broadsheet.ranking import drafts
from broadsheet.sources import draft_files
from broadsheet.sources.draft_files import Draft
from broadsheet.web.uploads import InMemory
from broadsheet.web.views.errors import STATUS

MOST_EXPORTED = 300
MOST_SENT = 5 * draft_files.MOST_BYTES
"""Bytes of a form that is read through to tell that its file is too large. Browsers show no answer to one that is cut
off, so only beyond this, where reading takes a thread for long, it is."""

TITLE = "Related work of a draft"
_TOO_LARGE = f"The file is larger than {draft_files.MOST_BYTES // 1_000_000} MB."


@csrf_exempt  # looked at below, once it is said where the file is to be held: reading the form decides that
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def page(request: HttpRequest) -> HttpResponse:
    """Show the form, or the related work of a draft; or send papers that were found as BibTeX."""
    if _length(request) > MOST_SENT:
        too_large = BadInput(_TOO_LARGE, draft_files.PASTE)
        return render(request, "web/draft.html", {"title": TITLE, "error": too_large}, status=413)
    request.upload_handlers = [InMemory(request, draft_files.MOST_BYTES)]
    return _page(request)


def _length(request: HttpRequest) -> int:
    """Return how many bytes a request brings; without a length nothing of it is read."""
    told = request.META.get("CONTENT_LENGTH") or "0"
    return int(told) if told.isascii() and told.isdigit() else 0


@csrf_protect
@sensitive_post_parameters("title", "abstract", "categories")
def _page(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return render(request, "web/draft.html", {"title": TITLE})
    if "paper" in request.POST:
        return _exported(request.POST.getlist("paper"))
    typed = {name: request.POST.get(name, "").strip() for name in ("title", "abstract", "categories")}
    context: dict[str, object] = {"title": TITLE, "written": typed}
    try:
        draft = _given(request, typed)
        answer = drafts.around(draft, categories=typed["categories"].replace(",", " ").split())
    except BroadsheetError as error:
        status = 503 if isinstance(error, Conflict) else STATUS[type(error)]
        return render(request, "web/draft.html", context | {"error": error}, status=status)
    context["written"] = typed | {"title": draft.title, "abstract": draft.abstract}
    context |= {"draft": draft, "answer": answer, "shown": len(answer.papers), "cited": len(draft.works)}
    return render(request, "web/draft.html", context)


def _given(request: HttpRequest, typed: dict[str, str]) -> Draft:
    upload = request.FILES.get("file")
    if getattr(request, "too_large", False):
        raise BadInput(_TOO_LARGE, draft_files.PASTE)
    filed = draft_files.read(upload.read()) if upload else Draft()
    return draft_files.joined(Draft(typed["title"], typed["abstract"]), filed)


def _exported(keys: list[str]) -> HttpResponse:
    """Send papers as BibTeX, in the order in which they were shown."""
    wanted = list(dict.fromkeys(key for key in keys if len(key) <= 64 and "\0" not in key))[:MOST_EXPORTED]
    held = {paper.key: paper for paper in Paper.objects.standing().filter(key__in=wanted)}
    text = bibliography.write("bib", (bibliography.Cited(held[key]) for key in wanted if key in held))
    answer = HttpResponse(text, content_type=bibliography.FORMATS["bib"].content_type)
    answer["Content-Disposition"] = 'attachment; filename="related-work.bib"'
    return answer
