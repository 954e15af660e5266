"""A reader's private marks on papers, read or not interested: the verb and the reads. Nobody else ever sees them."""

from django.db.models import QuerySet

from broadsheet.accounts import readers
from broadsheet.accounts.readers import Visitor
from broadsheet.community.models import Mark
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper

KINDS = (Mark.READ, Mark.NOT_INTERESTED)


def mark(visitor: Visitor, paper: Paper, kind: str | None) -> bool:
    """Mark a paper and return whether that changed something.

    kind: ``read`` or ``not-interested``, of which a paper has one at a time; None takes the mark away.
    Raises SignInNeeded, Refused, and BadInput for another kind.
    """
    reader = readers.active(visitor, "mark papers")
    if kind is None:
        gone, _ = Mark.objects.filter(reader=reader, paper=paper).delete()
        return bool(gone)
    if kind not in KINDS:
        raise BadInput(f"{kind[:20]!r} is not a mark.", f"Marks are {' and '.join(KINDS)}.")
    made, fresh = Mark.objects.get_or_create(reader=reader, paper=paper, defaults={"kind": kind})
    if not fresh and made.kind != kind:
        return bool(Mark.objects.filter(pk=made.pk).exclude(kind=kind).update(kind=kind))
    return fresh


def unwanted(visitor: Visitor) -> QuerySet[Mark, int]:
    """Return the primary keys of the papers a visitor is not interested in, as a query to leave them out by."""
    reader = readers.signed_in(visitor)
    marks = Mark.objects.filter(reader=reader, kind=Mark.NOT_INTERESTED) if reader else Mark.objects.none()
    return marks.values_list("paper", flat=True)


def marked(visitor: Visitor) -> QuerySet[Mark]:
    """Return a visitor's marks with their papers, newest first."""
    reader = readers.signed_in(visitor)
    marks = Mark.objects.filter(reader=reader) if reader else Mark.objects.none()
    return marks.select_related("paper").order_by("-made", "-pk")
