"""The verbs of jobs: which are due, who takes one, that it goes on, how it ended, and what operators wish.

Every change is one conditional UPDATE, so that of several processes only one gets what only one may have. Whether a
visitor may wish anything is checked by ``jobs``.
"""

import os
import secrets
import socket
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet

from broadsheet.errors import NotFound
from broadsheet.work.models import Job, JobRun
from broadsheet.work.timetable import Entry

LEASE = timedelta(seconds=60)
"""How long a job counts as held after a sign of life of its holder. Another may take it over afterwards."""

FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=30)
"""Pauses after a failure: the first one, doubled with each further failure in a row, and the longest."""

MOST_RUNS = 500
"""Runs of one job that are remembered; those in a row that went alike are one row."""

ENDED_WITHOUT_A_WORD = "Its process ended in the midst of it."


class Held(NamedTuple):
    """A run in hand. sign: what only its holder knows. forced: an operator asked for it although the job rests."""

    run: JobRun
    sign: str
    planned: datetime
    forced: bool


def settle(entries: Iterable[Entry], now: datetime, lease: timedelta = LEASE) -> None:
    """See that each job has a row, and that none waits for a moment that only a wrong clock could have set.

    One that counts as held for longer than a lease is held for one lease more, and then counts as left by the dead.
    """
    rows = {job.name: job for job in Job.objects.all()}
    new = [Job(name=entry.name, next_at=entry.when.first(now)) for entry in entries if entry.name not in rows]
    Job.objects.bulk_create(new, ignore_conflicts=True)
    for entry in entries:
        job = rows.get(entry.name)
        # A pause after a failure may reach beyond the next moment.
        if job and job.next_at > max(latest := entry.when.after(job.next_at, now), now + LONGEST_PAUSE):
            Job.objects.filter(pk=job.pk, next_at=job.next_at).update(next_at=latest)
        if job and job.held_until and job.held_until > now + 2 * lease:
            Job.objects.filter(pk=job.pk, held_until=job.held_until).update(held_until=now + lease)


def due(names: Sequence[str], now: datetime) -> list[str]:
    """Return which of some jobs may be taken now, the one that waits longest first."""
    return list(_waiting(now).filter(name__in=names).order_by("next_at").values_list("name", flat=True))


def take(name: str, now: datetime, lease: timedelta = LEASE, *, by: str | None = None) -> Held | None:
    """Take a job, begin its run, and return it; None where another holds it or was quicker, or where it is not due.

    by: who wants it to run now, due or not.
    """
    sign = f"{socket.gethostname()[:40]} {os.getpid()} {secrets.token_hex(6)}"
    with transaction.atomic():
        those = (_waiting(now) if by is None else _free(now)).filter(name=name)
        job = those.first()
        # The moment is among the conditions: who was quicker may have let go of it already.
        if job is None or not those.filter(next_at=job.next_at).update(
            held_by=sign, held_until=now + lease, wanted=False, asked_by=""
        ):
            return None
        # Whoever held it before has died.
        job.runs.filter(ended=None).update(ended=now, ok=False, result=ENDED_WITHOUT_A_WORD)
        run = JobRun.objects.create(job=job, started=now, by=(job.asked_by if by is None else by)[:150])
    return Held(run, sign, job.next_at, forced=job.paused)


def renew(held: Held, now: datetime, lease: timedelta = LEASE) -> bool:
    """Say that a run goes on; False where it should end: another has taken it over, or an operator had it rest."""
    mine = Job.objects.filter(pk=held.run.job_id, held_by=held.sign)
    return bool((mine if held.forced else mine.filter(paused=False)).update(held_until=now + lease))


def finish(held: Held, now: datetime, *, ok: bool, result: str, next_at: datetime) -> bool:
    """Write down how a run ended and when its job runs next, and let go of it; False where another took it over.

    Runs that the timetable began and that went well with the same words are one row, the newest of them: what does
    nothing twice a minute would leave no room for what did something.
    """
    with transaction.atomic():
        mine = Job.objects.filter(pk=held.run.job_id, held_by=held.sign)
        if not mine.update(held_by="", held_until=None, next_at=next_at):
            return False
        run = held.run
        run.ended, run.ok, run.result = now, ok, result[:2000]
        run.times += _fold(run) if ok and not run.by else 0
        run.save(update_fields=["ended", "ok", "result", "times"])
    return True


def pause_after_failure(name: str) -> timedelta:
    """Return how long a job rests that has failed just now, before the failure is written down."""
    failures = 0
    for ok in (
        JobRun.objects.filter(job__name=name).exclude(ended=None).order_by("-pk").values_list("ok", flat=True)[:10]
    ):
        if ok:
            break
        failures += 1
    return min(FIRST_PAUSE * (1 << failures), LONGEST_PAUSE)


def last_done(name: str) -> datetime | None:
    """Return when the last run of a job began that went well, None where none did."""
    return JobRun.objects.filter(job__name=name, ok=True).order_by("-pk").values_list("started", flat=True).first()


def ask_for(name: str, by: str) -> None:
    """Have a job run as soon as somebody can. Raises NotFound for a job that has no row."""
    _changed(name, Job.objects.filter(name=name).update(wanted=True, asked_by=by[:150]))


def pause(name: str) -> None:
    """Let a job rest until it goes on; a run ends at its next batch. Raises NotFound."""
    _changed(name, Job.objects.filter(name=name).update(paused=True))


def go_on(name: str) -> None:
    """Let a job that rests run again; what was missed is caught up once. Raises NotFound."""
    _changed(name, Job.objects.filter(name=name).update(paused=False))


def forget_runs() -> int:
    """Forget all but the newest runs of each job; return how many."""
    gone = 0
    for job in Job.objects.all():
        oldest = job.runs.order_by("-pk").values_list("pk", flat=True)[MOST_RUNS - 1 : MOST_RUNS].first()
        if oldest is not None:
            gone += job.runs.filter(pk__lt=oldest).delete()[0]
    return gone


def _fold(run: JobRun) -> int:
    """Forget the run before where it went just like this one; return for how many runs it stood."""
    before = JobRun.objects.filter(job_id=run.job_id, pk__lt=run.pk).order_by("-pk").first()
    if before is None or (before.ok, before.by, before.result) != (True, "", run.result):
        return 0
    before.delete()
    return before.times


def _free(now: datetime) -> QuerySet[Job]:
    """Return the jobs that nobody holds."""
    return Job.objects.filter(Q(held_until=None) | Q(held_until__lt=now))


def _waiting(now: datetime) -> QuerySet[Job]:
    """Return the jobs that nobody holds and that are due."""
    return _free(now).filter(Q(wanted=True) | Q(paused=False, next_at__lte=now))


def _changed(name: str, rows: int) -> None:
    if not rows:
        raise NotFound(f"There is no job {name[:40]!r}.", "`broadsheet jobs` lists them.")
