"""``broadsheet doctor``: proves that what the operator has set up works, and mends what can be mended."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import progress, safe
from broadsheet.cli.start import command, heeded_stop

if TYPE_CHECKING:
    from broadsheet.checks import Check
    from broadsheet.search.keeping.ills import Ills


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    help="Directory of all state. Default: $BROADSHEET_HOME, else the user's data directory.",
)
@click.pass_context
def doctor(context: click.Context, as_json: bool, data: Path | None) -> None:
    """Look at the set-up, and say what must be mended. Without a name: every look that needs no more to be told."""
    if context.invoked_subcommand is None:
        _everything(data=data, as_json=as_json)


@command()
def _everything(as_json: bool) -> None:
    from django.conf import settings

    from broadsheet.mail import doctor as mail_looks
    from broadsheet.search.keeping import doctor as index_looks
    from broadsheet.search.keeping.ills import Ills

    found = _shown(index_looks.examine(Ills()), quiet=as_json)
    if settings.MAIL:
        found += _shown(mail_looks.without_a_mail(), quiet=as_json)
    _end(found, as_json=as_json)


@doctor.command("index")
@click.option("--mend", is_flag=True, help="Mend what can be mended; where a server runs, ask it to.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def index(mend: bool, as_json: bool) -> None:
    """Look at the search index: files, papers, vectors, room and rights. Ends with 1 if something bad is left.

    A server that is asked to mend is waited for up to 30 seconds. What it cannot do while it runs is told, with the
    process that has to be stopped.
    """
    from broadsheet.search.keeping import doctor as looks
    from broadsheet.search.keeping.ills import Ills

    ills = Ills()
    found = _shown(looks.examine(ills), quiet=as_json)
    if not (mend and ills):
        _end(found, as_json=as_json)
        return
    mended = _mended(ills, quiet=as_json)
    found = _shown(looks.examine(Ills()), quiet=True)
    if not as_json:
        _shown((check for check in found if check.finding != "ok"), quiet=False)
    _end(found, as_json=as_json, mended=mended)


@doctor.command()
@click.option("--to", required=True, help="Address that gets one test mail.")
@click.option("--dkim-selector", "selector", default="", help="Name of the DKIM key, the s= of a DKIM-Signature.")
@click.option("--name-server", default="", help="Name server to ask, such as 9.9.9.9; default: the system's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def mail(to: str, selector: str, name_server: str, as_json: bool) -> None:
    """Look at everything that sending digests needs, and send one test mail. Ends with 1 if something is bad."""
    from broadsheet.mail import doctor as looks

    found = _shown(looks.examine(to, selector=selector, name_server=name_server), quiet=as_json)
    _end(found, as_json=as_json)


def _shown(checks: "Iterable[Check]", *, quiet: bool) -> "list[Check]":
    """Print checks as they are found, unless ``quiet``, and return them."""
    found = []
    for check in checks:
        found.append(check)
        if not quiet:
            click.echo(f"{check.finding:<8} {check.name}: {safe(check.message)}")
            if check.hint:
                click.echo(f"{'':<8} {check.hint}")
    return found


def _mended(ills: "Ills", *, quiet: bool) -> list[str]:
    """Mend, print each thing that was done, unless ``quiet``, and return the sentences."""
    from broadsheet.search.keeping.mending import mend

    done = []
    with heeded_stop() as stop, progress("Mending") as advance:
        for sentence in mend(ills, report=lambda n, total: advance(n, total, f"{n} papers"), stop=stop):
            done.append(sentence)
            if not quiet:
                click.echo(f"mended   {safe(sentence)}")
    return done


def _end(found: "list[Check]", *, as_json: bool, mended: list[str] | None = None) -> None:
    """Print the sum, and end with 1 where something bad is left."""
    left = [check.name for check in found if check.finding == "bad"]
    if as_json:
        told = {"ok": not left, "checks": [asdict(check) for check in found]}
        click.echo(json.dumps(told if mended is None else told | {"mended": mended}))
    else:
        click.echo(f"To be mended: {', '.join(left)}." if left else "Nothing has to be mended.")
    if left:
        sys.exit(1)
