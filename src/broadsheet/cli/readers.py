"""``broadsheet reader``: accounts, as the operator looks after them; the log of moderation says "operator"."""

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, BinaryIO

import click

from broadsheet.cli.out import safe
from broadsheet.cli.start import command

if TYPE_CHECKING:
    from broadsheet.accounts.models import User

ROLES = click.Choice(["reader", "trusted", "moderator", "admin"])
REASON = click.option("--reason", default="Decided by the operator.", show_default=True, help="Why: public in the log.")


def find(name: str) -> "User":
    """Return the reader of a name or a mail address. Raises NotFound."""
    from broadsheet.accounts import actions, operator
    from broadsheet.accounts.models import User
    from broadsheet.errors import NotFound

    wanted = name.strip().lower()
    known = User.objects.filter(username=wanted).first() if "@" not in wanted else actions.by_email(wanted)
    if known is None or known.username == operator.NAME:
        raise NotFound(f"There is no reader {safe(name[:80])!r} here.", "`broadsheet reader list` shows who is.")
    return known


def _sign_in_address(reader: "User") -> str:
    from broadsheet.accounts import links, mail
    from broadsheet.accounts.models import LinkKind

    return mail.absolute(f"/sign-in/link/{links.make(LinkKind.SIGN_IN, reader, reader.email)}")


def _moment(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M}" if when else "never"


@click.group()
def reader() -> None:
    """Look after readers' accounts."""


@reader.command()
@click.argument("name")
@click.option("--email", default="", help="Mail address, taken as confirmed.")
@click.option("--role", type=ROLES, default="reader", show_default=True, help="What the reader may do.")
@click.option("--name", "shown", default="", help="The name that others see; default: the name in addresses.")
@click.option("--password-file", type=click.File("rb"), help="File with the password on its first line; - for input.")
@command()
def add(name: str, email: str, role: str, shown: str, password_file: BinaryIO | None) -> None:
    """Make an account. Without a password a link is printed by which the reader signs in once."""
    from broadsheet.accounts import actions
    from broadsheet.accounts.models import Role
    from broadsheet.errors import BadInput

    password = None
    if password_file is not None:
        try:
            password = password_file.readline().decode().rstrip("\r\n")
        except UnicodeDecodeError:
            raise BadInput(
                "The password file is not UTF-8 text.", "Put the password alone on its first line."
            ) from None
    made = actions.add_reader(name, email, password, Role(role), name=shown)
    click.echo(f"{made.username} is here as {made.role}.")
    if password is None:
        click.echo(f"To sign in once, within 20 minutes: {_sign_in_address(made)}")


@reader.command()
@click.option("--email", default="", help="Mail the invitation to this address, and bind it to that address.")
@command()
def invite(email: str) -> None:
    """Print an invitation: a link by which one person makes an account within two weeks."""
    from broadsheet.accounts import actions, mail, operator

    path = actions.invite(operator.operator(), email)
    click.echo(mail.absolute(path))


@reader.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@command()
def show(as_json: bool) -> None:
    """List the accounts, those that came last first."""
    from broadsheet.accounts import operator
    from broadsheet.accounts.models import User

    known = User.objects.exclude(username=operator.NAME).order_by("-date_joined", "-pk")
    if as_json:
        click.echo(json.dumps([_facts(user) for user in known], ensure_ascii=False, indent=1))
        return
    for user in known:
        state = f"  suspended until {_moment(user.suspended_until)}" if user.is_suspended else ""
        state += "" if user.is_active else "  not confirmed yet"
        seen = _moment(user.last_login)
        click.echo(f"{user.username:<24} {user.role:<10} {safe(user.email) or '-':<32} signed in {seen}{state}")


def _facts(user: "User") -> dict[str, object]:
    return {
        "name": user.username,
        "shown": user.shown_name,
        "role": user.role,
        "email": user.email,
        "joined": user.date_joined.isoformat(),
        "signed_in": user.last_login.isoformat() if user.last_login else None,
        "active": user.is_active,
        "suspended_until": user.suspended_until.isoformat() if user.suspended_until else None,
    }


@reader.command()
@click.argument("name")
@click.argument("role", type=ROLES)
@REASON
@command()
def role(name: str, role: str, reason: str) -> None:
    """Give a reader another role."""
    from broadsheet.accounts import operator
    from broadsheet.community import moderation

    changed = moderation.set_role(operator.operator(), find(name), role, reason)
    click.echo(f"{changed.username} is {changed.role} now.")


@reader.command()
@click.argument("name")
@click.option("--name", "token_name", required=True, help="What the token is called among the reader's tokens.")
@click.option(
    "--scope", type=click.Choice(["read", "write"]), default="read", show_default=True, help="What it allows."
)
@click.option("--days", type=click.IntRange(1, 3650), help="Days after which it ends. Default: never.")
@command()
def token(name: str, token_name: str, scope: str, days: int | None) -> None:
    """Make an API token for a reader and print it; it is shown this once."""
    from django.utils import timezone

    from broadsheet.accounts import tokens

    ends = timezone.now() + timedelta(days=days) if days else None
    _, secret = tokens.issue(find(name), token_name, scope, ends)
    click.echo(secret)


@reader.command()
@click.argument("name")
@command()
def link(name: str) -> None:
    """Print a link by which somebody who is locked out signs in once, within 20 minutes."""
    from broadsheet.errors import Refused

    known = find(name)
    if not known.is_active:
        raise Refused(f"{known.username} has not confirmed the account yet.", "The link in the mail does that.")
    click.echo(_sign_in_address(known))


@reader.command()
@click.argument("name")
@click.option("--days", type=click.IntRange(1, 3650), required=True, help="Days for which the reader can only read.")
@REASON
@command()
def suspend(name: str, days: int, reason: str) -> None:
    """Let a reader only read for some days."""
    from broadsheet.accounts import operator
    from broadsheet.community import moderation

    held = moderation.suspend(operator.operator(), find(name), days, reason)
    click.echo(f"{held.username} can only read until {_moment(held.suspended_until)} UTC.")


@reader.command()
@click.argument("name")
@REASON
@command()
def lift(name: str, reason: str) -> None:
    """End a reader's suspension."""
    from broadsheet.accounts import operator
    from broadsheet.community import moderation

    freed = moderation.lift(operator.operator(), find(name), reason)
    click.echo(f"{freed.username} can write again.")


@reader.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@command()
def close(name: str, yes: bool) -> None:
    """Close an account: votes are withdrawn, comments stay without a name, the rest is deleted."""
    from broadsheet.accounts import operator
    from broadsheet.community import closing

    known = find(name)
    if not yes:
        click.confirm(f"Close the account {known.username}? This cannot be undone.", abort=True)
    closing.close_for(operator.operator(), known)
    click.echo(f"The account {known.username} is closed.")
