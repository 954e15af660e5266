"""The verbs of discussion: comment, reply, edit, delete, react. How a thread is read lives in ``reading``."""

from collections.abc import Collection
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import markdown, notifications
from broadsheet.community.models import Claim, ClaimState, Comment, DiscussionLock, Edit, Reaction, Submission
from broadsheet.community.reading import SIGNS, Reacted, Said, thread
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.papers import actions
from broadsheet.papers.models import Paper

__all__ = ["SIGNS", "Reacted", "Said", "comment", "delete", "edit", "find", "react", "recount", "thread"]

LONGEST = 65_536
"""Characters of a comment."""
MOST_MENTIONS = 10
"""Readers told of one comment for their name in it; further names are links and nothing more."""
REACTIONS_A_COMMENT = 10
"""How many times more reactions than comments a reader may give in an hour."""
_TWICE = timedelta(minutes=1)


def find(public_id: str) -> Comment:
    """Return a comment by its public id. Raises NotFound where there is none, or only a deleted one."""
    # A database may refuse the zero byte, which no id has.
    named = Comment.objects.filter(public_id=public_id[:24].replace("\0", ""))
    found = named.select_related("paper", "author", "parent").first()
    if found is None or found.deleted:
        raise NotFound(f"There is no comment {public_id[:24]!r}.")
    return found


@transaction.atomic
def comment(visitor: Visitor, paper: Paper, text: str, parent: Comment | None = None) -> Comment:
    """Write a comment on a paper or, with ``parent``, a reply; a reply to a reply stands beside it.

    text: Markdown, 1 to 65,536 characters once blanks around it are gone. The same text twice within a minute is a
    double click, and gives the first comment again.
    Raises SignInNeeded, Refused (suspended, locked discussion, nothing to reply to), BadInput, TooMany.
    """
    reader = readers.active(visitor, "write a comment")
    text = checked(text)
    held = _held_paper(paper.pk)
    _refuse_where_locked(held)
    answered, parent = parent, _thread_of(held, parent)
    twice = Comment.objects.filter(
        paper=held, author=reader, parent=parent, text=text, deleted__isnull=True, posted__gte=timezone.now() - _TWICE
    )
    if first := twice.first():
        return first
    _spend(reader, "comments")
    made = Comment.objects.create(paper=held, author=reader, parent=parent, text=text)
    _tell(made, reader, answered)
    _count(held)
    paper.reader_comments = held.reader_comments
    return made


@transaction.atomic
def edit(visitor: Visitor, comment: Comment, text: str) -> Comment:
    """Give one's own comment another text; the former one stays in its history.

    Raises SignInNeeded, NotFound (deleted), Refused (another's, hidden, locked discussion), BadInput, TooMany.
    """
    reader = readers.active(visitor, "edit a comment")
    held = _own(reader, comment, "edited")
    text = checked(text)
    if held.hidden:
        raise Refused("This comment was hidden by a moderator and cannot be edited.", "Delete it, or ask a moderator.")
    _refuse_where_locked(held.paper)
    if text == held.text:
        return held
    _spend(reader, "edits")
    Edit.objects.create(comment=held, text=held.text)
    before = set(markdown.read(held.text).names)
    held.text, held.edited = text, timezone.now()
    held.save(update_fields=["text", "edited"])
    _tell_mentioned(held, reader, before=before)
    actions.note_activity()
    return held


@transaction.atomic
def delete(visitor: Visitor, comment: Comment) -> None:
    """Delete one's own comment: its text and history go, and a mark stays where others have replied to it.

    Raises SignInNeeded, NotFound (already deleted), Refused (another's).
    """
    reader = readers.active(visitor, "delete a comment")
    paper = _held_paper(comment.paper_id)
    held = _own(reader, comment, "deleted")
    held.text, held.deleted = "", timezone.now()
    held.save(update_fields=["text", "deleted"])
    held.edits.all().delete()
    held.reactions.all().delete()
    _count(paper)


@transaction.atomic
def react(visitor: Visitor, comment: Comment, sign: str, *, stand: bool | None = None) -> bool:
    """Put a sign on a comment, or take it away again. stand: which of the two; None turns it over.

    Returns whether the sign stands now. Raises SignInNeeded, BadInput (no such sign), NotFound, Refused, TooMany.
    """
    reader = readers.active(visitor, "react to a comment")
    if sign not in SIGNS:
        raise BadInput(f"{sign[:16]!r} is no reaction.", f"Reactions are {' '.join(SIGNS)}.")
    held = _held(comment)
    if held.hidden:
        raise Refused("This comment was hidden by a moderator.")
    mine = Reaction.objects.filter(comment=held, reader=reader, sign=sign)
    stood = mine.exists()
    stand = not stood if stand is None else stand
    if stand == stood:
        return stand
    if stand:
        _spend(reader, "reactions", REACTIONS_A_COMMENT)
        _refuse_where_locked(held.paper)
        Reaction.objects.create(comment=held, reader=reader, sign=sign)
    else:
        mine.delete()
    actions.note_activity()
    return stand


