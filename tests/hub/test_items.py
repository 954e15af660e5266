"""Papers as Hugging Face clients see them, read by the real client's own parser."""

import copy
import json
import re
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from huggingface_hub.hf_api import PaperInfo
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.api import schemas
from broadsheet.hub import daily_papers_props, list_item, paper_content_props, paper_object
from broadsheet.papers.models import Paper

WHOLE: dict[str, Any] = {
    "key": "2611.00001",
    "title": "Small Models, Long Days",
    "abstract": "We measure days.",
    "authors": ["A. Example", "B. Sample"],
    "categories": ["cs.CL", "cs.AI"],
    "published": datetime(2026, 11, 18, 17, 8, tzinfo=UTC),
    "announced": date(2026, 11, 19),
    "day": date(2026, 11, 20),
    "imported_votes": 7,
    "imported_comments": 2,
    "keywords": ["days", "models"],
    "machine_summary": "Days are measured.",
    "code_url": "https://github.com/example/days",
    "code_stars": 12,
    "project_url": "https://example.org/days",
    "organization_slug": "example",
    "organization": "Example Institute",
    "source": "arxiv",
    "text_source": "arxiv",
    "trending": 1.25,
}


def paper(**changed: Any) -> Paper:
    return Paper(**(WHOLE | changed))


def bare(**known: Any) -> Paper:
    return Paper(**({"key": "2611.00002", "title": "Bare", "source": "sample", "text_source": "sample"} | known))


def as_read(item: dict[str, Any]) -> PaperInfo:
    """Read an item as the client does, from JSON, as its parser takes the dictionary apart."""
    return PaperInfo(**json.loads(json.dumps(item)))


def test_the_client_reads_every_field_of_a_list_item():
    read = as_read(list_item(paper()))
    assert read.id == "2611.00001"
    assert read.title == "Small Models, Long Days"
    assert read.summary == "We measure days."
    assert [author.name for author in read.authors or []] == ["A. Example", "B. Sample"]
    assert (read.upvotes, read.comments) == (7, 2)
    assert (read.ai_summary, read.ai_keywords) == ("Days are measured.", ["days", "models"])
    assert (read.github_repo, read.github_stars) == ("https://github.com/example/days", 12)
    assert read.project_page == "https://example.org/days"
    assert read.organization is not None
    assert (read.organization.name, read.organization.fullname) == ("example", "Example Institute")
    assert read.source == "arxiv"


def test_the_client_reads_every_field_of_the_paper_object():
    read = as_read(paper_object(paper()))
    assert (read.id, read.title, read.upvotes, read.comments) == ("2611.00001", "Small Models, Long Days", 7, 2)
    assert read.published_at == datetime(2026, 11, 18, 17, 8, tzinfo=UTC)
    assert read.submitted_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert read.submitted_by is not None
    assert read.submitted_by.username == "arxiv"
    assert (read.linked_models, read.linked_datasets, read.linked_spaces) == ([], [], [])


def test_no_votes_are_zero_and_not_nothing():
    assert as_read(list_item(bare())).upvotes == 0
    assert as_read(list_item(bare())).comments == 0


def test_the_time_submitted_is_the_day_of_the_edition_and_the_time_published_the_submission():
    read = as_read(list_item(paper()))
    assert read.submitted_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert read.published_at == datetime(2026, 11, 18, 17, 8, tzinfo=UTC)


def test_the_day_of_announcement_stands_in_for_an_unknown_time_of_submission():
    item = list_item(paper(published=None))
    assert item["paper"]["publishedAt"] == "2026-11-19T00:00:00.000Z"
    assert item["publishedAt"] == "2026-11-20T00:00:00.000Z"


def test_a_paper_without_any_date_has_none_made_up():
    item = list_item(bare())
    assert item["publishedAt"] is None
    assert "publishedAt" not in item["paper"]
    assert as_read(item).published_at is None
    assert as_read(item).submitted_at is None


def test_what_stands_twice_is_equal():
    item = list_item(paper())
    twice = item.keys() & item["paper"].keys()
    assert {"title", "summary", "upvotes", "ai_summary", "githubRepo", "organization", "submittedOnDailyAt"} <= twice
    assert {key for key in twice if item[key] != item["paper"][key]} == {"publishedAt"}


def test_who_submitted_is_the_source_with_both_names_of_the_key():
    account = list_item(paper())["submittedBy"]
    assert (account["user"], account["name"], account["fullname"], account["type"]) == (
        "arxiv",
        "arxiv",
        "arXiv",
        "org",
    )
    read = as_read(list_item(paper()))
    assert read.submitted_by is not None
    assert (read.submitted_by.username, read.submitted_by.fullname) == ("arxiv", "arXiv")


def test_an_organization_has_both_names_of_its_picture():
    shown = list_item(paper())["organization"]
    assert shown["avatar"] == shown["avatarUrl"]


def test_an_organization_known_by_name_only_is_shown():
    shown = paper_object(paper(organization_slug=""))["organization"]
    assert (shown["name"], shown["fullname"]) == ("Example Institute", "Example Institute")


def test_comments_are_a_number_and_never_a_list():
    assert "comments" not in list_item(paper())
    assert "comments" not in paper_object(paper())


