"""The vectors by themselves: what narrows them, and when they are folded. Their quality and the port: test_whole."""

import shutil
from collections.abc import Iterator
from datetime import date

import numpy as np
import pytest

from broadsheet.errors import BroadsheetError
from broadsheet.search.edge import Vectors
from broadsheet.search.index import Document, Facts, Filters, facts_of

FIRST = date(2026, 1, 1)


def made(count: int) -> np.ndarray:
    vectors = np.random.default_rng(1).standard_normal((count, 384)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def vectors(tmp_path) -> Iterator[Vectors]:
    vectors = Vectors.anew(tmp_path / "vectors")
    yield vectors
    vectors.close()


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), {1, 2, 3}),
        (Filters(categories=("cs",)), {1}),
        (Filters(categories=("cs", "math.AG")), {1, 2}),
        (Filters(not_categories=("cs",)), {2, 3}),
        (Filters(since=FIRST), {1}),
        (Filters(until=FIRST), {1, 2}),
        (Filters(has=("code",)), {2}),
        (Filters(lacks=("code",)), {1, 3}),
        (Filters(ids=(1, 3, 77)), {1, 3}),
        (Filters(ids=()), set()),
        (Filters(categories=("cs", "math"), lacks=("code",), ids=(1, 2)), {1}),
    ],
    ids=str,
)
def test_facts_narrow_a_search(vectors, filters, wanted):
    papers = [
        Document(1, "", "", "", categories=("cs.LG",), day=FIRST),
        Document(2, "", "", "", categories=("math.AG",), day=date(2025, 12, 31), code=True),
        Document(3, "", "", ""),
    ]
    vectors.put(dict(enumerate(made(3), 1)), {paper.id: facts_of(paper) for paper in papers})
    assert {hit.id for hit in vectors.nearest(made(1)[0], limit=9, filters=filters)} == wanted


def test_a_vector_put_again_takes_the_place_of_the_first(vectors):
    one, other = made(2)
    vectors.put({7: one}, {7: Facts(("cs",))})
    vectors.put({7: other}, {7: Facts(("math",))})
    assert vectors.size() == 1
    (hit,) = vectors.nearest(other, limit=3, filters=Filters(categories=("math",)))
    assert hit.score == pytest.approx(1, abs=1e-3)
    vectors.remove([7, 8])
    assert vectors.size() == 0


def test_vectors_are_folded_from_some_hundred_on(vectors, tmp_path):
    many = made(1000)
    vectors.put(dict(enumerate(many)), {pk: Facts() for pk in range(1000)})
    before = {path.name for path in (tmp_path / "vectors" / "segments").iterdir()}
    vectors.optimize()
    assert {path.name for path in (tmp_path / "vectors" / "segments").iterdir()} - before
    assert [vectors.nearest(many[pk], limit=1, filters=Filters())[0].id for pk in range(0, 1000, 100)] == list(
        range(0, 1000, 100)
    )


def test_what_was_put_is_there_after_reopening_and_nothing_can_be_asked_once_closed(tmp_path):
    vectors = Vectors.anew(tmp_path)
    vectors.put({1: made(1)[0]}, {1: Facts()})
    vectors.close()
    vectors.close()
    with pytest.raises(BroadsheetError, match="closed"):
        vectors.size()
    vectors = Vectors.open(tmp_path)
    assert vectors.size() == 1
    vectors.close()


def test_where_the_disk_is_nearly_full_nothing_is_written_and_searches_go_on(vectors, monkeypatch):
    numbers = made(2)
    vectors.put({1: numbers[0]}, {1: Facts()})
    nearly_full = shutil.disk_usage("/")._replace(free=5 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    for change in (lambda: vectors.put({2: numbers[1]}, {2: Facts()}), vectors.optimize):
        with pytest.raises(BroadsheetError, match="5 MB left"):
            change()
    assert [hit.id for hit in vectors.nearest(numbers[1], limit=9, filters=Filters())] == [1]
