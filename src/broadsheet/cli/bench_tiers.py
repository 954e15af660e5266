"""``broadsheet bench tiers``: how good search is while the model has read only a share of the papers."""

import json
from pathlib import Path

import click

from broadsheet.cli.bench_known import index as index_copied
from broadsheet.cli.bench_known import take_in
from broadsheet.cli.bench_search import take_in as take_collection_in
from broadsheet.cli.beside import apart_with_store
from broadsheet.cli.out import progress
from broadsheet.cli.start import heeded_stop
from broadsheet.sources.beir import Judgments, judgments, key_of


def _shares(_context: click.Context, _option: click.Parameter, text: str) -> list[float]:
    """Read shares in per cent, commas between."""
    try:
        found = [float(part) / 100 for part in text.split(",")]
    except ValueError:
        found = [-1.0]
    if not all(0 <= share <= 1 for share in found):
        raise click.BadParameter(f"{text!r} is no list of per cents; it looks like 0,10,50,90,100.")
    return found


@click.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--shares", default="0,10,50,90,100", show_default=True, callback=_shares, help="Per cents upgraded.")
@click.option("--papers", type=click.IntRange(min=100), default=20_000, show_default=True, help="Of the site's, drawn.")
@click.option("--queries", type=click.IntRange(min=10), default=400, show_default=True, help="Asked of these papers.")
@click.option("--ranking", "rankings", multiple=True, help="Ask this one too at each share, such as 'weight=0.4'.")
@click.option("--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep papers and index here for later.")
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="The site's state directory.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def tiers(
    folder: Path | None,
    shares: list[float],
    papers: int,
    queries: int,
    rankings: tuple[str, ...],
    keep: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Quality of search while only a share of the papers has the model's own vector, the rest the student's.

    FOLDER: a collection in BEIR's layout. Without it papers of the site are drawn, and asked for by a sentence that
    was taken out of them.
    """
    with apart_with_store(keep, data):
        from broadsheet.bench import tiers
        from broadsheet.errors import Refused
        from broadsheet.search import current
        from broadsheet.search.tuning import named

        for ranking in rankings:
            named(ranking)  # what is none is told before papers are read
        if folder:
            judged = judgments(folder, "test")
            names = {key_of(document): document for grades in judged.qrels.values() for document in grades}
            take_collection_in(folder)
        else:
            judged, names = _sentences(papers, queries), {}
        try:
            embedder = current.embedder(build=True)
            if embedder is None:
                raise Refused(f"Meaning cannot be measured: {current.why_no_model()}")
            index = current.own()
            with heeded_stop() as stop, progress("Reading") as advance:
                tiers.read(embedder, lambda done, total: advance(done, total, f"{done} papers"), stop)
            with progress("Both tiers") as advance:
                held = tiers.held(embedder.mark, lambda done, total: advance(done, total, f"{done} papers"))
            with progress("Asking") as advance:
                found = tiers.measure(
                    index,
                    held,
                    judged,
                    shares,
                    names,
                    lambda done, total: advance(done, total, f"{done} shares"),
                    rankings,
                )
        finally:
            current.release()
        answer = tiers.as_json(held, judged, found)
        click.echo(json.dumps(answer, indent=1) if as_json else tiers.table(answer))


def _sentences(papers: int, queries: int) -> Judgments:
    """Draw papers of the site, take a sentence out of some, copy and index them; return the sentences as queries."""
    from broadsheet.bench import known_item, known_item_papers, tiers

    drawn = tiers.drawn(papers)
    items = known_item.sentences(known_item_papers.of_store().filter(pk__in=drawn[: 2 * queries]))[:queries]
    masked = {item.key: item.masked for item in items if item.masked is not None}
    take_in(known_item_papers.Copied(masked, sorted(drawn)), f"tiers {papers} {queries}")
    index_copied(masked)
    return known_item.judged(items)
