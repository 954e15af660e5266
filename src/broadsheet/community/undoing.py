"""Undoing everything that one account did, in one act that can itself be reverted."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.community import discussion, log, votes
from broadsheet.community.models import Comment, ModerationEntry, Reaction, ReadingList, Report
from broadsheet.community.reports import settle
from broadsheet.errors import Conflict
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper


@transaction.atomic
def undo_all(visitor: readers.Visitor, account: User, reason: str, *, seen: int | None = None) -> dict[str, int]:
    """Undo what an account did where others see it: comments are hidden, votes void, reactions and open reports
    withdrawn, public lists made private. What it submitted stays, as papers belong to everybody.

    Returns the counts of comments, votes, reactions, reports and lists. seen: see ``log.held``.
    Raises BadInput without a reason, Refused, Conflict where there is nothing to undo.
    """
    moderator = log.over(visitor, account)
    reason = log.checked_reason(reason)
    found = log.held(account, seen)
    assert isinstance(found, User)
    now = timezone.now()
    comments = Comment.objects.filter(author=found, hidden=None, deleted=None)
    papers = set(comments.values_list("paper", flat=True))
    votes.hold([*papers, *found.votes.filter(void=False).values_list("paper", flat=True)])
    hidden = comments.update(hidden=now, hidden_by=moderator, hidden_reason=reason)
    _recount(papers)
    reactions = list(Reaction.objects.filter(reader=found).values_list("comment__public_id", "sign"))
    Reaction.objects.filter(reader=found).delete()
    lists = list(ReadingList.objects.filter(owner=found, public=True).values_list("public_id", flat=True))
    ReadingList.objects.filter(public_id__in=lists).update(public=False)
    counts: dict[str, Any] = {
        "comments": hidden,
        "votes": len(votes.void(found, void=True)),
        "reactions": len(reactions),
        "reports": Report.objects.filter(reporter=found, closed=None).update(
            closed=now, closed_by=moderator, outcome="undone"
        ),
        "lists": len(lists),
    }
    if not any(counts.values()):
        raise Conflict(f"{found.username} has done nothing that could be undone.")
    settle(moderator, found, "undone")
    # What reverting needs, beyond the moment that comments and reports carry themselves.
    undone = {"at": now.isoformat(), "reactions": reactions, "lists": lists}
    log.note(moderator, "undo-all", reason, account=found, **counts, undone=undone)
    note_activity()
    return counts


@transaction.atomic
def restore_all(visitor: readers.Visitor, account: User, reason: str, *, seen: int | None = None) -> dict[str, int]:
    """Revert the last ``undo_all`` of an account. What changed since then, such as a comment restored, is left so.

    Returns the counts as ``undo_all`` does. Raises BadInput, Refused, Conflict where there is nothing to revert.
    """
    moderator = log.over(visitor, account)
    reason = log.checked_reason(reason)
    found = log.held(account, seen)
    assert isinstance(found, User)
    last = last_undo(found)
    if last is None:
        raise Conflict(f"Nothing of {found.username} has been undone that could be restored.")
    undone: dict[str, Any] = last.detail["undone"]
    at = parse_datetime(undone["at"])
    assert at is not None
    commented = Comment.objects.filter(author=found, hidden=at).values_list("paper", flat=True)
    votes.hold([*commented, *found.votes.filter(void=True).values_list("paper", flat=True)])
    counts: dict[str, Any] = {
        "comments": _show_again(found, at),
        "votes": len(votes.void(found, void=False)) if last.detail["votes"] else 0,
        "reactions": _react_again(found, undone["reactions"]),
        "reports": _reopen(found, at),
        "lists": ReadingList.objects.filter(owner=found, public_id__in=undone["lists"]).update(public=True),
    }
    log.note(moderator, "restore-all", reason, account=found, **counts)
    note_activity()
    return counts


def last_undo(account: User) -> ModerationEntry | None:
    """Return the undoing of an account that could be reverted, None where there is none."""
    last = log.about(account).filter(verb__in=("undo-all", "restore-all")).first()
    return last if last and last.verb == "undo-all" else None


def _show_again(account: User, at: datetime) -> int:
    comments = Comment.objects.filter(author=account, hidden=at)
    papers = set(comments.values_list("paper", flat=True))
    shown = comments.update(hidden=None, hidden_by=None, hidden_reason="")
    _recount(papers)
    return shown


def _recount(papers: set[int]) -> None:
    # In one order, so that two who count many papers never wait for each other.
    for paper in Paper.objects.filter(pk__in=papers).order_by("pk"):
        discussion.recount(paper)


def _react_again(account: User, reactions: list[list[str]]) -> int:
    comments = dict(
        Comment.objects.filter(public_id__in={public_id for public_id, _ in reactions}).values_list("public_id", "pk")
    )
    rows = [
        Reaction(comment_id=comments[public_id], reader=account, sign=sign)
        for public_id, sign in reactions
        if public_id in comments
    ]
    Reaction.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _reopen(account: User, at: datetime) -> int:
    opened = 0
    for row in Report.objects.filter(reporter=account, closed=at, outcome="undone"):
        try:
            with transaction.atomic():
                row.closed, row.closed_by, row.outcome = None, None, ""
                row.save(update_fields=["closed", "closed_by", "outcome"])
        except IntegrityError:  # the reader has reported the same thing anew
            continue
        opened += 1
    return opened
