"""Hits that are kept as arrays are a list to whoever looks at them."""

import numpy as np
import pytest

from broadsheet.search.index import Ranked, Scored

HITS = [Scored(7, 0.5), Scored(3, 0.25), Scored(9, -1.0)]


@pytest.fixture
def ranked():
    return Ranked(np.array([7, 3, 9]), np.array([0.5, 0.25, -1.0], np.float32))


def test_they_are_looked_at_as_a_list_is(ranked):
    assert (len(ranked), list(ranked), ranked[0], ranked[-1], ranked[1:]) == (3, HITS, HITS[0], HITS[2], HITS[1:])
    assert [type(part) for part in ranked[0]] == [int, float]
    assert HITS[1] in ranked
    assert repr(ranked) == repr(HITS)
    with pytest.raises(IndexError):
        ranked[3]


def test_they_equal_a_list_of_the_same_and_nothing_else(ranked):
    assert ranked == HITS
    assert list(HITS) == ranked
    assert ranked != HITS[1:]
    assert ranked != 7
    assert not Ranked(np.zeros(0, np.int64), np.zeros(0))
