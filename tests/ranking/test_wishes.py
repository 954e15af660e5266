"""What should differ from a paper, read from plain words, operators and chips."""

from datetime import date

import pytest
from tests import cast

from broadsheet.errors import BadInput
from broadsheet.ranking import wishes
from broadsheet.search.index import Filters, Term


@pytest.mark.parametrize(
    ("typed", "more", "less", "chips"),
    [
        ("", "", (), ()),
        ("newer", "", (), ("newer",)),
        ("newer and with code", "", (), ("newer", "code")),
        ("a survey", "", (), ("survey",)),
        ("not a survey", "", (), ("no-survey",)),
        ("for biology", "biology", (), ()),
        ("but about graph networks", "graph networks", (), ()),
        ("not diffusion", "", ("diffusion",), ()),
        ("for proteins, without language models", "proteins", ("language models",), ()),
        ("without reinforcement learning and newer", "", ("reinforcement learning",), ("newer",)),
        ("applied to speech but not translation", "speech", ("translation",), ()),
        ("in another field", "", (), ("field",)),
        ("of few authors, a shorter list", "", (), ("few", "short")),
        ("notation of tensors", "notation of tensors", (), ()),
    ],
)
def test_plain_words_are_read(typed, more, less, chips):
    wish = wishes.read(typed, (), [])
    assert (wish.more, wish.less, wish.chips) == (more, less, chips)


def test_chips_become_conditions_on_the_papers_begun_with(db):
    first = cast.paper(day=date(2026, 1, 5), categories=["cs.CL", "cs.LG"])
    second = cast.paper("2601.00002", "Another", day=date(2026, 1, 9), categories=["cs.CV"])
    wish = wishes.read("", ("newer", "code", "field"), [first, second])
    assert wish.filters.since == date(2026, 1, 10)
    assert wish.filters.has == ("code",)
    assert wish.filters.not_categories == ("cs.CL", "cs.CV")
    assert wishes.read("", ("older",), [first, second]).filters.until == date(2026, 1, 4)


def test_what_nothing_that_one_began_with_can_be_held_against_is_left_out_and_said(db):
    bare = cast.paper(day=None, categories=[])
    wish = wishes.read("in another field, newer", (), [bare])
    assert (wish.chips, wish.filters) == ((), Filters())
    assert wish.notes == (
        "Left out: newer, as nothing that you began with has an edition day.",
        "Left out: of another field, as nothing that you began with has a category.",
    )
    other = cast.paper("2601.00002", "Another", day=date(2026, 1, 9), categories=["cs.CV"])
    assert wishes.read("in another field, newer", (), [bare, other]).chips == ("newer", "field")


def test_what_is_not_wanted_may_not_stand_in_the_title():
    wish = wishes.read("not diffusion, without language models", (), [])
    assert wish.filters.without == (Term("title", "diffusion"), Term("title", "language models", exact=True))


def test_operators_of_the_search_box_are_conditions_too():
    wish = wishes.read("proteins cat:q-bio -survey since:2026", (), [])
    assert wish.more == "proteins"
    assert wish.filters.categories == ("q-bio",)
    assert wish.filters.since == date(2026, 1, 1)
    assert wish.filters.without == (Term("any", "survey"),)


def test_times_in_words_are_conditions():
    filters = wishes.read("after 2025, without code", (), []).filters
    assert filters.since == date(2026, 1, 1)
    assert wishes.read("before 2026-03", (), []).filters.until == date(2026, 2, 28)
    assert filters.lacks == ("code",)


def test_a_named_field_leans_to_its_categories():
    assert wishes.read("for robotics", (), []).fields == ("cs.RO",)


def test_a_wish_says_how_it_was_read():
    said = wishes.read("for robotics, not drones, newer", (), []).said
    assert said == ("newer", "more of “robotics”", "fields: cs.RO", "less of “drones”")


def test_a_chip_that_does_not_exist_is_named():
    with pytest.raises(BadInput, match="cheaper"):
        wishes.read("", ("cheaper",), [])
