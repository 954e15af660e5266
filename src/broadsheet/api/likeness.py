"""Papers like some, but different, round by round. How they are found lives in ``ranking.unlike``."""

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from broadsheet.api.answers import json_answer
from broadsheet.api.errors import error_answer, header_text
from broadsheet.api.guard import reader_of
from broadsheet.api.schemas import LikeQuery, Problem, Slate
from broadsheet.errors import Conflict
from broadsheet.hub import list_items
from broadsheet.ranking import unlike

router = Router()


@router.get(
    "/papers/like",
    response={200: Slate, **dict.fromkeys((400, 401, 404, 429, 503), Problem)},
    by_alias=True,
    summary="Like this, but",
    url_name="like",
)
def papers_like(request: HttpRequest, asked: Query[LikeQuery]) -> HttpResponse:
    """Papers near to one or several, with what should differ in words. Not of the original: only this site has it.

    Refine in rounds: name what to keep and what to drop, and ask for the next `round`. Nothing is stored.
    """
    round_asked = unlike.asked(
        asked.id, but=asked.but, keep=asked.keep, drop=asked.drop, number=asked.round, limit=asked.limit
    )
    try:
        slate = unlike.like(round_asked)
    except Conflict as held:
        # Nothing is wrong with the request: another process holds the index for now.
        return error_answer(503, str(held))
    answer = json_answer(
        {
            "round": slate.round,
            "understood": list(slate.understood),
            "like": [paper.key for paper in slate.papers],
            "kept": [one.paper.key for one in slate.decided if one.kept],
            "dropped": [one.paper.key for one in slate.decided if not one.kept],
            "papers": list_items([one.paper for one in slate.found], reader_of(request)),
        }
    )
    if slate.notes:
        answer["X-HF-Warning"] = f"search; {header_text(' '.join(slate.notes))}"
    return answer
