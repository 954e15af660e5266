"""What ``bench similar`` and ``bench like`` do: papers of this site are asked of its own index; nothing is changed."""

import json
from dataclasses import dataclass
from pathlib import Path

import click

from broadsheet.cli.indexing import bring_up
from broadsheet.cli.out import progress
from broadsheet.cli.start import fail


@dataclass(frozen=True, slots=True)
class Sample:
    """Which papers are asked. half: those that weights were set on, or those that results are told of."""

    queries: int
    seed: int
    half: str


def run_similar(sample: Sample, systems: tuple[str, ...], judge: str, keywords: Path | None, *, as_json: bool) -> None:
    """Measure similar papers by a judge, or by the keywords of a file, and print what came out."""
    from broadsheet.bench import report, same_hands, similar, similar_systems
    from broadsheet.search import current

    hands = same_hands.Hands()
    half = same_hands.half(sample.half)
    if keywords:
        judged = similar.by_keywords(hands, similar.keywords_of(keywords), sample.queries, sample.seed, half)
    else:
        judged = similar.JUDGES[judge](hands, sample.queries, sample.seed, half)
    if not judged.qrels:
        fail("No paper here has others to find by this judge.", "Take more in first: broadsheet ingest.")
    of_authors = judged.name in {"authors", "series"}
    chosen = systems or tuple(name for name in similar_systems.SYSTEMS if not (of_authors and "authors" in name))
    bring_up(err=True)
    try:
        current.embedder(build=True)
        with progress("Asking") as advance:
            found = similar.measure(judged, hands, chosen, lambda done, total: advance(done, total, f"{done} asked"))
    finally:
        current.release()
    answer = report.as_json(found) | {"judge": judged.name, "half": half}
    title = f"{found.documents} papers, {len(judged.qrels)} asked, judged by {judged.name}, {half} half"
    click.echo(json.dumps(answer, indent=1) if as_json else report.table(answer, title=title))


def run_like(sample: Sample, systems: tuple[str, ...], kinds: tuple[str, ...], *, as_json: bool) -> None:
    """Measure "like this, but" by changes made from the papers here, and print what came out."""
    from broadsheet.bench import like, report, same_hands
    from broadsheet.search import current

    hands = same_hands.Hands()
    half = same_hands.half(sample.half)
    bring_up(err=True)
    try:
        current.embedder(build=True)
        chosen = [kind for kind in like.KINDS if not kinds or kind in kinds]
        asked = []
        with progress("Drawing") as advance:
            for number, kind in enumerate(chosen, start=1):
                asked += like.changes(hands, kind, sample.queries, sample.seed, half)
                advance(number, len(chosen), f"{len(asked)} changes")
        if not asked:
            fail("No paper here has others that differ as asked.", "Take more in first: broadsheet ingest.")
        with progress("Asking") as advance:
            found = like.measure(
                asked, hands, systems or tuple(like.SYSTEMS), lambda done, total: advance(done, total, f"{done} asked")
            )
    finally:
        current.release()
    answer = report.as_json(found) | {"half": half}
    title = f"{found.documents} papers, {len(asked)} changes, {half} half"
    click.echo(json.dumps(answer, indent=1) if as_json else report.table(answer, title=title))
