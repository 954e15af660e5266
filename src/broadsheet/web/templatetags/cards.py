"""The card of a paper, which lists show many times. Put together here: as a template it took five times the time."""

from collections.abc import Iterable
from datetime import date
from functools import lru_cache
from typing import Any

from django import template
from django.utils.safestring import SafeString

from broadsheet.hub import code_url, project_url
from broadsheet.papers.escaping import escape
from broadsheet.papers.models import Paper
from broadsheet.web.cards import texts
from broadsheet.web.templatetags.papers import few_authors, quoted_key, short_date
from broadsheet.web.templatetags.voting import Page, control, page_of

register = template.Library()


@register.simple_tag(takes_context=True)
def paper_card(context: dict[str, Any], paper: Paper, why: str = "") -> SafeString:
    """Return a paper as a card of a list, as safe HTML.

    why: the reason it is on this list, as plain text. Shows what a view put beside the paper: ``texts``, instead of
    the bare title and abstract, and what ``vote_control`` reads.
    """
    return SafeString(_card(page_of(context), paper, why))


@register.simple_tag(takes_context=True)
def paper_cards(context: dict[str, Any], shown: Iterable[tuple[Paper, str]]) -> SafeString:
    """Return papers as the cards of a list, each with the reason it is there, as ``paper_card`` returns one."""
    page = page_of(context)
    return SafeString("".join([_card(page, paper, why) for paper, why in shown]))


def _card(page: Page, paper: Paper, why: str) -> str:
    shown = texts(paper)
    name, address, passage = escape(shown.name), escape(page.before_keys + quoted_key(paper.key)), shown.passage
    return f"""
<article class="paper" id="paper-{paper.id}">
<h2><a href="{address}">{shown.title}</a></h2>
{_byline(paper)}
{'<p class="mark">withdrawn</p>' if paper.withdrawn else ""}
{f'<p class="passage">{passage}</p>' if passage else ""}
{_abstract(paper, shown.abstract, name, "abstract behind" if passage else "abstract")}
<ul class="facts">
{f'<li class="why">{escape(why)}</li>' if why else ""}
<li class="votes">{control(page, paper, name, address)}</li>
{_comments(paper.comments)}
{_links(paper, name)}
{f'<li class="categories">{escape(" ".join(map(str, paper.categories)))}</li>' if paper.categories else ""}
{_day(paper.day) if paper.day else ""}
</ul>
</article>
"""


def _byline(paper: Paper) -> str:
    if not paper.authors:
        return ""
    group = f' <span class="organization">{escape(paper.organization)}</span>' if paper.organization else ""
    return f'<p class="byline">{escape(few_authors(paper))}{group}</p>'


def _abstract(paper: Paper, abstract: str, name: str, names: str) -> str:
    """Return the abstract, given as safe HTML, and what unfolds it. names: the classes of its paragraph."""
    if not paper.abstract:
        return ""
    kind = '<span class="mark">description</span> ' if paper.abstract_kind == "description" else ""
    return f"""\
<p class="{names}">{kind}{abstract}</p>
<details class="unfold"><summary>Whole {escape(paper.abstract_kind)}<span class="unseen"> of {name}</span></summary>\
</details>"""


def _comments(number: int) -> str:
    return f"<li>{number} comment{'' if number == 1 else 's'}</li>" if number else ""


def _links(paper: Paper, name: str) -> str:
    """Return the lines of the code and of the project page."""
    if not paper.code_url and not paper.project_url and "/" not in paper.abstract:  # in which no address is, then
        return "\n"
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


@lru_cache(maxsize=16_384)  # the days of as many papers as there are: those of thirty years are 11,000
def _day(day: date) -> str:
    return f'<li><time datetime="{day.isoformat()}">{short_date(day)}</time></li>'
