"""Signing programs in by a code, as RFC 8628 has it, and renewing their tokens."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone

from broadsheet.accounts import devices, tokens
from broadsheet.accounts.models import ApiToken, DeviceGrant, User
from broadsheet.errors import NotFound, Refused, SignInNeeded, TooMany

CODE = "urn:ietf:params:oauth:grant-type:device_code"


def begin(client: Client, **asked: str) -> dict[str, Any]:
    answer = client.post("/oauth/device", {"client_id": "a program", **asked})
    assert answer.status_code == 200, answer.content
    begun: dict[str, Any] = answer.json()
    return begun


def ask(client: Client, begun: dict[str, Any]) -> Any:
    return client.post("/oauth/token", {"grant_type": CODE, "device_code": begun["device_code"], "client_id": "x"})


def test_a_program_gets_a_token_once_its_reader_has_agreed(client: Client, ada: User):
    begun = begin(client)
    assert (begun["interval"], begun["expires_in"]) == (5, 900)
    assert begun["verification_uri"] == "http://testserver/device"
    assert begun["verification_uri_complete"].endswith(f"/device?code={begun['user_code']}")
    waiting = ask(client, begun)
    assert (waiting.status_code, waiting.json()["error"]) == (400, "authorization_pending")

    client.force_login(ada)
    page = client.get(begun["verification_uri_complete"]).content.decode()
    assert f'value="{begun["user_code"]}"' in page
    asked = client.post("/device", {"code": begun["user_code"]}).content.decode()
    assert "a program" in asked
    done = client.post("/device", {"code": begun["user_code"], "decision": "approve", "scope": "write"})
    assert "may now read and write" in done.content.decode()

    answer = ask(client, begun)
    granted = answer.json()
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert (granted["token_type"], granted["scope"]) == ("bearer", "write")
    me = client.get("/api/whoami-v2", headers={"Authorization": f"Bearer {granted['access_token']}"}).json()
    assert (me["name"], me["auth"]["accessToken"]["displayName"]) == ("ada", "a program")
    assert ask(client, begun).json()["error"] == "invalid_grant"


def test_a_program_that_was_refused_is_told_so(client: Client, ada: User):
    begun = begin(client)
    client.force_login(ada)
    client.post("/device", {"code": begun["user_code"], "decision": "deny"})
    assert ask(client, begun).json()["error"] == "access_denied"
    assert not ApiToken.objects.exists()


def test_a_program_that_asks_too_often_is_slowed_down(client: Client, db: None):
    with time_machine.travel("2026-11-21 12:00:00+00:00", tick=False) as clock:
        begun = begin(client)
        assert ask(client, begun).json()["error"] == "authorization_pending"
        clock.shift(2)
        assert ask(client, begun).json()["error"] == "slow_down"
        clock.shift(5)
        assert ask(client, begun).json()["error"] == "authorization_pending"


def test_a_code_is_over_after_a_quarter_of_an_hour(client: Client, ada: User):
    begun = begin(client)
    with time_machine.travel(timezone.now() + timedelta(minutes=16)):
        assert ask(client, begun).json()["error"] == "expired_token"
        with pytest.raises(NotFound):
            devices.typed(ada, begun["user_code"])
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        begin(client)
        assert DeviceGrant.objects.count() == 1


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ({}, "unsupported_grant_type"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": CODE, "device_code": "made up"}, "invalid_grant"),
        ({"grant_type": CODE}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": ""}, "invalid_grant"),
        ({"grant_type": "refresh_token"}, "invalid_grant"),
    ],
)
def test_what_is_wrong_with_a_question_is_said_in_one_word(client: Client, ada: User, asked: Any, word: str):
    tokens.issue(ada, "one that cannot be renewed")
    answer = client.post("/oauth/token", asked)
    assert (answer.status_code, answer.json()["error"]) == (400, word)
    assert answer.json()["error_description"]
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("scope", "given"),
    [("", "write"), ("read", "read"), ("openid profile", "read"), ("openid write-discussions", "write")],
)
def test_a_program_says_what_it_needs(db: None, scope: str, given: str):
    assert devices.begin("x", scope).grant.scope == given


def test_a_reader_may_give_less_than_was_asked_and_never_more(ada: User):
    devices.approve(ada, devices.begin("x", "write").grant.user_code, read_only=True)
    devices.approve(ada, devices.begin("x", "read").grant.user_code)
    assert set(DeviceGrant.objects.values_list("scope", flat=True)) == {"read"}


def test_the_code_is_read_however_it_is_typed(ada: User):
    begun = devices.begin("x")
    code = begun.grant.user_code
    assert set(code) <= set("BCDFGHJKLMNPQRSTVWXZ-")
    for typed in (code, code.lower(), code.replace("-", ""), f" {code} "):
        assert devices.typed(ada, typed) == begun.grant


def test_who_tries_codes_is_stopped(ada: User, bo: User):
    begun = devices.begin("x")
    for _ in range(10):
        with pytest.raises(NotFound):
            devices.typed(ada, "BBBB-BBBB")
    with pytest.raises(TooMany):
        devices.approve(ada, "BBBB-BBBB")
    assert devices.typed(bo, begun.grant.user_code)


def test_a_code_works_for_one_reader_only(ada: User, bo: User):
    begun = devices.begin("x")
    devices.approve(ada, begun.grant.user_code)
    with pytest.raises(NotFound):
        devices.approve(bo, begun.grant.user_code)
    assert devices.redeem(begun.device_code).token.reader == ada


def test_only_who_is_signed_in_decides(client: Client, db: None):
    begun = devices.begin("x")
    for verb in (devices.typed, devices.approve, devices.deny):
        with pytest.raises(SignInNeeded):
            verb(AnonymousUser(), begun.grant.user_code)


def test_a_decision_needs_a_form_of_ours(ada: User):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ada)
    begun = devices.begin("x")
    answer = client.post("/device", {"code": begun.grant.user_code, "decision": "approve"})
    assert answer.status_code == 403
    client.get("/device", {"code": begun.grant.user_code, "decision": "approve"})
    begun.grant.refresh_from_db()
    assert begun.grant.reader is None


def test_what_a_program_calls_itself_stays_text(client: Client, ada: User):
    code = devices.begin("<script>alert(1)</script>").grant.user_code
    client.force_login(ada)
    page = client.post("/device", {"code": code}).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


def test_a_wrong_code_is_said_beside_the_field(client: Client, ada: User):
    client.force_login(ada)
    answer = client.post("/device", {"code": "nothing"})
    assert answer.status_code == 404
    assert 'aria-describedby="code-problem"' in answer.content.decode()


def granted_to(reader: User) -> devices.Granted:
    begun = devices.begin("x")
    devices.approve(reader, begun.grant.user_code)
    return devices.redeem(begun.device_code)


def test_a_token_is_renewed_and_what_renewed_it_is_used_up(client: Client, ada: User):
    granted = granted_to(ada)
    asked = {"grant_type": "refresh_token", "refresh_token": granted.refresh}
    renewed = client.post("/oauth/token", asked).json()
    assert renewed["refresh_token"] != granted.refresh
    assert tokens.reader_of(granted.secret) is None
    known = tokens.reader_of(renewed["access_token"])
    assert known is not None
    assert known.pk == granted.token.pk
    assert tokens.reader_of(renewed["refresh_token"]) is None


def test_a_refresh_token_shown_twice_ends_the_token(ada: User):
    granted = granted_to(ada)
    renewed = devices.renew(granted.refresh)
    with pytest.raises(devices.OAuthFault):
        devices.renew(granted.refresh)
    assert tokens.reader_of(renewed.secret) is None
    with pytest.raises(devices.OAuthFault):
        devices.renew(renewed.refresh)


def test_a_token_can_be_renewed_for_a_while_after_its_end(ada: User):
    granted = granted_to(ada)
    with time_machine.travel(timezone.now() + timedelta(days=60)):
        assert tokens.reader_of(granted.secret) is None
        tokens.issue(ada, "another")
        renewed = devices.renew(granted.refresh)
        assert tokens.reader_of(renewed.secret)
    with time_machine.travel(timezone.now() + timedelta(days=300)), pytest.raises(devices.OAuthFault):
        devices.renew(renewed.refresh)


def test_a_revoked_token_is_not_renewed(ada: User):
    granted = granted_to(ada)
    tokens.revoke(ada, granted.token.public_id)
    with pytest.raises(devices.OAuthFault):
        devices.renew(granted.refresh)


def test_who_has_all_tokens_is_told_on_the_page(ada: User):
    begun = devices.begin("x")
    for number in range(tokens.MOST):
        tokens.issue(ada, f"number {number}")
    with pytest.raises(Refused):
        devices.approve(ada, begun.grant.user_code)
