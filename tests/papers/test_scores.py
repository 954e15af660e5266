"""The trending formula: values worked out by hand, and what must hold for every history."""

import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.papers.scores import (
    EPOCH,
    HALF_LIFE,
    decayed_votes,
    merged,
    trending,
    trending_of,
    trending_of_dated,
    votes_by_day,
)

DAY = timedelta(days=1)
MONDAY = date(2026, 5, 25)
THURSDAY, FRIDAY, SATURDAY = (date(2026, 5, number) for number in (28, 29, 30))

days = st.dates(date(1990, 1, 1), date(2100, 12, 31))
near = st.dates(date(2026, 5, 1), date(2026, 6, 30))
histories = st.lists(st.tuples(near, st.integers(0, 500)), min_size=1, max_size=6, unique_by=lambda reading: reading[0])


def close(number: float | None) -> object:
    assert number is not None
    return pytest.approx(number, abs=1e-9)


# --- Values by hand ---------------------------------------------------------------------------------------------------


def test_four_votes_on_the_epoch_score_two() -> None:
    assert trending([(EPOCH, 4)], EPOCH) == 2.0


def test_each_half_life_later_adds_one_to_the_score() -> None:
    assert trending([(EPOCH + 3 * DAY, 4)], EPOCH + 3 * DAY, half_life=DAY) == 5.0
    assert trending([(EPOCH + 3 * DAY, 4)], EPOCH + 3 * DAY) == 6.0  # three days are four times eighteen hours


def test_votes_of_two_days_add_up_with_the_older_ones_halved() -> None:
    score = trending_of({EPOCH: 6.0, EPOCH + DAY: 5.0}, half_life=DAY)

    assert score == close(math.log2(6 * 1 + 5 * 2))
    assert decayed_votes(score or 0, EPOCH + DAY, half_life=DAY) == close(6 / 2 + 5)


def test_the_worked_example_of_the_documentation_holds() -> None:
    thursdays = trending([(THURSDAY, 12), (FRIDAY, 30)], THURSDAY)
    fridays = trending([(FRIDAY, 14)], FRIDAY)
    mondays = trending([(MONDAY, 40), (MONDAY + DAY, 90)], MONDAY)

    assert votes_by_day([(THURSDAY, 12), (FRIDAY, 30)], THURSDAY) == {THURSDAY: 21, FRIDAY: 9}
    assert [round(score or 0, 2) for score in (thursdays, fridays, mondays)] == [12864.12, 12863.81, 12861.67]
    shown = [[round(decayed_votes(score or 0, day), 1) for day in (FRIDAY, SATURDAY)] for score in (thursdays, fridays)]
    assert shown == [[17.3, 6.9], [14.0, 5.6]]
    assert round(decayed_votes(mondays or 0, FRIDAY), 1) == 3.2


def test_the_documentation_names_the_half_life_in_force() -> None:
    text = (Path(__file__).parents[2] / "docs" / "ranking.md").read_text(encoding="utf-8")

    assert f"loses half its weight every {HALF_LIFE / timedelta(hours=1):g} hours" in text


# --- What readings tell -----------------------------------------------------------------------------------------------


def test_a_paper_without_votes_has_no_score() -> None:
    assert trending([], FRIDAY) is None
    assert trending([(FRIDAY, 0), (SATURDAY, 0)], FRIDAY) is None


def test_the_votes_of_a_late_first_reading_belong_to_the_editions_day() -> None:
    assert votes_by_day([(FRIDAY, 7)], MONDAY) == {MONDAY: 7}


def test_the_first_reading_stays_on_its_day_where_no_edition_is_known_or_it_came_later() -> None:
    assert votes_by_day([(FRIDAY, 7)], None) == {FRIDAY: 7}
    assert votes_by_day([(FRIDAY, 7)], SATURDAY) == {FRIDAY: 7}


def test_votes_between_readings_are_shared_evenly_over_the_days_from_one_to_the_other() -> None:
    assert votes_by_day([(MONDAY, 2), (FRIDAY, 12)], MONDAY) == {
        MONDAY: 4,
        **{MONDAY + step * DAY: 2 for step in range(1, 5)},
    }


def test_votes_taken_back_are_the_newest_ones() -> None:
    assert votes_by_day([(THURSDAY, 5), (FRIDAY, 9), (SATURDAY, 6)], THURSDAY) == {THURSDAY: 5.5, FRIDAY: 0.5}
    assert trending([(THURSDAY, 5), (FRIDAY, 0)], THURSDAY) is None


def test_readings_may_come_in_any_order_and_twice_a_day() -> None:
    straight = trending([(THURSDAY, 5), (FRIDAY, 9)], THURSDAY)

    assert trending([(FRIDAY, 9), (FRIDAY, 7), (THURSDAY, 5)], THURSDAY) == straight


def test_a_reading_of_many_votes_equals_as_many_single_votes() -> None:
    bulk = votes_by_day([(FRIDAY, 40)], FRIDAY)
    single = trending_of(dict.fromkeys(bulk, 1.0), half_life=HALF_LIFE)

    assert trending([(FRIDAY, 40)], FRIDAY) == close((single or 0) + math.log2(40))
    assert trending([(FRIDAY, count) for count in range(41)], FRIDAY) == trending([(FRIDAY, 40)], FRIDAY)


