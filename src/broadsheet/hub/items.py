"""Papers in the JSON shapes that Hugging Face clients read. Texts are made plain; who puts them in HTML escapes them.

Key names are the contract's (docs/api); why some fields stand twice is said where they are made.
"""

from collections.abc import Sequence
from functools import lru_cache

from broadsheet.accounts.readers import Visitor
from broadsheet.community.around import Around
from broadsheet.enrich.facts import Shown, value_of
from broadsheet.hub import people
from broadsheet.hub.people import NOBODY, Standing
from broadsheet.hub.texts import Json, day_text, object_id, time_text, web_url
from broadsheet.papers import tex
from broadsheet.papers.links import find_links
from broadsheet.papers.merge import TEXT
from broadsheet.papers.models import Paper

# Reading the texts is four fifths of a list's cost, and most requests are for the same few editions.
plain = lru_cache(maxsize=8192)(tex.plain)
_named_links = lru_cache(maxsize=2048)(find_links)


def forget() -> None:
    """Empty the caches of shown texts, for measurements."""
    plain.cache_clear()
    _named_links.cache_clear()
    tex.pieces.cache_clear()


_SOURCE_NAMES = {"arxiv": "arXiv", "sample": "Sample edition"}


def list_items(
    papers: Sequence[Paper],
    visitor: Visitor | None = None,
    *,
    searched: bool = False,
    found: dict[int, Around] | None = None,
) -> list[Json]:
    """Return papers as the items of a list, in a few queries however many they are.

    visitor: who asks. searched: whether to tell which of them the visitor voted for, as search does.
    found: what stands around the papers, where it has been read already.
    """
    known = people.standing_around(papers, visitor, found)
    items = []
    for paper in papers:
        standing = known.of(paper)
        item = list_item(paper, standing, known.followed)
        items.append(item | {"upvoted": standing.voted} if searched else item)
    return items


def list_item(paper: Paper, standing: Standing = NOBODY, followed: frozenset[str] = frozenset()) -> Json:
    """Return a paper as an item of a list.

    standing: who has to do with it. followed: names of readers whom the one who asks follows.
    Clients look for most fields either in ``paper`` or outside of it, never in both places, so they stand in both and
    are equal. The outer ``publishedAt`` is the day of the edition (docs/decisions/0005).
    """
    inner = _facts(paper, standing, followed)
    item: Json = {
        "paper": inner,
        "publishedAt": inner.get("submittedOnDailyAt"),
        "title": inner["title"],
        "summary": inner["summary"],
        "thumbnail": "",
        "numComments": paper.comments,
        "submittedBy": inner["submittedOnDailyBy"],
        "isAuthorParticipating": standing.author_participates,
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


def paper_object(
    paper: Paper,
    visitor: Visitor | None = None,
    found: dict[int, Around] | None = None,
    told: Sequence[Shown] | None = None,
) -> Json:
    """Return a paper as the flat object of its own endpoint.

    found, told: what stands around the paper, and the facts about it, where they have been read already.
    """
    known = people.standing_around([paper], visitor, found)
    standing = known.of(paper)
    return (
        _facts(paper, standing, known.followed)
        | {
            "numComments": paper.comments,
            "upvoted": standing.voted,
            "isAuthorParticipating": standing.author_participates,
            "source": paper.source,
        }
        | _linked(paper, told)
    )


def _linked(paper: Paper, told: Sequence[Shown] | None) -> Json:
    """Return what at the Hub names a paper, the most used of each kind, as far as the Hub was asked for it.

    Counts end at a hundred, as the Hub tells no more at once.
    """
    if told is None:
        value = value_of(paper, "hub") if paper.pk else {}
    else:
        value = next((one.value for one in told if one.kind == "hub"), {})
    facts: Json = {}
    for kind, name in (("models", "Models"), ("datasets", "Datasets"), ("spaces", "Spaces")):
        shelf = value.get(kind, {})
        facts |= {f"linked{name}": shelf.get("top", []), f"numTotal{name}": shelf.get("number", 0)}
    return facts


def _facts(paper: Paper, standing: Standing, followed: frozenset[str]) -> Json:
    """Return the part that lists hold in ``paper`` and that the paper's endpoint gives flat."""
    facts: Json = {
        "id": paper.key,
        "authors": [_author(paper, name, standing, followed) for name in paper.authors],
        "title": plain(paper.title),
        "summary": plain(paper.abstract),
        # What the text is, where it is not the authors' own abstract, is told and not left to be guessed.
        "summaryKind": paper.abstract_kind,
        "upvotes": paper.votes,
        "discussionId": object_id("discussion", paper.key),
        "categories": list(paper.categories),
        "submittedOnDailyBy": people.account(standing.submitter, followed)
        if standing.submitter
        else _source(paper.source),
    }
    if paper.pk:
        facts["_id"] = paper_id(paper.pk)
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
    if standing.organization:
        facts["organization"] = people.organization(standing.organization)
    elif paper.organization:
        facts["organization"] = _organization(paper.organization_slug, paper.organization)
    if paper.trending is not None:
        facts["trendingScore"] = round(paper.trending, 4)
    return facts | _links(paper)


def _author(paper: Paper, name: str, standing: Standing, followed: frozenset[str]) -> Json:
    """Return an author, with the account of the reader whose name this verifiedly is."""
    author: Json = {"_id": object_id(name, paper.key), "name": plain(name), "hidden": False}
    if reader := standing.authors.get(name):
        author |= {"user": people.account(reader, followed), "status": "claimed_verified"}
    return author


def paper_id(pk: int) -> str:
    """Return a paper's object id: its number here, as 24 hex characters."""
    return f"{pk:024x}"


def _links(paper: Paper) -> Json:
    """Return code and project page as far as they are known.

    ``githubRepoAddedBy`` is ``user`` where a reader set it here and ``auto`` where comment or abstract was read:
    whether a person or a program found it elsewhere, sources do not say.
    """
    facts: Json = {}
    if code := code_url(paper):
        facts["githubRepo"] = code
        if code != paper.code_url or paper.code_by == TEXT:
            facts["githubRepoAddedBy"] = "auto"
        elif paper.code_by:
            facts["githubRepoAddedBy"] = "user"
        if code == paper.code_url and paper.code_by in ("", TEXT) and paper.code_stars is not None:
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
