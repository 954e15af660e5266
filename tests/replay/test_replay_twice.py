"""Two schedulers at once on one database, as of a server and a worker: each job is run by one of them at a time."""

import threading
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from django.db import connections
from tests.replay.replay_outcome import fill, outcome, sent_twice
from tests.replay.replay_run import play, prepared, run_due, timetable
from tests.replay.replay_story import at, short

from broadsheet.papers.models import Paper
from broadsheet.work import gates
from broadsheet.work.models import JobRun


@pytest.fixture
def let_through(monkeypatch):
    """The moments at which the gate let somebody through.

    Not those at which arXiv was reached: whoever sleeps moves the clock, also while the other's request is on its way.
    """
    moments: list[float] = []
    own = threading.local()
    wait = gates.Gate.wait

    def counted(gate, lease=0):
        clock = gate._clock

        def read():
            own.moment = clock()
            return own.moment

        gate._clock = read
        wait(gate, lease)
        moments.append(own.moment)

    monkeypatch.setattr(gates.Gate, "wait", counted)
    return moments


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_share_the_work_and_neither_asks_nor_mails_what_the_other_did(tmp_path, let_through):
    story = short()
    with prepared(story, tmp_path, page=20) as played:
        fill(story)
        entries = timetable()

        def look() -> None:
            try:
                run_due(entries, played.clock)
            finally:
                connections.close_all()

        def both() -> None:
            for scheduler in [schedulers.submit(look) for _ in range(2)]:
                scheduler.result()

        with ThreadPoolExecutor(2) as schedulers:
            play(played, both, until=at(story.days[0], 6))
        told = outcome(played)
    runs = defaultdict(list)
    for run in JobRun.objects.order_by("started", "pk").select_related("job"):
        runs[run.job.name].append(run)
    assert sum(run.times for run in runs["news"]) > 5
    for several in runs.values():
        assert all(later.started >= earlier.ended for earlier, later in pairwise(several))
    assert told.failures == []
    moments = sorted(let_through)
    assert len(moments) == sum(number for doors in told.requests.values() for number in doors.values())
    assert min(later - earlier for earlier, later in pairwise(moments)) >= 3
    assert sent_twice(told.mailed) == []
    first = [one.id for one in story.ours() if one.day == story.days[0]]
    assert Paper.objects.filter(key__in=first, day=story.days[0]).count() == len(first)
