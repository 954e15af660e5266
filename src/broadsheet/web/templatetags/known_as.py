"""By which other ids a paper is known, and which rows were made this paper, for its page."""

from collections.abc import Sequence

from django import template

from broadsheet.community import merging
from broadsheet.papers import identities
from broadsheet.papers.models import Merging, Paper

register = template.Library()


@register.simple_tag
def other_ids(paper: Paper) -> Sequence[tuple[str, str]]:
    """Return the other ids of a paper, each with its address, '' where it has none."""
    return identities.links_of(paper)


@register.simple_tag
def merged_rows(paper: Paper) -> Sequence[Merging]:
    """Return the mergings that made a paper what it is, the newest first."""
    return merging.shown_of(paper)
