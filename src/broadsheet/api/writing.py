"""What readers do to papers by token: vote, comment, submit, link, claim, report. Rules live in the verbs called."""

from django.http import HttpRequest, HttpResponse
from ninja import Path, Router

from broadsheet import pipeline
from broadsheet.accounts.models import Organization, User
from broadsheet.api.answers import json_answer, public_url
from broadsheet.api.guard import Bearer, reader_for
from broadsheet.api.lookup import comment_of, paper_of, reader_named
from broadsheet.api.schemas import Comment as CommentShape
from broadsheet.api.schemas import PaperId, Problem
from broadsheet.api.shapes import (
    ClaimAnswer,
    ClaimBody,
    CommentBody,
    HideBody,
    IndexBody,
    LinksBody,
    Nothing,
    ReactAnswer,
    ReactBody,
    ReportBody,
    SubmitAnswer,
    SubmitBody,
    VoteAnswer,
)
from broadsheet.community import claims, discussion, moderation, paper_links, reports, votes
from broadsheet.community.models import Comment
from broadsheet.errors import BadInput, NotFound, Refused
from broadsheet.hub.discussion import comment as comment_shape
from broadsheet.hub.texts import object_id
from broadsheet.papers.models import Paper

router = Router(auth=Bearer())

PROBLEMS = {400: Problem, 401: Problem, 403: Problem, 404: Problem, 409: Problem, 429: Problem}


# --- Votes --------------------------------------------------------------------------------------------------------


@router.post("/papers/{path:paper_id}/vote", response={200: VoteAnswer, **PROBLEMS}, summary="Vote for a paper")
def vote(request: HttpRequest, paper_id: PaperId) -> HttpResponse:
    """Vote; a second time changes nothing."""
    paper = paper_of(paper_id)
    votes.cast(reader_for(request, writing=True), paper)
    return _voted(paper, upvoted=True)


@router.delete("/papers/{path:paper_id}/vote", response={200: VoteAnswer, **PROBLEMS}, summary="Take a vote back")
def take_vote_back(request: HttpRequest, paper_id: PaperId) -> HttpResponse:
    """Take the vote back; where there is none, nothing changes."""
    paper = paper_of(paper_id)
    votes.take_back(reader_for(request, writing=True), paper)
    return _voted(paper, upvoted=False)


def _voted(paper: Paper, *, upvoted: bool) -> HttpResponse:
    paper.refresh_from_db(fields=["imported_votes", "reader_votes"])
    return json_answer({"upvotes": paper.votes, "upvoted": upvoted})


# --- Discussion ---------------------------------------------------------------------------------------------------


@router.post(
    "/papers/{path:paper_id}/comment",
    response={201: CommentShape, **PROBLEMS},
    by_alias=True,
    summary="Comment on a paper",
)
def write_comment(request: HttpRequest, paper_id: PaperId, said: CommentBody) -> HttpResponse:
    """Write a comment and get it back as it stands."""
    made = discussion.comment(reader_for(request, writing=True), paper_of(paper_id), said.comment)
    return _comment(made, 201)


@router.post(
    "/papers/{path:paper_id}/comment/{comment_id}/reply",
    response={201: CommentShape, **PROBLEMS},
    by_alias=True,
    summary="Reply to a comment",
)
def reply(request: HttpRequest, paper_id: PaperId, comment_id: Path[str], said: CommentBody) -> HttpResponse:
    """Reply; a reply to a reply stands beside it."""
    paper = paper_of(paper_id)
    parent = comment_of(paper, comment_id)
    return _comment(discussion.comment(reader_for(request, writing=True), paper, said.comment, parent), 201)


@router.post(
    "/papers/{path:paper_id}/comment/{comment_id}/edit",
    response={200: CommentShape, **PROBLEMS},
    by_alias=True,
    summary="Edit a comment",
)
def edit(request: HttpRequest, paper_id: PaperId, comment_id: Path[str], said: CommentBody) -> HttpResponse:
    """Give a comment of one's own another text; the former one stays in its history."""
    found = comment_of(paper_of(paper_id), comment_id)
    discussion.edit(reader_for(request, writing=True), found, said.comment)
    return _comment(found)


@router.delete(
    "/papers/{path:paper_id}/comment/{comment_id}", response={200: Nothing, **PROBLEMS}, summary="Delete a comment"
)
def delete_comment(request: HttpRequest, paper_id: PaperId, comment_id: Path[str]) -> HttpResponse:
    """Delete a comment of one's own; its place stays where others have replied to it."""
    discussion.delete(reader_for(request, writing=True), comment_of(paper_of(paper_id), comment_id))
    return json_answer({})


