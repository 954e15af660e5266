"""Reading papers: editions, search, the list of all, one paper. How they are shown lives in ``hub``."""

from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from broadsheet.api.answers import json_answer, link_next
from broadsheet.api.errors import error_answer, header_text
from broadsheet.api.guard import reader_of
from broadsheet.api.lookup import by_date, editions, in_order, paper_of
from broadsheet.api.schemas import (
    DailyQuery,
    FoundFact,
    Harnesses,
    IndexQuery,
    ListItem,
    PaperId,
    PaperObject,
    PaperQuery,
    Problem,
    Repos,
    SearchItem,
    SearchQuery,
)
from broadsheet.enrich import facts
from broadsheet.errors import Conflict
from broadsheet.hub import comments, list_items, paper_object
from broadsheet.papers.models import Paper
from broadsheet.search import highlight, hybrid, orders
from broadsheet.search.query import parse

router = Router()
greedy = Router()
"""One paper: its path takes whatever is left below ``/papers/``, so it comes after all that is longer."""

PROBLEMS = {400: Problem, 401: Problem, 429: Problem}
AGENTS = {
    # Programs that drive the command line, by the variables they are known to set; it then prints for a machine.
    "standardEnvVars": ["AI_AGENT", "AGENT"],
    "harnesses": {
        "claude-code": {"envVars": {"CLAUDECODE": "*"}},
        "codex": {"envVars": {"CODEX_SANDBOX": "*"}},
        "cursor-cli": {"envVars": {"CURSOR_AGENT": "*"}},
        "gemini-cli": {"envVars": {"GEMINI_CLI": "*"}},
        "opencode": {"envVars": {"OPENCODE": "*"}},
    },
}


@router.get("/daily_papers", response={200: list[ListItem], **PROBLEMS}, by_alias=True, summary="The daily papers")
def daily_papers(request: HttpRequest, asked: Query[DailyQuery]) -> HttpResponse:
    """Papers of a day, week or month, most votes first; without one of them all papers, newest edition first."""
    begin = asked.p * asked.limit
    papers = list(editions(asked)[begin : begin + asked.limit + 1])
    answer = json_answer(list_items(papers[: asked.limit], reader_of(request)))
    if len(papers) > asked.limit:
        link_next(request, answer, p=asked.p + 1, **asked.dict(exclude={"p"}, exclude_unset=True))
    return answer


@router.get(
    "/papers/search",
    response={200: list[SearchItem], **PROBLEMS, 503: Problem},
    by_alias=True,
    summary="Search",
    url_name="search",
)
def search_papers(request: HttpRequest, asked: Query[SearchQuery]) -> HttpResponse:
    """Papers by words and meaning, best first, with the operators of the search box. An arXiv id gives that paper."""
    query = parse(asked.q)
    if query.empty:
        return _found(request, list(Paper.objects.newest()[: asked.limit]), ())
    try:
        after = orders.read(asked.cursor) if asked.cursor else None
        results = hybrid.search(query, limit=asked.limit, after=after)
    except Conflict as held:
        # Nothing is wrong with the request: another process holds the index for now.
        return error_answer(503, str(held))
    papers = [paper_of(results.jump)] if results.jump else in_order([hit.paper_id for hit in results.hits])
    answer = _found(request, papers, highlight.pattern(query.text))
    if results.more:
        link_next(request, answer, q=asked.q, limit=asked.limit, cursor=orders.written(results.hits[-1].place))
    if results.notes:
        answer["X-HF-Warning"] = f"search; {header_text(' '.join(results.notes))}"
    return answer


def _found(request: HttpRequest, papers: list[Paper], marks: highlight.Marks) -> HttpResponse:
    items = list_items(papers, reader_of(request), searched=True)
    return json_answer(
        [
            item
            | {
                "highlightedTitle": highlight.pieces(item["title"], marks),
                "highlightedSummary": highlight.pieces(item["summary"], marks),
            }
            for item in items
        ]
    )


@router.get("/papers", response={200: list[ListItem], **PROBLEMS}, by_alias=True, summary="All papers")
def all_papers(request: HttpRequest, asked: Query[IndexQuery]) -> HttpResponse:
    """Every paper by the day of its edition, newest first. Follow the `Link` header to the end to get them all."""
    papers, after = by_date(asked.cursor, asked.limit)
    answer = json_answer(list_items(papers, reader_of(request)))
    if after:
        link_next(request, answer, cursor=after, limit=asked.limit)
    return answer


@router.get(
    "/arxiv/{path:paper_id}/repos", response={200: Repos, 404: Problem, **PROBLEMS}, summary="What builds on a paper"
)
def repos(request: HttpRequest, paper_id: PaperId) -> HttpResponse:
    """Models, datasets and spaces that name a paper. None are kept here, so the lists are empty, for any id."""
    return json_answer({"models": [], "datasets": [], "spaces": []})


@router.get(
    "/papers/{path:paper_id}/facts",
    response={200: list[FoundFact], 404: Problem, **PROBLEMS},
    summary="What was found out about a paper",
)
def paper_facts(request: HttpRequest, paper_id: PaperId) -> HttpResponse:
    """Venue, length, links, key phrases, extract and what other places tell, each with its source and date.

    Found by programs and corrected by authors and moderators. Not of the original: only this site has it.
    """
    return json_answer([facts.as_object(one) for one in facts.of(paper_of(paper_id))])


@router.get("/agent-harnesses", response={200: Harnesses, 429: Problem}, summary="Known agents")
def agent_harnesses(request: HttpRequest) -> HttpResponse:
    """How to tell that an agent runs the command line, which asks for this once a day."""
    return json_answer(AGENTS)


@greedy.get(
    "/papers/{path:paper_id}",
    response={200: PaperObject, 404: Problem, **PROBLEMS},
    by_alias=True,
    summary="One paper",
)
def paper_info(request: HttpRequest, paper_id: PaperId, asked: Query[PaperQuery]) -> HttpResponse:
    """A paper by its arXiv id (`2305.12102`, `cs/0601001`); a version at its end is ignored."""
    paper = paper_of(paper_id)
    shown = paper_object(paper, reader_of(request))
    if asked.field == "comments":
        shown["comments"] = comments(paper)
    return json_answer(shown)
