"""``broadsheet vote``, ``comment``, ``submit``, ``save`` and ``list``: the doors of the pages, on the command line."""

import functools
import json
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from broadsheet.cli import readers as accounts
from broadsheet.cli.out import safe
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.accounts.models import User
    from broadsheet.community.models import ReadingList
    from broadsheet.papers.models import Paper

AS = click.option("--as", "name", help="The reader who does it. Default: the one reader of a site in single mode.")
JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
FORMATS = {"bibtex": "bib", "ris": "ris", "csl-json": "json"}


def acting(*options: Callable[[Any], Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--as`` and further options, and the reader that it names as its first argument."""

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def act(*args: Any, name: str | None, **given: Any) -> Any:
            return function(who(name), *args, **given)

        run = command()(act)
        for option in (AS, *options):
            run = option(run)
        return run

    return wrap


def who(name: str | None) -> "User":
    """Return the reader that ``--as`` names, or the one reader there is. Raises NotFound and BadInput."""
    from django.conf import settings

    from broadsheet.accounts import operator, readers
    from broadsheet.accounts.models import User
    from broadsheet.errors import BadInput

    if name:
        return accounts.find(name)
    # Where no mode is set, serve chooses one by its address; other accounts tell that it was not single.
    others = User.objects.exclude(username__in=(readers.ONE, operator.NAME)).exists()
    if readers.mode() == "single" and (settings.MODE or not others):
        return readers.the_one_reader()
    raise BadInput("Which reader does this?", "Name one by --as NAME; `broadsheet reader list` shows who is here.")


def find(key: str) -> "Paper":
    """Return the paper that an id or URL names. Raises NotFound."""
    from broadsheet.errors import NotFound
    from broadsheet.papers.models import Paper

    paper = Paper.objects.named(key)
    if paper is None:
        raise NotFound(
            f"No paper {safe(key[:60])!r} is known here.", f"`broadsheet ingest {safe(key[:60])}` brings it."
        )
    return paper


@click.command()
@click.argument("key", metavar="ID")
@click.option("--undo", is_flag=True, help="Take the vote back.")
@acting(JSON)
def vote(reader: "User", key: str, undo: bool, as_json: bool) -> None:
    """Vote for a paper; a second vote changes nothing."""
    from broadsheet.community import votes

    paper = find(key)
    changed = votes.take_back(reader, paper) if undo else votes.cast(reader, paper)
    if as_json:
        click.echo(json.dumps({"id": paper.key, "votes": paper.votes, "changed": changed}))
        return
    done = "vote taken back" if undo else "vote counted"
    click.echo(f"{paper.key}: {done if changed else 'nothing changed'}, {paper.votes} now.")


@click.command()
@click.argument("key", metavar="ID")
@click.argument("text", metavar="TEXT|-")
@click.option("--reply-to", help="Id of the comment that is answered.")
@acting(JSON)
def comment(reader: "User", key: str, text: str, reply_to: str | None, as_json: bool) -> None:
    """Write a comment in Markdown; - reads it from the input."""
    from broadsheet.community import discussion

    paper = find(key)
    parent = discussion.find(reply_to) if reply_to else None
    written = sys.stdin.read() if text == "-" else text
    made = discussion.comment(reader, paper, written, parent)
    if as_json:
        click.echo(json.dumps({"id": made.public_id, "paper": paper.key, "comments": paper.comments}))
        return
    click.echo(made.public_id)


@click.command()
@click.argument("key", metavar="ID|URL")
@click.option("--comment", "text", default="", help="A first comment, in Markdown.")
@acting(JSON)
def submit(reader: "User", key: str, text: str, as_json: bool) -> None:
    """Submit a paper to the edition of the day; one that is not here is fetched from arXiv."""
    from broadsheet import pipeline

    made = pipeline.submit(reader, key, text)
    if as_json:
        click.echo(json.dumps({"id": made.paper.key, "version": made.version, "day": made.day.isoformat()}))
        return
    click.echo(f"{made.paper.key} is submitted to the edition of {made.day}.")


@click.command()
@click.argument("key", metavar="ID")
@click.option("--undo", is_flag=True, help="Take it from the saved papers.")
@acting()
def save(reader: "User", key: str, undo: bool) -> None:
    """Save a paper for later."""
    from broadsheet.community import lists

    paper = find(key)
    changed = lists.unsave(reader, paper) if undo else lists.save(reader, paper)
    done = "not saved any more" if undo else "saved"
    click.echo(f"{paper.key}: {done if changed else 'nothing changed'}.")


# --- Lists --------------------------------------------------------------------------------------------------------


@click.group(name="list")
def reading_list() -> None:
    """Reading lists: make, fill, show, import and export them. SLUG is a list's name in addresses, such as saved."""


def _own(reader: "User", slug: str) -> "ReadingList":
    from broadsheet.community import lists
    from broadsheet.errors import NotFound

    if slug == lists.SAVED:
        return lists.saved_list(reader)
    try:
        return lists.find(reader, reader.username, slug)
    except NotFound as error:
        raise NotFound(error.message, "`broadsheet list ls` shows the lists there are.") from None


@reading_list.command()
@acting(JSON)
def ls(reader: "User", as_json: bool) -> None:
    """Show the reader's lists."""
    from django.db.models import Count

    from broadsheet.community import lists

    rows = lists.mine(reader).annotate(papers=Count("items"))
    if as_json:
        facts = [
            {"slug": row.slug, "title": row.title, "public": row.public, "papers": row.papers, "id": row.public_id}
            for row in rows
        ]
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    for row in rows:
        click.echo(f"{row.slug:<32} {row.papers:>5}  {'public ' if row.public else 'private'}  {safe(row.title)}")


@reading_list.command()
@click.argument("slug", default="saved")
@acting(JSON)
def show(reader: "User", slug: str, as_json: bool) -> None:
    """Show the papers of a list with their notes."""
    from broadsheet.community import lists
    from broadsheet.papers.tex import plain

    items = lists.items(_own(reader, slug))
    if as_json:
        facts = [{"id": item.paper.key, "title": plain(item.paper.title), "note": item.note} for item in items]
        click.echo(json.dumps(facts, ensure_ascii=False, indent=1))
        return
    for item in items:
        note = f"  ({safe(item.note)})" if item.note else ""
        click.echo(f"{item.paper.key:<17} {safe(plain(item.paper.title))}{note}")


@reading_list.command()
@click.argument("title")
@click.option("--description", default="", help="What the list is about.")
@click.option("--public", is_flag=True, help="Let everybody see it.")
@acting()
def create(reader: "User", title: str, description: str, public: bool) -> None:
    """Make a list and print its slug."""
    from broadsheet.community import lists

    click.echo(lists.create(reader, title, description=description, public=public).slug)


@reading_list.command()
@click.argument("slug")
@click.argument("keys", metavar="ID...", nargs=-1, required=True)
@click.option("--note", default="", help="A note beside each of the papers.")
@acting()
def add(reader: "User", slug: str, keys: tuple[str, ...], note: str) -> None:
    """Put papers at the end of a list."""
    from broadsheet.community import lists

    added = lists.add_all(reader, _own(reader, slug), [(find(key), note) for key in keys])
    click.echo(f"{added} added, {len(keys) - added} there already.")


@reading_list.command()
@click.argument("slug")
@click.argument("keys", metavar="ID...", nargs=-1, required=True)
@acting()
def remove(reader: "User", slug: str, keys: tuple[str, ...]) -> None:
    """Take papers out of a list."""
    from broadsheet.community import lists

    kept = _own(reader, slug)
    removed = sum(lists.remove(reader, kept, paper) for paper in [find(key) for key in keys])
    click.echo(f"{removed} removed.")


@reading_list.command()
@click.argument("slug")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@acting()
def delete(reader: "User", slug: str, yes: bool) -> None:
    """Delete a list; its papers stay here."""
    from broadsheet.community import lists

    kept = _own(reader, slug)
    if not yes:
        click.confirm(f"Delete the list {safe(kept.title)} with {kept.items.count()} papers?", abort=True)
    lists.delete(reader, kept)
    click.echo(f"{kept.slug} is deleted.")


@reading_list.command(name="import")
@click.argument("file", type=click.File("rb"))
@click.argument("slug", default="saved")
@acting()
def bring(reader: "User", file: BinaryIO, slug: str) -> None:
    """Put the papers that a BibTeX, RIS, CSL-JSON or Zotero RDF file names into a list."""
    from broadsheet.community import exchange
    from broadsheet.papers import bibliography

    entries = bibliography.read(file.read(bibliography.MOST_BYTES + 1))
    brought = exchange.bring(reader, _own(reader, slug), entries)
    click.echo(f"{brought.added} added, {brought.already} there already, {len(brought.missing)} not known here.")
    for missing in brought.missing:
        click.echo(f"  {safe(missing.entry.place)}: {safe(missing.entry.title)} ({safe(missing.reason)})", err=True)


@reading_list.command(name="export")
@click.argument("slug", default="saved")
@click.option(
    "--format",
    "kind",
    type=click.Choice(list(FORMATS)),
    default="bibtex",
    show_default=True,
    help="Format of the file.",
)
@acting()
def carry_out(reader: "User", slug: str, kind: str) -> None:
    """Print a list as a file of references."""
    from broadsheet.community import exchange

    click.echo(exchange.written(_own(reader, slug), FORMATS[kind]), nl=False)