@router.post(
    "/papers/{path:paper_id}/comment/{comment_id}/hide",
    response={200: CommentShape, **PROBLEMS},
    by_alias=True,
    summary="Hide a comment",
)
def hide(request: HttpRequest, paper_id: PaperId, comment_id: Path[str], why: HideBody) -> HttpResponse:
    """Hide a comment, for moderators. The reason stands in the public log."""
    found = comment_of(paper_of(paper_id), comment_id)
    moderation.hide(reader_for(request, writing=True), found, why.reason)
    return _comment(found)


@router.post(
    "/papers/{path:paper_id}/comment/{comment_id}/react",
    response={200: ReactAnswer, **PROBLEMS},
    summary="React to a comment",
)
def react(request: HttpRequest, paper_id: PaperId, comment_id: Path[str], sign: ReactBody) -> HttpResponse:
    """Put a sign on a comment; the same sign again takes it back."""
    found = comment_of(paper_of(paper_id), comment_id)
    stands = discussion.react(reader_for(request, writing=True), found, sign.reaction)
    return json_answer({"reaction": sign.reaction, "reacted": stands})


def _comment(found: Comment, status: int = 200) -> HttpResponse:
    return json_answer(comment_shape(found), status)


# --- Submitting, links, claims, reports ---------------------------------------------------------------------------


@router.post("/papers/submit", response={201: SubmitAnswer, 502: Problem, **PROBLEMS}, summary="Submit a paper")
def submit(request: HttpRequest, asked: SubmitBody) -> HttpResponse:
    """Bring a paper to the edition, fetching it if it is not known here."""
    name = asked.paperId or asked.paper_id
    if not name:
        raise BadInput("paperId is missing.", "Give an arXiv id or URL.")
    made = pipeline.submit(reader_for(request, writing=True), name, asked.comment)
    url = f"{public_url(request)}/papers/{made.paper.key}"
    answer = json_answer({"id": made.paper.key, "url": url, "date": str(made.day)}, 201)
    answer["Location"] = url
    return answer


@router.post("/papers/index", response={200: Nothing, 502: Problem, **PROBLEMS}, summary="Take a paper in")
def index(request: HttpRequest, asked: IndexBody) -> HttpResponse:
    """Take a paper in without bringing it to an edition, or read it anew, which only its authors can."""
    pipeline.index_paper(reader_for(request, writing=True), asked.arxivId)
    return json_answer({})


@router.post("/papers/{path:paper_id}/links", response={200: Nothing, **PROBLEMS}, summary="Set code, project, group")
def links(request: HttpRequest, paper_id: PaperId, asked: LinksBody) -> HttpResponse:
    """Say where code and project page are and whose paper it is; for its authors, its submitter and moderators."""
    named = asked.dict(exclude_unset=True)
    changes = {ours: named[key] or "" for key, ours in _LINKS.items() if key in named}
    if changes.get("organization"):
        changes["organization"] = _organization_slug(changes["organization"])
    paper_links.set_links(reader_for(request, writing=True), paper_of(paper_id), **changes)
    return json_answer({})


_LINKS = {"githubRepo": "code", "projectPage": "project", "organizationId": "organization"}


def _organization_slug(name: str) -> str:
    found = Organization.objects.filter(public_id=name).first() or Organization.objects.filter(slug=name).first()
    if found is None:
        raise NotFound(f"There is no organisation {name[:39]!r} here.")
    return found.slug


@router.post("/settings/papers/claim", response={200: ClaimAnswer, **PROBLEMS}, summary="Claim a paper")
def claim(request: HttpRequest, asked: ClaimBody) -> HttpResponse:
    """Say that one of a paper's authors is oneself."""
    reader = reader_for(request, writing=True)
    if asked.targetUserId not in (None, reader.public_id, reader.username):
        raise Refused("A paper is claimed for oneself.", "targetUserId is the id that /api/whoami-v2 gives.")
    paper = paper_of(asked.paperId)
    ids = {object_id(name, paper.key): name for name in paper.authors}
    made = claims.claim(reader, paper, ids.get(asked.claimAuthorId, asked.claimAuthorId))
    return json_answer({"status": made.state, "proof": made.proof})


@router.post("/reports", response={201: Nothing, **PROBLEMS}, summary="Report something")
def report(request: HttpRequest, asked: ReportBody) -> HttpResponse:
    """Tell the moderators of a paper, a comment or a reader."""
    reports.report(reader_for(request, writing=True), _reported(asked), asked.reason, asked.note)
    return json_answer({}, 201)


def _reported(asked: ReportBody) -> Paper | Comment | User:
    if sum(one is not None for one in (asked.paperId, asked.commentId, asked.user)) != 1:
        raise BadInput("Exactly one of paperId, commentId and user is needed.")
    if asked.paperId:
        return paper_of(asked.paperId)
    return discussion.find(asked.commentId) if asked.commentId else reader_named(asked.user or "")
