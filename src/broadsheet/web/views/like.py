"""The page "like this, but ...": a slate of papers, refined in rounds. All that it knows stands in its address."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from broadsheet.errors import BroadsheetError, Conflict
from broadsheet.ranking import unlike
from broadsheet.ranking.wishes import CHIPS, LONGEST
from broadsheet.web.views.errors import STATUS

WHY = {
    "meaning": "near in meaning",
    "words": "of like words",
    "wish": "holds what you asked for",
    "field": "in the field you named",
}


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show the slate of a round, with what was kept and dropped so far; without a paper, the form to begin with one."""
    given = {name: _texts(request, name) for name in ("like", "chip", "keep", "drop")}
    but = request.GET.get("but", "").strip()
    context: dict[str, object] = {"title": "Like this, but", "most_signs": LONGEST, "but": but, "given": given}
    # What was typed counts without a tick, and with the words it goes.
    context["chips"] = [(name, label, name in given["chip"]) for name, label in CHIPS.items()]
    if len(but) > LONGEST:
        context["cut"] = f"Of what should differ the first {LONGEST} characters were read."
    if not given["like"]:
        return render(request, "web/like.html", context)
    try:
        slate = unlike.like(
            unlike.asked(
                given["like"],
                but=but,
                chips=given["chip"],
                keep=given["keep"],
                drop=given["drop"],
                number=request.GET.get("round", "") or 1,
            )
        )
    except BroadsheetError as error:
        status = 503 if isinstance(error, Conflict) else STATUS[type(error)]
        return render(request, "web/like.html", context | {"error": error}, status=status)
    # What holds for all of them says nothing of one.
    usual = set(WHY).intersection(*(one.why for one in slate.found))
    told = [", ".join(WHY[why] for why in one.why if why in WHY and why not in usual) for one in slate.found]
    context |= {
        "slate": slate,
        "found": list(zip((one.paper for one in slate.found), told, strict=True)),
        "usual": ", ".join(WHY[why] for why in WHY if why in usual) if slate.found else "",
    }
    return render(request, "web/like.html", context)


def _texts(request: HttpRequest, name: str) -> list[str]:
    """Return the values of a field that were filled in, each once."""
    return list(dict.fromkeys(text.strip() for text in request.GET.getlist(name) if text.strip()))
