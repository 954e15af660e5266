"""The pages on which a paper is submitted, brought here, claimed by its authors and given its links."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from broadsheet import pipeline
from broadsheet.accounts import limits, readers
from broadsheet.community import claims, groups, paper_links, submissions
from broadsheet.community.models import Claim, ClaimState
from broadsheet.errors import BroadsheetError, NotFound, SignInNeeded
from broadsheet.papers.editions import edition_day
from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_ids
from broadsheet.web import paper_forms as forms
from broadsheet.web.views.errors import STATUS

get_and_post = require_http_methods(["GET", "HEAD", "POST"])


@get_and_post
@never_cache
def submit(request: HttpRequest) -> HttpResponse:
    """Submit a paper; the page tells the rules, and a refusal keeps what was typed."""
    reader = readers.active(request.user, "submit a paper")
    asked = request.POST if request.method == "POST" else None
    form = forms.Submit(asked, initial={"paperId": request.GET.get("paperId", "")[:300]})
    status, refusal, known = 200, None, None
    if form.is_valid():
        name = form.cleaned_data["paperId"]
        try:
            made = pipeline.submit(reader, name, form.cleaned_data["comment"])
        except SignInNeeded:
            raise
        except BroadsheetError as error:
            status, refusal, known = STATUS[type(error)], error, Paper.objects.named(name.strip())
        else:
            messages.success(request, f"The paper is submitted to the edition of {made.day}.")
            return redirect("paper", made.paper.key)
    closed = submissions.closed_until()
    context = {
        "title": "Submit a paper",
        "form": form,
        "refusal": refusal,
        "known": known,
        "closed_until": submissions.moment_text(closed) if closed else "",
        "edition": edition_day(timezone.now()),
        "days": settings.SUBMIT_DAYS,
        "weekends": settings.SUBMIT_WEEKENDS,
        "most": limits.share(reader, settings.SUBMIT_PER_DAY),
        "offline": settings.OFFLINE,
    }
    return render(request, "web/submit.html", context, status=400 if form.errors else status)


@get_and_post
@never_cache
def index(request: HttpRequest) -> HttpResponse:
    """Bring a paper here that is not known yet; one that is known is shown at once."""
    key = arxiv_ids.canonical((request.POST.get("arxivId") or request.GET.get("arxivId", ""))[:300])
    if request.method == "POST":
        return redirect("paper", pipeline.index_paper(request.user, key).key)
    paper = Paper.objects.named(key)
    if paper:
        return redirect("paper", paper.key)
    readers.active(request.user, "bring a paper here")
    return render(request, "web/index.html", {"title": "Bring a paper here", "key": key, "offline": settings.OFFLINE})


@get_and_post
@never_cache
def claim(request: HttpRequest, key: str) -> HttpResponse:
    """Say which of a paper's authors one is; the page tells what proves it."""
    paper = find(key)
    reader = readers.active(request.user, "claim a paper")
    own = claims.of_reader(reader).filter(paper=paper)
    standing = own.exclude(state=ClaimState.REFUSED).first()
    form = forms.ClaimForm(request.POST if request.method == "POST" else None, authors=paper.authors)
    if form.is_valid():
        given = form.cleaned_data
        made = form.does(lambda: claims.claim(request.user, paper, given["author"], given["note"]))
        if made:
            verified = made.state == ClaimState.VERIFIED
            told = "You are marked as an author." if verified else "A moderator will look at your claim."
            messages.success(request, told)
            return redirect("paper", paper.key)
    context = {"title": "I wrote this", "paper": paper, "form": form, "standing": standing}
    context["refused"] = own.filter(state=ClaimState.REFUSED)
    return render(request, "web/claim.html", context, status=400 if form.errors else 200)


@get_and_post
@never_cache
def links(request: HttpRequest, key: str) -> HttpResponse:
    """Show who set a paper's links, to everybody; set them, for authors, submitter and moderators."""
    paper = find(key)
    by = paper_links.standing(request.user, paper)
    form = None
    if request.method == "POST" and not by:
        paper_links.set_links(request.user, paper)  # says why not
    if by:
        moderates = getattr(request.user, "is_moderator", False)
        asked = request.POST if request.method == "POST" else None
        form = forms.Links(asked, paper=paper, known=groups.of_reader(request.user), free=moderates)
        if form.is_valid():
            changes = form.changes()
            if form.does(lambda: paper_links.set_links(request.user, paper, **changes)):
                messages.success(request, "The links are saved." if changes else "Nothing was changed.")
                return redirect("paper", paper.key)
    context = {"title": "Links of this paper", "paper": paper, "form": form, "by": by}
    context["history"] = paper_links.history(paper)
    return render(request, "web/links.html", context, status=400 if form and form.errors else 200)


@get_and_post
@never_cache
def own_papers(request: HttpRequest) -> HttpResponse:
    """Show what one has claimed and submitted; withdraw a claim, hide a paper from one's page or show it again."""
    reader = readers.active(request.user, "see your papers")
    if request.method == "POST":
        if number := request.POST.get("withdraw"):
            claims.withdraw(reader, _claim(number))
            messages.success(request, "The claim is withdrawn.")
        else:
            number, shown = request.POST.get("show"), True
            if not number:
                number, shown = request.POST.get("hide"), False
            claims.show_on_profile(reader, _claim(number or ""), shown=shown)
            messages.success(request, f"The paper is {'shown on' if shown else 'hidden from'} your page.")
        return redirect("settings-papers")
    context = {
        "title": "Papers",
        "pages": "settings-papers",
        "claims": claims.of_reader(reader),
        "submissions": submissions.submitted_by(reader),
    }
    return render(request, "web/own_papers.html", context)


def find(key: str) -> Paper:
    """Return the paper of a key in an address. Raises Http404."""
    paper = Paper.objects.named(key)
    if paper is None:
        raise Http404(f"No paper {key[:60]!r} is known here.")
    return paper


def _claim(number: str) -> Claim:
    """Return the claim of a number in a form; whose it is, the verbs ask."""
    found = Claim.objects.filter(pk=int(number)).first() if number.isascii() and number.isdigit() else None
    if found is None or len(number) > 18:
        raise NotFound("There is no such claim.")
    return found
