"""The whole timetable: what runs by itself, when, and on what condition; and what operators may ask of it.

To add a job, write a function in the room it belongs to, ``def f(stop: Callable[[], bool]) -> str``: it asks ``stop``
between two batches, takes up at the next run where it was stopped, and returns one sentence on what it did. What fails
raises; it is tried again after a pause. Then add one line to TIMETABLE below, and one to the table in docs/jobs.md.
How jobs are taken and run is in ``work.running``; nothing there knows what they do.
"""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from broadsheet import pipeline, places, watching
from broadsheet.accounts import readers
from broadsheet.bench import live_actions
from broadsheet.community import duplicates, votes
from broadsheet.enrich import run
from broadsheet.errors import Conflict, NotFound
from broadsheet.ledger.standing import asks_arxiv
from broadsheet.mail import bounces, mailbox, sending, subscribed
from broadsheet.ranking import entries, similar
from broadsheet.search import acronyms
from broadsheet.work import actions, answers
from broadsheet.work.timetable import Daily, Entry, Every, Stop

GROWN = timedelta(days=30)
"""How far back accounts are looked at that stopped being new, as the site may have been down for a while."""

_OVERLAP = timedelta(hours=1)

_NEW_YORK = "America/New_York"
"""By whose clock arXiv works; its OAI-PMH is brought up to date in the evening there, its feed at midnight."""


def _scores(stop: Stop) -> str:
    since = actions.last_done("scores")
    grown = votes.come_of_age(min(timezone.now() - since + _OVERLAP, GROWN) if since else GROWN)
    forgotten = subscribed.forget()
    lists = entries.record_ranked(timezone.now(), stop=stop)
    return f"{grown} papers counted anew, {lists} ranked lists noted, {forgotten} ended subscriptions forgotten."


def _duplicates(stop: Stop) -> str:
    return duplicates.find(stop, near=similar.of_like_title)


def _digests(stop: Stop) -> str:
    try:
        return sending.run(stop=stop).sentence()
    except Conflict:
        return "An operator's command sends them now."


def _bounces(stop: Stop) -> str:
    found = mailbox.collect(bounces.take_in, stop=stop)
    return f"{found.reports} about mails of this site, {found.others} others."


def _daily_papers(stop: Stop) -> str:
    run = pipeline.take_in_daily_papers(stop)
    return f"{run.added} papers came, {run.updated} changed, {run.rejected} could not be read."


def _tidy(_: Stop) -> str:
    return f"{actions.forget_runs()} runs and {answers.forget(timezone.now())} answers forgotten."


def _asked(kind: str) -> Callable[[Stop], str]:
    return lambda stop: run.run([places.fact_kinds()[kind]], stop)


def _is_on(kind: str) -> Callable[[], bool]:
    return lambda: kind in settings.ENRICH and not settings.OFFLINE


