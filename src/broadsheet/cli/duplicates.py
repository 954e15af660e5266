"""``broadsheet papers``: papers that came under several ids, as the operator makes one of them or parts them again."""

import json

import click

from broadsheet.cli.community import JSON, find
from broadsheet.cli.out import safe
from broadsheet.cli.readers import REASON
from broadsheet.cli.start import command


@click.group()
def papers() -> None:
    """Papers that are one under several ids: merge them, part them, see which may be."""


@papers.command()
@click.argument("first", metavar="ID")
@click.argument("second", metavar="ID")
@REASON
@command()
def same(first: str, second: str, reason: str) -> None:
    """Make one paper of two; the one with the better id is kept, and all that readers did goes along."""
    from broadsheet.accounts import operator
    from broadsheet.community import merging

    made = merging.make_one(operator.operator(), find(first), find(second), reason)
    click.echo(
        f"{made.merged.key} is {made.kept.key} now; `broadsheet papers part {made.merged.key}` parts them again."
    )


@papers.command()
@click.argument("key", metavar="ID")
@REASON
@command()
def part(key: str, reason: str) -> None:
    """Part a paper again from the one that it was made: by its own id, or by that of the kept one the newest."""
    from broadsheet.accounts import operator
    from broadsheet.community import merging

    found = merging.newest_of(key)
    merging.undo(operator.operator(), found, reason)
    click.echo(f"{found.merged.key} and {found.kept.key} are two papers again.")


@papers.command()
@click.option("--find", "look", is_flag=True, help="Look at the papers that came since the last time first.")
@click.option("--again", is_flag=True, help="Look at all papers anew, as after an archive was taken in.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True, help="Number of pairs.")
@JSON
@command()
def duplicates(look: bool, again: bool, limit: int, as_json: bool) -> None:
    """List pairs of papers that may be one, the most alike first."""
    from broadsheet.community import duplicates as finder
    from broadsheet.community import merging
    from broadsheet.papers.tex import plain
    from broadsheet.ranking.similar import of_like_title

    if again:
        finder.begin_again()
    if look or again:
        told = finder.find(report=lambda done: click.echo(f"{done} papers looked at.", err=True), near=of_like_title)
        click.echo(told, err=True)
    pairs = list(merging.proposals()[:limit])
    if as_json:
        rows = [
            {
                "ids": [pair.first.key, pair.second.key],
                "titles": [plain(pair.first.title), plain(pair.second.title)],
                "why": pair.why,
                "score": pair.score,
            }
            for pair in pairs
        ]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for pair in pairs:
        score = "" if pair.score is None else f" {pair.score:.2f}"
        click.echo(f"{pair.first.key}  {pair.second.key}  {pair.why}{score}  {safe(plain(pair.first.title))}")
    if not pairs:
        click.echo("No pair waits for a decision.")
