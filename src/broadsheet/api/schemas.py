"""What the API takes and answers, for the OpenAPI description and for checking what comes in.

Answers are built as plain dictionaries (``items``) and not passed through these classes, which would cost more than
reading the papers does; that both agree is what the tests are for. Key names are Hugging Face's, so they stay as is.
"""

# ruff: noqa: N815

from functools import partial
from typing import Annotated, Any, Literal

from ninja import Path, Schema
from pydantic import Field
from pydantic.config import JsonDict

Time = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$", examples=["2026-11-21T17:08:00.000Z"])]
ObjectId = Annotated[str, Field(alias="_id", pattern=r"^[0-9a-f]{24}$", description="Made from the content.")]


class Account(Schema):
    """A reader, or in the place of who brought a paper its source (`org`). ``user`` and ``name`` are the same."""

    id: ObjectId
    user: str
    name: str
    fullname: str
    type: Literal["org", "user"]
    avatarUrl: str
    isPro: bool
    isHf: bool
    isHfAdmin: bool
    isMod: bool
    isUserFollowing: bool


class Author(Schema):
    """One author, in the order of the paper."""

    id: ObjectId
    name: str
    hidden: bool
    user: Account | None = Field(None, description="The reader whose name this verifiedly is.")
    status: Literal["claimed_verified"] | None = None


class Organization(Schema):
    """The organisation behind a paper. ``avatar`` and ``avatarUrl`` are the same."""

    id: ObjectId
    name: str
    fullname: str
    avatar: str
    avatarUrl: str


class Facts(Schema):
    """What is known of a paper. Keys without a value are absent."""

    object_id: str | None = Field(
        None, alias="_id", pattern=r"^[0-9a-f]{24}$", description="Changes may name the paper by it as well."
    )
    id: str = Field(description="Canonical id, without a version.", examples=["2305.12102", "cs/0601001"])
    authors: list[Author]
    title: str
    summary: str = Field(description="The abstract as plain text.")
    summaryKind: Literal["abstract", "description"] = Field(
        description="`description` where the summary is not the authors' own abstract."
    )
    publishedAt: Time | None = Field(
        None, description="First submission, else the day of announcement, else that of the edition."
    )
    submittedOnDailyAt: Time | None = Field(None, description="The day of the edition.")
    submittedOnDailyBy: Account
    withdrawnAt: Time | None = None
    upvotes: int = Field(ge=0)
    discussionId: str = Field(pattern=r"^[0-9a-f]{24}$")
    categories: list[str] = Field(examples=[["cs.CL", "cs.AI"]])
    projectPage: str | None = None
    githubRepo: str | None = None
    githubRepoAddedBy: Literal["user", "auto"] | None = Field(
        None,
        description="`user`: set by author or submitter. `auto`: found in the abstract. Absent where a source told it.",
    )
    githubStars: int | None = None
    ai_summary: str | None = None
    ai_keywords: list[str] | None = None
    organization: Organization | None = None
    trendingScore: float | None = Field(None, description="By the formula in the documentation of ranking.")


class Linked(Schema):
    """A model, dataset or space that names a paper, with what the Hub told of it."""

    id: str
    likes: int | None = None
    downloads: int | None = None
    pipeline_tag: str | None = None
    library_name: str | None = None
    sdk: str | None = None
    lastModified: str | None = None


class CommentText(Schema):
    """The text of a comment; both are empty where it is hidden."""

    raw: str = Field(description="Markdown, as it was written.")
    html: str = Field(description="Made safe.")
    updatedAt: Time


class Signs(Schema):
    """One reaction and the names of the readers who gave it."""

    reaction: str
    users: list[str]
    count: int


class CommentData(Schema):
    """What a comment says and what became of it."""

    edited: bool
    hidden: bool
    hiddenReason: str | None = None
    hiddenBy: str | None = None
    latest: CommentText
    numEdits: int = Field(ge=0)
    reactions: list[Signs]
    isReport: bool
    parentCommentId: str | None = Field(None, description="What a reply replies to.")


class Comment(Schema):
    """One comment. The account of an author who left is empty."""

    id: str = Field(pattern=r"^[0-9a-f]{24}$")
    author: Account
    createdAt: Time
    type: Literal["comment"]
    data: CommentData


class PaperObject(Facts):
    """One paper."""

    numComments: int = Field(ge=0)
    upvoted: bool = Field(description="Whether the reader of the token voted for it.")
    isAuthorParticipating: bool
    source: str
    linkedModels: list[Linked]
    numTotalModels: int
    linkedDatasets: list[Linked]
    numTotalDatasets: int
    linkedSpaces: list[Linked]
    numTotalSpaces: int
    comments: list[Comment] | None = Field(None, description="Only when asked for with `field=comments`.")


class ListItem(Schema):
    """A paper in a list. What stands in both `paper` and the item is equal: clients look in either place."""

    paper: Facts
    publishedAt: Time | None = Field(description="The day of the edition.")
    title: str
    summary: str
    thumbnail: str
    numComments: int = Field(ge=0)
    submittedBy: Account
    isAuthorParticipating: bool
    source: str = Field(description="Where the paper came from.")
    upvotes: int = Field(ge=0)
    submittedOnDailyAt: Time | None = None
    submittedOnDailyBy: Account
    projectPage: str | None = None
    githubRepo: str | None = None
    githubStars: int | None = None
    ai_summary: str | None = None
    ai_keywords: list[str] | None = None
    organization: Organization | None = None


