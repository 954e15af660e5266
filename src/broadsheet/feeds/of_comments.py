"""The discussion of a paper as a feed: what everybody may read of it."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from broadsheet.community.models import Comment
from broadsheet.feeds.of_papers import page_of
from broadsheet.feeds.options import Options
from broadsheet.feeds.shape import NAME, Feed, Item, line, link, paragraphs, uri, urn
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain

NOBODY = "A closed account"


def feed(paper: Paper, options: Options, *, site: str, path: str) -> Feed:
    """Return the comments on a paper as a feed, the newest first; neither hidden nor deleted ones.

    site: the address of the site without a final slash. path: the feed's own path, with its question.
    """
    said = Comment.objects.filter(paper=paper, deleted=None, hidden=None).select_related("author")
    if options.days:
        said = said.filter(posted__gte=timezone.now() - timedelta(days=options.days))
    items = tuple(_item(one, paper, site) for one in said.order_by("-posted", "-pk")[: options.n])
    title = line(plain(paper.title)) or paper.key
    return Feed(
        id=urn("comments", site, paper.key, options.question()),
        title=f"Comments: {title} – {NAME}",
        about=f"What readers of {NAME} say about “{title}”.",
        page=uri(page_of(paper, site)),
        address=uri(site + path),
        updated=max((item.updated for item in items), default=paper.added),
        items=items,
    )


def _item(said: Comment, paper: Paper, site: str) -> Item:
    address = site + reverse("comment", args=[said.public_id])
    author = line(said.author.shown_name) or said.author.username if said.author else NOBODY
    back = link(page_of(paper, site), plain(paper.title) or paper.key)
    return Item(
        id=urn("comment", said.public_id),
        address=address,
        title=f"{author} {'replies' if said.parent_id else 'comments'}",
        # As it was written: Markdown reads well as text, and its formulas need no MathML so.
        html=f"{paragraphs(said.text, lines=True)}<p>On {back}</p>",
        published=said.posted,
        updated=max(said.posted, said.edited or said.posted),
        authors=(author,),
    )
