"""Subscriptions: double opt-in, limits against list-bombing, one of each list, changing, resting, ending."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests import cast

from broadsheet.community import closing, export, lists, moderation
from broadsheet.errors import BadInput, NotFound, Refused, SignInNeeded, TooMany
from broadsheet.mail import addresses, subscribed, subscriptions, tokens
from broadsheet.mail.models import Choice, Delivery, State, Subscription, Suppression
from broadsheet.mail.preferences import Preferences
from broadsheet.ranking.listings import Listing

pytestmark = pytest.mark.django_db
NOBODY = AnonymousUser()
DAY = Listing("day")
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _noon():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def clock(_noon):
    return _noon


def ask(visitor=NOBODY, address="cy@example.org", listed=DAY, client="192.0.2.7", **preferences):
    return subscriptions.subscribe(
        visitor, address, listed, Preferences(**preferences), client_address=client, site="https://papers.example.org"
    )


def link():
    """Return the words of the newest mailed link."""
    return cast.path_in(mail.outbox[-1]).removeprefix("/mail/confirm/")


def begun(**more):
    ask(**more)
    return subscriptions.confirm(link())


# --- Beginning --------------------------------------------------------------------------------------------------------


def test_an_address_is_mailed_nothing_but_a_link_until_that_is_opened():
    asked = ask(cadence="daily", hour=6)
    assert (asked.state, asked.due) == (State.PENDING, None)
    assert [sent.to for sent in mail.outbox] == [["cy@example.org"]]
    standing = subscriptions.confirm(link())
    assert (standing.pk, standing.state, standing.confirmed) == (asked.pk, State.ACTIVE, NOW)
    assert standing.due == NOW + timedelta(hours=18)


def test_the_mail_that_asks_holds_no_word_of_who_asked():
    ask(listed=Listing("search", "cheap watches http://evil.example"), include=("buy now",), authors=("Visit Us",))
    sent = mail.outbox[0]
    everything = f"{sent.subject} {sent.body} {sent.extra_headers}"
    assert "new papers of a search" in sent.body
    assert not [word for word in ("watches", "evil", "buy", "Visit") if word in everything]
    assert sent.body.count("http") == 1
    assert "https://papers.example.org/mail/confirm/" in sent.body


def test_a_link_works_for_two_days_and_may_be_pressed_twice(clock):
    ask()
    words = link()
    first = subscriptions.confirm(words)
    assert subscriptions.confirm(words).pk == first.pk
    ask(address="bo@example.org")
    words = link()
    clock.shift(timedelta(days=2, seconds=2))
    with pytest.raises(NotFound, match="confirms nothing"):
        subscriptions.confirm(words)


@pytest.mark.parametrize("words", ["", "x", "é" * 32, "A" * 32, "../..", "a:b:c", "\0"])
def test_made_up_links_open_nothing(words):
    with pytest.raises(NotFound):
        tokens.subscription_of(words)
    with pytest.raises(NotFound):
        tokens.confirming(words)


def test_a_link_opens_one_subscription_and_neither_kind_opens_the_other(ada):
    first, second = begun(), begun(address="bo@example.org")
    words = tokens.token(first)
    assert tokens.subscription_of(words) == first
    assert tokens.token(second) != words
    assert len(words) == 32
    for other in (words[:-1] + ("A" if words[-1] != "A" else "B"), words + "=", tokens.confirm_token(first)):
        with pytest.raises(NotFound):
            tokens.subscription_of(other)
    with pytest.raises(NotFound):
        tokens.confirming(words)


def test_a_subscription_that_waits_cannot_be_changed_by_a_link():
    asked = ask()
    with pytest.raises(NotFound):
        tokens.subscription_of(tokens.token(asked))


def test_an_address_has_each_list_once_and_the_last_wish_counts():
    first = begun(cadence="daily")
    second = begun(cadence="weekly", weekday=2)
    assert first.pk == second.pk
    assert (second.cadence, second.weekday, second.state) == ("weekly", 2, State.ACTIVE)
    assert Subscription.objects.filter(state=State.ACTIVE).count() == 1
    assert subscriptions.confirm(link()).pk == first.pk, "the link may be pressed twice here too"


def test_nobody_changes_what_stands_without_the_mail():
    standing = begun(cadence="daily")
    ask(cadence="weekly")
    standing.refresh_from_db()
    assert standing.cadence == "daily"


def test_what_is_answered_tells_nothing_of_an_address():
    begun(address="known@example.org")
    addresses.suppress("never@example.org", "asked")
    told = [ask(address=f"{name}@example.org") for name in ("known", "never", "new")]
    assert {(one.state, one.due, one.kind) for one in told} == {(State.PENDING, None, "day")}
    assert [sent.to[0] for sent in mail.outbox] == ["known@example.org", "known@example.org", "new@example.org"]
    assert not Subscription.objects.filter(address="never@example.org").exists()


def test_the_same_is_written_for_an_address_that_wants_no_mail():
    """So that the time of the answer tells nothing either."""
    addresses.suppress("never@example.org", "asked")
    for name in ("never", "new"):
        with CaptureQueriesContext(connection) as asked:
            ask(address=f"{name}@example.org", client=f"198.51.{len(name)}.1")
        wrote = [query["sql"] for query in asked if query["sql"].startswith('INSERT INTO "mail_subscription"')]
        assert len(wrote) == 1, name


def test_a_list_that_became_private_is_not_named_any_more(ada, bo):
    held = lists.create(ada, "My plans", public=True)
    listed = Listing("list", held.public_id)
    mine, theirs = (begun(visitor=NOBODY, address=f"{name}@example.net", listed=listed) for name in ("cy", "di"))
    Subscription.objects.filter(pk=mine.pk).update(reader=ada)
    mine.refresh_from_db()
    assert subscribed.title(theirs) == subscribed.title(mine) == "My plans"
    lists.edit(ada, held, public=False)
    assert subscribed.title(mine) == "My plans"
    assert subscribed.title(theirs) == "A list that is not here any more"


def test_the_first_mail_holds_the_newest_edition_a_weekly_one_its_week(paper):
    assert begun(cadence="daily").covered_day == paper.day - timedelta(days=1)
    assert begun(cadence="weekly", address="bo@example.org").covered_day == paper.day - timedelta(days=7)


def test_what_is_no_list_or_no_address_is_refused(ada):
    for address in ("cy@example", "cy@" + "é" * 60 + ".org", f"cy@{'a.' * 126}org", "cy", "a\0b@example.org"):
        with pytest.raises(BadInput, match="no mail address"):
            ask(address=address)
    with pytest.raises(BadInput):
        ask(listed=Listing("nonsense"))
    held = lists.create(ada, "Mine alone")
    with pytest.raises(NotFound):
        ask(listed=Listing("list", held.public_id))
    assert ask(ada, "ada@example.org", Listing("list", held.public_id)).state == State.ACTIVE


def test_addresses_are_kept_in_one_spelling():
    assert begun(address=" Cy@EXAMPLE.org ").address == "cy@example.org"
    assert begun(address="cy@exämple.org").address == "cy@xn--exmple-cua.org"


# --- Limits -----------------------------------------------------------------------------------------------------------


def test_an_address_is_asked_three_times_a_day_whoever_asks(ada, clock):
    ask()
    ask(client="198.51.100.1")
    ask(ada, address="cy+news@example.org", client="203.0.113.1")
    with pytest.raises(TooMany):
        ask(client="203.0.113.9")
    clock.shift(timedelta(hours=9))
    ask()
    assert len(mail.outbox) == 4


def test_a_subnet_asks_so_often_a_day(settings):
    settings.SUBSCRIPTIONS_PER_DAY = 2
    ask(address="a@example.org", client="192.0.2.1")
    ask(address="b@example.org", client="192.0.2.2")
    with pytest.raises(TooMany):
        ask(address="c@example.org", client="192.0.2.3")
    ask(address="c@example.org", client="198.51.100.1")


def test_an_address_that_wants_no_mail_is_limited_as_any_other():
    addresses.suppress("cy@example.org", "asked")
    for _ in range(3):
        ask()
    with pytest.raises(TooMany):
        ask()


# --- Readers ----------------------------------------------------------------------------------------------------------


def test_a_readers_own_address_needs_no_link(ada):
    own = ask(ada, "ada@example.org")
    assert (own.state, own.reader) == (State.ACTIVE, ada)
    assert not mail.outbox
    assert ask(ada, "ada@example.org", cadence="weekly").pk == own.pk
    other = ask(ada, "else@example.org")
    assert other.state == State.PENDING
    assert list(subscribed.of(ada)) == [Subscription.objects.get(pk=own.pk)]


def test_an_address_that_nobody_confirmed_needs_one(ada):
    ada.email_verified = False
    ada.save()
    assert ask(ada, "ada@example.org").state == State.PENDING


def test_what_an_address_confirms_belongs_to_its_account(ada, bo):
    ask(bo, "ada@example.org")
    assert subscriptions.confirm(link()).reader == ada
    assert not subscribed.of(bo).exists()
    assert subscribed.of_list(ada, DAY) is not None
    with pytest.raises(SignInNeeded):
        subscribed.of(NOBODY)


def test_private_lists_are_their_readers_alone(ada, bo):
    with pytest.raises(SignInNeeded):
        ask(listed=Listing("following"))
    with pytest.raises(NotFound):
        ask(bo, "bo@example.org", Listing("following", ada.public_id))
    mine = ask(ada, "ada@example.org", Listing("following"))
    assert (mine.value, mine.state) == (ada.public_id, State.ACTIVE)


def test_suspended_readers_begin_nothing_and_are_not_mailed(ada, mo):
    own = ask(ada, "ada@example.org")
    assert Subscription.objects.filter(subscribed.may_be_mailed()).get() == own
    held = moderation.suspend(mo, ada, 5, "against the rules")
    with pytest.raises(Refused):
        ask(held, "ada@example.org", Listing("week"))
    assert not Subscription.objects.filter(subscribed.may_be_mailed()).exists()
    held.suspended_until, held.is_active = None, False
    held.save()
    assert not Subscription.objects.filter(subscribed.may_be_mailed()).exists()


def test_subscriptions_go_with_the_account_and_can_be_taken_along(ada, paper):
    own = ask(ada, "ada@example.org", include=("graphs",))
    choice = Choice.objects.create(key="k", preferences=own.preferences, edition="2026-11-20")
    Delivery.objects.create(subscription=own, edition="2026-11-20", choice=choice)
    (row,) = subscribed.exported(ada)
    assert (row["id"], row["include"], row["editions"][0]["edition"]) == (own.public_id, ["graphs"], "2026-11-20")
    assert "subscriptions" in "".join(export.as_json(ada, str, {"subscriptions": subscribed.exported}))
    closing.close(ada, "ada", cast.PASSWORD)
    assert not Subscription.objects.exists()
    assert not Delivery.objects.exists()


# --- Changing, resting, ending ----------------------------------------------------------------------------------------


def test_what_is_changed_counts_from_the_next_edition():
    standing = begun(cadence="daily", hour=14)
    assert standing.due == NOW + timedelta(hours=2)
    before = standing.preferences
    changed = subscriptions.change(standing, Preferences("weekly", 0, 9, "Europe/Berlin", include=("graphs",)))
    assert changed.due == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert changed.preferences != before


def test_another_hour_brings_no_second_mail_on_the_same_day():
    standing = begun(cadence="daily", hour=11)
    choice = Choice.objects.create(key="k", preferences=standing.preferences, edition="2026-11-20")
    Delivery.objects.create(subscription=standing, edition="2026-11-20", choice=choice)
    later = Preferences("daily", hour=18)
    assert subscriptions.change(standing, later).due == datetime(2026, 11, 21, 18, tzinfo=UTC)
    assert subscriptions.change(standing, replace(later, cadence="something")).due.day == 21


def test_one_rests_for_some_weeks():
    standing = begun(cadence="daily")
    assert subscriptions.pause(standing, 4).due == datetime(2026, 12, 19, 7, tzinfo=UTC)
    assert subscriptions.resume(standing).due == datetime(2026, 11, 21, 7, tzinfo=UTC)
    with pytest.raises(BadInput):
        subscriptions.pause(standing, 500)


def test_one_that_ended_stays_so_until_its_reader_asks_again():
    standing = begun()
    words = link()
    ended = subscriptions.unsubscribe(standing)
    assert (ended.state, ended.due, ended.ended) == (State.ENDED, None, NOW)
    assert subscriptions.unsubscribe(standing).ended == NOW
    for verb in (subscriptions.resume, lambda one: subscriptions.change(one, Preferences())):
        with pytest.raises(NotFound):
            verb(standing)
    with pytest.raises(NotFound):
        subscriptions.confirm(words)
    again = begun()
    assert again.pk != standing.pk


def test_a_suspended_one_gets_nothing_until_it_is_resumed():
    standing = begun()
    held = subscriptions.suspend(standing, "Mail to this address came back.")
    assert (held.state, held.due) == (State.SUSPENDED, None)
    assert subscriptions.change(standing, Preferences("weekly")).due is None
    assert subscriptions.resume(standing).due is not None
    subscriptions.suspend(standing, "Mail to this address came back.")
    assert begun().state == State.ACTIVE, "to confirm anew resumes it"


def test_a_suspended_one_that_ended_stays_ended():
    standing = subscriptions.unsubscribe(begun())
    assert subscriptions.suspend(standing, "late news").state == State.ENDED


# --- Addresses that are never mailed ----------------------------------------------------------------------------------


def test_an_address_that_wants_no_mail_loses_everything_and_gets_nothing(ada):
    standing = begun()
    ask(listed=Listing("week"))
    words = link()
    subscriptions.suppress("CY@example.org", "asked")
    standing.refresh_from_db()
    assert standing.state == State.ENDED
    with pytest.raises(NotFound):
        subscriptions.confirm(words)
    assert subscriptions.is_suppressed("cy@example.org")
    assert "example" not in str(Suppression.objects.values_list().get())
    assert subscriptions.allow("cy@example.org")
    assert not subscriptions.allow("cy@example.org")
    with pytest.raises(BadInput):
        subscriptions.suppress("cy@example.org", "mood")


def test_a_reader_takes_back_their_own_wish_but_not_a_complaint(ada):
    addresses.suppress("ada@example.org", "asked")
    assert ask(ada, "ada@example.org").state == State.ACTIVE
    addresses.suppress("ada@example.org", "complaint")
    with pytest.raises(Refused, match="not mailed"):
        ask(ada, "ada@example.org")


# --- Forgetting -------------------------------------------------------------------------------------------------------


def test_what_was_never_confirmed_is_forgotten_in_a_week_what_ended_in_a_month(clock):
    begun()
    ask(listed=Listing("week"))
    ended = subscriptions.unsubscribe(begun(address="bo@example.org"))
    assert subscribed.forget() == 0
    clock.shift(timedelta(days=7, seconds=1))
    assert subscribed.forget() == 1
    clock.shift(timedelta(days=24))
    assert subscribed.forget(timezone.now()) == 1
    assert not Subscription.objects.filter(pk=ended.pk).exists()
    assert Subscription.objects.get().state == State.ACTIVE
