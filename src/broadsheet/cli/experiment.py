"""``broadsheet experiment``: rankings are compared on queries of which one half is kept back.

What may be told and what it costs is decided by ``bench.experiments``.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadsheet.cli.out import safe
from broadsheet.cli.start import command, fail

if TYPE_CHECKING:
    from broadsheet.bench.experiments import QuerySet, Told

KNOWN_ITEMS = "known-item"
TASK, SEED = "sentence", 1
QUERIES = 2000
"""Known items of which one half is kept back."""


@click.group()
def experiment() -> None:
    """Compare ways to rank on queries that keep one half back, so that tuning does not wear them out."""


@experiment.command()
@click.argument("one")
@click.argument("other")
@click.option("--on", required=True, help="'known-item', or a folder with a collection in BEIR's layout.")
@click.option(
    "--budget", type=click.IntRange(1, 1000), help="Answers of the half kept back, for a new set.  [default: 20]"
)
@click.option(
    "--task",
    type=click.Choice(["title", "sentence", "keywords"]),
    help=f"Of known-item: what of a paper is asked for.  [default: {TASK}]",
)
@click.option("--queries", type=click.IntRange(80, 100_000), help=f"Of known-item.  [default: {QUERIES}]")
@click.option("--seed", type=int, help=f"Of known-item: another one makes another set.  [default: {SEED}]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def compare(
    one: str,
    other: str,
    on: str,
    budget: int | None,
    task: str | None,
    queries: int | None,
    seed: int | None,
    as_json: bool,
) -> None:
    """Tell whether the ranking OTHER is better than ONE: each a name or settings, such as 'weight=0.4 fusion=rrf'."""
    from broadsheet.bench import experiments

    one, other = experiments.canonical(one), experiments.canonical(other)
    if on == KNOWN_ITEMS:
        asked = _known_items(task or TASK, queries or QUERIES, SEED if seed is None else seed)
    else:
        _refuse_of_known_items(on, {"--task": task, "--queries": queries, "--seed": seed})
        asked = _collection(Path(on))
    experiments.check(asked.on, budget)
    answer = asked.scored([one, other])
    if not asked.on.fingerprint:
        asked = asked.with_queries(answer["queries"])
    measure = answer["measure"]
    ours, theirs = (_scores(answer, ranking, measure) for ranking in (one, other))
    told = experiments.compare(
        asked.on, one, other, ours, theirs, measure=measure, budget=budget, groups=answer["groups"]
    )
    click.echo(json.dumps(asdict(told), indent=1) if as_json else _said(told, asked.on))


@experiment.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def history(as_json: bool) -> None:
    """List what was compared, and what each set of queries can still answer."""
    from broadsheet.bench import experiments

    kept = experiments.history()
    if as_json:
        click.echo(json.dumps(kept, indent=1))
    elif not kept:
        click.echo("Nothing was compared yet.")
    for one in () if as_json else kept:
        click.echo(
            f"{safe(one['on'])}: {one['queries']} queries kept back, {one['left']} of {one['budget']} answers left"
        )
        for row in one["comparisons"]:
            back = "   -   " if row["difference"] is None else f"{row['difference']:+.4f}"
            click.echo(
                f"  {row['made'][:10]}  shown {row['shown']:+.4f}, kept back {back} ± {row['margin']:.4f}  "
                f"{row['verdict']:<30}{row['other']}, against {row['one']}"
            )


@dataclass(frozen=True, slots=True)
class _Asked:
    """A set of queries and the arguments of the bench that asks them."""

    on: "QuerySet"
    bench: tuple[str, ...]

    def scored(self, rankings: Sequence[str]) -> dict[str, Any]:
        """Return the bench's answer, each query by itself; its progress and errors are shown as they come."""
        from django.conf import settings

        from broadsheet.bench.experiments import place

        folder = place(Path(settings.HOME), self.on.name)
        folder.mkdir(parents=True, exist_ok=True)
        words = ("-m", "broadsheet", "bench", *self.bench, "--json", "--keep", str(folder))
        named = [part for ranking in rankings for part in ("--ranking", ranking)]
        made = subprocess.run([sys.executable, *words, *named], stdout=subprocess.PIPE, check=False)  # noqa: S603 (own words)
        if made.returncode:
            sys.exit(made.returncode)  # it has said why
        answer: dict[str, Any] = json.loads(made.stdout)
        return answer

    def with_queries(self, queries: dict[str, str]) -> "_Asked":
        """Return the same with the fingerprint of its queries, where they are known only now."""
        from broadsheet.bench.experiments import QuerySet, fingerprint

        return _Asked(QuerySet(self.on.name, fingerprint(queries), self.on.way_out), self.bench)


