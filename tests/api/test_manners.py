"""What every address of the API does alike: errors, headers, limits, other methods, other sites."""

import json
import logging
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from huggingface_hub.utils import parse_ratelimit_headers
from pytest_django import Settings

from broadsheet.accounts import limits
from broadsheet.api import papers as routes
from broadsheet.api.errors import header_text


@pytest.mark.parametrize("path", ["unknown", "daily_papers/", "models", "", "v2/daily_papers"])
def test_an_unknown_address_is_a_404_in_json(get: Any, path: str):
    answer = get(path)
    assert answer.status_code == 404
    assert answer.json()["error"]
    assert "/api/docs" in answer.headers["X-Error-Message"]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_writing_is_not_possible_yet_and_says_what_is(papers: Any, client: Client, method: str):
    answer = getattr(client, method)("/api/papers/2611.00001")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    assert answer.json()["error"]
    assert getattr(client, method)("/api/unknown").status_code == 404


def test_head_is_get_without_the_body(papers: Any, client: Client):
    whole, head = client.get("/api/papers/2611.00001"), client.head("/api/papers/2611.00001")
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["Content-Length"] == str(len(whole.content))
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_a_client_that_has_the_answer_is_told_so(get: Any):
    first = get("daily_papers")
    again = get("daily_papers", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert again.content == b""
    assert again.headers["ETag"] == first.headers["ETag"]
    assert get("daily_papers", headers={"If-None-Match": 'W/"old"'}).status_code == 200


@pytest.mark.parametrize(
    "path", ["daily_papers", "papers/2611.00001", "papers/none", "daily_papers?limit=0", "nothing"]
)
def test_scripts_of_other_sites_may_read_answers_and_errors(get: Any, path: str):
    answer = get(path)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Link" in answer.headers["Access-Control-Expose-Headers"]


def test_a_browser_may_ask_whether_it_may_read(papers: Any, client: Client):
    answer = client.options("/api/papers/2611.00001")
    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, HEAD, OPTIONS"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]


def test_every_answer_has_an_id_of_its_own(get: Any):
    named = [get(path).headers["X-Request-Id"] for path in ("daily_papers", "nothing", "daily_papers")]
    assert len(set(named)) == 3
    assert all(re.fullmatch(r"[0-9a-f]{16}", one) for one in named)


def test_a_question_of_too_many_parts_is_refused_and_no_failure(get: Any):
    answer = get("daily_papers", **{f"a{number}": "" for number in range(1001)})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_failure_is_logged_under_the_id_and_not_shown(
    get: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*asked: Any) -> None:
        raise RuntimeError("a secret of the machine")

    monkeypatch.setattr(routes, "paper_object", fail)
    with caplog.at_level(logging.ERROR):
        answer = get("papers/2611.00001")
    assert answer.status_code == 500
    assert "secret" not in answer.content.decode()
    assert answer.headers["X-Request-Id"] in answer.json()["error"]
    assert answer.headers["X-Request-Id"] in caplog.text
    assert "a secret of the machine" in caplog.text


def test_a_header_holds_one_line_of_plain_signs():
    assert header_text("Two\r\nlines: naïve\x1b[0m") == "Two lines: na?ve?[0m"
    assert len(header_text("x" * 1000)) == 300


def test_nobody_is_known_by_a_token_yet(get: Any):
    for headers in ({}, {"Authorization": "Bearer hf_example"}):
        answer = get("whoami-v2", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["X-Error-Message"] == "Invalid credentials in Authorization header"
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_agents_are_in_the_form_that_the_command_line_keeps(get: Any, django_assert_num_queries: Any):
    with django_assert_num_queries(0):
        known = get("agent-harnesses").json()
    assert "AI_AGENT" in known["standardEnvVars"]
    assert all(isinstance(entry["envVars"], dict) for entry in known["harnesses"].values())


def test_answers_tell_how_many_requests_are_left(get: Any, settings: Settings):
    settings.API_RATE = 500
    with time_machine.travel(1_000_000 * 300 + 100, tick=False):
        headers = get("daily_papers").headers
    assert headers["RateLimit"] == '"api";r=499;t=200'
    assert headers["RateLimit-Policy"] == '"fixed window";"api";q=500;w=300'
    read = parse_ratelimit_headers(headers)
    assert read is not None
    assert (read.resource_type, read.remaining, read.reset_in_seconds) == ("api", 499, 200)
    assert (read.limit, read.window_seconds) == (500, 300)


def test_who_asks_too_often_is_told_when_to_go_on(get: Any, settings: Settings):
    settings.API_RATE = 2
    with time_machine.travel(1_000_000 * 300 + 100, tick=False):
        assert [get("daily_papers").status_code for _ in range(2)] == [200, 200]
        refused = get("papers/2611.00001")
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "200"
    assert refused.headers["RateLimit"] == '"api";r=0;t=200'
    assert "200 s" in refused.json()["error"]


def test_search_has_a_quota_of_its_own(get: Any, settings: Settings):
    settings.API_RATE = 1000
    assert get("papers/search").headers["RateLimit-Policy"] == '"fixed window";"search";q=100;w=300'
    assert get("daily_papers").headers["RateLimit"].startswith('"api";r=999;')
    settings.API_RATE = 10
    assert get("papers/search").headers["RateLimit-Policy"] == '"fixed window";"search";q=50;w=300'


def test_every_address_is_limited_the_unknown_and_the_description_too(get: Any, settings: Settings):
    settings.API_RATE = 1
    for path in ("nothing", "openapi.json", "docs", "whoami-v2"):
        limits.forget()
        assert get(path).status_code != 429
        assert get(path).status_code == 429


def test_without_a_limit_nothing_is_counted(get: Any):
    assert "RateLimit" not in get("daily_papers")


def test_answers_are_compact_and_keep_letters_as_they_are(get: Any):
    body = get("daily_papers").content
    assert body == json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()
