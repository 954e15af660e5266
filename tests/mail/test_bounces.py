"""A mail that came back ends mails to a dead address, spares a full one for a while, and a complaint is final."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from tests.bounced import about, raw
from tests.mail_rows import choice, delivery, subscription

from broadsheet.errors import BadInput
from broadsheet.mail import addresses, bounces, subscriptions
from broadsheet.mail.models import Bounce, State, Subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent():
    """A digest that was sent to ada, who has a second subscription; bo has one too."""
    subscription("ada@example.org", "trending", due=timezone.now())
    subscription("bo@example.org")
    return delivery(subscription("ada@example.org", due=timezone.now()), choice())


def states(address="ada@example.org"):
    return set(Subscription.objects.filter(address=address).values_list("state", flat=True))


def test_a_dead_address_is_suspended_at_once_with_all_its_subscriptions(sent):
    assert bounces.take_in(about("unknown-postfix", sent))
    held = Subscription.objects.get(pk=sent.subscription_id)
    assert states() == {State.SUSPENDED}
    assert held.due is None
    assert held.reason.startswith("Mail could not be delivered: 550 5.1.1")
    bounce = Bounce.objects.get()
    assert (bounce.delivery, bounce.kind, bounce.status) == (sent, "hard", "5.1.1")
    assert states("bo@example.org") == {State.ACTIVE}
    assert not addresses.is_suppressed("ada@example.org")


def test_a_complaint_ends_everything_for_good(sent):
    assert bounces.take_in(about("complaint-abuse", sent))
    assert states() == {State.ENDED}
    assert addresses.is_suppressed("Ada@Example.org")


def test_a_report_read_twice_counts_once(sent):
    for _ in range(9):
        assert bounces.take_in(about("full", sent))
    assert Bounce.objects.count() == 1
    assert states() == {State.ACTIVE}


def test_a_full_mailbox_is_suspended_after_five_mails(sent):
    row = sent.subscription
    for day in range(1, 5):
        bounces.take_in(about("full", delivery(row, choice(f"2026-02-0{day}"))))
        assert states() == {State.ACTIVE}
    # The same mail put off again is no further one.
    assert bounces.take_in(about("full", row.deliveries.last(), copy=7))
    assert states() == {State.ACTIVE}
    bounces.take_in(about("full", sent))
    assert states() == {State.SUSPENDED}


def test_what_was_put_off_long_ago_does_not_count(sent):
    row = sent.subscription
    with time_machine.travel(timezone.now() - timedelta(days=15), tick=False):
        for day in range(1, 5):
            bounces.take_in(about("full", delivery(row, choice(f"2026-02-0{day}"))))
    bounces.take_in(about("full", sent))
    assert states() == {State.ACTIVE}


def test_who_emptied_a_mailbox_starts_anew(sent):
    row = sent.subscription
    for day in range(1, 6):
        bounces.take_in(about("full", delivery(row, choice(f"2026-02-0{day}"))))
    assert states() == {State.SUSPENDED}
    subscriptions.resume(row)
    bounces.take_in(about("full", sent))
    row.refresh_from_db()
    assert row.state == State.ACTIVE


def test_an_address_alone_proves_nothing(sent):
    assert not bounces.take_in(about("foreign", sent))
    assert not bounces.take_in(raw("unknown-postfix", "f" * 24, "A" * 32))
    assert states() == {State.ACTIVE}
    assert not Bounce.objects.exists()


def test_a_service_that_gives_its_own_message_ids_is_understood_by_our_signed_link(sent):
    assert bounces.take_in(about("rewritten-id", sent))
    assert states() == {State.SUSPENDED}
    assert Bounce.objects.get().delivery is None


@pytest.mark.parametrize("name", ["delayed", "delivered", "out-of-office", "letter", "report-not-spam"])
def test_what_is_not_final_changes_nothing(sent, name):
    assert not bounces.take_in(about(name, sent))
    assert states() == {State.ACTIVE}


def test_an_ended_subscription_stays_as_it_is(sent):
    subscriptions.unsubscribe(sent.subscription)
    assert bounces.take_in(about("unknown-postfix", sent))
    sent.subscription.refresh_from_db()
    assert sent.subscription.state == State.ENDED


def test_a_refusal_while_sending_counts_like_a_report(sent):
    assert bounces.refused(sent, 550, "5.1.1 no such user") == "hard"
    assert states() == {State.SUSPENDED}


def test_a_refusal_for_what_a_mail_holds_spares_the_address(sent):
    assert bounces.refused(sent, 554, "5.7.1 blocked by policy") == "soft"
    assert states() == {State.ACTIVE}
    assert Bounce.objects.get().text == "554 5.7.1 blocked by policy"


def test_the_operator_lets_an_address_go_on(sent):
    bounces.take_in(about("unknown-postfix", sent))
    assert bounces.allow("ADA@example.org") == (False, 2)
    assert states() == {State.ACTIVE}
    bounces.take_in(about("complaint-abuse", sent))
    assert bounces.allow("ada@example.org") == (True, 0)
    assert not addresses.is_suppressed("ada@example.org")
    assert states() == {State.ENDED}


def test_how_mail_stands_is_counted(sent):
    bounces.take_in(about("unknown-postfix", sent))
    addresses.suppress("mo@example.org", "operator")
    assert bounces.standing() == {
        "subscriptions": {"active": 1, "suspended": 2},
        "came_back_in_14_days": {"hard": 1},
        "suppressed_addresses": {"operator": 1},
    }


@pytest.mark.parametrize(
    "facts",
    [
        {},
        {"messageId": "<x@y>", "kind": "hard"},
        {"messageId": "a" * 24 + "@papers.example.org", "kind": "open"},
        {"messageId": "a" * 24 + "@papers.example.org"},
        {"messageId": 7, "kind": "hard"},
        {"messageId": "a" * 24 + "@papers.example.org", "kind": ["hard"]},
    ],
)
def test_facts_that_say_nothing_are_refused(facts):
    with pytest.raises(BadInput):
        bounces.from_facts(facts)
