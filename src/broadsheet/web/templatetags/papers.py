"""How parts of a paper are shown in templates: its text with mathematics, its authors, plain numbers and dates."""

from calendar import day_name, month_name
from datetime import date

from django import template
from django.utils.safestring import SafeString

from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain, to_html

register = template.Library()

FEW = 4
"""Authors on a card; one more than a common team, so that "and 1 more" is rare."""


@register.filter
def title_html(paper: Paper) -> SafeString:
    """Return a paper's title as safe HTML."""
    return to_html(paper.title, links=False)


@register.filter
def abstract_html(paper: Paper) -> SafeString:
    """Return a paper's abstract as safe HTML with links."""
    return to_html(paper.abstract)


@register.filter
def as_html(text: str) -> SafeString:
    """Return any text of a source as safe HTML."""
    return to_html(text)


@register.filter
def as_plain(text: str) -> str:
    """Return any text of a source as plain text, for titles of windows and the like."""
    return plain(text)


@register.filter
def few_authors(paper: Paper) -> str:
    """Return the first authors, and how many more there are."""
    authors = [plain(author) for author in paper.authors]
    more = len(authors) - FEW
    if more <= 1:
        return ", ".join(authors)
    return f"{', '.join(authors[:FEW])} and {more} more"


@register.filter
def long_date(day: date | None) -> str:
    """Return a date in full, its weekday and year included; the pages are written in English throughout."""
    return f"{day_name[day.weekday()]}, {day.day} {month_name[day.month]} {day.year}" if day else ""


@register.filter
def short_date(day: date | None) -> str:
    """Return a date with its year, which is never left out: a saved page must stay clear after New Year."""
    return f"{day.day} {month_name[day.month][:3]} {day.year}" if day else ""


@register.filter
def host(url: str) -> str:
    """Return the host of an address, for a link's text."""
    return url.split("//", 1)[-1].split("/", 1)[0].removeprefix("www.")
