"""The addresses of the API: read what is asked, find it, show it. Rules of limits and headers live in ``guard``."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, re_path
from ninja import NinjaAPI, Query

import broadsheet
from broadsheet.api import highlight
from broadsheet.api.errors import error_answer, header_text
from broadsheet.api.guard import guarded
from broadsheet.api.lookup import by_date, editions, in_order, paper_of
from broadsheet.api.reference import Reference
from broadsheet.api.schemas import (
    DailyQuery,
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
from broadsheet.errors import Conflict, NotFound
from broadsheet.hub.items import Json, compact, list_item, paper_object
from broadsheet.papers.models import Paper
from broadsheet.search import hybrid
from broadsheet.search.query import parse

DESCRIPTION = """\
The reading side of the Hugging Face papers API, with the same addresses, parameters and keys, so that its clients work
here: `HF_ENDPOINT=http://localhost:8000 hf papers ls`. Everything here is public and needs no token.

Times are UTC and written `2026-11-21T17:08:00.000Z`. A list that goes on says so in a `Link` header with `rel="next"`.
Errors are `{"error": "..."}`, and `X-Error-Message` says the same. `RateLimit` tells how many requests are left in how
many seconds, `RateLimit-Policy` how many there are; search is counted apart.
"""

PROBLEMS = {400: Problem, 429: Problem}
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


class Api(NinjaAPI):
    """The API, each of whose addresses is guarded."""

    def set_default_exception_handlers(self) -> None:
        """Let every error through to the guard, which translates them all."""
        self.add_exception_handler(Exception, _raised)

    @property
    def urls(self) -> tuple[list[URLResolver | URLPattern], str, str]:
        """The addresses for the site's list of URLs."""
        patterns, app, namespace = super().urls
        for pattern in patterns:
            if isinstance(pattern, URLPattern):
                pattern.callback = guarded(pattern.callback, "search" if pattern.name == "search" else "api")
        # An empty expression matches whatever is left, line ends included, which no converter of a path does.
        return [*patterns, re_path("", guarded(_unknown))], app, namespace

    def get_openapi_operation_id(self, operation: Any) -> str:
        """Name an operation by its function, as generated clients call their methods by it."""
        return str(operation.view_func.__name__)


def _unknown(request: HttpRequest) -> HttpResponse:
    raise NotFound(f"There is no {request.path[:80]!r} here.", "The API is described at /api/docs.")


def _raised(_request: HttpRequest, error: Exception | type[Exception]) -> HttpResponse:
    raise error


api = Api(
    title="Broadsheet", version=broadsheet.__version__, description=DESCRIPTION, urls_namespace="api", docs=Reference()
)


@api.get("/daily_papers", response={200: list[ListItem], **PROBLEMS}, by_alias=True, summary="The daily papers")
def daily_papers(request: HttpRequest, asked: Query[DailyQuery]) -> HttpResponse:
    """Papers of a day, week or month, most votes first; without one of them all papers, newest edition first."""
    begin = asked.p * asked.limit
    papers = list(editions(asked)[begin : begin + asked.limit + 1])
    answer = _json([list_item(paper) for paper in papers[: asked.limit]])
    if len(papers) > asked.limit:
        _link_next(request, answer, p=asked.p + 1, **asked.dict(exclude={"p"}, exclude_unset=True))
    return answer


@api.get(
    "/papers/search",
    response={200: list[SearchItem], **PROBLEMS, 503: Problem},
    by_alias=True,
    summary="Search",
    url_name="search",
)
def search_papers(request: HttpRequest, asked: Query[SearchQuery]) -> HttpResponse:
    """Papers by words and meaning, best first. An arXiv id or URL gives that paper."""
    query = parse(asked.q)
    if not query.text:
        return _json([_found(list_item(paper), None) for paper in Paper.objects.newest()[: asked.limit]])
    try:
        results = hybrid.search(query, limit=asked.limit)
    except Conflict as held:
        # Nothing is wrong with the request: another process holds the index for now.
        return error_answer(503, str(held))
    papers = [paper_of(results.jump)] if results.jump else in_order([hit.paper_id for hit in results.hits])
    marks = highlight.pattern(query.text)
    answer = _json([_found(list_item(paper), marks) for paper in papers])
    if results.notes:
        answer["X-HF-Warning"] = f"search; {header_text(' '.join(results.notes))}"
    return answer


def _found(item: Json, marks: highlight.Marks | None) -> Json:
    return item | {
        "upvoted": False,
        "highlightedTitle": highlight.pieces(item["title"], marks),
        "highlightedSummary": highlight.pieces(item["summary"], marks),
    }


@api.get("/papers", response={200: list[ListItem], **PROBLEMS}, by_alias=True, summary="All papers")
def all_papers(request: HttpRequest, asked: Query[IndexQuery]) -> HttpResponse:
    """Every paper by the day of its edition, newest first. Follow the `Link` header to the end to get them all."""
    papers, after = by_date(asked.cursor, asked.limit)
    answer = _json([list_item(paper) for paper in papers])
    if after:
        _link_next(request, answer, cursor=after, limit=asked.limit)
    return answer


@api.get(
    "/papers/{path:paper_id}",
    response={200: PaperObject, 404: Problem, **PROBLEMS},
    by_alias=True,
    summary="One paper",
)
def paper_info(request: HttpRequest, paper_id: PaperId, asked: Query[PaperQuery]) -> HttpResponse:
    """A paper by its arXiv id (`2305.12102`, `cs/0601001`); a version at its end is ignored."""
    shown = paper_object(paper_of(paper_id))
    if asked.field == "comments":
        shown["comments"] = []
    return _json(shown)


@api.get(
    "/arxiv/{path:paper_id}/repos", response={200: Repos, 404: Problem, **PROBLEMS}, summary="What builds on a paper"
)
def repos(request: HttpRequest, paper_id: PaperId) -> HttpResponse:
    """Models, datasets and spaces that name a paper. None are kept here, so the lists are empty, for any id."""
    return _json({"models": [], "datasets": [], "spaces": []})


@api.get("/agent-harnesses", response={200: Harnesses, 429: Problem}, summary="Known agents")
def agent_harnesses(request: HttpRequest) -> HttpResponse:
    """How to tell that an agent runs the command line, which asks for this once a day."""
    return _json(AGENTS)


@api.get("/whoami-v2", response={401: Problem, 429: Problem}, summary="Who am I")
def whoami(request: HttpRequest) -> HttpResponse:
    """The account of a token. There are no accounts yet, so the answer is always that there is none."""
    answer = error_answer(401, "Invalid credentials in Authorization header")
    answer["WWW-Authenticate"] = 'Bearer realm="Broadsheet"'
    return answer


def _json(content: Json | list[Json]) -> HttpResponse:
    return HttpResponse(compact(content).encode(), content_type="application/json; charset=utf-8")


def _link_next(request: HttpRequest, answer: HttpResponse, **asked: Any) -> None:
    """Point to the next page by an absolute URL, as clients take it as it is."""
    base = settings.PUBLIC_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"
    known = {key: value for key, value in asked.items() if value not in (None, "")}
    answer["Link"] = f'<{base}{request.path}?{urlencode(known)}>; rel="next"'
