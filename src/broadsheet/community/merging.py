"""The verbs that make one paper of two rows, and two of one again, with all that readers did on them.

What the rows' own tables need lives in ``papers.joining``, what readers did in ``moving``, finding in ``duplicates``.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.community import discussion, log, moving, votes
from broadsheet.errors import BadInput, Conflict, NotFound
from broadsheet.papers import actions, identities
from broadsheet.papers.actions import activity_last, note_activity
from broadsheet.papers.models import Merging, Paper, Resemblance, spellings
from broadsheet.prepared import Prepared

ONE = "the same paper"
TWO = "two different papers"


@transaction.atomic
def merge(kept: Paper, merged: Paper, how: str, score: float | None = None, by: str = "") -> Merging | None:
    """Make a row the same as another paper. For whoever has found out; who may do so by hand is asked elsewhere.

    kept, merged: as ``identities.in_order`` has them. how: id, doi, likeness or hand. score: the likeness, where that
    was the reason. by: who did it, empty where it was found by itself.
    Returns the merging; None where one of them turned out to be another paper in the meantime.
    """
    merging = actions.join(kept, merged, how, score, by)
    if merging is None:
        return None
    merging.moved |= moving.move(merging.kept, merging.merged)
    merging.save(update_fields=["moved"])
    _settle(merging.kept, merging.merged, same=True, by=by)
    _count_anew(merging.kept, merging.merged)
    return merging


@transaction.atomic
def part(merging: Merging, by: str = "") -> None:
    """Make two papers of one again: each with what it had. What readers added since stays with the one that was kept.

    They are not made one again by themselves. Raises Conflict where they have been parted already.
    """
    actions.hold(merging.kept_id)  # from here on nobody else merges or parts
    found = Merging.objects.select_related("kept", "merged").filter(pk=merging.pk, parted_at=None).first()
    if found is None:
        raise Conflict("These papers have been parted already.", "Load the page again to see how they stand now.")
    merging, moved = found, dict(found.moved)
    actions.part(merging)
    moving.move_back(merging.kept, merging.merged, moved)
    moving.unpack(merging, moved)
    Merging.objects.filter(pk=merging.pk).update(moved={}, parted_at=timezone.now(), parted_by=by)
    _settle(merging.kept, merging.merged, same=False, by=by)
    _count_anew(merging.kept, merging.merged)


def settle(pairs: Iterable[identities.Same]) -> int:
    """Make one paper of each pair of rows that records say are one, and return how many that were.

    Each in a transaction of its own, so that nobody waits long.
    """
    return sum(_settle_one(pair) for told in pairs for pair in identities.allowed([told]))


def _settle_one(pair: identities.Same) -> bool:
    rows = Paper.objects.in_bulk([pair.first, pair.second])
    return len(rows) == 2 and merge(*identities.in_order(*rows.values()), pair.how) is not None


def gather() -> int:
    """Move along what readers did on a row at the very moment when it was merged; return on how many rows that was."""
    rows = moving.left_behind()
    for found in Merging.objects.filter(merged__in=rows, parted_at=None).order_by("pk"):
        with transaction.atomic():
            actions.hold(found.kept_id)
            one = Merging.objects.select_related("kept", "merged").get(pk=found.pk)
            if one.parted_at is None:
                one.moved = moving.added(one.moved, moving.move(one.kept, one.merged))
                one.save(update_fields=["moved"])
                _count_anew(one.kept, one.merged)
    return len(rows)


@transaction.atomic
def make_one(visitor: readers.Visitor, first: Paper, second: Paper, reason: str = "") -> Merging:
    """Make one paper of two, by a moderator's word; the one with the better id is kept.

    Raises SignInNeeded, Refused, BadInput where they are one already, Conflict where somebody was quicker.
    """
    moderator = readers.moderator(visitor)
    reason = log.checked_reason(reason or ONE)
    if first.pk == second.pk:
        raise BadInput(f"{first.key} is one paper already.", "Name two papers that are here.")
    kept, merged = identities.in_order(first, second)
    merging = merge(kept, merged, "hand", by=moderator.username)
    if merging is None:
        raise Conflict("Another moderator was quicker.", "Load the page again to see how they stand now.")
    log.note(moderator, "merge", reason, paper=kept, other=merged.key)
    return merging


@transaction.atomic
def undo(visitor: readers.Visitor, merging: Merging, reason: str = "") -> None:
    """Part two papers that are no one, by a moderator's word. Raises SignInNeeded, Refused, Conflict as ``part``."""
    moderator = readers.moderator(visitor)
    reason = log.checked_reason(reason or TWO)
    part(merging, moderator.username)
    log.note(moderator, "part", reason, paper=merging.kept, other=merging.merged.key)


