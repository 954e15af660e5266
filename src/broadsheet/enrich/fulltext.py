"""The full text of a paper, kept where its licence allows, else only passed on. How arXiv is read is in ``sources``."""

import logging
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal, NamedTuple

from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connections
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone

from broadsheet.enrich.models import FullText
from broadsheet.errors import TooMany, Upstream
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.sources import arxiv_html, arxiv_ids
from broadsheet.sources.arxiv_html import FullPage
from broadsheet.sources.http import PoliteClient

logger = logging.getLogger(__name__)

PASSED_ON_FOR = 300
"""Seconds for which a text that may not be stored is held in memory, so that one who asks twice asks arXiv once."""

NONE_FOR, NONE_OF_NEW_FOR = timedelta(days=30), timedelta(hours=12)
"""For how long it counts that arXiv has no HTML of a version; of a new one it is often made some hours later."""

NEW = timedelta(days=7)
MOST_AT_ONCE = 2
"""Texts that one process asks for at once: more would only wait before arXiv's gate."""

AGAIN_AFTER = timedelta(days=1)
"""When a run over many papers looks again for a text that could not be asked for."""

FAILURES = 3
"""Failures in a row after which a run over many papers ends, as arXiv seems to be out of order."""

_asking: set[str] = set()
_lock = threading.Lock()
# A web server has few threads: while one of them waits for arXiv, the next who asks is told to come back.
_waiting = threading.BoundedSemaphore(1)

type Why = Literal["", "none", "off", "later"]


class Reading(NamedTuple):
    """A text, or why there is none: arXiv has ``none``, asking is switched ``off``, or it is worth asking ``later``."""

    page: FullPage | None
    why: Why = ""


def address_of(paper: Paper) -> str:
    """Return where arXiv has the text of a paper for people, '' for papers from elsewhere."""
    return arxiv_html.address_of("https://arxiv.org/html", paper.key, None) if arxiv_ids.is_arxiv(paper.key) else ""


def reading(
    paper: Paper, patience: float, client: Callable[[], PoliteClient], spend: Callable[[], None] = lambda: None
) -> Reading:
    """Return the full text of a paper for somebody who waits, asking arXiv where it is not here.

    patience: seconds that the asker waits at most; with 0 nothing is asked. client: makes the client to ask with.
    spend: counts the request, and raises TooMany where there were too many.
    """
    if not settings.FULL_TEXT or not arxiv_ids.is_arxiv(paper.key):
        return Reading(None, "none")
    held = _at_hand(paper)
    if held is not None:
        return held
    if settings.OFFLINE:
        return Reading(None, "off")
    if patience <= 0 or not _begin(paper.key):
        return Reading(None, "later")
    try:
        spend()
    except BaseException as error:
        _end(paper.key)
        if isinstance(error, TooMany):
            return Reading(None, "later")
        raise
    return _asked(paper, patience, client)


def markdown(paper: Paper, patience: float, client: Callable[[], PoliteClient]) -> str | None:
    """Return the Markdown of a paper's full text, None where there is none in time; see ``reading``."""
    page = reading(paper, patience, client).page
    return page.markdown if page else None


def remember(paper: Paper, page: FullPage | None, now: datetime) -> None:
    """Keep what was found: the text where its licence allows, else only that arXiv has it, or has it not."""
    licence = (page.licence or paper.licence) if page else ""
    FullText.objects.update_or_create(
        paper=paper,
        defaults={
            "version": paper.version,
            "licence": licence,
            "markdown": page.markdown if page and arxiv_html.may_be_kept(licence) else "",
            "found": page is not None,
            "fetched": now,
        },
    )


def _at_hand(paper: Paper) -> Reading | None:
    """Return what is known without asking, None where it has to be asked for."""
    row = FullText.objects.filter(paper=paper, version=paper.version).first()
    if row and row.markdown:
        return Reading(FullPage(row.markdown, row.licence, row.version))
    if row and not row.found and timezone.now() - row.fetched < _none_for(paper):
        return Reading(None, "none")
    passed = caches["texts"].get(_name(paper))
    return Reading(FullPage(*passed)) if passed else None


