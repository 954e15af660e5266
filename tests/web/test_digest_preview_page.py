"""The next digest in the browser: shown to whom it belongs, without any power, and nothing is changed by looking."""

from datetime import timedelta

import pytest
from django.utils import timezone
from tests import cast

from broadsheet.accounts import limits
from broadsheet.mail import tokens
from broadsheet.mail.models import Choice, Delivery, State, Subscription
from broadsheet.mail.preferences import Preferences, preferences_key


@pytest.fixture
def today(db):
    day = timezone.now().date()
    return [
        cast.paper(f"2601.0000{n}", f"Today's Paper {n} <b>&", day=day, announced=day, imported_votes=n)
        for n in range(1, 4)
    ]


@pytest.fixture
def subscription(today):
    now = timezone.now()
    return Subscription.objects.create(
        address="ada@example.org",
        kind="day",
        state=State.ACTIVE,
        due=now + timedelta(hours=1),
        preferences=preferences_key("day", "", Preferences()),
        covered_day=now.date() - timedelta(days=1),
        covered_paper=today[-1].pk,
    )


def test_a_list_is_previewed_by_anybody_before_subscribing(client, today):
    answer = client.get("/subscriptions/preview", {"kind": "day", "papers": "2"})
    page = answer.text
    assert answer.status_code == 200
    assert "Today&#x27;s Paper 3 &lt;b&gt;&amp;" in page or "Today's Paper 3 &lt;b&gt;&amp;" in page
    assert "<b>&" not in page
    assert "2 of 3 papers" in page
    assert "http://testserver/papers/2601.00003" in page


def test_the_papers_of_a_week_are_previewed_with_its_overview(client, today):
    page = client.get("/subscriptions/preview", {"kind": "week"}).text
    assert "The papers of the week" in page
    assert "The week: 3 papers" in page


def test_the_page_where_one_subscribes_leads_to_the_preview(client, today):
    page = client.get("/subscribe", {"kind": "category", "value": "cs.CL"}).text
    assert "/subscriptions/preview?kind=category&amp;value=cs.CL" in page
    assert "Papers in cs.CL" in client.get("/subscriptions/preview?kind=category&value=cs.CL").text


def test_the_page_of_a_mail_has_no_power(client, today):
    answer = client.get("/subscriptions/preview")
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script" not in policy
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["Referrer-Policy"] == "no-referrer"


def test_the_plain_text_is_shown_as_it_is(client, today):
    answer = client.get("/subscriptions/preview", {"form": "text"})
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "Today's Paper 3 <b>&" in answer.text


def test_the_link_in_a_mail_shows_the_next_one(client, subscription):
    answer = client.get(f"/mail/{tokens.token(subscription)}/preview")
    assert answer.status_code == 200
    assert "ada@example.org" in answer.text


def test_looking_changes_nothing(client, subscription):
    before = Subscription.objects.values().get()
    client.get(f"/mail/{tokens.token(subscription)}/preview")
    client.get("/subscriptions/preview")
    assert Subscription.objects.values().get() == before
    assert not Choice.objects.exists()
    assert not Delivery.objects.exists()


def test_a_link_that_was_not_made_here_is_unknown(client, subscription):
    own = tokens.token(subscription)
    assert client.get(f"/mail/{own[:-1]}{'A' if own[-1] != 'A' else 'B'}/preview").status_code == 404
    assert client.get("/mail/confirm/preview").status_code == 404


def test_nothing_to_send_is_said_in_words(client, subscription):
    Subscription.objects.update(covered_day=timezone.now().date())
    answer = client.get(f"/mail/{tokens.token(subscription)}/preview")
    assert answer.status_code == 200
    assert "Nothing to send" in answer.text
    assert "unsafe-inline" not in answer["Content-Security-Policy"]


@pytest.mark.parametrize(
    "asked",
    [{"kind": "nonsense"}, {"kind": "day", "papers": "many"}, {"kind": "day", "hour": "25"}, {"kind": "search"}],
)
def test_what_cannot_be_read_is_told(client, today, asked):
    assert client.get("/subscriptions/preview", asked).status_code == 400


def test_a_private_list_is_previewed_by_its_reader_alone(client, today, ada, bo):
    asked = {"kind": "for-me", "value": ada.public_id}
    assert client.get("/subscriptions/preview", asked).status_code == 404
    client.force_login(bo)
    assert client.get("/subscriptions/preview", asked).status_code == 404
    client.force_login(ada)
    assert client.get("/subscriptions/preview", asked).status_code == 200


def test_a_preview_only_takes_get(client, today):
    assert client.post("/subscriptions/preview").status_code == 405


def test_previews_count_as_searches_as_each_costs_as_much(client, subscription, settings):
    limits.forget()
    settings.PAGE_RATE = 8
    asked = ["/subscriptions/preview", f"/mail/{tokens.token(subscription)}/preview", "/subscriptions/preview"]
    assert [client.get(path).status_code for path in asked] == [200, 200, 429]
    assert client.get("/subscribe").status_code == 200
