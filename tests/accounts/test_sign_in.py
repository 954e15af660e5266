"""Signing in: what it takes, what it tells, where it leads, and the vote that was meant."""

import pytest
from django.conf import settings as site
from django.contrib.auth import hashers
from django.test import Client
from tests import cast

from broadsheet import settings as product
from broadsheet.accounts import actions
from broadsheet.accounts.models import Session, User
from broadsheet.community.models import Vote

pytestmark = pytest.mark.django_db

RIGHT = {"name": "ada", "password": cast.PASSWORD}


def signed_in(client):
    return client.get("/settings").status_code == 200


@pytest.mark.parametrize("name", ["ada", "Ada ", "ada@example.org", "ADA@EXAMPLE.ORG"])
def test_a_reader_signs_in_by_name_or_address(client, ada, name):
    assert client.post("/sign-in", RIGHT | {"name": name}).headers["Location"] == "/"
    assert signed_in(client)


def test_passwords_are_kept_by_argon2(settings):
    settings.PASSWORD_HASHERS = product.PASSWORD_HASHERS
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()
    try:
        reader = actions.add_reader("cy", "cy@example.org", cast.PASSWORD)
        assert reader.password.startswith("argon2$argon2id$")
        assert actions.check("cy", cast.PASSWORD) == reader
        assert actions.check("cy", "wrong") is None
    finally:
        hashers.get_hashers.cache_clear()
        hashers.get_hashers_by_algorithm.cache_clear()


def test_the_failure_tells_nothing_about_accounts(client, ada):
    wrong = client.post("/sign-in", RIGHT | {"password": "wrong"})
    unknown = client.post("/sign-in", {"name": "ada", "password": "wrong"})
    User.objects.filter(pk=ada.pk).delete()
    nobody = client.post("/sign-in", {"name": "ada", "password": "wrong"})
    assert wrong.status_code == unknown.status_code == nobody.status_code == 400
    texts = [cast.plain(answer) for answer in (wrong, unknown, nobody)]
    assert texts[0] == texts[1] == texts[2]


def test_an_unknown_name_takes_the_work_of_a_password_too(ada, monkeypatch):
    worked = []
    hasher = hashers.get_hasher("default")
    encode = type(hasher).encode
    monkeypatch.setattr(type(hasher), "encode", lambda *args, **more: (worked.append(1), encode(*args, **more))[1])
    assert actions.check("ada", "wrong") is None
    known = len(worked)
    assert actions.check("nobody", "wrong") is None
    assert len(worked) - known == known


def test_the_session_key_known_before_is_worth_nothing_after(client, ada):
    from broadsheet.accounts.sessions import SessionStore

    planted = SessionStore()
    planted.create()
    client.cookies[site.SESSION_COOKIE_NAME] = planted.session_key
    client.post("/sign-in", RIGHT)
    assert client.cookies[site.SESSION_COOKIE_NAME].value != planted.session_key
    thief = Client()
    thief.cookies[site.SESSION_COOKIE_NAME] = planted.session_key
    assert signed_in(client)
    assert not signed_in(thief)


def test_the_session_of_one_reader_is_not_taken_over_by_the_next(client, ada, bo):
    client.post("/sign-in", RIGHT)
    first = client.cookies[site.SESSION_COOKIE_NAME].value
    client.post("/sign-in", RIGHT | {"name": "bo"})
    assert not Session.objects.filter(session_key=first).exists()
    assert Session.objects.get().reader == bo


def test_attempts_on_one_account_are_few(client, ada):
    statuses = [client.post("/sign-in", RIGHT | {"password": "wrong"}).status_code for _ in range(11)]
    assert statuses == [400] * 10 + [429]
    assert client.post("/sign-in", RIGHT).status_code == 429
    elsewhere = Client(REMOTE_ADDR="198.51.100.7")
    assert elsewhere.post("/sign-in", RIGHT).status_code == 302, "who tries cannot keep the reader out"


def test_signing_out_takes_a_post_and_ends_the_session(client, ada):
    client.post("/sign-in", RIGHT)
    assert client.get("/sign-out").status_code == 405
    assert signed_in(client)
    assert client.post("/sign-out").status_code == 302
    assert not signed_in(client)
    assert not Session.objects.exists()