@pytest.mark.parametrize("zone", [timezone(timedelta(hours=-5)), timezone(timedelta(hours=9)), UTC])
def test_times_are_written_in_utc_with_milliseconds(zone: timezone):
    moment = datetime(2026, 11, 18, 17, 8, 30, 999_999, tzinfo=UTC).astimezone(zone)
    assert paper_object(paper(published=moment))["publishedAt"] == "2026-11-18T17:08:30.999Z"


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", 'https://example.org/" onclick="x', "data:text/html,x", "ftp://example.org", ""]
)
def test_a_link_that_no_browser_should_follow_is_left_out(url: str):
    item = list_item(paper(code_url=url, project_url=url))
    assert "githubRepo" not in item
    assert "projectPage" not in item
    assert "githubStars" not in item


def test_code_named_in_the_abstract_is_marked_as_found_by_a_program():
    facts = list_item(bare(abstract="Our code is at https://github.com/example/found ."))["paper"]
    assert facts["githubRepo"] == "https://github.com/example/found"
    assert facts["githubRepoAddedBy"] == "auto"


def test_code_told_by_a_source_is_not_said_to_be_from_anyone():
    assert "githubRepoAddedBy" not in list_item(paper())["paper"]


def test_a_description_in_the_place_of_the_abstract_is_told_apart():
    assert (
        list_item(bare(abstract="A talk on days.", abstract_kind="description"))["paper"]["summaryKind"]
        == "description"
    )
    assert list_item(paper())["paper"]["summaryKind"] == "abstract"


def test_a_withdrawn_paper_says_since_when():
    item = paper_object(paper(withdrawn=datetime(2026, 11, 21, 9, tzinfo=UTC)))
    assert item["withdrawnAt"] == "2026-11-21T09:00:00.000Z"


def test_ids_depend_on_the_content_alone():
    one, again, other = list_item(paper()), list_item(paper()), list_item(paper(key="2611.00003"))
    assert one == again
    ids = [one["paper"]["discussionId"], *(author["_id"] for author in one["paper"]["authors"])]
    assert all(re.fullmatch(r"[0-9a-f]{24}", text) for text in ids)
    assert len({*ids, *(author["_id"] for author in other["paper"]["authors"])}) == 5


def test_the_description_of_the_api_names_every_key_that_is_sent():
    everything = paper(withdrawn=datetime(2026, 11, 21, tzinfo=UTC))
    found = bare(abstract="Code: https://github.com/example/found")
    for one in (everything, found):
        item = list_item(one)
        assert item.keys() <= _keys(schemas.ListItem)
        assert item["paper"].keys() <= _keys(schemas.Facts)
        assert paper_object(one).keys() <= _keys(schemas.PaperObject)
        assert item["submittedBy"].keys() == _keys(schemas.Account)
        schemas.ListItem.model_validate(item)
        schemas.PaperObject.model_validate(paper_object(one))


def _keys(schema: Any) -> set[str]:
    return {field.alias or name for name, field in schema.model_fields.items()}


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
times = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
days = st.dates(min_value=date(1991, 1, 1))


@given(
    known=st.fixed_dictionaries(
        {},
        optional={
            "title": texts,
            "abstract": texts,
            "authors": st.lists(texts, max_size=4),
            "published": st.none() | times,
            "announced": st.none() | days,
            "day": st.none() | days,
            "withdrawn": st.none() | times,
            "keywords": st.lists(texts, max_size=3),
            "machine_summary": texts,
            "code_url": texts,
            "code_stars": st.none() | st.integers(0, 10**6),
            "project_url": texts,
            "organization": texts,
            "organization_slug": texts,
            "source": texts,
            "imported_votes": st.integers(0, 10**6),
            "trending": st.none() | st.floats(-40, 40),
        },
    )
)
def test_the_client_can_read_whatever_a_source_has_sent(known: dict[str, Any]):
    shown = bare(**known)
    for item in (list_item(shown), paper_object(shown)):
        read = as_read(item)
        assert read.id == "2611.00002"
        assert read.upvotes == shown.votes
        assert len(read.authors or []) == len(shown.authors)
        if shown.day:
            assert read.submitted_at == datetime(shown.day.year, shown.day.month, shown.day.day, tzinfo=UTC)


@pytest.mark.parametrize(
    "harm",
    [
        {"paper": None},
        {"submittedBy": "arxiv"},
        {"organization": "Example Institute"},
        {"publishedAt": "2026-11-20"},
        {"publishedAt": "2026-11-20T00:00:00+00:00"},
        {"publishedAt": "2026-11-20 00:00:00Z"},
        {"publishedAt": 1795132800},
    ],
)
def test_the_parser_still_refuses_what_we_take_care_not_to_send(harm: dict[str, Any]):
    item = copy.deepcopy(list_item(paper()))
    as_read(item)
    with pytest.raises((TypeError, AttributeError, ValueError)):
        as_read(item | harm)


def test_the_island_of_a_list_holds_its_items():
    props = daily_papers_props("day", "2026-11-20", "2026-11-19", [paper()])
    assert (props["periodType"], props["dateString"], props["prevDate"]) == ("day", "2026-11-20", "2026-11-19")
    assert props["dailyPapers"] == [list_item(paper())]


def test_the_island_of_a_paper_points_to_its_markdown():
    props = paper_content_props(paper(key="cs/0601001"))
    assert props["paper"] == paper_object(paper(key="cs/0601001"))
    assert props["markdownContentUrl"] == "/papers/cs/0601001.md"
    assert props["organization"]["fullname"] == "Example Institute"
    assert props["comments"] == []
