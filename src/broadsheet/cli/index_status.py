"""``broadsheet index status``: how many papers are found by what, what is left to do, who does it, what it weighs."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import safe
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.search.keeping.standing import Standing


@click.group("index")
def index_group() -> None:
    """Look at the search index."""


@index_group.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def status(as_json: bool) -> None:
    """Show how many papers are found by words and by meaning, what is left to do, who does it, and what it weighs."""
    from django.conf import settings

    from broadsheet.search.index import SCHEMA
    from broadsheet.search.keeping import standing

    found = standing.standing()
    state, reason = standing.model_state()
    pieces = standing.sizes(found.folder)
    free = standing.room(found.folder)
    if as_json:
        told = asdict(found) | {
            "folder": str(found.folder),
            "schema_wanted": SCHEMA,
            "model_set": settings.MODEL,
            "model_state": state,
            "share": round(found.share, 4),
            "seconds_left": found.seconds,
            "bytes": pieces,
            "bytes_free": free,
        }
        click.echo(json.dumps(told, indent=1))
        return
    rows = _rows(found, settings.MODEL, state)
    if settings.SEARCH_URL:
        rows = {"index": "on the server of BROADSHEET_SEARCH_URL"} | rows
        for of_files in ("folder", "kept by", "schema"):
            del rows[of_files]
    for name, value in rows.items():
        click.echo(f"{name:<22} {safe(value)}")
    if reason:
        click.echo(reason)
    if settings.SEARCH_URL:
        return
    parts = ", ".join(f"{name} {megabytes(size)}" for name, size in pieces.items())
    click.echo(f"{'on disk':<22} {megabytes(sum(pieces.values()))} ({parts}); {megabytes(free)} free")


def _rows(found: "Standing", model: str, state: str) -> dict[str, str]:
    """Return what is told of the index, by name."""
    from broadsheet.search.index import SCHEMA

    rows = {
        "folder": str(found.folder),
        "kept by": _owner(found),
        "schema": "none yet" if found.schema is None else f"{found.schema} (this version: {SCHEMA})",
        "papers": str(found.papers),
        "found by words": str(found.words),
        "to be taken over": str(found.waiting),
        "found by meaning": f"{found.model} by the model, {found.rough} roughly (static table, or mapped)",
        "read by the model": f"{found.share:.1%}{_left(found)}",
        "model": f"{model} ({state}); the vectors are of {found.space or 'none'}",
    }
    return rows | {going.what: f"{going.done} of {going.total}" for going in found.going}


def _owner(found: "Standing") -> str:
    if found.owner is None:
        return "nobody at the moment"
    number = f"process {found.owner}" if found.owner else "a process that is not seen from here"
    return f"{number}, {'a server' if found.served else 'a command'}"


def _left(found: "Standing") -> str:
    if not found.left:
        return ""
    if not found.ready_in:
        return f"; {found.left} are left"
    return f"; {found.left} are left: {found.ready_in} at {found.rate:.1f} a second, while the site is served"


def megabytes(size: int) -> str:
    """Return a number of bytes as people say it."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.1f} MB"
