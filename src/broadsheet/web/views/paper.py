"""The page of one paper."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from broadsheet.hub import compact, paper_content_props, paper_markdown
from broadsheet.papers.bibtex import bibtex
from broadsheet.papers.models import Paper
from broadsheet.ranking.similar import similar_to
from broadsheet.sources import arxiv_ids, paper_ids
from broadsheet.web.cache import kept_page
from broadsheet.web.cards import dress, here, within_sight
from broadsheet.web.views.discussion import below


@require_safe
def markdown(request: HttpRequest, key: str) -> HttpResponse:
    """Answer with the paper as Markdown."""
    answer = HttpResponse(paper_markdown(_find(key)), content_type="text/markdown; charset=utf-8")
    answer["Vary"] = "Accept"
    return answer


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
    context = talk | {
        "here": here(request),
        "paper": paper,
        "earlier": paper.earlier.all(),
        "similar": within_sight(request, similar or []).papers,
        "bibtex": bibtex(
            paper.key,
            paper.title,
            paper.authors,
            paper.published.date() if paper.published else paper.announced or paper.day,
            paper.categories[0] if paper.categories else "",
            paper.doi,
        ),
        "is_arxiv": arxiv_ids.is_arxiv(paper.key),
        "original": paper_ids.original(paper.key),
        "props": compact(paper_content_props(paper, request.user, found, talk["part"].rows)),
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
