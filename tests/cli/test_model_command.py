"""Models by commands: taken in, listed, changed to and back, while a server runs and without one."""

import json
import shutil
import time

import numpy as np
import pytest
from click.testing import CliRunner
from tests.conftest import DATA, broadsheet, start_site
from tests.records import record
from tests.search import tiny_model

from broadsheet.cli.model import model
from broadsheet.papers.actions import store
from broadsheet.search import current, state
from broadsheet.search.encoders import choice
from broadsheet.search.keeping import swap, swap_gate, upkeep


@pytest.fixture(scope="module")
def added_once(tmp_path_factory):
    return tiny_model.add_two(tmp_path_factory.mktemp("added"))


@pytest.fixture
def site(added_once, tmp_path, settings, db):
    """Forty papers that a small model has read, and another that is known."""
    settings.HOME = tmp_path
    settings.MODELS_DIR = shutil.copytree(added_once, tmp_path / "models")
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "one"
    current.release()
    current.forget_model()
    choice.forget()
    numbers, words = np.random.default_rng(1), tiny_model.WORDS[4:14]
    store([record(f"2501.{n:05}", title=" ".join(numbers.choice(words, 5)), abstract="") for n in range(1, 41)])
    index = current.own()
    upkeep.catch_up(index)
    upkeep.backfill(index, current.embedder())
    current.release()
    yield settings
    current.release()
    current.forget_model()
    choice.forget()
    state.read(now=True)


def run(*arguments):
    return CliRunner().invoke(model, arguments)


def used():
    choice.forget()
    return [row["name"] for row in json.loads(run("list", "--json").stdout)["models"] if row["used"]]


def test_the_list_tells_of_every_model(site):
    told = json.loads(run("list", "--json").stdout)
    rows = {row["name"]: row for row in told["models"]}
    assert (told["change"], used(), list(rows)[-2:]) == (None, ["one"], ["one", "two"])
    assert (rows["one"]["papers"], rows["two"]["papers"]) == (40, 0)
    assert (rows["two"]["state"], rows["two"]["dim"], rows["two"]["tokens"]) == ("ready", 24, 64)
    assert rows["all-MiniLM-L6-v2"]["licence"] == "Apache-2.0"
    plain = run("list").stdout
    assert "* one" in plain
    assert "24 dimensions, 64 tokens" in plain
    swap.wish("two")
    assert "Search changes to two: waiting" in run("list").stdout


def test_a_change_under_the_gate_is_refused_with_the_number_and_forced(site, monkeypatch):
    monkeypatch.setattr(swap_gate, "CANDIDATES", 1)
    told = run("use", "two", "--gate", "1", "--pairs", "20")
    assert told.exit_code == 1
    assert "Measured on 20 of 40 papers, with 20 titles" in told.stdout
    assert "is under the gate of 1.00: nothing was changed" in told.stderr
    assert used() == ["one"]
    told = run("use", "two", "--gate", "1", "--pairs", "20", "--force")
    assert told.exit_code == 0, told.stderr
    assert "Search uses two." in told.stdout
    assert used() == ["two"]
    assert run("use", "two").stdout == "Search uses two already.\n"


def test_with_waiting_the_gate_says_nothing_and_every_paper_is_read_first(site, monkeypatch):
    monkeypatch.setattr(swap_gate, "CANDIDATES", 1)
    assert run("use", "two", "--gate", "1", "--pairs", "20", "--wait").exit_code == 0
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)["models"]}
    assert rows["two"]["papers"] == 40
    assert used() == ["two"]


def test_where_the_sample_is_all_there_is_nothing_is_measured(site):
    told = run("use", "two", "--gate", "1")
    assert told.exit_code == 0
    assert "two has read every paper." in told.stdout
    assert run("use", "one").exit_code == 0
    assert used() == ["one"]


def test_a_folder_is_taken_in(site, tmp_path):
    folder = tiny_model.saved(tmp_path / "three", 9)
    told = run("add", str(folder), "--name", "three", "--query-prefix", "query: ", "--pooling", "cls", "--tokens", "9")
    assert told.exit_code == 0, told.stderr
    assert "The model three is here: 16 dimensions, 9 tokens, cls pooling." in told.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["use", "three"], "There is no embedding model 'three'"),
        (["use", "none"], "none is no model"),
        (["get", "one"], "came from a folder"),
        (["get", "multilingual-e5-small"], "broadsheet[multilingual]"),
        (["add", ".", "--name", "four"], "There is no tokenizer.json"),
        (["add", ".", "--name", "../four"], "no name for a model"),
    ],
)
def test_what_cannot_be_is_said_in_a_sentence(site, arguments, said):
    told = run(*arguments)
    assert told.exit_code == 1
    assert said in told.stderr


def test_a_running_server_changes_by_itself(added_once, tmp_path):
    home, one = tmp_path / "home", {"BROADSHEET_MODEL": "one"}
    shutil.copytree(added_once, home / "models")
    assert broadsheet(home, "ingest", str(DATA / "day.jsonl"), **one).returncode == 0
    site = start_site(home, "--no-jobs", **one)
    try:
        told = broadsheet(home, "model", "use", "two", "--force", **one)
        assert "The running server changes to two" in told.stdout, told.stderr
        until = time.monotonic() + 60
        while not json.loads((home / "index" / "schema.json").read_text())["space"].startswith("two/"):
            assert time.monotonic() < until, site.log.read_text()
            time.sleep(0.1)
    finally:
        assert site.stop() == 0
