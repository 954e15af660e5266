"""Lists that can be followed by feed and by mail: what each is called and where it is. What is on one: ``entries``."""

from calendar import day_name, month_name
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, cast, get_args
from urllib.parse import urlencode

from django.urls import reverse

from broadsheet.accounts import feed_keys, readers
from broadsheet.accounts.models import User
from broadsheet.accounts.readers import Visitor
from broadsheet.community import groups, profiles
from broadsheet.community.models import Follow, ReadingList
from broadsheet.errors import BadInput, NotFound, SignInNeeded
from broadsheet.papers import tex
from broadsheet.papers.models import Paper
from broadsheet.ranking.lists import Period, period
from broadsheet.search.query import parse

Kind = Literal[
    "day",
    "week",
    "month",
    "trending",
    "new",
    "search",
    "category",
    "author",
    "organization",
    "reader",
    "list",
    "following",
    "for-me",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
PRIVATE: tuple[Kind, ...] = ("following", "for-me")
"""Lists of one reader, whose value is the reader's public id."""

LONGEST = 600
"""Characters of a query that can be followed."""

Form = Literal["atom", "rss", "json"]


@dataclass(frozen=True, slots=True)
class Listing:
    """A list with an address. value: what it is of, in its one canonical spelling; '' where the kind says all.

    day, week, month: '' for the newest editions, or a label such as ``2026-W47``. search: the query in the language
    of the search box, filters included. list and the private ones: a public id. reader: the name in addresses.
    """

    kind: Kind
    value: str = ""

    @property
    def key(self) -> str:
        """One text for the whole of it."""
        return f"{self.kind}:{self.value}"

    @property
    def private(self) -> bool:
        """Whether it is one reader's own."""
        return self.kind in PRIVATE


def listing(kind: str, value: str = "", viewer: Visitor | None = None) -> Listing:
    """Return a list that can be followed, in its canonical spelling.

    viewer: who asks; private lists are found for their owner alone, who need not give the value.
    Raises BadInput for what is no list, NotFound for one that is not here or not for this viewer, SignInNeeded for
    a private list that nobody in particular asks for.
    """
    if kind not in KINDS:
        raise BadInput(f"{kind[:20]!r} is not a kind of list.", f"Kinds are {', '.join(KINDS)}.")
    seen = value[: LONGEST + 1]
    if not seen.isprintable():
        seen = "".join(sign if sign.isprintable() else " " for sign in seen)
    seen = " ".join(seen.split())
    if len(seen) > LONGEST:
        raise BadInput(f"What a list is of takes at most {LONGEST} characters.", "Shorten it.")
    return Listing(kind, _CHECKS[kind](kind, seen, readers.signed_in(viewer) if viewer else None))


def of_follow(follow: Follow, viewer: Visitor | None = None) -> Listing | None:
    """Return the list of what a reader follows; None where it is not here any more, or not for this viewer."""
    try:
        return listing(follow.kind, follow.value, viewer)
    except (BadInput, NotFound):
        return None


def title(listed: Listing) -> str:
    """Return what a list is called, as plain text for one line; it may hold what somebody typed."""
    if listed.kind in ("day", "week", "month"):
        return f"Papers of {_named(period(listed.kind, listed.value))}" if listed.value else _ENDLESS[listed.kind]
    return _TITLES[listed.kind](listed.value)


def path(listed: Listing) -> str:
    """Return the path of the page of a list, with its question. Raises NotFound for a list that is gone."""
    value = listed.value
    if listed.kind in ("day", "week", "month"):
        return reverse(listed.kind, args=[value]) if value else reverse(_NEWEST[listed.kind])
    if listed.kind == "search":
        return f"{reverse('papers')}?{urlencode({'q': value})}"
    if listed.kind == "list":
        held = _held(value)
        return reverse("list", args=[held.owner.username, held.slug])
    return reverse(_PAGES.get(listed.kind, listed.kind), args=[] if listed.private or not value else [value])


def feed_path(listed: Listing, form: str = "atom") -> str:
    """Return the path of the feed of a list; of a private one it holds its owner's secret.

    form: atom, rss or json. Raises NotFound for a list that is gone.
    """
    if listed.private:
        return f"/feeds/{feed_keys.token(owner(listed), listed.key)}.{form}"
    return _as_feed(path(listed), form)


def feed_paths(listed: Listing, forms: Iterable[str]) -> list[str]:
    """Return the path of the feed of a list in each form, as ``feed_path`` does. Raises NotFound likewise."""
    if listed.private:
        return [feed_path(listed, form) for form in forms]
    page = path(listed)
    return [_as_feed(page, form) for form in forms]


def _as_feed(path: str, form: str) -> str:
    page, mark, question = path.partition("?")
    return f"{page}.{form}{mark}{question}"


def owner(listed: Listing) -> User:
    """Return whose private list or whose reading list it is. Raises NotFound where it or the account is gone."""
    if listed.kind == "list":
        return _held(listed.value).owner
    found = User.objects.filter(public_id=listed.value, is_active=True).first()
    if found is None:
        raise NotFound("There is no such list here.")
    return found


# --- What each kind takes -----------------------------------------------------------------------------------------


def _period(kind: Kind, value: str, _viewer: User | None) -> str:
    return period(cast("Literal['day', 'week', 'month']", kind), value).label if value else ""


def _whole(kind: Kind, value: str, _viewer: User | None) -> str:
    if value:
        raise BadInput(f"The list {kind!r} is one list, and {value[:40]!r} is no part of it.", "Leave the value out.")
    return ""


def _search(_kind: Kind, value: str, _viewer: User | None) -> str:
    if not value:
        raise BadInput("A search needs words to search for.", "Give them as in the search box.")
    parse(value)
    return value


def _category(_kind: Kind, value: str, _viewer: User | None) -> str:
    if not value:
        raise BadInput("A category is missing.", "Categories look like cs.LG, or cs for all of it.")
    return parse("", categories=[value]).filters.categories[0]


def _author(_kind: Kind, value: str, _viewer: User | None) -> str:
    # The newest first: who is followed has mostly written of late, and every paper before is looked at.
    if not value or not Paper.objects.by_author(value).order_by("-pk").values_list("pk").first():
        raise NotFound(f"No paper by {value[:60]!r} is known here.", "Names are written as on the papers.")
    return value


def _organization(_kind: Kind, value: str, _viewer: User | None) -> str:
    return groups.group(value).slug


def _reader(_kind: Kind, value: str, _viewer: User | None) -> str:
    reader = profiles.find(value)
    if not reader.public_votes:
        raise NotFound(f"{value[:39]!r} shows no votes.", "Readers choose whether others see what they voted for.")
    return str(reader.username)


def _list(_kind: Kind, value: str, viewer: User | None) -> str:
    held = ReadingList.objects.filter(public_id=value).first()
    if held is None or not (held.public or (viewer and held.owner_id == viewer.pk)):
        raise NotFound("There is no such list here.", "It may be private or deleted.")
    return str(held.public_id)


def _own(kind: Kind, value: str, viewer: User | None) -> str:
    if viewer is None and not value:
        raise SignInNeeded(f"The list {kind!r} is of who is signed in.")
    if viewer is None or value not in ("", viewer.public_id):
        raise NotFound("There is no such list here.")
    return str(viewer.public_id)


_CHECKS: dict[Kind, Callable[[Kind, str, User | None], str]] = {
    "day": _period,
    "week": _period,
    "month": _period,
    "trending": _whole,
    "new": _whole,
    "search": _search,
    "category": _category,
    "author": _author,
    "organization": _organization,
    "reader": _reader,
    "list": _list,
    "following": _own,
    "for-me": _own,
}

# --- Names and pages ----------------------------------------------------------------------------------------------

_ENDLESS = {"day": "The papers of the day", "week": "The papers of the week", "month": "The papers of the month"}
_NEWEST = {"day": "papers", "week": "newest-week", "month": "newest-month"}
_PAGES = {"new": "newest-added"}


def _named(of: Period) -> str:
    if of.kind == "month":
        return f"{month_name[of.first.month]} {of.first.year}"
    day = f"{of.first.day} {month_name[of.first.month]} {of.first.year}"
    return f"{day_name[of.first.weekday()]}, {day}" if of.kind == "day" else f"the week of {day}"


def _reader_title(name: str) -> str:
    reader = User.objects.filter(username=name).first()
    return f"What {reader.shown_name if reader else name} votes for"


def _group_title(slug: str) -> str:
    try:
        return f"Papers of {groups.group(slug).name}"
    except NotFound:
        return f"Papers of {slug}"


def _list_title(value: str) -> str:
    return str(ReadingList.objects.filter(public_id=value).values_list("title", flat=True).first() or "A list")


_TITLES: dict[Kind, Callable[[str], str]] = {
    "trending": lambda _: "Trending papers",
    "new": lambda _: "New papers",
    "search": lambda query: f"Search: {query}",
    "category": lambda category: f"Papers in {category}",
    "author": lambda name: f"Papers by {tex.plain(name)}",
    "organization": _group_title,
    "reader": _reader_title,
    "list": _list_title,
    "following": lambda _: "What you follow",
    "for-me": lambda _: "Papers for you",
}


def _held(value: str) -> ReadingList:
    held = ReadingList.objects.filter(public_id=value).select_related("owner").first()
    if held is None:
        raise NotFound("There is no such list here.", "It may be private or deleted.")
    return held
