"""``broadsheet model``: the embedding model of search by meaning."""

import os
from pathlib import Path

import click

from broadsheet.cli.out import progress
from broadsheet.cli.start import command


@click.group()
def model() -> None:
    """Get the model that search by meaning needs."""


@model.command()
@click.option(
    "--from",
    "origin",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds model.safetensors and tokenizer.json. Default: the hub (HF_ENDPOINT).",
)
@command(tables=False)
def get(origin: Path | None) -> None:
    """Bring the model's files and check them against their published hashes."""
    from django.conf import settings

    from broadsheet.search import embed

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    with progress("Bringing the model") as advance:
        embed.get(
            Path(settings.MODELS_DIR),
            settings.MODEL,
            origin=origin,
            endpoint=endpoint,
            report=lambda done, total: advance(done, total, f"{done // 1_000_000} MB"),
        )
    click.echo(f"The model {settings.MODEL} is ready in {settings.MODELS_DIR}.")
