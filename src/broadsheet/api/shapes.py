"""What the API takes and answers where readers act: accounts, comments, submissions, claims. Papers: ``schemas``."""

# ruff: noqa: N815

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from broadsheet.api.schemas import Account, Comment, Organization, Time

Line = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^\x00]*$")]
"""A text without the zero byte, which a database may refuse."""


class AccessToken(Schema):
    """What a token is called and allows."""

    displayName: str
    role: Literal["read", "write"]
    createdAt: Time


class Auth(Schema):
    """How the request was signed in."""

    type: Literal["access_token"]
    accessToken: AccessToken
    expiresAt: Time | None = None


class Me(Schema):
    """The account of a token."""

    type: Literal["user"]
    id: str
    name: str
    fullname: str
    email: str
    emailVerified: bool
    isPro: bool
    avatarUrl: str
    orgs: list[Organization]
    auth: Auth


class UserOverview(Account):
    """What everybody may know of a reader. Keys about votes and follows are absent where the reader keeps them."""

    details: str
    isFollowing: bool
    createdAt: Time
    numModels: int
    numDatasets: int
    numSpaces: int
    numLikes: int
    numDiscussions: int = Field(description="Comments written.")
    numPapers: int = Field(description="Papers of which the reader is a verified author.")
    numUpvotes: int | None = None
    numFollowing: int | None = None
    numFollowers: int
    orgs: list[Organization]


class OrganizationOverview(Schema):
    """What everybody may know of an organisation."""

    name: str
    fullname: str
    avatarUrl: str
    type: Literal["org"]
    details: str
    isVerified: bool
    isFollowing: bool
    numUsers: int
    numModels: int
    numSpaces: int
    numDatasets: int
    numFollowers: int
    numPapers: int


class PageQuery(Schema):
    """Which part of a list."""

    p: int = Field(0, ge=0, le=1_000_000, description="Page, from 0.")
    limit: int = Field(50, ge=1, le=100, description="Entries on a page.")


class VoteAnswer(Schema):
    """How a paper stands after a vote or after its withdrawal."""

    upvotes: int = Field(ge=0)
    upvoted: bool


class CommentBody(Schema):
    """What to say."""

    comment: str = Field(
        min_length=1, max_length=65536, pattern=r"^[^\x00]*$", description="Markdown.", examples=["A *fine* paper."]
    )


class HideBody(Schema):
    """Why a comment is hidden."""

    reason: Line = Field(description="Public, in the moderation log.", examples=["Advertising"])


class ReactBody(Schema):
    """A sign of one reader on a comment."""

    reaction: str = Field(min_length=1, max_length=16, examples=["👍"])


class ReactAnswer(Schema):
    """Whether the sign stands now: the second time it is taken back."""

    reaction: str
    reacted: bool


class SubmitBody(Schema):
    """Which paper to bring to the edition. Either name of the key will do."""

    paperId: Line | None = Field(None, description="arXiv id or URL.", examples=["2305.12102"])
    paper_id: Line | None = Field(None, description="The same as `paperId`.")
    comment: str = Field("", max_length=65536, pattern=r"^[^\x00]*$", description="The first comment.")


class SubmitAnswer(Schema):
    """Where the submitted paper stands."""

    id: str
    url: str = Field(description="Its page.")
    date: str = Field(description="The edition it was submitted for.", examples=["2026-11-20"])


class IndexBody(Schema):
    """Which paper to take in or to read anew."""

    arxivId: Line = Field(examples=["2305.12102"])


class LinksBody(Schema):
    """What belongs to a paper. What is absent stays, `null` takes away."""

    githubRepo: Line | None = Field(None, examples=["https://github.com/example/days"])
    projectPage: Line | None = Field(None, examples=["https://example.org/days"])
    organizationId: Line | None = Field(None, description="Object id or name of an organisation.")


class ClaimBody(Schema):
    """Which author of which paper one is."""

    paperId: Line = Field(examples=["2305.12102"])
    claimAuthorId: Line = Field(description="The author's `_id` in the paper, or the name.")
    targetUserId: Line | None = Field(None, description="Whose claim it is: only one's own. `id` of /api/whoami-v2.")


class ClaimAnswer(Schema):
    """Where a claim stands."""

    status: Literal["pending", "verified", "refused"]
    proof: str


class ReportBody(Schema):
    """What should be looked at: exactly one of paper, comment and reader."""

    paperId: Line | None = None
    commentId: Line | None = None
    user: Line | None = None
    reason: Line = Field(examples=["spam"])
    note: str = Field("", max_length=500, pattern=r"^[^\x00]*$")


class Nothing(Schema):
    """Done; there is nothing more to say."""


class CommentAnswer(Comment):
    """The comment as it stands now."""
