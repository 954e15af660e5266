"""The way of a paper, on one screen: fetch -> store -> score -> index. When it runs is told in ``jobs``."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from broadsheet import places
from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.community import claims, merging, submissions
from broadsheet.community.models import Submission
from broadsheet.community.votes import rescore
from broadsheet.errors import BadInput, BroadsheetError, NotFound, Refused, TooMany, Upstream
from broadsheet.papers import daily_lists, runs
from broadsheet.papers.actions import store, withdraw
from broadsheet.papers.models import Paper, Run
from broadsheet.sources import arxiv_ids, reach
from broadsheet.sources.record import Item, Record, Reject, Source, Withdrawal

if TYPE_CHECKING:
    from broadsheet.search.query import Query

BATCH = 1000
FIRST_BATCH = 250
"""Rows of the first batch; each has twice as many as the one before. A server indexes them while more are stored."""

FIRST_LOOK = 15.0
ASKED_PER_HOUR = 60
"""Searches at arXiv that one reader can have in an hour; a tenth for new accounts."""

# A web server has few threads: no more than one of them waits for what arXiv finds.
_searching = threading.BoundedSemaphore(1)

FETCHED_PER_HOUR = 20
"""Papers one reader can have fetched from arXiv in an hour; a tenth for new accounts."""


@dataclass(slots=True)
class Progress:
    """How far a run of taking in is.

    done and total are in the source's own unit; total is None where unknown. began_at: the rows that were taken in
    before this process began. rejects: what could not be read since the last report.
    """

    done: int
    total: int | None
    run: Run
    began_at: int = 0
    rejects: list[Item] = field(default_factory=list)


def take_in(
    source: Source,
    *,
    place: str,
    fingerprint: str,
    report: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Run:
    """Store everything a source yields, in batches, resuming an interrupted run of the same content.

    place: file or address, for the record. fingerprint: tells whether the content is the same as last time.
    report: called after each batch; stop: asked before each batch, True ends the run where it can be resumed.
    Returns the run with its counts; ``finished`` is None where it was stopped.
    """
    run = runs.begin(source.name, place, fingerprint)
    began_at = run.rows
    for batch in _told(_batches(source.fetch(after=run.position)), run):
        if stop():
            return run
        records = [item.row for item in batch if isinstance(item.row, Record)]
        rejects = [item for item in batch if isinstance(item.row, Reject)]
        withdrawals = [item.row for item in batch if isinstance(item.row, Withdrawal)]
        with transaction.atomic():
            stored = store(records)
            stored.count(len(withdrawals), changed=withdraw(withdrawals))
            rescore(stored.voted)
            # The position is stored with the papers, so a kill at any moment neither skips nor repeats a row.
            runs.advance(run, batch[-1].position, stored, len(rejects))
            runs.keep_rejects(run, rejects)
        merging.settle(stored.same)
        report(Progress(source.done, source.total, run, began_at, rejects))
    runs.finish(run, getattr(source, "reached", 0))
    return run


def _told(batches: Iterator[list[Item]], run: Run) -> Iterator[list[Item]]:
    """Yield what there is, and keep the reason with the run where its source fails."""
    try:
        yield from filter(None, batches)
    except BroadsheetError as error:
        runs.fail(run, error.message)
        raise


def _batches(items: Iterator[Item]) -> Iterator[list[Item]]:
    """Yield rows in batches; where a source breaks off, what it gave before comes first and the error after it."""
    batch: list[Item] = []
    size = min(FIRST_BATCH, BATCH)
    try:
        for item in items:
            batch.append(item)
            if len(batch) == size:
                yield batch
                batch, size = [], min(2 * size, BATCH)
    except BroadsheetError:
        yield batch
        raise
    yield batch


def has_papers() -> bool:
    """Whether any paper is here."""
    return Paper.objects.exists()


def take_in_sample() -> Run:
    """Take the sample edition in."""
    opened = places.open_place("sample")
    return take_in(opened.source, place="sample", fingerprint=opened.fingerprint)


def why_no_news() -> str:
    """Return one sentence on why arXiv cannot be asked now; empty when it can. Takes four seconds at most."""
    if settings.OFFLINE:
        return "The network is switched off (BROADSHEET_OFFLINE)."
    host = urlsplit(settings.ARXIV_API).hostname or settings.ARXIV_API
    return "" if reach.is_reachable(settings.ARXIV_API, within=3.0) else f"arXiv cannot be reached ({host})."


def try_first_news(report: Callable[[Progress], None]) -> str:
    """Take in one request's worth of the newest papers, so that the first page has something to show.

    arXiv is given FIRST_LOOK seconds in all, as somebody waits for the first page; the hourly look has patience.
    Returns an empty text when papers are there now, else a sentence on why not.
    """
    items, trouble = _asked(lambda: places.news(limit=200, timeout=10).fetch())
    if items:
        source = places.Rows(iter(items), len(items))
        take_in(source, place="arxiv", fingerprint=f"first {timezone.now().isoformat()}", report=report)
    return "" if has_papers() else trouble or "arXiv sent no papers of the configured categories."


def take_in_news(stop: Callable[[], bool] = lambda: False, since: datetime | None = None) -> Run | None:
    """Take in the newest papers of the configured categories; None where arXiv cannot be reached.

    since: those submitted from then on, at most; by default of five days. When to look is told by ``watching``.
    """
    if why_no_news():
        return None
    source = places.news(since=since)
    return take_in(source, place="arxiv", fingerprint=f"arxiv {timezone.now().isoformat()}", stop=stop)


def take_in_daily_papers(stop: Callable[[], bool] = lambda: False) -> Run:
    """Take in the daily papers of another site, from some days before the last reading up to today.

    Raises Upstream where it does not answer, Refused where the network is switched off.
    """
    opened = places.open_place(daily_lists.PLACE)
    return take_in(opened.source, place=daily_lists.PLACE, fingerprint=opened.fingerprint, stop=stop)


class Elsewhere(NamedTuple):
    """What arXiv's own search finds. total: papers in all. notes: sentences on what of the query was not asked for."""

    papers: list[Record]
    total: int
    notes: tuple[str, ...] = ()


