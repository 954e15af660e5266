"""What is new of all that one reader follows, each paper once, with the reasons in words. Follows: ``community``."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from django.db.models import Count, Max, Q

from broadsheet.accounts.models import Organization, User
from broadsheet.community import follows, lists, marks
from broadsheet.community.models import ListItem, Mark, Submission, Vote
from broadsheet.errors import BroadsheetError
from broadsheet.papers import tex
from broadsheet.ranking import searched
from broadsheet.ranking.coming import Entered, Row, Span, came, moments_of

MOST_SEARCHES = 50
"""Searches of one reader that are asked; the newest ones."""

SAID = 2
"""Reasons that are told of one paper."""

_WEIGHTS = {"author": 3.0, "search": 2.0, "organization": 2.0, "reader": 2.0, "list": 2.0, "category": 1.0}


class Reason(NamedTuple):
    """Why a paper is there. at: when that came to be. weight: how much it says."""

    at: datetime
    why: str
    weight: float


@dataclass(slots=True)
class Reasons:
    """The reasons of papers, by primary key."""

    of: defaultdict[int, list[Reason]] = field(default_factory=lambda: defaultdict(list))

    def add(self, pk: int, reason: Reason) -> None:
        """Add one; the same words count once."""
        if all(known.why != reason.why for known in self.of[pk]):
            self.of[pk].append(reason)

    def entered(self, span: Span) -> list[Entered]:
        """Return the papers, newest first, each since the first of its reasons, with the strongest in words."""
        said = {}
        for pk, found in self.of.items():
            strongest = sorted(found, key=lambda reason: -reason.weight)[:SAID]
            said[pk] = "; ".join(reason.why for reason in strongest), strongest[0].weight
        return span.load({pk: min(reason.at for reason in found) for pk, found in self.of.items()}, said)

    def leave_out(self, papers: Iterable[int]) -> None:
        """Forget papers."""
        for pk in papers:
            self.of.pop(pk, None)


def followed(reader: User, span: Span) -> list[Entered]:
    """Return what is new of what a reader follows, newest first; not what they are not interested in."""
    found = reasons(reader, span)
    found.leave_out(marks.unwanted(reader))
    return found.entered(span)


def reasons(reader: User, span: Span) -> Reasons:
    """Return the papers of what a reader follows, with the reasons.

    Raises what ``hybrid.search`` raises where none of the searches is answered, as something would be missing.
    """
    values: defaultdict[str, list[str]] = defaultdict(list)
    for follow in follows.of(reader).order_by("-made", "-pk"):
        values[follow.kind].append(follow.value)
    found = Reasons()
    if values.keys() & {"author", "category", "organization"}:
        _add_rows(found, values, span)
    for query in values["search"][:MOST_SEARCHES]:
        _add_search(found, query, span)
    _add_readers(found, values["reader"], span)
    shown = lists.visible(reader).filter(public_id__in=values["list"])
    for held in shown:
        for pk, added in span.events(ListItem.objects.filter(list=held), "added").values_list("paper", "added"):
            found.add(pk, Reason(added, f"new in the list “{held.title}”", _WEIGHTS["list"]))
    return found


def standing(reader: User) -> str:
    """Return a text that is another one once what a reader follows, marks or has on lists has changed.

    With what changes for everybody, such as papers and votes, it tells whether a private list is the same still.
    """
    followed = follows.of(reader).order_by()
    watched = Q(owner=reader) | Q(public_id__in=followed.filter(kind="list").values("value"))
    marked, read = Mark.objects.filter(reader=reader), Q(kind=Mark.READ)
    seen = (
        followed.aggregate(Count("pk"), Max("pk")),
        marked.aggregate(Count("pk"), Max("pk"), read=Count("pk", filter=read)),
        lists.visible(reader).filter(watched).aggregate(Count("pk"), Max("changed")),
    )
    return repr(seen)


@lru_cache(maxsize=20_000)
def folded(name: str) -> str:
    """Return a name as it is compared."""
    plain = tex.plain(name) if any(sign in name for sign in "\\{$~") else name
    return " ".join(plain.casefold().split())


def _add_rows(found: Reasons, values: Mapping[str, list[str]], span: Span) -> None:
    """Find the papers of authors, categories and organisations in one pass over the newest of all."""
    told: list[Callable[[Row], Iterable[tuple[str, str]]]] = []
    if authors := {folded(name): f"by {tex.plain(name)}, whom you follow" for name in values.get("author", ())}:
        told.append(lambda row: (("author", authors[name]) for name in map(folded, row.authors) if name in authors))
    if categories := {name: f"in {name}, which you follow" for name in values.get("category", ())}:
        told.append(lambda row: (("category", categories[name]) for name in _subjects(row) if name in categories))
    if slugs := values.get("organization"):
        named = dict(Organization.objects.filter(slug__in=slugs).values_list("slug", "name"))
        groups = {slug: f"from {named.get(slug, slug)}, which you follow" for slug in slugs}
        told.append(lambda row: [("organization", groups[row.organization])] if row.organization in groups else [])
    for row in span.rows:
        for tell in told:
            for kind, why in tell(row):
                found.add(row.pk, Reason(came(row.day, row.added), why, _WEIGHTS[kind]))


def _subjects(row: Row) -> Iterable[str]:
    return dict.fromkeys([*row.categories, *(subject.split(".")[0] for subject in row.categories)])


def _add_search(found: Reasons, query: str, span: Span) -> None:
    try:
        pks = searched.matches(query, span.recent_day())
    except BroadsheetError:
        if span.covered:  # what is told once is told as covered, so nothing may be missing
            raise
        return
    for pk, at in moments_of(pks, span).items():
        found.add(pk, Reason(at, f"matches your search “{query[:80]}”", _WEIGHTS["search"]))


def _add_readers(found: Reasons, names: list[str], span: Span) -> None:
    """Find what readers submitted, and what they voted for where they show their votes."""
    if not names:
        return
    shown = User.objects.filter(username__in=names, is_active=True)
    brought = span.events(Submission.objects.filter(reader__in=shown), "made")
    voted = span.events(Vote.objects.standing().filter(reader__in=shown, reader__public_votes=True), "cast")
    for name, full, pk, moment in brought.values_list("reader__username", "reader__name", "paper", "made"):
        found.add(pk, Reason(moment, f"{full or name} submitted it", _WEIGHTS["reader"]))
    for name, full, pk, moment in voted.values_list("reader__username", "reader__name", "paper", "cast"):
        found.add(pk, Reason(moment, f"{full or name} voted for it", _WEIGHTS["reader"]))
