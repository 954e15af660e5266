"""Looking for what is new at arXiv, and for what is missing: the work of the jobs news, harvest, reread, gaps, ledger.

When they run is told in ``jobs``; what the ledger makes of it, in its room.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from broadsheet import pipeline, places
from broadsheet.errors import BroadsheetError, Upstream
from broadsheet.ledger import gaps, keeping, polling, standing
from broadsheet.ledger.counting import ALL
from broadsheet.ledger.models import Gap
from broadsheet.papers import harvests
from broadsheet.papers.models import Run
from broadsheet.sources import arxiv_calendar, arxiv_oai_ids, arxiv_rss
from broadsheet.sources.arxiv_oai import set_of
from broadsheet.sources.record import Item, Record

Stop = Callable[[], bool]

REREAD = timedelta(days=7)
DAYS = 5
"""So many listings are looked at again."""
SWITCHED_OFF = "The network is switched off (BROADSHEET_OFFLINE)."


def look_for_news(stop: Stop = lambda: False) -> str:
    """Ask arXiv for news if it is time for that, and note in the ledger how far the day is.

    Cheap where it is not time. Its API and its feed are both asked, and one that fails does not stop the other.
    Returns one sentence; raises Upstream where neither answers.
    """
    now = timezone.now()
    if settings.OFFLINE:
        return SWITCHED_OFF
    day = arxiv_calendar.expected_day(now)
    row = standing.kept(day)
    seen = polling.Seen(row.state if row else "not-out", row.checked_at if row else None)  # type: ignore[arg-type]  # a known word
    due = polling.next_look(now, seen)
    if due > now:
        return f"Nothing is to be asked before {due:%Y-%m-%d %H:%M} UTC."
    first = row is None or row.checked_at is None
    # Noted before anything is asked: a host that is down is not asked each minute.
    keeping.note_look(day, now)
    return _look(day, first, stop)


def _look(day: date, first: bool, stop: Stop) -> str:
    days = _incomplete() if first else [day]
    since = arxiv_calendar.window(min([*days, day]))[0]
    done, troubles = _each(
        [
            ("arXiv’s API", lambda: _told(pipeline.take_in_news(stop, since))),
            ("arXiv’s feed", lambda: _feed(stop)),
            ("the totals", lambda: ask_totals(days, stop)),
        ],
        stop,
    )
    keeping.recount(sorted({*days, day}), timezone.now())
    found = standing.kept(day)
    told = f"{day} is {found.state}: {found.received} of {found.expected or '?'} papers" if found else f"{day}"
    return _sentence([told, *done] if done else [], troubles)


def harvest(stop: Stop = lambda: False) -> str:
    """Read what has changed at arXiv's OAI-PMH in each configured category since it was read last.

    A category that fails does not stop the others. Returns one sentence; raises Upstream where all fail.
    """
    return _harvest(harvests.places(), stop)


def reread(stop: Stop = lambda: False) -> str:
    """Read once more what has changed in the last seven days, and ask how many papers these days have.

    Returns one sentence; raises Upstream where nothing answers.
    """
    if settings.OFFLINE:
        return SWITCHED_OFF
    today = timezone.now().date()
    days = _incomplete()
    told = _harvest(harvests.places(since=today - REREAD, until=today), stop)
    totals, troubles = _each([("the totals", lambda: ask_totals(days, stop))], stop)
    keeping.recount(recent_days(timezone.now()), timezone.now())
    return " ".join([told, _sentence(totals, troubles)]) if days else told


def keep_ledger(stop: Stop = lambda: False) -> str:
    """Count anew what is here of the last listings, and tell operators of days that stay incomplete."""
    now = timezone.now()
    rows = keeping.recount(sorted({*standing.left_out(now), *recent_days(now)}), now)
    told = keeping.alert(now)
    states = ", ".join(f"{row.day} {row.state} ({row.received} of {row.expected or '?'})" for row in rows[-2:])
    return f"{'; '.join([states or 'Nothing is to be noted', *told])}."


def fill_gaps(stop: Stop = lambda: False) -> str:
    """Ask arXiv for papers that seem to be missing, BROADSHEET_GAP_REQUESTS requests a day at most.

    First the ids that its OAI-PMH lists for our categories are compared with what is here, which is the cheaper way;
    then the rows of ids are looked at for holes. What was asked for is remembered with what it brought.
    """
    if settings.OFFLINE:
        return SWITCHED_OFF
    left = gaps.requests_left(timezone.now())
    left, listed, troubles = _compare(left, stop)
    holes = gaps.find(timezone.now())
    brought, elsewhere, absent = 0, 0, 0
    for group in gaps.packed(gaps.due(timezone.now())):
        if left <= 0 or stop():
            break
        left -= 1
        try:
            found = _fill(group)
        except BroadsheetError as error:
            troubles.append(error.message)
            break
        brought, elsewhere, absent = brought + found[0], elsewhere + found[1], absent + found[2]
    if brought:
        keeping.recount(recent_days(timezone.now()), timezone.now())
    told = (
        f"{listed} listed and {holes} in holes were missing; "
        f"{brought} were brought, {elsewhere} are of other categories, {absent} are unknown"
    )
    return _sentence([told] if listed or holes or brought or not troubles else [], troubles)


def recent_days(now: datetime) -> list[date]:
    """Return the last listings' days, and today where it is none of them, oldest first."""
    found = [arxiv_calendar.expected_day(now)]
    while len(found) < DAYS:
        found.append(arxiv_calendar.day_before(found[-1]))
    return sorted({*found, arxiv_calendar.day_of(now)})


