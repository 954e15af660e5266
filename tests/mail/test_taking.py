"""What is due is taken once into the ledger, with its next moment and up to where it told, and else nothing is kept."""

from datetime import UTC, date, datetime, timedelta

import pytest
from filelock import FileLock
from tests import cast
from tests.mail_rows import subscription

from broadsheet.mail import ledger, sending, subscriptions, taking, transport
from broadsheet.mail.models import Choice, Delivery, Progress, State, Subscription
from broadsheet.mail.taking import Taken
from broadsheet.papers import actions
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.keeping import upkeep

NOW = datetime(2026, 1, 5, 7, 30, tzinfo=UTC)
DUE = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _papers(db, settings, time_machine):
    time_machine.move_to(NOW, tick=False)
    settings.DIGEST_WAIT = 0
    for number in range(6):
        cast.paper(f"2601.1{number:04}", f"Paper number {number} about {'graphs' if number % 2 else 'speech'}")


@pytest.fixture
def index(settings, tmp_path):
    """The index of this process, for one test."""
    current.release()
    settings.INDEX_DIR = tmp_path / "index"
    yield current.own()
    current.release()


def due(address="ada@example.org", **more):
    facts = {"due": DUE, "covered_day": date(2026, 1, 4), "covered_until": NOW - timedelta(days=1)}
    return subscription(address, **(facts | more))


def take():
    taken = Taken()
    taking.take(NOW, taken)
    return taken


def test_what_is_due_is_taken_with_its_edition_and_looked_at_again_tomorrow():
    one = due()
    assert take().taken == 1
    row = Delivery.objects.get()
    assert (row.subscription, row.edition, row.progress) == (one, "2026-01-05", "taken")
    assert row.choice.picks.count() == 6
    one.refresh_from_db()
    assert one.due == datetime(2026, 1, 6, 7, tzinfo=UTC)
    assert one.covered_day == date(2026, 1, 5)
    assert one.covered_until == NOW - taking.MARGIN


def test_nothing_is_taken_twice():
    due()
    take()
    assert take() == Taken()
    assert Delivery.objects.count() == 1


def test_an_edition_that_was_taken_already_is_not_taken_again():
    one = due()
    take()
    Subscription.objects.filter(pk=one.pk).update(due=DUE, covered_day=date(2026, 1, 4))
    assert take().taken == 0
    assert Delivery.objects.count() == 1


def test_where_there_is_nothing_to_say_only_the_next_moment_changes():
    one = due(covered_day=date(2026, 1, 5), covered_paper=10**9)
    assert take().empty == 1
    assert not Delivery.objects.exists()
    one.refresh_from_db()
    assert (one.due, one.covered_day) == (datetime(2026, 1, 6, 7, tzinfo=UTC), date(2026, 1, 5))


def test_nobody_is_taken_before_the_moment_or_without_confirming():
    due("ada@example.org", due=NOW + timedelta(minutes=1))
    subscription("bo@example.org", state=State.PENDING)
    assert take() == Taken()


def test_readers_whose_accounts_are_closed_or_suspended_get_none(ada, bo):
    due("ada@example.org", reader=ada)
    due("bo@example.org", reader=bo)
    ada.is_active = False
    ada.save()
    bo.suspended_until = NOW + timedelta(days=3)
    bo.save()
    assert take().taken == 0
    assert not Delivery.objects.exists()


def test_those_who_share_preferences_share_the_choice():
    for number in range(5):
        due(f"reader-{number}@example.org")
    due("bo@example.org", exclude=("speech",))
    assert take().taken == 6
    assert Choice.objects.filter(deliveries__isnull=False).distinct().count() == 2
    assert Delivery.objects.get(subscription__address="bo@example.org").choice.picks.count() == 3


def test_late_papers_are_waited_for_up_to_the_set_time(settings, time_machine):
    settings.DIGEST_WAIT = 3
    monday = datetime(2026, 1, 12, 7, 30, tzinfo=UTC)
    for week in range(3):
        day = date(2025, 12, 22) + timedelta(weeks=week)
        for number in range(6):
            old = cast.paper(f"2512.{week}{number:04}", f"Old paper {week}/{number}", day=day, announced=day)
            Paper.objects.filter(pk=old.pk).update(added=datetime(day.year, day.month, day.day, 1, tzinfo=UTC))
    one = due(due=monday - timedelta(minutes=30), covered_day=date(2026, 1, 4))
    time_machine.move_to(monday, tick=False)
    taken = Taken()
    taking.take(monday, taken)
    assert (taken.waiting, taken.taken) == (1, 0)
    one.refresh_from_db()
    assert one.due == monday - timedelta(minutes=30)
    later = monday + timedelta(hours=3)
    time_machine.move_to(later, tick=False)
    taking.take(later, taken)
    assert taken.taken == 1
    assert Delivery.objects.get().choice.early, "it says that it is early"