def ask_arxiv(visitor: readers.Visitor, query: "Query", start: int = 0, limit: int = 20) -> Elsewhere:
    """Return what arXiv's own search finds. Nothing is stored.

    start: results to pass over. Raises SignInNeeded without a reader, BadInput for a query that arXiv cannot be asked,
    TooMany beyond some questions an hour, or while another one is asked; Refused or Upstream where arXiv cannot be.
    """
    from broadsheet.search import arxiv_query  # with numpy, which takes long to load where papers are only taken in

    reader = readers.active(visitor, "ask arXiv")
    if settings.OFFLINE:
        raise Refused("arXiv is not asked: the network is switched off (BROADSHEET_OFFLINE).")
    if query.key and not arxiv_ids.is_arxiv(query.key):
        raise BadInput(f"{query.key} is not a paper of arXiv.", "Give an arXiv id, words, or an author (au:).")
    asked = arxiv_query.translated(query) if not query.key else None
    limits.spend(f"elsewhere:{reader.pk}", capacity=limits.share(reader, ASKED_PER_HOUR), seconds=3600)
    totals: list[int] = []

    def search() -> Iterator[Item]:
        api = places.arxiv(timeout=10)
        if asked is None:
            return api.by_ids([query.key or ""])
        rows, total = api.search(asked.text, start=start, limit=limit, newest=asked.newest)
        totals.append(total)
        return iter([Item(number, row) for number, row in enumerate(rows, start=1)])

    if not _searching.acquire(blocking=False):
        raise TooMany("arXiv is being asked for somebody else.", 5, "Try again in some seconds.")
    try:
        items, trouble = _asked(search)
    finally:
        _searching.release()
    if trouble:
        raise Upstream(f"arXiv could not be asked: {trouble}", "Try again later.")
    records = [item.row for item in items if isinstance(item.row, Record)]
    return Elsewhere(records, totals[0] if totals else len(records), query.notes + (asked.notes if asked else ()))


