"""Vectors of queries that were asked before."""

import numpy as np
import pytest
from django.conf import settings

from broadsheet.search import asked


class Counting:
    """An encoder that tells how often it was asked."""

    dim = 3

    def __init__(self):
        self.texts = []
        self.tokens = set()

    def embed_query(self, text, *, tokens=256):
        self.texts.append(text)
        self.tokens.add(tokens)
        return np.full(3, len(self.texts), np.float32)


def test_the_same_text_is_encoded_once_by_each_encoder():
    one, other = Counting(), Counting()
    for _ in range(2):
        assert asked.vector_of(one, "graphs")[0] == 1
    asked.vector_of(other, "graphs")
    assert (one.texts, other.texts) == (["graphs"], ["graphs"])


def test_of_a_query_less_is_read_than_of_a_paper():
    one = Counting()
    asked.vector_of(one, "graphs " * 300)
    assert one.tokens == {asked.TOKENS}
    assert asked.TOKENS < settings.EMBED_TOKENS


def test_the_oldest_are_forgotten(monkeypatch):
    monkeypatch.setattr(asked, "MOST", 2)
    one = Counting()
    for text in ("a", "b", "a", "c", "a", "b"):
        asked.vector_of(one, text)
    assert one.texts == ["a", "b", "c", "b"]


def test_nobody_can_change_what_is_kept():
    vector = asked.vector_of(Counting(), "graphs")
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 5
