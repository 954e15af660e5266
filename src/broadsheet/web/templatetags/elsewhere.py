"""What other places tell of a paper beyond the line in its facts: stars over time, things at the Hub, citations."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import template

from broadsheet.enrich import citations, facts, orcids, stars
from broadsheet.enrich.elsewhere_looks import counted, hub_address
from broadsheet.enrich.stars import Reading
from broadsheet.papers.models import Paper
from broadsheet.sources.hub import KINDS
from broadsheet.web.cards import out_of_sight

register = template.Library()

WIDTH, HEIGHT = 240, 48


class Curve(NamedTuple):
    """Readings as a line to draw. points: for a polyline of WIDTH by HEIGHT. alternative: what it shows, in words."""

    points: str
    alternative: str
    first: Reading
    last: Reading
    readings: list[Reading]


class Shelf(NamedTuple):
    """Things of one kind at the Hub. heading: how many. things: name, address, and how often loaded or liked."""

    heading: str
    things: list[tuple[str, str, str]]


class Elsewhere(NamedTuple):
    """What there is to show. orcids: iDs by the place of the author."""

    orcids: dict[int, str]
    curve: Curve | None
    shelves: list[Shelf]
    near: citations.Near | None
    place: str


@register.simple_tag(takes_context=True)
def told_elsewhere(context: Mapping[str, Any], paper: Paper, known: list[facts.Shown]) -> Elsewhere:
    """Return what other places tell of a paper: no query where they tell nothing, some where they do.

    known: its facts. Of papers that cite each other those are left out that the reader set aside, as everywhere.
    """
    shown = [fact for fact in known if fact.kind in ("stars", "hub", "citations", "orcid")]
    values = {fact.kind: fact.value for fact in shown}
    named = [fact.source for fact in shown if fact.kind == "citations"]
    return Elsewhere(
        orcids.of_authors(paper, shown),
        curve(stars.history(values["stars"])) if "stars" in values else None,
        [_shelf(kind, values["hub"][kind]) for kind in KINDS if kind in values.get("hub", {})],
        citations.near(paper, out_of_sight(context["request"])) if named else None,
        " and ".join(named),
    )


@register.filter
def at_place(known: dict[int, str], place: int) -> str:
    """Return what stands at a place, '' where nothing does."""
    return known.get(place, "")


def curve(readings: list[Reading]) -> Curve | None:
    """Return the line of stars over time; None for fewer than two days, of which a line would say nothing."""
    if len(readings) < 2:
        return None
    counts = [reading.stars for reading in readings]
    days = [reading.day.toordinal() for reading in readings]
    low, high = min(counts), max(counts)

    def point(day: int, count: int) -> str:
        across = (day - days[0]) / (days[-1] - days[0]) * (WIDTH - 4) + 2
        up = (count - low) / (high - low) if high > low else 0.5
        return f"{across:.1f},{HEIGHT - 2 - up * (HEIGHT - 4):.1f}"

    first, last = readings[0], readings[-1]
    words = f"Stars from {first.day:%Y-%m-%d} to {last.day:%Y-%m-%d}: {first.stars} became {last.stars}."
    points = " ".join(point(day, count) for day, count in zip(days, counts, strict=True))
    return Curve(points, words, first, last, readings)


def _shelf(kind: str, shelf: dict[str, Any]) -> Shelf:
    things = [(row["id"], hub_address(kind, row["id"]), _liked(row)) for row in shelf["top"]]
    more = ", such as" if shelf["number"] > len(things) else ""
    return Shelf(f"{counted(shelf, kind)}{more}", things)


def _liked(row: dict[str, Any]) -> str:
    told = [
        f"{row[field]} {field if row[field] != 1 else field[:-1]}" for field in ("downloads", "likes") if field in row
    ]
    return ", ".join(told)
