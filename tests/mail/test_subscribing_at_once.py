"""Several acts on one subscription at the same moment: an address has each list once, and what ended stays ended."""

import threading

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from tests import cast

from broadsheet.accounts.models import Bucket
from broadsheet.errors import BroadsheetError
from broadsheet.mail import bounces, subscriptions, tokens
from broadsheet.mail.models import State, Subscription
from broadsheet.mail.preferences import Preferences
from broadsheet.mail.reports import Report
from broadsheet.ranking.listings import Listing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _free(settings):
    settings.SUBSCRIPTIONS_PER_DAY = 10_000


def ask(visitor, address, cadence="daily"):
    return subscriptions.subscribe(
        visitor, address, Listing("day"), Preferences(cadence), client_address="192.0.2.1", site="http://x.example"
    )


def together(*acts):
    """Do some acts at the same moment; return what went wrong beyond refusals."""
    wrong = []
    start = threading.Barrier(len(acts), timeout=60)

    def run(act):
        try:
            start.wait()
            act()
        except BroadsheetError:
            pass
        except Exception as error:  # noqa: BLE001 (told below, from the thread)
            wrong.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return wrong


def test_two_links_for_one_list_begin_one_subscription():
    for number in range(8):
        address = f"cy{number}@example.org"
        words = [tokens.confirm_token(ask(AnonymousUser(), address)) for _ in range(3)]
        begin = [lambda each=each: subscriptions.confirm(each) for each in [*words, words[0]]]
        assert together(*begin) == []
        assert Subscription.objects.filter(address=address, state=State.ACTIVE).count() == 1
        assert not Subscription.objects.filter(address=address, state=State.PENDING).exists()


def test_a_reader_who_presses_twice_has_one():
    ada = cast.reader("ada")
    for _ in range(6):
        Subscription.objects.all().delete()
        asked = [lambda cadence=cadence: ask(ada, "ada@example.org", cadence) for cadence in ("daily", "weekly") * 2]
        assert together(*asked) == []
        assert Subscription.objects.count() == 1


def test_what_ends_while_it_is_changed_stays_ended():
    ada = cast.reader("ada")
    for _ in range(8):
        held = ask(ada, "ada@example.org")
        wrong = together(
            lambda held=held: subscriptions.unsubscribe(held),
            lambda held=held: subscriptions.change(held, Preferences("weekly")),
            lambda held=held: subscriptions.suspend(held, "came back"),
            lambda held=held: subscriptions.pause(held, 4),
        )
        assert wrong == []
        held.refresh_from_db()
        assert (held.state, held.due) == (State.ENDED, None)


def test_a_wish_for_no_mail_holds_while_links_are_pressed():
    for number in range(8):
        address = f"cy{number}@example.org"
        words = tokens.confirm_token(ask(AnonymousUser(), address))
        wrong = together(
            lambda words=words: subscriptions.confirm(words),
            lambda address=address: subscriptions.suppress(address, "asked"),
        )
        assert wrong == []
        assert not Subscription.objects.filter(address=address).exclude(state=State.ENDED).exists()


def test_reports_about_several_subscriptions_of_one_address_do_not_wait_for_each_other():
    ada = cast.reader("ada")
    for turn in range(8):
        Subscription.objects.all().delete()
        held = [subscribe(ada, kind) for kind in ("day", "trending", "new", "week")]
        reports = [
            Report("hard", "", tokens.token(one), "5.1.1", "550 unknown", f"{turn}-{one.pk}") for one in reversed(held)
        ]
        waiting = subscriptions.subscribe(
            AnonymousUser(), "ada@example.org", Listing("month"), Preferences(), client_address="192.0.2.1", site="x"
        )
        Bucket.objects.all().delete()
        words = tokens.confirm_token(waiting)
        wrong = together(
            *[lambda report=report: bounces.take_in_report(report) for report in reports],
            lambda words=words: subscriptions.confirm(words),
        )
        assert wrong == []
        assert set(Subscription.objects.filter(pk__in=[one.pk for one in held]).values_list("state", flat=True)) == {
            State.SUSPENDED
        }


def subscribe(reader, kind):
    return subscriptions.subscribe(
        reader, "ada@example.org", Listing(kind), Preferences("daily"), client_address="192.0.2.1", site="x"
    )
