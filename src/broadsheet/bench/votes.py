"""Recorded vote histories as something to predict: what was known of papers on a day, and what they gained after it.

No ranking is judged here; that is ``bench.trending``.
"""

import gzip
import json
import lzma
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BadInput
from broadsheet.papers.scores import votes_by_day

Numbers = NDArray[np.float64]
Readings = tuple[tuple[date, int], ...]

TOP = 10
LEAST_PAPERS = 2 * TOP
SEED = 20261121


class History(NamedTuple):
    """One paper's votes over time: the day of its edition, and (day, votes so far) as read, one a day, in order."""

    first_day: date
    readings: Readings


@dataclass(frozen=True)
class Seen:
    """What is known of a paper at the end of a day: the readings up to that day."""

    first_day: date
    readings: Readings
    day: date

    @property
    def age(self) -> int:
        """Days since the edition, 0 for a paper seen before its edition."""
        return max(0, (self.day - self.first_day).days)

    @property
    def votes(self) -> int:
        """Votes at the newest reading."""
        return self.readings[-1][1]

    @cached_property
    def cast(self) -> dict[date, float]:
        """Votes by day, shared out as the product does it."""
        return votes_by_day(self.readings, self.first_day)


class Panel(NamedTuple):
    """Papers to rank on one day, and the votes that each of them gained afterwards."""

    day: date
    papers: Sequence[Seen]
    gains: Numbers


class Task(NamedTuple):
    """How many days ahead a ranking must see; several: papers of more than one edition are ranked together."""

    name: str
    least: int
    most: int
    several: bool = True


TASKS = (
    Task("next day", 1, 1),
    Task("2-3 days", 2, 3),
    Task("4-6 days", 4, 6),
    Task("7-31 days", 7, 31),
)
ONE_EDITION = Task("one edition", 1, 1, several=False)
THIS_WEEK = Task("this week", 1, 1)
_LONGEST = max(task.most for task in TASKS)
_A_WEEK = 7

Gained = tuple[Seen, float]
Found = Mapping[tuple[date, date], Sequence[Gained]]


def measured(histories: Iterable[History]) -> Found:
    """Collect, by (day, later day), the papers read on both, with the votes gained between: nothing is guessed."""
    found: defaultdict[tuple[date, date], list[Gained]] = defaultdict(list)
    for first_day, readings in histories:
        for known, (day, votes) in enumerate(readings, start=1):
            seen = Seen(first_day, readings[:known], day)
            for later, count in readings[known:]:
                if (later - day).days <= _LONGEST:
                    found[day, later].append((seen, max(0, count - votes)))
    return found


def shared_out(histories: Iterable[History]) -> Found:
    """Collect, by (day, next day), all papers with readings around it at most a week apart, votes shared evenly.

    This ranks the editions of a whole week together, as the trending page does, at the price of a guess that is kind
    to old papers: in truth votes come early, so that most of a gap's votes fall into its first days.
    """
    found: defaultdict[tuple[date, date], list[Gained]] = defaultdict(list)
    for first_day, readings in histories:
        for known, ((day, votes), (later, count)) in enumerate(pairwise(readings), start=1):
            gap = (later - day).days
            for on in (day + timedelta(days=step) for step in range(gap if gap <= _A_WEEK else 0)):
                seen = Seen(first_day, readings[:known], on)
                found[on, on + timedelta(days=1)].append((seen, max(0, count - votes) / gap))
    return found


def panels_of(task: Task, found: Found) -> list[Panel]:
    """Choose for each day the nearest later day that suits the task and leaves enough papers to rank.

    Papers are shuffled (seeded), so that equal scores gain nothing from the order of the file.
    """
    random = np.random.default_rng(SEED)
    panels: dict[date, Panel] = {}
    for (day, later), gained in sorted(found.items(), key=lambda item: item[0]):
        editions = Counter(seen.first_day for seen, _ in gained)
        several = len(gained) - max(editions.values()) >= len(gained) / 5
        enough = len(gained) >= LEAST_PAPERS and sum(gain > 0 for _, gain in gained) >= TOP
        if day not in panels and enough and several == task.several and task.least <= (later - day).days <= task.most:
            order = random.permutation(len(gained))
            panels[day] = Panel(day, [gained[i][0] for i in order], np.array([gained[i][1] for i in order]))
    return list(panels.values())


def all_panels(histories: Sequence[History]) -> dict[str, list[Panel]]:
    """Return the panels of every task by the task's name, some perhaps without any."""
    by_readings = measured(histories)
    panels = {task.name: panels_of(task, by_readings) for task in (*TASKS, ONE_EDITION)}
    return panels | {THIS_WEEK.name: panels_of(THIS_WEEK, shared_out(histories))}


def read_histories(path: Path) -> list[History]:
    """Read histories from a JSON-lines file (.jsonl, also .gz or .xz) with ``daily_date`` and ``upvotes_seen``.

    Rows without these fields are passed over. Of several readings on one day the last stands.
    Raises BadInput, naming the file, the line and what is expected.
    """
    try:
        with opened(path) as lines:
            found = (_history(line, f"{path}, line {number},") for number, line in enumerate(lines, start=1))
            return [history for history in found if history]
    except (OSError, EOFError, UnicodeError, lzma.LZMAError) as error:
        raise BadInput(
            f"{path} cannot be read: {error}.", "Give a file of JSON lines, such as votes.jsonl.xz."
        ) from error


def opened(path: Path) -> IO[str]:
    """Open a text file that may be compressed, as its name ends."""
    match path.suffix:
        case ".xz":
            return lzma.open(path, "rt", encoding="utf-8")
        case ".gz":
            return gzip.open(path, "rt", encoding="utf-8")
        case _:
            return path.open(encoding="utf-8")


def _history(line: str, place: str) -> History | None:
    try:
        row = json.loads(line)
        if not (row.get("daily_date") and row.get("upvotes_seen")):
            return None
        seen = {date.fromisoformat(day): int(votes) for day, votes in row["upvotes_seen"]}
        return History(date.fromisoformat(row["daily_date"]), tuple(sorted(seen.items())))
    except (ValueError, TypeError, AttributeError) as error:
        raise BadInput(
            f"{place} is not a record with a vote history: {error}.",
            'A line holds "daily_date": "2026-05-29" and "upvotes_seen": [["2026-05-29", 4], ["2026-05-30", 9]].',
        ) from error
