"""Reporting, the moderators' queue, their acts, and the public log. What may be done to whom lives in ``community``."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadsheet.accounts import readers
from broadsheet.accounts.models import Role, User
from broadsheet.community import claims, log, moderation, reading, reports, undoing
from broadsheet.community.log import Target
from broadsheet.community.models import Claim, Comment, DiscussionLock
from broadsheet.community.reports import Case
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.papers.models import Paper
from broadsheet.web.views.errors import STATUS

PAGE_SIZE = 50
KINDS = ("comment", "paper", "account")

ACTS: dict[str, dict[str, Callable[..., Any]]] = {
    "comment": {"hide": moderation.hide, "restore": moderation.restore, "dismiss": moderation.dismiss},
    "paper": {"lock": moderation.lock, "unlock": moderation.unlock, "dismiss": moderation.dismiss},
    "account": {
        "warn": moderation.warn,
        "suspend": moderation.suspend,
        "lift": moderation.lift,
        "void-votes": moderation.void_votes,
        "unvoid-votes": moderation.unvoid_votes,
        "undo-all": moderation.undo_all,
        "restore-all": moderation.restore_all,
        "set-role": moderation.set_role,
        "dismiss": moderation.dismiss,
    },
}


@require_http_methods(["GET", "HEAD", "POST"])
def report(request: HttpRequest) -> HttpResponse:
    """Report a comment, a paper or an account: the form, and what it sends."""
    given = request.POST if request.method == "POST" else request.GET
    readers.active(request.user, "report something")
    target = _target(given)
    if isinstance(target, Comment) and (target.hidden or target.deleted):
        raise NotFound("There is nothing of this name here.", "It may have been deleted.")
    context: dict[str, Any] = {
        "case": Case(target, [], 0),
        "reasons": reports.REASONS,
        "reason": given.get("reason", ""),
        "note": given.get("note", ""),
        "longest": reports.LONGEST_NOTE,
    }
    if request.method != "POST":
        return render(request, "web/moderate_report.html", context)
    try:
        reports.report(request.user, target, context["reason"], context["note"])
    except (BadInput, Refused) as error:
        status = STATUS[type(error)]
        return render(request, "web/moderate_report.html", context | {"error": error}, status=status)
    return render(request, "web/moderate_report.html", context | {"done": True})


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show moderators what waits for them: reports by what they are about, claims, new accounts."""
    readers.moderator(request.user)
    context = {
        "cases": [_shown(case) for case in reports.cases()],
        "claims": claims.pending()[:PAGE_SIZE],
        "accounts": reports.new_accounts(),
    }
    return _private(render(request, "web/moderate_queue.html", context))


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Show moderators one comment, paper or account with its reports, what was done before, and what can be done."""
    readers.moderator(request.user)
    target = _target(request.GET)
    standing = reports.open_reports().filter(**{reports.kind_of(target): target}).select_related("reporter")
    context: dict[str, Any] = {
        "shown": _shown(Case(target, list(standing[:PAGE_SIZE]), log.latest(target))),
        "entries": log.about(target)[:PAGE_SIZE],
    }
    if isinstance(target, User):
        comments = Comment.objects.filter(author=target, deleted=None).select_related("paper").order_by("-pk")
        context |= {
            "comments": comments[:20],
            "undone": undoing.last_undo(target),
            "roles": Role.values,
            "votes": target.votes.filter(taken_back=None).count(),
        }
    return _private(render(request, "web/moderate_about.html", context))


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Do one act of moderation."""
    readers.moderator(request.user)
    target = _target(request.POST)
    name = request.POST.get("act", "")
    verb = ACTS[reports.kind_of(target)].get(name)
    if verb is None:
        raise BadInput(f"{name[:20]!r} cannot be done to this.")
    more: list[Any] = []
    if name == "suspend":
        more = [_number(request.POST.get("days", ""), "days")]
    elif name == "set-role":
        more = [request.POST.get("role", "")]
    seen = _number(request.POST["seen"], "seen") if request.POST.get("seen") else None
    verb(request.user, target, *more, request.POST.get("reason", ""), seen=seen)
    messages.success(request, f"Done: {name}. It stands in the log.")
    return HttpResponseRedirect(_back(request))


@require_POST
def decide(request: HttpRequest) -> HttpResponse:
    """Verify or refuse a claim of authorship."""
    readers.moderator(request.user)
    found = Claim.objects.filter(pk=_number(request.POST.get("claim", ""), "claim")).first()
    if found is None:
        raise NotFound("There is no such claim.", "It may have been withdrawn.")
    decision = request.POST.get("decision", "")
    if decision not in ("verify", "refuse"):
        raise BadInput(f"{decision[:20]!r} is no decision.", "A claim is verified or refused.")
    claims.decide(request.user, found, decision == "verify", request.POST.get("reason", ""))
    messages.success(request, "The claim is decided.")
    return HttpResponseRedirect(_back(request))


@require_safe
def public_log(request: HttpRequest) -> HttpResponse:
    """Show everybody what moderators did and why; nothing of what was hidden."""
    reader = request.GET.get("reader", "")[:39].replace("\0", "")
    page = Paginator(log.entries(reader), PAGE_SIZE).get_page(request.GET.get("p", "1"))
    rows = [(entry, _place(entry.comment_id), _counts(entry.detail)) for entry in page]
    return render(request, "web/moderate_log.html", {"page": page, "rows": rows, "reader": reader})


def _place(comment_id: str) -> str:
    return reverse("comment", args=[comment_id]) if comment_id else ""


def _counts(detail: dict[str, Any]) -> str:
    """The plain values of an entry in words; what reverting needs, and where nothing was counted, is left out."""
    shown = {key: value for key, value in detail.items() if value and isinstance(value, (int, str))}
    words = [f"{key} {value}" for key, value in shown.items() if key not in ("reader", "paper")]
    return ", ".join(words)


def _target(given: Any) -> Target:
    kinds = [kind for kind in KINDS if given.get(kind)]
    if len(kinds) != 1:
        raise BadInput("Name one thing: a comment, a paper or an account.", "Use the links below what it is about.")
    return reports.find(kinds[0], given[kinds[0]][:64])


def _shown(case: Case) -> dict[str, Any]:
    """A case with what its page shows of the target."""
    target = case.target
    shown: dict[str, Any] = {"case": case, "account": None}
    if isinstance(target, Comment):
        html = reading.shown(target.text)[0] if target.text else ""
        shown |= {"html": html, "account": target.author, "paper": target.paper}
    elif isinstance(target, Paper):
        shown |= {"paper": target, "lock": DiscussionLock.objects.filter(paper=target).first()}
    else:
        shown |= {"account": target}
    return shown


def _number(text: str, name: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadInput(f"{name} is {text[:20]!r}; it takes a whole number.")
    return int(text)


def _back(request: HttpRequest) -> str:
    target = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        return target
    return reverse("moderation")


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "private, no-store"
    return response
