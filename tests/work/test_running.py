"""Running jobs: once each, next moments, failures, pauses, takeovers of the dead, and a stop that need not wait."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from broadsheet.errors import Conflict, NotFound, Upstream
from broadsheet.work import actions, overview, running
from broadsheet.work.models import Job, JobRun
from broadsheet.work.running import Runner
from broadsheet.work.timetable import Daily, Entry, Every

pytestmark = pytest.mark.django_db(transaction=True)


def entry(function, name="read", when=None, **more) -> Entry:
    return Entry(name, when or Every(3600), "Reads.", function, **more)


def until(condition, seconds: float = 15) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.02)


@pytest.fixture
def runner():
    """Make runners that look often, and stop them at the end."""
    made: list[Runner] = []

    def make(*entries: Entry, **more) -> Runner:
        made.append(Runner(entries, look_every=0.02, **more))
        made[-1].start()
        return made[-1]

    yield make
    for one in made:
        one.stop()
        until(lambda one=one: not one._lanes)
    connection.close()


def ended(name: str = "read") -> list[JobRun]:
    return list(JobRun.objects.filter(job__name=name).exclude(ended=None).order_by("pk"))


def test_a_new_job_runs_once_and_its_row_tells_of_it(runner):
    runner(entry(lambda stop: "Read three."))
    until(ended)
    time.sleep(0.2)
    [run] = ended()
    assert (run.ok, run.result, run.by) == (True, "Read three.", "")
    job = Job.objects.get()
    assert timedelta(minutes=59) < job.next_at - timezone.now() <= timedelta(hours=1)
    assert (job.held_by, job.held_until) == ("", None)


def test_what_was_missed_for_days_is_caught_up_once(runner):
    Job.objects.create(name="read", next_at=timezone.now() - timedelta(days=5))
    runner(entry(lambda stop: "Read."))
    until(ended)
    time.sleep(0.2)
    assert len(ended()) == 1


def test_a_daily_job_waits_for_its_hour(runner):
    Job.objects.create(name="other", next_at=timezone.now())
    soon = timezone.now() + timedelta(hours=2)
    runner(entry(lambda stop: "", when=Daily(soon.hour, soon.minute)), entry(lambda stop: "", name="other", lane="b"))
    until(lambda: ended("other"))
    assert ended("read") == []
    assert Job.objects.get(name="read").next_at.hour == soon.hour


def test_a_job_that_fails_is_told_and_tried_again_after_growing_pauses(runner):
    def fail(stop):
        raise Upstream("The host is away.", "Try later.")

    runner(entry(fail))
    pauses = []
    for count in (1, 2, 3):
        until(lambda count=count: len(ended()) == count)
        pauses.append(round((Job.objects.get().next_at - ended()[-1].ended) / timedelta(minutes=1)))
        Job.objects.update(next_at=timezone.now())
    assert pauses == [1, 2, 4]
    assert ended()[0].ok is False
    assert ended()[0].result == "The host is away. Try later."


def test_pauses_after_failures_have_a_limit_and_a_success_ends_them():
    job = Job.objects.create(name="read", next_at=timezone.now())
    for ok in (False,) * 9:
        JobRun.objects.create(job=job, started=timezone.now(), ended=timezone.now(), ok=ok)
    assert actions.pause_after_failure("read") == actions.LONGEST_PAUSE
    JobRun.objects.create(job=job, started=timezone.now(), ended=timezone.now(), ok=True)
    assert actions.pause_after_failure("read") == actions.FIRST_PAUSE


def test_an_error_nobody_thought_of_is_told_and_others_go_on(runner, caplog):
    def breaks(stop):
        raise ZeroDivisionError("division by zero")

    runner(entry(breaks), entry(lambda stop: "Fine.", name="other", lane="b"))
    until(lambda: ended() and ended("other"))
    assert ended()[0].result == "ZeroDivisionError: division by zero"
    assert "The job read failed" in caplog.text


def test_what_is_quick_does_not_wait_behind_what_is_long(runner):
    go = threading.Event()

    def long(stop):
        go.wait(10)
        return "Long."

    runner(entry(long, name="long", lane="a"), entry(lambda s: "Next.", name="next", lane="a"), entry(lambda s: "Q."))
    until(lambda: ended("read"))
    assert ended("next") == [], "one lane runs its jobs one after the other"
    go.set()
    until(lambda: ended("next"))


def test_two_runners_take_each_run_once(runner):
    ran = []

    def noting(name):
        return entry(lambda stop: ran.append(name) or "Noted.", name=name, lane=name)

    entries = [noting(f"job{number}") for number in range(5)]
    runner(*entries)
    runner(*entries)
    until(lambda: JobRun.objects.exclude(ended=None).count() == 5)
    time.sleep(0.2)
    assert sorted(ran) == [f"job{number}" for number in range(5)]


def test_a_job_of_a_dead_process_is_taken_over_after_its_lease(runner):
    now = timezone.now()
    job = Job.objects.create(name="read", next_at=now, held_by="dead", held_until=now + timedelta(seconds=0.6))
    JobRun.objects.create(job=job, started=now)
    runner(entry(lambda stop: "Read."))
    time.sleep(0.2)
    assert ended() == [], "it may still be alive"
    until(lambda: len(ended()) == 2)
    assert [(run.ok, run.result) for run in ended()] == [(False, actions.ENDED_WITHOUT_A_WORD), (True, "Read.")]


def test_a_run_gives_signs_of_life_for_as_long_as_it_takes(runner):
    go = threading.Event()
    runner(entry(lambda stop: str(go.wait(10))), lease=timedelta(seconds=0.6))
    until(lambda: Job.objects.filter(name="read").exclude(held_until=None).exists())
    first = Job.objects.get().held_until
    until(lambda: Job.objects.get().held_until > first + timedelta(seconds=0.5))
    go.set()
    until(ended)
    assert len(ended()) == 1


def test_whose_job_was_taken_over_ends_and_writes_nothing(runner):
    asked = threading.Event()

    def work(stop):
        asked.set()
        until(stop)
        return "Late."

    runner(entry(work), lease=timedelta(seconds=0.6))
    assert asked.wait(10)
    Job.objects.update(held_by="another", held_until=timezone.now() + timedelta(hours=1))
    until(lambda: not any(thread.name == "job read" for thread in threading.enumerate()))
    assert ended() == []
    assert Job.objects.get().held_by == "another"


def test_a_paused_job_rests_and_catches_up_when_it_goes_on(runner):
    Job.objects.create(name="read", next_at=timezone.now(), paused=True)
    runner(entry(lambda stop: "Read."))
    time.sleep(0.2)
    assert ended() == []
    actions.go_on("read")
    until(ended)


def test_a_pause_ends_a_run_at_its_next_batch_and_it_is_carried_on_later(runner):
    begun = threading.Event()

    def work(stop):
        begun.set()
        until(stop)
        return "Half of it."

    runner(entry(work), lease=timedelta(seconds=0.6))
    assert begun.wait(10)
    actions.pause("read")
    until(ended)
    assert ended()[0].result == "Half of it. It was stopped and goes on later."
    assert Job.objects.get().next_at <= timezone.now()


def test_an_operator_starts_a_job_that_is_not_due_and_even_one_that_rests(runner):
    Job.objects.create(name="read", next_at=timezone.now() + timedelta(minutes=30), paused=True)
    planned = Job.objects.get().next_at
    runner(entry(lambda stop: "Read."))
    actions.ask_for("read", "ada")
    until(ended)
    assert ended()[0].by == "ada"
    job = Job.objects.get()
    assert (job.next_at, job.wanted, job.paused) == (planned, False, True)


def test_a_stop_ends_jobs_between_batches_and_the_next_start_carries_on(runner):
    begun = threading.Event()

    def work(stop):
        begun.set()
        until(stop)
        return "One batch."

    runner_ = runner(entry(work))
    assert begun.wait(10)
    runner_.stop()
    assert ended()[0].result == "One batch. It was stopped and goes on later."
    assert Job.objects.get().next_at <= timezone.now()


def test_a_stop_does_not_wait_for_a_job_that_hangs(runner):
    go = threading.Event()
    begun = threading.Event()

    def hang(stop):
        begun.set()
        go.wait(20)
        return "At last."

    runner_ = runner(entry(hang, patience=0.1))
    assert begun.wait(10)
    runner_.stop()
    [run] = ended()
    assert (run.ok, run.result) == (False, running.LEFT_BEHIND)
    job = Job.objects.get()
    assert job.held_until is None, "the next process need not wait for the lease"
    assert job.next_at <= timezone.now()
    go.set()
    until(lambda: not runner_._lanes)
    assert ended()[0].result != "At last.", "what was let go of is not written any more"


def test_a_stop_before_the_start_is_a_stop():
    one = Runner([entry(lambda stop: "")])
    one.stop()
    one.start()
    assert not Job.objects.exists()


def test_a_job_by_hand_runs_now_and_tells_its_seconds():
    Job.objects.create(name="read", next_at=timezone.now() + timedelta(hours=1))
    ticks = []

    def read(stop):
        until(lambda: ticks)  # a job may be done before the first second is told
        return "Read."

    run = running.run_now(entry(read), "operator", tick=ticks.append)
    assert (run.ok, run.result, run.by) == (True, "Read.", "operator")
    assert ticks


def test_a_job_that_another_process_runs_is_not_run_by_hand():
    Job.objects.create(name="read", next_at=timezone.now(), held_until=timezone.now() + timedelta(minutes=1))
    with pytest.raises(Conflict, match="being run by another process"):
        running.run_now(entry(lambda stop: "Read."), "operator")


def test_a_moment_far_ahead_is_brought_back_as_the_clock_was_wrong():
    Job.objects.create(name="read", next_at=timezone.now() + timedelta(days=365))
    actions.settle([entry(lambda stop: "")], timezone.now())
    assert Job.objects.get().next_at <= timezone.now() + timedelta(hours=1)


def test_old_runs_are_forgotten(monkeypatch):
    monkeypatch.setattr(actions, "MOST_RUNS", 3)
    for name in ("read", "write"):
        job = Job.objects.create(name=name, next_at=timezone.now())
        for number in range(5):
            JobRun.objects.create(job=job, started=timezone.now(), result=str(number))
    assert actions.forget_runs() == 4
    assert sorted(JobRun.objects.filter(job__name="read").values_list("result", flat=True)) == ["2", "3", "4"]


@pytest.mark.parametrize("act", [actions.pause, actions.go_on, lambda name: actions.ask_for(name, "ada")])
def test_there_must_be_such_a_job(act):
    with pytest.raises(NotFound, match="no job 'nothing'"):
        act("nothing")


def test_how_jobs_stand_is_told_in_words():
    now = timezone.now()
    [new] = overview.of([entry(lambda stop: "")], now)
    assert new.state == "nothing has run the timetable yet"
    job = Job.objects.create(name="read", next_at=now - timedelta(seconds=1))

    def state(**changes) -> str:
        for name, value in changes.items():
            setattr(job, name, value)
        job.save()
        return overview.of([entry(lambda stop: "")], now)[0].state

    assert state() == "due"
    assert state(next_at=now + timedelta(hours=1)).startswith("next at 20")
    assert state(paused=True) == "paused"
    assert state(wanted=True) == "asked for, waits for a server or worker"
    JobRun.objects.create(job=job, started=now - timedelta(seconds=200))
    assert state(held_until=now + timedelta(seconds=20)) == "running for 3 min"


def test_runs_in_a_row_that_went_alike_are_one_row_that_counts_them(runner):
    results = ["Nothing.", "Nothing.", "Three came.", "Nothing.", "Nothing.", "Nothing."]
    left = list(results)
    runner(entry(lambda stop: left.pop(0), when=Every(1)))
    for done in range(len(results)):
        until(lambda done=done: len(left) < len(results) - done)
        until(lambda: Job.objects.get().held_until is None)
        Job.objects.update(next_at=timezone.now())
    until(lambda: not left)
    actions.pause("read")
    until(lambda: Job.objects.get().held_until is None)
    told = [(run.result, run.times) for run in ended() if run.ok]
    assert told == [("Nothing.", 2), ("Three came.", 1), ("Nothing.", 3)]


@pytest.mark.parametrize(("ok", "by"), [(False, ""), (True, "ada")])
def test_failures_and_what_an_operator_asked_for_keep_rows_of_their_own(ok, by):
    Job.objects.create(name="read", next_at=timezone.now())
    for _ in range(3):
        held = actions.take("read", timezone.now(), by=by)
        assert actions.finish(held, timezone.now(), ok=ok, result="Nothing.", next_at=timezone.now())
    assert [run.times for run in ended()] == [1, 1, 1]


def test_a_database_that_is_away_for_a_while_is_told_in_a_line_and_the_work_goes_on(runner, caplog, monkeypatch):
    monkeypatch.setattr(running, "AFTER_TROUBLE", 0.05)
    due, finish, away = actions.due, actions.finish, []

    def fails(*told, **more):
        away.append(1)
        if len(away) < 3:
            raise OperationalError("server closed the connection\n\tunexpectedly")
        return (due if len(told) == 2 and not more else finish)(*told, **more)

    monkeypatch.setattr(actions, "due", fails)
    ran = []
    runner(entry(lambda stop: ran.append(1) or "Read."))
    until(lambda: len(away) >= 3)
    monkeypatch.setattr(actions, "due", due)
    until(ended)
    away.clear()
    monkeypatch.setattr(actions, "finish", fails)
    actions.ask_for("read", "ada")
    until(lambda: len(ended()) == 2)
    assert [run.result for run in ended()] == ["Read.", "Read."]
    assert len(ran) == 2, "what was done is not done again because it could not be written down at once"
    assert "looking into the timetable: the database does not answer (server closed the connection)" in caplog.text
    assert "Traceback" not in caplog.text


def test_a_job_that_meets_a_database_that_is_away_says_so(runner, caplog):
    def work(stop):
        raise OperationalError("database is locked")

    runner(entry(work))
    until(ended)
    assert ended()[0].result == "The database did not answer: database is locked."
    assert "Traceback" not in caplog.text


def test_what_the_dead_held_is_free_after_a_lease_although_the_clock_was_set_back():
    now = timezone.now()
    Job.objects.create(name="read", next_at=now)
    assert actions.take("read", now)
    later = now - timedelta(days=1)
    actions.settle([entry(lambda stop: "")], later)
    assert actions.take("read", later + timedelta(seconds=50)) is None, "it may still be alive"
    Job.objects.update(next_at=later)
    assert actions.take("read", later + timedelta(seconds=61))


def test_a_runner_notices_while_it_runs_that_the_clock_was_set_back(runner, monkeypatch):
    monkeypatch.setattr(running, "SETTLE_EVERY", 0.05)
    runner(entry(lambda stop: "Read."))
    until(ended)
    Job.objects.update(next_at=timezone.now() + timedelta(days=30))
    until(lambda: Job.objects.get().next_at < timezone.now() + timedelta(hours=2))


def test_a_pause_after_failures_is_kept_though_it_reaches_beyond_the_next_moment():
    rests_until = timezone.now() + timedelta(minutes=25)
    Job.objects.create(name="read", next_at=rests_until)
    actions.settle([entry(lambda stop: "", when=Every(60))], timezone.now())
    assert Job.objects.get().next_at == rests_until
