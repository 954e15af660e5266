"""The vectors by themselves, against plain sums over all: what narrows them, who sees what. The port: test_whole."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.search.index import Document, Facts, Filters, facts_of
from broadsheet.search.meaning import narrowed
from broadsheet.search.meaning import vectors as module
from broadsheet.search.meaning.codes import Coding, unit
from broadsheet.search.meaning.columns import GONE, wide
from broadsheet.search.meaning.passing import Places
from broadsheet.search.meaning.vectors import Vectors

FIRST = date(2026, 1, 1)


def made(count: int, dim: int = 384, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    middles = random.standard_normal((20, dim)) + 0.3
    return unit((middles[random.integers(20, size=count)] + random.standard_normal((count, dim))).astype(np.float32))


def filed(count: int) -> dict[int, Facts]:
    """Facts of papers 1 to count: every third of mathematics, every fiftieth of physics, every fifth with code."""
    return {
        pk: Facts(
            ("math.AG", "math") if pk % 3 == 0 else ("physics",) if pk % 50 == 1 else ("cs.LG", "cs"),
            FIRST.toordinal() + pk % 100,
            ("code",) if pk % 5 == 0 else (),
        )
        for pk in range(1, count + 1)
    }


def fulfils(pk: int, facts: Facts, filters: Filters) -> bool:
    """Tell by the words of ``Filters`` whether a paper passes."""
    dated = facts.day is not None
    return all(
        (
            not filters.categories or set(filters.categories) & set(facts.categories),
            not set(filters.not_categories) & set(facts.categories),
            not filters.since or (dated and facts.day >= filters.since.toordinal()),
            not filters.until or (dated and facts.day <= filters.until.toordinal()),
            set(filters.has) <= set(facts.has),
            not set(filters.lacks) & set(facts.has),
            filters.ids is None or pk in filters.ids,
        )
    )


@pytest.fixture
def vectors(tmp_path) -> Iterator[Vectors]:
    vectors = Vectors.anew(tmp_path / "vectors")
    yield vectors
    vectors.close()


@pytest.fixture
def many(tmp_path, monkeypatch) -> Iterator[tuple[Vectors, np.ndarray]]:
    """Five thousand papers with codes of 256 bits, of which two hundred are compared by their numbers."""
    monkeypatch.setattr(narrowed, "FEW", 100)
    vectors, numbers = Vectors.anew(tmp_path / "many", 32, 256), made(5000, 32)
    vectors.put(dict(enumerate(numbers, 1)), filed(5000))
    vectors.coding = Coding(256, 200)
    yield vectors, numbers
    vectors.close()


@pytest.mark.parametrize(
    ("filters", "wanted"),
    [
        (Filters(), {1, 2, 3}),
        (Filters(categories=("cs",)), {1}),
        (Filters(categories=("cs", "math.AG")), {1, 2}),
        (Filters(categories=("nothing",)), set()),
        (Filters(not_categories=("cs", "nothing")), {2, 3}),
        (Filters(since=FIRST), {1}),
        (Filters(until=FIRST), {1, 2}),
        (Filters(has=("code",)), {2}),
        (Filters(lacks=("code",)), {1, 3}),
        (Filters(ids=(1, 3, 3, 77)), {1, 3}),
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


_keys = st.integers(1, 30) | st.sampled_from([-5, 0, 1 << 40])
_facts = st.builds(
    Facts,
    st.lists(st.sampled_from(["cs", "math", *(f"c{n}" for n in range(130))]), max_size=3, unique=True).map(tuple),
    st.none() | st.integers(FIRST.toordinal(), FIRST.toordinal() + 5),
    st.sampled_from([(), ("code",)]),
)
_filters = st.builds(
    Filters,
    categories=st.sampled_from([(), ("cs",), ("cs", "c7"), ("c129",)]),
    not_categories=st.sampled_from([(), ("math",), ("c1", "c2")]),
    since=st.sampled_from([None, FIRST]),
    until=st.sampled_from([None, FIRST, date(2026, 1, 3)]),
    has=st.sampled_from([(), ("code",)]),
    lacks=st.sampled_from([(), ("code",)]),
    ids=st.none() | st.lists(_keys, max_size=20).map(tuple),
)
_puts = st.dictionaries(_keys, st.tuples(st.integers(0, 99), _facts), max_size=12)


@settings(max_examples=60, deadline=None)
@given(changes=st.lists(_puts | st.lists(_keys, max_size=12), max_size=8), asked=_filters, reopened=st.booleans())
def test_whatever_is_put_and_removed_writer_and_reader_find_what_plain_sums_find(
    tmp_path_factory, changes, asked, reopened
):
    folder, numbers = tmp_path_factory.mktemp("twin"), made(100, 10)
    vectors = Vectors.anew(folder, 10, 16)
    reader = Vectors.read(folder)
    twin: dict[int, tuple[int, Facts]] = {}
    for change in changes:
        if isinstance(change, dict):
            vectors.put(
                {pk: numbers[which] for pk, (which, _) in change.items()}, {k: f for k, (_, f) in change.items()}
            )
            twin |= change
        else:
            vectors.remove(change)
            twin = {pk: kept for pk, kept in twin.items() if pk not in change}
    if reopened:
        vectors.close()
        vectors = Vectors.open(folder)
    wanted = {pk: numbers[which] @ numbers[3] for pk, (which, facts) in twin.items() if fulfils(pk, facts, asked)}
    for one in (vectors, reader):
        hits = one.nearest(numbers[3], limit=99, filters=asked)
        assert {hit.id: hit.score for hit in hits} == pytest.approx(wanted, abs=0.02)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        assert one.size() == len(twin)
        assert one.ids().tolist() == sorted(twin)
        assert one.check() == []


@pytest.mark.parametrize(
    "filters",
    [
        Filters(),
        Filters(categories=("cs",)),
        Filters(categories=("physics",)),
        Filters(not_categories=("cs",), lacks=("code",)),
        Filters(since=FIRST, until=date(2026, 1, 5)),
        Filters(ids=tuple(range(1, 5000, 3))),
    ],
    ids=["all", "half", "few", "some", "days", "keys"],
)
def test_among_many_codes_find_nearly_what_plain_sums_find(many, filters):
    vectors, numbers = many
    passing = np.array([fulfils(pk, facts, filters) for pk, facts in filed(5000).items()])
    found = 0
    for query in numbers[::500]:
        best = np.argsort(-np.where(passing, numbers @ query, -9))[:20] + 1
        hits = [hit.id for hit in vectors.nearest(query, limit=20, filters=filters)]
        assert passing[np.array(hits) - 1].all()
        found += len(set(best.tolist()) & set(hits))
    assert found >= 0.97 * 200


def test_among_many_what_was_removed_or_overwritten_is_not_found_as_it_was(many):
    vectors, numbers = many
    gone = list(range(2, 5000, 2))
    vectors.remove(gone)
    assert vectors.size() == 2501
    hits = vectors.nearest(numbers[1], limit=100, filters=Filters())
    assert len(hits) == 100
    assert all(hit.id % 2 or hit.id == 5000 for hit in hits)
    others = made(3, 32, seed=9)
    vectors.put({10_001: others[0], 1: others[1]}, dict.fromkeys((10_001, 1), Facts()))
    assert vectors.nearest(others[0], limit=1, filters=Filters())[0].id == 10_001
    assert vectors.nearest(others[1], limit=1, filters=Filters())[0].id == 1
    assert vectors.pieces()["ids"] == 8 * 8192, "free rows are used again"
    assert vectors.check() == []


def test_a_limit_beyond_the_candidates_is_filled(many):
    vectors, numbers = many
    assert len(vectors.nearest(numbers[0], limit=3000, filters=Filters())) == 3000
    assert len(vectors.nearest(numbers[0], limit=9000, filters=Filters())) == 5000
    assert vectors.nearest(numbers[0], limit=0, filters=Filters()) == []


def test_a_reader_opened_before_sees_rows_names_and_codes_that_came_since(tmp_path):
    vectors = Vectors.anew(tmp_path, 32, 64)
    reader, numbers = Vectors.read(tmp_path), made(6000, 32)
    for begin in range(0, 6000, 1500):
        part = range(begin + 1, begin + 1501)
        vectors.put({pk: numbers[pk - 1] for pk in part}, {pk: Facts((f"c{pk % 300}",)) for pk in part})
        last = begin + 1500
        assert reader.size() == last
        assert reader.nearest(numbers[last - 1], limit=1, filters=Filters())[0].id == last
        assert reader.nearest(numbers[0], limit=9999, filters=Filters(categories=("c299",)))
        assert list(reader.get([last, 9999])) == [last]
    assert "filed-4" in reader.pieces()
    rows = list(reader.each(2500))
    assert [len(ids) for ids, _ in rows] == [2500, 2500, 1000]
    assert np.abs(np.concatenate([part for _, part in rows]) - numbers).max() < 0.01


def test_codes_are_made_once_more_when_the_first_papers_are_few_of_many(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIT_AGAIN", 8000)
    vectors, numbers = Vectors.anew(tmp_path, 32, 64), made(9000, 32)
    numbers[:4500] = unit(numbers[:4500] + 0.2)
    reader, means = Vectors.read(tmp_path), []
    for begin, end in ((0, 4500), (4500, 9000)):
        vectors.put({pk: numbers[pk] for pk in range(begin, end)}, dict.fromkeys(range(begin, end), Facts()))
        assert all(reader.nearest(numbers[pk], limit=1, filters=Filters())[0].id == pk for pk in range(0, end, 300))
        mean = np.fromfile(tmp_path / "frame", "<f4", offset=4)[32 * 64 : 32 * 65]
        means.append(np.abs(mean - numbers[:end].mean(axis=0)).max())
    assert max(means) < 0.01
    assert vectors.check() == Vectors.read(tmp_path).check() == []


def test_another_process_reads_while_this_one_writes(vectors, tmp_path):
    numbers = made(2)
    vectors.put({1: numbers[0]}, {1: Facts()})
    asks = (
        "import sys; from pathlib import Path; from broadsheet.search.meaning.vectors import Vectors\n"
        "v = Vectors.read(Path(sys.argv[1]))\n"
        "for line in sys.stdin: print(v.size(), v.ids().tolist(), flush=True)"
    )
    command = [sys.executable, "-c", asks, str(tmp_path / "vectors")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        told = []
        for change in (lambda: None, lambda: vectors.put({2: numbers[1]}, {2: Facts()}), lambda: vectors.remove([1])):
            change()
            process.stdin.write("\n")
            process.stdin.flush()
            told.append(process.stdout.readline())
        process.stdin.close()
    assert told == ["1 [1]\n", "2 [1, 2]\n", "1 [2]\n"]


def test_a_reader_of_an_index_that_was_made_anew_goes_on_with_the_old_one(tmp_path):
    Vectors.anew(tmp_path / "v", 8, 64).put({1: made(1, 8)[0]}, {1: Facts()})
    reader = Vectors.read(tmp_path / "v")
    Vectors.anew(tmp_path / "v", 8, 64)
    assert [hit.id for hit in reader.nearest(made(1, 8)[0], limit=9, filters=Filters())] == [1]


def test_a_vector_of_zeros_is_kept_and_like_nothing(vectors):
    vectors.put({1: np.zeros(384, np.float32), 2: made(1)[0]}, {1: Facts(), 2: Facts()})
    assert vectors.size() == 2
    assert not vectors.get([1])[1].any()
    assert [hit.id for hit in vectors.nearest(made(1)[0], limit=9, filters=Filters(ids=(1, 2)))] == [2]
    assert vectors.nearest(np.zeros(384, np.float32), limit=9, filters=Filters()) == []


def test_what_is_no_vector_is_refused_before_anything_is_written(vectors):
    with pytest.raises(BadInput, match=r"\(3,\)"):
        vectors.put({1: made(1)[0], 2: np.zeros(3, np.float32)}, {1: Facts(), 2: Facts()})
    with pytest.raises(BadInput, match="finite"):
        vectors.nearest(np.full(384, np.nan, np.float32), limit=0, filters=Filters())
    assert vectors.size() == 0


def test_rows_of_another_index_keep_what_they_are_filed_under(many, tmp_path):
    old, numbers = many
    new = Vectors.anew(tmp_path / "new", 16, 64)
    new.put({1: np.ones(16, np.float32)}, {1: Facts(("other",))})
    for ids, _ in old.each(1000):
        new.put_rows(ids, numbers[ids - 1, :16], old)
    new.put_rows(np.array([7777, 3]), numbers[[1, 1], :16], old)
    assert new.ids().tolist() == list(range(1, 5001))
    filters = Filters(categories=("math",), has=("code",), since=date(2026, 3, 1))
    wanted = {pk for pk, facts in filed(5000).items() if fulfils(pk, facts, filters)}
    assert {hit.id for hit in new.nearest(numbers[0, :16], limit=9999, filters=filters)} == wanted
    assert np.abs(new.get([3])[3] - unit(numbers[1:2, :16])[0]).max() < 0.01
    assert new.nearest(numbers[0, :16], limit=9, filters=Filters(categories=("other",))) == []


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


class Freed(np.ndarray):
    """Keys of papers of which one is taken out as soon as somebody has looked whether it is one."""

    def __lt__(self, most):
        found = np.asarray(self) < most
        self[0] = GONE
        return found


def test_a_paper_that_is_taken_out_while_rows_are_learned_harms_nobody():
    places, keys = Places(), np.array([3, 4, 5]).view(Freed)
    places.follow(keys, 3, 0)
    assert places.rows(np.array([4, 5, 6]), np.asarray(keys)).tolist() == [1, 2, -1]


def test_a_row_that_is_given_to_another_paper_while_it_is_read_is_not_told_for_it(tmp_path, monkeypatch):
    vectors = Vectors.anew(tmp_path / "vectors")
    vectors.put(dict(enumerate(made(2), 1)), {1: Facts(), 2: Facts()})
    reader = Vectors.read(tmp_path / "vectors")

    def read(view, rows):
        vectors.remove([1])
        vectors.put({9: made(1)[0]}, {9: Facts()})
        return wide(view, rows)

    monkeypatch.setattr("broadsheet.search.meaning.vectors.wide", read)
    assert list(reader.get([1, 2])) == [2]
    monkeypatch.undo()
    assert sorted(reader.get([1, 2, 9])) == [2, 9]
    vectors.close()


def test_threads_that_read_while_another_writes_and_grows_find_what_was_there_before(many, tmp_path):
    vectors, numbers = many
    readers = [vectors, Vectors.read(tmp_path / "many")]
    done = threading.Event()

    def read(which: int) -> int:
        asked = 0
        while not done.is_set() or asked < 20:
            key = 1 + (asked * 7 + which) % 2000
            (hit, *_) = readers[which % 2].nearest(numbers[key - 1], limit=3, filters=Filters())
            assert hit.id == key
            assert hit.score > 0.98
            asked += 1
        return asked

    with ThreadPoolExecutor(4) as pool:
        reads = [pool.submit(read, which) for which in range(4)]
        for begin in range(5001, 25_001, 2000):
            part = range(begin, begin + 2000)
            far = -numbers[np.array(part) % 2000]  # unlike all that is asked for
            vectors.put(dict(zip(part, far, strict=True)), {pk: Facts((f"c{begin + pk % 9}",)) for pk in part})
            vectors.remove(range(begin, begin + 300))
        done.set()
        assert all(one.result() >= 20 for one in reads)
    assert readers[1].size() == 25_000 - 10 * 300
    assert readers[1].check() == []
