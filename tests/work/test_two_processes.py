"""Schedulers in real processes: none runs what another runs, and what a killed one left is taken over."""

import itertools
import time

RUNNING = """
    import os, sys, time
    from datetime import timedelta
    from pathlib import Path
    from broadsheet.work.running import Runner
    from broadsheet.work.timetable import Entry, Every

    log = Path(sys.argv[1])

    def note(name, seconds):
        def work(stop):
            with log.open("a") as out:
                out.write(f"{name} {os.getpid()}\\n")
            time.sleep(seconds)
            return f"{name} at {time.time()}."  # runs that say the same would be one row
        return work

    names = [f"job{number}" for number in range(8)]
    entries = [Entry(name, Every(1), "Notes.", note(name, float(sys.argv[2])), lane=name) for name in names]
    runner = Runner(entries, look_every=0.05, lease=timedelta(seconds=2))
    runner.start()
    print("begun", flush=True)
    time.sleep(float(sys.argv[3]))
    runner.stop()
"""


def runs(start):
    """Ask, in a process that knows the database, what stands in the table of runs."""
    asking = start("""
        from broadsheet.work.models import JobRun
        for run in JobRun.objects.order_by("pk").select_related("job"):
            print(run.job.name, run.started.timestamp(), run.ended.timestamp() if run.ended else "-", run.ok)
    """)
    return [line.split() for line in asking.communicate(timeout=30)[0].splitlines()]


def test_two_schedulers_never_run_a_job_twice(start, tmp_path):
    log = tmp_path / "log"
    both = [start(RUNNING, str(log), "0.02", "3") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    told = runs(start)
    assert len(log.read_text().splitlines()) == len(told), "each run has one row"
    assert {row[3] for row in told} == {"True"}
    for name in {row[0] for row in told}:
        own = [(float(row[1]), float(row[2])) for row in told if row[0] == name]
        assert all(later[0] >= earlier[1] for earlier, later in itertools.pairwise(own)), "never two at once"
        # One at once, and then one in each second that both were up.
        assert 2 <= len(own) <= 1 + (own[-1][0] - own[0][0]) + 1


def test_what_a_killed_scheduler_left_is_taken_over(start, tmp_path):
    killed = start(RUNNING, str(tmp_path / "first"), "60", "60")
    until = time.monotonic() + 30
    while not (tmp_path / "first").exists() or len((tmp_path / "first").read_text().splitlines()) < 8:
        assert time.monotonic() < until
        time.sleep(0.05)
    killed.kill()
    killed.wait(10)
    second = start(RUNNING, str(tmp_path / "second"), "0", "4")
    assert second.wait(60) == 0
    told = runs(start)
    for name in {row[0] for row in told}:
        states = [row[3] for row in told if row[0] == name]
        assert states[:2] == ["False", "True"], "the broken run is told as such, and the job went on"
