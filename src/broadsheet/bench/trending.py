"""Backtest of the trending formula and its rivals on recorded vote histories. The formula itself: ``ranking.scores``.

A task is a distance into the future: on a day every system ranks the same papers by what readings up to that day
tell, and is judged by the votes that these papers gained until a later reading. Gains are differences of two real
readings; only the task ``this week`` shares votes out between readings. Parameters are chosen on the days of even ISO
weeks and reported on those of odd ones.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np

from broadsheet.bench.votes import SEED, TASKS, TOP, History, Numbers, Panel, Seen, all_panels, read_histories
from broadsheet.errors import BadInput
from broadsheet.papers.scores import HALF_LIFE, trending_of

CHOSEN = "trending (as published)"
MEASURES = ("overlap@10", "nDCG@10", "Spearman")
OVERALL = "overall"
RESAMPLES = 1000


Panels = Mapping[str, Sequence[Panel]]
System = Callable[[Seen], float]


def decayed(
    hours: float,
    *,
    damp: Callable[[float], float] = float,
    prior: float = 0,
    cast: Callable[[Seen], Mapping[date, float]] = lambda seen: seen.cast,
) -> System:
    """Make forward decay with a half-life in hours; damp bends a day's votes, prior are votes given to every paper."""

    def score(seen: Seen) -> float:
        votes = {day: damp(number) for day, number in cast(seen).items()}
        if prior:
            votes[seen.first_day] = votes.get(seen.first_day, 0) + prior
        found = trending_of(votes, half_life=timedelta(hours=hours))
        return -math.inf if found is None else found

    return score


def at_reading(seen: Seen) -> dict[date, float]:
    """Place new votes on the day of the reading that showed them, without sharing them out."""
    (first, votes), *later = seen.readings
    cast = {min(first, seen.first_day): float(votes)}
    for day, number in later:
        cast[day] = cast.get(day, 0) + max(0, number - votes)
        votes = number
    return cast


def gravity(power: float) -> System:
    """Make (votes - 1) / (age in hours + 2)^power, Hacker News's form; a reading is taken to be made at midday."""
    return lambda seen: max(0, seen.votes - 1) / (24 * seen.age + 14) ** power


def hot(hours: float) -> System:
    """Make log10(votes) + time / hours, Reddit's form (12.5 h) and about Lobsters' (22 h)."""
    return lambda seen: math.log10(max(1, seen.votes)) + 24 * seen.first_day.toordinal() / hours


def plain_votes(seen: Seen) -> float:
    """All votes, whatever their age."""
    return seen.votes


def newest_first(seen: Seen) -> float:
    """Newest edition first, then by votes: the order of the day lists one after the other."""
    return seen.first_day.toordinal() + seen.votes / 1e6


def last_votes(seen: Seen) -> float:
    """Votes a day since the reading before the newest; it changes as time passes, so it needs a nightly sweep."""
    if len(seen.readings) == 1:
        return seen.votes / (1 + seen.age)
    (before, votes), (newest, now) = seen.readings[-2:]
    return (now - votes) / (newest - before).days


class Family(NamedTuple):
    """A formula with one parameter and the values tried for it."""

    name: str
    make: Callable[[float], System]
    values: Sequence[float]


FAMILIES = (
    Family("forward decay {:g} h", decayed, (6, 12, 18, 24, 36, 48, 72, 120, 168, 336)),
    Family("(votes-1)/(age+2)^{:g}", gravity, (0.5, 1, 1.4, 1.8, 2.4)),
    Family("log10(votes)+time/{:g} h", hot, (12.5, 22, 48, 72, 120, 168, 240)),
)
_HOURS = HALF_LIFE / timedelta(hours=1)
SYSTEMS: Mapping[str, System] = {
    CHOSEN: decayed(_HOURS),
    "trending, votes at reading": decayed(_HOURS, cast=at_reading),
    "trending, root of day's votes": decayed(_HOURS, damp=math.sqrt),
    "trending, log of day's votes": decayed(_HOURS, damp=lambda votes: math.log2(1 + votes)),
    "trending, 3 votes each first": decayed(_HOURS, prior=3),
    "trending, 10 votes each first": decayed(_HOURS, prior=10),
    "plain votes": plain_votes,
    "newest edition, votes": newest_first,
    "votes of the last day": last_votes,
    "Hacker News (power 1.8)": gravity(1.8),
    "Reddit hot (12.5 h)": hot(12.5),
}


