"""The page on which what was found out about a paper is corrected, hidden, and put back."""

from typing import NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from broadsheet.enrich import corrections
from broadsheet.enrich.facts import Shown, of
from broadsheet.enrich.looks import LOOKS, Look
from broadsheet.enrich.models import FactChange
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.web.views.submit import find


class Row(NamedTuple):
    """A fact with what may be done about it. typed: what stands in its field, with the error beside it."""

    fact: Shown
    look: Look
    typed: str
    error: str

    @property
    def can_be_typed(self) -> bool:
        """Whether a person may put another value in its place."""
        return self.look.read is not None


class Change(NamedTuple):
    """One change of the past, in words. told: whether the visitor may read what it was about: what was hidden is."""

    label: str
    told: bool
    before: str
    after: str
    change: FactChange


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def facts(request: HttpRequest, key: str) -> HttpResponse:
    """Show where a paper's facts come from, to everybody; correct them, for its authors and moderators."""
    paper = find(key)
    wrong: dict[int, tuple[str, str]] = {}
    if request.method == "POST":
        number = _number(request.POST.get("fact", ""))
        typed = request.POST.get("value", "")
        try:
            told = _do(request, paper, number, typed)
        except BadInput as refusal:
            wrong[number] = (typed, str(refusal))
        else:
            messages.success(request, told)
            return redirect("facts", paper.key)
    by = corrections.standing(request.user, paper)
    rows = []
    for fact in of(paper, hidden=bool(by)):
        typed, error = wrong.get(fact.number, ("" if fact.hidden else _words(fact), ""))
        rows.append(Row(fact, LOOKS[fact.kind], typed, error))
    context = {
        "title": "Facts about this paper",
        "paper": paper,
        "rows": rows,
        "by": by,
        "history": [_change(one, told=bool(by)) for one in corrections.history(paper)[:100]],
    }
    return render(request, "web/facts.html", context, status=400 if wrong else 200)


def _do(request: HttpRequest, paper: Paper, number: int, typed: str) -> str:
    """Do what a button asks for and return the sentence that tells it."""
    what = request.POST.get("do", "")
    if what == "correct":
        corrections.correct(request.user, paper, number, typed)
        return "The correction is saved."
    if what == "hide":
        corrections.hide(request.user, paper, number)
        return "It is shown no more."
    if what == "back":
        corrections.take_back(request.user, paper, number)
        return "What the source tells is shown again."
    raise BadInput(f"{what[:20]!r} is nothing that can be done about a fact.")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _words(fact: Shown) -> str:
    return ", ".join(piece.text for piece in fact.pieces)


def _change(change: FactChange, *, told: bool) -> Change:
    look = LOOKS.get(change.kind)

    def line(value: dict[str, object]) -> str:
        return ", ".join(piece.text for piece in look.pieces(value)) if look and value and told else ""

    return Change(look.label if look else change.kind, told, line(change.before), line(change.after), change)
