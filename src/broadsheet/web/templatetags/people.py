"""Who stands behind a paper: authors with their marks, who submitted it, and who set its links."""

from typing import NamedTuple

from django import template

from broadsheet.accounts.readers import Visitor
from broadsheet.community import claims, paper_links, submissions
from broadsheet.community.models import Claim, Submission
from broadsheet.hub.items import code_url, project_url
from broadsheet.papers.models import Paper

register = template.Library()

_BY = {
    "author": "set by an author",
    "submitter": "set by its submitter",
    "moderator": "set by a moderator",
    "text": "found in what the authors wrote",
}


class People(NamedTuple):
    """The people behind a paper. links: what each link is and where it comes from. standing: the visitor's own."""

    authors: list[tuple[str, list[Claim]]]
    submission: Submission | None
    links: list[tuple[str, str]]
    standing: str


@register.simple_tag
def people_behind(paper: Paper, visitor: Visitor) -> People:
    """Return the people behind a paper, with two queries for visitors and two more for readers."""
    verified = claims.verified_authors([paper]).get(paper.pk, [])
    authors = [(name, [claim for claim in verified if claim.author_name == name]) for name in paper.authors]
    return People(authors, submissions.last_of(paper), _links(paper), paper_links.standing(visitor, paper) or "")


def _links(paper: Paper) -> list[tuple[str, str]]:
    found = []
    if code := code_url(paper):
        found.append(("Code", _origin(paper.code_by, told=code == paper.code_url)))
    if project := project_url(paper):
        found.append(("Project page", _origin(paper.project_by, told=project == paper.project_url)))
    if paper.organization:
        found.append(("Organisation", _origin(paper.organization_by, told=True)))
    return found


def _origin(by: str, *, told: bool) -> str:
    return _BY.get(by, "from the source") if told else "found in the abstract"
