"""What moderators do to comments, discussions and accounts, each with a reason that goes to the public log.

Undoing everything of one account lives in ``undoing``, reports in ``reports``; their doors are here too.
Every verb takes ``seen``, the number of the newest act that the moderator was shown (``log.latest``): an act on what
another moderator has dealt with since then is refused as a Conflict. Acts that would change nothing are a Conflict too.
"""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from broadsheet.accounts import actions, readers
from broadsheet.accounts.models import Role, User
from broadsheet.community import discussion, log, notifications, votes
from broadsheet.community.log import note
from broadsheet.community.models import Comment, DiscussionLock
from broadsheet.community.reports import dismiss, report, settle
from broadsheet.community.undoing import restore_all, undo_all
from broadsheet.errors import BadInput, Conflict, Refused
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper

__all__ = [
    "dismiss",
    "hide",
    "lift",
    "lock",
    "note",
    "report",
    "restore",
    "restore_all",
    "set_role",
    "suspend",
    "undo_all",
    "unlock",
    "unvoid_votes",
    "void_votes",
    "warn",
]

LONGEST_SUSPENSION = 3650
"""Days."""


@transaction.atomic
def hide(visitor: readers.Visitor, comment: Comment, reason: str, *, seen: int | None = None) -> Comment:
    """Hide a comment: its place stays, its text is shown to moderators and its author only.

    Returns it as it stands now. Raises Refused, BadInput without a reason, Conflict where it is hidden already.
    """
    readers.moderator(visitor)
    reason = log.checked_reason(reason)
    found = log.held(comment, seen)
    assert isinstance(found, Comment)
    moderator = log.over(visitor, found.author, themselves=True) if found.author else readers.moderator(visitor)
    if found.hidden:
        raise Conflict("This comment is hidden already.")
    found.hidden, found.hidden_by, found.hidden_reason = timezone.now(), moderator, reason
    found.save(update_fields=["hidden", "hidden_by", "hidden_reason"])
    discussion.recount(found.paper)
    closed = settle(moderator, found, "hidden")
    note(moderator, "hide", reason, comment=found, reports=closed)
    _tell(found.author, moderator, f"A comment of yours was hidden: {reason}", comment=found)
    note_activity()
    return found


@transaction.atomic
def restore(visitor: readers.Visitor, comment: Comment, reason: str, *, seen: int | None = None) -> Comment:
    """Show a hidden comment again. Returns it as it stands now.

    Raises Refused (nobody restores their own comment, except administrators), Conflict where it is not hidden.
    """
    readers.moderator(visitor)
    reason = log.checked_reason(reason)
    found = log.held(comment, seen)
    assert isinstance(found, Comment)
    moderator = readers.moderator(visitor)
    if found.author:
        log.over(visitor, found.author, themselves=moderator.is_admin)
    if not found.hidden:
        raise Conflict("This comment is not hidden.")
    found.hidden, found.hidden_by, found.hidden_reason = None, None, ""
    found.save(update_fields=["hidden", "hidden_by", "hidden_reason"])
    discussion.recount(found.paper)
    note(moderator, "restore", reason, comment=found)
    _tell(found.author, moderator, f"A comment of yours is shown again: {reason}", comment=found)
    note_activity()
    return found


@transaction.atomic
def lock(visitor: readers.Visitor, paper: Paper, reason: str, *, seen: int | None = None) -> None:
    """Close the discussion of a paper to new comments. Raises Refused, BadInput, Conflict where it is closed."""
    moderator = readers.moderator(visitor)
    reason = log.checked_reason(reason)
    log.held(paper, seen)
    _, made = DiscussionLock.objects.get_or_create(paper=paper, defaults={"reason": reason})
    if not made:
        raise Conflict(f"The discussion of {paper.key} is locked already.")
    note(moderator, "lock", reason, paper=paper, reports=settle(moderator, paper, "locked"))
    note_activity()


@transaction.atomic
def unlock(visitor: readers.Visitor, paper: Paper, reason: str, *, seen: int | None = None) -> None:
    """Open the discussion of a paper again. Raises Refused, BadInput, Conflict where it is open."""
    moderator = readers.moderator(visitor)
    reason = log.checked_reason(reason)
    log.held(paper, seen)
    deleted, _ = DiscussionLock.objects.filter(paper=paper).delete()
    if not deleted:
        raise Conflict(f"The discussion of {paper.key} is not locked.")
    note(moderator, "unlock", reason, paper=paper)
    note_activity()


@transaction.atomic
def warn(visitor: readers.Visitor, account: User, reason: str, *, seen: int | None = None) -> None:
    """Tell a reader, on page and by mail, what they should not do again. Raises Refused, BadInput."""
    moderator = log.over(visitor, account)
    reason = log.checked_reason(reason)
    account = _account(account, seen)
    note(moderator, "warn", reason, account=account, reports=settle(moderator, account, "warned"))
    _tell(account, moderator, f"A moderator warns you: {reason}")


