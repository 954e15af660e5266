"""Plots of a few lines over time, as numbers for SVG: where lines, bands and names lie. Drawing is a template's."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from math import ceil, floor
from typing import NamedTuple

WIDTH, HEIGHT = 760, 340
LEFT, RIGHT, TOP, BOTTOM = 46, 128, 14, 34
"""Room about the plot: for numbers, for the names of lines, and for the names of moments."""

MOST_MOMENTS = 9
"""Names of moments that fit below the plot."""
_APART = 17.0
"""Least distance between two names of lines."""
_SLIM = 5.0
_STEPS = (0.01, 0.02, 0.05, 0.1, 0.2)


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
    """One line. number: from 0, which tells its colour. path, band: data of SVG paths. label: where its name stands."""

    name: str
    number: int
    path: str
    band: str
    dots: tuple[Dot, ...]
    label: float


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot of lines over moments. left, right, bottom: the edges of its field."""

    lines: tuple[Line, ...]
    across: tuple[Tick, ...]
    down: tuple[Tick, ...]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def plot(moments: Sequence[str], lines: Sequence[tuple[str, Sequence[Value | None]]]) -> Plot | None:
    """Lay out lines over moments; None where there is no value.

    moments: oldest first. lines: name and a value for each moment, None where there is none; the line is broken there.
    """
    values = [value for _, many in lines for value in many if value]
    if not values:
        return None
    step, low, high = _scale(min(value.low for value in values), max(value.high for value in values))
    across = [_across(number, len(moments)) for number in range(len(moments))]

    def down(value: float) -> float:
        return round(TOP + (HEIGHT - BOTTOM - TOP) * (high - value) / (high - low), 1)

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
            made.append(Line(name, number, path, " ".join(bands), flat, flat[-1].y))
    every = -(-len(moments) // MOST_MOMENTS)
    named = [Tick(x, moment) for x, moment in list(zip(across, moments, strict=True))[::-1][::every]]
    count = round((high - low) / step)
    ticks = [Tick(down(low + step * at), f"{low + step * at:.2f}") for at in range(count + 1)]
    return Plot(_labelled(made), tuple(named[::-1]), tuple(ticks))


def _across(number: int, count: int) -> float:
    wide = WIDTH - RIGHT - LEFT - 24
    return round(LEFT + 12 + (wide * number / (count - 1) if count > 1 else wide / 2), 1)


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


def _labelled(lines: Sequence[Line]) -> tuple[Line, ...]:
    """Move names apart that would stand upon one another, and back up where they would leave the plot."""
    ordered = sorted(lines, key=lambda line: line.label)
    places: list[float] = []
    for line in ordered:
        places.append(max(line.label, places[-1] + _APART) if places else line.label)
    over = max(0.0, places[-1] - (HEIGHT - BOTTOM)) if places else 0.0
    found = {line.name: round(place - over, 1) for line, place in zip(ordered, places, strict=True)}
    return tuple(Line(line.name, line.number, line.path, line.band, line.dots, found[line.name]) for line in lines)
