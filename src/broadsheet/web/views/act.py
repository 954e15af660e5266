"""The small acts of a reader on a paper: vote, save, mark. Each is a form that works without JavaScript."""

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from broadsheet.community import lists, marks, votes
from broadsheet.community.models import Mark
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.web.cards import dress


@require_POST
def vote(request: HttpRequest, key: str) -> HttpResponse:
    """Vote for a paper (``vote=yes``) or take the vote back (``no``); who is not signed in does so on the way."""
    paper = _find(key)
    if not request.user.is_authenticated:
        return _sign_in_and_vote(request, paper)
    (votes.cast if _yes(request, "vote") else votes.take_back)(request.user, paper)
    return _after(request, paper)


@require_POST
def save(request: HttpRequest, key: str) -> HttpResponse:
    """Save a paper for later (``save=yes``) or take it from the saved ones (``no``)."""
    paper = _find(key)
    (lists.save if _yes(request, "save") else lists.unsave)(request.user, paper)
    return _after(request, paper, opened=True)


@require_POST
def mark(request: HttpRequest, key: str) -> HttpResponse:
    """Mark a paper ``read`` or ``not-interested``; an empty mark takes it away."""
    paper = _find(key)
    kind = request.POST.get("mark", "")
    marks.mark(request.user, paper, kind or None)
    here = back(request, paper)
    on_card = here.partition("?")[0] != reverse("paper", args=[paper.key])
    if kind == Mark.NOT_INTERESTED and on_card and _in_place(request):
        # The whole card gives way, and not only the control.
        answer = render(request, "web/set_aside.html", {"paper": paper, "here": here})
        answer["HX-Retarget"], answer["HX-Reswap"] = f"#paper-{paper.pk}", "innerHTML"
        return answer
    return _after(request, paper, opened=True)


def back(request: HttpRequest, paper: Paper) -> str:
    """Return the page of this site that a form was on, as far as it tells; else the paper's own."""
    asked = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(
        asked, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return asked.partition("#")[0] if inside else reverse("paper", args=[paper.key])


def _after(request: HttpRequest, paper: Paper, *, opened: bool = False) -> HttpResponse:
    """Answer with the control alone where it is put in place, else go back to the paper on its page."""
    here = back(request, paper)
    if not _in_place(request):
        return HttpResponseRedirect(f"{here}#paper-{paper.pk}")
    dress(request, [paper], people=False)
    return render(request, "web/vote.html", {"paper": paper, "here": here, "opened": opened})


def _sign_in_and_vote(request: HttpRequest, paper: Paper) -> HttpResponse:
    question = urlencode({"vote": paper.key, "next": f"{back(request, paper)}#paper-{paper.pk}"})
    target = f"{reverse('sign-in')}?{question}"
    if _in_place(request):
        return HttpResponse(status=204, headers={"HX-Redirect": target})
    return HttpResponseRedirect(target)


def _in_place(request: HttpRequest) -> bool:
    return request.headers.get("HX-Request") == "true"


def _yes(request: HttpRequest, name: str) -> bool:
    asked = request.POST.get(name, "")
    if asked not in ("yes", "no"):
        raise BadInput(f"{name} is {asked[:20]!r}; it takes yes or no.")
    return asked == "yes"


def _find(key: str) -> Paper:
    paper = Paper.objects.named(key)
    if paper is None:
        raise Http404(f"No paper {key[:60]!r} is known here.")
    return paper
