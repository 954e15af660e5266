"""Bringing papers to an edition: who may bring which when, and how often. Fetching unknown ones is the pipeline's.

The rules are told in docs/submitting; every refusal says when, or how, it works.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from difflib import SequenceMatcher

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.community import discussion, votes
from broadsheet.community.models import Submission
from broadsheet.errors import Conflict, NotFound, Refused, TooMany
from broadsheet.papers import actions
from broadsheet.papers.editions import edition_day, weekend_ends
from broadsheet.papers.models import Paper, Version

ALIKE = 0.6
"""Share of words in common, by difflib's ratio, below which a title or an abstract differs considerably."""

_DAY = timedelta(days=1)
_COMPARED = 1500
"""Words of a text that are compared; several times the longest abstract."""


@transaction.atomic
def submit(visitor: readers.Visitor, paper: Paper, comment: str = "") -> Submission:
    """Bring a paper to the edition of the day, with the reader's vote and perhaps a first comment.

    All of it or nothing: a comment that cannot be taken keeps the submission back too.
    Raises Conflict where the paper has been submitted, Refused outside of its window, on weekends and for a withdrawn
    paper, TooMany beyond the reader's daily number, each with when it works; else as votes and comments do.
    """
    reader = readers.active(visitor, "submit a paper")
    # The lock on the reader makes two papers sent at once count one after the other.
    User.objects.select_for_update(no_key=True).get(pk=reader.pk)
    check_reader(reader)
    held = actions.hold(paper.pk)
    if held is None:
        raise NotFound(f"The paper {paper.key} is not here any more.")
    again = _check_paper(held)
    day = edition_day(timezone.now())
    try:
        with transaction.atomic():
            made = Submission.objects.create(paper=held, reader=reader, version=held.version or 1, day=day)
    except IntegrityError:  # the table's own word, were the lock ever passed by
        raise _taken(held, last_of(held)) from None
    actions.feature(held, day, again)
    with actions.activity_last():
        votes.cast(reader, held)
        votes.rescore([held.pk])  # the day has changed even where the vote stood already
        if comment.strip():
            discussion.comment(reader, held, comment)
        actions.note_activity()
    return made


def check_reader(reader: User) -> None:
    """Check what does not depend on the paper. Raises Refused on a weekend, TooMany beyond the daily number."""
    if closed := closed_until():
        raise Refused(
            "Papers cannot be submitted on weekends.",
            f"It works again from Monday, {moment_text(closed)} on, when the weekend has ended in New York.",
        )
    most = limits.share(reader, settings.SUBMIT_PER_DAY)
    now = timezone.now()
    lately = Submission.objects.filter(reader=reader, made__gt=now - _DAY).order_by("-made")
    times = list(lately.values_list("made", flat=True)[:most])
    if len(times) >= most:
        free = times[-1] + _DAY
        papers = f"{most} paper{'s' if most > 1 else ''}"
        raise TooMany(
            f"{'A new account' if most < settings.SUBMIT_PER_DAY else 'One reader'} can submit {papers} in 24 hours.",
            max(int((free - now).total_seconds()) + 1, 1),
            f"It works again from {moment_text(free)} on.",
        )


def closed_until() -> datetime | None:
    """Return until when, in UTC, nothing can be submitted because of the weekend; None where it can."""
    return None if settings.SUBMIT_WEEKENDS else weekend_ends(timezone.now())


def last_of(paper: Paper) -> Submission | None:
    """Return the newest submission of a paper with its reader."""
    return Submission.objects.filter(paper=paper).select_related("reader").order_by("-version").first()


def submitted_by(reader: User) -> Iterable[Submission]:
    """Return a reader's submissions with their papers, the newest first."""
    return Submission.objects.filter(reader=reader).select_related("paper").order_by("-pk")


def is_submitter(reader: readers.Visitor, paper: Paper) -> bool:
    """Whether a reader has submitted a paper."""
    return reader.is_authenticated and Submission.objects.filter(paper=paper, reader=reader).exists()


def moment_text(moment: datetime) -> str:
    """Return a moment as refusals name it: in UTC, whatever the zone of the pages."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def is_other_text(before: tuple[str, str], now: tuple[str, str]) -> bool:
    """Whether one of two pairs of title and abstract differs considerably from the other."""
    return any(
        SequenceMatcher(None, old, new, autojunk=False).ratio() < ALIKE
        for old, new in ((_words(one), _words(two)) for one, two in zip(before, now, strict=True))
    )


def _check_paper(paper: Paper) -> bool:
    """Check that a paper may be submitted now; True where it is for a second time, with a large new version."""
    if paper.withdrawn:
        raise Refused(f"{paper.key} has been withdrawn by its authors.", "Withdrawn papers cannot be submitted.")
    last = last_of(paper)
    if last is None and paper.featured is None:
        _check_window(paper, paper.published or _start_of(paper), "first version")
        return False
    if not _is_large_new_version(paper, last):
        raise _taken(paper, last)
    _check_window(paper, paper.updated, f"version {paper.version}")
    return True


def _is_large_new_version(paper: Paper, last: Submission | None) -> bool:
    since = last.version if last else 1
    if not paper.version or paper.version <= since:
        return False
    # The text of that time is the one that the next newer text replaced.
    numbered = Q(number__gte=since, number__lt=paper.version)
    unnumbered = Q(number__isnull=True, replaced__gt=last.made) if last else Q(number__isnull=True)
    kept = Version.objects.filter(numbered | unnumbered, paper=paper)
    before = kept.order_by(F("number").asc(nulls_last=True), "pk").first()
    return before is not None and is_other_text((before.title, before.abstract), (paper.title, paper.abstract))


def _check_window(paper: Paper, began: datetime | None, what: str) -> None:
    if not settings.SUBMIT_DAYS or began is None:
        return
    closed = began + settings.SUBMIT_DAYS * _DAY
    if timezone.now() > closed:
        raise Refused(
            f"{paper.key} could be submitted until {moment_text(closed)}: {settings.SUBMIT_DAYS} days from its {what}.",
            "Votes and discussion are open all the same, and a new version that differs considerably can be submitted.",
        )


def _start_of(paper: Paper) -> datetime | None:
    """Return the first moment of the day a paper is known from, where the source does not tell the hour."""
    day = paper.announced or paper.day
    return datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None


def _taken(paper: Paper, last: Submission | None) -> Conflict:
    way_out = (
        f"It stands at /papers/{paper.key}. A new version that differs considerably can be submitted again; "
        "give the id with its version then, as in 2305.12102v2."
    )
    if last is None:
        return Conflict(f"{paper.key} was in the daily list of {paper.featured} already.", way_out)
    who = last.reader.username if last.reader else "a reader who has left"
    return Conflict(f"{paper.key} was submitted by {who} on {last.made:%Y-%m-%d %H:%M} UTC.", way_out)


def _words(text: str) -> list[str]:
    return text.casefold().split()[:_COMPARED]