@transaction.atomic
def decide(visitor: readers.Visitor, pair: Resemblance, same: bool, reason: str = "") -> None:
    """Decide whether two papers that look alike are one; they are not proposed again.

    Raises SignInNeeded, Refused, Conflict where it has been decided.
    """
    moderator = readers.moderator(visitor)
    reason = log.checked_reason(reason or (ONE if same else TWO))
    if Resemblance.objects.filter(pk=pair.pk).exclude(decided=None).exists():
        raise Conflict("Another moderator was quicker.", "Load the page again to see what is left.")
    if same:
        rows = [one.same_as or one for one in (pair.first, pair.second)]
        if rows[0].pk == rows[1].pk:
            raise Conflict("These are one paper already.", "Load the page again.")
        make_one(visitor, rows[0], rows[1], reason)
    # After the papers, as merging has it: whoever takes both takes them in one order.
    open_one = Resemblance.objects.filter(Q(decided=None) | Q(same=True, by=moderator.username), pk=pair.pk)
    if not open_one.update(decided=timezone.now(), by=moderator.username, same=same):
        raise Conflict("Another moderator was quicker.", "Load the page again to see what is left.")
    if not same:
        log.note(moderator, "not-same", reason, paper=pair.first, other=pair.second.key)


def proposals() -> QuerySet[Resemblance]:
    """Return the pairs that wait for a moderator, the most alike first."""
    waiting = Resemblance.objects.filter(decided=None, first__same_as=None, second__same_as=None)
    return waiting.select_related("first", "second").order_by("-score", "pk")


def of(paper: Paper) -> QuerySet[Merging]:
    """Return the mergings that made a paper what it is, the newest first."""
    return Merging.objects.filter(kept=paper, parted_at=None).select_related("kept", "merged").order_by("-pk")


_any = Prepared(lambda pk: Merging.objects.filter(kept=pk, parted_at=None).values_list("pk"), -1)


def shown_of(paper: Paper) -> list[Merging]:
    """Return the same for the paper's page. Most papers have none, which a question that is written once tells."""
    return list(of(paper)) if _any.rows(paper.pk) else []


def newest_of(name: str) -> Merging:
    """Return the merging that an id names: of that very row, else the newest of the paper. Raises NotFound."""
    paper = Paper.objects.named(name)
    rows = Paper.objects.filter(key__in=spellings(name), same_as=paper)
    row = rows.first() if paper else None
    found = Merging.objects.filter(merged=row, parted_at=None) if row else of(paper) if paper else None
    merging = found.select_related("kept", "merged").order_by("-pk").first() if found is not None else None
    if merging is None:
        raise NotFound(f"{name[:60]!r} is not made of several papers.", "Name a paper that was merged.")
    return merging


def _settle(one: Paper, other: Paper, *, same: bool, by: str) -> None:
    """Write down what became of a pair, so that it waits for nobody, and is not found again once it was parted."""
    first, second = sorted((one.pk, other.pk))
    decided = {"decided": timezone.now(), "by": by, "same": same}
    pair = Resemblance.objects.filter(first=first, second=second)
    if not pair.update(**decided) and not same:
        Resemblance.objects.get_or_create(first_id=first, second_id=second, defaults={"why": "hand", **decided})


def _count_anew(*papers: Paper) -> None:
    """Count what stands beside papers from the rows, after rows went from one to the other."""
    pks = sorted(paper.pk for paper in papers)
    with activity_last():
        votes.recount(pks)
        for paper in papers:
            discussion.recount(paper)
        votes.rescore(pks)
        note_activity()
