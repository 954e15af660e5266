"""The page of one paper."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from broadsheet import places
from broadsheet.accounts import limits, readers
from broadsheet.enrich import facts, fulltext
from broadsheet.hub import compact, paper_content_props, paper_markdown
from broadsheet.hub.markdown import READ_MORE
from broadsheet.hub.texts import web_url
from broadsheet.papers.bibtex import bibtex
from broadsheet.papers.models import Paper
from broadsheet.papers.versions import versions, why_withdrawn
from broadsheet.ranking.similar import similar_to
from broadsheet.ranking.wishes import CHIPS
from broadsheet.sources import arxiv_html, arxiv_ids, paper_ids
from broadsheet.web.cache import kept_page
from broadsheet.web.cards import dress, here, within_sight
from broadsheet.web.views.discussion import below

PATIENCE = 6.0
"""Seconds that whoever reads a paper as Markdown waits for arXiv."""

READER_TEXTS, NETWORK_TEXTS, VISITORS_TEXTS = 60, 10, 120
"""Texts fetched from arXiv in an hour: for one reader, for one network without sign-in, and for all such."""


@require_safe
def markdown(request: HttpRequest, key: str) -> HttpResponse:
    """Answer with the paper as Markdown: its full text where arXiv has it, else its abstract."""
    paper = _find(key)
    patience = PATIENCE if request.method == "GET" else 0
    read = fulltext.reading(paper, patience, lambda: places.client(PATIENCE), lambda: _spend(request))
    answer = HttpResponse(paper_markdown(paper, read), content_type="text/markdown; charset=utf-8")
    answer["Vary"] = "Accept"
    # What may not be stored here is not to be stored on its way either; and who is told to come back shall find more.
    passed_on = read.why == "later" or (read.page and not arxiv_html.may_be_kept(read.page.licence))
    answer["Cache-Control"] = "no-store" if passed_on else "no-cache"
    if read.why == "later":
        answer["Retry-After"] = str(READ_MORE)
    return answer


def _spend(request: HttpRequest) -> None:
    """Count a text that is fetched from arXiv: for a reader, or for the network and for all who are not signed in."""
    reader = readers.signed_in(request.user)
    if reader:
        limits.spend(f"fulltext:{reader.pk}", capacity=limits.share(reader, READER_TEXTS), seconds=3600)
        return
    network = limits.subnet(limits.client_address(request))
    limits.spend(f"fulltext:{network}", capacity=NETWORK_TEXTS, seconds=3600)
    limits.spend("fulltext:visitors", capacity=VISITORS_TEXTS, seconds=3600)


@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    """Show a paper; a spelling of its id that is not the canonical one goes to the canonical address."""
    paper = _find(key)
    if request.accepts("text/markdown") and not request.accepts("text/html"):
        return markdown(request, key)
    if paper.key != key:
        return HttpResponseRedirect(reverse("paper", args=[paper.key]))
    return _page(request, paper)


@kept_page
def _page(request: HttpRequest, paper: Paper) -> HttpResponse:
    similar = similar_to(paper)
    found = dress(request, [paper])
    talk = below(request, paper)
    known = facts.of(paper)
    context = talk | {
        "here": here(request),
        "paper": paper,
        "versions": versions(paper, paper.earlier.all()),
        "why_withdrawn": why_withdrawn(paper),
        "licence": (arxiv_html.licence_name(paper.licence), web_url(paper.licence)),
        "similar": within_sight(request, similar or []).papers,
        "bibtex": bibtex(
            paper.key,
            paper.title,
            paper.authors,
            paper.published.date() if paper.published else paper.announced or paper.day,
            paper.categories[0] if paper.categories else "",
            paper.doi,
        ),
        "chips": [(name, CHIPS[name]) for name in ("newer", "code", "survey", "field")],
        "is_arxiv": arxiv_ids.is_arxiv(paper.key),
        "original": paper_ids.original(paper.key),
        "known": known,
        "props": compact(paper_content_props(paper, request.user, found, talk["part"].rows, known)),
    }
    response = render(request, "web/paper.html", context)
    if similar is None:  # the index did not answer: the next reader may have more luck
        response["Cache-Control"] = "no-store"
    return response


def _find(key: str) -> Paper:
    paper = Paper.objects.named(key)
    if paper is None:
        raise Http404(f"No paper {key[:60]!r} is known here.")
    return paper
