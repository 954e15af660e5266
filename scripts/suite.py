"""Runs the whole suite in groups, each a pytest of its own, one more beside each other than there are processors.

Servers, browsers and disks keep a group waiting, so one more is at work. What a group printed follows at its end. What
the tests are lives in ``tests/``. Ends with 0 only where every group did.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

# What readers do, and what benches keep, runs a second time on a real PostgreSQL server; of the two named by a file
# only the tests of a database count there, as in each of these rooms.
ON_BOTH = [
    *("tests/accounts", "tests/bench", "tests/community", "tests/api", "tests/feeds", "tests/hub", "tests/mail"),
    *("tests/papers", "tests/ranking", "tests/web", "tests/test_prepared.py", "tests/search/test_acronyms.py"),
    *("tests/search/test_cluster.py", "tests/search/keeping/test_upkeep.py"),
]
INDEX = ["tests/search/keeping", "tests/search/machine", "tests/search/meaning"]
COMMANDS = sorted(str(path) for path in Path("tests/cli").glob("test_*.py"))
# The longest first. Whatever none of them names is in the last, which ``groups`` adds.
ON_SQLITE = [
    ["tests/browser"],
    COMMANDS[::2],
    COMMANDS[1::2],
    INDEX,
    ["tests/api", "tests/contract", "tests/feeds", "tests/replay"],
    ["tests/search", *(f"--ignore={room}" for room in INDEX)],
    ["tests/bench", "tests/community", "tests/mail"],
    ["tests/papers", "tests/ranking", "tests/web", "tests/work"],
]
LONGEST = 40 * 60
"""Seconds after which a group is ended: it hangs."""
MOST_TAKERS = 6
IN_MEMORY = 8 << 30
"""Bytes of memory from which on what the suite writes goes there; half of it has to be free in its file system."""


def groups() -> list[tuple[str, list[str]]]:
    """Return what each group runs: its database, and what pytest is told."""
    named = [f"--ignore={room}" for rooms in ON_SQLITE for room in rooms if room.startswith("tests/")]
    rooms = [("sqlite", each) for each in ON_SQLITE]
    return [*rooms[:1], ("postgres", ON_BOTH), *rooms[1:], ("sqlite", ["tests", *named])]


def fast_folder() -> str | None:
    """Return a folder in memory where there is plenty and programs may be started from it; None is the usual one."""
    memory = Path("/dev/shm")  # noqa: S108 (mkdtemp makes a folder of its own in it)
    try:
        told = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        free = int(told["MemAvailable"].split()[0]) << 10
        limit = Path("/sys/fs/cgroup/memory.max")
        if limit.is_file() and (most := limit.read_text().strip()).isdecimal():
            free = min(free, int(most) - int(Path("/sys/fs/cgroup/memory.current").read_text()))
        room, flags = shutil.disk_usage(memory).free, os.statvfs(memory).f_flag
    except (OSError, KeyError, ValueError):
        return None
    plenty = free >= IN_MEMORY and room >= IN_MEMORY // 2 and not flags & os.ST_NOEXEC
    return str(memory) if plenty and "TMPDIR" not in os.environ else None


class Suite:
    """The groups of one run: begun in order by a few threads, told as they end."""

    def __init__(self, work: Path) -> None:
        self._work = work
        self._running: dict[int, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()
        self._stopped = False
        tables = work / "tables" / "broadsheet.sqlite3"
        self._environment = os.environ | {"BROADSHEET_SUITE_TABLES": str(tables)}
        made = "from broadsheet.cli.start import load, update_tables; load(None); update_tables()"
        with_home = {key: value for key, value in os.environ.items() if key != "BROADSHEET_DATABASE"}
        # Empty tables, made once and copied by every process that wants some.
        subprocess.run(
            [sys.executable, "-c", made], check=True, env=with_home | {"BROADSHEET_HOME": str(tables.parent)}
        )

    def run(self, number: int, database: str, told: list[str]) -> bool:
        """Run one group to its end and print what it printed; return whether it passed."""
        folder = self._work / str(number)
        folder.mkdir()
        said, began = folder / "output", time.monotonic()
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--reuse-db", *told]
        environment = self._environment | {"BROADSHEET_SUITE": database, "TMPDIR": str(folder)}
        with self._lock, said.open("wb") as output:
            if self._stopped:
                return False
            # In a session of its own, so that Ctrl-C reaches it once, from here.
            group = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
            self._running[number] = group
        print(f"Group {number} begins on {database}: {' '.join(told)}", flush=True)
        try:
            status = str(group.wait(LONGEST))
        except subprocess.TimeoutExpired:
            status = f"nothing for {LONGEST // 60} minutes"
            os.killpg(group.pid, signal.SIGKILL)
            group.wait()
        with self._lock:
            del self._running[number]
            seconds = round(time.monotonic() - began)
            sys.stdout.write(said.read_text(errors="replace"))
            print(f"Group {number} took {seconds} s and ended with {status}.", flush=True)
        if status == "0":
            shutil.rmtree(folder, ignore_errors=True)
        return status == "0"

    def stop(self) -> None:
        """End what runs: each pytest by an interrupt, so that it ends its servers, and after ten seconds by force."""
        with self._lock:
            self._stopped = True
            running = list(self._running.values())
        for group in running:
            group.send_signal(signal.SIGINT)
        until = time.monotonic() + 10
        for group in running:
            try:
                group.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(group.pid, signal.SIGKILL)


def heed_signals() -> None:
    """Have a hang-up and a request to end do what Ctrl-C does."""

    def interrupted(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupted)


def main() -> int:
    """Run all groups; return 0 where all passed, else what is wrong after naming it."""
    if os.environ.get("BROADSHEET_SUITE"):
        print("BROADSHEET_SUITE is for some rooms alone: make test ARGS=tests/community", file=sys.stderr)
        return 2
    heed_signals()
    work = Path(tempfile.mkdtemp(prefix="suite-", dir=fast_folder()))
    everything = dict(enumerate(groups(), 1))
    try:
        suite = Suite(work)
        with ThreadPoolExecutor(min(MOST_TAKERS, (os.cpu_count() or 2) + 1)) as takers:
            passed: dict[int, Future[bool]] = {
                number: takers.submit(suite.run, number, *group) for number, group in everything.items()
            }
            try:
                failed = [number for number, future in passed.items() if not future.result()]
            except BaseException:
                suite.stop()
                raise
    except KeyboardInterrupt:
        print("Stopped.", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(work / "tables", ignore_errors=True)
        if not any(work.iterdir()):
            work.rmdir()
    print(f"{len(everything) - len(failed)} of {len(everything)} groups passed.")
    if failed:
        print(f"Failed: {', '.join(map(str, failed))}. What they wrote is kept in {work}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