def test_a_change_while_its_batch_is_chosen_is_looked_at_anew(monkeypatch):
    one = due()
    whole = taking.choosing.choices_for

    def changed_meanwhile(*asked):
        chosen = whole(*asked)
        Subscription.objects.filter(pk=one.pk).update(preferences="other")
        return chosen

    monkeypatch.setattr(taking.choosing, "choices_for", changed_meanwhile)
    assert take().taken == 0
    one.refresh_from_db()
    assert one.due == DUE


def test_the_plan_tells_who_would_get_what_and_keeps_nothing():
    for number in range(3):
        due(f"reader-{number}@example.org")
    before = list(Subscription.objects.values_list("pk", "due", "covered_day"))
    planned = list(taking.plan(NOW))
    assert [one.address for one in planned] == [f"reader-{number}@example.org" for number in range(3)]
    assert {(one.edition, one.papers) for one in planned} == {("2026-01-05", 6)}
    assert not Delivery.objects.exists()
    assert not Choice.objects.exists()
    assert list(Subscription.objects.values_list("pk", "due", "covered_day")) == before


def test_the_plan_is_what_is_sent(mailoutbox):
    for number in range(3):
        due(f"reader-{number}@example.org", papers=3 + number)
    planned = [one.address for one in taking.plan()]
    assert sending.run().sent == 3
    assert [to for mail in mailoutbox for to in mail.to] == planned


def test_many_batches_are_all_taken(monkeypatch):
    monkeypatch.setattr(taking, "BATCH", 7)
    for number in range(30):
        due(f"reader-{number}@example.org", due=DUE - timedelta(minutes=number % 4))
    assert take().taken == 30
    assert not Subscription.objects.filter(due__lte=NOW).exists()


def test_what_was_told_is_not_told_again_the_next_day(time_machine):
    due()
    take()
    tomorrow = NOW + timedelta(days=1)
    time_machine.move_to(tomorrow, tick=False)
    cast.paper("2601.20000", "A paper of the next day", day=date(2026, 1, 6), announced=date(2026, 1, 6))
    taking.take(tomorrow, Taken())
    first, second = Delivery.objects.order_by("pk")
    assert [pick.paper.key for pick in second.choice.picks.all()] == ["2601.20000"]
    assert first.choice.picks.count() == 6


def test_a_search_that_is_not_answered_now_is_taken_as_soon_as_it_is(settings, tmp_path):
    one = due(kind="search", value="graphs")
    current.release()
    settings.INDEX_DIR = tmp_path / "index"
    settings.INDEX_DIR.mkdir()
    with FileLock(settings.INDEX_DIR / "owner.lock"):
        assert take() == Taken(waiting=1)
    one.refresh_from_db()
    assert one.due == DUE, "it is looked at again in half a minute, not tomorrow"
    with FileLock(settings.INDEX_DIR / "owner.lock"):
        taken = Taken()
        taking.take(DUE + taking.ASKED_AGAIN, taken)
    assert taken == Taken(empty=1)
    one.refresh_from_db()
    assert one.covered_day == date(2026, 1, 4), "what it missed is told by the next mail"


def test_a_search_waits_for_papers_that_are_not_in_the_index_yet(index):
    one = due(kind="search", value="graphs")
    upkeep.catch_up(index)
    late = cast.paper("2601.60000", "A paper on graphs that came a second ago")
    assert take() == Taken(waiting=1)
    upkeep.catch_up(index)
    assert take() == Taken(taken=1)
    assert late.pk in one.deliveries.get().choice.picks.values_list("paper", flat=True)


def test_after_a_week_without_the_site_one_mail_brings_it_all_under_the_newest_date(time_machine):
    daily, weekly = due(), due("bo@example.org", cadence="weekly")
    often = due("mo@example.org", cadence="something")
    monday = NOW + timedelta(days=7, hours=2)
    time_machine.move_to(monday, tick=False)
    cast.paper("2601.20000", "A paper of the second week", day=date(2026, 1, 12), announced=date(2026, 1, 12))
    taken = Taken()
    taking.take(monday, taken)
    assert taken.taken == 3
    told = dict(Delivery.objects.values_list("subscription", "edition"))
    assert told == {daily.pk: "2026-01-12", weekly.pk: "2026-W03", often.pk: "2026-01-12"}
    assert {row.choice.picks.count() for row in Delivery.objects.all()} == {7}
    taking.take(monday + timedelta(hours=12), taken)
    assert taken.taken == 3, "nothing more comes that day"


