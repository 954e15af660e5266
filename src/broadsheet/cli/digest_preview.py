"""``broadsheet digest preview``: the next digest of somebody, on the terminal, in a file or in the browser."""

import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING

import click

from broadsheet.cli.out import safe
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.accounts.models import User
    from broadsheet.mail.message import Letter
    from broadsheet.mail.models import Subscription


@click.command()
@click.option("--for", "whose", required=True, help="Mail address or name of the reader.")
@click.option("--listing", "wanted", default="", help="The list, as kind:value, such as day or category:cs.CL.")
@click.option("--open", "in_browser", is_flag=True, help="Open it in the browser.")
@click.option("--text", "plain", is_flag=True, help="The plain text in place of the page, for --open and --out.")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write it to a file; .eml: the whole mail."
)
@command()
def preview(whose: str, wanted: str, in_browser: bool, plain: bool, out: Path | None) -> None:
    """Show the next digest of a reader or an address; nothing is sent, and nothing is kept.

    Without --open and --out its plain text is printed. A list that is not subscribed to is shown with the usual
    preferences.
    """
    from broadsheet.mail import preview

    letter = preview.letter(_subscription(whose, wanted))
    if letter is None:
        click.echo("There is nothing to send: no paper is new since the last edition, or none fits the preferences.")
        return
    if out is None and not in_browser:
        click.echo(f"Subject: {safe(letter.subject)}\n\n" + "\n".join(map(safe, letter.text.splitlines())))
        return
    path = out or Path(tempfile.mkdtemp(prefix="broadsheet-")) / ("digest.txt" if plain else "digest.html")
    path.write_bytes(_content(letter, path, plain=plain))
    click.echo(f"{safe(letter.subject)}\n{path}")
    if in_browser and not webbrowser.open(path.absolute().as_uri()):
        click.echo("No browser could be opened here; the file stays.", err=True)


def _content(letter: "Letter", path: Path, *, plain: bool) -> bytes:
    from django.utils import timezone

    from broadsheet.mail.models import Delivery

    if path.suffix == ".eml":
        return letter.fill(letter.subscription, Delivery(), timezone.now())
    return (letter.text if plain else letter.html).encode()


def _subscription(whose: str, wanted: str) -> "Subscription":
    """Return the subscription that is meant, or a sample of it."""
    from django.contrib.auth.models import AnonymousUser

    from broadsheet.accounts import actions
    from broadsheet.cli.readers import find
    from broadsheet.mail import preview, subscriptions
    from broadsheet.mail.addresses import address_of
    from broadsheet.mail.preferences import Preferences, usual_cadence
    from broadsheet.ranking import listings

    by_address = "@" in whose
    address = address_of(whose) if by_address else ""
    reader = actions.owner(address) if by_address else find(whose)
    held = _held(reader, address)
    if not wanted:
        return _only(held, whose)
    kind, _, value = wanted.partition(":")
    visitor = reader or AnonymousUser()
    listed = subscriptions.endless(listings.listing(kind, value, visitor))
    same = (one for one in held if (one.kind, one.value) == (listed.kind, listed.value))
    usual = Preferences.read({"cadence": usual_cadence(listed.kind)})
    return next(same, None) or preview.sample(visitor, listed, usual, address=address)


def _held(reader: "User | None", address: str) -> "list[Subscription]":
    from broadsheet.mail import subscribed
    from broadsheet.mail.models import Subscription

    if address:
        return list(Subscription.objects.filter(address=address, state__in=subscribed.LIVE).order_by("pk"))
    return list(subscribed.of(reader)) if reader else []


def _only(held: "list[Subscription]", whose: str) -> "Subscription":
    from broadsheet.errors import BadInput, NotFound
    from broadsheet.ranking import listings

    if not held:
        raise NotFound(
            f"{safe(whose[:80])} is subscribed to nothing.", "Name a list to see it as it would be: --listing day."
        )
    if len(held) > 1:
        # A private list is its reader's, whose id says nothing to anybody.
        bare = [
            one.kind if one.kind in listings.PRIVATE or not one.value else f"{one.kind}:{one.value}" for one in held
        ]
        lists = ", ".join(map(safe, bare))
        raise BadInput(f"{safe(whose[:80])} is subscribed to {len(held)} lists.", f"Choose one by --listing: {lists}.")
    return held[0]
