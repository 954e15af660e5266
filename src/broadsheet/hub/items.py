"""Papers in the JSON shapes that Hugging Face clients read. Texts are made plain; who puts them in HTML escapes them.

Key names are the contract's (docs/api); why some fields stand twice is said where they are made.
"""

import json
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from broadsheet.papers import tex
from broadsheet.papers.links import find_links
from broadsheet.papers.models import Paper

Json = dict[str, Any]

# Reading the texts is four fifths of a list's cost, and most requests are for the same few editions.
plain = lru_cache(maxsize=8192)(tex.plain)
_named_links = lru_cache(maxsize=2048)(find_links)


def forget() -> None:
    """Empty the caches of shown texts, for measurements."""
    plain.cache_clear()
    _named_links.cache_clear()
    tex.pieces.cache_clear()


_WEB_URL = re.compile(r"https?://[^\s<>\"'\\^`{|}\x00-\x1f]+", re.IGNORECASE)
_SOURCE_NAMES = {"arxiv": "arXiv", "sample": "Sample edition"}


def list_item(paper: Paper) -> Json:
    """Return a paper as an item of a list.

    Clients look for most fields either in ``paper`` or outside of it, never in both places, so they stand in both and
    are equal. The outer ``publishedAt`` is the day of the edition (docs/decisions/0005).
    """
    inner = _facts(paper)
    item: Json = {
        "paper": inner,
        "publishedAt": inner.get("submittedOnDailyAt"),
        "title": inner["title"],
        "summary": inner["summary"],
        "thumbnail": "",
        "numComments": paper.comments,
        "submittedBy": inner["submittedOnDailyBy"],
        "isAuthorParticipating": False,
        "source": paper.source,
    }
    for key in _REPEATED:
        if key in inner:
            item[key] = inner[key]
    return item


_REPEATED = (
    "upvotes",
    "submittedOnDailyAt",
    "submittedOnDailyBy",
    "projectPage",
    "githubRepo",
    "githubStars",
    "ai_summary",
    "ai_keywords",
    "organization",
)


def paper_object(paper: Paper) -> Json:
    """Return a paper as the flat object of its own endpoint; models, datasets and spaces are not kept here."""
    return _facts(paper) | {
        "numComments": paper.comments,
        "source": paper.source,
        "linkedModels": [],
        "numTotalModels": 0,
        "linkedDatasets": [],
        "numTotalDatasets": 0,
        "linkedSpaces": [],
        "numTotalSpaces": 0,
    }


def daily_papers_props(period_kind: str, date_string: str, previous: str | None, papers: Iterable[Paper]) -> Json:
    """Return what a page with a list of papers carries for scrapers (``data-target="DailyPapers"``).

    period_kind: ``day``, ``week`` or ``month``. date_string, previous: labels of the period and of the one before.
    The caller escapes it for the attribute it stands in.
    """
    return {
        "periodType": period_kind,
        "dateString": date_string,
        "prevDate": previous,
        "dailyPapers": [list_item(paper) for paper in papers],
    }


def paper_content_props(paper: Paper) -> Json:
    """Return what a paper's page carries for scrapers (``data-target="PaperContent"``); the caller escapes it."""
    shown = paper_object(paper)
    return {
        "paper": shown,
        "comments": [],
        "upvoted": False,
        "upvoters": [],
        "dailyPaperRank": None,
        "organization": shown.get("organization"),
        "canSubmit": False,
        "canManagePapers": False,
        "hasHfLevelAccess": False,
        "primaryEmailConfirmed": False,
        "markdownContentUrl": f"/papers/{paper.key}.md",
        "query": {},
    }


