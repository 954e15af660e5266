"""What ``bench beir`` does: a collection is taken in, indexed and asked as any papers are, in a place of its own."""

import json
from pathlib import Path

import click

from broadsheet.cli.bench_known import of_it_alone
from broadsheet.cli.indexing import bring_up
from broadsheet.cli.out import progress
from broadsheet.cli.start import apart, heeded_stop, own_home

SPENT = (
    "These queries judge experiments here (`broadsheet experiment`): who sets a ranking by their scores has seen what"
    " is kept back, and the set can judge no more."
)


def run_beir(
    folder: Path, split: str, systems: tuple[str, ...], compare: Path | None, keep: Path | None, *, as_json: bool
) -> None:
    """Take the collection in where it is not here yet, ask its queries, and print what came out."""
    sets = own_home() / "experiments"
    with apart(keep):
        from broadsheet.bench import beir, experiments
        from broadsheet.search import current
        from broadsheet.search.tuning import SYSTEMS, named
        from broadsheet.sources.beir import judgments

        judged = judgments(folder, split)
        take_in(folder)
        chosen = systems or tuple(SYSTEMS)
        for sentence in beir.odd(judged):
            click.echo(sentence, err=True)
        if (keep is None or keep.parent != sets) and experiments.is_set(sets.parent, judged.queries, judged.qrels):
            click.echo(SPENT, err=True)
        if not all(named(name).words_alone for name in chosen):
            _give_vectors(needed=bool(systems))
        try:
            if current.embedder() is None:
                chosen = tuple(name for name in chosen if named(name).words_alone)
                click.echo(f"By words alone: {current.why_no_model()}", err=True)
            with progress("Asking") as advance:
                found = beir.measure(judged, chosen, lambda done, total: advance(done, total, f"{done} queries"))
        finally:
            current.release()
        answer = beir.as_json(found)
        if compare:
            answer["compared"] = beir.compared(answer, compare)
        click.echo(json.dumps(answer, indent=1) if as_json else beir.table(answer))


def take_in(folder: Path) -> None:
    """Take a collection in, and index it, where that was not done before."""
    from broadsheet import pipeline
    from broadsheet.sources.beir import Corpus
    from broadsheet.sources.jsonl import fingerprint

    source = Corpus(folder)
    content = fingerprint(folder / "corpus.jsonl")
    of_it_alone(content)
    with heeded_stop() as stop, progress("Taking in") as advance:
        run = pipeline.take_in(
            source,
            place=str(folder),
            fingerprint=content,
            report=lambda now: advance(now.done, now.total, f"{now.run.rows} documents"),
            stop=stop,
        )
    if run.rejected:
        click.echo(f"{run.rejected} documents could not be read.", err=True)
    bring_up(err=True)


def _give_vectors(*, needed: bool) -> None:
    """Embed every document. needed: without the model there is nothing to measure, so say so and end."""
    from broadsheet.errors import Refused
    from broadsheet.search import current
    from broadsheet.search.keeping import upkeep

    index = current.own()
    embedder = current.embedder(build=True)
    if embedder is None:
        if needed:
            raise Refused(f"Meaning cannot be measured: {current.why_no_model()}")
        return
    with heeded_stop() as stop, progress("Embedding") as advance:
        upkeep.backfill(
            index, embedder, report=lambda done, total: advance(done, total, f"{done} documents"), stop=stop
        )