def ask_totals(days: Iterable[date], stop: Stop = lambda: False) -> str:
    """Ask arXiv's API how many papers some days have, in all and by category where that is not known to be here.

    Raises Upstream.
    """
    api = places.arxiv()
    asked = 0
    for day in days:
        begin, end = arxiv_calendar.window(day)
        last = end - timedelta(minutes=1)
        total = api.total(settings.CATEGORIES, begin, last)
        asked += 1
        keeping.note_total(day, ALL, total or 0)
        if not total:
            continue
        known = {row.category for row in standing.rows_of(day) if row.expected_from == keeping.API}
        for category in settings.CATEGORIES:
            if stop():
                return f"{asked} totals"
            if category not in known:
                keeping.note_total(day, category, api.total(category, begin, last) or 0)
                asked += 1
    return f"{asked} total{'s' if asked != 1 else ''}"


def _feed(stop: Stop) -> str:
    """Take the feed of the day in where it holds another batch than before, and note what it says of its day."""
    batch = arxiv_rss.ask(places.client(harvests.SLOW_ANSWER), settings.ARXIV_RSS, settings.CATEGORIES)
    if not batch.entries:
        return "the feed is empty"
    fingerprint = f"rss {batch.fingerprint}"
    if Run.objects.filter(fingerprint=fingerprint).exclude(finished=None).exists():
        return "the feed is as before"
    new = {entry.row.id: entry.row.categories for entry in batch.entries
           if entry.kind == "new" and isinstance(entry.row, Record)}  # fmt: skip
    if batch.day and new and not keeping.note_batch(batch.day, new, timezone.now()):
        return f"the feed of {batch.day} holds an earlier day’s papers"
    return _told(
        pipeline.take_in(arxiv_rss.ArxivRss(batch), place=harvests.RSS, fingerprint=fingerprint, stop=stop), "feed"
    )


def _harvest(wanted: Sequence[str], stop: Stop) -> str:
    if settings.OFFLINE:
        return SWITCHED_OFF

    def read(place: str) -> str:
        opened = places.open_place(place)
        run = pipeline.take_in(opened.source, place=place, fingerprint=opened.fingerprint, stop=stop)
        return _told(run, place.split(":", 1)[1].partition("@")[0])

    done, troubles = _each([(place, lambda place=place: read(place)) for place in wanted], stop)  # type: ignore[misc]  # a lambda's default
    if done:
        keeping.recount(recent_days(timezone.now()), timezone.now())
    return _sentence(done, troubles)


