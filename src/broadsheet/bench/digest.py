"""What choosing for variety costs in votes and gains in variety, on recorded editions: ``ranking.diversity``."""

import json
import lzma
import math
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

import numpy as np

from broadsheet.bench.votes import opened
from broadsheet.errors import BadInput
from broadsheet.papers import tex
from broadsheet.ranking import diversity

TOP = 10
LEAST_PAPERS = 20
BALANCES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4)


class Featured(NamedTuple):
    """A paper of an edition as the files tell it. kind: its first category."""

    day: date
    text: str
    kind: str
    votes: int


@dataclass(frozen=True, slots=True)
class Row:
    """One weight of votes over all editions of a kind. same_kind: papers of TOP that share a category, on average.

    most_same_kind: in the worst edition. alike: mean cosine of words between the papers chosen. ndcg: against votes,
    as log2(1 + votes). kept: papers of TOP by votes that are among those chosen.
    """

    edition: str
    editions: int
    balance: float
    same_kind: float
    most_same_kind: int
    alike: float
    ndcg: float
    kept: float


def measure(paths: Sequence[Path]) -> list[Row]:
    """Choose TOP papers from each recorded day and week with LEAST_PAPERS at least, and tell what each weight does.

    paths: JSON-lines files with daily_date and upvotes, and with categories, joined by id.
    Raises BadInput for a file that cannot be read, and where no edition has enough papers.
    """
    days: defaultdict[object, list[Featured]] = defaultdict(list)
    weeks: defaultdict[object, list[Featured]] = defaultdict(list)
    for paper in _featured(paths):
        days[paper.day].append(paper)
        weeks[paper.day.isocalendar()[:2]].append(paper)
    rows = [*_rows("day", list(days.values())), *_rows("week", list(weeks.values()))]
    if not rows:
        raise BadInput(
            f"No edition in {', '.join(map(str, paths))} has {LEAST_PAPERS} papers with votes and categories.",
            "Give files that hold daily_date and upvotes, and categories of the same ids.",
        )
    return rows


def _rows(name: str, editions: Sequence[list[Featured]]) -> list[Row]:
    enough = [edition for edition in editions if len(edition) >= LEAST_PAPERS]
    found: defaultdict[float, list[tuple[int, float, float, int]]] = defaultdict(list)
    for edition in enough:
        papers = sorted(edition, key=lambda paper: -paper.votes)
        likeness = diversity.Likeness([paper.text for paper in papers], [paper.kind for paper in papers])
        worth = diversity.relevance([paper.votes for paper in papers], [None] * len(papers))
        worth /= worth.max(initial=0) or 1  # recorded papers have no trending score
        for balance in BALANCES:
            picked = diversity.chosen(worth, likeness, np.arange(len(papers)), TOP, balance=balance)
            found[balance].append(_judged(papers, picked, likeness))
    return [
        Row(
            name,
            len(enough),
            balance,
            mean(same for same, *_ in judged),
            max(same for same, *_ in judged),
            mean(alike for _, alike, *_ in judged),
            mean(ndcg for _, _, ndcg, _ in judged),
            mean(kept for *_, kept in judged),
        )
        for balance, judged in found.items()
    ]


def _judged(
    papers: Sequence[Featured], picked: Sequence[int], likeness: diversity.Likeness
) -> tuple[int, float, float, int]:
    """Return papers of one category, mean likeness, nDCG, and papers kept of the best by votes, who stand first."""
    same = max(Counter(papers[place].kind for place in picked).values())
    pairs = [likeness.of_words(one, np.array([other])).item() for one in picked for other in picked if other > one]
    gains = [math.log2(1 + paper.votes) for paper in papers]
    ideal = sum(gain / math.log2(place + 2) for place, gain in enumerate(gains[:TOP]))
    found = sum(gains[paper] / math.log2(place + 2) for place, paper in enumerate(picked))
    return same, mean(pairs), found / ideal if ideal else 1.0, sum(place < TOP for place in picked)


def _featured(paths: Sequence[Path]) -> Iterator[Featured]:
    voted: dict[str, dict[str, Any]] = {}
    kinds: dict[str, str] = {}
    for path in paths:
        for row in _rows_of(path):
            if row.get("daily_date") and "upvotes" in row:
                voted[row["id"]] = row
            if row.get("categories"):
                kinds[row["id"]] = row["categories"][0]
    for key, row in voted.items():
        if key in kinds:
            text = tex.plain(f"{row['title']}\n{row.get('abstract', '')}")
            yield Featured(date.fromisoformat(row["daily_date"]), text, kinds[key], int(row["upvotes"]))


def _rows_of(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with opened(path) as lines:
            for line in lines:
                yield json.loads(line)
    except (OSError, EOFError, ValueError, lzma.LZMAError) as error:
        raise BadInput(
            f"{path} cannot be read: {error}.", "Give files of JSON lines (.jsonl, also .gz, .xz)."
        ) from error


def run(paths: Sequence[Path], *, as_json: bool) -> None:
    """Print the table."""
    rows = measure(paths)
    if as_json:
        print(json.dumps({"published": diversity.BALANCE, "rows": [asdict(row) for row in rows]}, indent=1))
        return
    print(f"{TOP} papers of each edition with {LEAST_PAPERS} or more; published weight {diversity.BALANCE:g}", end="")
    print(f", Python {sys.version.split()[0]}")
    print(f"{'edition':<9}{'number':>7}{'weight':>8}{'one category':>14}{'worst':>7}{'alike':>8}{'nDCG':>8}{'kept':>7}")
    for row in rows:
        numbers = f"{row.same_kind:>14.2f}{row.most_same_kind:>7}{row.alike:>8.4f}{row.ndcg:>8.4f}{row.kept:>7.2f}"
        print(f"{row.edition:<9}{row.editions:>7}{row.balance:>8g}{numbers}")
