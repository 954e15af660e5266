"""What readers change by token: votes, comments, submissions, links, claims, reports; and what is then shown."""

import json
from typing import Any

import pytest
from django.test import Client
from tests import cast

from broadsheet.accounts import tokens
from broadsheet.accounts.models import Membership, Organization, User
from broadsheet.community import claims
from broadsheet.community.models import Claim, ClaimState, Comment, Follow, LinkChange, Report, Submission, Vote
from broadsheet.hub.texts import object_id
from broadsheet.papers.models import Paper


class As:
    """A program that acts with a token of a reader."""

    def __init__(self, reader: User, scope: str = "write") -> None:
        _, secret = tokens.issue(reader, "a program", scope)
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, **body: Any) -> Any:
        return self.client.generic(
            method, f"/api/{path}", json.dumps(body) if body else "", "application/json", headers=self.headers
        )

    def get(self, path: str) -> Any:
        return self("GET", path)

    def post(self, path: str, **body: Any) -> Any:
        return self("POST", path, **body)


WRITING = [
    ("POST", "papers/2601.00001/vote", {}),
    ("DELETE", "papers/2601.00001/vote", {}),
    ("POST", "papers/2601.00001/comment", {"comment": "x"}),
    ("POST", "papers/2601.00001/comment/{comment}/reply", {"comment": "x"}),
    ("POST", "papers/2601.00001/comment/{comment}/edit", {"comment": "x"}),
    ("POST", "papers/2601.00001/comment/{comment}/hide", {"reason": "x"}),
    ("POST", "papers/2601.00001/comment/{comment}/react", {"reaction": "👍"}),
    ("DELETE", "papers/2601.00001/comment/{comment}", {}),
    ("POST", "papers/submit", {"paperId": "2601.00001"}),
    ("POST", "papers/index", {"arxivId": "2601.00001"}),
    ("POST", "papers/2601.00001/links", {"projectPage": "https://example.org"}),
    ("POST", "settings/papers/claim", {"paperId": "2601.00001", "claimAuthorId": "Ada Example"}),
    ("POST", "reports", {"paperId": "2601.00001", "reason": "spam"}),
]


@pytest.fixture
def comment(paper: Paper, ada: User) -> Comment:
    return Comment.objects.create(paper=paper, author=ada, text="First.")


@pytest.mark.parametrize(("method", "path", "body"), WRITING)
def test_nothing_changes_without_a_token_that_may_write(
    comment: Comment, ada: User, client: Client, method: str, path: str, body: Any
):
    path = path.format(comment=comment.public_id)
    client.force_login(ada)
    bare = client.generic(method, f"/api/{path}", json.dumps(body), "application/json")
    assert bare.status_code == 401
    assert bare.headers["WWW-Authenticate"].startswith("Bearer")
    reading = As(ada, "read")(method, path, **body)
    assert reading.status_code == 403
    assert "may only read" in reading.json()["error"]
    assert not Vote.objects.exists()
    assert not Report.objects.exists()
    assert not Claim.objects.exists()
    assert list(Comment.objects.values_list("text", "deleted")) == [("First.", None)]


def test_a_vote_is_cast_once_and_taken_back_at_will(paper: Paper, ada: User):
    program = As(ada)
    for _ in range(2):
        assert program.post("papers/2601.00001/vote").json() == {"upvotes": 1, "upvoted": True}
    assert program.get("papers/2601.00001").json()["upvoted"] is True
    assert program.get("papers/search").json()[0]["upvoted"] is True
    for _ in range(2):
        assert program("DELETE", "papers/2601.00001v2/vote").json() == {"upvotes": 0, "upvoted": False}
    assert program.get("papers/search").json()[0]["upvoted"] is False
    assert program.post("papers/2699.99999/vote").status_code == 404


def test_a_paper_is_named_by_its_object_id_too(paper: Paper, ada: User):
    program = As(ada)
    named = program.get("papers/2601.00001").json()["_id"]
    assert program.post(f"papers/{named}/vote").json()["upvotes"] == 1
    for unknown in ("0" * 24, "f" * 24, "0" * 8 + "f" * 16):
        assert program.post(f"papers/{unknown}/vote").status_code == 404


