"""How the jobs stand, for pages and commands: each entry of the timetable with its row and its last run."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import OuterRef, Subquery

from broadsheet.work.models import Job, JobRun
from broadsheet.work.timetable import Entry


@dataclass(frozen=True)
class Shown:
    """One job: its entry, its row (None where nothing has run the timetable yet), and its last run."""

    entry: Entry
    job: Job | None
    last: JobRun | None
    now: datetime

    @property
    def runs_now(self) -> bool:
        """Whether somebody who is alive runs it."""
        return bool(self.job and self.job.held_until and self.job.held_until > self.now)

    @property
    def length(self) -> str:
        """How long the last run took, or takes so far."""
        return length(self.last, self.now) if self.last else ""

    @property
    def state(self) -> str:
        """One sentence on what it does now or when it runs next, in UTC."""
        if self.runs_now:
            return f"running for {self.length}"
        if self.job is None:
            return "nothing has run the timetable yet"
        if self.job.wanted:
            return "asked for, waits for a server or worker"
        if self.job.paused:
            return "paused"
        if self.job.next_at <= self.now:
            return "due"
        return f"next at {self.job.next_at:%Y-%m-%d %H:%M} UTC"

    def as_dict(self) -> dict[str, Any]:
        """Return it for JSON."""
        last = self.last
        return {
            "name": self.entry.name,
            "when": str(self.entry.when),
            "what": self.entry.what,
            "state": self.state,
            "paused": bool(self.job and self.job.paused),
            "running": self.runs_now,
            "next": self.job.next_at.isoformat() if self.job else None,
            "last": last
            and {
                "started": last.started.isoformat(),
                "ended": last.ended.isoformat() if last.ended else None,
                "ok": last.ok,
                "by": last.by,
                "result": last.result,
                "times": last.times,
            },
        }


def of(entries: Iterable[Entry], now: datetime) -> list[Shown]:
    """Return how some jobs stand, in the order of the timetable."""
    newest = JobRun.objects.filter(job=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    jobs = {job.name: job for job in Job.objects.annotate(newest=Subquery(newest))}
    runs = JobRun.objects.in_bulk([job.newest for job in jobs.values() if job.newest])
    return [Shown(entry, job := jobs.get(entry.name), runs.get(job.newest) if job else None, now) for entry in entries]


def length(run: JobRun, now: datetime) -> str:
    """Return how long a run took, or takes so far, for people: ``4 s``, ``12 min``, ``3 h 5 min``."""
    seconds = int(((run.ended or now) - run.started) / timedelta(seconds=1))
    if seconds < 120:
        return f"{max(seconds, 0)} s"
    hours, minutes = divmod(seconds // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
