"""What readers did on a row that turned out to be another paper: it goes along, and comes back when they are parted.

Whether two rows are one paper, and who may say so, is told in ``merging``.
"""

import json
from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from datetime import date
from typing import Any

from django.apps import apps
from django.core import serializers
from django.db import models, transaction
from django.db.models import Q

from broadsheet.accounts.models import User
from broadsheet.community.models import (
    Claim,
    ClaimState,
    Comment,
    DiscussionLock,
    LinkChange,
    ListItem,
    Mark,
    Notification,
    Report,
    Submission,
    Vote,
)
from broadsheet.papers.actions import hold
from broadsheet.papers.likeness import same_name
from broadsheet.papers.models import Merging, Paper, Resemblance

CLOSED = "closed account"
"""What stands where a closed account's name stood."""

_TOLD = frozenset({"cast", "taken_back", "void", "note", "added", "kind", "made", "version", "day", "author_name"})
"""What a reader is told of a row that was set aside."""


def _nothing(_row: Any) -> None:
    return None


def _any(_row: Any) -> bool:
    return True


# By kind: the rows, of what there is one a paper (None: any number), and whether of two such a row is the better one.
_KINDS: dict[str, tuple[type[models.Model], Callable[[Any], Hashable], Callable[[Any], bool]]] = {
    "votes": (Vote, lambda vote: vote.reader_id, lambda vote: vote.taken_back is None and not vote.void),
    "comments": (Comment, _nothing, _any),
    "locks": (DiscussionLock, lambda _: 1, _any),
    "notifications": (Notification, _nothing, _any),
    "submissions": (Submission, lambda submission: submission.version, _any),
    "claims": (
        Claim,
        lambda claim: None if claim.state == ClaimState.REFUSED else claim.reader_id,
        lambda claim: bool(claim.state == ClaimState.VERIFIED),
    ),
    "links": (LinkChange, _nothing, _any),
    "items": (ListItem, lambda item: item.list_id, _any),
    "marks": (Mark, lambda mark: mark.reader_id, _any),
    "reports": (Report, lambda report: report.reporter_id if report.closed is None else None, _any),
}


def move(kept: Paper, merged: Paper) -> dict[str, Any]:
    """Move what readers did from a row to the paper that it is; return what it takes to move it back.

    Where a reader did the same on both, such as voting, one row stays and the other is set aside: written down and
    deleted. In the caller's transaction, which holds both papers.
    """
    moved: dict[str, Any] = {}
    aside: list[dict[str, Any]] = []
    for kind, (model, one_a_paper, is_better) in _KINDS.items():
        rows = list(model._default_manager.filter(paper=merged).order_by("pk"))
        if not rows:
            continue
        there = {key: row for row in model._default_manager.filter(paper=kept) if (key := one_a_paper(row)) is not None}
        going, staying = [], []
        for row in rows:
            other = there.get(key) if (key := one_a_paper(row)) is not None else None
            if other is None:
                going.append(row)
            elif is_better(row) and not is_better(other):
                going.append(row)
                staying.append(other)
            else:
                staying.append(row)
        aside += _set_aside(model, staying)
        model._default_manager.filter(pk__in=[row.pk for row in going]).update(paper=kept)
        if going:
            moved[kind] = [row.pk for row in going]
    if names := _rename(kept, moved.get("claims", [])):
        moved["names"] = names
    return moved | ({"aside": aside} if aside else {})


def _set_aside(model: type[models.Model], rows: list[Any]) -> list[dict[str, Any]]:
    if not rows:
        return []
    # Django's own JSON would drop the microseconds by which votes and comments are ordered.
    told: list[dict[str, Any]] = json.loads(json.dumps(serializers.serialize("python", rows), default=_written))
    model._default_manager.filter(pk__in=[row.pk for row in rows]).delete()
    return told


