"""Digests that were taken are sent once each, by a real mail server's rules; what it says decides what follows."""

import threading
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from tests.conftest import free_port
from tests.mail_rows import choice, delivery, subscription
from tests.mail_server import MailServer, Post

from broadsheet.errors import Conflict, Upstream
from broadsheet.mail import ledger, message, sending
from broadsheet.mail.models import Delivery, Progress, State, Subscription
from broadsheet.mail.subscriptions import unsubscribe


@pytest.fixture
def post():
    return Post()


@pytest.fixture(autouse=True)
def server(post, settings):
    running = MailServer(post, free_port())
    running.start()
    settings.MAILERS = {"default": running.mailer}
    yield running
    running.stop()


@pytest.fixture
def some(db):
    """Three digests of one choice, taken."""
    chosen = choice()
    return [delivery(subscription(f"{name}@example.org"), chosen) for name in ("ada", "bo", "mo")]


def progress():
    return dict(Delivery.objects.order_by("pk").values_list("subscription__address", "progress"))


def test_what_was_taken_is_sent_once_and_noted(some, post):
    done = sending.run()
    assert (done.sent, done.failed, done.later) == (3, 0, 0)
    assert post.readers == ["ada@example.org", "bo@example.org", "mo@example.org"]
    assert set(progress().values()) == {Progress.SENT}
    row = Delivery.objects.first()
    assert (row.answer, row.next_try, row.tries) == ("250 2.0.0 queued", None, 1)
    assert row.sent is not None
    assert [mail.id.partition("@")[0] for mail in post.mails] == [row.token for row in some]
    assert [mail.message["To"] for mail in post.mails] == post.readers
    assert sending.run().sent == 0
    assert len(post.mails) == 3


def test_what_comes_back_goes_where_the_operator_reads_it(some, post, settings):
    settings.BOUNCE_ADDRESS = "bounces@example.org"
    sending.run()
    assert {mail.sender for mail in post.mails} == {"bounces@example.org"}


def test_a_reader_who_leaves_after_it_was_taken_gets_nothing(some, post):
    unsubscribe(some[1].subscription)
    done = sending.run()
    assert (done.sent, done.dropped) == (2, 1)
    assert "bo@example.org" not in post.readers
    assert progress()["bo@example.org"] == Progress.DROPPED


def test_a_reader_who_is_suspended_after_it_was_taken_gets_nothing(some, post, ada):
    Subscription.objects.filter(address="bo@example.org").update(reader=ada)
    ada.suspended_until = timezone.now() + timedelta(days=1)
    ada.save()
    assert sending.run().dropped == 1
    assert post.readers == ["ada@example.org", "mo@example.org"]


def test_a_reader_who_leaves_while_others_are_sent_gets_nothing(some, post):
    def leaves_meanwhile():
        if post.mails:
            unsubscribe(some[2].subscription)
        return False

    assert sending.run(stop=leaves_meanwhile).dropped == 1
    assert post.readers == ["ada@example.org", "bo@example.org"]


def test_a_temporary_refusal_is_tried_again_later_and_later(some, post, time_machine):
    post.at_address = lambda to: "451 4.7.1 come back" if to == "bo@example.org" else "250 OK"
    began = timezone.now()
    time_machine.move_to(began, tick=False)
    assert sending.run().later == 1
    waits = []
    while (row := Delivery.objects.get(subscription__address="bo@example.org")).next_try:
        waits.append(row.next_try - timezone.now())
        assert sending.run().later == 0, "not before its time"
        time_machine.move_to(row.next_try, tick=False)
        sending.run()
    assert waits[:5] == list(ledger.BACKOFF)
    assert row.progress == Progress.FAILED
    assert timezone.now() - began <= ledger.LONGEST
    assert row.answer == "451 4.7.1 come back"
    assert post.readers == ["ada@example.org", "mo@example.org"]


def test_a_server_that_comes_back_gets_it(some, post, time_machine):
    post.at_end = lambda to: "452 4.3.1 disk full"
    assert sending.run().later == 3
    post.at_end = lambda to: "250 OK"
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    assert sending.run().sent == 3
    assert {row.tries for row in Delivery.objects.all()} == {2}


