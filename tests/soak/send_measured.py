"""Run as a script on a state directory: takes and sends what is due, and prints seconds and peak memory as JSON.

``--write-only`` takes, and writes each mail without sending it: what choosing and rendering cost alone.
"""

import json
import resource
import sys
import time

import django

django.setup()

from django.utils import timezone  # noqa: E402

from broadsheet.mail import ledger, message, sending, taking  # noqa: E402
from broadsheet.mail.taking import Taken  # noqa: E402


def peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_all() -> int:
    """Write every open mail, as ``sending`` does."""
    written, last, letter = 0, 0, None
    for row_id in _stretches(list(_open())):
        for row in ledger.read(row_id):
            if row.choice_id != last:
                last, letter = row.choice_id, message.letter(row.choice, row.subscription)
            assert letter is not None
            assert letter.fill(row.subscription, row, timezone.now())
            written += 1
    return written


def _open():
    return ledger.queue(timezone.now()).values_list("pk", flat=True)


def _stretches(ids):
    return (ids[start : start + 100] for start in range(0, len(ids), 100))


def main() -> None:
    told: dict[str, float] = {"memory_before": peak()}
    began, processor = time.perf_counter(), time.process_time()
    taken = Taken()
    taking.take(timezone.now(), taken)
    told |= {"taken": taken.taken, "choose_seconds": time.perf_counter() - began, "memory_chosen": peak()}
    told["choose_processor"] = time.process_time() - processor
    began, processor = time.perf_counter(), time.process_time()
    if "--write-only" in sys.argv:
        told["written"] = write_all()
    else:
        marks: list[tuple[int, float]] = []
        done = sending.run(report=lambda done, total, note: marks.append((done, peak())) if done % 1000 == 0 else None)
        told["sent"] = done.sent
        told["memory_on_the_way"] = [round(mark, 1) for _, mark in marks[:: max(len(marks) // 8, 1)]]  # type: ignore[assignment]
    told |= {"seconds": time.perf_counter() - began, "processor": time.process_time() - processor, "memory": peak()}
    print(json.dumps(told))


main()
