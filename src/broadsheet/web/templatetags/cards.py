"""The card of a paper, which lists show many times. Put together here: as a template it took five times the time."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.utils.safestring import SafeString

from broadsheet.hub import code_url, plain, project_url
from broadsheet.papers.escaping import escape
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import to_html
from broadsheet.web.templatetags.papers import few_authors, paper_address, short_date
from broadsheet.web.templatetags.voting import Page, control, page_of

register = template.Library()


@register.simple_tag(takes_context=True)
def paper_card(context: dict[str, Any], paper: Paper, why: str = "") -> SafeString:
    """Return a paper as a card of a list, as safe HTML.

    why: the reason it is on this list, as plain text. Shows what a view put beside the paper: ``marked_title`` and
    ``passage``, safe HTML both, instead of the bare title and before the abstract; ``organization`` and what
    ``vote_control`` reads.
    """
    return SafeString(_card(page_of(context), paper, why))


@register.simple_tag(takes_context=True)
def paper_cards(context: dict[str, Any], shown: Iterable[tuple[Paper, str]]) -> SafeString:
    """Return papers as the cards of a list, each with the reason it is there, as ``paper_card`` returns one."""
    page = page_of(context)
    return SafeString("".join([_card(page, paper, why) for paper, why in shown]))


def _card(page: Page, paper: Paper, why: str) -> str:
    name, address = escape(plain(paper.title)), escape(paper_address(paper.key))
    beside = vars(paper)
    title = beside.get("marked_title") or to_html(paper.title, links=False)
    passage = beside.get("passage", "")
    return f"""
<article class="paper" id="paper-{paper.pk}">
<h2><a href="{address}">{title}</a></h2>
{_byline(paper)}
{'<p class="mark">withdrawn</p>' if paper.withdrawn else ""}
{f'<p class="passage">{passage}</p>' if passage else ""}
{_abstract(paper, name, "abstract behind" if passage else "abstract")}
<ul class="facts">
{f'<li class="why">{escape(why)}</li>' if why else ""}
<li class="votes">{control(page, paper, name, address)}</li>
{_comments(paper.comments)}
{_links(paper, name)}
{f'<li class="categories">{escape(" ".join(map(str, paper.categories)))}</li>' if paper.categories else ""}
{_day(paper)}
</ul>
</article>
"""


def _byline(paper: Paper) -> str:
    if not paper.authors:
        return ""
    group = f' <span class="organization">{escape(paper.organization)}</span>' if paper.organization else ""
    return f'<p class="byline">{escape(few_authors(paper))}{group}</p>'


def _abstract(paper: Paper, name: str, names: str) -> str:
    """Return the abstract and what unfolds it. names: the classes of its paragraph."""
    if not paper.abstract:
        return ""
    kind = '<span class="mark">description</span> ' if paper.abstract_kind == "description" else ""
    return f"""\
<p class="{names}">{kind}{to_html(paper.abstract)}</p>
<details class="unfold"><summary>Whole {escape(paper.abstract_kind)}<span class="unseen"> of {name}</span></summary>\
</details>"""


def _comments(number: int) -> str:
    return f"<li>{number} comment{'' if number == 1 else 's'}</li>" if number else ""


def _links(paper: Paper, name: str) -> str:
    """Return the lines of the code and of the project page."""
    code, project = code_url(paper), project_url(paper)
    lines = ["", ""]
    if code:
        lines[0] = f"<li>{_link(code, 'Code', name)}{_stars(paper) if code == paper.code_url else ''}</li>"
    if project:
        lines[1] = f"<li>{_link(project, 'Project', name)}</li>"
    return "\n".join(lines)


def _link(address: str, what: str, name: str) -> str:
    return f'<a href="{escape(address)}" rel="nofollow noopener">{what}<span class="unseen"> of {name}</span></a>'


def _stars(paper: Paper) -> str:
    if paper.code_stars is None:
        return ""
    return f' <span class="stars">★ {paper.code_stars}<span class="unseen"> stars</span></span>'


def _day(paper: Paper) -> str:
    if not paper.day:
        return ""
    return f'<li><time datetime="{paper.day.isoformat()}">{short_date(paper.day)}</time></li>'
