"""What people do about facts: correct one, hide it, take that back. Each change is kept with who did it and when."""

from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.community import claims
from broadsheet.enrich import facts
from broadsheet.enrich.looks import LOOKS
from broadsheet.enrich.models import Fact, FactChange
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper

type By = Literal["author", "moderator"]

PER_DAY = 60


@transaction.atomic
def correct(visitor: readers.Visitor, paper: Paper, number: int, typed: str) -> Fact:
    """Set what a person knows in place of what a source told; it stays when the source is read again.

    For verified authors of the paper, and moderators; what a moderator set only moderators change.
    number: of the fact, as ``facts.of`` gives it. typed: the fact in words, as its kind takes it.
    Raises BadInput for words that cannot be read, Refused, NotFound, TooMany.
    """
    reader, by, fact = _held(visitor, paper, number)
    read = LOOKS[fact.kind].read
    if read is None:
        raise BadInput(f"A fact of the kind {fact.kind} can only be hidden.")
    return _set(fact, read(typed), "corrected", reader, by)


@transaction.atomic
def hide(visitor: readers.Visitor, paper: Paper, number: int) -> Fact:
    """Have a fact shown nowhere, also when its source is read again. Raises as ``correct`` does."""
    reader, by, fact = _held(visitor, paper, number)
    return _set(fact, {}, "hidden", reader, by)


@transaction.atomic
def take_back(visitor: readers.Visitor, paper: Paper, number: int) -> Fact:
    """Show again what the source tells. Raises as ``correct`` does."""
    reader, by, fact = _held(visitor, paper, number)
    return fact if fact.corrected is None else _set(fact, None, "taken back", reader, by)


def standing(visitor: readers.Visitor, paper: Paper) -> By | None:
    """Return as what a visitor may correct a paper's facts; None for who may not."""
    if not visitor.is_authenticated:
        return None
    if visitor.is_moderator:
        return "moderator"
    return "author" if claims.is_author(visitor, paper) else None


def history(paper: Paper) -> QuerySet[FactChange]:
    """Return what people changed about a paper's facts, the newest first."""
    rows = FactChange.objects.filter(Q(paper=paper) | Q(paper__same_as=paper))
    return rows.select_related("reader").order_by("-pk")


def _held(visitor: readers.Visitor, paper: Paper, number: int) -> tuple[User, By, Fact]:
    """Return who acts, as what, and the fact, locked."""
    reader = readers.active(visitor, "correct a fact")
    by = standing(reader, paper)
    if by is None:
        raise Refused(
            f"Only its verified authors and moderators correct what is said of {paper.key}.",
            "If you wrote it, say so on its page first.",
        )
    fact = facts.held(paper, number)
    if fact is None:
        raise NotFound("This fact is not here any more.", "Load the page again to see what is.")
    if by == "author" and fact.corrected is not None and _set_by_moderator(fact):
        raise Refused("A moderator set this.", "Report the paper to have it looked at again.")
    limits.spend(f"facts:{reader.pk}", capacity=limits.share(reader, PER_DAY), seconds=86400)
    return reader, by, fact


def _set_by_moderator(fact: Fact) -> bool:
    rows = FactChange.objects.filter(paper_id=fact.paper_id, kind=fact.kind, source=fact.source)
    last = rows.order_by("-pk").first()
    return last is not None and last.by == "moderator"


def _set(fact: Fact, value: dict[str, Any] | None, done: str, reader: User, by: By) -> Fact:
    now: datetime = timezone.now()
    before = fact.value if fact.corrected is None else fact.corrected
    fact.corrected = value
    fact.corrected_by, fact.corrected_at = (None, None) if value is None else (reader, now)
    fact.save(update_fields=["corrected", "corrected_by", "corrected_at"])
    FactChange.objects.create(
        paper_id=fact.paper_id,
        kind=fact.kind,
        source=fact.source,
        before=before,
        after=fact.value if value is None else value,
        done=done,
        reader=reader,
        by=by,
    )
    note_activity()
    return fact
