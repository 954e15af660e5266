"""``broadsheet draft``: related work of a draft in a file or from the standard input."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadsheet.cli.indexing import asking
from broadsheet.cli.out import safe
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.ranking.drafts import Answer, Related


@click.command()
@click.argument("file", metavar="FILE|-")
@click.option("--cited", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="References of the draft.")
@click.option(
    "--category", "categories", multiple=True, help="Category such as cs.LG, or archive such as cs; repeatable."
)
@click.option("--limit", default=60, show_default=True, type=click.IntRange(1, 100), help="Number of papers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def draft(file: str, cited: Path | None, categories: tuple[str, ...], limit: int, as_json: bool) -> None:
    """Find related work of a draft, in groups, with what each paper shares with it.

    FILE is a PDF, BibTeX (also RIS or CSL-JSON) or a text whose first line is the title; - reads the standard input. A
    file of references with one entry is the draft itself, one with several is what a draft cites: what is close but
    not cited comes first. Nothing of it is kept.
    """
    from broadsheet.hub.drafts import as_object
    from broadsheet.ranking import drafts
    from broadsheet.sources import draft_files

    found = draft_files.read(_content(file))
    if cited:
        found = draft_files.joined(found, draft_files.cited(cited.read_bytes()))
    with asking():
        answer = drafts.around(found, categories=categories, limit=limit)
    if as_json:
        click.echo(json.dumps(as_object(answer), ensure_ascii=False, indent=1))
        return
    if found.title:
        click.echo(f"Near to: {safe(found.title)}", err=True)
    _print(answer, len(found.works))


def _content(file: str) -> bytes:
    """Return what a file or the standard input holds, one byte more than is taken at most."""
    from broadsheet.sources.draft_files import MOST_BYTES

    if file == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(file).open("rb") as content:
        return content.read(MOST_BYTES + 1)


def _print(answer: "Answer", cited: int) -> None:
    for note in answer.notes:
        click.echo(safe(note), err=True)
    if cited:
        click.echo(f"{answer.here} of {cited} cited works are here.", err=True)
    if not answer.groups:
        click.echo("Nothing near was found. Other words or a longer text may find some.")
    for group in answer.groups:
        click.echo(f"\n{safe(group.label)}")
        for one in group.papers:
            _print_paper(one)


def _print_paper(one: "Related") -> None:
    from broadsheet.papers.tex import plain

    paper, shared = one.paper, one.shared
    day = str(paper.day or "")
    click.echo(f"  {paper.key:<17} {day:<10}  {safe(plain(paper.title))}")
    told = [f"both: {', '.join(shared.phrases)}"] if shared.phrases else []
    told += [f"also by {', '.join(shared.authors)}"] if shared.authors else []
    told += [f"near to {shared.beside.key}, which it cites"] if shared.beside else []
    if told:
        click.echo(f"  {'':<29} {safe('; '.join(told))}")
