"""What ``bench known-item`` does: the site's papers are copied apart, some sentences masked, indexed and asked."""

import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadsheet.cli.beside import apart_with_store
from broadsheet.cli.indexing import bring_up
from broadsheet.cli.out import progress
from broadsheet.cli.start import fail, heeded_stop

if TYPE_CHECKING:
    from broadsheet.bench.known_item import Task
    from broadsheet.search.state import State
    from broadsheet.sources.record import Source


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. queries, seed: None for those of a folder that is prepared. systems: as ``tuning.named`` reads."""

    task: "Task"
    queries: int | None
    seed: int | None
    systems: tuple[str, ...]


def run_known_item(asked: Asked, compare: Path | None, keep: Path | None, data: Path | None, *, as_json: bool) -> None:
    """Prepare the folder where it is not yet, ask its items of one task, and print what came out."""
    with apart_with_store(keep, data):
        from broadsheet.bench import known_item, report
        from broadsheet.search import current, state

        _prepare(asked)
        known = state.read(now=True)
        say_kinds(known)
        found = known_item.items(asked.task, asked.queries, asked.seed)
        try:
            systems = with_model(asked.systems)
            with progress("Asking") as advance:
                made = known_item.measure(found, systems, lambda done, total: advance(done, total, f"{done} queries"))
        finally:
            current.release()
        student = known.by_meaning - known.vectors
        answer = report.as_json(made) | {"task": asked.task, "vectors": known.vectors, "student": student}
        if compare:
            answer["compared"] = report.compared(answer, compare)
        vectors = f"{known.vectors} with a vector of the model" + (f", {student} of the student" if student else "")
        title = f"{asked.task}: {made.documents} papers, {vectors}, {len(found)} queries"
        click.echo(json.dumps(answer, indent=1) if as_json else report.table(answer, title=title))


def with_model(systems: tuple[str, ...]) -> tuple[str, ...]:
    """Return the systems that can be asked: words alone, and why, where there is no model or no vector."""
    from broadsheet.search import current, state
    from broadsheet.search.tuning import named

    if current.embedder(build=True) is not None and state.read(now=True).vectors:
        return systems
    click.echo(f"By words alone: {current.why_no_model() or 'no paper has a vector.'}", err=True)
    return tuple(name for name in systems if named(name).words_alone) or ("words",)


def say_kinds(known: "State") -> None:
    """Say where papers have vectors of several kinds, or only some have one: those asked for have the model's then."""
    if 0 < known.vectors < known.papers:
        student = known.by_meaning - known.vectors
        others = f"{student} the student's" if student else f"{known.papers - known.vectors} none"
        click.echo(
            f"{known.vectors} papers have a vector of the model, {others}. So what meaning and fused reach cannot be "
            "compared with other runs. Let the site's model read its papers first: broadsheet serve.",
            err=True,
        )


def _prepare(asked: Asked) -> None:
    """Draw the items, copy the papers with their vectors, and index them; what is done already is left as it is."""
    from django.conf import settings

    from broadsheet.bench import known_item, known_item_papers
    from broadsheet.papers.models import Paper
    from broadsheet.sources.jsonl import fingerprint

    home = Path(settings.HOME)
    if not (home / known_item.FILE).exists():
        if Paper.objects.exists():
            fail(f"{home} holds papers of something else.", "Name an empty folder.")
        seed = known_item.SEED if asked.seed is None else asked.seed
        queries = asked.queries or known_item.QUERIES
        with progress("Drawing") as advance:
            drawn = known_item_papers.drawn(
                queries, seed, lambda done, total: advance(done, total, f"{done} papers read for phrases")
            )
        if not drawn[asked.task]:
            fail("There are no papers to ask for.", "Take some in first: broadsheet ingest.")
        known_item.write(home, seed, queries, drawn)
    known_item.items(asked.task, asked.queries, asked.seed)  # says before the work what the folder does not have
    masked = {item.key: item.masked for item in known_item.items("sentence") if item.masked is not None}
    take_in(known_item_papers.Copied(masked), fingerprint(home / known_item.FILE))
    index(masked)


def take_in(source: "Source", content: str) -> None:
    """Copy the papers of a source here, unless that was done before. content: a fingerprint that tells them."""
    from broadsheet import pipeline
    from broadsheet.papers.models import Run

    of_it_alone(content)
    if Run.objects.filter(fingerprint=content, finished__isnull=False).exists():
        return
    with heeded_stop() as stop, progress("Copying") as advance:
        pipeline.take_in(
            source,
            place="the site's own papers",
            fingerprint=content,
            report=lambda now: advance(now.done, now.total, f"{now.run.rows} papers"),
            stop=stop,
        )


def of_it_alone(content: str) -> None:
    """Fail where papers of something else were taken in here: they would be found too. content: as ``take_in``."""
    from django.conf import settings

    from broadsheet.papers.models import Run

    if Run.objects.exclude(fingerprint=content).exists():
        fail(f"{settings.HOME} holds papers of something else.", "Name an empty folder.")


def index(changed: Container[str]) -> None:
    """Give the papers that were copied here their vectors, and index them. changed: keys whose text is another here."""
    from broadsheet.bench import known_item_papers
    from broadsheet.search import current

    with heeded_stop() as stop, progress("Vectors") as advance:
        known_item_papers.give_vectors(
            current.embedder(build=True), changed, lambda done, total: advance(done, total, f"{done} papers"), stop
        )
    with heeded_stop() as stop:
        bring_up(err=True, stop=stop)
