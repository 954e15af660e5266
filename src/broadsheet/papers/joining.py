"""Making one paper of two rows and two of one again, as far as the papers' own tables go; readers' rows: community.

A row that turned out to be another paper keeps all that its sources say of it, and goes on being brought up to date.
What the kept paper lacks is filled in from such rows, and taken back before its own sources are heard again, so that
the order of reading makes no difference. Nothing here writes a paper: ``actions`` does.
"""

from collections.abc import Callable, Iterable
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from broadsheet.papers.identities import rank
from broadsheet.papers.merge import set_day
from broadsheet.papers.models import Merging, Paper

_FILLED = (
    "authors",
    "categories",
    "comment",
    "doi",
    "journal_ref",
    "keywords",
    "licence",
    "machine_summary",
    "resubmitted",
)
_TOGETHER = (
    ("code_url", "code_by", "code_stars"),
    ("project_url", "project_by"),
    ("organization", "organization_slug", "organization_by"),
)
_CHOSEN: dict[str, Callable[[Any, Any], Any]] = {
    "featured": min,
    "published": min,
    "imported_votes": max,
    "imported_comments": max,
}
_DAYS = ("featured", "resubmitted")


class Families:
    """Papers with the rows that are the same paper, opened: what such rows gave is taken back until ``close``.

    In the caller's transaction, which holds the papers.
    """

    def __init__(self, papers: Iterable[Paper]) -> None:
        """Take back what rows gave. papers: those about to change; other members of their families are read."""
        self._papers = {paper.pk: paper for paper in papers if paper.pk}
        self._mergings = self._in_order(self._standing())
        self._before: dict[int, dict[str, Any]] = {}
        for merging in self._mergings:
            kept = self._papers[merging.kept_id]
            self._before.setdefault(kept.pk, _facts(kept))
        for merging in reversed(self._mergings):
            _take_back(self._papers[merging.kept_id], merging.moved.pop("facts", {}))

    def _standing(self) -> list[Merging]:
        """Return the mergings of these papers and of the papers that they are, and hold whoever else takes part."""
        if not self._papers:
            return []
        pks = list(self._papers)
        kept = {paper.same_as_id for paper in self._papers.values() if paper.same_as_id}
        found = Merging.objects.filter(Q(kept__in=[*pks, *kept]) | Q(merged__in=pks), parted_at=None)
        mergings = list(found.order_by("pk"))
        if wanted := {pk for one in mergings for pk in (one.kept_id, one.merged_id)} - self._papers.keys():
            self._papers |= Paper.objects.select_for_update().in_bulk(sorted(wanted))
        return mergings

    def _in_order(self, mergings: Iterable[Merging]) -> list[Merging]:
        """The best id fills in first, so that it does not matter which row came first."""
        return sorted(mergings, key=lambda one: (rank(self._papers[one.merged_id].key), one.merged_id))

    def join(self, kept: Paper, merged: Paper, merging: Merging) -> None:
        """Let a row, and those that are it already, be another paper from now on. merging: not written yet."""
        merged.same_as, merged.trending = kept, None
        for one in self._mergings:
            if one.kept_id == merged.pk:
                one.moved["was_of"] = [*one.moved.get("was_of", []), merged.pk]
                self._lead(one, kept)
        self._before.setdefault(kept.pk, _facts(kept))
        self._papers |= {kept.pk: kept, merged.pk: merged}
        self._mergings = self._in_order([*self._mergings, merging])

    def part(self, merging: Merging) -> None:
        """Let a row be a paper of its own again, with the rows that came along with it."""
        merged = self._papers[merging.merged_id]
        merged.same_as = None
        set_day(merged)
        self._before.setdefault(merged.pk, {})
        self._mergings = [one for one in self._mergings if one.pk != merging.pk]
        for one in self._mergings:
            if merged.pk in (was := one.moved.get("was_of", [])):
                one.moved["was_of"] = was[: was.index(merged.pk)]
                self._lead(one, merged)

    def _lead(self, merging: Merging, kept: Paper) -> None:
        merging.kept = kept
        self._papers[merging.merged_id].same_as = kept

    def close(self) -> list[Paper]:
        """Fill in anew and write down what was; return the papers that differ from before, which are not written."""
        for merging in self._mergings:
            kept = self._papers[merging.kept_id]
            merging.moved["facts"] = _fill_in(kept, self._papers[merging.merged_id])
            merging.save()
        for paper in self._papers.values():
            set_day(paper)
        return [paper for pk, paper in self._papers.items() if pk in self._before and _facts(paper) != self._before[pk]]

    def __contains__(self, paper: Paper) -> bool:
        return paper.pk in self._before

    def everybody(self) -> list[Paper]:
        """Return all papers that take part."""
        return list(self._papers.values())


def _facts(paper: Paper) -> dict[str, Any]:
    """Return all facts of a paper but its stamp, to tell whether it changed."""
    return {
        field.attname: getattr(paper, field.attname)
        for field in Paper._meta.concrete_fields
        if not field.generated and field.name != "stamp"
    }


def _fill_in(kept: Paper, merged: Paper) -> dict[str, list[Any]]:
    """Give a paper what it lacks of another row, and return what each fact was and became."""
    before = _facts(kept)
    for name in _FILLED:
        if not getattr(kept, name):
            setattr(kept, name, getattr(merged, name))
    for names in _TOGETHER:
        if not getattr(kept, names[0]) and getattr(merged, names[0]):
            for name in names:
                setattr(kept, name, getattr(merged, name))
    for name, choose in _CHOSEN.items():
        known = [value for value in (getattr(kept, name), getattr(merged, name)) if value is not None]
        setattr(kept, name, choose(*known) if len(known) > 1 else next(iter(known), None))
    lacks = not kept.abstract or (kept.abstract_kind, merged.abstract_kind) == ("description", "abstract")
    if lacks and merged.abstract:
        kept.abstract, kept.abstract_kind = merged.abstract, merged.abstract_kind
    after = _facts(kept)
    return {name: [_plain(before[name]), _plain(after[name])] for name in after if after[name] != before[name]}


def _take_back(kept: Paper, given: dict[str, list[Any]]) -> None:
    """Undo what was filled in, as far as it stands as it was given."""
    for name, (before, after) in given.items():
        if _plain(getattr(kept, name)) == after:
            setattr(kept, name, _read(name, before))


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _read(name: str, value: Any) -> Any:
    if value and name in _DAYS:
        return date.fromisoformat(value)
    return datetime.fromisoformat(value) if value and name == "published" else value
