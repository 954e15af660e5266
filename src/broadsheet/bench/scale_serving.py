"""A real ``broadsheet serve`` measured from outside: pages by HTTP, and a day of papers that comes meanwhile."""

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from broadsheet.bench.scale_asking import LIMIT, LONGEST, WARM_UP
from broadsheet.bench.scale_queries import Asked
from broadsheet.bench.watched import Watch, percentiles
from broadsheet.errors import Upstream
from broadsheet.search import current, hybrid
from broadsheet.search.index import Filters
from broadsheet.search.query import parse

PATIENCE = 120.0
"""Seconds that a server is waited for, and the papers of a day."""

AFTER = 1.0
"""Seconds for which searches are measured after the last paper was found."""

type Report = Callable[[int, int], None]


@contextmanager
def serving() -> Iterator[tuple[int, Watch]]:
    """Run a server on this process's state directory; yields its port, and what watches it and its workers.

    Raises Upstream where it does not come up.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [sys.executable, "-m", "broadsheet", "serve", "--no-jobs", "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 (ours)
    watch = Watch(server.pid)
    try:
        _wait_until_up(server, port)
        yield port, watch
    finally:
        watch.end()
        server.terminate()
        try:
            server.wait(30)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def pages(queries: Sequence[Asked], report: Report) -> dict[str, Any]:
    """Ask a server for the rendered page of each query: half of them from one client, the others from two at once."""
    half = len(queries) // 2
    with serving() as (port, watch):
        _ask(port, queries[:WARM_UP], lambda: None)
        told: dict[str, Any] = {"warm_up": min(WARM_UP, len(queries))}
        done = [0]

        def advance() -> None:
            done[0] += 1
            report(done[0], len(queries))

        told["one_client"] = percentiles(_ask(port, queries[:half], advance))
        answers: list[list[float]] = []
        began = time.perf_counter()
        clients = [
            threading.Thread(target=lambda some=some: answers.append(_ask(port, some, advance)))
            for some in (queries[half::2], queries[half + 1 :: 2])
        ]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        both = [one for some in answers for one in some]
        told["two_clients"] = percentiles(both) | {"per_second": len(both) / max(1e-9, time.perf_counter() - began)}
        told["anonymous_mb"] = watch.all_of_it
        told["processes"] = len(watch.memory)
    return told


def added(file: Path, day: date, size: int, queries: Sequence[Asked]) -> dict[str, Any]:
    """Take a day of papers in beside a server, and search in this process meanwhile, until all of them are found.

    day: of these papers, which no other has. Found means: by their words, and by meaning where there is a model.
    """
    wanted = Filters(since=day)
    with serving():
        for one in queries[:WARM_UP]:
            hybrid.search(parse(one.text), limit=LIMIT)
        quiet = _timed(queries, 200, lambda _: False)
        told: dict[str, Any] = {"papers": size, "quiet": percentiles(quiet)}
        began = time.monotonic()
        command = [sys.executable, "-m", "broadsheet", "ingest", str(file)]
        taking = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 (ours)

        def over(now: float) -> bool:
            if "stored_seconds" not in told and taking.poll() is not None:
                told["stored_seconds"] = now - began
            if "seconds" not in told and _found(wanted) >= size:
                told["seconds"] = now - began
            return now - began > float(told.get("seconds", PATIENCE)) + AFTER

        busy = _timed(queries, 1_000_000, over)
        taking.wait(PATIENCE)
        told["meanwhile"] = percentiles(busy)
        told["found"] = _found(wanted)
    return told


def _found(wanted: Filters) -> int:
    index = current.searcher()
    by_words = index.tally(filters=wanted).total
    encoder = current.encoder()
    if encoder is None or not by_words:
        return by_words
    vector = encoder.embed_query("papers of the day")
    return min(by_words, len(index.meaning(vector, limit=by_words, filters=wanted)))


def _timed(queries: Sequence[Asked], most: int, over: Callable[[float], bool]) -> list[float]:
    """Search until it is over, at most so often; looks whether it is are not counted."""
    times: list[float] = []
    looked = 0.0
    while len(times) < most:
        began = time.perf_counter()
        hybrid.search(parse(queries[len(times) % len(queries)].text), limit=LIMIT)
        times.append((time.perf_counter() - began) * 1000)
        now = time.monotonic()
        if now - looked > 0.05:
            looked = now
            if over(now):
                break
    return times


def _ask(port: int, queries: Sequence[Asked], advance: Callable[[], None]) -> list[float]:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    times: list[float] = []
    until = time.monotonic() + LONGEST
    for one in queries:
        began = time.perf_counter()
        line.request("GET", f"/papers?{urlencode({'q': one.text})}")
        answer = line.getresponse()
        answer.read()
        times.append((time.perf_counter() - began) * 1000)
        if answer.status not in (200, 302):
            raise Upstream(f"The server answered {answer.status} to {one.text[:60]!r}.", "Look into its log.")
        advance()
        if time.monotonic() > until:
            break
    line.close()
    return times


def _wait_until_up(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and server.poll() is None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            line.request("GET", "/robots.txt")
            line.getresponse().read()
        except (OSError, http.client.HTTPException):
            time.sleep(0.1)
        else:
            return
        finally:
            line.close()
    raise Upstream("The server of the measurement did not come up.", "Start `broadsheet serve` there to see why.")
