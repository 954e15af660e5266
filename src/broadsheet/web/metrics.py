"""Figures of the site in Prometheus' text format: papers, index, votes, the ledger's today, jobs, mails, gates."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q

from broadsheet.community.models import Vote
from broadsheet.ledger import standing
from broadsheet.mail.models import Bounce, Delivery, Progress
from broadsheet.papers.models import Paper
from broadsheet.search import state
from broadsheet.search.keeping import upkeep
from broadsheet.sources import arxiv_calendar
from broadsheet.work.models import Gate, Job

type Labels = Mapping[str, str]
type Sample = tuple[Labels, float]

STATES = ("not-out", "partial", "complete", "late", "holiday", "weekend")


def text(now: datetime) -> str:
    """Return all figures as they are at a moment."""
    families = [*_papers(), *_ledger(now), *_jobs(now), *_mail(now), *_gates(now)]
    return "".join(_family(*family) for family in families)


def _papers() -> Iterable[tuple[str, str, list[Sample]]]:
    known = state.read(now=True)
    yield "papers", "Papers here.", [({}, Paper.objects.number_standing())]
    yield "index_behind", "Changed papers that the search index has not taken over.", [({}, upkeep.behind())]
    yield "index_by_meaning", "Papers that are searched by meaning.", [({}, known.by_meaning)]
    yield "index_vectors", "Papers that are searched by the full model's own vectors.", [({}, known.vectors)]
    yield "votes", "Standing votes of readers.", [({}, Vote.objects.count())]


def _ledger(now: datetime) -> Iterable[tuple[str, str, list[Sample]]]:
    day = standing.expected_day(now)
    rows = standing.rows_of(day)
    received: list[Sample] = [({"category": row.category or "all"}, row.received) for row in rows]
    expected: list[Sample] = [({"category": row.category or "all"}, row.expected) for row in rows if row.expected]
    found = next((row for row in rows if not row.category), None)
    told = found.state if found else "not-out"
    late = (now - arxiv_calendar.announced_at(day)).total_seconds() if told in ("partial", "late") else 0
    states: list[Sample] = [({"state": one}, float(one == told)) for one in STATES]
    yield "announcement_received", "Papers here of the newest announcement, by category.", received
    yield "announcement_expected", "Papers that the newest announcement has, as told or estimated.", expected
    yield "announcement_state", "How far the newest announcement is: 1 for its state.", states
    yield "announcement_late_seconds", "Since when it was announced without being complete.", [({}, late)]
    at = arxiv_calendar.announced_at(day).timestamp()
    yield "announcement_timestamp_seconds", "When the newest announcement was made.", [({}, at)]


def _jobs(now: datetime) -> Iterable[tuple[str, str, list[Sample]]]:
    jobs = Job.objects.annotate(
        succeeded=Max("runs__ended", filter=Q(runs__ok=True)),
        failed=Count("runs", filter=Q(runs__ok=False, runs__started__gte=now - timedelta(days=1))),
    ).order_by("name")
    rows = list(jobs)
    last: list[Sample] = [({"job": job.name}, job.succeeded.timestamp()) for job in rows if job.succeeded]
    failed: list[Sample] = [({"job": job.name}, job.failed) for job in rows]
    yield "job_success_timestamp_seconds", "When a job last ended well.", last
    yield "job_failures_in_a_day", "Runs of a job that failed in the last day.", failed


def _mail(now: datetime) -> Iterable[tuple[str, str, list[Sample]]]:
    day = now - timedelta(days=1)
    found = Delivery.objects.aggregate(
        sent=Count("pk", filter=Q(sent__gte=day)),
        failed=Count("pk", filter=Q(progress=Progress.FAILED, taken__gte=day)),
        waiting=Count("pk", filter=Q(progress__in=[Progress.TAKEN, Progress.SENDING])),
    )
    bounced = Bounce.objects.filter(made__gte=day).count()
    yield (
        "digests_in_a_day",
        "Digests of the last day.",
        [
            ({"outcome": "sent"}, found["sent"]),
            ({"outcome": "failed"}, found["failed"]),
            ({"outcome": "bounced"}, bounced),
        ],
    )
    yield "digests_waiting", "Digests that are on their way.", [({}, found["waiting"])]


def _gates(now: datetime) -> Iterable[tuple[str, str, list[Sample]]]:
    held: list[Sample] = [
        ({"host": gate.host}, max(0.0, gate.held - now.timestamp())) for gate in Gate.objects.order_by("host")
    ]
    yield "gate_hold_seconds", "For how long a host asked to be left alone still.", held


def _family(name: str, told: str, samples: Iterable[Sample]) -> str:
    name = f"broadsheet_{name}"
    lines = [f"# HELP {name} {told}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        lines.append(f"{name}{f'{{{inside}}}' if inside else ''} {_number(value)}")
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else f"{value:.3f}"
