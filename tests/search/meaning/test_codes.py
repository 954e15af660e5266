"""The arithmetic of codes against plain sums, by made-up vectors."""

import subprocess
import sys

import numpy as np
import pytest

from broadsheet.errors import BadInput
from broadsheet.search.meaning import codes, columns, passing, scanning


def made(count: int, dim: int = 64, seed: int = 1) -> np.ndarray:
    """Vectors in some clumps, off centre, as those of texts are."""
    random = np.random.default_rng(seed)
    middles = random.standard_normal((20, dim)) + 0.5
    return codes.unit((middles[random.integers(20, size=count)] + random.standard_normal((count, dim))).astype("f4"))


@pytest.mark.parametrize("bits", [8, 64, 96, 512])
def test_near_vectors_have_near_codes_whatever_their_size(bits):
    vectors = made(500)
    frame = codes.fitted(vectors, bits)
    made_of = frame.codes(vectors)
    assert made_of.shape == (500, codes.words_coded(bits))
    ones = np.bitwise_count(made_of).sum(axis=1)
    assert abs(ones.mean() / bits - 0.5) < 0.05, "centred: as many ones as zeros"
    if bits == 512:
        differing = np.bitwise_count(made_of[:1] ^ made_of).sum(axis=1)
        assert np.corrcoef(differing, vectors @ vectors[0])[0, 1] < -0.9


def test_the_same_frame_is_fitted_twice():
    first, second = (codes.fitted(made(100), 128) for _ in range(2))
    assert (first.projection == second.projection).all()
    assert (first.shift == second.shift).all()