def _written(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _rename(kept: Paper, claims: Iterable[int]) -> list[list[Any]]:
    """Let claims name an author as the kept paper spells it; return who was called how."""
    changed = []
    for claim in Claim.objects.filter(pk__in=claims).order_by("pk"):
        if claim.author_name in kept.authors:
            continue
        found = [author for author in kept.authors if same_name(author, claim.author_name)]
        if len(found) == 1:
            changed.append([claim.pk, claim.author_name, found[0][:200]])
            Claim.objects.filter(pk=claim.pk).update(author_name=found[0][:200])
    return changed


def move_back(kept: Paper, merged: Paper, moved: Mapping[str, Any]) -> None:
    """Give a row back what came from it, as far as it is still there; what was added since stays with the kept paper.

    moved: as ``move`` returned it. In the caller's transaction, which holds both papers.
    """
    for pk, before, after in moved.get("names", []):
        Claim.objects.filter(pk=pk, author_name=after).update(author_name=before)
    for kind, (model, one_a_paper, _) in _KINDS.items():
        pks = moved.get(kind, [])
        # A lock has its paper for a primary key.
        rows = model._default_manager.filter(paper=kept)
        rows = rows if model is DiscussionLock and pks else rows.filter(pk__in=pks)
        there = {key for row in model._default_manager.filter(paper=merged) if (key := one_a_paper(row)) is not None}
        free = [row.pk for row in rows if one_a_paper(row) is None or one_a_paper(row) not in there]
        model._default_manager.filter(pk__in=free).update(paper=merged)
    for found in serializers.deserialize("python", moved.get("aside", [])):
        if _has_place(found.object):
            found.save()


def unpack(merging: Merging, moved: Mapping[str, Any]) -> None:
    """Give a row back what came from it and was set aside at a later merging, as somebody had done the same there.

    merging: the one that is undone. moved: as ``move`` returned it. In the caller's transaction, after ``move_back``.
    """
    came = {(model._meta.label_lower, pk) for kind, (model, *_) in _KINDS.items() for pk in moved.get(kind, [])}
    for later in Merging.objects.filter(kept=merging.kept, parted_at=None, moved__has_key="aside"):
        back = [row for row in later.moved["aside"] if (row["model"], row["pk"]) in came]
        if not back:
            continue
        later.moved["aside"] = [row for row in later.moved["aside"] if row not in back]
        later.save(update_fields=["moved"])
        for found in serializers.deserialize("python", back):
            setattr(found.object, "paper_id", merging.merged_id)  # noqa: B010 (each of these models has one)
            if _has_place(found.object):
                found.save()


def _has_place(row: models.Model) -> bool:
    """Whether a row that was set aside can come back: all it hangs on is here, and nothing has taken its place."""
    model = type(row)
    one_a_paper = next(key for found, key, _ in _KINDS.values() if found is model)
    for field in model._meta.concrete_fields:
        target, pk = field.related_model, getattr(row, field.attname)
        if target is not None and pk is not None and not target._default_manager.filter(pk=pk).exists():
            return False
    others = model._default_manager.filter(paper=getattr(row, "paper_id", None))
    return not any(one_a_paper(other) == one_a_paper(row) for other in others)


def left_behind() -> set[int]:
    """Return the rows, by primary key, that are another paper and on which somebody acted at that very moment."""
    found: set[int] = set()
    for model, _, _ in _KINDS.values():
        rows = model._default_manager.filter(paper__same_as__isnull=False)
        found |= set(rows.values_list("paper", flat=True)[:1000])
    return found


def added(moved: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was moved first, and what was moved after it, as one."""
    return {
        key: [*moved.get(key, []), *more[key]] if key in more else value for key, value in {**more, **moved}.items()
    }


def aside_of(reader: User) -> list[dict[str, Any]]:
    """Return what is set aside of a reader, for the export: the kind, both papers, and what the row held."""
    lists = dict(reader.lists.values_list("pk", "slug"))
    return [
        {
            "kind": row["model"].partition(".")[2],
            "paper": merging.merged.key,
            "same_as": merging.kept.key,
            "list": lists.get(row["fields"].get("list")),
        }
        | {name: value for name, value in row["fields"].items() if name in _TOLD}
        for merging in Merging.objects.filter(moved__has_key="aside").select_related("kept", "merged").order_by("pk")
        for row in merging.moved["aside"]
        if reader.pk in _people_of(row) or row["fields"].get("list") in lists
    ]


@transaction.atomic
def forget(reader: int, name: str, lists: Collection[int]) -> None:
    """Let nothing of a closed account be left in what was merged. reader, lists: the primary keys that there were.

    For when the account is gone, so that nothing of it can be set aside any more. What stays without a name elsewhere,
    such as a submission, stays so here.
    """
    hold(0)  # from here on nobody merges or parts
    Merging.objects.filter(by=name).update(by=CLOSED)
    Merging.objects.filter(parted_by=name).update(parted_by=CLOSED)
    Resemblance.objects.filter(by=name).update(by=CLOSED)
    for merging in Merging.objects.filter(Q(moved__has_key="aside") | Q(moved__has_key="names")):
        before = {key: merging.moved[key] for key in ("aside", "names") if key in merging.moved}
        after = {}
        if "aside" in before:
            rows = (row for row in before["aside"] if row["fields"].get("list") not in lists)
            after["aside"] = [left for row in rows if (left := _nameless(row, reader)) is not None]
        if "names" in before:
            claims = set(Claim.objects.filter(pk__in=[pk for pk, *_ in before["names"]]).values_list("pk", flat=True))
            after["names"] = [told for told in before["names"] if told[0] in claims]
        if after != before:
            merging.moved |= after
            merging.save(update_fields=["moved"])


def _people_of(row: Mapping[str, Any]) -> dict[int, "models.Field[Any, Any]"]:
    """Return the accounts that a row set aside names, by primary key, each with the field."""
    fields = apps.get_model(row["model"])._meta.concrete_fields
    return {row["fields"][one.name]: one for one in fields if one.related_model is User and row["fields"].get(one.name)}


def _nameless(row: dict[str, Any], reader: int) -> dict[str, Any] | None:
    """Return a row without a reader, None where it is nothing without."""
    field = _people_of(row).get(reader)
    if field is None:
        return row
    return row | {"fields": row["fields"] | {field.name: None}} if field.null else None
