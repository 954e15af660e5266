"""Facts about papers: writing down what sources told, failures, what is shown. What people set is ``corrections``."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.enrich.looks import LOOKS, Piece
from broadsheet.enrich.models import Fact
from broadsheet.papers.models import Paper

type Value = dict[str, Any]

FIRST_RETRY, LAST_RETRY = timedelta(hours=1), timedelta(days=30)
"""Waits after the first and after the tenth failure; each in between is twice the one before."""


@dataclass(frozen=True, slots=True)
class Found:
    """What one source told about one paper, or with an empty value that it was asked and told nothing.

    stamp: the paper's at the reading, as ``paper.stamp``. next_at: when to ask again; None: when the paper changes.
    """

    paper: int
    stamp: int
    kind: str
    source: str
    value: Value = field(default_factory=dict)
    next_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shown:
    """A fact as it is shown. value: what stands, by a person's correction where there is one.

    date: when it came to stand. original: what the source told, the same as ``value`` where nobody corrected it.
    hidden: a person had it shown nowhere; ``of`` gives such only where they are asked for.
    """

    number: int
    kind: str
    source: str
    value: Value
    date: datetime
    label: str
    corrected: bool
    hidden: bool
    by: str
    original: Value

    @property
    def pieces(self) -> list[Piece]:
        """What is shown of the value, in order, with where each piece leads."""
        return _pieces(self.kind, self.value)

    @property
    def text(self) -> str:
        """The value as one line of plain text."""
        return "; ".join(piece.text for piece in self.pieces)

    @property
    def original_text(self) -> str:
        """What the source told as one line of plain text."""
        return "; ".join(piece.text for piece in _pieces(self.kind, self.original))

    @property
    def origin(self) -> str:
        """Where it comes from, as in ``from the authors' comment``."""
        if self.corrected:
            return f"set by {self.by}"
        if by := self.value.get("by"):
            return f"chosen by {by}"
        look = LOOKS.get(self.kind)
        return look.origin(self.source) if look else f"from {self.source}"


def write(paper: Paper, kind: str, source: str, value: Value, now: datetime, next_at: datetime | None = None) -> None:
    """Write down what a source told about a paper; {} that it told nothing. What a person corrected stays."""
    write_all([Found(paper.pk, paper.stamp, kind, source, value, next_at)], now)


@transaction.atomic
def write_all(found: Sequence[Found], now: datetime) -> None:
    """Write down what sources told about papers, in two statements however many there are.

    The date of a value changes only with the value. found: each (paper, kind, source) at most once.
    """
    wanted = {(one.paper, one.kind, one.source) for one in found}
    rows = Fact.objects.filter(paper__in={one.paper for one in found}, kind__in={one.kind for one in found})
    known = {
        (pk, kind, source): (value, changed)
        for pk, kind, source, value, changed in rows.values_list("paper", "kind", "source", "value", "changed")
        if (pk, kind, source) in wanted
    }

    def since(one: Found) -> datetime:
        value, changed = known.get((one.paper, one.kind, one.source), (None, now))
        return changed if value == one.value else now

    Fact.objects.bulk_create(
        [
            Fact(
                paper_id=one.paper,
                kind=one.kind,
                source=one.source,
                value=one.value,
                stamp=one.stamp,
                checked=now,
                changed=since(one),
                next_at=one.next_at,
                tries=0,
                trouble="",
            )
            for one in found
        ],
        update_conflicts=True,
        unique_fields=["paper", "kind", "source"],
        update_fields=["value", "stamp", "checked", "changed", "next_at", "tries", "trouble"],
        batch_size=500,
    )


def drop(papers: Iterable[int], kinds: Iterable[str], kept: Iterable[tuple[int, str, str]] = ()) -> None:
    """Forget facts of papers that are told no more. kept: (paper, kind, source) of those that are.

    Of what a person corrected only the source's own value goes.
    """
    told = set(kept)
    rows = Fact.objects.filter(paper__in=list(papers), kind__in=list(kinds))
    gone = [
        pk for pk, *rest in rows.values_list("pk", "paper", "kind", "source") if (rest[0], rest[1], rest[2]) not in told
    ]
    for start in range(0, len(gone), 500):
        portion = Fact.objects.filter(pk__in=gone[start : start + 500])
        portion.filter(corrected__isnull=True).delete()
        portion.update(value={})


