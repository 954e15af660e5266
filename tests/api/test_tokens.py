"""Tokens of the API: who they speak for, what they allow, how they end."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from broadsheet.accounts import limits, tokens
from broadsheet.accounts.models import ApiToken, User
from broadsheet.errors import BadInput, NotFound, Refused, SignInNeeded

INVALID = "Invalid credentials in Authorization header"


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def test_a_secret_is_shown_once_and_only_its_digest_is_kept(ada: User):
    token, secret = tokens.issue(ada, " my  notebook ", "write")
    assert secret.startswith("bs_")
    assert len(secret) == 43
    kept = ApiToken.objects.get()
    assert (kept.name, kept.scope, kept.start) == ("my notebook", "write", secret[:8])
    assert secret not in str(vars(kept))
    assert tokens.reader_of(secret) == token


def test_a_token_that_cannot_be_is_refused(ada: User):
    with pytest.raises(BadInput, match="name"):
        tokens.issue(ada, "  ")
    with pytest.raises(BadInput, match="name"):
        tokens.issue(ada, "x" * 61)
    with pytest.raises(BadInput, match="scope"):
        tokens.issue(ada, "x", "admin")
    with pytest.raises(BadInput, match="ended"):
        tokens.issue(ada, "x", "read", timezone.now())
    with pytest.raises(SignInNeeded):
        tokens.issue(AnonymousUser(), "x")


def test_a_reader_has_at_most_fifty_tokens_that_are_not_over(ada: User, bo: User):
    for number in range(tokens.MOST - 1):
        tokens.issue(ada, f"number {number}")
    tokens.issue(ada, "short", "read", timezone.now() + timedelta(hours=1))
    with pytest.raises(Refused, match="50 tokens"):
        tokens.issue(ada, "one more")
    tokens.issue(bo, "another reader's")
    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        tokens.issue(ada, "one more")
    assert tokens.of(ada).count() == tokens.MOST


def test_a_token_of_somebody_else_cannot_be_revoked(ada: User, bo: User):
    token, secret = tokens.issue(ada, "mine")
    with pytest.raises(NotFound):
        tokens.revoke(bo, token.public_id)
    with pytest.raises(SignInNeeded):
        tokens.revoke(AnonymousUser(), token.public_id)
    assert tokens.reader_of(secret)
    tokens.revoke(ada, token.public_id)
    assert tokens.reader_of(secret) is None
    with pytest.raises(NotFound):
        tokens.revoke(ada, token.public_id)


def test_the_time_of_last_use_is_kept_once_a_minute(ada: User, django_assert_num_queries: Any):
    _, secret = tokens.issue(ada, "mine")
    with time_machine.travel("2026-11-21 12:00:00+00:00", tick=False) as clock:
        with django_assert_num_queries(2):
            tokens.reader_of(secret)
        first = ApiToken.objects.get().used
        clock.shift(30)
        with django_assert_num_queries(1):
            tokens.reader_of(secret)
        assert ApiToken.objects.get().used == first
        clock.shift(31)
        tokens.reader_of(secret)
        assert ApiToken.objects.get().used > first


def test_a_token_that_is_not_known_reads_what_everybody_may_read_and_nothing_more(get: Any, client: Any, ada: User):
    revoked, gone = tokens.issue(ada, "revoked")
    tokens.revoke(ada, revoked.public_id)
    _, over = tokens.issue(ada, "over", "read", timezone.now() + timedelta(seconds=1))
    ApiToken.objects.update(expires=timezone.now() - timedelta(seconds=1))
    for secret in ("hf_example", "", "bs_" + "x" * 40, gone, over, "\udcff"):
        for path in ("daily_papers", "papers/2611.00001", "openapi.json"):
            answer = get(path, headers=bearer(secret))
            assert answer.status_code == 200
            assert "not known here" in answer.headers["X-HF-Warning"]
        vote = client.post("/api/papers/2611.00001/vote", headers=bearer(secret))
        for answer in (get("whoami-v2", headers=bearer(secret)), vote):
            assert answer.status_code == 401
            assert answer.headers["X-Error-Message"] == INVALID
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_token_of_a_closed_account_is_not_known(get: Any, ada: User):
    _, secret = tokens.issue(ada, "mine")
    ada.is_active = False
    ada.save()
    assert get("whoami-v2", headers=bearer(secret)).status_code == 401


def test_other_schemes_of_the_header_are_a_proxys_own_affair(get: Any):
    assert get("daily_papers", headers={"Authorization": "Basic YTpi"}).status_code == 200
    assert get("whoami-v2", headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_a_reader_learns_whose_token_it_is(get: Any, ada: User):
    _, secret = tokens.issue(ada, "my notebook", "write", timezone.now() + timedelta(days=1))
    answer = get("whoami-v2", headers=bearer(secret))
    me = answer.json()
    assert (me["type"], me["name"], me["fullname"], me["id"]) == ("user", "ada", "Ada", ada.public_id)
    assert (me["email"], me["emailVerified"], me["isPro"], me["orgs"]) == ("ada@example.org", True, False, [])
    assert me["auth"]["accessToken"] | {"createdAt": ""} == {
        "displayName": "my notebook",
        "role": "write",
        "createdAt": "",
    }
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert "Authorization" in answer.headers["Vary"]


def test_without_a_token_nobody_is_known_even_with_a_session(papers: Any, client: Client, ada: User):
    client.force_login(ada)
    assert client.get("/api/whoami-v2").status_code == 401
    assert client.post("/api/papers/2611.00001/vote").status_code == 401
    assert client.delete("/api/papers/2611.00001/vote").status_code == 401


def test_the_one_reader_of_a_site_needs_a_token_too(papers: Any, client: Client, settings: Settings):
    settings.MODE = "single"
    assert client.get("/api/whoami-v2").status_code == 401
    assert client.post("/api/papers/2611.00001/vote").status_code == 401


def test_requests_with_a_token_are_counted_for_the_reader(get: Any, ada: User, bo: User, settings: Settings):
    settings.API_RATE = 2
    limits.forget()
    (_, first), (_, second), (_, other) = (tokens.issue(who, "t") for who in (ada, ada, bo))
    assert get("daily_papers", headers=bearer(first)).headers["RateLimit"].startswith('"api";r=1;')
    assert get("daily_papers", headers=bearer(second)).headers["RateLimit"].startswith('"api";r=0;')
    assert get("daily_papers", headers=bearer(first)).status_code == 429
    assert get("daily_papers", headers=bearer(other)).status_code == 200
    assert get("daily_papers").status_code == 200
    for _ in range(2):
        get("daily_papers", headers=bearer("bs_wrong"))
    assert get("daily_papers", headers=bearer("bs_wrong")).status_code == 429


def test_writing_has_a_quota_of_its_own(papers: Any, client: Client, ada: User, settings: Settings):
    settings.API_RATE = 500
    limits.forget()
    _, secret = tokens.issue(ada, "t", "write")
    answer = client.post("/api/papers/2611.00001/vote", headers=bearer(secret))
    assert answer.headers["RateLimit"].startswith('"write";r=99;')
    assert client.get("/api/daily_papers", headers=bearer(secret)).headers["RateLimit"].startswith('"api";r=499;')


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/api/daily_papers", "GET, HEAD, OPTIONS"),
        ("/api/papers/2611.00001", "GET, HEAD, OPTIONS"),
        ("/api/papers/2611.00001/vote", "POST, DELETE, OPTIONS"),
        ("/api/papers/cs/0601001/vote", "POST, DELETE, OPTIONS"),
        ("/api/papers/2611.00001/comment", "POST, OPTIONS"),
        ("/api/papers/submit", "POST, OPTIONS"),
        ("/oauth/token", "POST, OPTIONS"),
    ],
)
def test_a_browser_is_told_what_an_address_takes(papers: Any, client: Client, path: str, methods: str):
    answer = client.options(path)
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == methods == answer.headers["Allow"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in answer.headers
    refused = client.put(path)
    assert (refused.status_code, refused.headers["Allow"]) == (405, methods)
