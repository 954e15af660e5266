"""The lists of days, weeks and months, their order and their pages."""

import re
from datetime import date
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from tests import cast

from broadsheet.accounts import tokens
from broadsheet.accounts.models import Organization, User
from broadsheet.community.models import Claim, Submission
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.sources.record import Record


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [item["paper"]["id"] for item in answer.json()]


def test_without_a_period_the_newest_edition_comes_first(get: Any):
    assert ids(get("daily_papers")) == ["2611.00002", "2611.00001", "2611.00003", "2610.00004", "cs/0601001"]


def test_the_papers_of_a_day_are_ordered_by_votes(get: Any):
    assert ids(get("daily_papers", date="2026-11-20")) == ["2611.00002", "2611.00001"]


def test_a_week_and_a_month_hold_their_days(get: Any):
    assert ids(get("daily_papers", week="2026-W47")) == ["2611.00002", "2611.00001", "2611.00003"]
    assert ids(get("daily_papers", month="2026-10")) == ["2610.00004"]


def test_a_day_wins_over_a_week_and_a_week_over_a_month(get: Any):
    all_three = {"date": "2026-11-19", "week": "2026-W44", "month": "2006-01"}
    assert ids(get("daily_papers", **all_three)) == ["2611.00003"]
    del all_three["date"]
    assert ids(get("daily_papers", **all_three)) == ["2610.00004"]


def test_the_day_of_a_full_time_counts(get: Any):
    assert ids(get("daily_papers", date="2026-11-19T21:30:00.000Z")) == ["2611.00003"]


def test_a_day_without_papers_is_an_empty_list(get: Any):
    assert ids(get("daily_papers", date="2026-11-21")) == []
    assert ids(get("daily_papers", date="2099-01-01")) == []


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("date", "yesterday"),
        ("date", "2026-02-30"),
        ("date", "2026-11-20x"),
        ("week", "2026-W54"),
        ("week", "2026-47"),
        ("month", "2026-13"),
        ("month", "November"),
    ],
)
def test_a_text_that_is_no_period_is_refused_with_the_right_form(get: Any, key: str, text: str):
    answer = get("daily_papers", **{key: text})
    assert answer.status_code == 400
    assert text in answer.json()["error"]
    assert "is written like" in answer.json()["error"]


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "many"}, {"p": -1}, {"sort": "upvotes"}])
def test_what_is_out_of_bounds_is_refused_by_name(get: Any, query: dict[str, Any]):
    answer = get("daily_papers", **query)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith(f"{next(iter(query))} ")
    assert answer.headers["X-Error-Message"] == answer.json()["error"]


def test_the_list_is_cut_to_the_limit(get: Any):
    assert ids(get("daily_papers", limit=1)) == ["2611.00002"]


def test_fifty_papers_are_a_page_where_no_limit_is_asked_for(get: Any):
    store([Record(id=f"2612.{number:05}", title="One of many", source="list") for number in range(60)])
    Paper.objects.filter(key__startswith="2612.").update(day="2026-12-01")
    assert len(ids(get("daily_papers"))) == 50


def test_pages_follow_each_other_by_links_until_the_end(get: Any, client: Client):
    answer = get("daily_papers", limit=2)
    seen = ids(answer)
    while link := answer.headers.get("Link"):
        found = re.fullmatch(r'<(http://testserver/api/daily_papers\?\S+)>; rel="next"', link)
        assert found
        answer = client.get(found[1])
        seen += ids(answer)
    assert seen == ["2611.00002", "2611.00001", "2611.00003", "2610.00004", "cs/0601001"]


def test_the_link_keeps_what_was_asked(get: Any):
    link = get("daily_papers", limit=1, date="2026-11-20", sort="publishedAt", submitter="arxiv").headers["Link"]
    for part in ("p=1", "limit=1", "date=2026-11-20", "sort=publishedAt", "submitter=arxiv"):
        assert part in link


def test_the_last_page_has_no_link(get: Any):
    assert "Link" not in get("daily_papers", date="2026-11-20", limit=2)
    assert "Link" not in get("daily_papers", p=9)
    assert ids(get("daily_papers", p=9)) == []


def test_links_point_to_the_public_address(get: Any, settings: Settings):
    settings.PUBLIC_URL = "https://papers.example.org/"
    assert get("daily_papers", limit=1).headers["Link"].startswith("<https://papers.example.org/api/daily_papers?")


def test_trending_papers_come_by_score_and_only_those_with_one(get: Any):
    Paper.objects.filter(key="2610.00004").update(trending=9.0)
    Paper.objects.filter(key="2611.00002").update(trending=2.0)
    Paper.objects.exclude(key__in=["2610.00004", "2611.00002"]).update(trending=None)
    assert ids(get("daily_papers", sort="trending")) == ["2610.00004", "2611.00002"]


def test_a_day_sorted_by_trending_is_still_the_whole_day(get: Any):
    Paper.objects.filter(key="2611.00001").update(trending=9.0)
    Paper.objects.filter(key="2611.00002").update(trending=None)
    assert ids(get("daily_papers", sort="trending", date="2026-11-20")) == ["2611.00001", "2611.00002"]


def test_papers_of_one_source_can_be_asked_for(get: Any):
    assert ids(get("daily_papers", submitter="list")) == ["2611.00003", "2610.00004", "cs/0601001"]
    assert ids(get("daily_papers", submitter="nobody")) == []
    assert ids(get("daily_papers", submitter="\0")) == []


def test_a_list_costs_few_questions_to_the_database_however_long(
    papers: Any, get: Any, ada: User, django_assert_max_num_queries: Any
):
    _, secret = tokens.issue(ada, "t")
    for number in range(100):
        made = cast.paper(f"2601.1{number:04}", f"Paper {number}", organization_slug=f"group-{number}")
        Organization.objects.create(slug=f"group-{number}", name=f"Group {number}")
        Submission.objects.create(
            paper=made, reader=User.objects.create(username=f"reader{number}"), day=date(2026, 1, 5)
        )
        Claim.objects.create(paper=made, reader=ada, author_name="Ada Example", state="verified")
    with django_assert_max_num_queries(8):
        answer = get("daily_papers", {"Authorization": f"Bearer {secret}"}, date="2026-01-05", limit=100)
    items = answer.json()
    assert {item["submittedBy"]["name"] for item in items} == {f"reader{number}" for number in range(100)}
    assert {item["paper"]["authors"][0]["user"]["name"] for item in items} == {"ada"}
