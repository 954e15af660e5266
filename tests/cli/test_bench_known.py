"""``bench known-item`` and ``bench pages`` on a small made-up day of papers, in processes of their own."""

import json
import sqlite3
from contextlib import closing

import pytest
from tests.conftest import broadsheet, lay_day, lay_tables

from broadsheet.cli import bench_known
from broadsheet.search.state import State

WORDS_ONLY = {"BROADSHEET_MODEL": "none"}


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return lay_day(tmp_path_factory.mktemp("site"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    kept = tmp_path_factory.mktemp("kept") / "known"
    lay_tables(kept, {})
    return kept


def known_item(home, kept, *more):
    return broadsheet(home, "bench", "known-item", "--keep", str(kept), *more, **WORDS_ONLY)


@pytest.fixture(scope="module")
def answered(home, kept):
    made = known_item(home, kept, "--queries", "5", "--task", "sentence", "--json")
    assert made.returncode == 0, made.stderr
    return made


def test_sentences_are_asked_for_by_field_and_year(answered):
    answer = json.loads(answered.stdout)
    assert answer["measure"] == "MRR@10"
    words = answer["systems"]["words"]
    assert set(words["means"]) == {"MRR@10", "R@1", "R@10", "R@100"}
    assert len(words["scores"]["MRR@10"]) == len(answer["queries"]) == 5
    assert sum(group["queries"] for group in words["by_field"]) == 5
    assert [group["year"] for group in words["by_year"]] == ["2026"]
    assert (answer["vectors"], answer["student"]) == (0, 0)
    assert "By words alone" in answered.stderr


def test_the_sentences_are_masked_in_the_copy_and_stand_in_the_sites_own_papers(answered, home, kept):
    items = json.loads((kept / "known-items.json").read_text())["tasks"]["sentence"]

    def abstracts(folder):
        with closing(sqlite3.connect(folder / "broadsheet.sqlite3")) as store:
            return dict(store.execute("SELECT key, abstract FROM papers_paper").fetchall())

    copied, own = abstracts(kept), abstracts(home)
    assert copied.keys() == own.keys()
    for item in items:
        assert copied[item["key"]] == item["masked"]
        assert own[item["key"]] != item["masked"]


def test_another_task_is_asked_of_the_same_folder_and_compared(answered, home, kept, tmp_path):
    first = tmp_path / "first.json"
    first.write_text(answered.stdout)
    again = known_item(home, kept, "--task", "sentence", "--compare", str(first))
    assert again.returncode == 0, again.stderr
    assert "sentence: 42 papers, 0 with a vector of the model, 5 queries" in again.stdout
    assert "words, against the other file: +0.0000 MRR@10" in again.stdout
    assert "Copying" not in again.stderr, "nothing is copied a second time"
    assert "indexed" not in again.stderr, "nor is that told"


def test_what_the_folder_does_not_have_is_said(answered, home, kept):
    many = known_item(home, kept, "--queries", "6")
    assert many.returncode == 1
    assert "was prepared with 5 items, not 6" in many.stderr


def test_the_sites_own_folder_is_not_used(home):
    made = known_item(home, home)
    assert made.returncode == 1
    assert "holds the site's own papers" in made.stderr


@pytest.mark.parametrize(
    ("static", "others"),
    [(True, "60 papers have a vector of the model, 40 the student's."), (False, "model, 40 none.")],
)
def test_vectors_of_several_kinds_are_told_before_anything_is_asked(static, others, capsys):
    bench_known.say_kinds(State(papers=100, vectors=60, static=static))
    said = capsys.readouterr().err
    assert others in said
    assert "cannot be compared with other runs" in said


@pytest.mark.parametrize("vectors", [0, 100])
def test_vectors_of_one_kind_need_no_word(vectors, capsys):
    bench_known.say_kinds(State(papers=100, vectors=vectors, static=True))
    assert capsys.readouterr().err == ""


def test_the_captured_pages_are_asked_alone_and_among_others(home, tmp_path):
    queries = ["feature distribution", "variance embedding vector", "random prompt", "high-dimensional encoder"]
    rows = [{"title": text, "abstract": f"On {text}.", "page": n, "rank": 1} for n, text in enumerate(queries)]
    file = tmp_path / "pages.jsonl"
    file.write_text("\n".join(map(json.dumps, rows)))
    for corpus in ("alone", "20 others"):
        lay_tables(tmp_path / "kept" / corpus, {})
    asked = ("--negatives", "20", "--keep", str(tmp_path / "kept"), "--json")
    made = broadsheet(home, "bench", "pages", str(file), *asked, **WORDS_ONLY)
    assert made.returncode == 0, made.stderr
    answer = json.loads(made.stdout)
    assert [corpus["papers"] for corpus in answer["corpora"]] == [4, 24]
    assert answer["corpora"][0]["systems"]["words"][0]["AP"] == 1
    assert answer["gates"] == [], "without a model there is no fused ranking to ask anything of"
