"""The door of the index: its owner answers other processes of the same machine and user through a local socket.

The owner serves a ``Searcher``; a ``RemoteIndex`` asks it. What crosses are frames of JSON and raw numbers, no pickles.
"""

import hmac
import json
import logging
import os
import secrets
import shutil
import struct
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import date
from multiprocessing.connection import Client, Connection, Listener, Pipe, wait
from pathlib import Path
from typing import Any, Self

import numpy as np

from broadsheet import errors
from broadsheet.errors import BadInput, BroadsheetError, Conflict
from broadsheet.search.compounds import Alike
from broadsheet.search.index import Filters, Scored, Searcher, Tally, Term, Vector

MOST_BYTES = 1 << 20
"""Of one frame. A query of 10,000 signs takes 120,000 at worst, the most hits take 800,000."""
MOST_HITS = 50_000
MOST_CALLERS = 64
PATIENCE = 5.0
"""Seconds that each side waits for the other to prove itself."""
ANSWER_WITHIN = 60.0
"""Seconds that a caller waits for an answer: the owner stands still while its engine folds new papers in."""
IDLE = 600.0
"""Seconds of silence after which the owner hangs up; callers come back by themselves."""

_LONGEST_ADDRESS = 100  # 104 bytes on macOS, 108 on Linux, the closing zero included
_HIT = np.dtype([("id", "<i8"), ("score", "<f8")])
_HEADER = struct.Struct("<I")
_log = logging.getLogger(__name__)

type _Line = Connection[Any, Any]


