"""Lists of papers as feeds: which papers, since when, and what an entry says of each."""

from datetime import UTC, datetime, time, timedelta
from html import escape
from urllib.parse import urlsplit

from django.urls import reverse

from broadsheet.accounts.models import User
from broadsheet.feeds.options import Options
from broadsheet.feeds.shape import NAME, Feed, Item, Link, line, link, paragraphs, uri, urn
from broadsheet.hub import code_url, project_url
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import entries, listings, lists
from broadsheet.ranking.entries import Entered
from broadsheet.ranking.listings import Listing
from broadsheet.sources import arxiv_ids, paper_ids

NAMED = 20
"""Authors named in the text of an entry; all of them stand in its data."""
_BEGUN = datetime(2000, 1, 1, tzinfo=UTC)


def feed(listed: Listing, options: Options, *, site: str, path: str, reader: User | None = None) -> Feed:
    """Return a list as a feed, what entered it last first.

    site: the address of the site without a final slash. path: the feed's own path, with its question. reader: whose
    private feed it is.
    """
    entered = entries.on_list(listed, viewer=reader, least_votes=options.votes, days=options.days, limit=options.n)
    items = tuple(_item(one, site, abstract=options.abstract) for one in entered)
    title = line(listings.title(listed))
    return Feed(
        id=urn("feed", site, reader.public_id if reader else "", listed.key, options.question()),
        title=f"{title} – {NAME}",
        about=_about(title, options),
        page=uri(site + listings.path(listed)),
        address=uri(site + path),
        updated=max((item.updated for item in items), default=_newest()),
        items=items,
    )


def paper_id(paper: Paper) -> str:
    """Return the id of a paper in every feed, here and elsewhere: neither its title nor its version is part of it."""
    return f"https://arxiv.org/abs/{paper.key}" if arxiv_ids.is_arxiv(paper.key) else urn("paper", paper.key)


def page_of(paper: Paper, site: str) -> str:
    """Return the address of a paper's page."""
    return f"{site}{reverse('paper', args=[paper.key])}"


def _item(entered: Entered, site: str, *, abstract: bool) -> Item:
    paper, at = entered.paper, entered.at
    links = _links(paper)
    tags = dict.fromkeys(line(category) for category in paper.categories)
    return Item(
        id=paper_id(paper),
        address=page_of(paper, site),
        title=line(plain(paper.title)) or paper.key,
        html=_html(entered, links, site, abstract=abstract),
        published=at,
        updated=max(at, paper.updated or at),
        authors=tuple(name for author in paper.authors if (name := line(plain(author)))),
        tags=tuple(tag for tag in tags if tag),
        links=links,
    )


def _links(paper: Paper) -> tuple[Link, ...]:
    name, address = paper_ids.original(paper.key)
    found = [Link(uri(address), "text/html", name)] if address else []
    if arxiv_ids.is_arxiv(paper.key):
        found.append(Link(f"https://arxiv.org/pdf/{paper.key}", "application/pdf", "PDF"))
    more = ((code_url(paper), "Code"), (project_url(paper), "Project"))
    return (*found, *(Link(uri(address), "text/html", name) for address, name in more if _leads(address)))


def _leads(address: str) -> bool:
    """Whether an address that came with a paper has a host to go to; one without would make the whole feed invalid."""
    try:
        return bool(urlsplit(uri(address)).hostname)
    except ValueError:
        return False


def _html(entered: Entered, links: tuple[Link, ...], site: str, *, abstract: bool) -> str:
    """Return the text of an entry. No formula of it needs more than letters: many readers of feeds show no MathML."""
    paper = entered.paper
    parts = [f"<p><em>{escape(line(entered.why))}</em></p>"] if entered.why else []
    if names := _names(paper.authors):
        parts.append(f"<p>{names}</p>")
    if paper.withdrawn:
        parts.append("<p><strong>This paper has been withdrawn.</strong></p>")
    if abstract and paper.abstract:
        if paper.abstract_kind == "description":
            parts.append("<p><em>A description; the authors’ own abstract is at arXiv.</em></p>")
        parts.append(paragraphs(plain(paper.abstract)))
    ways = " · ".join([link(page_of(paper, site), NAME), *(link(one.address, one.name) for one in links)])
    categories = escape(line(" ".join(paper.categories)))
    parts.append(f"<p>{categories}{' · ' if categories else ''}{ways}</p>")
    return "".join(parts)


def _names(authors: list[str]) -> str:
    more = len(authors) - NAMED
    shown = authors if more <= 1 else authors[:NAMED]
    names = escape(line(plain(", ".join(shown))))
    return names if more <= 1 else f"{names} and {more} more"


def _about(title: str, options: Options) -> str:
    least = f", with at least {options.votes} vote{'' if options.votes == 1 else 's'}" if options.votes else ""
    days = f", of the last {options.days} day{'' if options.days == 1 else 's'}" if options.days else ""
    return f"{title}{least}{days}: what {NAME} has newest."


def _newest() -> datetime:
    """Return when a feed without entries was last as it is, which nothing of its own tells: before the newest edition.

    That may be Monday's on a Friday, and no feed is of days to come.
    """
    day = lists.newest_day()
    return datetime.combine(day, time(), UTC) - timedelta(days=4) if day else _BEGUN
