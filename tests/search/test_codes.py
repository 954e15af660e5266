"""The arithmetic of codes against plain sums, by made-up vectors."""

import numpy as np
import pytest

from broadsheet.errors import BadInput
from broadsheet.search import codes


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
    assert made_of.shape == (500, bits // 8)
    assert abs(np.unpackbits(made_of).mean() - 0.5) < 0.05, "centred: as many ones as zeros"
    if bits == 512:
        differing = np.bitwise_count(made_of[:1] ^ made_of).sum(axis=1)
        assert np.corrcoef(differing, vectors @ vectors[0])[0, 1] < -0.9


def test_the_same_frame_is_fitted_twice():
    first, second = (codes.fitted(made(100), 128) for _ in range(2))
    assert (first.projection == second.projection).all()
    assert (first.shift == second.shift).all()


@pytest.mark.parametrize("halved_from", [10**9, 10])
@pytest.mark.parametrize("count", [1, 50, 999, 1000, 5000])
def test_the_nearest_codes_are_those_with_fewest_bits_apart(monkeypatch, halved_from, count):
    monkeypatch.setattr(codes, "HALVED_FROM", halved_from)
    every = np.random.default_rng(2).integers(0, 256, (1000, 8), dtype=np.uint8)
    apart = np.bitwise_count(every ^ every[7]).sum(axis=1)
    rows = codes.near(every[7], every, count)
    assert len(set(rows.tolist())) == len(rows) == min(count, 1000)
    assert sorted(apart[rows]) == sorted(apart)[:count]


@pytest.mark.parametrize("dim", [64, 30])
def test_small_numbers_give_cosines_to_a_hundredth(dim):
    vectors = made(1300, dim)
    small, scales = codes.quantised(vectors)
    wide = np.zeros((1300, -(-dim // 4) * 4), np.int8)
    wide[:, :dim] = small
    query, rows = made(1, dim, seed=5)[0], np.arange(0, 1300, 2)
    assert codes.scored(query, wide, scales) == pytest.approx(vectors @ query, abs=0.01)
    assert codes.scored(query, wide, scales, rows) == pytest.approx(vectors[rows] @ query, abs=0.01)


def test_the_best_come_first_and_the_earlier_of_equals():
    scores = np.array([0.1, 0.9, 0.5, 0.9, 0.5, 0.5], np.float32)
    assert codes.best(scores, 3).tolist() == [1, 3, 2]
    assert codes.best(scores, 99).tolist() == [1, 3, 2, 4, 5, 0]
    assert codes.best(scores[:0], 3).tolist() == []


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


@pytest.mark.parametrize("halved_from", [10**9, 10])
def test_rows_that_lean_to_the_mean_are_found_though_the_query_is_far_from_all(monkeypatch, halved_from):
    monkeypatch.setattr(codes, "HALVED_FROM", halved_from)
    random = np.random.default_rng(4)
    # All lie to one side, more or less so. What is asked lies there too, but less than most: seen from the mean it is
    # on the other side, among those that are not near to it.
    leaning = random.uniform(0.2, 2, (40_000, 1)) * np.eye(1, 64) * 8
    vectors = codes.unit((leaning + random.standard_normal((40_000, 64))).astype(np.float32))
    frame, rows = codes.fitted(vectors[:5000], 512), np.arange(1, 40_000, 2)
    query = codes.unit((random.standard_normal((1, 64)) + 2.5 * np.eye(1, 64)).astype(np.float32))[0]
    best = set((rows[np.argsort(-(vectors[rows] @ query))[:20]]).tolist())
    found = codes.likely(frame, query, frame.codes(vectors), frame.leans(vectors), rows, 400)
    assert len(set(found.tolist())) == 400
    assert set(found.tolist()) <= set(rows.tolist())
    by_bits = rows[codes.near(frame.codes(query[None])[0], frame.codes(vectors[rows]), 400)]
    assert len(best & set(found.tolist())) >= 19 > len(best & set(by_bits.tolist()))