class Door:
    """An open door; see ``serve_door``."""

    def __init__(self, index: Searcher, folder: Path) -> None:
        self._index = index
        self._room = folder / "door"
        self._room.mkdir(parents=True, exist_ok=True)
        self._room.chmod(0o700)
        self._clear()
        self._key = secrets.token_bytes(32)
        self._listener = _listen(self._room)
        self._bell, self._closing = Pipe(duplex=False)  # ready to be read once the door closes
        self._places = threading.BoundedSemaphore(MOST_CALLERS)
        self._closed = threading.Event()
        self._porter = threading.Thread(target=self._let_in, name="index door", daemon=True)
        self._porter.start()
        _write_privately(self._room / "sign", {"address": self._listener.address, "key": self._key.hex()})

    def close(self) -> None:
        """Hang up on everybody and take the socket away. A second call does nothing."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._closing.send_bytes(b"closing")
        with suppress(OSError):
            Client(self._listener.address).close()  # wakes the porter, who waits for a caller
        self._porter.join(PATIENCE)
        self._listener.close()
        if _read(self._room / "sign").get("key") == self._key.hex():  # else a new owner is here already
            self._clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _clear(self) -> None:
        """Remove what an owner left here, this one or one that was killed: the sign, the socket, its far-away room."""
        address = _read(self._room / "sign").get("address", "")
        if address and Path(address).parent.name.startswith("broadsheet-door-"):
            shutil.rmtree(Path(address).parent, ignore_errors=True)
        (self._room / "sign").unlink(missing_ok=True)
        (self._room / "socket").unlink(missing_ok=True)

    def _let_in(self) -> None:
        while not self._closed.is_set():
            try:
                line = self._listener.accept()
            except OSError:
                # A caller that left at once, or no file handles left: neither may end the service, nor spin.
                self._closed.wait(0.1)
                continue
            if self._closed.is_set() or not self._places.acquire(blocking=False):
                line.close()
                continue
            try:
                threading.Thread(target=self._attend, args=(line,), name="index caller", daemon=True).start()
            except RuntimeError:  # no more threads to be had
                line.close()
                self._places.release()

    def _attend(self, line: _Line) -> None:
        """Answer one caller until it hangs up, sends junk or falls silent."""
        try:
            with line, suppress(OSError, EOFError, ValueError):
                _shake_hands(line, self._key, b"owner", b"caller")
                # Leave when the door closes too, or nobody speaks for long.
                while wait([line, self._bell], IDLE) == [line]:
                    _send(line, *self._answer(*_receive(line)))
        finally:
            self._places.release()

    def _answer(self, asked: dict[str, Any], tail: bytes) -> tuple[dict[str, Any], bytes]:
        try:
            return self._look_up(asked, tail)
        except BroadsheetError as error:
            return {"error": [type(error).__name__, error.message, error.hint]}, b""
        except Exception as error:  # noqa: BLE001 (a caller gets an answer, whatever happened)
            _log.exception("The index could not answer through its door")
            return {"error": ["BroadsheetError", f"The search index failed: {error}.", ""]}, b""

    def _look_up(self, asked: dict[str, Any], tail: bytes) -> tuple[dict[str, Any], bytes]:
        if asked["ask"] == "size":
            return {"size": self._index.size()}, b""
        filters = _filters(asked["filters"])
        if asked["ask"] == "tally":
            return {"tally": self._index.tally(filters=filters, facets=bool(asked["facets"]))}, b""
        limit = int(asked["limit"])
        if limit > MOST_HITS:
            raise BadInput(f"{limit} hits are too many for one answer.", f"It takes {MOST_HITS}.")
        if asked["ask"] == "words":
            alike = [Alike(str(typed), str(other)) for typed, other in asked.get("alike", ())]
            hits = self._index.words(str(asked["text"]), limit=limit, filters=filters, alike=alike)
        elif asked["ask"] == "newest":
            hits = self._index.newest(limit=limit, filters=filters)
        else:
            hits = self._index.meaning(np.frombuffer(tail, dtype="<f4"), limit=limit, filters=filters)
        return {}, np.array(hits, dtype=_HIT).tobytes()


class RemoteIndex:
    """The reading half of an index that another process owns. Each thread has a line of its own.

    Calls raise the owner's errors, and Conflict when the owner does not answer. An owner that was restarted meanwhile
    is found again. Lines that a forked process inherited are left to the parent.
    """

    def __init__(self, folder: Path) -> None:
        self._room = folder / "door"
        self._own = threading.local()
        self._lines: weakref.WeakSet[_Line] = weakref.WeakSet()
        self._closed = False

    def words(self, text: str, *, limit: int, filters: Filters, alike: Sequence[Alike] = ()) -> list[Scored]:
        """Return what the owner's ``words`` returns."""
        asked = {"ask": "words", "text": text, "limit": limit, "filters": _plain(filters), "alike": list(alike)}
        return self._hits(asked)

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return what the owner's ``meaning`` returns."""
        numbers = np.asarray(vector, dtype="<f4").tobytes()
        return self._hits({"ask": "meaning", "limit": limit, "filters": _plain(filters)}, numbers)

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return what the owner's ``newest`` returns."""
        return self._hits({"ask": "newest", "limit": limit, "filters": _plain(filters)})

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Return what the owner's ``tally`` returns."""
        total, categories, years = self._ask({"ask": "tally", "filters": _plain(filters), "facets": facets})[0]["tally"]
        return Tally(total, tuple((name, number) for name, number in categories), tuple((y, n) for y, n in years))

    def size(self) -> int:
        """Return the number of papers in the owner's index."""
        return int(self._ask({"ask": "size"})[0]["size"])

    def close(self) -> None:
        """Hang up, in every thread."""
        self._closed = True
        for line in list(self._lines):
            line.close()

    def _hits(self, asked: dict[str, Any], tail: bytes = b"") -> list[Scored]:
        rows = np.frombuffer(self._ask(asked, tail)[1], dtype=_HIT)
        return [Scored(*row) for row in rows.tolist()]

    def _ask(self, asked: dict[str, Any], tail: bytes = b"") -> tuple[dict[str, Any], bytes]:
        if self._closed:
            raise Conflict("This connection to the search index was closed.", "Open another one.")
        try:
            answer, numbers = self._ask_twice(asked, tail)
        except (OSError, EOFError, ValueError) as error:
            raise Conflict(
                f"The process that owns the search index does not answer ({str(error) or 'it hung up'}).",
                "Try again in a moment; if it stopped, start `broadsheet serve` again.",
            ) from error
        if "error" in answer:
            kind, message, hint = answer["error"]
            raise _kind(kind)(message, hint)
        return answer, numbers

    def _ask_twice(self, asked: dict[str, Any], tail: bytes) -> tuple[dict[str, Any], bytes]:
        """Ask, and once more over a new line when the old one turns out to be broken."""
        try:
            return self._ask_once(asked, tail)
        except TimeoutError:
            raise
        except (OSError, EOFError, ValueError):
            return self._ask_once(asked, tail)

    def _ask_once(self, asked: dict[str, Any], tail: bytes) -> tuple[dict[str, Any], bytes]:
        line = self._line()
        try:
            _send(line, asked, tail)
            if not line.poll(ANSWER_WITHIN):
                raise TimeoutError(f"no answer within {ANSWER_WITHIN:.0f} seconds")
            return _receive(line)
        except (OSError, EOFError, ValueError):
            line.close()  # a late answer must not become that to the next question
            raise

    def _line(self) -> _Line:
        line: _Line | None = getattr(self._own, "line", None)
        if line is None or line.closed or self._own.process != os.getpid():
            line = _call(self._room)
            self._own.line, self._own.process = line, os.getpid()
            self._lines.add(line)
        return line