@pytest.mark.parametrize("path", ["/sign-in", "/sign-out", "/sign-up", "/password/forgot", "/settings"])
def test_forms_refuse_to_be_sent_from_elsewhere(ada, path):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post(path, RIGHT).status_code == 403


# --- Where it leads -----------------------------------------------------------------------------------------------


def test_a_reader_comes_back_to_where_they_were(client, ada):
    assert 'value="/papers?q=a&amp;p=2"' in client.get("/sign-in", {"next": "/papers?q=a&p=2"}).content.decode()
    assert client.post("/sign-in", RIGHT | {"next": "/papers?q=a&p=2"}).headers["Location"] == "/papers?q=a&p=2"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "http:evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        " //evil.example",
        "http://testserver//evil.example",
        "http://testserver@evil.example/",
        "/sign-in?next=/sign-in",
        "evil",
    ],
)
def test_nobody_is_led_to_another_site(client, ada, target):
    assert client.get("/sign-in", {"next": target}).status_code == 200
    assert client.post("/sign-in", RIGHT | {"next": target}).headers["Location"] == "/"
    assert client.get("/sign-in", {"next": target}).headers["Location"] == "/"


# --- The vote that was meant --------------------------------------------------------------------------------------


def test_a_visitor_votes_by_signing_in_and_lands_on_the_paper(client, ada, paper):
    page = client.get("/sign-in", {"vote": paper.key}).content.decode()
    assert f"You will vote for “{paper.title}” once you are signed in." in page
    assert not Vote.objects.exists()
    answer = client.post("/sign-in", RIGHT | {"vote": paper.key})
    assert answer.headers["Location"] == f"/papers/{paper.key}"
    assert Vote.objects.standing().get().reader == ada
    assert "your vote is counted" in client.get(f"/papers/{paper.key}").content.decode()


def test_who_is_signed_in_already_is_sent_to_the_paper_without_a_vote(client, ada, paper):
    client.force_login(ada)
    assert client.get("/sign-in", {"vote": paper.key}).headers["Location"] == f"/papers/{paper.key}"
    assert not Vote.objects.exists()


def test_a_wrong_password_casts_no_vote_and_keeps_it_in_mind(client, ada, paper):
    answer = client.post("/sign-in", RIGHT | {"password": "wrong", "vote": paper.key})
    assert f'name="vote" value="{paper.key}"' in answer.content.decode()
    assert not Vote.objects.exists()


def test_an_unknown_paper_is_left_out(client, ada):
    assert "vote" not in client.get("/sign-in", {"vote": "2601.99999"}).content.decode()
    assert client.post("/sign-in", RIGHT | {"vote": "<x>\0"}).headers["Location"] == "/"


def test_the_vote_goes_through_a_mailed_link_which_shows_nothing_of_it(client, ada, paper, mailoutbox):
    client.post("/sign-in/mail", {"email": "ada@example.org", "vote": paper.key, "next": "/papers?q=buy+this"})
    assert paper.key not in mailoutbox[0].body
    assert "buy" not in mailoutbox[0].body
    path = cast.path_in(mailoutbox[0])
    assert "You will vote for" in client.get(path).content.decode()
    assert not Vote.objects.exists()
    assert client.post(path).headers["Location"] == f"/papers/{paper.key}"
    assert Vote.objects.standing().get().reader == ada


def test_a_link_whose_words_were_changed_leads_to_the_front_page(client, ada, mailoutbox):
    client.post("/sign-in/mail", {"email": "ada@example.org", "next": "/status"})
    path = cast.path_in(mailoutbox[0]).replace("then=", "then=x")
    assert client.post(path).headers["Location"] == "/"


def test_a_suspended_reader_is_told_why_the_vote_does_not_count(client, ada, paper):
    from datetime import timedelta

    from django.utils import timezone

    User.objects.filter(pk=ada.pk).update(suspended_until=timezone.now() + timedelta(days=1), suspended_reason="spam")
    assert client.post("/sign-in", RIGHT | {"vote": paper.key}).status_code == 302
    assert "spam" in client.get(f"/papers/{paper.key}").content.decode()
    assert not Vote.objects.exists()
