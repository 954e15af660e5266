"""What the ledger notes of a day, its history, and whom it tells of days that stay incomplete."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core import mail
from tests import cast

from broadsheet.ledger import keeping
from broadsheet.ledger.models import Announcement
from broadsheet.papers.models import Paper
from broadsheet.sources import arxiv_calendar

FRIDAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)

pytestmark = pytest.mark.django_db


def come(number, at=NOW - HOUR, **more):
    for _ in range(number):
        facts = {"day": FRIDAY, "announced": FRIDAY, "categories": ["cs.CL", "cs.LG"]} | more
        made = cast.paper(f"2611.{Paper.objects.count() + 1:05}", **facts)
        Paper.objects.filter(pk=made.pk).update(added=at)


def recount(now=NOW):
    return keeping.recount([FRIDAY], now)[0]


def ids(*numbers):
    return {f"2611.{number:05}": ["cs.CL"] for number in numbers}


def test_each_category_has_its_own_row_with_its_first_and_last_id():
    come(3)
    come(1, categories=["cs.CV"], source="hf")
    come(1, categories=["math.CO"])
    recount()
    rows = {row.category: row for row in Announcement.objects.all()}
    assert set(rows) == {"", "cs.AI", "cs.CL", "cs.CV", "cs.LG", "stat.ML"}
    assert (rows[""].received, rows["cs.CL"].received, rows["cs.CV"].received, rows["stat.ML"].received) == (4, 3, 1, 0)
    assert (rows["cs.CL"].first_id, rows["cs.CL"].last_id) == ("2611.00001", "2611.00003")
    assert (rows[""].last_id, rows[""].source) == ("2611.00004", "arxiv, hf")


def test_papers_of_other_places_are_not_arxivs():
    come(1)
    cast.paper("acl:2026.acl-long.1", day=FRIDAY, announced=FRIDAY)
    assert recount().received == 1


def test_the_history_has_each_change_and_no_more():
    keeping.note_total(FRIDAY, "", 3)
    recount()
    recount(NOW + HOUR)
    come(2)
    recount(NOW + 2 * HOUR)
    come(1)
    row = recount(NOW + 3 * HOUR)
    assert row.history == [
        ["2026-11-20T07:00:00+00:00", "late", 0, 3],
        ["2026-11-20T09:00:00+00:00", "partial", 2, 3],
        ["2026-11-20T10:00:00+00:00", "complete", 3, 3],
    ]
    assert (row.out_at, row.complete_at) == (NOW + 2 * HOUR, NOW + 3 * HOUR)


def test_a_day_that_turns_out_to_be_a_holiday_is_one_in_all_its_categories():
    keeping.note_total(FRIDAY, "cs.CL", 3)
    recount()
    arxiv_calendar.tell([date(2026, 11, 19)])
    try:
        recount()
    finally:
        arxiv_calendar.tell([])
    assert set(Announcement.objects.values_list("state", flat=True)) == {"holiday"}


def test_a_day_of_before_the_site_began_is_not_noted():
    assert keeping.recount([date(2026, 11, 10)], NOW) == []
    assert not Announcement.objects.exists()


def test_of_two_places_the_one_that_knows_of_more_is_believed_and_each_corrects_itself():
    keeping.note_batch(FRIDAY, ids(1, 2, 3), NOW)
    keeping.note_total(FRIDAY, "", 2)
    row = Announcement.objects.get(category="")
    assert (row.expected, row.expected_from) == (3, keeping.FEED)
    keeping.note_total(FRIDAY, "", 5)
    keeping.note_total(FRIDAY, "", 4)
    row.refresh_from_db()
    assert (row.expected, row.expected_from) == (4, keeping.API)


def test_a_place_that_tells_of_nothing_tells_nothing():
    keeping.note_total(FRIDAY, "", 0)
    assert not Announcement.objects.exists()


@pytest.mark.parametrize(
    ("numbers", "new"),
    [
        ((1, 2, 3, 4), False),  # yesterday's, once more
        ((1, 2, 3, 4, 5), False),  # with one that had been missed
        ((1, 2, 5, 6, 7), True),
        ((5, 6), True),
        ((), False),
    ],
)
def test_a_batch_is_known_by_its_papers(numbers, new):
    come(4, announced=date(2026, 11, 19), day=date(2026, 11, 19))
    assert keeping.note_batch(FRIDAY, ids(*numbers), NOW) is new
    assert Announcement.objects.exists() is new


def test_without_arxivs_number_the_expected_one_is_an_estimate_and_never_takes_the_place_of_a_told_one():
    for back in (1, 2, 3):
        come(10, NOW - timedelta(weeks=back, hours=2), day=FRIDAY - timedelta(weeks=back), announced=None)
    come(4, NOW)
    row = recount()
    assert (row.state, row.expected, row.expected_from) == ("partial", 10, "estimate")
    keeping.note_total(FRIDAY, "", 5)
    row = recount()
    assert (row.expected, row.expected_from) == (5, keeping.API)


# --- Telling the operator ---------------------------------------------------------------------------------------------


@pytest.fixture
def incomplete(settings):
    settings.ALERTS, settings.PUBLIC_URL = ["operator@example.org"], "https://papers.example.org"
    settings.OFFLINE = False
    keeping.note_total(FRIDAY, "", 3)
    keeping.note_total(FRIDAY, "cs.CL", 3)
    come(2)
    recount()


AT_NOON = datetime(2026, 11, 20, 13, 0, tzinfo=UTC)


def test_a_day_that_stays_incomplete_is_told_of_once_a_day(incomplete):
    assert keeping.alert(AT_NOON - timedelta(minutes=1)) == []
    assert keeping.alert(AT_NOON) == ["2026-11-20 is partial: 1 mail"]
    assert keeping.alert(AT_NOON + timedelta(hours=23)) == []
    assert keeping.alert(AT_NOON + timedelta(hours=24)) == ["2026-11-20 is partial: 1 mail"]
    assert keeping.alert(AT_NOON + timedelta(days=5)) == [], "after some days it is no news"
    told = mail.outbox[0]
    assert (told.to, told.subject) == (["operator@example.org"], "Papers of 2026-11-20 are incomplete")
    assert "2 of 3 papers of Friday, 20 November 2026 are here." in told.body
    assert "told by arXiv’s API" in told.body
    assert "cs.CL: 2 of 3" in told.body
    assert "https://papers.example.org/status/days/2026-11-20" in told.body


def test_all_is_well_again_is_told_once(incomplete):
    keeping.alert(AT_NOON)
    come(1, AT_NOON)
    recount(AT_NOON + HOUR)
    assert keeping.alert(AT_NOON + HOUR) == ["2026-11-20 is complete: 1 mail"]
    assert keeping.alert(AT_NOON + 2 * HOUR) == []
    assert mail.outbox[-1].subject == "Papers of 2026-11-20 are complete"


@pytest.mark.parametrize("fed_otherwise", [{"OFFLINE": True}, {"CATEGORIES": []}], ids=str)
def test_the_operator_of_a_site_that_does_not_ask_arxiv_is_not_told(incomplete, settings, fed_otherwise):
    for name, value in fed_otherwise.items():
        setattr(settings, name, value)
    assert keeping.alert(AT_NOON) == []
    assert mail.outbox == []


def test_a_day_of_which_as_many_came_as_were_told_is_not_mailed_about(incomplete):
    """As on the first start of a site, some hours after the announcement, where few papers are waited with."""
    come(1)
    assert recount(NOW - HOUR * 2 / 3).state == "partial"
    assert keeping.alert(AT_NOON) == []


def test_a_day_that_was_complete_in_time_is_not_mailed_about(incomplete):
    come(1, AT_NOON - HOUR)
    recount(AT_NOON)
    assert keeping.alert(AT_NOON + HOUR) == []
    assert mail.outbox == []


def test_without_addresses_the_administrators_are_told(incomplete, settings, al, ada):
    settings.ALERTS = []
    keeping.alert(AT_NOON)
    assert [one.to for one in mail.outbox] == [["al@example.org"]]


def test_an_operator_who_has_no_address_is_no_trouble(incomplete, settings):
    settings.ALERTS = []
    assert keeping.alert(AT_NOON) == ["2026-11-20 is partial: 0 mails"]