TIMETABLE: tuple[Entry, ...] = (
    Entry(
        "news",
        Every(60),
        "Takes in the newest papers from arXiv, when its calendar and the ledger say that it is time to ask.",
        watching.look_for_news,
        asks_arxiv,
        "news",
    ),
    Entry(
        "harvest",
        Daily(0, 30, _NEW_YORK),
        "Reads what has changed at arXiv since the last time: revisions, withdrawals, papers that were missed.",
        watching.harvest,
        asks_arxiv,
        "arxiv",
    ),
    Entry("reread", Daily(3, 30, _NEW_YORK), "Reads the last seven days again.", watching.reread, asks_arxiv, "arxiv"),
    Entry("gaps", Daily(5, 0, _NEW_YORK), "Asks for papers that are missing.", watching.fill_gaps, asks_arxiv, "arxiv"),
    Entry("ledger", Every(600), "Counts what came of each day; tells operators of gaps.", watching.keep_ledger),
    Entry(
        "duplicates",
        Every(3600),
        "Finds papers that came twice under several ids.",
        _duplicates,
        lane="duplicates",
    ),
    Entry(
        "acronyms",
        Every(3600),
        "Learns acronyms from the abstracts that came.",
        acronyms.mine,
        lane="acronyms",
    ),
    Entry("scores", Every(3600), "Counts votes of accounts that are not new any more; notes ranked lists.", _scores),
    Entry(
        "digests",
        Every(30),
        "Sends the digests that are due.",
        _digests,
        lambda: settings.SEND_DIGESTS,
        "digests",
        # The mail in hand: an answer that nobody waits for would be a mail in doubt.
        patience=20,
    ),
    Entry("bounces", Every(300), "Reads the mailbox of bounces.", _bounces, lambda: bool(settings.BOUNCES), "bounces"),
    Entry(
        "daily-papers",
        Every(3600),
        "Follows the daily papers of another site.",
        _daily_papers,
        lambda: bool(settings.FOLLOW_DAILY_PAPERS) and not settings.OFFLINE,
        "daily-papers",
    ),
    Entry(
        "facts",
        Every(300),
        "Reads what papers say of themselves; chooses key phrases and extracts.",
        lambda stop: run.run(run.named([]), stop),
        lambda: bool(run.named([])),
        "facts",
    ),
    # Each place in a lane of its own, as one that answers slowly takes days for all papers.
    Entry("stars", Every(3600), "Reads the stars of repositories.", _asked("stars"), _is_on("stars"), "stars"),
    Entry("hub", Every(3600), "Asks the Hub for models and datasets.", _asked("hub"), _is_on("hub"), "hub"),
    Entry("citations", Every(3600), "Asks who cites whom.", _asked("citations"), _is_on("citations"), "citations"),
    Entry("orcid", Every(3600), "Asks for authors' ORCID iDs.", _asked("orcid"), _is_on("orcid"), "orcid"),
    Entry("summaries", Every(3600), "Has summaries written.", _asked("summaries"), _is_on("summaries"), "summaries"),
    Entry(
        "fulltext",
        Every(3600),
        "Fetches texts of papers with votes.",
        _asked("fulltext"),
        _is_on("fulltext"),
        "fulltext",
    ),
    Entry(
        "quality",
        Every(3600),
        "Measures search on the papers of the last whole week, once.",
        live_actions.keep_up,
        lane="quality",
    ),
    Entry("tidy", Daily(4, 40), "Forgets old runs of jobs, and answers nobody asked for again.", _tidy),
)


def standing() -> list[Entry]:
    """Return the jobs that are in the timetable under the present settings."""
    return [entry for entry in TIMETABLE if entry.stands()]


def entry(name: str) -> Entry:
    """Return a job of the timetable by name. Raises NotFound for one that is not in it, or not under these settings."""
    found = {entry.name: entry for entry in TIMETABLE}.get(name)
    if found is None:
        raise NotFound(f"There is no job {name[:40]!r}.", "`broadsheet jobs` lists them.")
    if not found.stands():
        raise NotFound(f"The job {name} is not in the timetable under the present settings.", "docs/jobs.md tells why.")
    return found


def start_now(visitor: readers.Visitor, name: str) -> None:
    """Have a job run as soon as somebody can. Raises SignInNeeded, Refused, NotFound."""
    operator = readers.admin(visitor)
    _settled(name)
    actions.ask_for(name, operator.username)


def pause(visitor: readers.Visitor, name: str) -> None:
    """Let a job rest; a run ends at its next batch. Raises SignInNeeded, Refused, NotFound."""
    readers.admin(visitor)
    _settled(name)
    actions.pause(name)


def go_on(visitor: readers.Visitor, name: str) -> None:
    """Let a job that rests run again; what was missed is caught up once. Raises SignInNeeded, Refused, NotFound."""
    readers.admin(visitor)
    _settled(name)
    actions.go_on(name)


def _settled(name: str) -> None:
    """See that a job has its row, also where nothing has run the timetable yet."""
    actions.settle([entry(name)], timezone.now())
