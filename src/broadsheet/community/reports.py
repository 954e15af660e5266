"""Reports of readers, and the queue that moderators make of them. What moderators then do lives in ``moderation``."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.community import log
from broadsheet.community.log import Target
from broadsheet.community.models import Comment, Report
from broadsheet.errors import BadInput, Conflict, NotFound, Refused
from broadsheet.papers.models import Paper

REASONS = {
    "spam": "Spam or advertising",
    "abuse": "Abuse or harassment",
    "off-topic": "Has nothing to do with the paper",
    "copyright": "Copies somebody else's work",
    "not-a-paper": "Not a research paper",
    "fake-account": "A fake or hijacked account",
    "other": "Something else",
}
"""Why something can be reported, as readers see it."""

LONGEST_NOTE = 500
PER_HOUR = 20
"""Reports that one reader can make in an hour."""

NEW = timedelta(days=7)
"""How long an account stands among the new ones in the queue."""


@dataclass(slots=True)
class Case:
    """Everything open about one target. seen: number of the newest act on it, to notice a second moderator."""

    target: Target
    reports: list[Report]
    seen: int

    @property
    def kind(self) -> str:
        """``comment``, ``paper`` or ``account``."""
        return kind_of(self.target)

    @property
    def name(self) -> str:
        """What names the target in forms: a comment's public id, a paper's key, an account's name."""
        return name_of(self.target)


def kind_of(target: Target) -> str:
    """Return ``comment``, ``paper`` or ``account``, which is also the name of the report's column."""
    return "comment" if isinstance(target, Comment) else "paper" if isinstance(target, Paper) else "account"


def name_of(target: Target) -> str:
    """Return what names a target in forms and addresses."""
    if isinstance(target, Comment):
        return target.public_id
    return target.key if isinstance(target, Paper) else target.username


def find(kind: str, name: str) -> Target:
    """Return what a form names. Raises NotFound, in the same words whatever is missing."""
    found: Target | None = None
    if "\0" not in name:  # which a database may refuse
        if kind == "comment":
            found = Comment.objects.select_related("author", "paper").filter(public_id=name).first()
        elif kind == "paper":
            found = Paper.objects.named(name)
        elif kind == "account":
            found = User.objects.filter(username=name).first()
    if found is None:
        raise NotFound("There is nothing of this name here.", "It may have been deleted.")
    return found


@transaction.atomic
def report(visitor: readers.Visitor, target: Target, reason: str, note: str = "") -> Report:
    """Report a comment, a paper or an account to the moderators.

    reason: a key of REASONS; ``other`` needs a note. note: at most 500 characters, for moderators only.
    Returns the report; where the reader has an open one about the same target, that one and nothing changes.
    Raises BadInput, Refused for one's own account, NotFound for a comment that cannot be seen, TooMany.
    """
    reader = readers.active(visitor, "report something")
    note = note.strip()
    if reason not in REASONS:
        raise BadInput(f"{reason[:40]!r} is no reason for a report.", f"Choose one of: {', '.join(REASONS)}.")
    if reason == "other" and not note:
        raise BadInput("Say in the note what should be looked at.")
    if len(note) > LONGEST_NOTE:
        raise BadInput(f"The note has {len(note)} characters; it takes {LONGEST_NOTE}.")
    if isinstance(target, User) and target.pk == reader.pk:
        raise Refused("This is your own account.", "It can be closed in the settings.")
    if isinstance(target, Comment) and (target.hidden or target.deleted):
        raise NotFound("This comment is no longer shown.")
    where: dict[str, Any] = {kind_of(target): target, "reporter": reader, "closed": None}
    standing = Report.objects.filter(reporter=reader, closed=None, **{kind_of(target): target}).first()
    if standing:
        return standing
    limits.spend(f"report:{reader.pk}", capacity=limits.share(reader, PER_HOUR), seconds=3600)
    # A second request at the same moment finds the first one's row, as one open report a reader and target is a rule
    # of the table.
    made, _ = Report.objects.get_or_create(**where, defaults={"reason": reason, "note": note})
    return made


@transaction.atomic
def dismiss(visitor: readers.Visitor, target: Target, reason: str, *, seen: int | None = None) -> int:
    """Close every open report about a target without acting on it. Returns how many there were.

    seen: see ``log.held``. Raises Refused for who is no moderator and for one's own, Conflict where none is open.
    """
    concerned = target.author if isinstance(target, Comment) else target if isinstance(target, User) else None
    moderator = log.over(visitor, concerned) if concerned else readers.moderator(visitor)
    target = log.held(target, seen)
    closed = settle(moderator, target, "dismissed")
    if not closed:
        raise Conflict("No report about this is open any more.")
    log.note(moderator, "dismiss", reason, **{kind_of(target): target}, reports=closed)  # type: ignore[arg-type]  # the name tells the kind
    return closed


def settle(moderator: User, target: Target, outcome: str) -> int:
    """Close the open reports about a target as part of an act. Returns how many there were."""
    return (
        open_reports()
        .filter(**{kind_of(target): target})
        .update(closed=timezone.now(), closed_by=moderator, outcome=outcome)
    )


def open_reports() -> QuerySet[Report]:
    """Return the reports that nobody has decided, the oldest first."""
    return Report.objects.filter(closed=None).order_by("made", "pk")


def cases(most: int = 50) -> list[Case]:
    """Return what is open, grouped by target, the one reported first at the top. most: targets at the most."""
    found: dict[tuple[str, int], Case] = {}
    rows = open_reports().select_related("reporter", "paper", "account", "comment__author", "comment__paper")
    for row in rows[: most * 20]:
        target: Target | None = row.comment or row.paper or row.account
        if target is None:
            continue
        key = (kind_of(target), target.pk)
        if key not in found:
            if len(found) == most:
                continue
            found[key] = Case(target, [], log.latest(target))
        found[key].reports.append(row)
    return list(found.values())


def new_accounts(most: int = 30) -> QuerySet[User]:
    """Return the accounts made lately, the newest first."""
    return User.objects.filter(date_joined__gt=timezone.now() - NEW).order_by("-date_joined")[:most]
