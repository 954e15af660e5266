"""``broadsheet bench``: measurements that anyone can repeat on their own papers."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadsheet.cli.bench_tiers import tiers
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.bench.known_item import Task

SYSTEMS = ("words", "meaning", "fused")

# What benches of search have in common.
_systems = click.option(
    "--system",
    "systems",
    multiple=True,
    type=click.Choice([*SYSTEMS, "reranked"]),
    help="By default the first three; reranked scores the first 30 anew, token by token.",
)
_rankings = click.option(
    "--ranking", "rankings", multiple=True, help="Another ranking, such as 'weight=0.4 fusion=rrf'."
)
_compare = click.option(
    "--compare", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An earlier --json answer."
)
_keep = click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep papers and index here for another run."
)


@click.group()
def bench() -> None:
    """Measure speed and quality on your own papers."""


@bench.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def front(as_json: bool) -> None:
    """Queries, processor time and bytes of the front page, without and with its cache."""
    from broadsheet.bench.front import run

    run(as_json=as_json)


@bench.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def trending(path: Path, as_json: bool) -> None:
    """Test the trending formula on recorded vote histories (a JSON-lines file with upvotes_seen)."""
    from broadsheet.bench.trending import run

    run(path, as_json=as_json)


@bench.command()
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def digest(paths: tuple[Path, ...], as_json: bool) -> None:
    """What variety in a digest costs in votes, on recorded editions (JSON-lines files, joined by id)."""
    from broadsheet.bench.digest import run

    run(paths, as_json=as_json)


@bench.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--split", default="test", show_default=True, help="Which judgments: qrels/NAME.tsv.")
@_systems
@_rankings
@_compare
@_keep
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the scores of each query.")
def beir(
    folder: Path,
    split: str,
    systems: tuple[str, ...],
    rankings: tuple[str, ...],
    compare: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Quality of search on a collection with judgments, in BEIR's layout, apart from your papers."""
    from broadsheet.cli.bench_search import run_beir

    run_beir(folder, split, (*systems, *rankings), compare, keep, as_json=as_json)


bench.add_command(tiers)


@bench.command("known-item")
@click.option(
    "--task",
    default="sentence",
    show_default=True,
    type=click.Choice(["title", "sentence", "keywords"]),
    help="What of a paper is asked for: its title, a sentence of its abstract, three key phrases.",
)
@click.option("--queries", type=click.IntRange(1, 100_000), help="Papers asked for.  [default: 1000, or all of --keep]")
@click.option("--seed", type=int, help="Which papers and sentences are drawn.  [default: 1, or that of --keep]")
@_systems
@_rankings
@_compare
@_keep
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the site's own papers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the scores of each query.")
def known_item(
    task: "Task",
    queries: int | None,
    seed: int | None,
    systems: tuple[str, ...],
    rankings: tuple[str, ...],
    compare: Path | None,
    keep: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Ask for papers of your own that are known, apart from them, and tell how far up they come.

    Papers and index are copied, and the sentences that are asked for are masked there. A run that was stopped goes on
    with the same --keep.
    """
    from broadsheet.cli.bench_known import Asked, run_known_item

    asked = Asked(task, queries, seed, (*systems, *rankings) or SYSTEMS)
    run_known_item(asked, compare, keep, data, as_json=as_json)


@bench.command()
@click.option("--week", default="", help="By ISO 8601, such as 2025-W40.  [default: the last whole week]")
@click.option(
    "--weeks",
    default=1,
    show_default=True,
    type=click.IntRange(1, 60),
    help="So many weeks, of which --week is the last.",
)
@click.option(
    "--queries", default=100, show_default=True, type=click.IntRange(5, 1000), help="Queries of each task at most."
)
@click.option("--again", is_flag=True, help="Measure weeks that were measured anew.")
@click.option("--system", "systems", multiple=True, help="Ask this one of the systems alone, keep nothing; repeatable.")
@click.option("--ranking", help="Only tell how this ranking would do in a week that was measured, from 50 queries.")
@click.option("--history", is_flag=True, help="Measure nothing; print the weeks that were measured.")
@click.option(
    "--task",
    default="all",
    show_default=True,
    type=click.Choice(["all", "title", "sentence", "keywords", "neighbours", "series"]),
    help="With --history: of this task alone.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def live(
    week: str,
    weeks: int,
    queries: int,
    again: bool,
    systems: tuple[str, ...],
    ranking: str | None,
    history: bool,
    task: str,
    as_json: bool,
) -> None:
    """Measure search on the papers of a week, which are newer than any model, and keep what came out."""
    from broadsheet.cli.bench_live import run_few, run_history, run_live
    from broadsheet.errors import BadInput

    if systems and (history or ranking is not None):
        raise BadInput("--system asks systems anew; --history and --ranking ask none.", "Leave one of them out.")
    if history:
        run_history(task, as_json=as_json)
    elif ranking is not None:
        run_few(week, ranking, as_json=as_json)
    else:
        run_live(week, weeks, queries, systems, again=again, as_json=as_json)


@bench.command("index")
@click.option(
    "--papers",
    default=0,
    type=click.IntRange(0, 10_000_000),
    help="So many; beyond those that have a vector they are made of these.  [default: all that have a vector]",
)
@click.option("--queries", default=300, show_default=True, type=click.IntRange(1, 10_000), help="Titles asked for.")
@click.option("--seed", default=1, show_default=True, help="Draws papers and titles.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def index_codes(papers: int, queries: int, seed: int, as_json: bool) -> None:
    """What codes of vectors find of what exact search finds, in what time and memory, on your papers' vectors."""
    from broadsheet.cli.bench_index import Asked, run_index

    run_index(Asked(papers, queries, seed), as_json=as_json)


@bench.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--negatives",
    default=10_000,
    show_default=True,
    type=click.IntRange(1, 1_000_000),
    help="Other papers beside them.",
)
@_systems
@_rankings
@_keep
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def pages(
    path: Path,
    negatives: int,
    systems: tuple[str, ...],
    rankings: tuple[str, ...],
    keep: Path | None,
    as_json: bool,
) -> None:
    """Ask for the papers of four captured search-result pages, alone and among others of your own.

    FILE is JSON lines with title, abstract, page and rank.
    """
    from broadsheet.cli.bench_pages import run_pages

    run_pages(path, negatives, (*systems, *rankings) or SYSTEMS, keep, as_json=as_json)


