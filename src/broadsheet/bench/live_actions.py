"""Making and keeping the benchmark of a week: what the job ``quality`` and ``bench live`` do. Reads of it too."""

import shutil
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from broadsheet.bench import items, live, live_asking, live_report
from broadsheet.bench.live import Made, Week
from broadsheet.bench.live_asking import FIRST, Report, Stop, Stopped
from broadsheet.bench.models import LiveWeek
from broadsheet.errors import Conflict, NotFound, Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.tuning import Ranking

SHOWN = 26
"""Weeks of the history that are shown."""

REST = 1.0
"""Seconds that the job waits for each second of work."""


def _silent(done: int, total: int) -> None:
    """Report to nobody."""


def _never() -> bool:
    return False


def measure(
    week: Week,
    *,
    queries: int = live.QUERIES,
    again: bool = False,
    systems: Sequence[str] = (),
    rest: float = 0.0,
    report: Report = _silent,
    stop: Stop = _never,
) -> dict[str, Any]:
    """Make the benchmark of a week, ask it of all systems and keep what came out; return that.

    A week that is kept is not measured again unless ``again``. systems: by name, to ask these alone, which is done anew
    and never kept, as weeks are laid beside one another by all systems. report: called with (done, total), first
    papers, then queries. stop: asked between two batches; Stopped is raised then, and the next call goes on.
    Raises BadInput for a system that is none, Refused where the week has too few papers or is not newer than the model
    or no system can be asked, Conflict where another process measures it.
    """
    kept = LiveWeek.objects.filter(week=week.name).first()
    if kept and not again and not systems:
        return dict(kept.report)
    if week.first <= live.NEWER_THAN:
        raise Refused(
            f"{week.name} is not newer than what the model has learnt from.",
            f"A benchmark takes a week after {live.NEWER_THAN.isoformat()}.",
        )
    made = live.make(week, queries=queries)
    if made.papers < live.LEAST_PAPERS or not made.items:
        raise Refused(
            f"{week.name} has {made.papers} papers with an abstract.",
            f"A benchmark takes {live.LEAST_PAPERS} at least.",
        )
    chosen = live_asking.systems_here(live.rankings(systems))
    folder = _folder(week).with_suffix(".some") if systems else _folder(week)
    with live_asking.index_of(made, folder / "index", report, stop, rest=rest) as index:
        scores = live_asking.ask_all(made, chosen, folder / "asked.jsonl", report, stop, rest=rest)
        documents = index.size()
    embedder = current.embedder()
    model = embedder.mark if embedder else ""
    answer = live_report.as_json(made, chosen, scores, documents=documents, model=model)
    if not systems:
        _keep(made, answer)
    shutil.rmtree(folder, ignore_errors=True)
    return answer


def told_by_few(week: Week, ranking: Ranking, *, report: Report = _silent, stop: Stop = _never) -> dict[str, Any]:
    """Tell how a ranking would do in a kept week, from a few of its queries, by the item model.

    Raises NotFound where the week is not kept, Conflict where its papers have changed since, and Stopped.
    """
    kept = LiveWeek.objects.filter(week=week.name).first()
    if kept is None:
        raise NotFound(f"{week.name} was not measured yet.", f"`broadsheet bench live --week {week.name}` does it.")
    made = live.make(week, queries=kept.report["most"])
    if live_asking.fingerprint(made) != kept.report["fingerprint"]:
        raise Conflict(f"The papers of {week.name} have changed since it was measured.", "Measure it with --again.")
    table = items.table_of(kept.report["scores"])
    anchors = items.anchors_of([item.task for item in made.items])
    keys: dict[int, str] = {}
    asked = 0

    def ask(place: int) -> float:
        nonlocal asked
        if stop():
            raise Stopped
        asked += 1
        report(asked, items.ASKED)
        return live_asking.ask(made, anchors[place], ranking, keys)[0]

    # A run of the whole week that was stopped has left its notes in the folder of the week.
    folder = _folder(week).with_suffix(".few")
    with live_asking.index_of(made, folder / "index", report, stop):
        found = items.estimate(items.fit(table[:, anchors]), ask)
    shutil.rmtree(folder, ignore_errors=True)
    shift = float(table.mean() - table[:, anchors].mean())
    systems: Mapping[str, Any] = kept.report["tasks"][live_report.ALL]["systems"]
    return {
        "week": week.name,
        "ranking": str(ranking),
        "asked": len(found.asked),
        "of": len(made.items),
        "estimate": round(min(1.0, max(0.0, found.mean + shift)), 4),
        "measured": {name: one[FIRST]["mean"] for name, one in systems.items()},
    }


def keep_up(stop: Stop, now: datetime | None = None) -> str:
    """Measure the last whole week if that was not done, gently; the work of the job ``quality``.

    The model is made ready if it can be; a site without one is measured by words alone. Returns one sentence on what it
    did.
    """
    week = live.last_whole_week((now or timezone.now()).date())
    if LiveWeek.objects.filter(week=week.name).exists():
        return f"{week.name} is measured."
    papers = Paper.objects.standing().of_days(week.first, week.last).exclude(abstract="").count()
    if papers < live.LEAST_PAPERS:
        return f"{week.name} has {papers} papers; a benchmark takes {live.LEAST_PAPERS} at least."
    current.embedder(build=True)
    try:
        answer = measure(week, rest=REST, stop=stop)
    except Stopped:
        return f"{week.name} is being measured; the next run goes on."
    except Conflict:
        return f"{week.name} is being measured by another process."
    return f"{week.name} was measured: {answer['queries']} queries of {len(answer['systems'])} systems."


def history(weeks: int = SHOWN) -> list[dict[str, Any]]:
    """Return what was told of the newest kept weeks, oldest first, without the scores of each query."""
    parts = (
        "tasks",
        "by_field",
        "by_year",
        "by_length",
        "differences",
        "systems",
        "queries",
        "documents",
        "left_out",
        "items",
        "model",
    )
    rows = LiveWeek.objects.order_by("-week").values("week", "papers", "made", *(f"report__{part}" for part in parts))
    return [_in_order({name.removeprefix("report__"): value for name, value in row.items()}) for row in rows[:weeks]][
        ::-1
    ]


def reports(weeks: int = SHOWN) -> list[dict[str, Any]]:
    """Return the whole reports of the newest kept weeks, oldest first."""
    return list(LiveWeek.objects.order_by("-week").values_list("report", flat=True)[:weeks])[::-1]


def _in_order(told: dict[str, Any]) -> dict[str, Any]:
    """Put tasks and systems in the order of their tables here, which PostgreSQL does not keep."""
    names = sorted(told["systems"], key=lambda name: (*live.RANKINGS, name).index(name))
    tasks = [task for task in (live_report.ALL, *live.TASKS) if task in told["tasks"]]

    def ordered(group: Mapping[str, Any]) -> dict[str, Any]:
        return {**group, "systems": {name: group["systems"][name] for name in names}}

    return told | {
        "systems": {name: told["systems"][name] for name in names},
        "tasks": {task: ordered(told["tasks"][task]) for task in tasks},
        **{kind: [ordered(row) for row in told[kind] or ()] for kind in live_report.GROUPS},
    }


@transaction.atomic
def _keep(made: Made, answer: dict[str, Any]) -> None:
    facts = {"made": timezone.now(), "papers": made.papers, "report": answer}
    LiveWeek.objects.update_or_create(week=made.week.name, defaults=facts)


def _folder(week: Week) -> Path:
    return Path(settings.HOME) / "quality" / week.name
