"""``broadsheet model``: the embedding models of search by meaning."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from broadsheet.cli.model_fit import fit_static
from broadsheet.cli.out import progress, safe
from broadsheet.cli.start import command, fail, heeded_stop

if TYPE_CHECKING:
    from broadsheet.search.encoders.embed import Embedder
    from broadsheet.search.keeping.swap_gate import Held, Measured


@click.group()
def model() -> None:
    """List, get, add and change the models that search by meaning needs."""


@model.command()
@click.argument("name", default="")
@click.option(
    "--from",
    "origin",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds the published files. Default: the hub (HF_ENDPOINT).",
)
@command(tables=False)
def get(name: str, origin: Path | None) -> None:
    """Bring a model's files and check them against their published hashes.

    NAME: the model; without one that of BROADSHEET_MODEL.
    """
    from django.conf import settings

    from broadsheet.search.encoders import embed

    name = name or settings.MODEL
    if name == "none":
        fail("none is no model.", "Name the one to bring; `broadsheet model list` tells which are known.")
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    with progress("Bringing the model") as advance:
        embed.get(
            Path(settings.MODELS_DIR),
            name,
            origin=origin,
            endpoint=endpoint,
            report=lambda done, total: advance(done, total, f"{done // 1_000_000} MB"),
        )
    click.echo(f"The model {name} is ready in {settings.MODELS_DIR}.")


@model.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def list_(as_json: bool) -> None:
    """List every model that is known: whether it is here, what it is, and how many papers it has read.

    The one that search uses is marked by a star.
    """
    from broadsheet.search.encoders import models_known
    from broadsheet.search.keeping import swap

    rows = models_known.all_of()
    change = swap.under_way()
    if as_json:
        told = {"models": [row._asdict() for row in rows], "change": change._asdict() if change else None}
        click.echo(json.dumps(told, indent=1))
        return
    for row in rows:
        speed = f", {row.rate:g} papers a second and processor" if row.rate else ""
        licence = f", {row.licence}" if row.licence else ""
        click.echo(f"{'*' if row.used else ' '} {safe(row.name):<28} {row.state:<10} {row.papers:>9,} papers read")
        click.echo(f"    {row.dim} dimensions, {row.tokens} tokens, {row.megabytes or 'under 1'} MB{speed}{licence}")
        if row.reason:
            click.echo(f"    {safe(row.reason)}")
    if change:
        click.echo(
            f"Search changes to {safe(change.model)}: {change.stage}, {change.done:,} of {change.total:,} papers."
        )


@model.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--name", required=True, help="What it is called from now on.")
@click.option("--query-prefix", default="", help='Put before what is asked, such as "query: ".')
@click.option("--passage-prefix", default="", help='Put before each paper, such as "passage: ".')
@click.option("--pooling", type=click.Choice(["mean", "cls"]), help="Tokens that make the vector: all, or the first.")
@click.option("--tokens", type=click.IntRange(3, 512), help="The most it reads. Default: what the folder says.")
@command(tables=False)
def add(folder: Path, name: str, **said: Any) -> None:
    """Take in a sentence encoder from a folder with model.onnx or model.safetensors, and tokenizer.json.

    It is copied, built and tried on three texts. `broadsheet model use NAME` has search use it.
    """
    from django.conf import settings

    from broadsheet.search.encoders import added

    taken = added.add(Path(settings.MODELS_DIR), folder, name, **said)
    click.echo(f"The model {name} is here: {taken.dim} dimensions, {taken.tokens} tokens, {taken.pooling} pooling.")
    click.echo(f"`broadsheet model use {name}` has search use it.")


@model.command()
@click.argument("name")
@click.option("--force", is_flag=True, help="Change even if the measured recall is under the gate.")
@click.option(
    "--gate", default=0.6, show_default=True, type=click.FloatRange(0, 1), help="Recall below which to refuse."
)
@click.option(
    "--pairs", default=6000, show_default=True, type=click.IntRange(10, 100_000), help="Papers to measure on."
)
@click.option("--wait", is_flag=True, help="Change only when the model has read every paper, whatever the gate.")
@command()
def use(name: str, force: bool, gate: float, pairs: int, wait: bool) -> None:
    """Have search use another model, without a moment in which it is silent.

    The model reads some papers first, and what searches would find right after the change is measured on them. Then
    every paper gets a vector made of its former one, and the model's own as it is read, newest first.
    """
    from broadsheet.search.keeping import swap

    if name == "none":
        fail("none is no model.", "BROADSHEET_MODEL=none, in the environment, switches meaning off.")
    embedder = swap.ready(name)
    if embedder is None:
        click.echo(f"Search uses {name} already.")
        return
    vectors = swap.asked()
    if vectors is not None and vectors.size():
        _measure(vectors, embedder, pairs, 0.0 if force or wait else gate)
    swap.wish(name, waits=wait and not force)
    _change(name)


def _measure(vectors: "Held", embedder: "Embedder", pairs: int, gate: float) -> None:
    """Have a model read some papers, tell what searches would find, and end where that is under the gate."""
    from broadsheet.search import current
    from broadsheet.search.keeping import swap_gate

    name = embedder.name
    papers = swap_gate.sample(vectors, pairs)
    with heeded_stop() as stop, progress(f"{name} reads papers") as advance:
        swap_gate.read(
            embedder, papers, stop=stop, report=lambda done, total: advance(done, total, f"{done} of {total} papers")
        )
    if len(papers) == vectors.size():
        click.echo(f"{name} has read every paper.")
        return
    measured = swap_gate.measure(vectors, papers, embedder, current.encoder())
    if measured is None:
        return
    _tell(measured, vectors.size())
    if measured.candidates < gate:
        fail(
            f"The recall of {measured.candidates:.2f} is under the gate of {gate:.2f}: nothing was changed.",
            "--wait changes once the model has read every paper, --force changes now. What it read is kept.",
        )


def _tell(measured: "Measured", papers: int) -> None:
    click.echo(f"Measured on {measured.papers:,} of {papers:,} papers, with {measured.queries} titles as queries:")
    click.echo("  of the ten nearest by the new model's own vectors, among the vectors that can be had at once")
    click.echo(f"    the first 10 hold {measured.recall_10:.3f}, the first 100 {measured.recall_100:.3f},")
    click.echo(f"    the candidates {measured.candidates:.3f} (400 of all papers: the first {measured.depth} here)")
    before = "" if measured.before is None else f"{measured.before:.3f} now, "
    click.echo(
        f"  titles that find their paper among the first ten: {before}{measured.right_after:.3f} right after,"
        f" {measured.at_last:.3f} at last"
    )


def _change(name: str) -> None:
    """Change here where no server has the index, else leave it to the server."""
    from broadsheet.errors import Conflict
    from broadsheet.search import current
    from broadsheet.search.keeping import swap

    try:
        index = current.own()
    except Conflict:
        click.echo(f"The running server changes to {name}; `broadsheet model list` tells how far it is.")
        return
    try:
        with heeded_stop() as stop, progress(f"Changing to {name}") as advance:
            done = swap.go_on(
                index, stop=stop, report=lambda done, total: advance(done, total, f"{done} of {total} papers")
            )
    finally:
        current.release()
    if done:
        click.echo(f"Search uses {name}. Papers that it has not read are read while the site is served.")


model.add_command(fit_static)
