"""``broadsheet experiment`` on a small made-up collection, in processes of its own."""

import json

import pytest
from tests.conftest import broadsheet


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    """Sixty papers on sixty things, each asked for by its thing and by a word that all of them have."""
    folder = tmp_path_factory.mktemp("things" * 15)
    names = [
        f"{first}{last}"
        for first in ("bal", "cor", "dem", "fal", "gon", "har")
        for last in ("ado", "eki", "iru", "opa", "ute", "ymo", "aska", "enno", "irri", "olla")
    ]
    rows = [{"_id": f"d{n}", "title": f"On {name}", "text": f"A lantern of {name}."} for n, name in enumerate(names)]
    asked = [{"_id": f"q{n}", "text": f"lantern {name}"} for n, name in enumerate(names)]
    (folder / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "queries.jsonl").write_text("".join(json.dumps(row) + "\n" for row in asked))
    (folder / "qrels").mkdir()
    lines = ["query-id\tcorpus-id\tscore", *(f"q{n}\td{n}\t1" for n in range(len(names)))]
    (folder / "qrels" / "test.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("experiment")


def run(home, *words):
    return broadsheet(home, "experiment", *words, BROADSHEET_MODEL="none")


def test_rankings_are_compared_and_the_history_tells_it(home, collection):
    told = run(home, "compare", "words", "weight=0 depth=5", "--on", str(collection), "--budget", "3")
    assert told.returncode == 0, told.stderr
    assert "no difference that counts" in told.stdout
    assert "of 3 answers left" in told.stdout  # an answer of the half kept back may come by its noise
    assert "should have 1,000 queries" in told.stdout
    assert "q17" not in told.stdout + told.stderr
    assert "The half that is shown, by number of words in the query; in brackets 95 % intervals:" in told.stdout
    kept = json.loads(run(home, "history", "--json").stdout)
    assert len(kept[0]["on"]) <= 80  # the database's room for a name
    assert kept[0]["comparisons"][0]["other"] == "weight=0.0 depth=5"
    assert "of 3 answers left" in run(home, "history").stdout


def test_what_is_no_ranking_or_no_collection_is_said_before_anything_is_measured(home, tmp_path):
    made = run(home, "compare", "words", "speed=9", "--on", "known-item")
    assert made.returncode == 1
    assert "is no setting of a ranking" in made.stderr
    made = run(home, "compare", "words", "weight=0 depth=5", "--on", str(tmp_path))
    assert made.returncode == 1
    assert "cannot be read" in made.stderr


def test_options_of_known_items_are_refused_for_a_collection(home, collection):
    made = run(home, "compare", "words", "fused", "--on", str(collection), "--seed", "0", "--task", "title")
    assert made.returncode == 1
    assert "--task and --seed are not for the collection" in made.stderr
    assert "--on known-item" in made.stderr


def test_a_history_without_comparisons_says_so(tmp_path):
    assert run(tmp_path, "history").stdout == "Nothing was compared yet.\n"
