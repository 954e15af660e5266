"""``broadsheet doctor``: proves that what the operator has set up works."""

import json
import sys
from dataclasses import asdict

import click

from broadsheet.cli.out import safe
from broadsheet.cli.start import command


@click.group()
def doctor() -> None:
    """Look at the set-up, and say what must be mended."""


@doctor.command()
@click.option("--to", required=True, help="Address that gets one test mail.")
@click.option("--dkim-selector", "selector", default="", help="Name of the DKIM key, the s= of a DKIM-Signature.")
@click.option("--name-server", default="", help="Name server to ask, such as 9.9.9.9; default: the system's.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command(tables=False)
def mail(to: str, selector: str, name_server: str, as_json: bool) -> None:
    """Look at everything that sending digests needs, and send one test mail. Ends with 1 if something is bad."""
    from broadsheet.mail import doctor as looks

    found = []
    for check in looks.examine(to, selector=selector, name_server=name_server):
        found.append(check)
        if not as_json:
            click.echo(f"{check.finding:<8} {check.name}: {safe(check.message)}")
            if check.hint:
                click.echo(f"{'':<8} {check.hint}")
    mend = [check.name for check in found if check.finding == "bad"]
    if as_json:
        click.echo(json.dumps({"ok": not mend, "checks": [asdict(check) for check in found]}))
    else:
        click.echo(f"To be mended: {', '.join(mend)}." if mend else "Nothing has to be mended.")
    if mend:
        sys.exit(1)