def ranks(values: Numbers) -> Numbers:
    """Return the rank of each value from 1, lowest first; equal values share the mean of their ranks."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place], dtype=np.float64)


def judge(system: System, panel: Panel) -> Numbers:
    """Return the MEASURES of one ranking: share of its top ten among the ten that gained most, nDCG@10, Spearman."""
    scores = np.array([system(seen) for seen in panel.papers])
    top = panel.gains[np.argsort(-scores, kind="stable")[:TOP]]
    best = np.sort(panel.gains)[::-1][:TOP]
    discount = 1 / np.log2(np.arange(2, TOP + 2))
    a, b = ranks(scores), ranks(panel.gains)
    even = a.std() == 0 or b.std() == 0
    spearman = 0.0 if even else float(np.corrcoef(a, b)[0, 1])
    return np.array([np.mean(top >= best[-1]), (top @ discount) / (best @ discount), spearman])


Judged = Mapping[str, Mapping[date, Numbers]]


def judge_all(system: System, panels: Panels) -> Judged:
    """Return the measures by task and day; under OVERALL, each day's mean over the measured tasks it has."""
    judged = {name: {panel.day: judge(system, panel) for panel in some} for name, some in panels.items()}
    by_day: defaultdict[date, list[Numbers]] = defaultdict(list)
    for task in TASKS:
        for day, values in judged[task.name].items():
            by_day[day].append(values)
    return {OVERALL: {day: np.mean(values, axis=0) for day, values in by_day.items()}} | judged


@dataclass(frozen=True)
class Figure:
    """A mean over days with its 95% bootstrap interval, and the interval of its difference to the reference."""

    system: str
    task: str
    measure: str
    mean: float
    low: float
    high: float
    difference: float
    difference_low: float
    difference_high: float

    @property
    def sign(self) -> str:
        """Tell whether the system is clearly better (+) or worse (-) than the reference."""
        return "+" if self.difference_low > 0 else "-" if self.difference_high < 0 else " "


def compare(name: str, judged: Judged, reference: Judged) -> list[Figure]:
    """Return a system's figures for every task and measure; days are drawn anew RESAMPLES times, seeded."""
    figures = []
    for task, by_day in judged.items():
        if not by_day:
            continue
        values = np.array(list(by_day.values()))
        apart = values - np.array(list(reference[task].values()))
        draws = np.random.default_rng(SEED).integers(0, len(values), (RESAMPLES, len(values)))
        spread = np.percentile(values[draws].mean(axis=1), (2.5, 97.5), axis=0)
        apart_spread = np.percentile(apart[draws].mean(axis=1), (2.5, 97.5), axis=0)
        for at, measure in enumerate(MEASURES):
            numbers = (values[:, at].mean(), *spread[:, at], apart[:, at].mean(), *apart_spread[:, at])
            figures.append(Figure(name, task, measure, *(round(float(number), 4) for number in numbers)))
    return figures


@dataclass(frozen=True)
class Report:
    """What a backtest found. days: by task, the days tuned on, the days reported on, and the median of papers a day.

    tuning: every parameter tried, by OVERALL nDCG@10, compared with its family's best. figures: every system on the
    days reported, compared with CHOSEN.
    """

    histories: int
    days: Mapping[str, tuple[int, int, float]]
    tuning: Sequence[Figure]
    figures: Sequence[Figure]

    def figure(self, system: str, task: str = OVERALL, measure: str = "nDCG@10") -> Figure:
        """Return one of the figures reported. Raises StopIteration where there is none."""
        return next(one for one in self.figures if (one.system, one.task, one.measure) == (system, task, measure))


