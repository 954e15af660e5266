"""Where papers are taken from: what a person or the timetable names becomes an open source. Storing is ``pipeline``."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from broadsheet.errors import BadInput, Refused
from broadsheet.papers import harvests
from broadsheet.sources import arxiv_ids, http, web
from broadsheet.sources.arxiv_api import ArxivApi
from broadsheet.sources.jsonl import fingerprint
from broadsheet.sources.open_source import source_for
from broadsheet.sources.record import Item, Source
from broadsheet.sources.sample import Sample


class Opened(NamedTuple):
    """A source ready to be read. fingerprint: the same for the same content, so that a run can resume.

    notes: sentences for whoever reads it, such as that a feed is empty today.
    """

    source: Source
    fingerprint: str
    notes: tuple[str, ...] = ()


def open_place(place: str, name: str | None = None) -> Opened:
    """Open what a person names: a file, ``arxiv``, a place of ``harvests``, ``sample``, or an arXiv id or URL.

    name: kept as the papers' source instead of the file's own name.
    Raises BadInput for anything else, naming what is taken.
    """
    once = f"{place} {timezone.now().isoformat()}"[:64]
    if place == "sample":
        return Opened(Sample(), once)
    if place == "arxiv":
        return Opened(news(), once)
    if harvests.is_one(place):
        return Opened(*harvests.opened(place, client(harvests.SLOW_ANSWER)))
    if Path(place).exists():
        return Opened(source_for(Path(place), name), fingerprint(Path(place)))
    if key := arxiv_ids.find(place):
        return Opened(Rows(arxiv().by_ids([key])), once)
    if address := web.address_of(place, timezone.now().date()):
        if settings.OFFLINE:
            raise Refused(f"{place} is not asked: the network is switched off (BROADSHEET_OFFLINE).")
        return Opened(web.source_at(address, client(30), name), once)
    raise BadInput(
        f"There is no file {place!r}, and it is not an arXiv id.",
        "Give a file, an arXiv id or URL, arxiv, biorxiv, medrxiv, or sample; or the address of a feed or file.",
    )


def client(timeout: float) -> http.PoliteClient:
    """Return the polite client for arXiv's hosts. timeout: seconds for an answer to begin and between its parts."""
    return http.PoliteClient(
        gates=settings.HOME / "gates",
        contact=settings.CONTACT,
        delay=settings.ARXIV_DELAY,
        pace="arxiv.org",  # its terms of use count the API, OAI-PMH and the feeds together
        timeout=timeout,
    )


def arxiv(timeout: float = 30) -> ArxivApi:
    """Return arXiv's API, asked politely."""
    return ArxivApi(client(timeout), settings.ARXIV_API)


def news(limit: int = 4000, timeout: float = 30) -> Source:
    """Return the newest papers of the configured categories as a source, ``limit`` at most."""
    # Five days reach back over a weekend and a late announcement.
    since = timezone.now() - timedelta(days=5)
    return Rows(arxiv(timeout).newest(settings.CATEGORIES, since=since, limit=limit), limit)


class Rows:
    """The rows of one answer as a source."""

    name = "arxiv"

    def __init__(self, items: Iterator[Item], total: int | None = None) -> None:
        self._items = items
        self.total = total
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows; an answer cannot be resumed, so ``after`` only skips."""
        for item in self._items:
            self.done += 1
            if item.position > after:
                yield item