def test_a_comment_is_written_answered_edited_and_deleted(paper: Paper, ada: User, bo: User):
    program, other = As(ada), As(bo)
    made = program.post("papers/2601.00001/comment", comment="A *fine* <b>paper</b>.")
    assert made.status_code == 201
    first = made.json()
    assert first["author"]["name"] == "ada"
    assert first["type"] == "comment"
    assert first["data"]["latest"]["raw"] == "A *fine* <b>paper</b>."
    assert "<em>fine</em>" in first["data"]["latest"]["html"]
    assert "<b>" not in first["data"]["latest"]["html"]

    address = f"papers/2601.00001/comment/{first['id']}"
    answer = other.post(f"{address}/reply", comment="Indeed.").json()
    assert answer["data"]["parentCommentId"] == first["id"]
    assert other.post(f"{address}/react", reaction="👍").json() == {"reaction": "👍", "reacted": True}
    assert other.post(f"{address}/edit", comment="Mine now").status_code == 403
    assert other("DELETE", address).status_code == 403
    edited = program.post(f"{address}/edit", comment="A fine paper.").json()
    assert (edited["data"]["edited"], edited["data"]["numEdits"]) == (True, 1)

    shown = program.get("papers/2601.00001?field=comments").json()
    assert shown["numComments"] == 2
    assert [one["id"] for one in shown["comments"]] == [first["id"], answer["id"]]
    assert shown["comments"][0]["data"]["reactions"] == [{"reaction": "👍", "users": ["bo"], "count": 1}]

    assert program("DELETE", address).json() == {}
    gone, kept = program.get("papers/2601.00001?field=comments").json()["comments"]
    assert gone["data"]["hidden"] is True
    assert gone["data"]["latest"]["raw"] == gone["data"]["latest"]["html"] == ""
    other("DELETE", f"papers/2601.00001/comment/{kept['id']}")
    assert program.get("papers/2601.00001?field=comments").json()["comments"] == []


def test_a_hidden_comment_has_no_text(comment: Comment, ada: User, mo: User):
    address = f"papers/2601.00001/comment/{comment.public_id}/hide"
    assert As(ada).post(address, reason="I say so").status_code == 403
    hidden = As(mo).post(address, reason="Advertising").json()
    assert hidden["data"]["hidden"] is True
    assert (hidden["data"]["hiddenReason"], hidden["data"]["hiddenBy"]) == ("Advertising", "mo")
    assert hidden["data"]["latest"]["raw"] == hidden["data"]["latest"]["html"] == ""
    assert "First." not in As(mo).get("papers/2601.00001?field=comments").content.decode()


def test_a_comment_of_another_paper_is_not_found(comment: Comment, ada: User):
    cast.paper("2601.00002", "Another")
    program = As(ada)
    for what in ("reply", "edit"):
        assert program.post(f"papers/2601.00002/comment/{comment.public_id}/{what}", comment="x").status_code == 404
    assert program("DELETE", f"papers/2601.00002/comment/{comment.public_id}").status_code == 404
    assert program("DELETE", "papers/2601.00001/comment/made-up").status_code == 404


@pytest.mark.parametrize("body", [{}, {"comment": ""}, {"comment": "x" * 65537}, {"comment": "\0"}, {"comment": 7}])
def test_a_comment_that_cannot_be_is_refused(paper: Paper, ada: User, body: Any):
    answer = As(ada).post("papers/2601.00001/comment", **body)
    assert answer.status_code == 400
    assert answer.json()["error"]
    assert not Comment.objects.exists()


def test_a_body_that_is_no_json_is_refused(paper: Paper, ada: User):
    program = As(ada)
    for sent in (b"{", b"[]", b"null", b'"x"', b"\xff"):
        answer = program.client.post(
            "/api/papers/2601.00001/comment", sent, content_type="application/json", headers=program.headers
        )
        assert answer.status_code == 400, sent


def test_who_is_suspended_reads_and_does_not_write(paper: Paper, ada: User, mo: User):
    from broadsheet.community import moderation

    program = As(ada)
    moderation.suspend(mo, ada, 3, "Advertising")
    assert program.get("whoami-v2").json()["name"] == "ada"
    refused = program.post("papers/2601.00001/vote")
    assert refused.status_code == 403
    assert "Advertising" in refused.json()["error"]


def test_a_paper_is_submitted_with_a_first_comment(paper: Paper, ada: User, settings: Any):
    settings.SUBMIT_DAYS = 0
    settings.SUBMIT_WEEKENDS = True
    program = As(ada)
    made = program.post("papers/submit", paperId="https://arxiv.org/abs/2601.00001v1", comment="Mine.")
    assert made.status_code == 201, made.content
    assert made.json()["url"] == made.headers["Location"] == "http://testserver/papers/2601.00001"
    assert made.json()["date"] == str(Submission.objects.get().day)
    shown = program.get("papers/2601.00001?field=comments").json()
    assert shown["submittedOnDailyBy"]["name"] == "ada"
    assert shown["comments"][0]["data"]["latest"]["raw"] == "Mine."
    item = program.get("daily_papers?submitter=ada").json()[0]
    assert (item["submittedBy"]["user"], item["submittedBy"]["type"]) == ("ada", "user")
    assert program.get("daily_papers?submitter=arxiv").json() == []
    assert program.post("papers/submit", paper_id="2601.00001").status_code in (403, 409)
    assert program.post("papers/submit").status_code == 400


def test_code_project_and_organisation_are_set_and_taken_away(paper: Paper, ada: User, mo: User):
    group = Organization.objects.create(slug="group", name="The Group")
    Membership.objects.create(organization=group, reader=mo)
    program = As(mo)
    code = "https://github.com/example/days"
    assert As(ada).post("papers/2601.00001/links", githubRepo=code).status_code == 403
    assert program.post("papers/2601.00001/links", githubRepo=code, organizationId=group.public_id).json() == {}
    shown = program.get("papers/2601.00001").json()
    assert (shown["githubRepo"], shown["githubRepoAddedBy"]) == (code, "user")
    assert shown["organization"]["_id"] == group.public_id
    assert program.post("papers/2601.00001/links", githubRepo=None).json() == {}
    shown = program.get("papers/2601.00001").json()
    assert "githubRepo" not in shown
    assert shown["organization"]["fullname"] == "The Group"
    assert program.post("papers/2601.00001/links", githubRepo="javascript:alert(1)").status_code == 400
    assert program.post("papers/2601.00001/links", organizationId="nobody").status_code == 404
    assert LinkChange.objects.count() == 3


