"""How far a day is, as a table: not out, partly here, whole, late, or no announcement at all."""

from datetime import date, datetime, timedelta

import pytest

from broadsheet.ledger.rules import Facts, state_of, state_of_category

FRIDAY = date(2026, 11, 20)
GRACE = timedelta(hours=5)
BEFORE = "2026-11-20T00:59:00+00:00"
OUT = "2026-11-20T01:00:00+00:00"  # 20:00 in New York
SOON = "2026-11-20T05:59:00+00:00"
LATE = "2026-11-20T06:00:00+00:00"

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def facts(received=0, expected=None, *, edition=None, usual=0, typical=0, quiet=MINUTE):
    return Facts(received, expected, received if edition is None else edition, usual, typical, quiet)


@pytest.mark.parametrize(
    ("moment", "known", "state"),
    [
        # nothing here
        (BEFORE, facts(usual=100), "not-out"),
        (OUT, facts(usual=100), "not-out"),
        (SOON, facts(expected=100), "not-out"),
        (LATE, facts(expected=100), "late"),
        (LATE, facts(usual=100), "late"),
        (LATE, facts(usual=4), "not-out"),  # nothing can be told of a site with so few papers
        (LATE, facts(), "not-out"),
        # a number was told
        (OUT, facts(99, 100, typical=100), "partial"),
        (LATE, facts(99, 100, typical=100, quiet=9 * HOUR), "partial"),
        (OUT, facts(100, 100, typical=100), "complete"),
        (OUT, facts(101, 100, typical=100), "complete"),
        # half a batch, told of as if it were all
        (OUT, facts(50, 50, typical=100), "partial"),
        (SOON, facts(50, 50, typical=100, quiet=179 * MINUTE), "partial"),
        (LATE, facts(50, 50, typical=100, quiet=3 * HOUR), "partial"),
        (LATE, facts(50, 50, typical=100, quiet=11 * HOUR), "complete"),  # a small day after all
        (OUT, facts(50, 50), "partial"),  # a young site waits until nothing more comes
        (SOON, facts(50, 50, quiet=30 * MINUTE), "complete"),
        # no number was told: by the other days
        (SOON, facts(100, usual=100, typical=100), "complete"),
        (SOON, facts(66, usual=100, typical=100, quiet=MINUTE), "partial"),
        (SOON, facts(66, usual=100, typical=100, quiet=11 * MINUTE), "complete"),
        (SOON, facts(50, usual=100, typical=100, quiet=11 * MINUTE), "partial"),
        (SOON, facts(50, usual=100, typical=100, quiet=31 * MINUTE), "complete"),
        (SOON, facts(20, usual=100, typical=100, quiet=179 * MINUTE), "partial"),
        (SOON, facts(20, usual=100, typical=100, quiet=3 * HOUR), "complete"),
        (SOON, facts(19, usual=100, typical=100, quiet=9 * HOUR), "partial"),
        (SOON, facts(1), "complete"),  # nothing to compare with
        # papers of another source alone
        (SOON, facts(0, edition=100, usual=100, typical=100), "complete"),
    ],
)
def test_the_state_follows_from_the_numbers_and_the_moment(moment, known, state):
    assert state_of(FRIDAY, datetime.fromisoformat(moment), known, GRACE) == state


@pytest.mark.parametrize(
    ("day", "known", "state"),
    [
        (date(2026, 11, 21), facts(), "weekend"),
        (date(2026, 11, 22), facts(100, 100, typical=100), "weekend"),
        (date(2026, 11, 27), facts(usual=100), "holiday"),  # after Thanksgiving
        (date(2026, 11, 27), facts(3, typical=100), "holiday"),  # some papers that bear a wrong day
        (date(2026, 11, 27), facts(90, 90, typical=100), "complete"),  # arXiv announced all the same
    ],
)
def test_on_weekends_and_holidays_nothing_is_expected(day, known, state):
    assert state_of(day, datetime.fromisoformat("2026-11-28T12:00:00+00:00"), known, GRACE) == state


@pytest.mark.parametrize(
    ("whole", "received", "expected", "state"),
    [
        ("complete", 10, 10, "complete"),
        ("complete", 9, 10, "partial"),
        ("complete", 9, None, "complete"),
        ("partial", 10, 10, "complete"),
        ("partial", 0, 10, "partial"),
        ("late", 0, 10, "late"),
        ("not-out", 0, None, "not-out"),
    ],
)
def test_a_category_is_judged_by_its_own_number(whole, received, expected, state):
    assert state_of_category(whole, facts(99, 100, typical=100), received, expected) == state


def test_no_category_is_whole_while_all_of_it_may_be_half_a_batch():
    assert state_of_category("partial", facts(50, 50, typical=100), 10, 10) == "partial"
