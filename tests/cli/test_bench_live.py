"""``bench live`` in a process of its own, on a site that has too few papers and on what is kept."""

import json

import pytest
from tests.conftest import broadsheet


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    folder = tmp_path_factory.mktemp("live-bench")
    taken = broadsheet(folder, "ingest", "sample", BROADSHEET_MODEL="none")
    assert taken.returncode == 0, taken.stderr
    return folder


def live(home, *arguments):
    return broadsheet(home, "bench", "live", *arguments, BROADSHEET_MODEL="none")


def test_a_week_with_too_few_papers_is_refused_with_the_way_out(home):
    made = live(home, "--week", "2026-W40")
    assert made.returncode == 1
    assert "2026-W40 has 0 papers" in made.stderr
    assert "A benchmark takes 200" in made.stderr


def test_what_is_no_week_is_refused(home):
    made = live(home, "--week", "last")
    assert made.returncode == 1
    assert "such as 2025-W40" in made.stderr


def test_a_week_that_the_model_may_have_read_is_refused(home):
    made = live(home, "--week", "2021-W50")
    assert made.returncode == 1
    assert "2021-W50 is not newer than what the model has learnt from." in made.stderr


def test_an_empty_history_is_said(home):
    assert "No week was measured yet." in live(home, "--history").stdout


@pytest.fixture(scope="module")
def measured(home):
    """A week of 210 papers, each with words of its own, measured by words alone."""
    kinds = ("lanterns", "kites", "bridges", "clocks", "rivers", "violins", "maps")
    rows = [
        {
            "id": f"2601.{number:05}",
            "title": f"Small {kinds[number % 7]} of number {number}",
            "abstract": f"We build {kinds[number % 7]}. The {number}th of them is made with great care and measured in "
            f"the workshop. It stays the size of {number} thimbles for as long as anybody has looked at it.",
            "authors": [f"Author {number}"],
            "categories": ["cs.LG"],
            "published": "2026-01-06",
            "announced": "2026-01-07",
        }
        for number in range(210)
    ]
    file = home / "week.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    taken = broadsheet(home, "ingest", str(file), BROADSHEET_MODEL="none")
    assert taken.returncode == 0, taken.stderr
    made = live(home, "--week", "2026-W02", "--queries", "20")
    assert made.returncode == 0, made.stderr
    return made


def test_a_week_is_measured_and_printed(measured):
    assert "By words alone" in measured.stderr
    assert "2026-W02 (2026-01-05 to 2026-01-11)" in measured.stdout
    assert "sentence (20 queries)" in measured.stdout
    assert "neighbours: left out. The week has 0 queries for it, 20 are needed." in measured.stdout


def test_what_was_measured_is_the_history(measured, home):
    history = live(home, "--history")
    assert "2026-W02      210      60" in history.stdout
    of_one = live(home, "--history", "--task", "keywords").stdout
    assert "2026-W02      210      20" in of_one
    kept = json.loads(live(home, "--week", "2026-W02", "--json").stdout)
    assert kept["tasks"]["title"]["queries"] == 20
    assert not (home / "quality" / "2026-W02").exists()


def test_some_systems_are_asked_alone_and_not_kept(measured, home):
    told = json.loads(live(home, "--week", "2026-W02", "--queries", "10", "--system", "words", "--json").stdout)
    assert (list(told["systems"]), told["tasks"]["title"]["queries"]) == (["words"], 10)
    refused = live(home, "--week", "2026-W02", "--system", "best")
    assert (refused.returncode, "'best' is no system" in refused.stderr) == (1, True)
    refused = live(home, "--system", "words", "--history")
    assert (refused.returncode, "Leave one of them out" in refused.stderr) == (1, True)
    assert json.loads(live(home, "--week", "2026-W02", "--json").stdout)["tasks"]["title"]["queries"] == 20


def test_another_ranking_is_told_from_few_queries(measured, home):
    told = json.loads(live(home, "--week", "2026-W02", "--ranking", "weight=0 titles=no", "--json").stdout)
    assert told["asked"] == 50
    assert told["estimate"] == pytest.approx(told["measured"]["words"], abs=0.025)


def test_a_ranking_is_told_of_kept_weeks_alone(home):
    made = live(home, "--week", "2026-W03", "--ranking", "weight=0.4")
    assert made.returncode == 1
    assert "2026-W03 was not measured yet" in made.stderr
