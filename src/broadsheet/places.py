"""Where papers are taken from: what a person or the timetable names becomes an open source. Storing is ``pipeline``."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from broadsheet.enrich import elsewhere, run
from broadsheet.enrich.fulltext import FullTexts
from broadsheet.errors import BadInput, Refused
from broadsheet.papers import daily_lists, harvests
from broadsheet.sources import arxiv_ids, http, web
from broadsheet.sources.arxiv_api import ArxivApi
from broadsheet.sources.jsonl import fingerprint
from broadsheet.sources.open_source import source_for
from broadsheet.sources.record import Item, Source
from broadsheet.sources.sample import Sample
from broadsheet.work import answers, gates


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
    if daily_lists.is_one(place):
        return Opened(*daily_lists.opened(place, client(30)))
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
    """Return the polite client for all hosts. timeout: seconds for an answer to begin and between its parts."""
    return http.PoliteClient(gate_of, contact=settings.CONTACT, memory=answers.Memory(), timeout=timeout)


def fact_kinds() -> dict[str, run.Kind]:
    """Return all kinds of facts by name. None that asks a host does so before it is told to look."""
    texts = elsewhere.Asked(FullTexts.KIND, FullTexts.TITLE, lambda: FullTexts(client(60)))
    return run.known() | elsewhere.kinds(_slow_client) | {texts.KIND: texts}


def _slow_client(delay: float, timeout: float) -> http.PoliteClient:
    """Return a client that leaves at least ``delay`` seconds between two requests to a host other than arXiv's."""
    gates_of = partial(gates.gate, delay=max(delay, settings.HOST_DELAY))
    return http.PoliteClient(gates_of, contact=settings.CONTACT, memory=answers.Memory(), timeout=timeout)


def gate_of(host: str) -> gates.Gate:
    """Return the gate before a host. Those of arXiv share one pace, as its terms of use count all of them together."""
    addresses = (settings.ARXIV_API, settings.ARXIV_OAI, settings.ARXIV_RSS, settings.ARXIV_HTML)
    if host == "arxiv.org" or host.endswith(".arxiv.org") or host in {urlsplit(url).hostname for url in addresses}:
        return gates.gate(host, settings.ARXIV_DELAY, pace="arxiv.org")
    return gates.gate(host, settings.HOST_DELAY)


def arxiv(timeout: float = 30) -> ArxivApi:
    """Return arXiv's API, asked politely."""
    return ArxivApi(client(timeout), settings.ARXIV_API)


def news(limit: int = 4000, timeout: float = 30, since: datetime | None = None) -> Source:
    """Return the newest papers of the configured categories as a source, ``limit`` at most.

    since: those submitted from then on; by default five days, which reach back over a weekend and a late announcement.
    """
    since = since or timezone.now() - timedelta(days=5)
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
