"""``broadsheet digest``: send what is due, say who would get what, and how the sending stands.

How a digest looks beforehand: ``digest_preview``.
"""

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import click

from broadsheet.cli import digest_preview
from broadsheet.cli.out import progress, safe
from broadsheet.cli.start import command

JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def digest() -> None:
    """The digests by mail: send, preview, and see how the sending stands."""


digest.add_command(digest_preview.preview)


@digest.command()
@click.option("--dry-run", is_flag=True, help="Only print who would get what; nothing is sent or kept.")
@JSON
@command()
def send(dry_run: bool, as_json: bool) -> None:
    """Send every digest that is due, and what was left over; Ctrl-C stops after the mail in hand.

    A server does this by itself (BROADSHEET_SEND_DIGESTS); beside a running one this refuses to send.
    """
    from broadsheet.mail import sending

    if dry_run:
        _plan(as_json)
        return
    with _stoppable() as stopped, progress("Sending digests") as advance:
        done = sending.run(stop=lambda: bool(stopped), report=advance)
    if as_json:
        click.echo(json.dumps(done.as_dict()))
    else:
        click.echo(done.sentence())
    if stopped:
        raise KeyboardInterrupt


@digest.command()
@JSON
@command()
def status(as_json: bool) -> None:
    """Show who is subscribed, what is due, on its way, sent and refused."""
    from broadsheet.mail import ledger

    found = ledger.status()
    if as_json:
        click.echo(json.dumps(found, default=str))
        return
    for name, value in found.items():
        if name == "refusals":
            continue
        told = f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else value
        click.echo(f"{name.replace('_', ' ').capitalize()}: {told if told is not None else 'never'}")
    for answer in found["refusals"]:
        click.echo(f"  {safe(answer)}")


def _plan(as_json: bool) -> None:
    from broadsheet.mail import taking

    count = 0
    for planned in taking.plan():
        count += 1
        if as_json:
            click.echo(json.dumps(planned.as_dict()))
        else:
            click.echo(safe(planned.sentence()))
    if not as_json:
        click.echo(f"{count} digests would be sent now." if count != 1 else "1 digest would be sent now.")


@contextmanager
def _stoppable() -> Iterator[list[int]]:
    """Let the first signal to stop wait for the mail in hand; the list it yields is filled by it. A second one stops at
    once, after which one mail may be in doubt.
    """
    heard: list[int] = []

    def hear(number: int, _: Any) -> None:
        if heard:
            raise KeyboardInterrupt
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield heard
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