@bench.command()
@click.argument("first", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("second", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def duplicates(first: Path, second: Path, as_json: bool) -> None:
    """How well duplicates are told from papers of like titles (two JSON-lines files that share ids)."""
    from broadsheet.bench.duplicates import run

    run(first, second, as_json=as_json)


@bench.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def phrases(path: Path, as_json: bool) -> None:
    """Compare key phrases with the keywords of a file of papers, against plain TF-IDF."""
    from broadsheet.bench.facts import run_phrases

    run_phrases(path, as_json=as_json)


@bench.command()
@click.argument("path", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--papers", default=1000, show_default=True, type=click.IntRange(1, 100_000), help="Papers looked at.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def extracts(path: Path, papers: int, as_json: bool) -> None:
    """Tell how much of an abstract its extract holds, against its first two sentences and any two."""
    from broadsheet.bench.facts import run_extracts

    run_extracts(path, papers, as_json=as_json)


@bench.command("similar")
@click.option("--queries", default=500, show_default=True, type=click.IntRange(1, 100_000), help="Papers asked.")
@click.option("--seed", default=1, show_default=True, help="Draws the papers.")
@click.option(
    "--half",
    default="report",
    show_default=True,
    type=click.Choice(["report", "tuning"]),
    help="Which half of the papers is asked; the weights were set on 'tuning'.",
)
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="One of title, key terms, cosine, words, meaning, fused, fused+authors, search, draft; repeatable."
    "  [default: all]",
)
@click.option(
    "--judge",
    default="authors",
    show_default=True,
    type=click.Choice(["authors", "series", "categories"]),
    help="Near are papers that share two authors, all authors within a month, or a rare set of categories.",
)
@click.option(
    "--keywords",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Judge by the keywords in this file of papers instead.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the scores of each paper.")
@command()
def similar_papers(
    queries: int, seed: int, half: str, systems: tuple[str, ...], judge: str, keywords: Path | None, as_json: bool
) -> None:
    """How good similar papers are, and related work of a draft, by judges that see what ranking does not."""
    from broadsheet.cli.bench_like import Sample, run_similar

    run_similar(Sample(queries, seed, half), systems, judge, keywords, as_json=as_json)


@bench.command()
@click.option(
    "--queries", default=150, show_default=True, type=click.IntRange(1, 100_000), help="Papers asked of each kind."
)
@click.option("--seed", default=1, show_default=True, help="Draws the papers and the changes.")
@click.option(
    "--half",
    default="report",
    show_default=True,
    type=click.Choice(["report", "tuning"]),
    help="Which half of the papers is asked; the weights were set on 'tuning'.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(["category", "year", "keyword", "without"]),
    help="Kind of change asked for; repeatable.  [default: all]",
)
@click.option(
    "--system",
    "systems",
    multiple=True,
    help="One of paper, words, title and words, like, slate; repeatable.  [default: all]",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the scores of each change.")
@command()
def like(queries: int, seed: int, half: str, kinds: tuple[str, ...], systems: tuple[str, ...], as_json: bool) -> None:
    """How well "like this, but" finds near papers that differ as asked, against the paper and the words alone."""
    from broadsheet.cli.bench_like import Sample, run_like

    run_like(Sample(queries, seed, half), systems, kinds, as_json=as_json)


@bench.command()
@click.option("--papers", default=100_000, show_default=True, type=click.IntRange(100), help="How many are made.")
@click.option("--sizes", help="Several numbers of papers instead, such as 100000,1000000, one after the other.")
@click.option(
    "--from",
    "source",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file of records to make papers of, not the site's own.",
)
@click.option("--queries", default=700, show_default=True, type=click.IntRange(14, 100_000), help="Queries asked.")
@click.option("--seed", default=1, show_default=True, help="Draws papers and queries.")
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    type=click.Choice(["fts5", "tantivy", "exact"]),
    help="Measured beside it: SQLite's FTS5, plain Tantivy, an exact scan of the vectors; repeatable.",
)
@_keep
@click.option("--data", type=click.Path(file_okay=False, path_type=Path), help="Directory of the site's own papers.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def scale(
    papers: int,
    sizes: str | None,
    source: Path | None,
    queries: int,
    seed: int,
    baselines: tuple[str, ...],
    keep: Path | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """Speed, memory and recall of search over any number of papers, made of real ones, apart from your papers.

    A run that was stopped goes on with the same --keep.
    """
    from broadsheet.cli.bench_scale import Asked, read_sizes, run_scale

    run_scale(Asked(read_sizes(sizes, papers), queries, seed, baselines, data, source), keep, as_json=as_json)
