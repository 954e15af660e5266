"""The public log of moderation, and what every act asks of its moderator. The acts themselves live in ``moderation``.

Everything moderators do is written here with its reason, in the same transaction as the act.
"""

from typing import Any

from django.db.models import Q, QuerySet

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.community.models import Comment, ModerationEntry
from broadsheet.errors import BadInput, Conflict, NotFound, Refused
from broadsheet.papers.models import Paper

type Target = Comment | Paper | User
"""What can be reported and acted on."""

SHORTEST, LONGEST = 3, 300
"""Letters of a reason."""


def note(
    moderator: User,
    verb: str,
    reason: str,
    *,
    account: User | None = None,
    paper: Paper | None = None,
    comment: Comment | None = None,
    **detail: Any,
) -> ModerationEntry:
    """Add an act to the log. Call it inside the transaction of the act.

    verb: what was done, at most 20 characters. reason: 3 to 300 characters.
    account, paper, comment: what it was done to. An entry points at exactly one thing, the first given of comment,
    paper and account; the name of an account given beside a comment or a paper stands in the detail as ``reader``.
    detail: plain values, such as counts.
    Raises BadInput without a reason.
    """
    reason = checked_reason(reason)
    thing: dict[str, str] = {}
    if comment is not None:
        thing = {"comment_id": comment.public_id}
        account = account or comment.author
        detail.setdefault("paper", comment.paper.key)
    elif paper is not None:
        thing = {"paper_key": paper.key}
    elif account is not None:
        thing = {"account": account.username}
    else:
        raise TypeError("An entry of the moderation log points at a reader, a paper or a comment.")
    if account is not None and "account" not in thing:
        detail.setdefault("reader", account.username)
    return ModerationEntry.objects.create(
        moderator=moderator.username, verb=verb, reason=reason, detail=detail, **thing
    )


def checked_reason(reason: str) -> str:
    """Return a reason without space around it. Raises BadInput where it is too short or too long."""
    reason = " ".join(reason.split())
    if not SHORTEST <= len(reason) <= LONGEST:
        raise BadInput(
            f"An act of moderation needs a reason of {SHORTEST} to {LONGEST} characters; this one has {len(reason)}.",
            "It is public, and the reader concerned sees it.",
        )
    return reason


def over(visitor: readers.Visitor, account: User, *, themselves: bool = False) -> User:
    """Return the moderator who is about to act on an account. themselves: whether it may be their own.

    Raises SignInNeeded or Refused: for who is no moderator, for one's own account, and for a moderator's or
    administrator's account unless an administrator acts.
    """
    moderator = readers.moderator(visitor)
    if moderator.pk == account.pk:
        if themselves:
            return moderator
        raise Refused("Nobody acts on their own account.", "Ask another moderator.")
    if account.is_moderator and not moderator.is_admin:
        raise Refused(f"{account.username} is a {account.role}; only administrators act on moderators.")
    return moderator


def held(target: Target, seen: int | None) -> Target:
    """Return a target anew and locked, so that two moderators act on it one after the other.

    seen: the number that ``latest`` gave when the moderator was shown the target; None acts on whatever stands.
    Raises NotFound where it is gone, Conflict where somebody has acted on it since then.
    """
    found: Target | None
    if isinstance(target, Comment):
        # The paper first, as whatever counts its comments does.
        Paper.objects.select_for_update(no_key=True).filter(pk=target.paper_id).first()
        locked = Comment.objects.select_for_update(of=("self",), no_key=True)
        found = locked.select_related("author", "paper").filter(pk=target.pk).first()
    elif isinstance(target, Paper):
        found = Paper.objects.select_for_update(no_key=True).filter(pk=target.pk).first()
    else:
        found = User.objects.select_for_update(no_key=True).filter(pk=target.pk).first()
    if found is None:
        raise NotFound("What this is about is no longer here.")
    if seen is not None and latest(found) != seen:
        entry = about(found).first()
        done = f"{entry.moderator}: {entry.verb} ({entry.reason})" if entry else ""
        raise Conflict(f"Another moderator was quicker. {done}", "Load the page again to see how it stands now.")
    return found


def about(target: Target) -> QuerySet[ModerationEntry]:
    """Return the entries that point at a target, the newest first."""
    if isinstance(target, Comment):
        return ModerationEntry.objects.filter(comment_id=target.public_id)
    if isinstance(target, Paper):
        return ModerationEntry.objects.filter(paper_key=target.key)
    return ModerationEntry.objects.filter(account=target.username)


def latest(target: Target) -> int:
    """Return the number of the newest entry about a target, 0 where there is none."""
    return about(target).values_list("pk", flat=True).first() or 0


def entries(reader: str = "") -> QuerySet[ModerationEntry]:
    """Return the log, the newest first. reader: only acts that concern the reader of this name."""
    if not reader:
        return ModerationEntry.objects.all()
    return ModerationEntry.objects.filter(Q(account=reader) | Q(detail__reader=reader))
