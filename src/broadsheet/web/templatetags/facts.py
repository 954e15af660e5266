"""What was found out about a paper, as its page shows it."""

from typing import NamedTuple

from django import template

from broadsheet.enrich.facts import Shown
from broadsheet.enrich.looks import LOOKS
from broadsheet.papers.models import Paper

register = template.Library()


class Apart(NamedTuple):
    """A fact that stands in a paragraph of its own. heading: what it is and who chose it."""

    shown: Shown
    heading: str


class Told(NamedTuple):
    """The facts of a paper. lines: those of a few words."""

    lines: list[Shown]
    apart: list[Apart]


@register.simple_tag
def facts_of(paper: Paper, known: list[Shown]) -> Told:
    """Return the facts for the section of the page; key phrases only where no source brought some."""
    shown = [one for one in known if LOOKS[one.kind].page and not (one.kind == "phrases" and paper.keywords)]
    lines = [one for one in shown if not LOOKS[one.kind].apart]
    apart = [Apart(one, _heading(one)) for one in shown if LOOKS[one.kind].apart]
    return Told(lines, apart)


def _heading(one: Shown) -> str:
    if one.kind == "extract":
        return f"Extract: two sentences of the abstract, {one.origin}, {one.date:%Y-%m-%d}."
    return f"{one.label}, {one.origin}, {one.date:%Y-%m-%d}."
