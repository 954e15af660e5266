"""``broadsheet index status`` and ``broadsheet doctor``: what is told of an index, whole and damaged."""

import json
import shutil

import pytest
from click.testing import CliRunner
from tests.records import record

from broadsheet.cli import main
from broadsheet.papers.actions import store
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


@pytest.fixture
def index(tmp_path, settings):
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    settings.MAIL = ""
    current.release()
    store([record(f"2501.{n:05}") for n in range(1, 6)])
    upkeep.catch_up(current.own())
    yield settings.INDEX_DIR
    current.release()
    state.read(now=True)


def run(*arguments, code=0):
    answer = CliRunner().invoke(main, arguments)
    assert answer.exit_code == code, answer.output
    return answer.stdout


def test_status_tells_who_keeps_the_index_and_what_it_holds(index):
    lines = dict(line.split("  ", 1) for line in run("index", "status").splitlines() if "  " in line)
    told = {name.strip(): value.strip() for name, value in lines.items()}
    assert told["kept by"].startswith("process ")
    assert (told["papers"], told["found by words"], told["to be taken over"]) == ("5", "5", "0")
    current.release()
    store([record("2501.00009")])
    upkeep.ask_for_rebuild()
    told = json.loads(run("index", "status", "--json"))
    assert (told["owner"], told["papers"], told["words"], told["waiting"]) == (None, 6, 5, 6)
    assert told["going"] == [{"what": "rebuild", "done": 0, "total": 5}]
    assert told["bytes"]["words"] > 0


def test_status_tells_how_long_the_model_takes_for_the_rest(index, settings):
    settings.MODEL = "all-MiniLM-L6-v2"
    state.write(state.State(papers=100_000, vectors=1000, static=True, rate=1.0))
    told = run("index", "status")
    assert "99000 are left: 1 d 3 h at 1.0 a second" in told
    assert "1000 by the model, 99000 roughly" in told


def test_the_doctor_says_what_is_wrong_and_mends_it(index):
    current.release()
    assert "Nothing has to be mended." in run("doctor", "index")
    shutil.rmtree(next(index.glob("words*")))
    told = run("doctor", "index", code=1)
    assert "bad      Index: " in told
    assert "To be mended: Index" in told
    told = json.loads(run("doctor", "index", "--mend", "--json"))
    assert told["ok"]
    assert told["mended"] == ["The index was made anew.", "5 papers were taken over."]
    assert json.loads(run("doctor", "--json"))["ok"]


def test_the_doctor_looks_at_mail_where_it_is_set_up(index, settings):
    settings.MAIL = "console:"
    settings.PUBLIC_URL = ""
    told = run("doctor", code=1)
    assert "Links" in told
    assert "Words" in told