@transaction.atomic
def failed(
    paper: Paper, kind: str, source: str, trouble: str, now: datetime, next_at: datetime | None = None
) -> datetime:
    """Write down that a source could not be asked, and return when it is to be asked again. Its last value stays.

    trouble: why. next_at: when the source said to come again; else the wait doubles with each failure in a row.
    """
    Fact.objects.bulk_create(
        [Fact(paper=paper, kind=kind, source=source, stamp=0, checked=now, changed=now)], ignore_conflicts=True
    )
    fact = Fact.objects.select_for_update().get(paper=paper, kind=kind, source=source)
    fact.tries = min(fact.tries + 1, 1000)
    fact.trouble, fact.checked = trouble[:500], now
    wait = min(FIRST_RETRY * 2 ** min(fact.tries - 1, 10), LAST_RETRY)
    fact.next_at = again = next_at or now + wait
    fact.save(update_fields=["tries", "trouble", "checked", "next_at"])
    return again


def of(paper: Paper, *, hidden: bool = False) -> list[Shown]:
    """Return the facts of a paper that are to be shown, in the order of ``LOOKS``, in one query.

    hidden: also those that a person hid, for whoever may take that back. What no source told is left out.
    Of a kind that the paper itself lacks, what is known under another of its ids is told.
    """
    rows = _rows(paper).filter(kind__in=LOOKS).select_related("corrected_by")
    order = {kind: place for place, kind in enumerate(LOOKS)}
    shown = [_shown(fact) for fact in _best_of_each_kind(paper, rows)]
    kept = [one for one in shown if (one.value and one.pieces) or (hidden and one.hidden)]
    return sorted(kept, key=lambda one: (order[one.kind], one.source))


def value_of(paper: Paper, kind: str) -> Value:
    """Return what is shown of one kind, of the source that changed last; {} where nothing is."""
    for fact in _best_of_each_kind(paper, _rows(paper).filter(kind=kind).order_by("-changed")):
        if value := fact.value if fact.corrected is None else fact.corrected:
            return dict(value)
    return {}


def held(paper: Paper, number: int) -> Fact | None:
    """Return a fact of a paper, or of another row that is the same paper, locked until the end of the transaction."""
    rows = _rows(paper).select_for_update(of=("self",))
    return rows.filter(pk=number, kind__in=LOOKS).first()


def _rows(paper: Paper) -> QuerySet[Fact]:
    return Fact.objects.filter(Q(paper=paper) | Q(paper__in=Paper.objects.filter(same_as=paper).values("pk")))


def _best_of_each_kind(paper: Paper, rows: Iterable[Fact]) -> list[Fact]:
    """Return those of the paper itself, and of a kind that it says nothing of, those of one other row of it."""
    told: dict[str, set[int]] = {}
    known = list(rows)
    for fact in known:
        if fact.value or fact.corrected is not None:
            told.setdefault(fact.kind, set()).add(fact.paper_id)
    from_row = {kind: paper.pk if paper.pk in pks else min(pks) for kind, pks in told.items()}
    return [fact for fact in known if fact.paper_id == from_row.get(fact.kind, paper.pk)]


def is_settled(now: datetime, stamp: Any) -> Q:
    """Return the condition on a Fact under which its source need not be asked: of this stamp, and not due again.

    stamp: the paper's, such as ``OuterRef("stamp")``. After a failure only the time counts.
    """
    return (Q(next_at=None) | Q(next_at__gt=now)) & (Q(stamp__gte=stamp) | Q(tries__gt=0))


def _shown(fact: Fact) -> Shown:
    corrected = fact.corrected is not None
    look = LOOKS[fact.kind]
    return Shown(
        number=fact.pk,
        kind=fact.kind,
        source=fact.source,
        value=dict(fact.value if fact.corrected is None else fact.corrected),
        date=(fact.corrected_at or timezone.now()) if corrected else fact.changed,
        label=look.label,
        corrected=corrected,
        hidden=corrected and not fact.corrected,
        by=fact.corrected_by.username if fact.corrected_by else "a reader who has left",
        original=dict(fact.value),
    )


def _pieces(kind: str, value: Value) -> list[Piece]:
    return LOOKS[kind].pieces(value) if value and kind in LOOKS else []


def as_object(one: Shown) -> dict[str, Any]:
    """Return a fact as it stands in JSON: of the command line and of the API of this site."""
    return {
        "kind": one.kind,
        "label": one.label,
        "text": one.text,
        "value": {key: value for key, value in one.value.items() if key != "by"},
        "source": one.source,
        "origin": one.origin,
        "date": one.date.isoformat(),
        "corrected": one.corrected,
    }