def _refuse_of_known_items(folder: str, said: Mapping[str, object]) -> None:
    """Refuse options that only known items have: a collection is asked with all the queries that it comes with."""
    names = [name for name, value in said.items() if value is not None]
    if names:
        fail(
            f"{' and '.join(names)} {'is' if len(names) == 1 else 'are'} not for the collection {safe(folder)}: "
            "its own queries are asked, all of them.",
            f"Leave {'it' if len(names) == 1 else 'them'} out, or ask for papers of your own: --on {KNOWN_ITEMS}.",
        )


def _known_items(task: str, queries: int, seed: int) -> _Asked:
    from broadsheet.bench.experiments import QuerySet

    on = QuerySet(
        f"known-item {task}, {queries} queries, seed {seed}",
        "",
        f"Another seed makes another set of the papers that are here: --seed {seed + 1}.",
    )
    return _Asked(on, ("known-item", "--task", task, "--queries", str(queries), "--seed", str(seed)))


def _collection(folder: Path) -> _Asked:
    from broadsheet.bench.experiments import of_collection
    from broadsheet.sources.beir import judgments

    judged = judgments(folder)
    return _Asked(of_collection(folder, judged.queries, judged.qrels), ("beir", str(folder)))


def _scores(answer: dict[str, Any], ranking: str, measure: str) -> dict[str, float]:
    system = answer["systems"].get(ranking)
    if system is None:
        fail(f"{ranking} could not be asked: there is no model or no vector here.", "See broadsheet status.")
    scores: dict[str, float] = system["scores"][measure]
    return scores


def _said(told: "Told", on: "QuerySet") -> str:
    """Return what people read. Numbers of the half kept back are there only as the holdout tells them."""
    from broadsheet.bench.holdout import WANTED

    cost = "nothing, as it was asked before" if told.again else ("1 answer" if told.cost else "nothing")
    lines = [
        f"{told.other}\nagainst {told.one}, on {safe(told.on)}: {told.verdict}",
        f"The half that is shown, {told.shown_queries} queries: {told.measure} {told.shown:+.4f}{_bounds(told.bounds)}",
        f"The half kept back, {told.queries} queries: {_kept_back(told)}",
        f"A difference counts beyond ±{told.margin:.4f}, of which {told.noise:.4f} make up for the noise on answers.",
        f"Comparison {told.tried} on this set; it cost {cost}, {told.left} of {told.budget} answers left.",
    ]
    if told.queries < WANTED:
        lines.append(f"The half kept back should have {WANTED:,} queries: with fewer only great differences can count.")
    if not told.left:
        lines.append(f"It is spent now: without answers there are no verdicts. {on.way_out}")
    return "\n".join([*lines, *_groups(told)])


def _kept_back(told: "Told") -> str:
    """Return what the half kept back tells, which alone gives a verdict."""
    if told.difference is None:
        return "not asked, as the difference shown would not count"
    apart = abs(told.shown - told.difference) > told.agree
    beside = f"; {told.agree:.3f} and more from the half that is shown: perhaps fitted to that" if apart else ""
    return f"{told.measure} {told.difference:+.4f}, with noise{beside}"


def _groups(told: "Told") -> Iterator[str]:
    """Yield what the half that is shown tells of each group of queries."""
    from broadsheet.bench.subgroups import KINDS

    for kind in dict.fromkeys(row["kind"] for row in told.by_group):
        yield f"The half that is shown, by {KINDS.get(kind, kind)}; in brackets 95 % intervals:"
        for row in told.by_group:
            if row["kind"] == kind:
                bounds = _bounds((row["low"], row["high"]))
                yield f"  {safe(row['group']):<12}{row['queries']:>6} queries  {row['mean']:+.4f}{bounds}"


def _bounds(bounds: Sequence[float]) -> str:
    return f" ({bounds[0]:+.3f} to {bounds[1]:+.3f})" if bounds else ""
