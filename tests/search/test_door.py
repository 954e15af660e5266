"""The door of the index: real processes on both sides, and callers who hang, send junk or come by the hundred."""

import os
import signal
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from multiprocessing.connection import Client
from pathlib import Path

import numpy as np
import pytest

from broadsheet.errors import BadInput, Conflict
from broadsheet.search import door
from broadsheet.search.compounds import Alike
from broadsheet.search.door import MOST_BYTES, MOST_CALLERS, MOST_HITS, RemoteIndex, knock, serve_door
from broadsheet.search.index import Filters, Scored, Tally, Term

EVERYTHING = Filters()


class Echo:
    """An index that remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple] = []
        self.gate = threading.Event()
        self.gate.set()

    def words(self, text, *, limit, filters, alike=()):
        if text == "wait":
            self.gate.wait(10)
        if text == "bad":
            raise BadInput("That is no query.", "Write another.")
        if text == "broken":
            raise KeyError("inner thing")
        self.asked.append((text, limit, filters, *alike))
        return [Scored(2**40 + pk, 1 / (1 + pk)) for pk in range(limit)]

    def meaning(self, vector, *, limit, filters):
        self.asked.append((vector, limit, filters))
        return [Scored(7, float(vector.sum()))]

    def newest(self, *, limit, filters):
        self.asked.append(("newest", limit, filters))
        return [Scored(5, 739000.0)]

    def tally(self, *, filters, facets=False):
        self.asked.append(("tally", facets, filters))
        return Tally(3, (("cs", 2), ("naïve", 1)), ((2026, 3),))

    def size(self):
        return 123

    def close(self):
        raise AssertionError("the door does not own the index")


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
def remote(echo, tmp_path) -> Iterator[RemoteIndex]:
    with serve_door(echo, tmp_path):
        remote = knock(tmp_path)
        assert remote is not None
        yield remote
        remote.close()


OWNER = """
import sys, time
from pathlib import Path
from broadsheet.search.door import serve_door
from broadsheet.search.whole import WholeIndex
from broadsheet.search.index import Document
folder = Path(sys.argv[1])
index = WholeIndex.open(folder)
index.add([Document(int(pk), f"common number{pk}", "", "", categories=("cs.LG",)) for pk in sys.argv[2:]])
index.flush()
door = serve_door(index, folder)
print("open", flush=True)
sys.stdin.read()
door.close()
index.close()
"""


def owner(folder: Path, *pks: int) -> subprocess.Popen[str]:
    """Start a real process that owns an index and answers for it."""
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", OWNER, str(folder), *map(str, pks)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": "", "TMPDIR": str(folder.parent)},
    )
    assert process.stdout.readline() == "open\n"
    return process


def end(process: subprocess.Popen[str], how: signal.Signals | None = None) -> int:
    if how is not None:
        process.send_signal(how)
    process.stdin.close()
    process.stdout.close()
    return process.wait(20)


# --- What crosses -------------------------------------------------------------------------------------------------


def test_questions_and_answers_cross_whole(remote, echo):
    filters = Filters(("cs.LG", "stat"), date(2026, 1, 2), None)
    text = "naïve \x00 \ud800 中文 " + "x" * 9_000
    hits = remote.words(text, limit=500, filters=filters)
    assert echo.asked[-1] == (text, 500, filters)
    assert hits == [Scored(2**40 + pk, 1 / (1 + pk)) for pk in range(500)]
    vector = np.arange(384, dtype=np.float32)
    assert remote.meaning(vector, limit=1, filters=Filters(until=date(1991, 8, 14))) == [Scored(7, float(vector.sum()))]
    assert (echo.asked[-1][0] == vector).all()
    assert echo.asked[-1][1:] == (1, Filters(until=date(1991, 8, 14)))
    assert remote.words("none", limit=0, filters=EVERYTHING) == []
    assert remote.size() == 123


def test_every_condition_crosses(remote, echo):
    filters = Filters(
        since=date(2026, 1, 2),
        not_categories=("cs",),
        terms=(Term("any", "“naïve”", exact=True), Term("authors", "o'brien")),
        without=(Term("title", "x"),),
        has=("code",),
        lacks=("code",),
        ids=(1, 2**40),
    )
    assert remote.newest(limit=7, filters=filters) == [Scored(5, 739000.0)]
    assert echo.asked[-1] == ("newest", 7, filters)
    for facets in (False, True):
        assert remote.tally(filters=filters, facets=facets) == Tally(3, (("cs", 2), ("naïve", 1)), ((2026, 3),))
        assert echo.asked[-1] == ("tally", facets, filters)
    remote.tally(filters=Filters(ids=()))
    assert echo.asked[-1] == ("tally", False, Filters(ids=()))


def test_other_forms_of_words_cross(remote, echo):
    alike = [Alike("LLM", "large language model"), Alike("“naïve” \ud800", "中文")]
    remote.words("LLM", limit=1, filters=EVERYTHING, alike=alike)
    assert echo.asked[-1] == ("LLM", 1, EVERYTHING, *alike)
    assert all(type(one) is Alike for one in echo.asked[-1][3:])


def test_errors_cross_as_what_they_are(remote):
    with pytest.raises(BadInput, match="no query") as raised:
        remote.words("bad", limit=1, filters=EVERYTHING)
    assert raised.value.hint == "Write another."


def test_a_failure_of_the_owner_crosses_without_its_insides(remote, caplog):
    with pytest.raises(door.BroadsheetError, match="failed") as raised:
        remote.words("broken", limit=1, filters=EVERYTHING)
    assert "Traceback" not in str(raised.value)
    assert "could not answer" in caplog.text
    assert remote.size() == 123


def test_too_large_a_question_or_answer_is_refused_and_the_line_stays(remote):
    with pytest.raises(BadInput, match="too many"):
        remote.words("é" * MOST_BYTES, limit=1, filters=EVERYTHING)
    with pytest.raises(BadInput, match="too many"):
        remote.words("alpha", limit=MOST_HITS + 1, filters=EVERYTHING)
    assert len(remote.words("alpha", limit=MOST_HITS, filters=EVERYTHING)) == MOST_HITS


def test_each_thread_has_a_line_of_its_own(remote, echo):
    echo.gate.clear()
    slow = threading.Thread(target=lambda: remote.words("wait", limit=1, filters=EVERYTHING))
    slow.start()
    assert remote.size() == 123  # while the other thread still waits
    assert slow.is_alive()
    echo.gate.set()
    slow.join(10)
    assert not slow.is_alive()


def test_a_closed_remote_index_says_so(remote):
    remote.close()
    with pytest.raises(Conflict, match="closed"):
        remote.size()


# --- Who may come in ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has pipes instead of socket files")
def test_nobody_else_may_read_what_lies_at_the_door(remote, tmp_path):
    room = tmp_path / "door"
    assert stat.S_IMODE(room.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in room.iterdir()} == {
        "sign": 0o600,
        "socket": 0o600,
    }


def test_a_caller_without_the_key_is_not_answered(remote, tmp_path):
    sign = door._read(tmp_path / "door" / "sign")
    with Client(sign["address"]) as stranger:
        with pytest.raises(ValueError, match="key"):
            door._shake_hands(stranger, b"a guess", b"caller", b"owner")
        with pytest.raises((EOFError, OSError)):
            door._receive(stranger)
    assert remote.size() == 123


def test_a_caller_cannot_return_the_owners_own_proof(remote, tmp_path):
    with Client(door._read(tmp_path / "door" / "sign")["address"]) as mirror:
        mirror.send_bytes(mirror.recv_bytes(32))
        mirror.send_bytes(mirror.recv_bytes(32))
        with pytest.raises((EOFError, OSError)):
            mirror.recv_bytes()


JUNK = {
    "nothing": b"",
    "a web request": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "a huge length": struct.pack("!i", 0x7FFFFFFF) + b"x" * 64,
    "a negative length": struct.pack("!i", -7),
    "half a frame": struct.pack("!i", 32) + b"x" * 5,
}


@pytest.mark.skipif(sys.platform == "win32", reason="junk is sent past the frames through a socket file")
@pytest.mark.parametrize("junk", JUNK)
def test_a_caller_that_sends_junk_and_hangs_hurts_nobody(remote, tmp_path, junk):
    hanging = []
    for _ in range(10):
        caller = socket.socket(socket.AF_UNIX)
        caller.connect(str(tmp_path / "door" / "socket"))
        caller.sendall(JUNK[junk])
        hanging.append(caller)
    assert remote.size() == 123
    other = knock(tmp_path)
    assert other is not None
    other.close()
    for caller in hanging:
        caller.close()


NO_MESSAGES = {
    "nothing": b"",
    "no length": b"\xff" * 3,
    "no JSON": struct.pack("<I", 4) + b"junk",
    "no object": struct.pack("<I", 2) + b"[]",
    "less than it says": struct.pack("<I", 2**31) + b"{}",
    "a deep nest": struct.pack("<I", 60_000) + b"[" * 60_000,
    "too much": b"\x00" * (MOST_BYTES + 1),
}


@pytest.mark.parametrize("frame", NO_MESSAGES)
def test_junk_from_a_proven_caller_ends_its_line_alone(remote, tmp_path, frame):
    with door._call(tmp_path / "door") as line:
        with suppress(BrokenPipeError):
            line.send_bytes(NO_MESSAGES[frame])
        with pytest.raises((EOFError, OSError)):
            line.recv_bytes()
    assert remote.size() == 123


def test_questions_of_a_wrong_form_are_answered_with_an_error(remote, tmp_path, caplog):
    with door._call(tmp_path / "door") as line:
        for asked in ({}, {"ask": "words"}, {"ask": "fly", "limit": 1, "filters": []}, {"ask": "words", "limit": "x"}):
            door._send(line, asked)
            assert door._receive(line)[0]["error"][0] == "BroadsheetError"
        door._send(line, {"ask": "size"})
        assert door._receive(line)[0] == {"size": 123}


def test_more_callers_than_there_are_places_are_turned_away_and_come_back(remote, tmp_path):
    assert remote.size() == 123
    lines = []
    while len(lines) < 2 * MOST_CALLERS:
        try:
            lines.append(door._call(tmp_path / "door"))
        except (OSError, EOFError):
            break
    assert len(lines) == MOST_CALLERS - 1
    assert remote.size() == 123
    for line in lines:
        line.close()
    until = time.monotonic() + 5
    while (late := knock(tmp_path)) is None and time.monotonic() < until:
        time.sleep(0.02)
    assert late is not None
    late.close()


def test_a_silent_caller_is_hung_up_on_and_may_come_back(echo, tmp_path, monkeypatch):
    monkeypatch.setattr(door, "IDLE", 0.05)
    with serve_door(echo, tmp_path):
        remote = knock(tmp_path)
        for _ in range(3):
            time.sleep(0.1)
            assert remote.size() == 123
        remote.close()


# --- Coming and going ---------------------------------------------------------------------------------------------


def test_nobody_answers_where_there_is_no_door(tmp_path):
    assert knock(tmp_path) is None
    assert knock(tmp_path / "nowhere") is None


def test_a_closed_door_leaves_nothing_behind(echo, tmp_path):
    before = threading.active_count()
    opened = serve_door(echo, tmp_path)
    remote = knock(tmp_path)
    opened.close()
    opened.close()
    assert list((tmp_path / "door").iterdir()) == []
    assert knock(tmp_path) is None
    with pytest.raises(Conflict, match="does not answer"):
        remote.size()
    until = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < until:
        time.sleep(0.01)
    assert threading.active_count() == before
    remote.close()


def test_there_is_one_door_to_an_index(remote, echo, tmp_path):
    with pytest.raises(Conflict, match="Another process answers"):
        serve_door(echo, tmp_path)
    assert remote.size() == 123


@pytest.mark.skipif(sys.platform == "win32", reason="only socket files have short names")
def test_a_long_path_is_gone_around(echo, tmp_path):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    with serve_door(echo, deep):
        remote = knock(deep)
        assert remote.size() == 123
        remote.close()
        socket_file = Path(door._read(deep / "door" / "sign")["address"])
        assert not socket_file.is_relative_to(tmp_path)
        assert stat.S_IMODE(socket_file.parent.stat().st_mode) == 0o700
    assert not socket_file.parent.exists()


def test_another_process_searches_the_owners_index(tmp_path):
    process = owner(tmp_path, 1, 2, 3)
    remote = knock(tmp_path)
    assert remote.size() == 3
    assert [hit.id for hit in remote.words("number2", limit=5, filters=EVERYTHING)] == [2]
    assert len(remote.words("common", limit=5, filters=Filters(("cs",)))) == 3
    assert remote.words("common", limit=5, filters=Filters(("math",))) == []
    with pytest.raises(BadInput, match="384"):
        remote.meaning(np.zeros(3, dtype=np.float32), limit=5, filters=EVERYTHING)
    assert end(process) == 0
    with pytest.raises(Conflict, match="does not answer"):
        remote.size()
    remote.close()


@pytest.mark.parametrize("deep", ["short", "d" * 120])
def test_a_killed_owner_is_followed_by_another_whom_old_callers_find(tmp_path, deep):
    folder = tmp_path / deep
    folder.mkdir()
    process = owner(folder, 1)
    remote = knock(folder)
    assert remote.size() == 1
    assert end(process, signal.SIGKILL) == -signal.SIGKILL
    assert knock(folder) is None
    with pytest.raises(Conflict, match="does not answer"):
        remote.size()
    process = owner(folder, 2, 3)
    assert remote.size() == 3
    assert end(process) == 0
    remote.close()
    assert list(tmp_path.glob("broadsheet-door-*")) == [], "the killed owner's room was not cleaned up"


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="only where processes can be stopped")
def test_an_owner_that_stands_still_is_not_waited_for_forever(tmp_path, monkeypatch):
    process = owner(tmp_path, 1)
    remote = knock(tmp_path)
    os.kill(process.pid, signal.SIGSTOP)
    monkeypatch.setattr(door, "PATIENCE", 0.2)
    monkeypatch.setattr(door, "ANSWER_WITHIN", 0.2)
    assert knock(tmp_path) is None
    with pytest.raises(Conflict, match="does not answer"):
        remote.words("number1", limit=1, filters=EVERYTHING)
    os.kill(process.pid, signal.SIGCONT)
    monkeypatch.setattr(door, "ANSWER_WITHIN", 20.0)
    monkeypatch.setattr(door, "PATIENCE", 20.0)
    assert remote.size() == 1, "the late answer to the first question is not taken for that to the second"
    remote.close()
    assert end(process) == 0