def test_an_author_is_claimed_by_the_id_in_the_paper(paper: Paper, bo: User, mo: User):
    program = As(bo)
    shown = program.get("papers/2601.00001").json()["authors"][1]
    assert shown["_id"] == object_id("Bo Sample", "2601.00001")
    asked = {"paperId": "2601.00001", "claimAuthorId": shown["_id"]}
    assert program.post("settings/papers/claim", **asked, targetUserId=mo.public_id).status_code == 403
    answer = program.post("settings/papers/claim", **asked, targetUserId=bo.public_id)
    assert answer.json()["status"] == "pending"
    assert "user" not in program.get("papers/2601.00001").json()["authors"][1]
    claims.decide(mo, Claim.objects.get(), verified=True, reason="Seen on the paper")
    author = program.get("papers/2601.00001").json()["authors"][1]
    assert (author["status"], author["user"]["user"]) == ("claimed_verified", "bo")
    program.post("papers/2601.00001/comment", comment="I wrote this.")
    assert program.get("papers/search").json()[0]["isAuthorParticipating"] is True


def test_a_report_names_one_thing(comment: Comment, bo: User):
    program = As(bo)
    assert program.post("reports", paperId="2601.00001", reason="spam").status_code == 201
    assert program.post("reports", commentId=comment.public_id, reason="other", note="Look.").status_code == 201
    assert program.post("reports", user="ada", reason="spam").status_code == 201
    assert Report.objects.count() == 3
    assert program.post("reports", reason="spam").status_code == 400
    assert program.post("reports", user="ada", paperId="2601.00001", reason="spam").status_code == 400
    assert program.post("reports", user="nobody", reason="spam").status_code == 404
    assert program.post("reports", user="ada", reason="because").status_code == 400


# --- People -------------------------------------------------------------------------------------------------------


def test_a_reader_is_shown_as_far_as_they_show_themselves(paper: Paper, ada: User, bo: User, client: Client):
    As(ada).post("papers/2601.00001/vote")
    Follow.objects.create(reader=ada, kind="reader", value="bo")
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", state=ClaimState.VERIFIED)
    shown = client.get("/api/users/ada/overview").json()
    assert (shown["user"], shown["fullname"], shown["numPapers"], shown["orgs"]) == ("ada", "Ada", 1, [])
    assert "numUpvotes" not in shown
    assert "email" not in shown
    assert client.get("/api/users/ada/following").json() == client.get("/api/users/bo/followers").json() == []
    assert client.get("/api/users/bo/overview").json()["numFollowers"] == 1
    mine = As(ada)
    assert mine.get("users/ada/overview").json()["numUpvotes"] == 1
    assert mine.get("users/bo/overview").json()["isFollowing"] is True
    assert [one["user"] for one in mine.get("users/ada/following").json()] == ["bo"]
    ada.public_votes = True
    ada.save()
    shown = client.get("/api/users/ada/overview").json()
    assert (shown["numUpvotes"], shown["numFollowing"]) == (1, 1)
    assert [one["user"] for one in client.get("/api/users/bo/followers").json()] == ["ada"]
    assert client.get("/api/users/nobody/overview").status_code == 404


def test_an_organisation_has_members_page_by_page(ada: User, bo: User, client: Client):
    group = Organization.objects.create(slug="group", name="The Group")
    for reader in (ada, bo):
        Membership.objects.create(organization=group, reader=reader)
    cast.paper(organization_slug="group", organization="The Group")
    shown = client.get("/api/organizations/group/overview").json()
    assert (shown["name"], shown["fullname"], shown["numUsers"], shown["numPapers"]) == ("group", "The Group", 2, 1)
    first = client.get("/api/organizations/group/members", {"limit": 1})
    assert [one["user"] for one in first.json()] == ["ada"]
    assert first.headers["Link"] == '<http://testserver/api/organizations/group/members?p=1&limit=1>; rel="next"'
    second = client.get("/api/organizations/group/members?p=1&limit=1")
    assert [one["user"] for one in second.json()] == ["bo"]
    assert "Link" not in second.headers
    assert client.get("/api/users/ada/overview").json()["orgs"][0]["name"] == "group"
    for what in ("overview", "members", "followers"):
        assert client.get(f"/api/organizations/nobody/{what}").status_code == 404


def test_an_organisation_that_only_papers_name_is_known(db: None, client: Client):
    cast.paper(organization_slug="lab", organization="The Lab")
    shown = client.get("/api/organizations/lab/overview").json()
    assert (shown["fullname"], shown["numUsers"], shown["isVerified"]) == ("The Lab", 0, False)
