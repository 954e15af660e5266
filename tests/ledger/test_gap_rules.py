"""Which holes in rows of ids are asked for, and how gaps are packed, parted and remembered."""

from datetime import UTC, datetime, timedelta

import pytest
from tests import cast

from broadsheet.community import merging
from broadsheet.ledger import gaps
from broadsheet.ledger.models import Gap
from broadsheet.papers.models import Identifier

NOW = datetime(2026, 1, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ids", "share", "asked"),
    [
        (1, 1.0, True),  # a site of all categories misses no single id
        (1, 0.99, False),
        (2, 0.97, True),
        (9, 0.5, False),
        (10, 0.5, True),
        (23, 0.25, False),
        (25, 0.25, True),
        (500, 0.0, False),
        (0, 1.0, False),
    ],
)
def test_a_hole_is_asked_for_where_chance_does_not_explain_it(ids, share, asked):
    assert gaps.is_suspicious(ids, share) is asked


def test_holes_are_judged_by_their_neighbours():
    dense = list(range(1, 301))
    sparse = list(range(1001, 2001, 10))
    serials = [*(n for n in dense if not 150 <= n < 160), *(n for n in sparse if n != 1501)]
    found = gaps.holes(serials)
    assert range(150, 160) in found
    assert all(hole.start < 1000 for hole in found), "one of ten ids is ours there, so twenty in a row tell nothing"


def test_a_hole_among_the_newest_ids_is_judged_by_those_there_are():
    serials = [number for number in range(1, 181) if number % 5 and not 165 <= number < 171]
    assert gaps.holes(serials) == [range(165, 171)]


def gap(first, ids, **more):
    return Gap(first_id=f"2601.{first:05}", last_id=f"2601.{first + ids - 1:05}", ids=ids, found_at=NOW, **more)


def test_gaps_share_a_request_while_their_ids_fit():
    groups = gaps.packed([gap(1, 60), gap(100, 40), gap(200, 1), gap(300, 100)])
    assert [[one.ids for one in group] for group in groups] == [[60, 40], [1], [100]]


@pytest.mark.django_db
def test_what_was_asked_for_is_remembered_part_by_part():
    asked = gap(1, 5, next_at=NOW)
    asked.save()
    gaps.note(asked, {"2601.00001"}, {"2601.00002"}, NOW)
    rows = list(Gap.objects.order_by("first_id").values_list("first_id", "ids", "brought", "elsewhere", "absent"))
    assert rows == [("2601.00001", 2, 1, 1, 0), ("2601.00003", 3, 0, 0, 3)]
    assert gaps.due(NOW) == []
    (again,) = gaps.due(NOW + timedelta(days=1))
    gaps.note(again, set(), set(), NOW + timedelta(days=1))
    assert gaps.due(NOW + timedelta(days=30)) == []
    assert gaps.note_missing(["2601.00003", "2601.00002"], NOW + timedelta(days=2)) == 0


@pytest.mark.django_db
def test_old_papers_that_change_and_papers_that_are_here_are_not_missing():
    cast.paper("2601.00007")
    assert gaps.note_missing(["2601.00007", "1905.00001", "math/0309136", "2601.00008", "2601.00009"], NOW) == 2
    assert [(one.first_id, one.ids) for one in gaps.due(NOW)] == [("2601.00008", 2)]
    assert gaps.note_missing(["2601.00008"], NOW) == 0


@pytest.mark.django_db
def test_a_merged_paper_is_not_asked_for_again_and_one_that_is_only_named_is():
    kept, merged = cast.paper("2601.00007"), cast.paper("2601.00008", "Another title")
    merging.merge(kept, merged, "hand")
    Identifier.objects.create(key="2601.00009", paper=kept, source="acl")
    assert gaps.note_missing(["2601.00007", "2601.00008", "2601.00009"], NOW) == 1
    assert [(one.first_id, one.ids) for one in gaps.due(NOW)] == [("2601.00009", 1)]


@pytest.mark.django_db
def test_a_long_hole_is_parted_into_requests():
    assert gaps.note_missing([f"2601.{n:05}" for n in range(1, 251)], NOW) == 250
    assert [one.ids for one in Gap.objects.order_by("first_id")] == [100, 100, 50]
    assert gaps.ids_of(Gap.objects.order_by("first_id")[2])[-1] == "2601.00250"
