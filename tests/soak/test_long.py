"""The long runs behind ``make soak``, each with a short form in ``make test``: kills, load, and the large file."""

import random
import resource
import signal
import statistics
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request

import pytest
from tests.cli.test_commands import WORDS, counted, stop_impatiently
from tests.conftest import Site, broadsheet, environment, lay_day, start_site

PATHS = (
    "/papers/date/2026-01-05",
    "/papers/week/2026-W02",
    "/papers/trending",
    "/papers/2601.00001",
    "/papers?q=graph+networks",
    "/papers?q=speech+recognition&category=cs",
    "/api/daily_papers?limit=20",
    "/api/papers/search?q=robots&limit=10",
)


def load(site: Site, *, readers: int, seconds: float) -> dict[str, list[float]]:
    """Have readers ask for pages as fast as they can; return the milliseconds by path. Any 5xx fails."""
    times: dict[str, list[float]] = {path: [] for path in PATHS}
    errors: list[str] = []
    until = time.monotonic() + seconds

    def read(seed: int) -> None:
        choose = random.Random(seed)
        while time.monotonic() < until:
            path = choose.choice(PATHS)
            began = time.perf_counter()
            try:
                with urllib.request.urlopen(site.url + path, timeout=30) as answer:
                    answer.read()
            except (OSError, urllib.error.HTTPError) as error:
                errors.append(f"{path}: {error}")
            times[path].append((time.perf_counter() - began) * 1000)

    threads = [threading.Thread(target=read, args=(seed,)) for seed in range(readers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    return times


def told(times: dict[str, list[float]], seconds: float) -> None:
    """Print what was measured."""
    total = sum(map(len, times.values()))
    print(f"\n{total} answers in {seconds} s: {total / seconds:.0f} a second")
    for path, taken in times.items():
        p50, p99 = statistics.median(taken), sorted(taken)[int(len(taken) * 0.99)]
        print(f"{path:<45} {len(taken):>6} answers  p50 {p50:7.1f} ms  p99 {p99:7.1f} ms")


def test_readers_at_once_all_get_an_answer(live):
    times = load(live, readers=6, seconds=3)
    assert all(times.values())


@pytest.mark.soak
def test_a_minute_of_readers_while_papers_come_in(tmp_path, shared_data):
    settings = WORDS | {"BROADSHEET_API_RATE": "0", "BROADSHEET_PAGE_RATE": "0"}
    home = tmp_path / "home"
    broadsheet(home, "ingest", "sample", "tests/data/day.jsonl", **settings)
    site = start_site(home, "--workers", "2", **settings)
    papers = subprocess.Popen(
        [sys.executable, "-m", "broadsheet", "ingest", str(shared_data("daily-2024-2026.jsonl.xz"))],
        env=environment(home, **settings),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        told(load(site, readers=8, seconds=60), 60)
        assert papers.wait(60) == 0
    finally:
        assert site.stop() == 0


@pytest.mark.soak
def test_ten_kills_at_random_moments_lose_nothing(tmp_path, shared_data):
    path = str(shared_data("papers-2025-2026.jsonl.xz"))
    moments = random.Random(7)
    for number in range(10):
        process = subprocess.Popen(
            [sys.executable, "-m", "broadsheet", "ingest", path],
            env=environment(tmp_path / "home", **WORDS),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait = moments.uniform(1, 12)
        time.sleep(wait)
        process.send_signal(signal.SIGKILL)
        process.wait()
        print(f"\nkill {number + 1} after {wait:.1f} s: {counted(tmp_path / 'home')['papers']} papers")
    last = broadsheet(tmp_path / "home", "ingest", path, timeout=600, **WORDS)
    assert last.returncode == 0, last.stderr
    now = counted(tmp_path / "home")
    assert (now["papers"], now["searchable_by_words"]) == (130_789, 130_789)


@pytest.mark.soak
def test_ten_servers_stop_however_often_ctrl_c_is_pressed(tmp_path):
    home = lay_day(tmp_path / "home")
    for _ in range(10):
        stop_impatiently(home)


@pytest.mark.soak
def test_the_large_file_goes_in_within_its_limits(tmp_path, shared_data):
    began = time.monotonic()
    path = str(shared_data("papers-2025-2026.jsonl.xz"))
    taken = broadsheet(tmp_path / "home", "ingest", path, timeout=900, **WORDS)
    seconds = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(
        f"\n{taken.stdout}130,789 papers stored and searchable by words in {seconds:.0f} s; peak memory {peak:.0f} MB"
    )
    assert counted(tmp_path / "home")["searchable_by_words"] == 130_789
    assert peak < 2048
