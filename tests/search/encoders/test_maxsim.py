"""MaxSim by hand, and over results with a made-up model."""

import numpy as np
import pytest

from broadsheet.search.encoders import maxsim


class MadeUp:
    """Reads letters: each is a direction of its own."""

    def token_vectors(self, text, *, tokens):
        assert tokens == 64
        return np.eye(26, dtype=np.float32)[[ord(letter) - ord("a") for letter in text if letter.isalpha()] or [0]]


RANKED = [(1, 1.0), (2, 0.9), (3, 0.8), (4, 0.1)]
TEXTS = {1: "xyz", 2: "ab", 3: "abc", 4: "abc"}


def rescored(cap=60.0):
    return maxsim.Rescorer(MadeUp(), 64, cap)("abc", RANKED, TEXTS)


def test_the_score_is_the_mean_of_the_best_match_of_each_token():
    query = np.array([[1.0, 0.0], [0.6, 0.8]], dtype=np.float32)
    document = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]], dtype=np.float32)
    assert maxsim.score(query, document) == pytest.approx((1.0 + 0.8) / 2)


def test_both_scores_are_mixed_and_stay_between_the_first_and_the_last():
    found = rescored()
    # Normalised: fused 1, .89, .78, 0 and MaxSim 0, .67, 1, 1.
    assert [pk for pk, _ in found] == [3, 2, 1, 4]
    assert found[0][1] == pytest.approx(1.0)
    assert found[-1][1] == pytest.approx(0.1)


def test_what_the_cap_leaves_unread_stays_as_it_is():
    assert rescored(cap=-1.0) == RANKED


def test_a_single_result_keeps_its_score():
    assert maxsim.Rescorer(MadeUp(), 64)("abc", [(1, 0.4)], TEXTS) == [(1, 0.4)]


def test_a_real_model_finds_a_text_most_like_itself(embedder):
    ours, other = (embedder.token_vectors(text) for text in ("graphs of proteins", "bread and butter"))
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    assert ours.shape[1] == embedder.dim
    assert maxsim.score(ours, ours) == pytest.approx(1, abs=1e-5)
    assert maxsim.score(ours, other) < 0.9


def test_the_mean_of_the_tokens_is_what_is_embedded(embedder):
    """The graph with tokens is the same graph: its pooled vector does not change."""
    before = embedder.embed(["graphs of proteins"])
    embedder.token_vectors("graphs of proteins")
    assert np.array_equal(embedder.embed(["graphs of proteins"]), before)


def test_a_text_without_words_has_a_vector_too(embedder):
    assert len(embedder.token_vectors("")) >= 1
