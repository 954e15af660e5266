"""A mail service reports what came back by POST, with a key that opens nothing else."""

import json

import pytest
from django.test import Client
from tests.bounced import about
from tests.mail_rows import choice, delivery, subscription

from broadsheet.mail import addresses
from broadsheet.mail.models import Bounce, State

pytestmark = pytest.mark.django_db
KEY = "a key of some length"


@pytest.fixture(autouse=True)
def _key(settings):
    settings.BOUNCE_KEY = KEY


@pytest.fixture
def sent():
    return delivery(subscription(), choice())


def post(body, kind="message/rfc822", key=KEY, **more):
    headers = {"Authorization": f"Bearer {key}"} if key is not None else {}
    # As a service does it: without a cookie, a token of a form or a page seen before.
    return Client(enforce_csrf_checks=True).post("/mail/bounces", body, content_type=kind, headers=headers, **more)


def post_json(facts, **more):
    return post(json.dumps(facts), "application/json", **more)


def state(of):
    of.subscription.refresh_from_db()
    return of.subscription.state


def test_a_whole_message_is_taken_in(sent):
    answer = post(about("unknown-postfix", sent))
    assert (answer.status_code, answer.json()) == (200, {"taken": 1})
    assert state(sent) == State.SUSPENDED


def test_a_few_facts_do_as_well(sent):
    answer = post_json({"messageId": f"<{sent.token}@papers.example.org>", "kind": "complaint"})
    assert answer.json() == {"taken": 1}
    assert state(sent) == State.ENDED
    assert addresses.is_suppressed("ada@example.org")


def test_a_list_of_facts_is_taken_in_and_each_counts_once(sent):
    bounce = {
        "messageId": f"{sent.token}@papers.example.org",
        "kind": "bounce",
        "status": "5.2.2",
        "text": "552 mailbox full",
    }
    assert post_json([bounce, bounce]).json() == {"taken": 2}
    kept = Bounce.objects.get()
    assert (kept.kind, kept.status, kept.text, kept.delivery) == ("soft", "5.2.2", "552 mailbox full", sent)
    assert state(sent) == State.ACTIVE


def test_what_is_not_ours_is_answered_kindly_and_changes_nothing(sent):
    assert post(b"Subject: hello\r\n\r\nA letter.\r\n").json() == {"taken": 0}
    assert post_json({"messageId": f"<{'b' * 24}@x.org>", "kind": "hard"}).json() == {"taken": 0}
    assert state(sent) == State.ACTIVE


@pytest.mark.parametrize("key", [None, "", "wrong", KEY + "x", KEY[:-1], "schlüssel"])
def test_a_wrong_key_is_refused(key, sent):
    assert post(about("complaint-abuse", sent), key=key).status_code == 403
    assert state(sent) == State.ACTIVE


@pytest.mark.parametrize("key", [None, "", KEY])
def test_without_a_key_on_the_site_nobody_gets_in_and_the_answer_is_the_same(key, sent, settings):
    wrong = post(about("complaint-abuse", sent), key="wrong")
    settings.BOUNCE_KEY = ""
    answer = post(about("complaint-abuse", sent), key=key)
    assert (answer.status_code, answer.json()) == (403, wrong.json())
    assert state(sent) == State.ACTIVE


def test_another_way_of_signing_in_is_no_key(sent):
    headers = {"Authorization": f"Basic {KEY}"}
    assert Client().post("/mail/bounces", b"", content_type="message/rfc822", headers=headers).status_code == 403


@pytest.mark.parametrize("body", ["{", "7", '"text"', "[7]", "{}", '{"messageId": null, "kind": "hard"}', "[" * 9999])
def test_a_body_that_is_no_report_is_refused_with_what_is_wrong(body):
    answer = post(body, "application/json")
    assert answer.status_code == 400
    assert answer.json()["hint"]


def test_a_list_or_a_body_without_end_is_refused(settings):
    assert post_json([{}] * 1001).status_code == 400
    answer = post(b"x" * 1_000_001)
    assert (answer.status_code, answer.json()["error"]) == (400, "That is too long.")


def test_it_is_asked_by_post_alone():
    assert Client().get("/mail/bounces", headers={"Authorization": f"Bearer {KEY}"}).status_code == 405
