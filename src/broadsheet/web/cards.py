"""What stands around papers on cards and pages: the split of their votes, and what is the visitor's own there.

Templates read it as ``paper.tally``, ``paper.around`` and ``paper.sign_in``; a card without shows the plain number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse

from broadsheet.community import marks
from broadsheet.community.around import Around, around
from broadsheet.community.models import Mark
from broadsheet.community.tally import Tally, tallies
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.papers.tex import both, to_html

SHOWN = (
    *("key", "title", "abstract", "abstract_kind", "authors", "categories", "day", "withdrawn", "organization"),
    *("code_url", "code_stars", "project_url"),
    *("imported_votes", "imported_comments", "reader_votes", "reader_comments"),
)
"""Fields of a paper that its card shows, which are two fifths of them."""


class Texts(NamedTuple):
    """What a card shows of a paper's texts: safe HTML, but for the name, which is the title as plain text.

    passage: what stands before the abstract, '' where nothing does.
    """

    name: str
    title: str
    abstract: str
    passage: str = ""


def texts(paper: Paper) -> Texts:
    """Return the texts of a paper's card: those that a view put beside it, else title and abstract as they are."""
    known: Texts | None = vars(paper).get("texts")
    return known or Texts(*both(paper.title, links=False), to_html(paper.abstract))


def dress(request: HttpRequest, papers: Iterable[Paper], back: str = "", *, people: bool = True) -> dict[int, Around]:
    """Put the split of their votes and what stands around them beside papers, with one to four queries for all.

    For a visitor it is also the way to sign in and vote. back: the page to come back to, by default this one.
    people: whether to read who brought and who wrote them, which no card shows; paper pages and props tell it.
    Returns what stands around each, by primary key.
    """
    papers = list(papers)
    found = around(papers, request.user, people=people)
    voted_on = {pk for pk, here in found.items() if here.voted_on}
    split = tallies([paper for paper in papers if paper.pk in voted_on]) if voted_on else {}
    visitor = not request.user.is_authenticated
    sign_in, next_ = (
        (reverse("sign-in"), urlencode({"next": f"{back or here(request)}#paper-"})) if visitor else ("", "")
    )
    for paper in papers:
        pk, beside = paper.id, vars(paper)  # the same as its pk, which Django takes four times as long to look up
        beside["around"] = found[pk]
        beside["tally"] = split.get(pk) or Tally(paper.imported_votes, paper.reader_votes)
        if visitor:
            beside["sign_in"] = f"{sign_in}?vote={quote_plus(paper.key)}&{next_}{pk}"
    return found


def here(request: HttpRequest) -> str:
    """Return the address to come back to after an act: this page, without what only one visitor's link carried."""
    kept = {name: request.GET[name] for name in ("p", "hidden") if name in request.GET}
    return request.path + (f"?{urlencode(kept)}" if kept else "")


@dataclass(frozen=True, slots=True)
class Sight[P]:
    """Papers as one reader sees them. context: for ``web/hidden.html``, which says how many were left out."""

    papers: P
    context: dict[str, Any]


def unwanted(request: HttpRequest) -> QuerySet[Any, int] | None:
    """Return the papers that this reader is not interested in, as a query of primary keys; None for a visitor."""
    return marks.unwanted(request.user) if request.user.is_authenticated else None


def out_of_sight(request: HttpRequest) -> QuerySet[Any, int] | None:
    """Return what to leave out of a page, as a query of primary keys; None where nothing is, as with ``?hidden=1``."""
    return None if request.GET.get("hidden") == "1" else unwanted(request)


def list_in_sight(request: HttpRequest, papers: PaperQuerySet) -> Sight[PaperQuerySet]:
    """Leave out of a list what its reader is not interested in, unless they ask to see it (``?hidden=1``)."""
    aside = unwanted(request)
    number = papers.filter(pk__in=aside).count() if aside is not None else 0
    asked = request.GET.get("hidden") == "1"
    seen = papers.exclude(pk__in=aside) if aside is not None and number and not asked else papers
    return Sight(seen, _told(request, number, asked=asked))


def within_sight(
    request: HttpRequest, papers: Iterable[Paper], found: Mapping[int, Around] | None = None
) -> Sight[list[Paper]]:
    """Do the same for a few papers that are at hand, in their order. found: what stands around them, where known."""
    papers = list(papers)
    if found is not None:
        aside = {paper.id for paper in papers if found[paper.id].mark == Mark.NOT_INTERESTED}
    else:
        query = unwanted(request)
        aside = set(query.filter(paper__in=[paper.pk for paper in papers])) if query is not None and papers else set()
    asked = request.GET.get("hidden") == "1"
    seen = [paper for paper in papers if paper.pk not in aside] if aside and not asked else papers
    return Sight(seen, _told(request, len(aside), asked=asked))


def _told(request: HttpRequest, number: int, *, asked: bool) -> dict[str, Any]:
    if not number:
        return {}
    question = request.GET.copy()
    question.pop("hidden", None)
    if not asked:
        question["hidden"] = "1"
    return {"hidden": number, "hidden_shown": asked, "hidden_link": f"?{question.urlencode()}"}
