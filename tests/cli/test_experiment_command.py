"""``broadsheet experiment`` on a small made-up collection, in processes of its own."""

import json
import re
from dataclasses import replace

import pytest
from tests.conftest import broadsheet

from broadsheet.bench import experiments
from broadsheet.cli import experiment
from broadsheet.sources.beir import judgments


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
    shown, back = re.search(
        r"The half that is shown, (\d+) queries: nDCG@10 .*\nThe half kept back, (\d+) queries: not asked", told.stdout
    ).groups()
    assert int(shown) + int(back) == 60
    assert "A difference counts beyond ±" in told.stdout
    assert "it cost nothing, 3 of 3 answers left" in told.stdout
    assert "should have 1,000 queries: with fewer only great differences can count" in told.stdout
    assert "q17" not in told.stdout + told.stderr
    assert "The half that is shown, by number of words in the query; in brackets 95 % intervals:" in told.stdout
    kept = json.loads(run(home, "history", "--json").stdout)
    assert len(kept[0]["on"]) <= 80  # the database's room for a name
    assert kept[0]["comparisons"][0]["other"] == "weight=0.0 depth=5"
    listed = run(home, "history").stdout
    assert "3 of 3 answers left" in listed
    assert "shown +0.0000, kept back    -    ± " in listed
    judged = judgments(collection)
    assert experiments.is_set(home, judged.queries, judged.qrels)
    assert "judge experiments here" not in told.stderr
    other = broadsheet(home, "bench", "beir", str(collection), "--system", "words", BROADSHEET_MODEL="none")
    assert "judge experiments here" in other.stderr


TOLD = experiments.Told(
    one="words",
    other="fused",
    on="things 1a2b3c4d",
    measure="nDCG@10",
    verdict="no difference that counts",
    difference=0.0123,
    margin=0.0787,
    noise=0.0688,
    queries=203,
    shown=0.3,
    shown_queries=197,
    agree=0.0912,
    tried=4,
    cost=1,
    left=0,
    budget=20,
    bounds=(0.297, 0.303),
)


def test_what_is_told_names_the_half_and_the_queries_of_each_number():
    said = experiment._said(TOLD, experiments.QuerySet(TOLD.on, "", "Take another seed.")).splitlines()
    assert said[:2] == ["fused", "against words, on things 1a2b3c4d: no difference that counts"]
    assert said[2] == "The half that is shown, 197 queries: nDCG@10 +0.3000 (+0.297 to +0.303)"
    assert said[3].startswith("The half kept back, 203 queries: nDCG@10 +0.0123, with noise; 0.091 and more from")
    assert said[4] == "A difference counts beyond ±0.0787, of which 0.0688 make up for the noise on answers."
    assert said[5] == "Comparison 4 on this set; it cost 1 answer, 0 of 20 answers left."
    assert said[-1] == "It is spent now: without answers there are no verdicts. Take another seed."


def test_halves_that_agree_and_are_wide_enough_are_told_without_a_warning():
    told = replace(TOLD, verdict="better", difference=0.29, queries=1003, left=3)
    said = experiment._said(told, experiments.QuerySet(TOLD.on, ""))
    assert "The half kept back, 1003 queries: nDCG@10 +0.2900, with noise\n" in said
    assert "1,000 queries" not in said


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
