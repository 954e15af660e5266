"""The real Python client of the hub against our server: what it asks, it gets."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.utils import timezone
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError
from pytest_django import Settings
from tests import cast

from broadsheet.accounts import tokens
from broadsheet.accounts.models import Membership, Organization, User
from broadsheet.api import papers as routes
from broadsheet.community import discussion
from broadsheet.community.models import Claim, Follow, Submission
from broadsheet.enrich.models import FullText
from broadsheet.papers.models import Paper


def test_the_papers_of_a_day_are_read_whole(client: HfApi):
    first, second = client.list_daily_papers(date="2026-11-20")
    assert (first.id, second.id) == ("2611.00001", "2611.00002")
    assert (first.title, first.upvotes, first.comments) == ("Small Models, Long Days", 9, 4)
    assert [author.name for author in first.authors or []] == ["A. Example", "B. Sample"]
    assert first.published_at == datetime(2026, 11, 18, 17, 8, tzinfo=UTC)
    assert first.submitted_at == datetime(2026, 11, 20, tzinfo=UTC)
    assert first.submitted_by is not None
    assert (first.submitted_by.username, first.submitted_by.fullname) == ("arxiv", "arXiv")
    assert (first.ai_summary, first.ai_keywords) == ("Days are measured.", ["days", "models"])
    assert (first.github_repo, first.github_stars) == ("https://github.com/example/days", 12)
    assert first.project_page == "https://example.org/days"
    assert first.organization is not None
    assert first.organization.fullname == "Example Institute"
    assert second.upvotes == 0
    assert second.title == "Naïve Readers"


def test_every_way_to_ask_for_a_list_is_understood(client: HfApi):
    def found(**asked: Any) -> list[str]:
        return [paper.id for paper in client.list_daily_papers(**asked)]

    assert found() == ["2611.00001", "2611.00002", "cs/0601001"]
    assert found(p=1, limit=2) == ["cs/0601001"]
    assert found(week="2026-W47", limit=1) == ["2611.00001"]
    assert found(month="2006-01") == ["cs/0601001"]
    assert found(submitter="list") == ["cs/0601001"]
    assert found(sort="trending") == ["2611.00001"]
    assert found(date="2026-11-20", week="2006-W01", month="2006-01", sort="publishedAt") == [
        "2611.00001",
        "2611.00002",
    ]


def test_one_paper_is_read_whole_under_any_of_its_names(client: HfApi):
    for name in ("2611.00001", "2611.00001v3"):
        info = client.paper_info(name)
        assert (info.id, info.title, info.upvotes, info.comments) == ("2611.00001", "Small Models, Long Days", 9, 4)
        assert info.submitted_at == datetime(2026, 11, 20, tzinfo=UTC)
        assert (info.linked_models, info.num_total_models) == ([], 0)
    assert client.paper_info("cs/0601001").title == "An Old Paper"


def test_a_paper_is_read_as_markdown(client: HfApi):
    assert client.read_paper("2611.00001").startswith("# Small Models, Long Days\n")
    assert client.read_paper("cs/0601001").startswith("# An Old Paper\n")
    assert "読む" in client.read_paper("2611.00002")


def test_a_full_text_that_is_here_is_read_whole(client: HfApi):
    paper = Paper.objects.get(key="2611.00001")
    kept = {"version": paper.version, "licence": "https://creativecommons.org/licenses/by/4.0/", "found": True}
    FullText.objects.create(paper=paper, markdown="## 1 Introduction\n\n読む $x^2$", fetched=timezone.now(), **kept)
    text = client.read_paper("2611.00001")
    assert text.startswith("# Small Models, Long Days\n")
    assert "## 1 Introduction\n\n読む $x^2$\n" in text
    assert "Licence: [CC BY 4.0]" in text


def test_search_by_id_and_without_words(client: HfApi):
    assert [paper.id for paper in client.list_papers(query="arXiv:2611.00002v1")] == ["2611.00002"]
    assert [paper.id for paper in client.list_papers(limit=2)] == ["2611.00001", "2611.00002"]


def test_an_unknown_paper_and_a_bad_date_raise_what_they_should(client: HfApi):
    with pytest.raises(HfHubHTTPError) as missing:
        client.paper_info("2699.99999")
    assert missing.value.response.status_code == 404
    assert "2699.99999" in str(missing.value)
    assert missing.value.request_id
    with pytest.raises(HfHubHTTPError) as unread:
        client.read_paper("2699.99999")
    assert unread.value.response.status_code == 404
    with pytest.raises(BadRequestError, match="is not a day"):
        list(client.list_daily_papers(date="someday"))
    with pytest.raises(BadRequestError, match="limit should be less than or equal to 100"):
        list(client.list_daily_papers(limit=1000))


def test_a_used_up_quota_is_told_in_the_words_of_the_client(client: HfApi, settings: Settings):
    list(client.list_daily_papers())
    settings.API_RATE = 1
    list(client.list_daily_papers())
    with pytest.raises(HfHubHTTPError, match=r"Retry after \d+ seconds \(0/1 requests remaining in current 300s"):
        list(client.list_daily_papers())


def test_a_failure_here_is_an_error_with_an_id_there(client: HfApi, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(routes, "paper_object", lambda *asked: 1 / 0)
    with pytest.raises(HfHubHTTPError, match="Something went wrong here") as failed:
        client.paper_info("2611.00001")
    assert failed.value.response.headers["X-Request-Id"] in str(failed.value)


def test_a_token_that_is_not_known_is_said_to_be_invalid(client: HfApi):
    with pytest.raises(HfHubHTTPError, match="Invalid user token"):
        client.whoami(token="hf_example")


def test_the_account_of_a_token_is_known(client: HfApi, ada: User):
    group = Organization.objects.create(slug="group", name="The Group")
    Membership.objects.create(organization=group, reader=ada)
    _, secret = tokens.issue(ada, "notebook", "write")
    me = client.whoami(token=secret)
    assert (me["name"], me["fullname"], me["type"]) == ("ada", "Ada", "user")
    assert [org["name"] for org in me["orgs"]] == ["group"]
    assert me["auth"]["accessToken"]["role"] == "write"


def test_readers_and_organisations_are_read_by_the_client(client: HfApi, ada: User, bo: User):
    group = Organization.objects.create(slug="group", name="The Group", verified=True)
    for reader in (ada, bo):
        Membership.objects.create(organization=group, reader=reader)
    Follow.objects.create(reader=bo, kind="reader", value="ada")
    bo.public_votes = True
    bo.save()
    shown = client.get_user_overview("ada")
    assert (shown.username, shown.fullname, shown.num_followers) == ("ada", "Ada", 1)
    assert [org.name for org in shown.orgs] == ["group"]
    whole = client.get_organization_overview("group")
    assert (whole.name, whole.fullname, whole.num_users, whole.is_verified) == ("group", "The Group", 2, True)
    assert [one.username for one in client.list_organization_members("group")] == ["ada", "bo"]
    assert [one.username for one in client.list_user_followers("ada")] == ["bo"]
    assert [one.username for one in client.list_user_following("bo")] == ["ada"]
    assert list(client.list_organization_followers("group")) == []


def test_who_submitted_a_paper_and_who_wrote_it_are_told(client: HfApi, ada: User):
    paper = Paper.objects.get(key="2611.00001")
    Submission.objects.create(paper=paper, reader=ada, day=date(2026, 11, 20))
    Claim.objects.create(paper=paper, reader=ada, author_name="A. Example", state="verified")
    (listed,) = client.list_daily_papers(submitter="ada")
    assert listed.submitted_by is not None
    assert (listed.submitted_by.username, listed.submitted_by.fullname) == ("ada", "Ada")
    first, second = client.paper_info("2611.00001").authors or []
    assert first.user is not None
    assert (first.user.username, first.status) == ("ada", "claimed_verified")
    assert second.user is None


def test_comments_do_not_disturb_the_client(client: HfApi, ada: User):
    paper = cast.paper()
    discussion.comment(ada, paper, "A fine paper.")
    assert client.paper_info(paper.key).comments == 1
