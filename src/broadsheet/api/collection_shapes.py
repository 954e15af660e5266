"""What the API takes and answers about collections. Their addresses are in ``collections``."""

# ruff: noqa: N815

from typing import Annotated, Literal

from ninja import Schema
from pydantic import Field

from broadsheet.api.schemas import Account, ObjectId, Problem, Time

Theme = Literal["orange", "blue", "green", "purple", "pink", "indigo"]
Text = Annotated[str, Field(max_length=1000, pattern=r"^[^\x00]*$")]


class Note(Schema):
    """What the owner wrote on an item."""

    text: str


class CollectionItem(Schema):
    """A paper in a collection."""

    id: ObjectId
    paper: str = Field(alias="id", description="The paper's id.")
    type: Literal["paper"]
    position: int = Field(ge=0)
    title: str
    upvotes: int
    publishedAt: Time | None = None
    thumbnailUrl: str
    isUpvotedByUser: bool
    note: Note | None = None


class CollectionPreview(Schema):
    """A collection in a list of them, with its first four items at most."""

    slug: str = Field(examples=["ada/small-models-64f9a55bb3115b4f513ec026"])
    title: str
    description: str
    lastUpdated: Time
    gating: Literal[False]
    owner: Account
    items: list[CollectionItem]
    theme: Theme
    private: bool
    upvotes: int = Field(description="Readers who follow the list.")
    isUpvotedByUser: bool


class Collection(CollectionPreview):
    """A collection with all its items."""

    position: int = Field(ge=0, description="Its place among the lists of its owner, those changed last first.")


class Updated(Schema):
    """What became of a collection."""

    success: Literal[True]
    data: Collection


class Done(Schema):
    """It is done."""

    success: Literal[True]


class AlreadyThere(Problem):
    """There is one already, and its name."""

    slug: str | None = None


class CollectionsQuery(Schema):
    """Which collections."""

    owner: str = Field("", max_length=80, description="Name of their owner.")
    item: str = Field("", max_length=200, description="`papers/ID`: those that hold this paper.")
    q: str = Field("", max_length=200, description="Words of their title or description.")
    sort: Literal["lastModified", "trending", "upvotes"] = Field(
        "lastModified", description="Changed last; most followers of the last 30 days; most followers."
    )
    limit: int = Field(20, ge=1, le=100, description="Collections on a page.")
    p: int = Field(0, ge=0, le=100_000, description="Page, from 0.")


class ItemBody(Schema):
    """What to add. Papers alone stand in lists here; other types are refused with a sentence."""

    id: str = Field(max_length=300)
    type: str = Field(max_length=30, examples=["paper"])


class CreateBody(Schema):
    """A new collection."""

    title: Text
    namespace: str = Field("", max_length=80, description="Your own name; default.")
    description: Text | None = None
    private: bool = False
    item: ItemBody | None = Field(None, description="Its first paper.")


class UpdateBody(Schema):
    """What to change; what is left out stays."""

    title: Text | None = None
    description: Text | None = None
    private: bool | None = None
    theme: Theme | None = None
    position: int | None = Field(None, description="Accepted and not kept: lists have no order of their own here.")


class AddBody(Schema):
    """A paper, and a note on it."""

    item: ItemBody
    note: Text | None = None


class UpdateItemBody(Schema):
    """What to change of an item; what is left out stays."""

    note: Text | None = None
    position: int | None = Field(None, ge=-1_000_000, le=1_000_000, description="Its new place, from 0.")
