"""Runs of taking papers in: begin or resume one, note how far it is, and keep what could not be read."""

import json
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from broadsheet.papers.actions import Stored
from broadsheet.papers.models import Run
from broadsheet.sources.record import Item, Reject


def begin(source: str, place: str, fingerprint: str) -> Run:
    """Return the unfinished run of this very content, to carry on, or a new one."""
    unfinished = Run.objects.filter(fingerprint=fingerprint, source=source, finished=None).order_by("-pk").first()
    return unfinished or Run.objects.create(source=source, place=place, fingerprint=fingerprint)


def advance(run: Run, position: int, stored: Stored, rejected: int) -> None:
    """Note that all rows up to ``position`` are stored; belongs into the transaction that stores them."""
    run.position = position
    run.added += stored.added
    run.updated += stored.updated
    run.unchanged += stored.unchanged
    run.rejected += rejected
    run.save()


def finish(run: Run, reached: int = 0) -> None:
    """Note that the source was read to its end. reached: a position beyond the last row, where a source has one."""
    run.finished, run.failure = timezone.now(), ""
    run.position = max(run.position, reached)
    run.save(update_fields=["finished", "failure", "position"])


def fail(run: Run, reason: str) -> None:
    """Note why a source could not be read to its end; the run can still be resumed."""
    run.failure = reason
    run.save(update_fields=["failure"])


def rejects_file(run: Run) -> Path:
    """Return where the rows that a run could not read are kept."""
    return Path(settings.HOME) / "rejects" / f"run-{run.pk}.jsonl"


def keep_rejects(run: Run, items: list[Item]) -> None:
    """Write rows that could not be read: one JSON object a line with line, reason and the row's own text."""
    if not items:
        return
    path = rejects_file(run)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8", errors="backslashreplace") as file:
        for item in items:
            if isinstance(item.row, Reject):
                row = {"line": item.position, "reason": item.row.reason, "raw": item.row.raw}
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