def submit(visitor: readers.Visitor, name: str, comment: str = "") -> Submission:
    """Submit a paper to the edition of the day, fetched from arXiv where it is not here yet.

    name: an arXiv id or URL in any spelling, or the key of a paper that is here. With a version newer than the one
    here, as in 2305.12102v2, the paper is read anew first. comment: the first comment, in Markdown; may be empty.
    Raises what ``submissions.submit`` does; Refused or Upstream where an unknown paper cannot be fetched.
    """
    reader = readers.active(visitor, "submit a paper")
    paper = Paper.objects.named(name.strip())
    key = paper.key if paper else arxiv_ids.canonical(name)
    submissions.check_reader(reader)  # before anything is asked of arXiv
    if paper is None:
        paper = _fetch(reader, key)
    elif _names_newer_version(paper, name):
        paper = _fetch(reader, paper.key)
    return submissions.submit(reader, paper, comment)


def index_paper(visitor: readers.Visitor, key: str) -> Paper:
    """Bring one paper here from arXiv, without submitting it; one that is here is read anew for its authors only.

    key: an arXiv id or URL in any spelling.
    Raises BadInput for what is none, NotFound where arXiv does not know it, Refused or Upstream where it cannot be
    asked, TooMany beyond some papers an hour.
    """
    reader = readers.active(visitor, "bring a paper here")
    key = arxiv_ids.canonical(key)
    paper = Paper.objects.named(key)
    if paper and not claims.is_author(reader, paper):
        return paper
    return _fetch(reader, key)


def _names_newer_version(paper: Paper, name: str) -> bool:
    version = arxiv_ids.split_version(name)[1] if arxiv_ids.find(name) else None
    return bool(version and version > (paper.version or 1))


def _fetch(reader: User, key: str) -> Paper:
    """Take one paper in from arXiv for a reader who waits. Asking happens outside of any transaction."""
    way_out = "The paper can be submitted and discussed once it is here."
    if settings.OFFLINE:
        raise Refused(f"{key} is not here yet, and the network is switched off (BROADSHEET_OFFLINE).", way_out)
    limits.spend(f"fetch:{reader.pk}", capacity=limits.share(reader, FETCHED_PER_HOUR), seconds=3600)
    items, trouble = _asked(lambda: places.arxiv(timeout=10).by_ids([key]))
    records = [item.row for item in items if isinstance(item.row, Record) and item.row.id == key]
    if records:
        with transaction.atomic():
            stored = store(records)
            rescore(stored.voted)
        merging.settle(stored.same)
        return _named(key)
    rejects = [item.row.reason for item in items if isinstance(item.row, Reject)]
    if trouble or rejects:
        raise Upstream(f"{key} could not be fetched: {trouble or rejects[0]}", way_out)
    raise NotFound(f"arXiv does not know a paper {key}.", "Look for a typing error in the id.")


def _named(key: str) -> Paper:
    """Return the paper of a key, or the one that it turned out to be when it was stored."""
    return Paper.objects.named(key) or Paper.objects.get(key=key)


def _asked(ask: Callable[[], Iterator[Item]]) -> tuple[list[Item], str]:
    """Return what a source gives within FIRST_LOOK seconds, and the trouble there was, as somebody waits for it."""
    items: list[Item] = []
    trouble: list[str] = []
    failed: list[Exception] = []

    def look() -> None:
        try:
            items.extend(ask())
        except BroadsheetError as error:
            trouble.append(str(error))
        except Exception as error:  # noqa: BLE001 (raised below)
            failed.append(error)
        finally:
            connection.close()  # this thread's own, on which it asked the gate

    # A host that drips, or asks for a pause, holds up only this thread, which may be left behind.
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(FIRST_LOOK)
    if thread.is_alive():
        return [], f"arXiv did not answer within {FIRST_LOOK:.0f} seconds."
    if failed:
        raise failed[0]
    return items, "".join(trouble[:1])
