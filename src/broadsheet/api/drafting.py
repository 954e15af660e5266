"""Related work of a draft that is sent along. Finding it: ``ranking.drafts``; the answer's shape: ``hub.drafts``."""

from typing import Literal

from django.http import HttpRequest, HttpResponse
from ninja import Router, Schema
from pydantic import Field

from broadsheet.api.answers import json_answer
from broadsheet.api.errors import error_answer
from broadsheet.api.schemas import Problem
from broadsheet.errors import Conflict
from broadsheet.hub.drafts import as_object
from broadsheet.ranking import drafts
from broadsheet.sources import draft_files
from broadsheet.sources.draft_files import Draft

router = Router()


class DraftBody(Schema):
    """A draft. One of title, abstract and references is needed."""

    title: str = Field("", max_length=500)
    abstract: str = Field("", max_length=6_000)
    authors: list[str] = Field([], max_length=100, description="To tell which papers are by one of them.")
    references: str = Field("", max_length=2_000_000, description="What it cites: BibTeX, RIS or CSL-JSON as text.")
    categories: list[str] = Field([], max_length=20, description="Only papers of these.", examples=[["cs.LG"]])
    limit: int = Field(60, ge=1, le=100, description="Papers at most, without the cited ones.")


class Ground(Schema):
    """What a paper shares with the draft."""

    phrases: list[str] = Field(description="That both hold, as the draft writes them.")
    sentence: str = Field(description="The paper's that is nearest to one of the draft's; empty where none is near.")
    yours: str = Field(description="That sentence of the draft.")
    authors: list[str]
    beside: str | None = Field(description="Id of the cited paper that it is nearest to.")


class RelatedPaper(Schema):
    """One paper near to a draft."""

    id: str
    title: str
    authors: list[str]
    categories: list[str]
    day: str | None
    closeness: float = Field(ge=0, le=1)
    cited: bool
    shared: Ground


class RelatedGroup(Schema):
    """Papers that belong together, closest first."""

    label: str
    kind: Literal["close", "theme", "category", "rest", "cited"]
    papers: list[RelatedPaper]


class CitedWorks(Schema):
    """How many of the works in `references` are here, and the titles of those that are not."""

    here: int
    missing: list[str]


class RelatedWork(Schema):
    """Related work of a draft."""

    groups: list[RelatedGroup]
    cited: CitedWorks
    notes: list[str]


@router.post(
    "/papers/draft",
    response={200: RelatedWork, 400: Problem, 401: Problem, 429: Problem, 503: Problem},
    summary="Related work of a draft",
    url_name="draft",
)
def related_work(request: HttpRequest, asked: DraftBody) -> HttpResponse:
    """Papers near to a title and abstract, or to what a draft cites, in groups, with what each shares.

    Nothing of a draft is kept. Not of the original: only this site has it. It needs no token and changes nothing.
    """
    filed = draft_files.cited(asked.references.encode()) if asked.references.strip() else Draft()
    typed = Draft(asked.title, asked.abstract, tuple(asked.authors))
    try:
        answer = drafts.around(draft_files.joined(typed, filed), categories=asked.categories, limit=asked.limit)
    except Conflict as held:
        # Nothing is wrong with the request: another process holds the index for now.
        return error_answer(503, str(held))
    return json_answer(as_object(answer))
