"""How parts of a paper are shown in templates: its text with mathematics, its authors, plain numbers and dates."""

import re
from calendar import day_name, month_name
from datetime import date
from functools import lru_cache

from django import template
from django.templatetags.static import static
from django.urls import get_script_prefix, reverse
from django.utils.safestring import SafeString

from broadsheet.hub import code_url, plain, project_url
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import to_html
from broadsheet.ranking.lists import Period

register = template.Library()

FEW = 4
"""Authors on a card; one more than a common team, so that "and 1 more" is rare."""

_MONTHS = [name[:3] for name in month_name[1:]]  # calendar asks the machine for its language each time
_ANY_KEY = "0704.0001"
_PLAIN_KEY = re.compile(r"[A-Za-z0-9.:/-]+")


@register.simple_tag
def at(name: str, *parts: str) -> str:
    """Return the address of a page as ``url`` does, remembered, for what stands on a page many times."""
    return _reversed(get_script_prefix(), name, parts)


@register.simple_tag
def asset(path: str) -> str:
    """Return the address of a static file as ``static`` does, remembered, for what stands on every page."""
    return _of_asset(path)


@lru_cache(maxsize=64)
def _of_asset(path: str) -> str:
    return static(path)


def paper_address(key: str) -> str:
    """Return the address of a paper's page as ``at`` does."""
    return before_keys() + quoted_key(key)


def before_keys() -> str:
    """Return what the addresses of all papers begin with."""
    return at("paper", _ANY_KEY).removesuffix(_ANY_KEY)


def quoted_key(key: str) -> str:
    """Return the key of a paper as it stands in the address of its page. Most keys need no quoting."""
    return key if _PLAIN_KEY.fullmatch(key) else at("paper", key).removeprefix(before_keys())


@lru_cache(maxsize=4096)
def _reversed(_: str, name: str, parts: tuple[str, ...]) -> str:
    return reverse(name, args=parts)


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
    more = len(paper.authors) - FEW
    if more <= 1:
        return plain(", ".join(paper.authors))
    return f"{plain(', '.join(paper.authors[:FEW]))} and {more} more"


@register.filter
def code(paper: Paper) -> str:
    """Return the address of a paper's code: as a source told it, else as its abstract names it."""
    return code_url(paper)


@register.filter
def project(paper: Paper) -> str:
    """Return the address of a paper's project page in the same way."""
    return project_url(paper)


@register.filter
def named(period: Period) -> str:
    """Return the name of a period as a heading says it."""
    if period.kind == "month":
        return f"{month_name[period.first.month]} {period.first.year}"
    return long_date(period.first) if period.kind == "day" else f"Week of {long_date(period.first).split(', ')[1]}"


@register.filter
def long_date(day: date | None) -> str:
    """Return a date in full, its weekday and year included; the pages are written in English throughout."""
    return f"{day_name[day.weekday()]}, {day.day} {month_name[day.month]} {day.year}" if day else ""


@register.filter
def short_date(day: date | None) -> str:
    """Return a date with its year, which is never left out: a saved page must stay clear after New Year."""
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else ""