def _facts(paper: Paper) -> Json:
    """Return the part that lists hold in ``paper`` and that the paper's endpoint gives flat."""
    facts: Json = {
        "id": paper.key,
        "authors": [
            {"_id": object_id(name, paper.key), "name": plain(name), "hidden": False} for name in paper.authors
        ],
        "title": plain(paper.title),
        "summary": plain(paper.abstract),
        # What the text is, where it is not the authors' own abstract, is told and not left to be guessed.
        "summaryKind": paper.abstract_kind,
        "upvotes": paper.votes,
        "discussionId": object_id("discussion", paper.key),
        "categories": list(paper.categories),
        "submittedOnDailyBy": _source(paper.source),
    }
    if published := _published(paper):
        facts["publishedAt"] = published
    if paper.day:
        facts["submittedOnDailyAt"] = day_text(paper.day)
    if paper.withdrawn:
        facts["withdrawnAt"] = time_text(paper.withdrawn)
    if paper.machine_summary:
        facts["ai_summary"] = plain(paper.machine_summary)
    if paper.keywords:
        facts["ai_keywords"] = list(paper.keywords)
    if paper.organization:
        facts["organization"] = _organization(paper.organization_slug, paper.organization)
    if paper.trending is not None:
        facts["trendingScore"] = round(paper.trending, 4)
    return facts | _links(paper)


def _links(paper: Paper) -> Json:
    """Return code and project page as far as they are known.

    ``githubRepoAddedBy`` is told only where the abstract was read: whether a person or a program found it, sources do
    not say.
    """
    facts: Json = {}
    if code := code_url(paper):
        facts["githubRepo"] = code
        if code != paper.code_url:
            facts["githubRepoAddedBy"] = "auto"
        elif paper.code_stars is not None:
            facts["githubStars"] = paper.code_stars
    if project := project_url(paper):
        facts["projectPage"] = project
    return facts


def code_url(paper: Paper) -> str:
    """Return the address of a paper's code: as a source told it, else as its abstract names it; '' if unknown."""
    return web_url(paper.code_url) or web_url(_named_links(paper.abstract).code)


def project_url(paper: Paper) -> str:
    """Return the address of a paper's project page in the same way."""
    return web_url(paper.project_url) or web_url(_named_links(paper.abstract).project)


def _published(paper: Paper) -> str:
    """Return when a paper became public: submitted as a first version, else announced, else shown; '' if unknown.

    Many records tell only the day they were announced. Clients show this time and sort by it, so that day stands in.
    """
    if paper.published:
        return time_text(paper.published)
    day = paper.announced or paper.day
    return day_text(day) if day else ""


def _source(name: str) -> Json:
    """Return the source of a paper in the place of who submitted it: an organisation, as no person here did.

    ``user`` is what the Python client reads and ``name`` what others do.
    """
    return {
        "_id": object_id("source", name),
        "user": name,
        "name": name,
        "fullname": _SOURCE_NAMES.get(name, name),
        "type": "org",
        "avatarUrl": "",
        "isPro": False,
        "isHf": False,
        "isHfAdmin": False,
        "isMod": False,
        "isUserFollowing": False,
    }


def _organization(slug: str, full: str) -> Json:
    """Return an organisation; ``avatar`` is the original's name of the picture, ``avatarUrl`` the Python client's."""
    return {
        "_id": object_id("organization", slug or full),
        "name": slug or full,
        "fullname": full,
        "avatar": "",
        "avatarUrl": "",
    }


def object_id(*content: str) -> str:
    """Return 24 hex characters that depend on the content alone, in the form of the original's database ids."""
    return blake2b("\0".join(content).encode(), digest_size=12).hexdigest()


def web_url(text: str) -> str:
    """Return a link if it is one that a browser may follow (http or https, nothing to break out with), else ''."""
    return text if _WEB_URL.fullmatch(text) else ""


def time_text(moment: datetime) -> str:
    """Return a time as ``2026-11-21T17:08:00.000Z``, the only form that the client reads."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def day_text(day: date) -> str:
    """Return the first moment of a day (UTC) in the same form."""
    return f"{day.isoformat()}T00:00:00.000Z"


def compact(content: Json | list[Json]) -> str:
    """Return JSON as text without needless space, letters of every language as they are."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
