"""When a job runs next: even steps, hours of a zone over summer time, and what was missed counts once."""

from datetime import UTC, datetime, timedelta

import pytest

from broadsheet.work.timetable import Daily, Every

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def at(day: int, hour: int, minute: int = 0, month: int = 3) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def test_a_job_that_never_ran_runs_at_once_or_at_its_hour():
    assert Every(3600).first(NOON) == NOON
    assert Daily(4, 40).first(NOON) == datetime(2026, 11, 22, 4, 40, tzinfo=UTC)


def test_steps_are_even_however_long_a_run_takes():
    assert Every(3600).after(NOON, NOON + timedelta(minutes=7)) == NOON + timedelta(hours=1)
    assert Every(30).after(NOON, NOON) == NOON + timedelta(seconds=30)


def test_what_was_missed_while_the_site_was_down_is_one_run():
    assert Every(3600).after(NOON, NOON + timedelta(days=3, minutes=5)) == NOON + timedelta(days=3, hours=1)
    assert Daily(4, 40).after(NOON, NOON + timedelta(days=3)) == datetime(2026, 11, 25, 4, 40, tzinfo=UTC)


def test_a_run_that_was_asked_for_leaves_the_next_moment_as_it_was():
    planned = NOON + timedelta(minutes=50)
    assert Every(3600).after(planned, NOON) == planned


def test_a_moment_that_only_a_wrong_clock_could_have_set_is_passed_over():
    assert Every(3600).after(NOON + timedelta(days=365), NOON) == NOON + timedelta(hours=1)


def test_an_hour_of_a_zone_follows_summer_time():
    morning = Daily(9, 0, "Europe/Berlin")
    assert morning.after(NOON, at(28, 12)) == at(29, 7), "clocks go forward in the night"
    assert morning.after(NOON, at(27, 12)) == at(28, 8)


def test_an_hour_that_summer_time_leaves_out_or_doubles_is_one_moment():
    gone = Daily(2, 30, "Europe/Berlin")
    first = gone.after(NOON, at(28, 12))
    assert first == at(29, 1, 30), "03:30 in summer time"
    assert gone.after(first, first) == at(30, 0, 30)
    twice = Daily(2, 30, "Europe/Berlin")
    first = twice.after(NOON, at(24, 12, month=10))
    assert first == at(25, 0, 30, month=10)
    assert twice.after(first, first) == at(26, 1, 30, month=10)


@pytest.mark.parametrize(
    ("when", "said"),
    [
        (Every(3600), "every hour"),
        (Every(7200), "every 2 hours"),
        (Every(300), "every 5 minutes"),
        (Every(30), "every 30 seconds"),
        (Daily(4, 40), "daily at 04:40 UTC"),
        (Daily(20, 5, "America/New_York"), "daily at 20:05 America/New_York"),
    ],
)
def test_when_is_said_for_people(when, said):
    assert str(when) == said
