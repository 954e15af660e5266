"""What readers are told of, on their page and by mail. How mail travels lives in ``accounts.mail``."""

import logging
from typing import NamedTuple

from django.core import signing
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import markdown
from broadsheet.community.models import Comment, Notification
from broadsheet.errors import BadInput, NotFound, SignInNeeded, TooMany
from broadsheet.papers import tex
from broadsheet.papers.models import Paper
from broadsheet.prepared import Prepared

OFF, PAGE, MAIL = "off", "page", "mail"
WAYS = {OFF: "not at all", PAGE: "on the page", MAIL: "on the page and by mail"}
"""How a reader can be told, in the words of the form."""
MAILS_AN_HOUR = 20
"""Mails of this kind to one reader; what is beyond stands on the page only."""

_SALT = "stop-mail"
_log = logging.getLogger(__name__)


class Kind(NamedTuple):
    """A kind of notification. words: what happened, as in "ada replied to you". usual: how it is told by default."""

    about: str
    words: str
    usual: str = PAGE


KINDS = {
    "reply": Kind("Replies to your comments", "replied to you"),
    "mention": Kind("Mentions of your name", "mentioned you"),
    "comment": Kind("Comments on papers you wrote or submitted", "wrote about your paper"),
    "claim": Kind("Decisions on your claims of authorship", "decided on your claim", MAIL),
    "moderation": Kind("Acts of moderation that concern you", "moderated", MAIL),
}


def _told(reader: User | int) -> QuerySet[Notification]:
    """What a reader was told, without what has been deleted or hidden since."""
    standing = Q(comment__isnull=True) | Q(comment__deleted__isnull=True, comment__hidden__isnull=True)
    return Notification.objects.filter(standing | Q(kind="moderation"), reader=reader)


_unread = Prepared(lambda reader: _told(reader).filter(read__isnull=True).values_list("pk"), -1)


def way(reader: User, kind: str) -> str:
    """Return how a reader is told of a kind: ``off``, ``page`` or ``mail``."""
    chosen = reader.notify.get(kind) if isinstance(reader.notify, dict) else None
    return chosen if chosen in WAYS else KINDS[kind].usual


def tell(
    reader: User,
    kind: str,
    *,
    actor: User | None = None,
    paper: Paper | None = None,
    comment: Comment | None = None,
    text: str = "",
) -> Notification | None:
    """Tell a reader of something, unless they do not want to hear of it or did it themselves.

    kind: one of KINDS. text: a sentence for them, where the kind alone does not say it; cut at 500 characters.
    Mail goes once the transaction around this call is committed; one that fails is logged and breaks nothing.
    Returns the notification, None where nothing was told.
    """
    chosen = way(reader, kind)
    if chosen == OFF or not reader.is_active or (actor is not None and actor.pk == reader.pk):
        return None
    told = Notification.objects.create(
        reader=reader, kind=kind, actor=actor, paper=paper, comment=comment, text=tex.plain(text)[:500]
    )
    if chosen == MAIL and reader.email and reader.email_verified:
        transaction.on_commit(lambda: _send(told), robust=True)
    return told


def of(visitor: Visitor) -> QuerySet[Notification]:
    """Return a reader's notifications, the newest first. Raises SignInNeeded for a visitor."""
    reader = _reader(visitor, "see your notifications")
    return _told(reader).select_related("actor", "paper", "comment").order_by("-pk")


def unread(reader: User) -> int:
    """Return how many notifications a reader has not seen."""
    return _unread.count(reader.pk)


def mark_read(visitor: Visitor) -> int:
    """Mark everything a reader was told so far as read; return how much that was. Raises SignInNeeded."""
    reader = _reader(visitor, "see your notifications")
    return Notification.objects.filter(reader=reader, read__isnull=True).update(read=timezone.now())


@transaction.atomic
def choose(visitor: Visitor, ways: dict[str, str]) -> None:
    """Set how a reader is told, by kind; kinds that are not named stay. Raises SignInNeeded or BadInput."""
    reader = _reader(visitor, "choose how you are told")
    for kind, chosen in ways.items():
        if kind not in KINDS or chosen not in WAYS:
            raise BadInput(
                f"{kind[:20]!r} cannot be told by {chosen[:20]!r}.",
                f"Kinds are {', '.join(KINDS)}; ways are {', '.join(WAYS)}.",
            )
    held = User.objects.select_for_update().get(pk=reader.pk)
    held.notify = {**(held.notify if isinstance(held.notify, dict) else {}), **ways}
    held.save(update_fields=["notify"])


def stop_token(reader: User, kind: str) -> str:
    """Return the signed words of a link that ends the mails of one kind to one reader."""
    return signing.dumps([reader.public_id, kind], salt=_SALT)


def stopping(token: str) -> tuple[User, str]:
    """Return whose mails of which kind a link ends. Raises NotFound for one that was not made here."""
    try:
        public_id, kind = signing.loads(token, salt=_SALT)
        return User.objects.get(public_id=public_id, is_active=True), str(kind)
    except (signing.BadSignature, User.DoesNotExist, ValueError):
        raise NotFound("This link ends no mails.", "Sign in and choose on the page of notifications.") from None


def stop(token: str) -> None:
    """End the mails of the kind that a signed link names; they stand on the page from now on. Raises NotFound."""
    reader, kind = stopping(token)
    if way(reader, kind) == MAIL:
        choose(reader, {kind: PAGE})


def place(told: Notification) -> str:
    """Return the path of what a notification is about, empty where it is about no page."""
    if told.comment is not None and not told.comment.deleted:
        return reverse("comment", args=[told.comment.public_id])
    return reverse("paper", args=[told.paper.key]) if told.paper is not None else ""


def sentence(told: Notification) -> str:
    """Return a notification in words, as plain text."""
    if told.text:
        return told.text
    known = KINDS.get(told.kind)
    about = f": {tex.plain(told.paper.title)}" if told.paper is not None else ""
    who = " ".join(markdown.tidy(told.actor.shown_name).split()) if told.actor else "Somebody"
    return f"{who} {known.words if known else told.kind}{about}"


def _reader(visitor: Visitor, doing: str) -> User:
    reader = readers.signed_in(visitor)
    if reader is None:
        raise SignInNeeded(f"Sign in to {doing}.")
    return reader


def _send(told: Notification) -> None:
    """Send one notification by mail, without what others typed at length; whatever goes wrong is logged."""
    from broadsheet.accounts import limits, mail

    reader = told.reader
    stop_url = mail.absolute(reverse("stop-mail", args=[stop_token(reader, told.kind)]))
    context = {
        "sentence": " ".join(sentence(told).split()),
        "link": mail.absolute(place(told) or reverse("notifications")),
        "settings": mail.absolute(reverse("settings-notifications")),
        "stop": stop_url,
        "about": KINDS[told.kind].about,
    }
    headers = {"List-Unsubscribe": f"<{stop_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    try:
        limits.spend(f"mail:{reader.pk}", capacity=MAILS_AN_HOUR, seconds=3600)
        mail.send("notification", reader, context, headers)
    except TooMany:
        _log.info("no mail on %s to %s: the hour's mails are sent", told.kind, reader)
