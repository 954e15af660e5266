"""Readers, their papers and their comments as Hugging Face clients see them."""

from datetime import UTC, date, datetime
from typing import Any

from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import Organization, User
from broadsheet.api import schemas
from broadsheet.community.models import Claim, ClaimState, Comment, Follow, Reaction, Submission, Vote
from broadsheet.hub import comments, list_items, paper_content_props, paper_object
from broadsheet.papers.models import Paper


def vote(paper: Paper, reader: User, hour: int = 12, **more: Any) -> None:
    Vote.objects.create(paper=paper, reader=reader, cast=datetime(2026, 1, 5, hour, tzinfo=UTC), **more)
    Paper.objects.filter(pk=paper.pk).update(reader_votes=1)
    paper.refresh_from_db()


def test_who_submitted_stands_in_the_place_of_the_source(paper: Paper, ada: User, mo: User):
    assert list_items([paper])[0]["submittedBy"]["type"] == "org"
    Submission.objects.create(paper=paper, reader=mo, day=date(2026, 1, 5))
    (item,) = list_items([paper])
    shown = item["submittedBy"]
    assert shown == item["paper"]["submittedOnDailyBy"] == item["submittedOnDailyBy"]
    assert (shown["_id"], shown["user"], shown["name"], shown["fullname"]) == (mo.public_id, "mo", "mo", "Mo")
    assert (shown["type"], shown["isMod"], shown["isUserFollowing"]) == ("user", True, False)
    assert shown["avatarUrl"] == "/readers/mo/picture.svg"
    Follow.objects.create(reader=ada, kind="reader", value="mo")
    assert list_items([paper], ada)[0]["submittedBy"]["isUserFollowing"] is True


def test_only_a_verified_claim_gives_an_author_an_account(paper: Paper, ada: User, bo: User):
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", state=ClaimState.PENDING)
    Claim.objects.create(paper=paper, reader=bo, author_name="Bo Sample", state=ClaimState.VERIFIED)
    first, second = paper_object(paper)["authors"]
    assert first.keys() == {"_id", "name", "hidden"}
    assert (second["user"]["user"], second["status"]) == ("bo", "claimed_verified")


def test_an_organisation_of_readers_is_shown_by_its_own_name(db: None):
    paper = cast.paper(organization_slug="group", organization="As a source wrote it")
    assert paper_object(paper)["organization"]["fullname"] == "As a source wrote it"
    group = Organization.objects.create(slug="group", name="The Group")
    shown = paper_object(paper)["organization"]
    assert (shown["_id"], shown["fullname"]) == (group.public_id, "The Group")


def test_the_island_tells_a_visitor_what_is_theirs(paper: Paper, ada: User, mo: User):
    vote(paper, ada)
    mine, others, nobodys = (paper_content_props(paper, who) for who in (ada, mo, None))
    assert [props["upvoted"] for props in (mine, others, nobodys)] == [True, False, False]
    assert [props["canSubmit"] for props in (mine, others, nobodys)] == [True, True, False]
    assert [props["canManagePapers"] for props in (mine, others, nobodys)] == [False, True, False]


def test_the_island_names_only_voters_who_let_others_see_it(paper: Paper, ada: User, bo: User, mo: User, al: User):
    for reader in (bo, mo, al):
        reader.public_votes = True
        reader.save()
    vote(paper, ada)
    vote(paper, bo, 13)
    vote(paper, mo, 14, taken_back=timezone.now())
    vote(paper, al, 15)
    other = cast.paper("2601.00002", "Another")
    vote(other, bo, 16)
    assert [one["user"] for one in paper_content_props(paper)["upvoters"]] == ["al", "bo"]


def test_the_island_tells_the_place_in_the_edition(db: None):
    shown = [cast.paper(f"2601.0000{number}", f"Paper {number}", imported_votes=number % 3) for number in range(1, 6)]
    cast.paper("2601.00009", "Of another day", day=date(2026, 1, 6), imported_votes=9)
    ranked = Paper.objects.of_days(date(2026, 1, 5), date(2026, 1, 5)).ranked()
    for place, one in enumerate(ranked, 1):
        assert paper_content_props(one)["dailyPaperRank"] == place
    assert len(shown) == 5
    assert paper_content_props(cast.paper("2601.00010", "Of none", day=None))["dailyPaperRank"] is None


def test_a_discussion_is_read_in_three_questions(paper: Paper, ada: User, bo: User, django_assert_max_num_queries: Any):
    for number in range(20):
        first = Comment.objects.create(paper=paper, author=ada, text=f"Comment {number}")
        Comment.objects.create(paper=paper, author=bo, parent=first, text="Indeed.")
        Reaction.objects.create(comment=first, reader=bo, sign="👍")
    with django_assert_max_num_queries(4):
        shown = comments(paper)
    assert len(shown) == 40
    for one in shown:
        schemas.Comment.model_validate(one)
    assert {one["data"].get("parentCommentId") for one in shown[1::2]} == {one["id"] for one in shown[::2]}


def test_a_comment_outlives_its_authors_account(paper: Paper, ada: User):
    Comment.objects.create(paper=paper, author=None, text="I left.")
    (shown,) = comments(paper)
    assert (shown["author"]["name"], shown["author"]["fullname"]) == ("", "Closed account")
    assert shown["data"]["latest"]["raw"] == "I left."
    schemas.Comment.model_validate(shown)
