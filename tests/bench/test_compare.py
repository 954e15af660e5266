"""The day here beside another site's: what is missing, what is more, the order and the votes."""

from datetime import date

import pytest
from tests import cast

from broadsheet.bench.compare import Listed, compare, of_day
from broadsheet.sources.record import Reject
from broadsheet.sources.rows import record_of

DAY = date(2026, 1, 5)


def listed(*papers: tuple[str, int]) -> list[Listed]:
    return [Listed(key, key.upper(), votes) for key, votes in papers]


def test_two_lists_that_are_the_same_agree():
    both = listed(("a", 9), ("b", 5), ("c", 1))
    found = compare(DAY, both, both, {"a": "a", "b": "b", "c": "c"})
    assert (found.missing, found.moved, found.more) == ((), (), ())
    assert (found.tau, found.overlap) == (1.0, 3)
    assert found.votes == (("a", 9, 9), ("b", 5, 5), ("c", 1, 1))


def test_what_differs_is_told():
    theirs = listed(("gone", 12), ("a", 9), ("b", 5), ("moved", 3), ("twin", 1))
    ours = listed(("b", 7), ("a", 2), ("more", 1), ("kept", 0))
    found = compare(DAY, theirs, ours, {"a": "a", "b": "b", "moved": "moved", "twin": "kept"}, unread=2)
    assert [one.key for one in found.missing] == ["gone"]
    assert [one.key for one in found.moved] == ["moved"]
    assert [one.key for one in found.more] == ["more"]
    assert found.tau == pytest.approx(1 / 3, abs=0.001)
    assert found.votes == (("a", 9, 2), ("b", 5, 7), ("kept", 1, 0))
    assert (found.there, found.here, found.unread) == (5, 4, 2)
    assert found.as_json()["votes"][0] == {"id": "a", "there": 9, "here": 2}


def test_the_other_turn_is_minus_one_and_one_paper_is_no_order():
    known = {"a": "a", "b": "b"}
    assert compare(DAY, listed(("a", 2), ("b", 1)), listed(("b", 2), ("a", 1)), known).tau == -1
    assert compare(DAY, listed(("a", 2)), listed(("a", 1)), known).tau is None
    assert compare(DAY, [], [], {}).overlap == 0


def test_the_order_of_five_papers_is_as_counted_by_hand():
    theirs = listed(("a", 50), ("b", 40), ("c", 30), ("d", 20), ("e", 10))
    ours = listed(("c", 9), ("a", 8), ("b", 7), ("e", 6), ("d", 5))
    # Of ten pairs three stand the other way round: a-c, b-c, d-e. So (7 - 3) / 10.
    assert compare(DAY, theirs, ours, {key: key for key in "abcde"}).tau == 0.4


def test_two_papers_there_that_are_one_here_count_once():
    theirs = listed(("a", 9), ("twin", 5), ("b", 1))
    found = compare(DAY, theirs, listed(("a", 3), ("b", 2)), {"a": "a", "twin": "a", "b": "b"})
    assert found.votes == (("a", 9, 3), ("b", 1, 2))
    assert (found.tau, found.overlap) == (1.0, 2)


class Source:
    """Another site's list of one day."""

    def of_day(self, day: date) -> list[object]:
        rows = [("2601.00001", 3), ("2601.00002", 8), ("2601.00009", 1)]
        facts = [{"id": key, "title": "T", "upvotes": votes, "daily_date": day.isoformat()} for key, votes in rows]
        return [*(record_of(one, "x") for one in facts), Reject("odd")]


def test_a_day_is_compared_with_the_edition_here(db):
    cast.paper("2601.00001", imported_votes=4)
    cast.paper("2601.00002", day=date(2026, 1, 6))
    cast.paper("2601.00003", "Only Here")
    found = of_day(Source(), DAY)  # type: ignore[arg-type]
    assert [one.key for one in found.missing] == ["2601.00009"]
    assert [one.key for one in found.moved] == ["2601.00002"]
    assert [one.title for one in found.more] == ["Only Here"]
    assert found.votes == (("2601.00001", 3, 4),)
    assert (found.unread, found.there, found.here) == (1, 3, 2)