def test_an_address_that_is_gone_is_not_mailed_again(some, post):
    post.at_address = lambda to: "550 5.1.1 no such user" if to == "bo@example.org" else "250 OK"
    done = sending.run()
    assert (done.sent, done.failed) == (2, 1)
    gone = Subscription.objects.get(address="bo@example.org")
    assert gone.state == State.SUSPENDED
    assert "no such user" in gone.reason
    assert progress()["bo@example.org"] == Progress.FAILED


def test_a_refused_text_is_final_but_no_fault_of_the_address(some, post):
    post.at_end = lambda to: "554 5.6.0 not this one" if to == "bo@example.org" else "250 OK"
    assert sending.run().failed == 1
    assert Subscription.objects.get(address="bo@example.org").state == State.ACTIVE


def test_a_server_that_refuses_everything_is_not_given_everything(db, post):
    chosen = choice()
    for number in range(sending.MOST_REFUSALS + 20):
        delivery(subscription(f"reader-{number}@example.org"), chosen)
    post.at_end = lambda to: "554 5.7.1 your site is on a list"
    with pytest.raises(Upstream, match="25 digests in a row"):
        sending.run()
    assert Delivery.objects.filter(progress=Progress.TAKEN).count() == 20
    assert Delivery.objects.filter(progress=Progress.FAILED).count() == sending.MOST_REFUSALS


def test_a_refused_sender_stops_at_once_and_everything_stays_due(some, post):
    post.at_sender = lambda sender: "553 5.7.1 not your address"
    with pytest.raises(Upstream, match="not your address"):
        sending.run()
    assert set(progress().values()) == {Progress.TAKEN}


def test_without_a_server_everything_stays_due(some, settings, monkeypatch):
    reachable, port = settings.MAILERS, free_port()
    settings.MAILERS = {"default": reachable["default"] | {"OPTIONS": {"host": "127.0.0.1", "port": port}}}
    monkeypatch.setattr(sending._Run, "sleep", lambda run, seconds: True)
    with pytest.raises(Upstream, match="cannot be used"):
        sending.run()
    assert set(Delivery.objects.values_list("progress", "tries")) == {(Progress.TAKEN, 0)}
    settings.MAILERS = reachable
    assert sending.run().sent == 3


def test_a_lost_answer_is_told_and_tried_again_under_the_same_id(some, post, time_machine, caplog):
    post.at_end = lambda to: "hang up" if to == "bo@example.org" else "250 OK"
    done = sending.run()
    assert (done.sent, done.later) == (2, 1)
    assert some[1].token in caplog.text
    assert "did not answer" in caplog.text
    post.at_end = lambda to: "250 OK"
    time_machine.move_to(timezone.now() + timedelta(minutes=6))
    assert sending.run().sent == 1
    assert post.mails[-1].id.partition("@")[0] == some[1].token


def test_what_a_killed_sender_left_is_sent_again_under_the_same_id_and_told(some, post, caplog):
    Delivery.objects.filter(pk=some[0].pk).update(progress=Progress.SENDING)
    done = sending.run()
    assert (done.sent, done.doubtful) == (3, 1)
    assert some[0].token in caplog.text
    assert post.mails[0].id.partition("@")[0] == some[0].token


def test_what_no_server_took_in_two_days_is_given_up(some, post):
    Delivery.objects.filter(pk=some[0].pk).update(taken=timezone.now() - ledger.LONGEST - timedelta(hours=1))
    assert sending.run().sent == 2
    assert progress()["ada@example.org"] == Progress.FAILED


def test_a_stop_ends_after_the_mail_in_hand_and_the_next_run_carries_on(some, post):
    done = sending.run(stop=lambda: bool(post.mails))
    assert done.sent == 1
    assert list(progress().values()) == [Progress.SENT, Progress.TAKEN, Progress.TAKEN]
    assert sending.run().sent == 2
    assert len(set(post.readers)) == len(post.mails) == 3