def held(vectors: np.ndarray, frame: codes.Frame, ids: np.ndarray | None = None) -> codes.Held:
    """Vectors as columns, with rows of nothing up to a whole block."""
    rows = np.zeros((-(-len(vectors) // 64) * 64, vectors.shape[1]), np.float32)
    rows[: len(vectors)] = vectors
    keys = np.arange(len(rows)) if ids is None else ids
    blocks, more = codes.blocked(frame.codes(rows))
    return codes.as_held(blocks, more, frame.leans(rows), *codes.quantised(rows), keys)


@pytest.mark.parametrize("bits", [64, 256, 320, 512])
@pytest.mark.parametrize("limit", [1, 20, 300])
def test_codes_find_nearly_what_plain_sums_find_best_first(bits, limit):
    vectors = made(20_000)
    frame, asked = codes.fitted(vectors, bits), vectors[::1000]
    columns, found = held(vectors, frame), 0
    for query in asked:
        keys, scores = codes.nearest(frame, columns, query, passing.every(20_000), 20_000, limit=limit, candidates=1500)
        assert scores == pytest.approx(vectors[keys] @ query, abs=0.01)
        assert (np.diff(scores) <= 0).all()
        assert len(set(keys.tolist())) == limit
        found += len(set(keys.tolist()) & set(np.argsort(-(vectors @ query))[:limit].tolist()))
    assert found >= (0.95 if bits > 64 else 0.75) * limit * len(asked)


@pytest.mark.parametrize("order", [1, -1], ids=["the nearest last", "the nearest first"])
def test_where_the_nearest_stand_together_beyond_what_is_sampled_all_are_found(order):
    vectors = made(40_000)
    near = np.arange(64 * 4, 64 * 5)
    vectors[near] = codes.unit(vectors[near[0]] + 0.05 * made(64, seed=9))
    vectors = np.ascontiguousarray(vectors[::order])
    frame = codes.fitted(vectors, 256)
    query = vectors[near[0] if order == 1 else 39_999 - near[0]]
    keys, _ = codes.nearest(frame, held(vectors, frame), query, passing.every(40_000), 40_000, limit=64, candidates=70)
    assert {int(key) if order == 1 else 39_999 - int(key) for key in keys} == set(near.tolist())


def test_of_vectors_that_are_all_the_same_as_many_come_as_are_asked_for():
    vectors = np.repeat(made(1), 30_000, axis=0)
    frame = codes.fitted(made(5000), 256)
    keys, scores = codes.nearest(
        frame, held(vectors, frame), vectors[0], passing.every(30_000), 30_000, limit=30, candidates=100
    )
    assert len(set(keys.tolist())) == 30
    assert scores == pytest.approx(np.ones(30), abs=0.01)


def test_whatever_a_damaged_column_holds_a_search_ends_in_rows_that_are_there():
    random = np.random.default_rng(6)
    vectors = made(6400)
    frame = codes.fitted(vectors, 320)
    whole = held(vectors, frame)
    for name in whole._fields:
        column = np.array(getattr(whole, name))
        column.view(np.uint8)[...] = random.integers(0, 256, column.view(np.uint8).shape, dtype=np.uint8)
        damaged = whole._replace(**{name: codes.fixed(column)})
        keys, _ = codes.nearest(frame, damaged, vectors[0], passing.every(6400), 6400, limit=20, candidates=50)
        assert len(keys) <= 20
        assert name == "ids" or set(keys.tolist()) <= set(range(6400))
    for wrong in (np.inf, -np.inf, np.nan):
        damaged = whole._replace(leans=codes.fixed(np.full(6400, wrong, np.float32)))
        assert len(codes.nearest(frame, damaged, vectors[0], passing.every(6400), 6400, limit=9, candidates=50)[0]) <= 9


def test_columns_that_are_too_short_and_rows_that_are_not_there_are_refused():
    vectors = made(640)
    frame = codes.fitted(vectors, 64)
    whole = held(vectors, frame)
    for name in whole._fields:
        short = whole._replace(**{name: getattr(whole, name)[:-1]})
        with pytest.raises(IndexError, match="columns"):
            codes.nearest(frame, short, vectors[0], passing.every(640), 640, limit=5, candidates=50)
    with pytest.raises(IndexError, match="columns"):
        codes.nearest(frame, whole, vectors[0], passing.every(641), 641, limit=5, candidates=50)
    for wrong in ([0, 640], [-1, 3]):
        with pytest.raises(IndexError, match="rows"):
            codes.compared(whole, vectors[0], np.array(wrong, np.int32), limit=5)


def test_rows_that_are_free_or_like_nothing_are_never_found():
    vectors = made(6400)
    vectors[::3] = 0
    keys = np.arange(6400)
    keys[1::3] = columns.GONE
    frame = codes.fitted(vectors, 256)
    whole = held(vectors, frame, keys)
    by_code, _ = codes.nearest(
        frame, whole, vectors[4], passing.every(6400), 6400, limit=400, candidates=500, free=2000
    )
    all_of_them, _ = codes.compared(whole, vectors[4], np.arange(6400, dtype=np.int32), limit=9999)
    assert len(by_code) == 400
    assert set(by_code.tolist()) <= set(range(2, 6400, 3)) == set(all_of_them.tolist())


@pytest.mark.parametrize("dim", [64, 30])
def test_small_numbers_give_cosines_to_a_hundredth(dim):
    vectors = made(1300, dim)
    small, scales = codes.quantised(vectors)
    wide = np.zeros((1300, -(-dim // 4) * 4), np.int8)
    wide[:, :dim] = small
    query, rows = made(1, dim, seed=5)[0], np.arange(0, 1300, 2)
    nothing = np.zeros(0)
    columns = codes.as_held(nothing, nothing, nothing, wide, scales, np.arange(1300))
    keys, scores = codes.compared(columns, query, rows.astype(np.int32), limit=1300)
    assert scores == pytest.approx(vectors[keys] @ query, abs=0.01)
    assert sorted(keys.tolist()) == rows.tolist()
    assert codes.compared(columns, query, rows.astype(np.int32), limit=7)[0].tolist() == keys[:7].tolist()


@pytest.mark.parametrize("score", [1 - 2**-24, 0.5 - 2**-25, 2**-10 - 2**-34, -(2.0**-26), -1, 1, 2, np.inf, -np.inf])
def test_what_rounding_lifts_to_the_next_step_is_kept_and_no_score_is_above_the_last(score):
    scores = np.full(3, score, np.float32)
    assert 0 <= scanning.step_of(scores[0]) <= scanning.step_of(np.float32(1))
    assert scanning.least_of(scores, 3, 1.0) <= max(scores[0], -9)


def test_vectors_are_taken_at_unit_length_and_zeros_as_zeros():
    assert codes.numbers(np.array([3.0, 4.0]), 2).tolist() == pytest.approx([0.6, 0.8])
    assert codes.numbers(np.zeros(2), 2).tolist() == [0, 0]
    assert codes.numbers(np.array([3e38, 3e38]), 2) @ np.ones(2) == pytest.approx(2**0.5)


@pytest.mark.parametrize(
    "wrong", [np.zeros(3), np.zeros((1, 2)), np.array([np.nan, 0]), np.array([0, np.inf]), np.array([1e300, 0]), 7, []]
)
def test_what_is_no_vector_is_refused(wrong):
    with pytest.raises(BadInput, match="cannot be searched for"):
        codes.numbers(wrong, 2)


def test_rows_that_lean_to_the_mean_are_found_though_the_query_is_far_from_all():
    random = np.random.default_rng(4)
    # All lie to one side, more or less so. What is asked lies there too, but less than most: seen from the mean it is
    # on the other side, among those that are not near to it.
    leaning = random.uniform(0.2, 2, (40_000, 1)) * np.eye(1, 64) * 8
    vectors = codes.unit((leaning + random.standard_normal((40_000, 64))).astype(np.float32))
    frame, rows = codes.fitted(vectors[:5000], 512), np.arange(1, 40_000, 2)
    query = codes.unit((random.standard_normal((1, 64)) + 2.5 * np.eye(1, 64)).astype(np.float32))[0]
    best = set((rows[np.argsort(-(vectors[rows] @ query))[:20]]).tolist())
    columns, bits = held(vectors, frame), passing.among(rows, 40_000)
    found, _ = codes.nearest(frame, columns, query, bits, len(rows), limit=20, candidates=400)
    assert set(found.tolist()) <= set(rows.tolist())
    apart = np.bitwise_count(frame.codes(vectors[rows]) ^ frame.codes(query[None])).sum(axis=1)
    by_bits = rows[np.argsort(apart)[:400]]
    assert len(best & set(found.tolist())) >= 19 > len(best & set(by_bits.tolist()))


def test_what_compiles_is_loaded_by_a_search_and_not_before():
    imports = (
        "import sys; from broadsheet.cli import main; from broadsheet.search.meaning import vectors, passing, columns\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
