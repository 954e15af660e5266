"""Plots of a few lines over time, as numbers for SVG: where lines, bands and names lie. Drawing is a template's.

Each is laid out twice: for a page, and for a phone, where nothing scaled down could be read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import ceil, floor
from typing import NamedTuple

TOP = 14
"""Room above the plot, for half of the uppermost number."""
_MOMENTS = 34
"""Room below the plot, for the names of moments."""
_APART = 17.0
"""Least distance between two names of lines."""
_SAMPLE = 34
"""Room before a name below the plot, for a piece of its line."""
_SLIM = 5.0
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)


class Shape(NamedTuple):
    """How a plot is laid out, in units of which a letter is 12 high.

    left: room for numbers. beside: room for the names of lines at their ends; 0 puts them below the plot, two in a row.
    margin: between the edges of the field and the first and last values, and beside a field without names there, so
    that the name of the last moment fits. moments: names of them that fit.
    """

    name: str
    width: int
    height: int
    left: int
    beside: int
    margin: int
    moments: int


WIDE = Shape("wide", 760, 340, 46, 128, 12, 9)
NARROW = Shape("narrow", 336, 304, 38, 0, 18, 4)
"""A phone's: 360 pixels less the margins of the page, so that letters keep their size."""
SHAPES = (WIDE, NARROW)


class Value(NamedTuple):
    """A value with the bounds between which it is believed to lie."""

    mean: float
    low: float
    high: float


class Dot(NamedTuple):
    """One value of a line. x, y: where. moment, value: what it is, for who points at it."""

    x: float
    y: float
    moment: str
    value: Value


class Tick(NamedTuple):
    """A place on an axis with what stands there."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line. number: from 0, which tells its colour. path, band: data of SVG paths. name_x, name_y: of its name.

    sample: data of a path that shows the line beside its name, empty where the name stands at the line's end.
    """

    name: str
    number: int
    path: str
    band: str
    dots: tuple[Dot, ...]
    name_x: float
    name_y: float
    sample: str = ""


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of lines over moments. right, bottom: edges of its field, whose left one is the shape's."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]
    shape: Shape
    right: int
    bottom: int


def plot(
    moments: Sequence[str], lines: Sequence[tuple[str, Sequence[Value | None]]], shape: Shape = WIDE
) -> Plot | None:
    """Lay out lines over moments; None where there is no value.

    moments: oldest first. lines: name and a value for each moment, None where there is none; the line is broken there.
    """
    values = [value for _, many in lines for value in many if value]
    if not values:
        return None
    step, low, high = _scale(min(value.low for value in values), max(value.high for value in values))
    right = shape.width - max(shape.beside, shape.margin)
    bottom = shape.height - _MOMENTS - (0 if shape.beside else _rows(len(lines)))
    across = [_across(number, len(moments), right, shape) for number in range(len(moments))]

    def down(value: float) -> float:
        return round(TOP + (bottom - TOP) * (high - value) / (high - low), 1)

    made = []
    for number, (name, many) in enumerate(lines):
        dots = [
            Dot(x, down(value.mean), moment, value) if value else None
            for x, moment, value in zip(across, moments, many, strict=True)
        ]
        runs = [list(run) for there, run in groupby(dots, key=lambda dot: dot is not None) if there]
        whole = [[dot for dot in run if dot] for run in runs]
        if whole:
            bands = ((_band([(dot.x, down(dot.value.low), down(dot.value.high)) for dot in run])) for run in whole)
            path = " ".join(_path([(dot.x, dot.y) for dot in run]) for run in whole)
            flat = tuple(dot for run in whole for dot in run)
            made.append(Line(name, number, path, " ".join(bands), flat, right + 6, flat[-1].y))
    every = -(-len(moments) // shape.moments)
    named = [Tick(x, moment) for x, moment in list(zip(across, moments, strict=True))[::-1][::every]]
    count = round((high - low) / step)
    ticks = [Tick(down(low + step * at), f"{low + step * at:.2f}") for at in range(count + 1)]
    named_lines = _at_their_ends(made, bottom) if shape.beside else _below(made, bottom, shape)
    return Plot(named_lines, tuple(named[::-1]), tuple(ticks), shape, right, bottom)


def _across(number: int, count: int, right: int, shape: Shape) -> float:
    first, last = shape.left + shape.margin, right - shape.margin
    return round(first + (last - first) * (number / (count - 1) if count > 1 else 0.5), 1)


def _scale(low: float, high: float) -> tuple[float, float, float]:
    """Return the step between two ticks, and the ends of the axis, so that some five steps hold all values."""
    step = next((step for step in _STEPS if (high - low) / step <= 6), _STEPS[-1])
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return step, first * step, max(last, first + 1) * step


def _path(points: Sequence[tuple[float, float]]) -> str:
    return "M" + " L".join(f"{x} {y}" for x, y in points)


def _band(points: Sequence[tuple[float, float, float]]) -> str:
    """Return the area between the lower and the upper bounds; of a single point, which has no width, a slim one."""
    if len(points) == 1:
        x, low, high = points[0]
        points = [(round(x - _SLIM, 1), low, high), (round(x + _SLIM, 1), low, high)]
    around = [(x, high) for x, _, high in points] + [(x, low) for x, low, _ in reversed(points)]
    return f"{_path(around)} Z"


def _at_their_ends(lines: Sequence[Line], bottom: int) -> tuple[Line, ...]:
    """Move names apart that would stand upon one another, and back up where they would leave the plot."""
    ordered = sorted(lines, key=lambda line: line.name_y)
    places: list[float] = []
    for line in ordered:
        places.append(max(line.name_y, places[-1] + _APART) if places else line.name_y)
    over = max(0.0, places[-1] - bottom) if places else 0.0
    found = {line.name: round(place - over, 1) for line, place in zip(ordered, places, strict=True)}
    return tuple(replace(line, name_y=found[line.name]) for line in lines)


def _below(lines: Sequence[Line], bottom: int, shape: Shape) -> tuple[Line, ...]:
    """Put names below the plot, two in a row, each behind a piece of its line."""
    found = []
    for place, line in enumerate(lines):
        x = (place % 2) * shape.width / 2 + _SAMPLE
        y = bottom + _MOMENTS + _APART * (place // 2) + _APART / 2
        sample = _path([(x - _SAMPLE + 4, y), (x - 6, y)])
        found.append(replace(line, name_x=x, name_y=y, sample=sample))
    return tuple(found)


def _rows(lines: int) -> int:
    """Return the room that so many names need below the plot."""
    return ceil(-(-lines // 2) * _APART)
