"""``bench beir`` on a small made-up collection, in a process of its own."""

import json
import shutil

import pytest
from tests.conftest import DATA, broadsheet, lay_tables

FOLDER = str(DATA / "beir")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("bench")


@pytest.fixture(scope="module")
def answered(home):
    lay_tables(home / "kept", {})
    asked = ("bench", "beir", FOLDER, "--json", "--keep", str(home / "kept"))
    made = broadsheet(home, *asked, first_start=True, BROADSHEET_MODEL="none")
    assert made.returncode == 0, made.stderr
    return made


def test_a_collection_is_asked_as_readers_ask(answered):
    answer = json.loads(answered.stdout)
    assert answer["documents"] == 6
    words = answer["systems"]["words"]
    assert set(words["scores"]["nDCG@10"]) == {"q1", "q2", "q3"}
    # Both lantern papers are found, that with ships first; for the third query its one paper stands first.
    assert words["scores"]["nDCG@10"]["q1"] == 1
    assert words["scores"]["MRR@10"]["q3"] == 1
    assert words["means"]["R@100"]["mean"] == 1
    assert sum(group["queries"] for group in words["by_length"]) == 3


def test_what_cannot_be_measured_or_read_is_said(answered):
    assert "By words alone" in answered.stderr
    assert "1 documents could not be read" in answered.stderr


def test_nothing_is_brought_among_the_papers_of_the_site(answered, home):
    assert not (home / "broadsheet.sqlite3").exists()


def test_a_second_run_takes_nothing_in_and_is_compared_with_the_first(answered, home):
    first = home / "first.json"
    first.write_text(answered.stdout)
    asked = ("--compare", str(first), "--keep", str(home / "kept"))
    again = broadsheet(home, "bench", "beir", FOLDER, *asked, first_start=True, BROADSHEET_MODEL="none")
    assert again.returncode == 0, again.stderr
    assert "words, against the other file: +0.0000 nDCG@10, p = 1.0000" in again.stdout
    assert "6 documents, 3 judged queries" in again.stdout
    assert "By field: the collection does not say it of its queries." in again.stdout


def test_a_folder_with_papers_of_another_collection_is_not_asked(answered, home, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(FOLDER, other)
    with (other / "corpus.jsonl").open("a") as corpus:
        corpus.write(json.dumps({"_id": "d9", "title": "One more", "text": "About lanterns."}) + "\n")
    asked = ("bench", "beir", str(other), "--keep", str(home / "kept"))
    made = broadsheet(home, *asked, first_start=True, BROADSHEET_MODEL="none")
    assert made.returncode == 1
    assert "kept holds papers of something else" in made.stderr


def test_meaning_cannot_be_asked_of_a_site_without_a_model(answered, home):
    asked = ("--system", "meaning", "--keep", str(home / "kept"))
    made = broadsheet(home, "bench", "beir", FOLDER, *asked, first_start=True, BROADSHEET_MODEL="none")
    assert made.returncode == 1
    assert "Meaning cannot be measured: the model is switched off" in made.stderr


def test_a_file_of_another_kind_is_not_compared_with(answered, home):
    asked = ("--compare", f"{FOLDER}/queries.jsonl", "--keep", str(home / "kept"))
    made = broadsheet(home, "bench", "beir", FOLDER, *asked, first_start=True, BROADSHEET_MODEL="none")
    assert made.returncode == 1
    assert "is no answer of this command" in made.stderr
    assert "Traceback" not in made.stderr