@transaction.atomic
def recount(paper: Paper) -> None:
    """Count a paper's comments anew, without deleted and hidden ones."""
    _count(_held_paper(paper.pk))


def checked(text: str) -> str:
    """Return the text of a comment as it is kept. Raises BadInput where it is empty or too long."""
    text = markdown.tidy(text).strip()
    if not text:
        raise BadInput("The comment is empty.", "Write something first.")
    if len(text) > LONGEST:
        raise BadInput(f"The comment has {len(text)} characters; {LONGEST} are the most.", "Shorten or part it.")
    return text


def _thread_of(paper: Paper, parent: Comment | None) -> Comment | None:
    """The comment under which a reply to ``parent`` stands."""
    if parent is None:
        return None
    parent = Comment.objects.select_related("parent").filter(pk=parent.pk, paper=paper).first()
    if parent is None or parent.deleted:
        raise NotFound("The comment that you reply to is not here.", "It may have been deleted meanwhile.")
    if parent.hidden:
        raise Refused("The comment that you reply to was hidden by a moderator.")
    return parent.parent or parent


def _held_paper(pk: int) -> Paper:
    """The paper, locked until the transaction ends.

    Before any of its comments, in whatever locks both, and by the weaker lock, which lets rows that only point at it
    be written: else a reply and an edit at the same moment would wait for each other. Raises NotFound.
    """
    held = Paper.objects.select_for_update(no_key=True).filter(pk=pk).first()
    if held is None:
        raise NotFound("The paper is not here any more.", "It may have been removed by the operator.")
    return held


def _held(comment: Comment) -> Comment:
    """The comment as it is now, locked until the transaction ends."""
    locked = Comment.objects.select_for_update(of=("self",), no_key=True)
    held = locked.select_related("paper").filter(pk=comment.pk).first()
    if held is None or held.deleted:
        raise NotFound(f"There is no comment {comment.public_id!r}.", "It was deleted.")
    return held


def _own(reader: User, comment: Comment, done: str) -> Comment:
    held = _held(comment)
    if held.author_id != reader.pk:
        raise Refused(f"A comment can only be {done} by who wrote it.", "Report it, if moderators should look at it.")
    return held


def _refuse_where_locked(paper: Paper) -> None:
    lock = DiscussionLock.objects.filter(paper=paper).first()
    if lock is not None:
        raise Refused(f"The discussion of this paper is closed: {lock.reason}", "It can still be read.")


def _spend(reader: User, what: str, times: int = 1) -> None:
    from broadsheet.accounts import limits

    capacity = limits.share(reader, settings.COMMENTS_PER_HOUR * times)
    limits.spend(f"{what}:{reader.pk}", capacity=capacity, seconds=3600)


def _count(paper: Paper) -> None:
    """Write the number of standing comments of a paper whose row is locked, and that something happened."""
    paper.reader_comments = Comment.objects.filter(paper=paper, deleted__isnull=True, hidden__isnull=True).count()
    Paper.objects.filter(pk=paper.pk).update(reader_comments=paper.reader_comments)
    actions.note_activity()


def _tell(made: Comment, reader: User, answered: Comment | None) -> None:
    """Tell whom a new comment concerns, each once: who is replied to, who is mentioned, whose paper it is."""
    told: set[int] = {reader.pk}
    for earlier in (answered, made.parent):  # a reply to a reply concerns who began the thread too
        if earlier is not None and earlier.author is not None and earlier.author.pk not in told:
            notifications.tell(earlier.author, "reply", actor=reader, paper=made.paper, comment=made)
            told.add(earlier.author.pk)
    told |= _tell_mentioned(made, reader, told=told)
    authors = Claim.objects.filter(paper=made.paper, state=ClaimState.VERIFIED).values_list("reader")
    concerned = set(authors.union(Submission.objects.filter(paper=made.paper).values_list("reader"))) - {(None,)}
    for author in User.objects.filter(pk__in=[pk for (pk,) in concerned if pk not in told]) if concerned else ():
        notifications.tell(author, "comment", actor=reader, paper=made.paper, comment=made)


def _tell_mentioned(
    made: Comment, reader: User, *, before: Collection[str] = (), told: Collection[int] = ()
) -> set[int]:
    """Tell the first readers that a comment names, but not who was named ``before`` or is ``told`` already."""
    names = [name for name in markdown.read(made.text).names if name not in before][:MOST_MENTIONS]
    found = User.objects.filter(username__in=names, is_active=True).exclude(pk__in={reader.pk, *told})
    for mentioned in found:
        notifications.tell(mentioned, "mention", actor=reader, paper=made.paper, comment=made)
    return {mentioned.pk for mentioned in found}
