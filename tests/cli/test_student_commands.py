"""``broadsheet model fit-static`` and ``bench tiers``: what they need is said before anything is done."""

from tests.conftest import broadsheet

NO_MODEL = {"BROADSHEET_MODEL": "none"}


def test_fitting_needs_the_model(tmp_path):
    found = broadsheet(tmp_path, "model", "fit-static", **NO_MODEL)
    assert found.returncode == 1
    assert "switched off" in found.stderr
    assert "broadsheet model get" in found.stderr


def test_tiers_need_the_model(tmp_path):
    found = broadsheet(tmp_path, "bench", "tiers", "--keep", str(tmp_path / "kept"), **NO_MODEL)
    assert found.returncode == 1
    assert found.stderr.strip()


def test_shares_are_per_cents(tmp_path):
    for wrong in ("ten", "0,150"):
        found = broadsheet(tmp_path, "bench", "tiers", "--shares", wrong)
        assert found.returncode == 2
        assert "0,10,50,90,100" in found.stderr


def test_a_ranking_that_is_none_is_told_before_papers_are_read(tmp_path):
    found = broadsheet(tmp_path, "bench", "tiers", "--ranking", "weigt=0.36", "--keep", str(tmp_path / "kept"))
    assert found.returncode == 1
    assert "'weigt=0.36' is no setting of a ranking" in found.stderr
