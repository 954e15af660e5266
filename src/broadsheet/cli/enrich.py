"""``broadsheet enrich``: finding facts about papers, and printing those of one."""

import json
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import progress, safe
from broadsheet.cli.start import command, heeded_stop

if TYPE_CHECKING:
    from broadsheet.papers.models import Paper


@click.command()
@click.argument("kinds", nargs=-1, metavar="[KIND]...")
@click.option("--paper", "name", help="Only this paper, by id or URL, also where it was looked at before.")
@click.option("--limit", type=click.IntRange(min=1), help="Papers of each kind at most.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def enrich(kinds: tuple[str, ...], name: str | None, limit: int | None, as_json: bool) -> None:
    """Find facts about papers: venue, length, links, key phrases, extracts and what other places tell.

    KIND is a kind of facts; without one, those that BROADSHEET_ENRICH names. Papers that were looked at are passed
    over, the newest come first, and what was interrupted resumes where it stopped. With --paper the facts of that paper
    are printed.
    """
    from broadsheet import places
    from broadsheet.enrich import run

    chosen = run.named(kinds, places.fact_kinds())
    paper = _paper(name) if name else None
    with heeded_stop() as stop, progress("Finding facts") as advance:

        def report(what: str, done: int, total: int) -> None:
            advance(done, total, f"{what}: {done} of {total}")

        only = None if paper is None else [paper.pk]
        told = run.run(chosen, stop, report, only=only, limit=limit)
    if paper is not None:
        _print_facts(paper, as_json=as_json)
    else:
        click.echo(json.dumps({"told": told}) if as_json else told)


def _paper(name: str) -> "Paper":
    from broadsheet.errors import NotFound
    from broadsheet.papers.models import Paper

    paper = Paper.objects.named(name)
    if paper is None:
        raise NotFound(f"No paper {name[:60]!r} is known here.", "`broadsheet ingest` takes papers in.")
    return paper


def _print_facts(paper: "Paper", *, as_json: bool) -> None:
    from broadsheet.enrich.facts import as_object, of

    found = of(paper)
    if as_json:
        click.echo(json.dumps([as_object(one) for one in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        click.echo(f"{one.label}: {safe(one.text)} ({safe(one.origin)}, {one.date:%Y-%m-%d})")
    if not found:
        click.echo(f"Nothing was found about {paper.key}.")
