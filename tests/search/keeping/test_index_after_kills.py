"""What a kill of who writes the index leaves: the short form of tests/soak/test_index_kills.py."""

from tests.index_killed import TO_A, Killed, with_models

PAPERS = 400


def test_what_kills_leave_is_searched_at_once_and_comes_back(tmp_path):
    site = Killed(tmp_path / "home", seed=3)
    with_models(site)
    site.fill(PAPERS)
    try:
        for work in ("flush", "reindex", " ".join(TO_A)):
            site.kill(work, 0.4)
        site.run(*TO_A)
        site.kill("upgrade", 0.4)
        site.is_whole(PAPERS)
    finally:
        site.close()
