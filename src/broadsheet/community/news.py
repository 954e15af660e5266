"""What is new of what a reader follows: the newest papers of each follow. A few queries, however many follows."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from broadsheet.accounts.models import Organization, User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import follows, lists
from broadsheet.community.models import Follow, ListItem, ReadingList, Submission, Vote
from broadsheet.papers import tex
from broadsheet.papers.models import Paper

LOOKED_AT = 3000
"""The newest papers among which those of authors, categories and organisations are looked for."""

SHOWN = 5
_EVENTS = 1000

Searched = Callable[[str], Sequence[int]]
type Found = list[tuple[int, datetime]]
"""Primary keys of papers, and when each came in."""


@dataclass(slots=True)
class News:
    """A follow with its newest papers. name: as it is shown. new: papers since the reader looked last."""

    follow: Follow
    name: str
    papers: list[Paper] = field(default_factory=list)
    new: int = 0
    list: ReadingList | None = None


def news(visitor: Visitor, searched: Searched) -> list[News]:
    """Return what a visitor follows, each with its newest papers.

    searched: returns the papers of a query, newest first, as the index is no business of this room.
    """
    followed = list(follows.of(visitor))
    values: defaultdict[str, set[str]] = defaultdict(set)
    for follow in followed:
        values[follow.kind].add(follow.value)
    found: dict[tuple[str, str], Found] = _recent(values) | _by_readers(values["reader"])
    seen_lists = {kept.public_id: kept for kept in lists.visible(visitor).filter(public_id__in=values["list"])}
    found |= _in_lists(seen_lists)
    queries = {query: searched(query) for query in sorted(values["search"])}
    shown = [pk for pairs in found.values() for pk, _ in pairs[:SHOWN]]
    papers = Paper.objects.standing().in_bulk([*shown, *(pk for pks in queries.values() for pk in pks)])
    for query, pks in queries.items():
        found["search", query] = [(pk, papers[pk].added) for pk in pks if pk in papers]
    names = _names(values)
    told = [_told(follow, found.get((follow.kind, follow.value), []), papers, names) for follow in followed]
    for one in told:
        if one.follow.kind == "list":
            one.list = seen_lists.get(one.follow.value)
            one.name = one.list.title if one.list else "a list that is private now"
    return told


def _told(follow: Follow, found: Found, papers: Mapping[int, Paper], names: Mapping[str, str]) -> News:
    return News(
        follow,
        names.get(f"{follow.kind}:{follow.value}", follow.value),
        [papers[pk] for pk, _ in found[:SHOWN] if pk in papers],
        sum(came > follow.seen for _, came in found),
    )


def _recent(values: Mapping[str, set[str]]) -> dict[tuple[str, str], Found]:
    """Find the newest papers of authors, categories and organisations in one pass over the newest of all."""
    authors = {_folded(name): name for name in values.get("author", ())}
    categories, slugs = values.get("category", set()), values.get("organization", set())
    found: defaultdict[tuple[str, str], Found] = defaultdict(list)
    if not (authors or categories or slugs):
        return found
    columns = ("pk", "added", "authors", "categories", "organization_slug")
    rows = Paper.objects.filter(day__isnull=False).order_by("-day", "-pk").values_list(*columns)[:LOOKED_AT]
    for pk, added, written, subjects, slug in rows:
        matches = {("author", authors[name]) for name in map(_folded, written) if name in authors} if authors else set()
        whole = {*subjects, *(subject.split(".")[0] for subject in subjects)}
        matches |= {("category", subject) for subject in whole & categories}
        if slug in slugs:
            matches.add(("organization", slug))
        for match in matches:
            found[match].append((pk, added))
    return found


def _folded(name: str) -> str:
    plain = tex.plain(name) if any(sign in name for sign in "\\{$~") else name
    return " ".join(plain.casefold().split())


def _by_readers(names: Iterable[str]) -> dict[tuple[str, str], Found]:
    """Find what readers submitted and what they voted for, where they show their votes."""
    found: defaultdict[tuple[str, str], Found] = defaultdict(list)
    if not names:
        return found
    submitted = Submission.objects.filter(reader__username__in=names).order_by("-made")
    voted = Vote.objects.standing().filter(reader__username__in=names, reader__public_votes=True).order_by("-cast")
    events = [
        *submitted.values_list("reader__username", "paper", "made")[:_EVENTS],
        *voted.values_list("reader__username", "paper", "cast")[:_EVENTS],
    ]
    known: set[tuple[str, int]] = set()
    for name, paper, moment in sorted(events, key=lambda event: event[2], reverse=True):
        if (name, paper) not in known:
            known.add((name, paper))
            found["reader", name].append((paper, moment))
    return found


def _in_lists(shown: Mapping[str, ReadingList]) -> dict[tuple[str, str], Found]:
    found: defaultdict[tuple[str, str], Found] = defaultdict(list)
    if shown:
        items = ListItem.objects.filter(list__in=list(shown.values())).order_by("-added", "-pk")
        for name, paper, added in items.values_list("list__public_id", "paper", "added")[:_EVENTS]:
            found["list", name].append((paper, added))
    return found


def _names(values: Mapping[str, set[str]]) -> dict[str, str]:
    """Return the names of readers and organisations as they are shown."""
    named: dict[str, str] = {}
    if readers := values.get("reader"):
        for reader in User.objects.filter(username__in=readers):
            named[f"reader:{reader.username}"] = reader.shown_name
    if slugs := values.get("organization"):
        for organization in Organization.objects.filter(slug__in=slugs):
            named[f"organization:{organization.slug}"] = organization.name
    return named
