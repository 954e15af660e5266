"""The gate before a host: over threads, over processes, after a pause was asked for, and when the clock jumps."""

import itertools
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection, transaction
from tests.gates import Clock

from broadsheet import places
from broadsheet.errors import Upstream
from broadsheet.sources.gate import LONGEST_WAIT
from broadsheet.work import gates
from broadsheet.work.models import Gate

DELAY = 0.3
ASKING = """
    import sys, threading
    from django.db import connections
    from broadsheet.sources.http import PoliteClient
    from broadsheet.work import gates

    def ask():
        PoliteClient(lambda host: gates.gate(host, float(sys.argv[2]))).get(sys.argv[1])
        connections.close_all()

    threads = [threading.Thread(target=ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""


@pytest.fixture
def clock() -> Clock:
    return Clock()


def gate_by(clock: Clock, delay: float = 3.0, host: str = "example.org", pace: str = "") -> gates.Gate:
    return gates.gate(host, delay, pace=pace, clock=clock, sleep=clock.sleep)


def about(seconds: float) -> object:
    """A little more than some seconds: a request may be slower on its way than the next."""
    return pytest.approx(seconds + 0.05, abs=0.06)


@pytest.mark.django_db
class TestOneThread:
    def test_the_first_passes_at_once_and_the_next_after_the_delay(self, clock):
        gate = gate_by(clock)
        gate.wait()
        assert clock.slept == []
        gate.wait()
        gate.wait()
        assert clock.slept == [about(3), about(3)]

    def test_time_that_has_passed_is_not_waited_for_again(self, clock):
        gate = gate_by(clock)
        gate.wait()
        clock.now += 2
        gate.wait()
        clock.now += 60
        gate.wait()
        assert clock.slept == [about(1)]

    def test_hosts_do_not_wait_for_one_another(self, clock):
        gate_by(clock, host="one.example").wait()
        gate_by(clock, host="two.example").wait()
        assert clock.slept == []
        gate_by(clock, host="ONE.example").wait()
        assert clock.slept == [about(3)]

    def test_hosts_of_one_operator_share_a_pace_while_a_pause_is_of_one_alone(self, clock):
        gate_by(clock, host="api.example.org", pace="example.org").wait()
        gate_by(clock, host="feeds.example.org", pace="example.org").wait()
        assert clock.slept == [about(3)]
        gate_by(clock, host="feeds.example.org", pace="example.org").hold(60)
        gate_by(clock, host="api.example.org", pace="example.org").wait()
        assert sum(clock.slept) == about(6)

    def test_a_gate_without_a_delay_keeps_pauses(self, clock):
        gate = gate_by(clock, delay=0)
        gate.wait()
        gate.wait()
        assert not Gate.objects.filter(host="example.org").exists(), "nothing is written for nothing"
        gate.hold(20)
        gate.wait()
        assert clock.slept == [about(20)]

    def test_a_pause_holds_for_every_gate_of_the_host(self, clock):
        gate_by(clock).hold(20)
        gate_by(clock).wait()
        assert sum(clock.slept) == about(20)

    def test_a_shorter_pause_does_not_end_a_longer_one(self, clock):
        gate = gate_by(clock)
        gate.hold(60)
        gate.hold(5)
        gate.wait()
        assert sum(clock.slept) == about(60)

    def test_a_pause_asked_for_while_somebody_waits_holds_them_too(self, clock):
        gate = gate_by(clock)

        def sleep(seconds: float) -> None:
            if not clock.slept:
                gate_by(clock).hold(30)
            clock.sleep(seconds)

        gate.wait()
        gates.gate("example.org", 3, clock=clock, sleep=sleep).wait()
        assert sum(clock.slept) == about(30)

    def test_nobody_waits_out_a_long_pause(self, clock):
        gate = gate_by(clock)
        gate.hold(3600)
        with pytest.raises(Upstream, match=r"example\.org asked for a pause of 3600 s more"):
            gate.wait()
        assert clock.slept == []
        clock.now += 3600 - LONGEST_WAIT
        gate.wait()
        assert sum(clock.slept) == about(LONGEST_WAIT)

    def test_a_pause_of_years_ends_after_a_day(self, clock):
        gate = gate_by(clock)
        gate.hold(99_999_999)
        clock.now += 86_401
        gate.wait()
        assert clock.slept == []

    def test_a_delay_longer_than_the_longest_pause_is_kept(self, clock):
        gate = gate_by(clock, delay=600)
        gate.wait()
        gate.wait()
        assert clock.slept == [about(600)]

    def test_the_delay_counts_from_when_the_host_began_to_answer_but_not_from_a_slow_answer(self, clock):
        gate = gate_by(clock)
        gate.wait(30)
        clock.now += 0.3
        gate.goes_on()
        gate.done()
        gate.wait(30)
        assert clock.slept == [about(3)]
        clock.now += 2
        gate.goes_on()
        gate.done()
        gate.wait(30)
        assert clock.slept[1] == about(1.5)

    def test_nobody_asks_while_a_host_answers_another(self, clock):
        first = gate_by(clock)
        first.wait(30)
        begun = clock.now

        def sleep(seconds: float) -> None:
            clock.sleep(seconds)
            if clock.now < begun + 50:
                first.goes_on()
            elif len(ended) == 0:
                ended.append(clock.now)
                first.done()

        ended: list[float] = []
        second = gates.gate("example.org", 3, clock=clock, sleep=sleep)
        second.wait(30)
        assert clock.now - ended[0] < 1, "the delay had passed long before"
        first.done()
        gate_by(clock).wait()
        assert clock.now - ended[0] >= 30, "whose request was done long ago opens the gate to nobody"

    def test_who_dies_while_a_host_answers_keeps_others_out_for_a_lease_and_no_longer(self, clock):
        begun = clock.now
        gate_by(clock).wait(30)
        gate_by(clock).wait(30)
        assert clock.now - begun == about(30)

    def test_a_clock_set_back_while_a_host_answers_is_no_harm(self, clock):
        first = gate_by(clock)
        first.wait(30)
        clock.now -= 86_400
        second = gate_by(clock)
        assert second._left() == pytest.approx(0.5), "it is looked at again soon"
        first.goes_on()
        first.done()
        second.wait(30)
        assert sum(clock.slept) < 31

    def test_who_never_gets_through_is_told_so(self, clock):
        gate_by(clock).wait()

        def others_are_quicker(seconds: float) -> None:
            clock.sleep(seconds)
            Gate.objects.update(opens=clock.now + 3)

        with pytest.raises(Upstream, match=r"Too many wait to ask example\.org"):
            gates.gate("example.org", 3, clock=clock, sleep=others_are_quicker).wait()

    @pytest.mark.parametrize("jump", [-10, -86_400, -31_536_000])
    def test_a_clock_set_back_makes_nobody_wait_longer_than_the_delay(self, clock, jump):
        gate = gate_by(clock)
        gate.wait()
        clock.now += jump
        gate.wait()
        assert sum(clock.slept) == about(3)

    def test_a_pause_begins_anew_when_the_clock_is_set_back_and_then_ends(self, clock):
        gate = gate_by(clock)
        gate.hold(600)
        clock.now -= 31_536_000
        with pytest.raises(Upstream):
            gate.wait()
        clock.now += 601
        gate.wait()
        assert clock.slept == []

    def test_asking_inside_a_transaction_is_a_mistake_of_the_program(self, clock):
        with transaction.atomic(), pytest.raises(RuntimeError, match=r"example\.org is asked inside a transaction"):
            gate_by(clock).wait()

    def test_the_clock_of_all_who_share_the_database_runs(self):
        before = gates._now()
        assert abs(before - time.time()) < 60
        assert gates._now() >= before


def test_arxivs_hosts_share_one_pace_and_others_have_their_own(settings):
    settings.ARXIV_OAI = "https://mirror.example.org/oai"
    settings.ARXIV_DELAY, settings.HOST_DELAY = 3, 1
    for host in ("export.arxiv.org", "rss.arxiv.org", "arxiv.org", "mirror.example.org"):
        gate = places.gate_of(host)
        assert (gate._host, gate._pace, gate._delay) == (host, "arxiv.org", 3)
    for host in ("api.biorxiv.org", "notarxiv.org", "arxiv.org.example.org"):
        gate = places.gate_of(host)
        assert (gate._host, gate._pace, gate._delay) == (host, host, 1)


@pytest.mark.django_db(transaction=True)
def test_threads_pass_one_by_one():
    passed: list[float] = []

    def pass_twice() -> None:
        for _ in range(2):
            gates.gate("example.org", DELAY).wait()
            passed.append(time.monotonic())
        connection.close()

    threads = [threading.Thread(target=pass_twice) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(passed) == 6
    assert_apart(passed)


@pytest.fixture
def host():
    """A host on this machine that answers slowly, and notes when it is asked and how many ask at once."""

    class Host(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(time.monotonic())
            server.asking += 1
            server.at_once.append(server.asking)
            time.sleep(DELAY + 0.1)
            server.asking -= 1
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Host)
    server.asked, server.at_once, server.asking = [], [], 0
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_processes_and_their_threads_ask_a_host_one_by_one(start, host):
    processes = [start(ASKING, f"http://127.0.0.1:{host.server_port}/", str(DELAY)) for _ in range(2)]
    assert [process.wait(60) for process in processes] == [0, 0]
    assert host.at_once == [1, 1, 1, 1], (
        "a single connection at a time, also while an answer takes longer than the delay"
    )
    gaps = [later - earlier for earlier, later in itertools.pairwise(sorted(host.asked))]
    assert min(gaps) >= DELAY, "by the host's own clock, however busy the machines that ask"


def test_a_process_killed_while_it_waits_leaves_the_gate_working(start):
    waiting = start("""
        from broadsheet.work import gates
        gate = gates.gate("example.org", 60)
        gate.wait()
        print("through", flush=True)
        gate.wait()
    """)
    assert waiting.stdout.readline() == "through\n"
    waiting.kill()
    waiting.wait(10)
    next_one = start("""
        import sys
        from broadsheet.work import gates
        slept = []
        def sleep(seconds):
            slept.append(seconds)
            from broadsheet.work.models import Gate
            Gate.objects.update(opens=0)
        gates.gate("example.org", 60, sleep=sleep).wait()
        print(slept[0])
    """)
    assert 40 < float(next_one.communicate(timeout=30)[0]) < 61, "the delay that had begun still counts"


def assert_apart(moments: list[float]) -> None:
    gaps = [later - earlier for earlier, later in itertools.pairwise(sorted(moments))]
    # The moment is taken a little after the gate let through, so a gap may look a little shorter than it was.
    assert min(gaps) > DELAY - 0.05, gaps
