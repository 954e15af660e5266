"""The gate before a host: over threads, over processes, after a pause was asked for, and when the clock jumps."""

import itertools
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from broadsheet.errors import Upstream
from broadsheet.sources.gate import LONGEST_WAIT, Gate

DELAY = 0.2
PASSING = """
    import sys, time
    from pathlib import Path
    from broadsheet.sources.gate import Gate
    gate = Gate(Path(sys.argv[1]), "example.org", float(sys.argv[2]))
    for _ in range(int(sys.argv[3])):
        gate.wait()
        print(repr(time.time()), flush=True)
"""


class Clock:
    """A clock that moves only when somebody sleeps by it."""

    def __init__(self) -> None:
        self.now = 1_700_000_000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


def gate_at(folder: Path, clock: Clock, delay: float = 3.0, host: str = "example.org") -> Gate:
    return Gate(folder, host, delay, clock=clock, sleep=clock.sleep)


def passing(folder: Path, times: int, delay: float = DELAY) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(PASSING), str(folder), str(delay), str(times)],
        stdout=subprocess.PIPE,
        text=True,
    )


def assert_apart(moments: list[float]) -> None:
    moments = sorted(moments)
    gaps = [later - earlier for earlier, later in itertools.pairwise(moments)]
    # The moment is taken a little after the gate let through, so a gap may look a little shorter than it was.
    assert min(gaps) > DELAY - 0.05, gaps


def test_the_first_passes_at_once_and_the_next_after_the_delay(tmp_path, clock):
    gate = gate_at(tmp_path, clock)
    gate.wait()
    assert clock.slept == []
    gate.wait()
    gate.wait()
    assert clock.slept == pytest.approx([3.0, 3.0])


def test_time_that_has_passed_is_not_waited_for_again(tmp_path, clock):
    gate = gate_at(tmp_path, clock)
    gate.wait()
    clock.now += 2
    gate.wait()
    clock.now += 60
    gate.wait()
    assert clock.slept == pytest.approx([1.0])


def test_hosts_do_not_wait_for_one_another(tmp_path, clock):
    gate_at(tmp_path, clock, host="one.example").wait()
    gate_at(tmp_path, clock, host="two.example").wait()
    assert clock.slept == []
    gate_at(tmp_path, clock, host="ONE.example").wait()
    assert clock.slept == pytest.approx([3.0])


def test_a_host_can_name_no_file_outside_the_folder(tmp_path, clock):
    folder = tmp_path / "gates"
    gate_at(folder, clock, host="../../x/é").wait()
    assert {path.parent for path in tmp_path.rglob("*.*")} == {folder}


def test_a_pause_holds_for_every_gate_of_the_folder(tmp_path, clock):
    gate_at(tmp_path, clock).hold(20)
    gate_at(tmp_path, clock).wait()
    assert sum(clock.slept) == pytest.approx(20)


def test_a_shorter_pause_does_not_end_a_longer_one(tmp_path, clock):
    gate = gate_at(tmp_path, clock)
    gate.hold(60)
    gate.hold(5)
    gate.wait()
    assert sum(clock.slept) == pytest.approx(60)


def test_a_pause_asked_for_while_somebody_waits_holds_them_too(tmp_path, clock):
    gate = gate_at(tmp_path, clock)

    def sleep(seconds: float) -> None:
        if not clock.slept:
            gate_at(tmp_path, clock).hold(30)
        clock.sleep(seconds)

    waiting = Gate(tmp_path, "example.org", 3.0, clock=clock, sleep=sleep)
    gate.wait()
    waiting.wait()
    assert sum(clock.slept) == pytest.approx(30)


def test_nobody_waits_out_a_long_pause(tmp_path, clock):
    gate = gate_at(tmp_path, clock)
    gate.hold(3600)
    with pytest.raises(Upstream, match=r"example\.org asked for a pause of 3600 s more"):
        gate.wait()
    assert clock.slept == []
    clock.now += 3600 - LONGEST_WAIT
    gate.wait()
    assert sum(clock.slept) == pytest.approx(LONGEST_WAIT)


def test_a_pause_of_years_ends_after_a_day(tmp_path, clock):
    gate = gate_at(tmp_path, clock)
    gate.hold(99_999_999)
    clock.now += 86_401
    gate.wait()
    assert clock.slept == []


def test_a_delay_longer_than_the_longest_pause_is_kept(tmp_path, clock):
    gate = gate_at(tmp_path, clock, delay=600)
    gate.wait()
    gate.wait()
    assert clock.slept == pytest.approx([600])


@pytest.mark.parametrize("jump", [-10, -86_400, -31_536_000])
def test_a_clock_set_back_makes_nobody_wait_longer_than_the_delay(tmp_path, clock, jump):
    gate = gate_at(tmp_path, clock)
    gate.wait()
    clock.now += jump
    gate.wait()
    assert sum(clock.slept) == pytest.approx(3.0)


def test_a_pause_begins_anew_when_the_clock_is_set_back_and_then_ends(tmp_path, clock):
    gate = gate_at(tmp_path, clock)
    gate.hold(600)
    clock.now -= 31_536_000
    with pytest.raises(Upstream):
        gate.wait()
    clock.now += 601
    gate.wait()
    assert clock.slept == []


@pytest.mark.parametrize("content", ["", "nonsense", "1 2 3", "\0\0\0"])
def test_a_spoilt_note_is_passed_over(tmp_path, clock, content):
    for ending in ("next", "hold"):
        (tmp_path / f"example.org.{ending}").write_text(content)
    gate = gate_at(tmp_path, clock)
    gate.wait()
    gate.wait()
    assert clock.slept == pytest.approx([3.0])


def test_threads_pass_one_by_one(tmp_path):
    passed: list[float] = []

    def pass_twice() -> None:
        gate = Gate(tmp_path, "example.org", DELAY)
        for _ in range(2):
            gate.wait()
            passed.append(time.time())

    threads = [threading.Thread(target=pass_twice) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(passed) == 6
    assert_apart(passed)


def test_processes_pass_one_by_one(tmp_path):
    processes = [passing(tmp_path, 3) for _ in range(2)]
    passed = [float(line) for process in processes for line in process.communicate(timeout=30)[0].split()]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(passed) == 6
    assert_apart(passed)


def test_a_process_killed_while_it_waits_leaves_the_gate_working(tmp_path):
    killed = passing(tmp_path, 2, delay=60)
    assert killed.stdout is not None
    killed.stdout.readline()
    time.sleep(0.2)  # it now sleeps inside the lock
    killed.kill()
    killed.communicate(timeout=10)
    clock = Clock()
    clock.now = time.time()
    gate_at(tmp_path, clock).wait()
    assert 50 < sum(clock.slept) < 60, "the delay it had begun still counts"


def test_a_killed_process_leaves_no_half_written_note(tmp_path):
    for _ in range(3):
        process = passing(tmp_path, 1_000_000, delay=0)
        time.sleep(0.4)
        process.kill()
        process.communicate(timeout=10)
        note = tmp_path / "example.org.next"
        assert not note.exists() or len([float(part) for part in note.read_text().split()]) == 2