def _none_for(paper: Paper) -> timedelta:
    newest = paper.updated or paper.published
    return NONE_OF_NEW_FOR if newest and timezone.now() - newest < NEW else NONE_FOR


def _name(paper: Paper) -> str:
    return f"fulltext:{paper.pk}:{paper.version or 0}"


def _begin(key: str) -> bool:
    with _lock:
        if key in _asking or len(_asking) >= MOST_AT_ONCE:
            return False
        _asking.add(key)
        return True


def _end(key: str) -> None:
    with _lock:
        _asking.discard(key)


def _asked(paper: Paper, patience: float, client: Callable[[], PoliteClient]) -> Reading:
    """Ask on a thread that may be left behind; what it finds too late is at hand for whoever asks next."""
    answer: list[FullPage | None] = []
    left = threading.Event()
    address = arxiv_html.address_of(settings.ARXIV_HTML, paper.key, paper.version)

    def look() -> None:
        try:
            page = arxiv_html.ask(client(), address)
            if page:
                caches["texts"].set(_name(paper), _complete(page, paper), PASSED_ON_FOR)
            with _lock:
                answer.append(page)
            if left.is_set():
                remember(paper, page, timezone.now())
        except Upstream:
            return  # the asker is told to come back
        except DatabaseError as error:  # busy, or gone while arXiv was asked
            logger.warning("The full text of %s could not be kept: %s", paper.key, error)
        finally:
            _end(paper.key)
            connections.close_all()

    thread = threading.Thread(target=look, name="fulltext", daemon=True)
    thread.start()
    _wait_for(thread, patience)
    with _lock:
        if not answer:
            left.set()
            return Reading(None, "later")
    remember(paper, answer[0], timezone.now())
    return Reading(FullPage(*_complete(answer[0], paper))) if answer[0] else Reading(None, "none")


def _wait_for(thread: threading.Thread, patience: float) -> None:
    if _waiting.acquire(blocking=False):
        try:
            thread.join(patience)
        finally:
            _waiting.release()


def _complete(page: FullPage, paper: Paper) -> tuple[str, str, int | None]:
    """Return a page with what the paper's own record tells where the page does not."""
    return page.markdown, page.licence or paper.licence, page.version or paper.version


class FullTexts:
    """The texts of papers with votes, fetched ahead of their readers: a kind of ``run``, off unless it is asked for."""

    KIND = "fulltext"
    TITLE = "full texts where the licence lets them be kept"

    def __init__(self, client: PoliteClient) -> None:
        self._client = client

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return arXiv's papers with votes whose newest version was not looked for."""
        same = Q(version=OuterRef("version")) | Q(version=None, paper__version=None)
        known = FullText.objects.filter(same, Q(found=True) | Q(fetched__gt=now - NONE_FOR), paper=OuterRef("pk"))
        voted = Paper.objects.filter(all_votes__gt=0, same_as=None).exclude(key__contains=":")
        return voted.filter(~Exists(known)).order_by(F("day").desc(nulls_last=True), "-pk")

    def look(self, papers: Sequence[Paper], stop: Callable[[], bool]) -> int:
        """Ask for the texts one by one and return how many were asked for. Raises Upstream after some failures."""
        done = failed = 0
        for paper in papers:
            if stop():
                break
            looked = timezone.now()
            try:
                address = arxiv_html.address_of(settings.ARXIV_HTML, paper.key, paper.version)
                page = arxiv_html.ask(self._client, address) if arxiv_ids.is_arxiv(paper.key) else None
                failed = 0
            except Upstream:
                failed += 1
                if failed >= FAILURES:
                    raise
                page, looked = None, looked - NONE_FOR + AGAIN_AFTER
            remember(paper, page, looked)
            done += 1
        return done
