"""Passwords and addresses: how readers who prove who they are change them, and how a forgotten one is set anew."""

from django.db import transaction

from broadsheet.accounts import actions, limits, links, mail, readers
from broadsheet.accounts.models import LinkKind, User
from broadsheet.errors import BadInput


def mail_reset(email: str, *, site: str = "", subnet: str = "") -> None:
    """Mail a link that sets a new password, if there is an account for the address; nothing tells whether there is."""
    actions.few_mails(actions.address(email), subnet)
    reader = actions.owner(email)
    secret = links.make(LinkKind.RESET, reader, actions.address(email))
    mail.send("reset", reader or "", {"address": mail.absolute(f"/password/reset/{secret}", site)})


def reset_password(secret: str, password: str) -> User:
    """Set a new password by a mailed link; every browser is signed out. Raises BadInput or NotFound."""
    reader = links.find(LinkKind.RESET, secret).reader
    assert reader is not None
    actions.good_password(password, reader)
    with transaction.atomic():
        links.use(LinkKind.RESET, secret)
        _set_password(reader, password, kept=None)
    return reader


def change_password(visitor: readers.Visitor, old: str, new: str, *, kept: str | None) -> User:
    """Change the visitor's password; all their other browsers are signed out.

    old: the present one; nothing where the account has none yet. kept: the key of the session that goes on.
    """
    reader = _proved(visitor, old)
    actions.good_password(new, reader)
    with transaction.atomic():
        _set_password(reader, new, kept=kept)
    return reader


def change_email(visitor: readers.Visitor, password: str, email: str, *, site: str = "") -> str:
    """Mail a link to a new address, which becomes the reader's when it is opened, and a notice to the old one.

    password: the present one. Returns the address as it will be kept. Raises SignInNeeded, BadInput or TooMany.
    """
    reader = _proved(visitor, password)
    email = actions.address(email)
    actions.few_mails(email)
    links.void(reader)
    secret = links.make(LinkKind.CONFIRM, reader, email)
    mail.send("address-change", reader, {"site": mail.absolute("/settings/account", site)})
    actions.mail_confirmation(email, secret, site, "")
    return email


def _proved(visitor: readers.Visitor, password: str) -> User:
    """Return the reader, who has typed the present password. Suspended readers may mend their account too."""
    reader = readers.signed_in(visitor) or readers.active(visitor, "change the account")
    limits.spend(f"prove:{reader.pk}", capacity=10, seconds=900)
    if reader.has_usable_password() and not reader.check_password(password):
        raise BadInput(
            "This is not your present password.", "If it is forgotten, have a link mailed that sets a new one."
        )
    return reader


def _set_password(reader: User, password: str, *, kept: str | None) -> None:
    reader.set_password(password)
    reader.save(update_fields=["password"])
    links.void(reader)
    reader.sessions.exclude(session_key=kept or "").delete()
