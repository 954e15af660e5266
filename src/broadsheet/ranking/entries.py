"""What is on a list and since when, and what came onto it after a moment: the one source of feeds and of digests."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

from django.contrib.auth.models import AnonymousUser
from django.db.models import Max, Q, TextField, Value
from django.db.models.functions import Cast, StrIndex
from django.utils import timezone

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import groups, profiles
from broadsheet.community import lists as reading_lists
from broadsheet.community.models import ListItem
from broadsheet.errors import BroadsheetError, NotFound
from broadsheet.papers.models import Counter, Paper, PaperQuerySet
from broadsheet.ranking import entry_log, lists, searched
from broadsheet.ranking.coming import Covered, Entered, Span, came, moments_of
from broadsheet.ranking.followed import followed
from broadsheet.ranking.for_reader import for_reader
from broadsheet.ranking.listings import Kind, Listing, owner
from broadsheet.ranking.models import RankedList

__all__ = [
    "Covered",
    "Entered",
    "covered_now",
    "of_category",
    "on_list",
    "ranked_key",
    "record_ranked",
    "remember",
    "since",
]

MOST = 8000
"""Entries that one digest chooses from."""

RANKED = 100
"""Papers that count as being on a list ordered by votes: its best."""

ABOVE = 300
"""Papers with enough votes that are looked at on any other list, the newest."""

AHEAD = timedelta(days=7)
"""How far an edition may be ahead of the clock."""

_BY_VOTES: tuple[Kind, ...] = ("trending", "week", "month")

_CHOSEN: tuple[Kind, ...] = ("reader", "list", "following", "for-me")
"""Lists that somebody makes: what they took off is on none of their feeds, with votes or without."""


def on_list(
    listed: Listing, *, viewer: Visitor | None = None, least_votes: int = 0, days: int = 0, limit: int = 100
) -> list[Entered]:
    """Return what is on a list, what entered last first, so that no later vote reorders it.

    viewer: whose private list it is. least_votes: papers with fewer are left out; a paper enters once it has as many.
    days: only what entered in so many days; 0 for any. limit: entries at most.
    Raises NotFound for a list that is gone or not for this viewer, and what ``hybrid.search`` raises for a search
    where the index does not answer.
    """
    span = Span(limit=limit, least_votes=least_votes, days=days)
    if listed.kind in _BY_VOTES or least_votes:
        return _by_votes(listed, span, viewer)
    return _SOURCES[listed.kind](listed, span, viewer)


def since(listed: Listing, covered: Covered, *, viewer: Visitor | None = None, least_votes: int = 0) -> list[Entered]:
    """Return what came onto a list after what was covered, newest first, for a digest to choose from; 8,000 at most.

    That is what stands in editions after ``covered.day``, what came here after ``covered.paper`` for an edition of the
    seven days before, as papers may be late, and what was brought into the edition of ``covered.day`` since. Of what is
    ordered by votes, or takes a number of them: what entered after ``covered.until``. Nothing for a list that is gone
    or not for this viewer.
    Raises what ``hybrid.search`` raises where a search is to be asked and the index does not answer.
    """
    span = Span(limit=MOST, covered=covered, least_votes=least_votes)
    try:
        if listed.kind == "trending" or least_votes:
            return _by_votes(listed, span, viewer)
        return _SOURCES[listed.kind](listed, span, viewer)
    except NotFound:
        return []


def covered_now(now: datetime) -> Covered:
    """Return how far papers have come, so that what comes after it can be told later.

    An edition that lies in the future, as a source may have it wrong, is none: everything would be older.
    """
    # Asked apart, each is read off the end of an index.
    day = Paper.objects.filter(day__lte=now.date() + AHEAD).aggregate(day=Max("day"))["day"]
    paper = Paper.objects.aggregate(paper=Max("pk"))["paper"]
    stamp = Counter.objects.filter(name="stamp").values_list("value", flat=True).first()
    return Covered(day, paper or 0, now, stamp or 0)


def remember(listed: Listing, *, viewer: Visitor | None = None, least_votes: int = 0) -> None:
    """Begin to note what enters a list that is ordered by votes or takes a number of them; for others do nothing."""
    if listed.kind in _BY_VOTES or least_votes:
        _by_votes(listed, Span(limit=1, covered=covered_now(timezone.now()), least_votes=least_votes), viewer)


def record_ranked(now: datetime, *, stop: Callable[[], bool] = lambda: False) -> int:
    """Note what entered the ranked lists that somebody follows, forget those nobody asked for; return how many stand.

    Called every hour; a list is looked at too whenever it is asked for. stop: ends it between two lists.
    """
    entry_log.forget(now)
    seen = 0
    for log in RankedList.objects.order_by("pk").iterator():
        if stop():
            break
        listed, least_votes = _listing_of(log)
        try:
            viewer = owner(listed) if listed.private or listed.kind == "list" else None
            entry_log.note(log, _standing(listed, least_votes, viewer))
        except NotFound:
            log.delete()
        except BroadsheetError:
            continue  # a search whose index does not answer is asked again in an hour
        else:
            seen += 1
    return seen


def ranked_key(listed: Listing, least_votes: int) -> str:
    """Return the key of the log of a list."""
    return f"{least_votes} {listed.key}"


def of_category(category: str) -> PaperQuerySet:
    """Return the papers of a category, or of a whole archive (``cs``), newest edition first.

    Papers are looked at from the newest on, up to all of them for a category that has few.
    """
    text = Cast("categories", TextField())
    named = Paper.objects.standing().alias(
        place=StrIndex(text, Value(f'"{category}"')), part=StrIndex(text, Value(f'"{category}.'))
    )
    whole = Q(place__gt=0) if "." in category else Q(place__gt=0) | Q(part__gt=0)
    return named.filter(whole).order_by("-day", "-all_votes", "pk")


# --- Lists ordered by votes, or with a number of them -------------------------------------------------------------


def _by_votes(listed: Listing, span: Span, viewer: Visitor | None) -> list[Entered]:
    standing = _standing(listed, span.least_votes, viewer)
    if listed.kind in _BY_VOTES and listed.value and not standing and not _of_period(listed).exists():
        return []  # nobody can have all weeks of ten thousand years remembered
    most: int | None = entry_log.MOST_OF_READERS if span.covered or viewer else entry_log.MOST_LISTS
    if listed.kind in _BY_VOTES and not listed.value and not span.least_votes:
        most = None
    log = entry_log.asked(ranked_key(listed, span.least_votes), standing, most=most)
    if log is None:
        since = span.since
        return span.cut(entry for entry in standing if since is None or entry.at > since)
    now = {entry.paper.pk: entry for entry in standing}
    found = entry_log.entries(log, span, only=now.keys() if listed.kind in _CHOSEN else None)
    return [replace(now.get(entry.paper.pk, entry), at=entry.at) for entry in found]


def _standing(listed: Listing, least_votes: int, viewer: Visitor | None) -> list[Entered]:
    """Return what is on a list now, each paper since it came into its edition."""
    if listed.kind not in _BY_VOTES:
        return _SOURCES[listed.kind](listed, Span(limit=ABOVE, least_votes=least_votes), viewer)
    best = lists.trending() if listed.kind == "trending" else _of_period(listed).ranked()
    best = best.filter(all_votes__gte=least_votes)[:RANKED]
    return [Entered(paper, came(paper.day, paper.added) if paper.day else paper.added) for paper in best]


def _of_period(listed: Listing) -> PaperQuerySet:
    """Return the papers of the period of a list: the one that is named, or the newest."""
    kind = cast("lists.Kind", listed.kind)
    if listed.value:
        return lists.papers_of(lists.period(kind, listed.value))
    newest = lists.newest_day()
    return lists.papers_of(lists.period_around(kind, newest)) if newest else Paper.objects.none()


def _listing_of(log: RankedList) -> tuple[Listing, int]:
    least_votes, _, key = log.key.partition(" ")
    kind, _, value = key.partition(":")
    return Listing(cast("Kind", kind), value), int(least_votes)


# --- Lists whose papers have a date of their own ------------------------------------------------------------------


def _editions(listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    return span.newest(_of_period(listed) if listed.value else Paper.objects.all())


def _new(_listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    found = lists.added().filter(all_votes__gte=span.least_votes)
    if span.covered:
        found = found.filter(pk__gt=span.covered.paper)
    return span.cut(Entered(paper, paper.added) for paper in found[: span.limit])


def _search(listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    first = span.recent_day()
    return span.load(moments_of(searched.matches(listed.value, first), span)) if first else []


def _category(listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    return span.newest(of_category(listed.value))


def _author(listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    found = span.newest(Paper.objects.by_author(listed.value))
    return [entry for entry in found if listed.value in entry.paper.authors]


def _organization(listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    return span.newest(groups.papers_of(listed.value))


def _reader(listed: Listing, span: Span, _viewer: Visitor | None) -> list[Entered]:
    reader = profiles.find(listed.value)
    if not reader.public_votes:
        raise NotFound(f"{listed.value!r} shows no votes.")
    return span.cut(Entered(vote.paper, vote.cast) for vote in span.events(profiles.public_votes(reader), "cast"))


def _list(listed: Listing, span: Span, viewer: Visitor | None) -> list[Entered]:
    held = reading_lists.visible(viewer or AnonymousUser()).filter(public_id=listed.value).first()
    if held is None:
        raise NotFound("There is no such list here.", "It may be private or deleted.")
    items = ListItem.objects.filter(list=held).select_related("paper")
    return span.cut(Entered(item.paper, item.added) for item in span.events(items, "added"))


def _following(listed: Listing, span: Span, viewer: Visitor | None) -> list[Entered]:
    return followed(_owner(listed, viewer), span)


def _for_me(listed: Listing, span: Span, viewer: Visitor | None) -> list[Entered]:
    return for_reader(_owner(listed, viewer), span)


def _owner(listed: Listing, viewer: Visitor | None) -> User:
    reader = readers.signed_in(viewer) if viewer else None
    if reader is None or reader.public_id != listed.value:
        raise NotFound("There is no such list here.")
    return reader


_SOURCES: dict[Kind, Callable[[Listing, Span, Visitor | None], list[Entered]]] = {
    "day": _editions,
    "week": _editions,
    "month": _editions,
    "new": _new,
    "search": _search,
    "category": _category,
    "author": _author,
    "organization": _organization,
    "reader": _reader,
    "list": _list,
    "following": _following,
    "for-me": _for_me,
}
