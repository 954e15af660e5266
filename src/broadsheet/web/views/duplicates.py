"""For moderators: papers that may be one, side by side, and what was merged. What may be done lives in ``merging``."""

from collections.abc import Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from broadsheet.accounts import readers
from broadsheet.community import duplicates, merging
from broadsheet.errors import BadInput, NotFound
from broadsheet.papers.likeness import likeness
from broadsheet.papers.models import Merging, Paper, Resemblance

PAGE_SIZE = 30


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Show moderators pairs of papers that may be one, the most alike first, and what was made one last."""
    readers.moderator(request.user)
    waiting = merging.proposals()
    recent = Merging.objects.filter(parted_at=None).select_related("kept", "merged").order_by("-pk")[:PAGE_SIZE]
    context = {
        "pairs": [(pair, _parts(pair)) for pair in waiting[:PAGE_SIZE]],
        "waiting": waiting.count(),
        "recent": recent,
    }
    response = render(request, "web/moderate_duplicates.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def act(request: HttpRequest) -> HttpResponse:
    """Take a moderator's word: that a pair is one paper or two, that two papers are one, or that one is two."""
    readers.moderator(request.user)
    given = request.POST
    name, reason = given.get("act", ""), given.get("reason", "")
    if name in ("merge", "not-same"):
        merging.decide(request.user, _pair(given.get("pair", "")), name == "merge", reason)
    elif name == "same":
        merging.make_one(request.user, _paper(given.get("first", "")), _paper(given.get("second", "")), reason)
    elif name == "part":
        merging.undo(request.user, _merging(given.get("merging", "")), reason)
    else:
        raise BadInput(f"{name[:20]!r} cannot be done to papers.", "Merge, not the same, or part.")
    messages.success(request, "Done. It stands in the log.")
    back = _paper_of(given.get("back", ""))
    return HttpResponseRedirect(reverse("paper", args=[back.key]) if back else reverse("moderation-duplicates"))


def _parts(pair: Resemblance) -> list[tuple[str, str]]:
    """Return in words how like the parts of two papers are."""
    found = likeness(duplicates.text_of(pair.first), duplicates.text_of(pair.second))
    parts: Iterable[tuple[str, float | None]] = (
        ("title", found.title),
        ("authors", found.authors),
        ("abstract", found.abstract),
    )
    return [(name, "not known" if part is None else f"{part:.0%}") for name, part in parts]


def _pair(text: str) -> Resemblance:
    found = Resemblance.objects.select_related("first__same_as", "second__same_as").filter(pk=_number(text)).first()
    if found is None:
        raise NotFound("There is no such pair.")
    return found


def _merging(text: str) -> Merging:
    found = Merging.objects.select_related("kept", "merged").filter(pk=_number(text)).first()
    if found is None:
        raise NotFound("There is no such merging.")
    return found


def _paper(name: str) -> Paper:
    found = _paper_of(name)
    if found is None:
        raise NotFound(f"No paper {name[:60]!r} is known here.", "Give an id or address of a paper that is here.")
    return found


def _paper_of(name: str) -> Paper | None:
    name = name.strip()[:300]
    return Paper.objects.named(name) if name else None


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18:
        raise BadInput(f"{text[:20]!r} is no number of a pair.")
    return int(text)
