"""Ten kills at random moments of each work on the index: no paper is lost, search answers, the index comes back."""

import time

import pytest
from tests.index_killed import TO_A, TO_B, Killed, rows, with_models

KILLS, PAPERS, MANY = 10, 6000, 60_000
SEED = 3
WITHIN = 1.5
"""Seconds after which, at most, the work is killed; a kill may come before it has done anything, or in the middle."""


@pytest.fixture
def site(tmp_path):
    """A site with a made-up model, and a second one to change to."""
    site = Killed(tmp_path / "home", SEED)
    with_models(site)
    yield site
    site.close()
    print("", *site.told, sep="\n  ")


def killed(site, work, within=WITHIN, **how):
    """Kill a work ten times while it is at it: the process alone, and with those that it began.

    work: or what returns it, before each kill.
    """
    died = 0
    for kill in range(4 * KILLS):
        died += site.kill(work() if callable(work) else work, within, alone=bool(kill % 2), **how)
        if died == KILLS:
            return
    pytest.fail(f"It ended by itself too often to be killed {KILLS} times:\n" + "\n".join(site.told))


def goes_on(site, *command):
    """Let a command go on with what was killed, and hold what is there then."""
    began = time.monotonic()
    site.run(*command)
    site.told.append(f"{command[0]}: went on and ended in {time.monotonic() - began:.1f} s")


@pytest.mark.soak
def test_killed_while_papers_are_taken_in(site):
    path = site.home.parent / "rows.jsonl"
    path.write_text(rows(MANY))
    killed(site, f"ingest {path}", 0.6, storing=True)
    goes_on(site, "ingest", str(path))
    site.is_whole(MANY)


@pytest.mark.soak
def test_killed_while_the_index_is_written_and_merged(site):
    site.fill(PAPERS)
    killed(site, "flush")
    goes_on(site, "reindex")
    site.is_whole(PAPERS)


@pytest.mark.soak
def test_killed_while_the_index_is_made_anew(site):
    site.fill(PAPERS)
    killed(site, "reindex")
    goes_on(site, "reindex")
    site.is_whole(PAPERS)


@pytest.mark.soak
def test_killed_while_the_model_reads_papers(site):
    site.fill(PAPERS)
    site.run(*TO_A)
    killed(site, "upgrade", 1.0)
    goes_on(site, "reindex")
    site.is_whole(PAPERS)


@pytest.mark.soak
def test_killed_while_the_model_is_changed(site):
    site.fill(PAPERS)
    killed(site, lambda: " ".join(TO_B if site.space().startswith("tiny-a") else TO_A), 0.8)
    goes_on(site, *TO_A)
    goes_on(site, *TO_B)
    site.is_whole(PAPERS)