def _compare(left: int, stop: Stop) -> tuple[int, int, list[str]]:
    """Note the ids that OAI-PMH lists for our categories and that are not here, with half of the requests at most.

    Begins with another category each day, as there may not be enough for all. Returns the requests that are left, how
    many ids were noted, and what went wrong.
    """
    now = timezone.now()
    client = places.client(harvests.SLOW_ANSWER)
    missing, troubles, spared = 0, [], left // 2
    first = now.toordinal() % max(1, len(settings.CATEGORIES))
    for category in [*settings.CATEGORIES[first:], *settings.CATEGORIES[:first]]:
        try:
            pages = arxiv_oai_ids.changed(
                client, settings.ARXIV_OAI, set_of(category), (now - REREAD).date(), now.date()
            )
            while left > spared and not stop() and (ids := next(pages, None)) is not None:
                left -= 1
                missing += gaps.note_missing(ids, now)
        except BroadsheetError as error:
            troubles.append(f"{category}: {error.message}")
    return left, missing, troubles


def _fill(group: Sequence[Gap]) -> tuple[int, int, int]:
    """Ask for the ids of some gaps in one request, take in what is ours, and note the outcome."""
    wanted = [one for gap in group for one in gaps.ids_of(gap)]
    items = list(places.arxiv().by_ids(wanted))
    ours, others = _ours(items)
    keys = {item.row.id for item in ours if isinstance(item.row, Record)}
    now = timezone.now()
    if ours:
        pipeline.take_in(places.Rows(iter(ours), len(ours)), place="arxiv", fingerprint=f"gaps {now.isoformat()}")
    for gap in group:
        gaps.note(gap, keys, others, now)
    return len(keys), len(others), len(set(wanted) - keys - others)


def _ours(items: Iterable[Item]) -> tuple[list[Item], set[str]]:
    """Return the papers of our categories, and the ids of the others."""
    ours, others = [], set()
    for item in items:
        if isinstance(item.row, Record):
            if set(item.row.categories).intersection(settings.CATEGORIES):
                ours.append(item)
            else:
                others.add(item.row.id)
    return ours, others


def _incomplete() -> list[date]:
    """Return the last listings' days that are not complete, the newest first."""
    now = timezone.now()
    rows = ((day, standing.kept(day)) for day in recent_days(now) if not arxiv_calendar.why_none(day))
    open_days = [day for day, row in rows if row is None or row.state != "complete"]
    return sorted((day for day in open_days if arxiv_calendar.announced_at(day) <= now), reverse=True)


def _each(doings: Iterable[tuple[str, Callable[[], str]]], stop: Stop) -> tuple[list[str], list[str]]:
    """Do one after the other; what fails does not stop the others. Returns what was done, and what went wrong."""
    done, troubles = [], []
    for name, do in doings:
        if stop():
            break
        try:
            done.append(do())
        except BroadsheetError as error:
            troubles.append(f"{name}: {error.message.rstrip('.')}")
    return done, troubles


def _told(run: Run | None, name: str = "API") -> str:
    if run is None:
        raise Upstream("It cannot be reached.")
    return f"{name} {run.added} new, {run.updated} changed"


def _sentence(done: Sequence[str], troubles: Sequence[str]) -> str:
    """Return what was done and what went wrong; raises Upstream where nothing was done."""
    if troubles and not done:
        raise Upstream(f"{'; '.join(troubles)[:1000]}.", "It is tried again by itself.")
    told = "; ".join([*done, *(f"failed: {trouble}" for trouble in troubles)])
    return f"{told[:1].upper()}{told[1:]}." if told else "There was nothing to do."
