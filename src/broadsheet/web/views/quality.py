"""The page of each week's benchmark: how good search was on the papers of the weeks, with plots and their tables."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from broadsheet.bench import live_actions
from broadsheet.bench.live import FEWEST, LEAST_PAPERS, TASKS
from broadsheet.bench.live_asking import FIRST, MEASURES
from broadsheet.bench.live_report import ALL, GROUPS
from broadsheet.search.tuning import SYSTEMS
from broadsheet.web import plots
from broadsheet.web.plots import Value

MOST_LINES = 4
"""Lines that can be told apart."""

NOTHING: Mapping[str, Any] = {"queries": 0, "systems": {}}


class Asked(NamedTuple):
    """What the reader chose. field: empty for all fields."""

    task: str
    measure: str
    field: str
    systems: tuple[str, ...]


@require_safe
def quality(request: HttpRequest) -> HttpResponse:
    """Show the history of the weeks for ``?task=``, ``?measure=``, ``?field=`` and ``?system=``, and the newest week.

    What is not there counts as not chosen. By field only the first measure is kept.
    """
    weeks = live_actions.history()
    if not weeks:
        return render(request, "web/quality.html", {"least": LEAST_PAPERS})
    newest = weeks[-1]
    asked = _asked(request, newest)
    moments = [week["week"] for week in weeks]
    lines = [(name, [_value(week, asked, name) for week in weeks]) for name in asked.systems]
    context = {
        "asked": asked,
        "weeks": weeks,
        "newest": newest,
        "tasks": [(ALL, "all tasks"), *((task, task) for task in TASKS)],
        "task_texts": TASKS,
        "measures": list(MEASURES),
        "fields": sorted({row["group"] for row in newest["by_field"]}),
        "systems": [(name, name in asked.systems) for name in newest["systems"]],
        "plots": [made for shape in plots.SHAPES if (made := plots.plot(moments, lines, shape))],
        "rows": list(_rows(weeks, asked, lines)),
        "groups": list(_groups(newest)),
        "subgroups": list(_subgroups(newest, asked.task)),
        "first": FIRST,
        "fewest": FEWEST,
        "unlike": len({week["documents"] for week in weeks}) > 1,
    }
    return render(request, "web/quality.html", context)


def _asked(request: HttpRequest, newest: Mapping[str, Any]) -> Asked:
    def one_of(name: str, known: Sequence[str], default: str) -> str:
        return value if (value := request.GET.get(name, "")) in known else default

    field = one_of("field", [row["group"] for row in newest["by_field"]], "")
    chosen = [name for name in newest["systems"] if name in request.GET.getlist("system")]
    systems = chosen or [name for name in newest["systems"] if name in SYSTEMS]
    measure = FIRST if field else one_of("measure", list(MEASURES), FIRST)
    return Asked(one_of("task", list(TASKS), ALL), measure, field, tuple(systems[:MOST_LINES]))


def _group(week: Mapping[str, Any], asked: Asked) -> Mapping[str, Any]:
    """Return what was told of the queries that were chosen; nothing where the week has none of them."""
    if not asked.field:
        return dict(week["tasks"].get(asked.task, NOTHING))
    rows = (row for row in week["by_field"] if row["task"] == asked.task and row["group"] == asked.field)
    return next(rows, NOTHING)


def _value(week: Mapping[str, Any], asked: Asked, system: str) -> Value | None:
    """Return what a system reached in a week, None where it was not run or the week has no such queries."""
    told = _group(week, asked)["systems"].get(system)
    if not asked.field:
        told = (told or {}).get(asked.measure)
    return Value(**told) if told else None


def _rows(
    weeks: Sequence[Mapping[str, Any]], asked: Asked, lines: Sequence[tuple[str, Sequence[Value | None]]]
) -> Iterator[tuple[Mapping[str, Any], int, list[Value | None]]]:
    """The table behind the plot, newest week first: a week, its queries of this kind, and what each line has."""
    for number in reversed(range(len(weeks))):
        queries = _group(weeks[number], asked)["queries"]
        yield weeks[number], queries, [values[number] for _, values in lines]


def _subgroups(newest: Mapping[str, Any], task: str) -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    """Each way to tell the newest week's queries of a task apart, with its rows; none that has no rows."""
    for kind, title in GROUPS.items():
        if rows := [row for row in newest[kind] if row["task"] == task]:
            yield title, rows


def _groups(newest: Mapping[str, Any]) -> Iterator[tuple[str, str, int, list[tuple[str, list[Value], bool]]]]:
    """Each task of the newest week: its name, what is asked, queries, and systems with values; the best is marked."""
    for task, group in newest["tasks"].items():
        found = group["systems"]
        best = max((one[FIRST]["mean"] for one in found.values()), default=0.0)
        rows = [
            (name, [Value(**one[measure]) for measure in MEASURES], one[FIRST]["mean"] == best)
            for name, one in found.items()
        ]
        yield task, TASKS.get(task, "The queries of all tasks together."), group["queries"], rows
