"""``broadsheet bench``: measurements that anyone can repeat on their own papers."""

from pathlib import Path

import click

from broadsheet.cli.start import command


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
@click.option(
    "--system", "systems", multiple=True, type=click.Choice(["words", "meaning", "fused"]), help="By default all three."
)
@click.option(
    "--compare", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="An earlier --json answer."
)
@click.option(
    "--keep", type=click.Path(file_okay=False, path_type=Path), help="Keep papers and index here for another run."
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with the scores of each query.")
def beir(
    folder: Path, split: str, systems: tuple[str, ...], compare: Path | None, keep: Path | None, as_json: bool
) -> None:
    """Quality of search on a collection with judgments, in BEIR's layout, apart from your papers."""
    from broadsheet.cli.bench_search import run_beir

    run_beir(folder, split, systems, compare, keep, as_json=as_json)


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
