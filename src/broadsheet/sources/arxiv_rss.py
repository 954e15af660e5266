"""arXiv's feed of the day as a source, RSS or Atom: what is new, cross-listed and replaced in some categories.

A feed is served for the whole day, is empty on weekends and holidays, and may still be yesterday's under today's date.
So what it holds, and whether that is new, is told by its content; when to ask again is decided elsewhere.
"""

import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from typing import Literal, cast, get_args
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources.arxiv_api import says_withdrawn
from broadsheet.sources.arxiv_authors import names_of
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.oai_pmh import child, local, text_of
from broadsheet.sources.record import Item, Record, Reject
from broadsheet.sources.rows import moment_of, record_of

MOST_ITEMS = 2000
"""As many arXiv puts into one feed; what is beyond is left out, the newest papers first of all."""

Kind = Literal["new", "cross", "replace", "replace-cross"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_KEPT = 10_000
_INTRODUCED = re.compile(
    r"\s*arXiv:(?P<id>\S+)(?:\s+Announce Type:\s*(?P<kind>[a-z-]+))?(?:\s+Abstract:\s*(?P<abstract>.*))?", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One paper of a batch. row: a record, or a reject. kind and day: how and when it was announced, where told."""

    row: Record | Reject
    kind: Kind | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """What a feed holds. day: the date it bears. capped: the categories of which arXiv left papers out, as too many."""

    day: date | None
    entries: tuple[Entry, ...]
    capped: tuple[str, ...] = ()

    def ids(self, kind: Kind = "new") -> frozenset[str]:
        """Return the ids of one kind, to compare with those of another day or source."""
        return frozenset(e.row.id for e in self.entries if e.kind == kind and isinstance(e.row, Record))

    @property
    def fingerprint(self) -> str:
        """The same for the same papers, versions and kinds, whatever date they are served under; empty for none."""
        told = sorted(
            f"{e.row.id}v{e.row.version} {e.kind}" if isinstance(e.row, Record) else e.row.reason for e in self.entries
        )
        return hashlib.blake2b("\n".join(told).encode(), digest_size=16).hexdigest() if told else ""


class ArxivRss:
    """A batch as a source. done and total are rows."""

    name = "arxiv"

    def __init__(self, batch: Batch) -> None:
        self._batch = batch
        self.total: int | None = len(batch.entries)
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows after number ``after``, new papers first."""
        for position, entry in enumerate(self._batch.entries, start=1):
            self.done = position
            if position > after:
                yield Item(position, entry.row)


def ask(client: PoliteClient, address: str, categories: Sequence[str]) -> Batch:
    """Return the batch of some categories; where one feed would leave papers out, each category is asked by itself.

    address: of the feeds, to which the categories are joined. Raises Upstream where arXiv does not answer with a feed,
    BadInput where it does not know a category.
    """
    batch = _asked(client, address, categories)
    if not batch.capped or len(categories) == 1:
        return batch
    return merged([_asked(client, address, [category]) for category in categories])


def merged(batches: Sequence[Batch]) -> Batch:
    """Return several batches as one, each paper once: by the kind that says most of it, new before all."""
    best: dict[str, Entry] = {}
    rejects: list[Entry] = []
    for entry in _ordered(entry for batch in batches for entry in batch.entries):
        if isinstance(entry.row, Record):
            best.setdefault(entry.row.id, entry)
        elif entry not in rejects:
            rejects.append(entry)
    days = [batch.day for batch in batches if batch.day]
    capped = tuple(category for batch in batches for category in batch.capped)
    return Batch(max(days, default=None), (*best.values(), *rejects), capped)


def parse(body: bytes) -> Batch:
    """Return what a feed of the day holds, RSS 2.0 or Atom.

    Raises Upstream where it is no such feed, BadInput where arXiv puts an error into one.
    """
    root = _root(body)
    channel = child(root, "channel") if local(root) == "rss" else root
    if channel is None or local(channel) not in ("channel", "feed"):
        raise Upstream(f"arXiv's answer is not a feed but {local(root)[:60]!r}.", "Look at BROADSHEET_ARXIV_RSS.")
    title = text_of(channel, "title")
    if title.startswith("Feed error"):
        reason = text_of(channel, "description") or text_of(channel, "subtitle") or title
        raise BadInput(f"arXiv has no such feed: {reason[:300]}", "Look at BROADSHEET_CATEGORIES.")
    day = _day(text_of(channel, "pubDate")) or _day(text_of(channel, "updated"))
    entries = [_entry(item, day) for item in channel if local(item) in ("item", "entry")]
    batch = merged([Batch(day, tuple(entries))])
    return Batch(batch.day, batch.entries, ("*",) if len(entries) >= MOST_ITEMS else ())


def _asked(client: PoliteClient, address: str, categories: Sequence[str]) -> Batch:
    names = "+".join(categories)
    answer = client.get(f"{address.rstrip('/')}/{names}", remember=True)
    if answer.status not in (200, 400):
        raise Upstream(f"{answer.url} answered {answer.status}.", "Look at BROADSHEET_ARXIV_RSS, or try again later.")
    batch = parse(answer.body)
    return Batch(batch.day, batch.entries, (names,) if batch.capped else ())


def _root(body: bytes) -> Element:
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Upstream(f"arXiv's feed is not XML: {error}.", "Try again later.") from None
    return root


def _entry(item: Element, of_feed: date | None) -> Entry:
    told = _INTRODUCED.fullmatch(_text(item, "description") or _text(item, "summary"))
    kind_text = text_of(item, "announce_type") or (told["kind"] if told else None)
    kind = cast("Kind", kind_text) if kind_text in KINDS else None
    day = _day(text_of(item, "pubDate")) or _day(text_of(item, "published")) or of_feed
    try:
        return Entry(record_of(_facts(item, told, kind, day), "arxiv"), kind, day)
    except BadInput as error:
        name = text_of(item, "guid") or text_of(item, "id")
        return Entry(Reject(f"{name[:60]}: {error.message}", tostring(item, encoding="unicode")[:_KEPT]), kind, day)


def _facts(item: Element, told: re.Match[str] | None, kind: Kind | None, day: date | None) -> dict[str, object]:
    if kind is None:
        raise BadInput("It does not say whether it is new, cross-listed or replaced.")
    abstract = " ".join(((told["abstract"] if told else "") or "").split())
    name = text_of(item, "guid") or text_of(item, "id")
    link = text_of(item, "link")
    withdrawn = says_withdrawn("", abstract) and kind.startswith("replace") and day
    return {
        "id": name.removeprefix("oai:arXiv.org:") or (told["id"] if told else "") or link,
        "title": text_of(item, "title"),
        "abstract": abstract,
        "authors": names_of(text_of(item, "creator")),
        "categories": _categories(item),
        # A cross-list or a replacement announces no paper once more; its day is that of its own listing, long ago.
        "announced": day.isoformat() if kind == "new" and day else None,
        "withdrawn": day.isoformat() if withdrawn and day else None,
        "doi": text_of(item, "DOI"),
        "journal_ref": text_of(item, "journal_reference"),
    }


def _categories(item: Element) -> list[str]:
    names = [one.get("term") or one.text or "" for one in item if local(one) == "category"]
    return [name for one in names if (name := one.strip())]


def _ordered(entries: Iterator[Entry]) -> list[Entry]:
    """Return entries by kind, new ones first, those without a kind last; else in their order."""
    return sorted(entries, key=lambda entry: KINDS.index(entry.kind) if entry.kind else len(KINDS))


def _text(item: Element, name: str) -> str:
    found = child(item, name)
    return "" if found is None else "".join(found.itertext())


def _day(text: str) -> date | None:
    """Return the day of a feed's date, by the clock of its own zone: arXiv dates a batch at midnight of New York."""
    try:
        moment: datetime = datetime.fromisoformat(text) if text[:4].isdigit() else parsedate_to_datetime(text)
        moment_of(moment.isoformat())
    except (TypeError, ValueError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).date()
