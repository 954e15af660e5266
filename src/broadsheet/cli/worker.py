"""``broadsheet worker`` and ``broadsheet jobs``: the timetable apart from the web server, seen and run by hand."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import click

from broadsheet.cli.out import errors, progress, safe
from broadsheet.cli.start import command, fail, heeded_stop, tell_processes

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")

STOPS = (signal.SIGINT, signal.SIGTERM)


@click.command()
@command()
def worker() -> None:
    """Run the timetable apart from the web server, until Ctrl-C.

    Several workers on one database are safe: each run of a job is taken by one of them.
    """
    from broadsheet import jobs
    from broadsheet.work.running import Runner

    entries = jobs.standing()
    # A list, not an event: the handler may interrupt the main thread inside the lock that an event has.
    heard: list[int] = []
    before = {number: signal.signal(number, lambda *told: heard.append(told[0])) for number in STOPS}
    runner = Runner(entries)
    click.echo(f"Running {len(entries)} jobs: {', '.join(entry.name for entry in entries)}. Ctrl-C stops.")
    runner.start()
    try:
        while not heard:
            time.sleep(0.2)
    finally:
        runner.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
    click.echo("Stopped. The next start carries on.")


@click.group(invoke_without_command=True)
@JSON
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of all state.")
@click.pass_context
def jobs(context: click.Context, as_json: bool, data: Path | None) -> None:
    """List the jobs that run by themselves: when each runs next, and how the last run went."""
    if data is not None:
        tell_processes("BROADSHEET_HOME", str(data))
    if context.invoked_subcommand is None:
        _list(data=None, as_json=as_json)


@command()
def _list(as_json: bool) -> None:
    from django.utils import timezone

    from broadsheet import jobs as timetable
    from broadsheet.work import overview

    shown = overview.of(timetable.standing(), timezone.now())
    if as_json:
        click.echo(json.dumps([job.as_dict() for job in shown], indent=2))
        return
    for job in shown:
        click.echo(f"{job.entry.name:<14} {job.entry.when!s:<24} {job.state}")
        if job.last is not None and job.last.ended:
            told = "" if job.last.ok else "FAILED: "
            click.echo(f"{'':<14} {job.last.started:%Y-%m-%d %H:%M}, {job.length}: {safe(told + job.last.result)}")


@jobs.command()
@click.argument("name")
@click.option("--ask", is_flag=True, help="Have the running server or worker run it, and do not wait.")
@command()
def run(name: str, ask: bool) -> None:
    """Run one job now, due or not, or ask the running server to. Exits with 1 if it fails."""
    from django.utils import timezone

    from broadsheet import jobs as timetable
    from broadsheet.work import actions, running

    entry = timetable.entry(name)
    if ask:
        actions.settle([entry], timezone.now())
        actions.ask_for(name, "operator")
        click.echo(f"{name} runs as soon as a server or worker can.")
        return
    with heeded_stop() as stop, progress(name) as advance:
        done = running.run_now(entry, "operator", stop=stop, tick=_ticking(name, advance))
    if not done.ok:
        fail(f"{name}: {safe(done.result)}")
    click.echo(safe(done.result))


def _ticking(name: str, advance: Any) -> Any:
    """Return what tells the seconds so far: as a note beside the bar, or as a line now and then."""
    told = [0.0]

    def tick(seconds: float) -> None:
        if errors.is_terminal:
            advance(0, None, f"{seconds:.0f} s")
        elif seconds - told[0] >= 10:
            told[0] = seconds
            click.echo(f"{name}: {seconds:.0f} s", err=True)

    return tick
