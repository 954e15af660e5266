"""What ``bench live`` does: weeks are measured one after the other, kept, and printed."""

import json
from typing import TYPE_CHECKING, Any

import click

from broadsheet.cli.out import progress
from broadsheet.cli.start import heeded_stop, stopped_by_term

if TYPE_CHECKING:
    from broadsheet.bench.live import Week


def run_live(week: str, weeks: int, queries: int, systems: tuple[str, ...], *, again: bool, as_json: bool) -> None:
    """Measure weeks that end with one and print each as it is done; those that are kept are printed as they are.

    systems: asked alone, anew, where some are named.
    """
    from broadsheet.bench import live, live_report

    answers = []
    for one in live.weeks_upto(_week(week), weeks):
        answers.append(_measured(one, queries, systems, again=again))
        if not as_json:
            click.echo(live_report.table(answers[-1]) + "\n")
    if as_json:
        click.echo(json.dumps(answers if weeks > 1 else answers[0], indent=1))
    elif weeks > 1:
        click.echo(live_report.history_table(answers))


def run_history(task: str, *, as_json: bool) -> None:
    """Print the weeks that are kept."""
    from broadsheet.bench import live_actions, live_report

    answers = live_actions.history()
    if as_json:
        click.echo(json.dumps([answer | {"made": answer["made"].isoformat()} for answer in answers], indent=1))
    elif answers:
        click.echo(live_report.history_table(answers, task))
        click.echo(live_report.pooled(live_actions.reports()))
    else:
        click.echo("No week was measured yet.")


def run_few(week: str, ranking: str, *, as_json: bool) -> None:
    """Tell how a ranking would do in a kept week from a few of its queries."""
    from broadsheet.bench import live_actions
    from broadsheet.bench.live_asking import Stopped
    from broadsheet.search.tuning import named

    with stopped_by_term(), heeded_stop() as stop, progress(week or "The last week") as advance:
        try:
            told = live_actions.told_by_few(
                _week(week), named(ranking), report=lambda done, total: advance(done, total, f"{done}"), stop=stop
            )
        except Stopped:
            raise KeyboardInterrupt from None
    if as_json:
        click.echo(json.dumps(told, indent=1))
        return
    click.echo(f"{told['week']}: nDCG@10 {told['estimate']:.4f} told from {told['asked']} of {told['of']} queries")
    for name, mean in told["measured"].items():
        click.echo(f"  {name:<18}{mean:.4f} measured")


def _week(name: str) -> "Week":
    from django.utils import timezone

    from broadsheet.bench import live

    return live.week_named(name) if name else live.last_whole_week(timezone.now().date())


def _measured(week: "Week", queries: int, systems: tuple[str, ...], *, again: bool) -> dict[str, Any]:
    from broadsheet.bench import live_actions
    from broadsheet.bench.live_asking import Stopped
    from broadsheet.search import current

    if current.embedder(build=True) is None:
        click.echo(f"By words alone: {current.why_no_model()}", err=True)
    with stopped_by_term(), heeded_stop() as stop, progress(week.name) as advance:

        def report(done: int, total: int) -> None:
            advance(done, total, f"{done} of {total}")

        try:
            return live_actions.measure(week, queries=queries, again=again, systems=systems, report=report, stop=stop)
        except Stopped:
            raise KeyboardInterrupt from None