@transaction.atomic
def suspend(visitor: readers.Visitor, account: User, days: int, reason: str, *, seen: int | None = None) -> User:
    """Let an account only read for some days. Its sessions and tokens go on reading. Returns it as it stands now.

    days: 1 to 3650. Raises BadInput, Refused, Conflict where it is suspended already (lift that first).
    """
    moderator = log.over(visitor, account)
    reason = log.checked_reason(reason)
    if not 1 <= days <= LONGEST_SUSPENSION:
        raise BadInput(f"A suspension lasts 1 to {LONGEST_SUSPENSION} days, not {days}.")
    account = _account(account, seen)
    if account.is_suspended:
        raise Conflict(
            f"{account.username} is suspended until {account.suspended_until:%Y-%m-%d} already.", "Lift that first."
        )
    account.suspended_until, account.suspended_reason = timezone.now() + timedelta(days=days), reason
    account.save(update_fields=["suspended_until", "suspended_reason"])
    note(moderator, "suspend", reason, account=account, days=days, reports=settle(moderator, account, "suspended"))
    _tell(account, moderator, f"Your account can only read for {days} day{'' if days == 1 else 's'}: {reason}")
    return account


@transaction.atomic
def lift(visitor: readers.Visitor, account: User, reason: str, *, seen: int | None = None) -> User:
    """End a suspension. Returns the account as it is now. Raises BadInput, Refused, Conflict where there is none."""
    moderator = log.over(visitor, account)
    reason = log.checked_reason(reason)
    account = _account(account, seen)
    if not account.is_suspended:
        raise Conflict(f"{account.username} is not suspended.")
    account.suspended_until, account.suspended_reason = None, ""
    account.save(update_fields=["suspended_until", "suspended_reason"])
    note(moderator, "lift", reason, account=account)
    _tell(account, moderator, f"Your account can write again: {reason}")
    return account


@transaction.atomic
def void_votes(visitor: readers.Visitor, account: User, reason: str, *, seen: int | None = None) -> int:
    """Let the votes of an account count no more; they stay in the table. Returns how many papers it concerned.

    Raises BadInput, Refused, Conflict where there is no vote to void.
    """
    return _set_void(visitor, account, reason, seen, void=True)


@transaction.atomic
def unvoid_votes(visitor: readers.Visitor, account: User, reason: str, *, seen: int | None = None) -> int:
    """Let the void votes of an account count again. Returns how many papers it concerned. Raises as ``void_votes``."""
    return _set_void(visitor, account, reason, seen, void=False)


@transaction.atomic
def set_role(visitor: readers.Visitor, account: User, role: str, reason: str, *, seen: int | None = None) -> User:
    """Give an account another role. For administrators. Returns the account as it stands now.

    Raises BadInput for a role that there is not, Refused for who is no administrator and for one's own account,
    Conflict where the account has the role.
    """
    admin = readers.admin(visitor)
    reason = log.checked_reason(reason)
    if role not in Role.values:
        raise BadInput(f"There is no role {role[:20]!r}.", f"Roles are {', '.join(Role.values)}.")
    if admin.pk == account.pk:
        raise Refused("Nobody changes their own role.", "Ask another administrator.")
    account = _account(account, seen)
    before = account.role
    if before == role:
        raise Conflict(f"{account.username} is {role} already.")
    actions.set_role(visitor, account, Role(role))
    note(admin, "set-role", reason, account=account, before=str(before), after=str(role))
    _tell(account, admin, f"Your role is now {role}: {reason}")
    return account


def _set_void(visitor: readers.Visitor, account: User, reason: str, seen: int | None, *, void: bool) -> int:
    moderator = log.over(visitor, account)
    reason = log.checked_reason(reason)
    account = _account(account, seen)
    papers = len(votes.void(account, void=void))
    if not papers:
        raise Conflict(f"{account.username} has no votes to {'void' if void else 'count again'}.")
    closed = settle(moderator, account, "votes voided") if void else 0
    note(moderator, "void-votes" if void else "unvoid-votes", reason, account=account, votes=papers, reports=closed)
    note_activity()
    return papers


def _account(account: User, seen: int | None) -> User:
    found = log.held(account, seen)
    assert isinstance(found, User)
    return found


def _tell(reader: User | None, moderator: User, text: str, *, comment: Comment | None = None) -> None:
    """Tell a reader of an act, unless it was their own."""
    if reader is not None and reader.pk != moderator.pk:
        paper = comment.paper if comment else None
        notifications.tell(reader, "moderation", paper=paper, comment=comment, text=text[:500])