def serve_door(index: Searcher, folder: Path) -> Door:
    """Answer for an index that this process owns, in threads of its own, until the door is closed.

    folder: the index's own; its part ``door`` is made readable by its owner alone.
    Raises Conflict when another process answers there already.
    """
    if knock(folder) is not None:
        raise Conflict(f"Another process answers for the index in {folder}.", "Stop it first.")
    return Door(index, folder)


def knock(folder: Path) -> RemoteIndex | None:
    """Return the index that another process serves for a folder, or None when nobody answers."""
    remote = RemoteIndex(folder)
    try:
        remote._line()
    except (OSError, EOFError, ValueError):
        return None
    return remote


def _listen(room: Path) -> Listener:
    if sys.platform == "win32":
        return Listener(family="AF_PIPE", backlog=MOST_CALLERS)
    path = room / "socket"
    if len(os.fsencode(path)) > _LONGEST_ADDRESS:
        path = Path(tempfile.mkdtemp(prefix="broadsheet-door-")) / "socket"
    listener = Listener(str(path), family="AF_UNIX", backlog=MOST_CALLERS)
    path.chmod(0o600)  # too late to keep others out, but its folder has been closed to them from the start
    return listener


def _call(room: Path) -> _Line:
    """Return a proven line to the owner. Raises OSError, EOFError or ValueError when there is none to be had."""
    sign = _read(room / "sign")
    if not sign:
        raise ConnectionRefusedError("there is no door")
    line: _Line = Client(sign["address"])
    try:
        _shake_hands(line, bytes.fromhex(sign["key"]), b"caller", b"owner")
    except BaseException:
        line.close()
        raise
    return line


def _shake_hands(line: _Line, key: bytes, me: bytes, other: bytes) -> None:
    """Prove to each other that both know the key, without telling it (the standard library's way has no time limit).

    Each side sends a nonce and returns HMAC-SHA256 over its own name and both nonces. Raises ValueError for a stranger.
    """
    mine = secrets.token_bytes(32)
    line.send_bytes(mine)
    theirs = _within_patience(line)
    line.send_bytes(hmac.digest(key, me + mine + theirs, "sha256"))
    if not hmac.compare_digest(_within_patience(line), hmac.digest(key, other + theirs + mine, "sha256")):
        raise ValueError("the other side does not know the key")


def _within_patience(line: _Line) -> bytes:
    if not line.poll(PATIENCE):
        raise TimeoutError("the other side is silent")
    return line.recv_bytes(32)


def _send(line: _Line, head: dict[str, Any], tail: bytes = b"") -> None:
    text = json.dumps(head).encode("ascii")
    frame = _HEADER.pack(len(text)) + text + tail
    if len(frame) > MOST_BYTES:
        raise BadInput(f"{len(frame)} bytes are too many for one message to the index.", f"It takes {MOST_BYTES}.")
    line.send_bytes(frame)


def _receive(line: _Line) -> tuple[dict[str, Any], bytes]:
    """Return one frame. Raises ValueError for junk; a frame that is too large ends the line."""
    frame = line.recv_bytes(MOST_BYTES)
    try:
        (length,) = _HEADER.unpack_from(frame)
        head = json.loads(frame[_HEADER.size : _HEADER.size + length])
    except (struct.error, RecursionError) as error:
        raise ValueError("not a message of ours") from error
    if not isinstance(head, dict) or _HEADER.size + length > len(frame):
        raise ValueError("not a message of ours")
    return head, frame[_HEADER.size + length :]


def _plain(filters: Filters) -> dict[str, Any]:
    plain = asdict(filters)
    return plain | {name: plain[name] and plain[name].isoformat() for name in ("since", "until")}


def _filters(plain: dict[str, Any]) -> Filters:
    def texts(name: str) -> tuple[str, ...]:
        return tuple(map(str, plain[name]))

    def terms(name: str) -> tuple[Term, ...]:
        return tuple(Term(where, str(text), exact=bool(exact)) for where, text, exact in plain[name])

    since, until = (plain[name] and date.fromisoformat(plain[name]) for name in ("since", "until"))
    return Filters(
        texts("categories"),
        since,
        until,
        not_categories=texts("not_categories"),
        terms=terms("terms"),
        without=terms("without"),
        has=texts("has"),
        lacks=texts("lacks"),
        ids=None if plain["ids"] is None else tuple(map(int, plain["ids"])),
    )


def _kind(name: str) -> type[BroadsheetError]:
    kind = getattr(errors, name, None)
    return kind if isinstance(kind, type) and issubclass(kind, BroadsheetError) else BroadsheetError


def _read(sign: Path) -> dict[str, str]:
    try:
        read = json.loads(sign.read_text())
        return {"address": str(read["address"]), "key": str(read["key"])}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _write_privately(path: Path, content: dict[str, Any]) -> None:
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    with open(new, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        json.dump(content, file)
    new.replace(path)
