"""The kind of facts read in comment and abstract. How they are read is ``said``, ``venues``, ``papers.links``."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from broadsheet.enrich import facts, run, said
from broadsheet.papers.actions import fill_links
from broadsheet.papers.links import Links, find_links
from broadsheet.papers.models import Paper, PaperQuerySet

KIND = "said"
TITLE = "Venue, length, DOI and links, from comment and abstract"

_FOUND = ("venue", "length", "doi", "offers", "links")


def wanted(now: datetime) -> PaperQuerySet:
    """Return the papers whose text has not been read, newest first."""
    return run.lacking(KIND, now)


def look(papers: Sequence[Paper], stop: run.Stop) -> int:
    """Read papers' comments and abstracts, write down what they say, and set the links that nobody else told."""
    now = timezone.now()
    links = {paper.pk: _links(paper) for paper in papers}
    with transaction.atomic():
        stamps = fill_links({pk: found for pk, (found, _) in links.items()})
        rows = []
        for paper in papers:
            stamp = stamps.get(paper.pk, paper.stamp)
            rows.append(facts.Found(paper.pk, stamp, KIND, "text"))
            rows += [
                facts.Found(paper.pk, stamp, kind, source, value)
                for kind, source, value in _told(paper, links[paper.pk])
            ]
        facts.drop(links, _FOUND, [(row.paper, row.kind, row.source) for row in rows])
        facts.write_all(rows, now)
    return len(papers)


def _told(paper: Paper, links: tuple[Links, str]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if venue := said.venue(paper.comment):
        yield "venue", "comment", {"name": venue.name} | ({"note": venue.note} if venue.note else {})
    if length := said.length(paper.comment):
        yield "length", "comment", {what: count for what, count in length._asdict().items() if count}
    doi = said.doi(paper.comment)
    if doi and doi != paper.doi.lower():
        yield "doi", "comment", {"doi": doi}
    if paper.abstract_kind == "abstract" and (offers := said.offers(paper.title, paper.abstract)):
        yield "offers", "abstract", {"offers": list(offers)}
    found, source = links
    if found.code or found.project:
        named = {"code": found.code, "project": found.project}
        yield "links", source, {key: url for key, url in named.items() if url} | {"official": found.official}


def _links(paper: Paper) -> tuple[Links, str]:
    """Return the links that a paper's authors give, and where: the comment goes before the abstract."""
    comment = find_links(paper.comment)
    abstract = find_links(paper.abstract) if paper.abstract_kind == "abstract" else Links()
    both = Links(
        comment.code or abstract.code,
        comment.project or abstract.project,
        comment.official if comment.code else abstract.official,
    )
    return both, "comment" if comment.code or comment.project else "abstract"