# --- What holds always ------------------------------------------------------------------------------------------------


@given(days, st.integers(1, 10**6), st.integers(1, 60))
def test_a_vote_outweighs_the_same_vote_a_half_life_earlier_by_two(day: date, votes: int, half_life: int) -> None:
    span = timedelta(days=half_life)
    now, before = (trending([(at, votes)], at, half_life=span) for at in (day, day - span))

    assert now is not None
    assert before is not None
    assert now - before == pytest.approx(1, abs=1e-6)
    ratio = decayed_votes(now, day, half_life=span) / decayed_votes(before, day, half_life=span)
    assert ratio == pytest.approx(2, rel=1e-6)


@given(histories, histories, st.integers(0, 30))
def test_the_order_does_not_change_with_time(
    one: list[tuple[date, int]], other: list[tuple[date, int]], later: int
) -> None:
    first, second = trending(one, None), trending(other, None)
    if first is None or second is None or abs(first - second) < 1e-6:
        return
    at = date(2026, 7, 1) + later * DAY

    assert (decayed_votes(first, at) > decayed_votes(second, at)) == (first > second)


@given(histories, near, st.integers(1, 100))
def test_more_votes_at_the_newest_reading_never_lower_the_score(
    seen: list[tuple[date, int]], first_day: date, more: int
) -> None:
    *older, (day, votes) = sorted(seen)
    before, after = trending(seen, first_day), trending([*older, (day, votes + more)], first_day)

    assert after is not None
    assert before is None or after >= before - 1e-9


@given(histories, near, st.integers(1, 40), st.integers(0, 100))
def test_a_further_reading_with_as_many_votes_or_more_never_lowers_the_score(
    seen: list[tuple[date, int]], first_day: date, later: int, more: int
) -> None:
    newest, votes = max(seen)
    before, after = (
        trending(seen, first_day),
        trending([*seen, (newest + later * DAY, votes + more)], first_day),
    )

    assert before is None or (after is not None and after >= before - 1e-9)


@given(histories, near)
def test_votes_by_day_add_up_to_the_newest_count(seen: list[tuple[date, int]], first_day: date) -> None:
    assert sum(votes_by_day(seen, first_day).values()) == close(max(seen)[1])


@given(days, days, st.integers(1, 10**9))
def test_scores_stay_finite_and_distinct_from_1990_to_2100(day: date, other: date, votes: int) -> None:
    score, more = trending([(day, votes)], other), trending([(day, votes + 1)], other)

    assert score is not None
    assert more is not None
    assert math.isfinite(score)
    assert more > score or votes > 10**8  # a billionth of a vote is below what a float of this size can hold


def test_the_ends_of_the_calendar_are_answered_quickly_and_without_an_error() -> None:
    score = trending([(date.min, 5), (date.max, 9)], None)

    assert score is not None
    assert decayed_votes(score, date.min) == math.inf
    assert decayed_votes(trending([(date.min, 5)], None) or 0, date.max) == 0


def test_a_time_counts_as_its_day() -> None:
    score = trending([(FRIDAY, 8)], FRIDAY)

    assert decayed_votes(score or 0, datetime(2026, 5, 29, 23, 59)) == close(8)  # noqa: DTZ001 (no zone is meant)


# --- Dated votes of readers here --------------------------------------------------------------------------------------

NOON = datetime(2000, 1, 1, 12, tzinfo=UTC)
moments = st.lists(
    st.integers(0, 365 * 1440).map(lambda minute: NOON + timedelta(days=9500, minutes=minute)), min_size=1, max_size=12
)


def test_a_vote_at_noon_weighs_as_much_as_an_imported_vote_of_that_day() -> None:
    assert trending_of_dated([NOON]) == trending([(EPOCH, 1)], EPOCH) == 0.0
    assert trending_of_dated([NOON + HALF_LIFE]) == 1.0


def test_no_votes_at_all_have_no_score() -> None:
    assert trending_of_dated([]) is None
    assert merged(None, None) is None
    assert trending([], None) is None


def test_imported_and_dated_votes_add_up() -> None:
    assert trending([(EPOCH, 3)], EPOCH, [NOON]) == 2.0
    assert trending([], EPOCH, [NOON] * 4) == 2.0


def test_ten_times_the_votes_are_worth_sixty_hours() -> None:
    many = trending_of_dated([NOON] * 10)
    later = trending_of_dated([NOON + math.log2(10) * HALF_LIFE])
    assert many == close(later)
    assert math.log2(10) * 18 == pytest.approx(59.8, abs=0.01)


@given(moments, histories)
def test_the_order_of_votes_plays_no_part_and_each_one_lifts(
    cast: list[datetime], seen: list[tuple[date, int]]
) -> None:
    score = trending(seen, None, cast)
    assert score == close(trending(list(reversed(seen)), None, list(reversed(cast))))
    assert trending(seen, None, [*cast, cast[0]]) >= score


@given(moments, moments)
def test_scores_taken_together_are_the_score_of_all_votes(first: list[datetime], second: list[datetime]) -> None:
    assert merged(trending_of_dated(first), trending_of_dated(second)) == close(trending_of_dated(first + second))