class Piece(Schema):
    """A piece of a text, and whether the query matched it."""

    type: Literal["text", "highlight"]
    text: str


class SearchItem(ListItem):
    """A paper found by search."""

    upvoted: bool
    highlightedTitle: list[Piece]
    highlightedSummary: list[Piece]


class Repos(Schema):
    """Models, datasets and spaces that name a paper."""

    models: list[Linked]
    datasets: list[Linked]
    spaces: list[Linked]


class FoundFact(Schema):
    """One fact about a paper."""

    kind: str = Field(examples=["venue"])
    label: str = Field(examples=["Venue"])
    text: str = Field(description="The value in words.", examples=["ICML 2026 (oral)"])
    value: dict[str, Any] = Field(description="The value as it is kept; what it holds depends on the kind.")
    source: str = Field(examples=["comment"])
    origin: str = Field(description="The source in words.", examples=["from the authors’ comment"])
    date: str = Field(description="Since when the value stands.", examples=["2026-11-21T17:08:00+00:00"])
    corrected: bool = Field(description="Whether a person set it.")


class Harness(Schema):
    """How an agent shows itself: variables of the environment and their values, `*` for any."""

    envVars: dict[str, str]


class Harnesses(Schema):
    """The agents that the command line recognises."""

    standardEnvVars: list[str]
    harnesses: dict[str, Harness]


class Problem(Schema):
    """What went wrong, in a sentence; the header `X-Error-Message` says the same."""

    error: str


def _written(example: str, schema: JsonDict, **more: str) -> None:
    """Describe a text that may be left out: by an example, and without the empty default that stands for nothing.

    Its form is described and not enforced here: the room that reads it knows more, such as which years have a week 53.
    """
    del schema["default"]
    schema |= {"examples": [example], **more}


class DailyQuery(Schema):
    """Which papers of the editions."""

    p: int = Field(0, ge=0, le=1_000_000, description="Page, from 0.")
    limit: int = Field(50, ge=1, le=100, description="Papers on a page.")
    sort: Literal["publishedAt", "trending"] = Field("publishedAt", description="Newest first, or by trending score.")
    date: str = Field(
        "",
        description="Day of the edition. Wins over `week` and `month`.",
        json_schema_extra=partial(_written, "2026-11-20", format="date"),
    )
    week: str = Field(
        "",
        description="ISO week. Wins over `month`.",
        json_schema_extra=partial(_written, "2026-W47", pattern=r"^[12][0-9]{3}-W(0[1-9]|[1-4][0-9]|5[0-3])$"),
    )
    month: str = Field(
        "",
        description="Month.",
        json_schema_extra=partial(_written, "2026-11", pattern=r"^[12][0-9]{3}-(0[1-9]|1[0-2])$"),
    )
    submitter: str = Field(
        "",
        max_length=80,
        description="The source or the reader that brought it.",
        json_schema_extra=partial(_written, "arxiv"),
    )


class SearchQuery(Schema):
    """What to look for."""

    q: str = Field(
        "", max_length=250, description="Words with operators, a title or an arXiv id. Without it: the newest papers."
    )
    limit: int = Field(120, ge=1, le=120, description="Papers at most.")
    cursor: str = Field("", max_length=60, description="From the `Link` header of the page before.")


class LikeQuery(Schema):
    """Papers to begin with, and what should differ from them."""

    id: list[str] = Field(min_length=1, max_length=5, description="A paper to begin with; repeatable.")
    but: str = Field("", max_length=300, description="What should differ, in words: `newer, for biology, not surveys`.")
    keep: list[str] = Field([], max_length=20, description="A paper of an earlier round to keep; repeatable.")
    drop: list[str] = Field([], max_length=20, description="A paper to get away from; repeatable.")
    round: int = Field(1, ge=1, le=9, description="The first is varied, each later one nearer.")
    limit: int = Field(12, ge=1, le=100, description="Papers at most.")


class Slate(Schema):
    """One round of papers like some, but different."""

    round: int
    understood: list[str] = Field(description="How the words were read.")
    like: list[str] = Field(description="Ids of the papers begun with.")
    kept: list[str]
    dropped: list[str]
    papers: list[ListItem]


class IndexQuery(Schema):
    """Where to go on in the list of all papers."""

    cursor: str = Field(
        "",
        max_length=80,
        description="From the `Link` header of the page before.",
        json_schema_extra=partial(_written, "2026-11-20.4711"),
    )
    limit: int = Field(50, ge=1, le=100, description="Papers on a page.")


PaperId = Path[
    Annotated[str, Field(description="An arXiv id, with or without version.", examples=["2305.12102", "cs/0601001"])]
]


class PaperQuery(Schema):
    """What to add to a paper."""

    field: str = Field("", description="`comments` adds the comments.", json_schema_extra=partial(_written, "comments"))
