"""``broadsheet mail``: what came back, which addresses are never mailed, and how mail stands."""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO

import click

from broadsheet.cli.out import safe
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.mail.mailbox import Read

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def mail() -> None:
    """Mails that came back, and addresses that are never mailed."""


@mail.command()
@click.argument("files", nargs=-1, type=click.File("rb"), metavar="[FILE]...")
@JSON
@command()
def bounces(files: tuple[BinaryIO, ...], as_json: bool) -> None:
    """Take in mails that came back: from files of one message each (- for the input), else from BROADSHEET_BOUNCES.

    Of the mailbox the reports about our mails are deleted, the rest stays as seen.
    """
    from django.conf import settings

    from broadsheet.errors import Refused
    from broadsheet.mail import bounces as verbs
    from broadsheet.mail import mailbox

    if files:
        found = _from_files(files, verbs.take_in)
    elif settings.BOUNCES:
        found = mailbox.collect(verbs.take_in)
    else:
        raise Refused("No mailbox is set.", "Set BROADSHEET_BOUNCES, or name files of one message each.")
    if as_json:
        click.echo(json.dumps({"reports": found.reports, "others": found.others, "broken": found.broken}))
        return
    click.echo(f"{found.reports} about mails of this site, {found.others} others.")
    if found.broken:
        click.echo(f"{found.broken} of the others could not be read.", err=True)


def _from_files(files: tuple[BinaryIO, ...], take: Callable[[bytes], bool]) -> "Read":
    from broadsheet.errors import BadInput
    from broadsheet.mail.mailbox import Read
    from broadsheet.mail.reports import LONGEST

    found = Read()
    for file in files:
        try:
            ours = take(file.read(LONGEST + 1))
        except BadInput as error:
            raise BadInput(f"{safe(str(file.name))}: {error.message}", error.hint) from error
        found.reports += ours
        found.others += not ours
    return found


@mail.command()
@click.argument("address")
@command()
def suppress(address: str) -> None:
    """Never mail an address again: its subscriptions end, and new ones are not confirmed."""
    from broadsheet.mail import addresses

    addresses.suppress(address, "operator")
    click.echo(f"{safe(address)} is not mailed any more.")


@mail.command()
@click.argument("address")
@command()
def allow(address: str) -> None:
    """Let an address that was suppressed or suspended be mailed again."""
    from broadsheet.mail import bounces as verbs

    was, resumed = verbs.allow(address)
    if was:
        click.echo(f"{safe(address)} can subscribe again; what has ended stays so.")
    if resumed:
        click.echo(f"{resumed} suspended {'subscription goes' if resumed == 1 else 'subscriptions go'} on.")
    if not (was or resumed):
        click.echo(f"{safe(address)} was neither suppressed nor suspended.")


@mail.command()
@JSON
@command()
def status(as_json: bool) -> None:
    """Show how many subscriptions there are, what came back lately, and how many addresses are never mailed."""
    from broadsheet.mail import bounces as verbs

    found = verbs.standing()
    if as_json:
        click.echo(json.dumps(found))
        return
    for title, counts in found.items():
        told = ", ".join(f"{number} {name}" for name, number in counts.items()) or "none"
        click.echo(f"{title.replace('_', ' ').capitalize()}: {told}.")
