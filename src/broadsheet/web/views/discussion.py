"""The discussion below a paper: its forms, the page to write and preview on, history and permalinks."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadsheet.accounts import readers
from broadsheet.community import discussion, reading
from broadsheet.community.models import Comment, DiscussionLock
from broadsheet.errors import BadInput, BroadsheetError, NotFound, Refused, TooMany
from broadsheet.papers.models import Paper
from broadsheet.web.views.errors import STATUS


def below(request: HttpRequest, paper: Paper) -> dict[str, Any]:
    """Return what the page of a paper shows of its discussion: one page of it, where it is long."""
    part = reading.part(paper, request.user, request.GET.get("p", "1")[:8])
    return {
        "part": part,
        "thread": part.said,
        "lock": DiscussionLock.objects.filter(paper=paper).first(),
        "longest": discussion.LONGEST,
    }


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Take a comment or a reply, or show what it would look like."""
    paper = Paper.objects.named(request.POST.get("paper", "")[:64].replace("\0", ""))
    if paper is None:
        raise Http404("The paper that you write about is not known here.")
    readers.active(request.user, "write a comment")
    above = request.POST.get("parent", "")
    parent = discussion.find(above) if above else None
    context = {"paper": paper, "parent": parent, "heading": "Reply" if parent else "Comment"}
    return _taken(request, context, lambda text: discussion.comment(request.user, paper, text, parent))


@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, public_id: str) -> HttpResponse:
    """Change one's own comment."""
    comment = _readable(request, public_id)
    reader = readers.active(request.user, "edit a comment")
    if comment.author_id != reader.pk:
        raise Refused("A comment can only be edited by who wrote it.", "Report it, if moderators should look at it.")
    context = {"paper": comment.paper, "editing": comment, "heading": "Edit your comment", "text": comment.text}
    if request.method != "POST":
        return render(request, "web/comment_form.html", _form(context))
    return _taken(request, context, lambda text: discussion.edit(request.user, comment, text))


@require_POST
def delete(request: HttpRequest, public_id: str) -> HttpResponse:
    """Delete one's own comment."""
    comment = _readable(request, public_id)
    discussion.delete(request.user, comment)
    return HttpResponseRedirect(reverse("paper", args=[comment.paper.key]) + "#discussion")


@require_POST
def react(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a sign on a comment or take it away: the button names which, so that a double click does it once."""
    comment = _readable(request, public_id)
    sign = request.POST.get("put") or request.POST.get("take", "")
    discussion.react(request.user, comment, sign, stand="put" in request.POST)
    return HttpResponseRedirect(_at(comment))


@require_safe
def permalink(request: HttpRequest, public_id: str) -> HttpResponse:
    """Go to a comment in its discussion."""
    return HttpResponseRedirect(_at(discussion.find(public_id)))


@require_safe
def history(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show the former texts of a comment, the newest first. What was hidden has no history but for moderators."""
    comment = _readable(request, public_id)
    context = {
        "paper": comment.paper,
        "said": reading.one(comment, request.user),
        "former": [(one.replaced, reading.shown(one.text)[0]) for one in comment.edits.all()[:100]],
    }
    return render(request, "web/comment_history.html", context)


def _readable(request: HttpRequest, public_id: str) -> Comment:
    """The comment, unless it is hidden from who asks; its author and moderators may still act on it."""
    comment = discussion.find(public_id)
    reader = readers.signed_in(request.user)
    if comment.hidden and (reader is None or not (reader.is_moderator or reader.pk == comment.author_id)):
        raise NotFound(f"There is no comment {public_id[:24]!r}.")
    return comment


def _at(comment: Comment) -> str:
    page = reading.page_of(comment)
    asked = f"?p={page}" if page > 1 else ""
    return f"{reverse('paper', args=[comment.paper.key])}{asked}#comment-{comment.public_id}"


def _form(context: dict[str, Any]) -> dict[str, Any]:
    return context | {"longest": discussion.LONGEST}


def _taken(request: HttpRequest, context: dict[str, Any], act: Callable[[str], Comment]) -> HttpResponse:
    """Do what a form asks, or show the form again: with the preview, or with what is wrong. No text is lost."""
    text = request.POST.get("text", "")
    context |= {"text": text}
    try:
        if "preview" in request.POST:
            html, cards = reading.shown(discussion.checked(text))
            return render(request, "web/comment_form.html", _form(context | {"preview": html, "cards": cards}))
        return HttpResponseRedirect(_at(act(text)))
    except (BadInput, Refused, TooMany) as error:
        return _again(request, context, error)


def _again(request: HttpRequest, context: dict[str, Any], error: BroadsheetError) -> HttpResponse:
    response = render(request, "web/comment_form.html", _form(context | {"error": error}), status=STATUS[type(error)])
    if isinstance(error, TooMany):
        response["Retry-After"] = str(error.wait)
    return response
