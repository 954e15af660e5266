"""Closing an account: one step, one transaction, and nothing is left that names its reader. What can be taken along
before lives in ``export``.
"""

import re
from typing import cast

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import constant_time_compare

from broadsheet.accounts import connections, limits, mail, readers
from broadsheet.accounts.models import Bucket, Membership, OneTimeLink, Role, User
from broadsheet.community import moving, votes
from broadsheet.community.models import Follow, ModerationEntry, Notification, ReadingList
from broadsheet.errors import BadInput, Refused, SignInNeeded
from broadsheet.papers.actions import note_activity

CLOSED = moving.CLOSED


def close(visitor: readers.Visitor, confirmation: str, password: str = "") -> None:
    """Close the visitor's own account. A suspended reader may too: leaving is not acting.

    confirmation: the account's name, as its reader typed it. password: needed if the account has one.
    Raises SignInNeeded, BadInput where name or password are wrong, Refused on a site of one reader and for the last
    administrator, TooMany after ten wrong passwords in an hour.
    """
    reader = readers.signed_in(visitor)
    if reader is None:
        raise SignInNeeded("Sign in to close your account.")
    if readers.mode() == "single":
        raise Refused(
            "This site has one reader, whose account is the site itself.",
            "To end it, stop the site and delete its data directory.",
        )
    if not constant_time_compare(confirmation.strip().lower(), reader.username):
        raise BadInput("The name typed is not this account's.", f"Type {reader.username} to close it.")
    if reader.has_usable_password():
        limits.spend(f"close:{reader.pk}", capacity=10, seconds=3600)
        if not reader.check_password(password):
            raise BadInput("That is not this account's password.", "A new one can be set by “Forgotten password”.")
    _close(reader)


def close_for(visitor: readers.Visitor, reader: User) -> None:
    """Close somebody's account on their wish. Raises SignInNeeded, Refused for others than administrators."""
    readers.admin(visitor)
    _close(reader)


def _close(reader: User) -> None:
    address, name = reader.email if reader.email_verified else "", reader.shown_name
    lists = list(reader.lists.values_list("pk", flat=True))
    with transaction.atomic():
        # All administrators are held, in one order, so that the last two cannot leave at the same moment.
        # By the weaker lock, which lets a comment be written that tells one of them.
        locked = User.objects.select_for_update(no_key=True)
        admins = list(locked.filter(role=Role.ADMIN, is_active=True).order_by("pk"))
        if reader.pk in {admin.pk for admin in admins} and len(admins) == 1:
            raise Refused(
                "The last administrator's account cannot be closed.",
                "Make somebody else an administrator first: broadsheet reader role NAME admin.",
            )
        locked.get(pk=reader.pk)
        votes.withdraw_all(reader)
        _hand_on(reader)
        strike_name(reader)
        _forget_mentions(reader)
        connections.forget(reader)
        # Comments, submissions, link changes and reports stay without a name; the rest of what hangs on it goes.
        User.objects.get(pk=reader.pk).delete()
        note_activity()
        if address:
            transaction.on_commit(lambda: cast("None", mail.send("closed", address, {"name": name})))
    moving.forget(reader.pk, reader.username, lists)


def _hand_on(reader: User) -> None:
    """See that organisations keep an owner: where this reader was the only one, the oldest other member becomes it."""
    owned = Membership.objects.filter(reader=reader, owner=True).values_list("organization", flat=True)
    for organization in list(owned):
        others = Membership.objects.select_for_update().filter(organization=organization).exclude(reader=reader)
        oldest = others.order_by("since", "pk").first()
        if oldest is not None and not others.filter(owner=True).exists():
            Membership.objects.filter(pk=oldest.pk).update(owner=True)


def strike_name(reader: User) -> None:
    """Put "closed account" where a reader's name stands in the log of moderation.

    The one exception to the log's rule that entries are never changed: what was done, when, why and by which office
    stays to be read, only the name of who has left does not. Called when an account is closed and nowhere else.
    """
    name = reader.username
    mention = re.compile(rf"@{name}(?![a-z0-9-])", re.IGNORECASE)
    log = ModerationEntry.objects.all()
    log.filter(moderator=name).strike(moderator=CLOSED)
    for entry in list(log.filter(Q(account=name) | Q(detail__reader=name) | Q(reason__icontains=f"@{name}"))):
        log.filter(pk=entry.pk).strike(
            account=CLOSED if entry.account == name else entry.account,
            reason=mention.sub(CLOSED, entry.reason)[:300],
            detail={key: CLOSED if value == name else value for key, value in entry.detail.items()},
        )


def _forget_mentions(reader: User) -> None:
    """Delete what names the reader without hanging on the account's row."""
    Notification.objects.filter(actor=reader).delete()
    lists = list(ReadingList.objects.filter(owner=reader).values_list("public_id", flat=True))
    Follow.objects.filter(kind="reader", value=reader.username).delete()
    Follow.objects.filter(kind="list", value__in=lists).delete()
    Bucket.objects.filter(Q(key__regex=f"^[a-z-]+:{reader.pk}$") | Q(key__endswith=f":{reader.username}")).delete()
    # The operators' own log keeps that something was done, without to whom.
    about = Q(content_type=ContentType.objects.get_for_model(User), object_id=str(reader.pk))
    if reader.email:
        OneTimeLink.objects.filter(email__iexact=reader.email).delete()
        Bucket.objects.filter(key__icontains=reader.email).delete()
        about |= Q(object_repr__icontains=reader.email)
    LogEntry.objects.filter(about).update(object_repr=CLOSED, change_message="")