def test_what_is_brought_into_the_edition_after_it_was_told_comes_the_next_day(time_machine):
    old = cast.paper("2512.00001", "An old paper that a reader brings at noon", day=date(2025, 12, 1))
    one = due()
    take()
    actions.feature(old, date(2026, 1, 5))
    tomorrow = NOW + timedelta(days=1)
    time_machine.move_to(tomorrow, tick=False)
    taking.take(tomorrow, Taken())
    told = Delivery.objects.get(edition="2026-01-06").choice
    assert [pick.paper_id for pick in told.picks.all()] == [old.pk]
    taking.take(tomorrow + timedelta(days=1), Taken())
    assert one.deliveries.count() == 2, "and once only"


def test_the_batches_of_one_look_share_their_choices_while_papers_come_in(monkeypatch, time_machine):
    monkeypatch.setattr(taking, "BATCH", 1)
    whole = taking.choosing.choices_for

    def meanwhile(*asked):
        cast.paper(f"2601.3000{Paper.objects.count()}", f"Paper number {Paper.objects.count()} comes in")
        return whole(*asked)

    monkeypatch.setattr(taking.choosing, "choices_for", meanwhile)
    for number in range(3):
        due(f"reader-{number}@example.org")
    assert take().taken == 3
    assert Choice.objects.count() == 1
    monkeypatch.undo()
    tomorrow = NOW + timedelta(days=1)
    time_machine.move_to(tomorrow, tick=False)
    taking.take(tomorrow, Taken())
    for one in Subscription.objects.all():
        told = list(one.deliveries.values_list("choice__picks__paper", flat=True))
        assert sorted(told) == sorted(Paper.objects.values_list("pk", flat=True)), "each paper once, whenever it came"


def test_a_source_with_an_edition_of_the_far_future_hides_no_others(time_machine):
    cast.paper("2601.99999", "A paper of a wrong year", day=date(2099, 1, 1), announced=date(2099, 1, 1))
    one = due()
    take()
    one.refresh_from_db()
    assert one.covered_day == date(2026, 1, 5)
    tomorrow = NOW + timedelta(days=1)
    time_machine.move_to(tomorrow, tick=False)
    new = cast.paper("2601.40000", "A paper of the next day", day=date(2026, 1, 6), announced=date(2026, 1, 6))
    taking.take(tomorrow, Taken())
    assert [pick.paper_id for pick in Delivery.objects.get(edition="2026-01-06").choice.picks.all()] == [new.pk]


def test_a_search_that_rested_for_two_months_tells_what_came_meanwhile(time_machine, index):
    one = due(kind="search", value="graphs")
    upkeep.catch_up(index)
    assert take().taken == 1
    one.refresh_from_db()
    subscriptions.pause(one, 8)
    for number, day in enumerate((date(2026, 1, 7), date(2026, 3, 2))):
        cast.paper(f"2601.5000{number}", f"Graphs once more {number}", day=day, announced=day)
    upkeep.catch_up(index)
    later = NOW + timedelta(weeks=8, days=1)
    time_machine.move_to(later, tick=False)
    taking.take(later, Taken())
    told = one.deliveries.order_by("pk").last().choice
    assert sorted(pick.paper.key for pick in told.picks.all()) == ["2601.50000", "2601.50001"]


@pytest.mark.parametrize("how", ["by the next run", "by the server"])
def test_what_no_server_took_in_two_days_is_told_by_the_next_edition(how, time_machine, settings, monkeypatch):
    one = due()
    take()
    row = one.deliveries.get()
    told = set(row.choice.picks.values_list("paper", flat=True))
    Delivery.objects.update(taken=NOW - ledger.LONGEST - timedelta(seconds=how == "by the next run"))
    answer = transport.Answer(transport.Verdict.LATER, "451 later")
    monkeypatch.setattr(transport.BackendCarrier, "send", lambda *_: answer)
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    sending.run(NOW)
    row.refresh_from_db()
    assert row.progress == Progress.FAILED
    tomorrow = NOW + timedelta(days=1)
    time_machine.move_to(tomorrow, tick=False)
    taking.take(tomorrow, Taken())
    again = one.deliveries.get(edition="2026-01-06")
    assert set(again.choice.picks.values_list("paper", flat=True)) == told
