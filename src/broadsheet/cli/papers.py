"""``broadsheet ingest``, ``search``, ``reindex`` and ``status``: taking papers in and finding them."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadsheet.cli.indexing import asking, bring_up, indexed
from broadsheet.cli.like import show_slate
from broadsheet.cli.out import errors, progress, safe
from broadsheet.cli.start import command, heeded_stop

if TYPE_CHECKING:
    from broadsheet.papers.models import Paper
    from broadsheet.search.query import Query

DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("places", nargs=-1, required=True, metavar="FILE|ID|URL|arxiv...")
@click.option("--source", help="Name kept as the papers' source. Default: the file's own name.")
@click.option("--no-index", is_flag=True, help="Only store; the running server or the next command indexes.")
@click.option("--set", "sets", multiple=True, help="arxiv-oai: a set, category or archive, or all; repeatable.")
@click.option("--from", "since", type=DAY, help="arxiv-oai, daily-papers: first day. Default: where the last ended.")
@click.option("--until", "--to", type=DAY, help="arxiv-oai, daily-papers: last day. Default: today.")
@command()
def ingest(
    places: tuple[str, ...],
    source: str | None,
    no_index: bool,
    sets: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
) -> None:
    """Take papers in.

    FILE is a JSON-lines file in the documented record format (.jsonl, .jsonl.gz, .jsonl.xz, .jsonl.zst) or a
    daily_papers answer (.json), or arXiv's bulk snapshot (.json, also packed or in a .zip). ID is an arXiv id or URL.
    "arxiv" asks arXiv for the newest papers of the configured categories, "arxiv-rss" reads their feed of
    the day, "arxiv-oai" all that has changed in them since the last time. "biorxiv" and "medrxiv" are the preprints of
    the last days. FILE or URL may also be a feed, a file of references (BibTeX, RIS, CSL-JSON), a collection of the
    ACL Anthology, or an answer of OpenReview's or bioRxiv's API. "daily-papers" are those of another site, day by day
    (BROADSHEET_DAILY_PAPERS). "sample" is the sample edition. What was interrupted
    resumes where it stopped.
    """
    from broadsheet.errors import BroadsheetError

    places, failed = _harvests(places, sets, since, until), False
    with heeded_stop() as stop, nullcontext(lambda: None) if no_index else indexed(stop=stop) as stored:
        for place in places:
            try:
                _take_in(place, source, stop, stored)
            except BroadsheetError as error:
                if len(places) == 1:
                    raise
                click.echo(f"{safe(place)}: {safe(str(error))}", err=True)
                failed = True
    if failed:
        raise click.exceptions.Exit(1)


def _harvests(
    places: tuple[str, ...], sets: tuple[str, ...], since: datetime | None, until: datetime | None
) -> tuple[str, ...]:
    """Return the places with ``arxiv-oai`` as one place for each of its sets."""
    from broadsheet.papers import daily_lists, harvests

    first, last = since.date() if since else None, until.date() if until else None
    if daily_lists.PLACE in places:
        if sets:
            raise click.UsageError(f"--set belongs to {harvests.OAI}.")
        daily = daily_lists.place(first, last)
        places = tuple(daily if place == daily_lists.PLACE else place for place in places)
    elif harvests.OAI not in places and (sets or since or until):
        raise click.UsageError(f"--set, --from and --until belong to {harvests.OAI} and {daily_lists.PLACE}.")
    if harvests.OAI not in places:
        return places
    named = harvests.places(sets, first, last)
    return tuple(one for place in places for one in (named if place == harvests.OAI else [place]))


def _take_in(place: str, source: str | None, stop: Callable[[], bool], stored: Callable[[], None]) -> None:
    """Take one place in and print what it gave. stop: asked between two batches. stored: called after each."""
    from broadsheet import pipeline
    from broadsheet.papers import runs
    from broadsheet.places import open_place

    began = time.monotonic()
    opened = open_place(place, source)
    for note in opened.notes:
        click.echo(f"{safe(place)}: {note}")
    with progress(f"Taking in {safe(place)}") as advance:

        def report(now: pipeline.Progress) -> None:
            stored()
            rate = (now.run.rows - now.began_at) / max(time.monotonic() - began, 0.001)
            advance(now.done, now.total, f"{now.run.rows} rows, {rate:.0f}/s")
            for item in now.rejects:
                errors.print(
                    f"  row {item.position}: {safe(getattr(item.row, 'reason', ''))}", markup=False, soft_wrap=True
                )

        run = pipeline.take_in(opened.source, place=place, fingerprint=opened.fingerprint, report=report, stop=stop)
    if stop():
        raise KeyboardInterrupt
    seconds = time.monotonic() - began
    click.echo(
        f"{safe(place)}: {run.added} added, {run.updated} updated, {run.unchanged} unchanged, "
        f"{run.rejected} rejected in {seconds:.1f} s"
    )
    if run.rejected:
        click.echo(f"  Rows that could not be read: {runs.rejects_file(run)}")


@click.command()
@click.argument("query", default="")
@click.option(
    "--category", "categories", multiple=True, help="Category such as cs.LG, or archive such as cs; repeatable."
)
@click.option("--since", type=DAY, help="First edition day, YYYY-MM-DD.")
@click.option("--until", type=DAY, help="Last edition day, YYYY-MM-DD.")
@click.option("--exact", is_flag=True, help="Only papers that hold every word, by words alone.")
@click.option("--limit", default=10, show_default=True, type=click.IntRange(1, 300), help="Number of results.")
@click.option("--arxiv", is_flag=True, help="Ask arXiv's own search instead; what it finds is not brought here.")
@click.option("--like", multiple=True, metavar="ID", help="Papers like this one instead; repeatable.")
@click.option("--but", default="", help="What should differ, in words: newer, with code, for biology, not surveys.")
@click.option(
    "--keep", multiple=True, metavar="ID", help="With --like: a paper of an earlier round to keep; repeatable."
)
@click.option("--drop", multiple=True, metavar="ID", help="With --like: a paper to get away from; repeatable.")
@click.option("--round", "number", type=click.IntRange(1, 9), help="With --like: which round, nearer with each.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def search(
    query: str,
    categories: tuple[str, ...],
    since: datetime | None,
    until: datetime | None,
    exact: bool,
    limit: int,
    arxiv: bool,
    like: tuple[str, ...],
    but: str,
    keep: tuple[str, ...],
    drop: tuple[str, ...],
    number: int | None,
    as_json: bool,
) -> None:
    """Find papers by words and by meaning, with the operators of the search box, or by an arXiv id or URL.

    With --like: papers near to one or several, but different as --but says.
    """
    from broadsheet.errors import BadInput
    from broadsheet.papers.models import Paper
    from broadsheet.search import hybrid
    from broadsheet.search.query import parse

    if like:
        if query or arxiv or exact or categories or since or until:
            raise click.UsageError("--like takes no query and no filters: say what should differ with --but.")
        asked = {"like": like, "but": but, "keep": keep, "drop": drop, "number": number or 1, "limit": limit}
        show_slate(asked, as_json=as_json)
        return
    if but or keep or drop or number:
        raise click.UsageError("--but, --keep, --drop and --round belong to --like.")
    parsed = parse(
        query, categories=categories, since=since.date() if since else None, until=until.date() if until else None
    )
    if parsed.empty and not parsed.notes:
        raise BadInput("The query is empty.", "Give words, a title, or an arXiv id.")
    if arxiv:
        _search_arxiv(parsed, limit, as_json)
        return
    with asking():
        found = hybrid.search(parsed, limit=limit, exact=exact, tally=True)
    if found.jump:
        paper = Paper.objects.get(key=found.jump)
        rows = [(paper, 1.0, ["id"])]
    else:
        papers = Paper.objects.standing().in_bulk([hit.paper_id for hit in found.hits])
        rows = [(papers[hit.paper_id], hit.score, list(hit.why)) for hit in found.hits if hit.paper_id in papers]
    for note in found.notes:
        click.echo(safe(note), err=True)
    for way in found.ways:
        click.echo(f"Without {safe(way.without)}: {'about ' * way.about}{way.number} papers.", err=True)
    _show_found(rows, parsed.key, as_json=as_json)


def _show_found(rows: "Sequence[tuple[Paper, float, list[str]]]", key: str | None, *, as_json: bool) -> None:
    """Print papers with their scores and reasons. key: of the paper that was asked for by name."""
    from broadsheet.papers.tex import plain

    if as_json:
        answer = [
            {
                "id": paper.key,
                "title": plain(paper.title),
                "authors": paper.authors,
                "categories": paper.categories,
                "day": paper.day.isoformat() if paper.day else None,
                "votes": paper.votes,
                "score": round(score, 4),
                "why": why,
            }
            for paper, score, why in rows
        ]
        click.echo(json.dumps(answer, ensure_ascii=False, indent=1))
    elif not rows:
        known = f"No paper {key} is known here. " if key else ""
        click.echo(f"{known}Nothing found. Fewer or other words may find it.")
    else:
        for paper, _, why in rows:
            day = str(paper.day or "")  # one that was taken in without an edition has none
            click.echo(f"{paper.key:<17} {day:<10}  {safe(plain(paper.title))}  ({', '.join(why)})")


def _search_arxiv(query: "Query", limit: int, as_json: bool) -> None:
    """Print what arXiv finds, and which of it is here."""
    from broadsheet import pipeline
    from broadsheet.accounts.operator import operator
    from broadsheet.papers.models import Paper
    from broadsheet.papers.tex import plain

    found, total, notes = pipeline.ask_arxiv(operator(), query, limit=limit)
    for note in notes:
        click.echo(safe(note), err=True)
    here = set(Paper.objects.filter(key__in=[row.id for row in found]).values_list("key", flat=True))
    if as_json:
        answer = [
            {"id": row.id, "title": plain(row.title), "authors": list(row.authors), "here": row.id in here}
            for row in found
        ]
        click.echo(json.dumps({"total": total, "papers": answer}, ensure_ascii=False, indent=1))
        return
    for row in found:
        day = f"{row.published:%Y-%m-%d}" if row.published else ""
        mark = "here" if row.id in here else "-"
        click.echo(f"{row.id:<17} {day:<10}  {mark:<4}  {safe(plain(row.title))}")
    click.echo(f"{total} papers at arXiv; `broadsheet ingest ID` brings one here.", err=True)


@click.command()
@command()
def reindex() -> None:
    """Make the search index anew from the papers; search goes on meanwhile."""
    from broadsheet.search.keeping import upkeep

    upkeep.ask_for_rebuild()
    bring_up("The running server makes the index anew; `broadsheet status` tells how far it is.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def status(as_json: bool) -> None:
    """Show how many papers are here, and how far the index and the newest announcement are."""
    from django.conf import settings

    from broadsheet.papers.models import Paper
    from broadsheet.ranking.lists import newest_day
    from broadsheet.search import state
    from broadsheet.search.encoders import embed
    from broadsheet.search.keeping import upkeep

    known = state.read(now=True)
    model, reason = (
        embed.available(Path(settings.MODELS_DIR), settings.MODEL) if settings.MODEL != "none" else ("off", "")
    )
    answer = {
        "home": str(settings.HOME),
        "papers": Paper.objects.number_standing(),
        "newest_edition": str(newest_day() or ""),
        "searchable_by_words": known.papers,
        "searchable_by_meaning": known.by_meaning,
        "by_the_full_model": known.vectors,
        "to_be_indexed": upkeep.behind(),
        "model": settings.MODEL,
        "model_state": model,
    } | _ledger()
    if as_json:
        click.echo(json.dumps(answer, indent=1))
        return
    for name, value in answer.items():
        click.echo(f"{name.replace('_', ' '):<22} {'unknown' if value is None else value}")
    if reason:
        click.echo(reason)


def _ledger() -> dict[str, object]:
    """Return how far the newest announcement is, as the ledger noted it."""
    from django.utils import timezone

    from broadsheet.ledger import standing
    from broadsheet.ledger.counting import told

    day = standing.expected_day(timezone.now())
    row = standing.kept(day)
    return {
        "announcement": str(day),
        "announcement_state": row.state if row else "",
        "announcement_received": row.received if row else 0,
        "announcement_expected": row.expected if row else None,
        "announcement_estimated": bool(row and row.expected and told(row) is None),
    }