def tuned(family: Family, panels: Panels) -> tuple[float, list[Figure]]:
    """Return the family's best value on these panels, and the figures of all values against it."""
    judged = {value: judge_all(family.make(value), panels) for value in family.values}
    best = max(judged, key=lambda value: float(np.mean(list(judged[value][OVERALL].values()), axis=0)[1]))
    figures = [
        figure
        for value, found in judged.items()
        for figure in compare(family.name.format(value), found, judged[best])
        if (figure.task, figure.measure) == (OVERALL, "nDCG@10")
    ]
    return best, figures


def backtest(histories: Sequence[History], *, say: Callable[[str], None] = lambda _: None) -> Report:
    """Tune the families on even ISO weeks, then judge them and all other systems on odd ones.

    Args:
        histories: votes over time of many papers; panels need twenty papers read on the same two days.
        say: is told what is being done.

    Raises:
        BadInput: there are not enough readings for a single day of both halves.
    """
    panels = all_panels(histories)
    tuning, reported = (
        {name: [panel for panel in some if panel.day.isocalendar().week % 2 == odd] for name, some in panels.items()}
        for odd in (0, 1)
    )
    if not all(any(half[task.name] for task in TASKS) for half in (tuning, reported)):
        raise BadInput(
            f"{len(histories)} vote histories hold no two days on which the same papers of several editions were read.",
            "A backtest needs twenty papers and more, each read on several days, over some weeks.",
        )
    systems = dict(SYSTEMS)
    tried: list[Figure] = []
    for family in FAMILIES:
        say(f"tuning {family.name.format(math.nan).replace('nan', '?')}: {len(family.values)} values")
        best, figures = tuned(family, tuning)
        tried += figures
        # The published formula is a member of the first family: its tuned twin would only repeat a row.
        if (family.make, best) != (decayed, _HOURS):
            systems[f"{family.name.format(best)}, tuned"] = family.make(best)
    reference = judge_all(systems[CHOSEN], reported)
    figures = []
    for name, system in systems.items():
        say(f"judging {name}")
        figures += compare(name, judge_all(system, reported), reference)
    days = {
        name: (len(tuning[name]), len(reported[name]), median(len(panel.papers) for panel in some) if some else 0)
        for name, some in panels.items()
    }
    return Report(len(histories), days, tried, figures)


def table(report: Report) -> str:
    """Set the report as plain text: a cell is the mean, half its 95% interval, and + or - where clearly not CHOSEN."""
    tasks = [OVERALL, *(name for name, (_, odd, _) in report.days.items() if odd)]
    lines = [f"{report.histories} vote histories. Days tuned on, days reported, median papers a day:"]
    lines += [f"  {name:<12}{even:>5}{odd:>5}{papers:>7.0f}" for name, (even, odd, papers) in report.days.items()]
    lines += ["", "Tuning, even weeks: overall nDCG@10, difference to the best of the family (95% interval)"]
    for one in report.tuning:
        apart = f"{one.difference:+.3f} ({one.difference_low:+.3f} to {one.difference_high:+.3f})"
        lines.append(f"  {one.system:<32}{one.mean:.3f}  {apart}")
    for measure in MEASURES:
        lines += ["", f"{measure:<34}" + "".join(f"{task:<14}" for task in tasks)]
        for system in dict.fromkeys(one.system for one in report.figures):
            row = (report.figure(system, task, measure) for task in tasks)
            lines.append(
                f"{system:<34}" + "".join(f"{one.mean:.3f} ±{(one.high - one.low) / 2:.3f}{one.sign} " for one in row)
            )
    return "\n".join(lines)


def run(path: Path, *, as_json: bool) -> None:
    """Run the backtest on a file of vote histories and print its table, or JSON. Progress goes to standard error."""

    def say(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    say(f"reading {path}")
    report = backtest(read_histories(path), say=say)
    print(json.dumps(asdict(report), indent=1, ensure_ascii=False) if as_json else table(report))
