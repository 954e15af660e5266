"""The ledger as readers see it: the calendar of a month on the status page, and the page of one day."""

import re
from calendar import day_name, monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from broadsheet.errors import BadInput, NotFound
from broadsheet.ledger import standing
from broadsheet.ledger.counting import told
from broadsheet.sources import arxiv_calendar

SIGNS = {
    "complete": ("✓", "complete"),
    "partial": ("◐", "partial"),
    "late": ("!", "late"),
    "not-out": ("…", "not out yet"),
    "holiday": ("–", "holiday"),
    "weekend": ("·", "weekend"),
    "": ("", "nothing noted"),
}
"""How each state is shown: by a sign and a word, never by colour alone."""

FIRST, LAST = date(1991, 8, 1), date(2099, 12, 31)


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of the grid. None as day stands before the first and after the last of a month."""

    day: standing.Day | None
    sign: str = ""
    word: str = ""
    is_today: bool = False


def month_context(asked: str, now: datetime) -> dict[str, Any]:
    """Return what the calendar of a month shows. asked: as in 2026-11; '' for the month of the newest day.

    Raises BadInput for what is no month.
    """
    first = _month(asked) if asked else arxiv_calendar.day_of(now).replace(day=1)
    last = first.replace(day=monthrange(first.year, first.month)[1])
    current = arxiv_calendar.day_of(now)
    cells = [_cell(day, current) for day in standing.calendar(first, last)]
    cells = [Cell(None)] * first.weekday() + cells
    cells += [Cell(None)] * (-len(cells) % 7)
    announced = standing.expected_day(now)
    newest = _cell(standing.calendar(announced, announced)[0], current)
    return {
        "month": first,
        "weeks": [cells[start : start + 7] for start in range(0, len(cells), 7)],
        "earlier": (first - timedelta(days=1)) if first > FIRST else None,
        "later": (last + timedelta(days=1)) if last < current else None,
        "weekdays": [(name[:2], name) for name in day_name],
        "legend": [one for name, one in SIGNS.items() if name],
        "today": newest,
        # Of a late or partial day the sentence before it has told already.
        "closed": "" if newest.day and newest.day.state in ("late", "partial") else standing.front_line(now),
    }


@require_safe
def day(request: HttpRequest, label: str) -> HttpResponse:
    """Show what should have come on one day, what came, by category, and how that went on."""
    asked = _day(label)
    found = standing.calendar(asked, asked)[0]
    rows = standing.rows_of(asked)
    whole = next((row for row in rows if not row.category), None)
    today = arxiv_calendar.day_of(timezone.now())
    context = {
        "day": asked,
        "cell": _cell(found, today),
        "rows": [(row, SIGNS.get(row.state, ("", row.state)), told(row) is None) for row in rows],
        "whole": whole,
        "history": [
            (datetime.fromisoformat(moment).astimezone(UTC), SIGNS.get(state, ("", state))[1], received, expected)
            for moment, state, received, expected in reversed(whole.history)
        ]
        if whole
        else [],
        "announced": None if arxiv_calendar.why_none(asked) else arxiv_calendar.announced_at(asked),
        "is_sure": arxiv_calendar.is_sure(asked),
        "is_future": asked > today,
        "before": asked - timedelta(days=1) if asked > FIRST else None,
        "after": asked + timedelta(days=1) if asked <= today else None,
    }
    return render(request, "web/ledger_day.html", context)


def _cell(found: standing.Day, today: date) -> Cell:
    """Return how a day is shown; of a day that lies ahead nothing can be noted, and nothing is said."""
    sign, word = SIGNS[found.state or ""]
    return Cell(found, sign, word if found.state or found.day <= today else "", found.day == today)


def _month(text: str) -> date:
    if re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text, re.ASCII):
        first = date.fromisoformat(f"{text}-01") if text[:4] != "0000" else date.min
        if FIRST <= first <= LAST:
            return first
    raise BadInput(f"{text[:40]!r} is not a month of arXiv.", "A month is written like 2026-11.")


def _day(text: str) -> date:
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) else None
    except ValueError:
        found = None
    if found is None:
        raise BadInput(f"{text[:40]!r} is not a day.", "A day is written like 2026-11-21.")
    if not FIRST <= found <= LAST:
        raise NotFound(f"arXiv has no listing of {found}.", "Its first papers are of August 1991.")
    return found
