"""``broadsheet ingest arxiv-oai`` and ``arxiv-rss`` against an imitation of arXiv on this machine."""

import pytest
from tests.arxiv_site import TODAY, ArxivSite, Out, papers
from tests.conftest import broadsheet


@pytest.fixture
def site():
    server = ArxivSite(papers(30, per_day=30, first=TODAY))
    yield server
    server.close()


def settings(site):
    return {
        "BROADSHEET_MODEL": "none",
        "BROADSHEET_OFFLINE": "no",
        "BROADSHEET_ARXIV_OAI": site.oai,
        "BROADSHEET_ARXIV_RSS": site.atom,
        "BROADSHEET_ARXIV_DELAY_SECONDS": "0",
        "BROADSHEET_CATEGORIES": "cs.LG stat.ML",
    }


def test_the_configured_categories_are_harvested_one_after_the_other(tmp_path, site):
    done = broadsheet(tmp_path, "ingest", "arxiv-oai", "--from", "2026-01-20", **settings(site))
    assert "arxiv-oai:cs:cs:LG@2026-01-20..: 30 added" in done.stdout, done.stderr
    assert "arxiv-oai:stat:stat:ML@2026-01-20..: 0 added, 0 updated, 30 unchanged" in done.stdout
    assert {asked["set"] for asked in site.asked if "set" in asked} == {"cs:cs:LG", "stat:stat:ML"}


def test_a_set_that_fails_does_not_stop_the_others_and_is_told(tmp_path, site):
    done = broadsheet(tmp_path, "ingest", "arxiv-oai", "--set", "math", "--set", "cs", **settings(site))
    assert done.returncode == 1
    assert "arxiv-oai:math: " in done.stderr
    assert "Does it know the set 'math'?" in done.stderr
    assert "arxiv-oai:cs: 30 added" in done.stdout


def test_the_feed_of_the_day_is_taken_in_and_an_empty_one_told(tmp_path, site):
    site.faults = [lambda out: Out(out.body.partition(b"<entry>")[0] + b"</feed>")]
    empty = broadsheet(tmp_path, "ingest", "arxiv-rss", **settings(site))
    assert "The feed of the day is empty" in empty.stdout, empty.stderr
    full = broadsheet(tmp_path, "ingest", "arxiv-rss", **settings(site))
    assert "arxiv-rss: 30 added" in full.stdout, full.stderr


def test_options_of_a_harvest_belong_to_it(tmp_path, site):
    done = broadsheet(tmp_path, "ingest", "sample", "--set", "cs", **settings(site))
    assert done.returncode == 2
    assert "belong to arxiv-oai" in done.stderr
