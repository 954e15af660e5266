"""Lists as files: exported, and imported from a file, from pasted text or from Zotero."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadsheet import pipeline
from broadsheet.community import exchange, lists
from broadsheet.community.models import ReadingList
from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.papers import bibliography
from broadsheet.papers.bibliography import FORMATS, Entry
from broadsheet.web.views.lists import address, own, signed_in

private = cache_control(private=True, no_store=True)
ENDINGS = {"bib": "bib", "ris": "ris", "csl.json": "json"}
"""How the addresses of a list's files end, and the format each is in."""


@private
@require_safe
def file(request: HttpRequest, name: str, slug: str, kind: str) -> HttpResponse:
    """Send a list as a file. kind: bib, ris or csl.json, as the list's own ``.json`` is its feed."""
    form = ENDINGS.get(kind)
    if form is None:
        raise Http404(f"Lists are not written as {kind[:20]!r}.")
    held = lists.find(request.user, name, slug)
    answer = HttpResponse(exchange.written(held, form), content_type=FORMATS[form].content_type)
    answer["Content-Disposition"] = f'attachment; filename="{held.slug}.{kind}"'
    return answer


@private
@require_http_methods(["GET", "HEAD", "POST"])
def bring(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the forms of import, and bring the entries of a file or of pasted text."""
    held = _own(request, slug)
    if request.method != "POST":
        return render(request, "web/list_import.html", {"list": held})
    try:
        brought = exchange.bring(request.user, held, _given(request))
    except BadInput as error:
        return render(request, "web/list_import.html", {"list": held, "error": error}, status=400)
    return render(request, "web/list_brought.html", {"list": held, "brought": brought})


@private
@require_POST
def from_zotero(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring the items of a Zotero library or collection. The key is used for this and not kept."""
    held = _own(request, slug)
    typed = {name: request.POST.get(name, "").strip() for name in ("kind", "library", "collection")}
    try:
        brought = exchange.bring_from_zotero(request.user, held, key=request.POST.get("key", "").strip(), **typed)
    except BroadsheetError as error:
        context = {"list": held, "zotero": typed, "zotero_error": error}
        return render(request, "web/list_import.html", context, status=400)
    return render(request, "web/list_brought.html", {"list": held, "brought": brought})


@require_POST
def fetch(request: HttpRequest, slug: str) -> HttpResponse:
    """Bring a paper here from arXiv that an import named, and put it on the list."""
    held = _own(request, slug)
    paper = pipeline.index_paper(request.user, request.POST.get("key", ""))
    lists.add(request.user, held, paper, request.POST.get("note", "")[: exchange.LONGEST_NOTE])
    messages.success(request, f"{paper.key} is here now, and in “{held.title}”.")
    return HttpResponseRedirect(address(held))


def _own(request: HttpRequest, slug: str) -> ReadingList:
    """Return one of the visitor's lists; the one of saved papers is made where it is not there yet."""
    if slug == lists.SAVED:
        return lists.saved_list(signed_in(request, "bring papers into a list"))
    return own(request, slug)


def _given(request: HttpRequest) -> list[Entry]:
    upload = request.FILES.get("file")
    if upload is None:
        return bibliography.read(request.POST.get("text", "").encode())
    if (upload.size or 0) > bibliography.MOST_BYTES:
        raise BadInput(
            f"The file has {upload.size:,} bytes, and {bibliography.MOST_BYTES:,} are possible.",
            "Bring it in several parts.",
        )
    return bibliography.read(upload.read())
