"""``broadsheet compare``: the editions here beside another site's daily papers."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import progress, safe
from broadsheet.cli.start import command, heeded_stop

if TYPE_CHECKING:
    from broadsheet.bench.compare import Compared, Listed

DAY = click.DateTime(formats=["%Y-%m-%d"])
SHOWN = 10


@click.command()
@click.option("--from", "since", type=DAY, help="First day. Default: a week before the last.")
@click.option("--to", "until", type=DAY, help="Last day. Default: today.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def compare(since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """Compare the editions here with the daily papers of another site (BROADSHEET_DAILY_PAPERS).

    For each day: papers there and not here, here and not there, how far the order agrees, and the votes side by side.
    """
    from django.utils import timezone

    from broadsheet import places
    from broadsheet.bench.compare import of_day
    from broadsheet.errors import BadInput
    from broadsheet.papers import daily_lists

    last = until.date() if until else timezone.now().date()
    first = since.date() if since else last - timedelta(days=7)
    if first > last:
        raise BadInput(f"The days end ({last}) before they begin ({first}).", "Swap --from and --to.")
    source = daily_lists.source(first, last, places.client(30))
    days: list[Compared] = []
    number = (last - first).days + 1
    try:
        with heeded_stop() as stop, progress("Comparing") as advance:
            for offset in range(number):
                if stop():
                    raise KeyboardInterrupt
                days.append(of_day(source, first + timedelta(days=offset)))
                advance(offset + 1, number, days[-1].day.isoformat())
    finally:  # also where it was stopped, or a day is not answered: the days before it are told
        _tell(days, as_json=as_json)


def _tell(days: "list[Compared]", *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps([one.as_json() for one in days], ensure_ascii=False, indent=1))
        return
    for one in days:
        _print(one)
    if days:
        _print_sum(days)


def _print(one: "Compared") -> None:
    order = "" if one.tau is None else f", order {one.tau:+.2f}"
    click.echo(
        f"{one.day}: {one.there} there, {one.here} here, {len(one.votes)} in both; "
        f"{one.overlap} of the first ten in both{order}"
    )
    _print_papers("not here", one.missing)
    _print_papers("here on another day", one.moved)
    _print_papers("only here", one.more)
    for key, there, here in one.votes[:SHOWN]:
        click.echo(f"  {key:<17} {there} votes there, {here} here")


def _print_papers(what: str, papers: "tuple[Listed, ...]") -> None:
    from broadsheet.papers.tex import plain

    for paper in papers[:SHOWN]:
        click.echo(f"  {what}: {paper.key:<17} {safe(plain(paper.title))}")
    if len(papers) > SHOWN:
        click.echo(f"  {what}: {len(papers) - SHOWN} more")


def _print_sum(days: "list[Compared]") -> None:
    there, missing = sum(one.there for one in days), sum(len(one.missing) for one in days)
    unread = sum(one.unread for one in days)
    taus = [one.tau for one in days if one.tau is not None]
    order = f"; mean order {sum(taus) / len(taus):+.2f}" if taus else ""
    odd = f"; {unread} could not be read" if unread else ""
    click.echo(f"{days[0].day} to {days[-1].day}: {there} papers there, {missing} of them not here{order}{odd}.")
