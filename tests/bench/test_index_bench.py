"""``bench index``: codes of vectors against exact search, on vectors of the site and on ones made of them."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from tests import cast

from broadsheet.bench import codes
from broadsheet.cli import main
from broadsheet.errors import NotFound
from broadsheet.search import current
from broadsheet.search.meaning.codes import unit
from broadsheet.search.models import Embedding

MARK = "made-up"


@pytest.fixture
def kept(db, settings) -> np.ndarray:
    """Sixty papers with vectors of sixteen numbers, and one of another model."""
    settings.MODEL = "none"
    current.forget_model()
    vectors = unit(np.random.default_rng(3).standard_normal((61, 16)).astype(np.float32))
    for number, vector in enumerate(vectors):
        paper = cast.paper(f"2601.{number:05}", f"Paper {number}")
        made_by = MARK if number < 60 else "another"
        Embedding.objects.create(paper=paper, model=made_by, digest="", vector=vector.astype("<f2").tobytes())
    return vectors[:60]


def test_vectors_of_the_commonest_model_are_drawn_by_the_seed(kept):
    mark, ids, every = codes.kept(0, 1)
    assert mark == MARK
    assert len(ids) == 60
    assert np.abs(every - kept).max() < 0.01
    _, some, drawn = codes.kept(25, 1)
    assert len(drawn) == 25
    assert set(some.tolist()) <= set(ids.tolist())
    assert some.tolist() == codes.kept(25, 1)[1].tolist() != codes.kept(25, 2)[1].tolist()


def test_papers_beyond_those_here_are_made_of_them(kept, tmp_path):
    vectors = codes.made_from(kept, 150, 1, tmp_path / "vectors")
    assert vectors.shape == (150, 16)
    assert (vectors[:60] == kept).all()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(150), abs=1e-5)
    assert len(np.unique(vectors, axis=0)) == 150


@pytest.mark.once
def test_every_way_is_measured_against_the_exact_nearest(kept, tmp_path):
    vectors = codes.made_from(kept, 3000, 1, tmp_path / "vectors")
    told = []
    rows = codes.measure(
        codes.Collection(vectors, 60, codes.moved(kept, np.random.default_rng(1)), ""),
        lambda done, total, what: told.append((done, total)),
    )
    assert [(row.bits, row.candidates) for row in rows] == [
        (0, 0),
        (0, 0),
        *((bits, candidates) for bits in (384, 512, 768) for candidates in (1000, 2000, 4000)),
    ]
    assert rows[0].recall20 == pytest.approx(1, abs=0.005), "but for sums that are rounded otherwise"
    assert rows[1].recall20 > 0.97, "small numbers alone"
    assert all(row.recall20 == rows[1].recall20 for row in rows if row.candidates == 4000), "all were rescored"
    assert [row.resident for row in rows if row.candidates == 1000] == [48, 64, 96]
    assert all(0 < row.p50 <= row.p99 for row in rows)
    assert told[-1][0] == told[-1][1]


def test_a_stop_ends_between_two_ways_with_what_was_measured(kept):
    collection = codes.Collection(kept, 60, kept[:5], "")
    assert [row.name for row in codes.measure(collection, lambda *told: None, lambda: True)] == ["none"]


def test_within_a_budget_the_one_that_finds_most_is_named_and_of_equals_the_quickest():
    def row(bits: int, recall: float, cpu: float, resident: int) -> codes.Row:
        return codes.Row("", bits, 4000 if bits else 0, recall, recall, 1, 1, cpu, resident, 500)

    rows = [row(384, 0.98, 2, 48), row(512, 0.99, 3, 64), row(768, 0.9901, 4, 96), row(0, 1, 90, 388)]
    best = codes.best_within(rows, 384)
    assert {budget: one.bits for budget, one in best.items()} == {48: 384, 64: 512, 96: 512, 388: 0}
    assert "512 bits, 4000 rescored" in codes.why_default(rows)
    assert "384 bits: -16 bytes a paper, -1.0 ms, -1.0 points" in codes.why_default(rows)
    assert codes.why_default(rows[:2]) == ""


def test_without_vectors_it_says_what_to_do(db):
    with pytest.raises(NotFound, match="serve"):
        codes.kept(0, 1)


def test_the_command_prints_a_table_and_json(kept, settings, tmp_path, monkeypatch):
    monkeypatch.setattr("broadsheet.cli.start.load", lambda data: None)
    settings.HOME = tmp_path
    answer = json.loads(_run("--papers", "100", "--queries", "5", "--json"))
    assert (answer["papers"], answer["made"], answer["queries"], answer["dim"]) == (100, 40, 5, 16)
    assert answer["asked"] == "vectors of papers, moved"
    assert answer["default"]["bits"] == 512
    table = _run("--queries", "5")
    assert "60 vectors of 16 numbers, 5 queries" in table
    assert "512 bits, int8" in table
    assert "bytes a paper" in table
    assert list(tmp_path.iterdir()) == []


def _run(*options: str) -> str:
    done = CliRunner().invoke(main, ["bench", "index", *options], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout
