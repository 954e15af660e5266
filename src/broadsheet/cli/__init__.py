"""The command line: each command parses, calls and prints. Django is loaded only once a command runs."""

from importlib import import_module
from typing import cast

import click

from broadsheet import __version__

_COMMANDS = {
    "serve": ("serve", "serve"),
    "worker": ("worker", "worker"),
    "jobs": ("worker", "jobs"),
    "ingest": ("papers", "ingest"),
    "search": ("papers", "search"),
    "draft": ("draft", "draft"),
    "reindex": ("papers", "reindex"),
    "index": ("index_status", "index_group"),
    "status": ("papers", "status"),
    "papers": ("duplicates", "papers"),
    "enrich": ("enrich", "enrich"),
    "compare": ("compare", "compare"),
    "model": ("model", "model"),
    "bench": ("bench", "bench"),
    "experiment": ("experiment", "experiment"),
    "reader": ("readers", "reader"),
    "vote": ("community", "vote"),
    "comment": ("community", "comment"),
    "submit": ("community", "submit"),
    "save": ("community", "save"),
    "list": ("community", "reading_list"),
    "digest": ("digest", "digest"),
    "mail": ("mail", "mail"),
    "doctor": ("doctor", "doctor"),
}
"""Of each command its module, and what it is called there."""


class _Commands(click.Group):
    """Loads the module of a command when somebody asks for it: all of them take as long as storing 300 papers."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, as ``--help`` lists them."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command; None for a name that none has."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        return cast("click.Command", getattr(import_module(f"broadsheet.cli.{module}"), name))


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="broadsheet")
def main() -> None:
    """Broadsheet: the daily papers, on your own machine."""