def test_one_that_cannot_be_written_does_not_keep_the_others_waiting(some, post, monkeypatch, caplog):
    other = choice("2026-01-06")
    delivery(some[0].subscription, other)
    whole = message.letter

    def broken(chosen, *rest):
        if chosen.pk != other.pk:
            raise RuntimeError("a template with a fault")
        return whole(chosen, *rest)

    monkeypatch.setattr(message, "letter", broken)
    done = sending.run()
    assert (done.sent, done.later) == (1, 3)
    assert "could not be written" in caplog.text


def test_the_site_s_pace_is_kept_for_each_domain(db, post, settings, monkeypatch):
    settings.MAIL_PER_DOMAIN = 600
    chosen = choice()
    for number in range(8):
        delivery(subscription(f"reader-{number}@{number % 2}.example"), chosen)
    slept = []
    sleep = sending._Run.sleep
    monkeypatch.setattr(sending._Run, "sleep", lambda run, seconds: slept.append(seconds) or sleep(run, seconds))
    assert sending.run().sent == 8
    assert len(set(post.readers)) == 8
    assert any(0 < seconds <= 0.1 for seconds in slept), "ten a second to each domain"


def test_a_letter_is_rendered_once_for_all_who_share_it(db, post, monkeypatch):
    first, second = choice("2026-01-05"), choice("2026-01-06", key="second")
    for number in range(10):
        delivery(subscription(f"reader-{number}@example.org"), (first, second)[number % 2])
    rendered = []
    whole = message.letter
    monkeypatch.setattr(message, "letter", lambda chosen, *rest: rendered.append(chosen.pk) or whole(chosen, *rest))
    assert sending.run().sent == 10
    assert rendered == [first.pk, second.pk]


@pytest.mark.django_db(transaction=True)
def test_several_connections_share_the_work_and_nobody_gets_two(post, settings):
    settings.MAIL_CONNECTIONS = 4
    chosen = choice()
    for number in range(40):
        delivery(subscription(f"reader-{number}@example.org"), chosen)
    assert sending.run().sent == 40
    assert len(set(post.readers)) == len(post.mails) == 40
    assert post.connections == 4
    assert set(progress().values()) == {Progress.SENT}


@pytest.mark.django_db(transaction=True)
def test_only_one_process_sends():
    delivery(subscription(), choice())
    refused = []

    def another():
        try:
            sending.run()
        except Conflict as error:
            refused.append(error)
        finally:
            connection.close()

    with ledger.only_sender():
        thread = threading.Thread(target=another)
        thread.start()
        thread.join()
    assert len(refused) == 1
    assert sending.run().sent == 1


def test_the_status_tells_how_it_stands(some, post):
    post.at_address = lambda to: "550 5.1.1 no such user" if to == "bo@example.org" else "250 OK"
    sending.run()
    found = ledger.status()
    assert (found["active"], found["suspended"]) == (2, 1)
    assert (found["sent_in_a_day"], found["refused_in_a_day"], found["waiting"]) == (2, 1, 0)
    assert found["refusals"] == ["1 × 550 5.1.1 no such user"]


def test_looking_for_work_does_not_walk_through_all_that_was_ever_sent(db):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL chooses by what the tables hold")
    now = timezone.now()
    assert "subscription_due" in Subscription.objects.filter(due__lte=now).order_by("due", "pk").explain()
    assert "delivery_open" in Delivery.objects.filter(next_try__lte=now).explain()
    assert "delivery_open" in ledger.queue(now).explain()


@pytest.mark.django_db(transaction=True)
def test_what_was_sent_is_noted_though_the_database_was_away_for_a_moment():
    row = delivery(subscription(), choice())
    assert ledger.step(None, row)
    away = [OperationalError("gone away"), OperationalError("not back yet")]
    waits = []

    def note():
        if away:
            raise away.pop()
        return ledger.step(ledger.sent(row, "250 taken", timezone.now()), None)

    with pytest.raises(Conflict, match="away for a moment"):
        ledger.surely(note, pause=waits.append)
    assert waits == [2.0, 4.0]
    assert progress() == {"ada@example.org": Progress.SENT}
