"""What ``broadsheet search --like`` does: a slate of papers near to some, with what should differ."""

import json
from typing import TYPE_CHECKING, Any

import click

from broadsheet.cli.indexing import asking
from broadsheet.cli.out import safe

if TYPE_CHECKING:
    from broadsheet.ranking.unlike import Slate


def show_slate(asked: dict[str, Any], *, as_json: bool) -> None:
    """Print one round. asked: what ``unlike.asked`` takes, by name."""
    from broadsheet.ranking import unlike

    round_asked = unlike.asked(**asked)
    with asking():
        slate = unlike.like(round_asked)
    for note in slate.notes:
        click.echo(safe(note), err=True)
    if as_json:
        click.echo(json.dumps(_as_object(slate), ensure_ascii=False, indent=1))
        return
    click.echo(f"Round {slate.round}{': ' if slate.understood else ''}{safe('; '.join(slate.understood))}", err=True)
    for one in slate.decided:
        click.echo(f"{'kept' if one.kept else 'dropped'} {one.paper.key}", err=True)
    for row in _as_object(slate)["papers"]:
        click.echo(f"{row['id']:<17} {row['day'] or '':<10}  {safe(row['title'])}  ({', '.join(row['why'])})")


def _as_object(slate: "Slate") -> dict[str, Any]:
    from broadsheet.papers.tex import plain

    return {
        "round": slate.round,
        "like": [paper.key for paper in slate.papers],
        "understood": list(slate.understood),
        "kept": [one.paper.key for one in slate.decided if one.kept],
        "dropped": [one.paper.key for one in slate.decided if not one.kept],
        "papers": [
            {
                "id": one.paper.key,
                "title": plain(one.paper.title),
                "authors": one.paper.authors,
                "categories": one.paper.categories,
                "day": one.paper.day.isoformat() if one.paper.day else None,
                "score": round(one.score, 4),
                "why": list(one.why),
            }
            for one in slate.found
        ],
    }
