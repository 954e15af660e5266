"""Each week's benchmark: tasks with known answers, made of the papers of that week, which no model has seen.

After LiveXiv (Shabtay et al., 2024). Asking the queries lives in ``live_asking``, what is told of the answers in
``live_report``, keeping them in ``live_actions``.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from difflib import SequenceMatcher
from itertools import combinations
from typing import NamedTuple

import numpy as np

from broadsheet.enrich.frequencies import Frequencies
from broadsheet.errors import BadInput
from broadsheet.papers import phrases
from broadsheet.papers.models import Paper
from broadsheet.papers.sentences import split
from broadsheet.papers.tex import plain
from broadsheet.search.tuning import SYSTEMS, Ranking

QUERIES = 100
"""Queries of each task, where the week has so many."""

FEWEST = 20
"""A task with fewer queries is left out: its mean would tell nothing."""

LEAST_PAPERS = 200
"""A week with fewer papers gives no benchmark."""

RARE = 10
"""A set of categories that no more papers of the week share is rare."""

LIKE = 0.75
"""Titles of one first author that are alike by so much are parts of a series."""

NEWER_THAN = date(2023, 12, 31)
"""The text that a published model has learnt from may reach to here: all-MiniLM-L6-v2's to 2021, and
multilingual-e5-small's to 2023. An older week would not be new to it."""

_SENTENCE_WORDS = range(8, 41)
_KEYWORDS = 3
_PHRASES = 6
_ISO_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)

TASKS: dict[str, str] = {
    "title": "The title is asked for, and the paper has to be found that it was taken from.",
    "sentence": "One sentence of the abstract is asked for, and the paper has to be found that it was taken from.",
    "keywords": "Key phrases of an abstract, three words at most, are asked for, and the paper has to be found.",
    "neighbours": "The title of a paper is asked for within its week; papers of the same rare set of categories count.",
    "series": "The title of a paper is asked for; others of its series, or of all its authors, in that week count.",
}
"""What is asked, in a sentence each."""

RANKINGS: dict[str, Ranking] = {
    name: replace(ranking, titles=False)
    for name, ranking in {
        **SYSTEMS,
        "min-max": Ranking(fusion="weighted"),
        "reciprocal ranks": Ranking(fusion="rrf"),
        "weight 0.3": Ranking(weight=0.3),
        "weight 0.7": Ranking(weight=0.7),
        "one weight": Ranking(by_length=False),
        "RM3": Ranking(feedback="rm3"),
        "Rocchio": Ranking(feedback="rocchio"),
    }.items()
}
"""The systems that are told apart each week; none puts exact titles first, which would answer the first task."""


class Week(NamedTuple):
    """A week by ISO 8601. name: such as 2025-W40. first, last: its Monday and Sunday."""

    name: str
    first: date
    last: date

    @property
    def seed(self) -> int:
        """Return a number of this week's own, so that a rerun draws the same."""
        return self.first.toordinal()


@dataclass(frozen=True, slots=True)
class Item:
    """One query with its answers. task: of TASKS. query: plain words. paper: the key of the paper it was made of.

    masked: what its document lacks while it is asked: ``title``, or the sentence itself. grades: of the papers that
    count, by key. within: only papers of the week are asked. field: its first category.
    """

    task: str
    query: str
    paper: str
    field: str
    year: int
    grades: Mapping[str, int]
    masked: bool = False
    within: bool = False


@dataclass(frozen=True, slots=True)
class Made:
    """The benchmark of a week. most: queries of a task. left_out: why a task has no queries, by task."""

    week: Week
    papers: int
    most: int
    items: tuple[Item, ...]
    left_out: Mapping[str, str]


def rankings(names: Sequence[str]) -> dict[str, Ranking]:
    """Return the systems of some names, all of them for none, in the order of RANKINGS. Raises BadInput for others."""
    for name in names:
        if name not in RANKINGS:
            raise BadInput(f"{name[:40]!r} is no system of a week's benchmark.", f"There are {', '.join(RANKINGS)}.")
    return {name: ranking for name, ranking in RANKINGS.items() if not names or name in names}


def week_named(name: str) -> Week:
    """Read a week such as 2025-W40. Raises BadInput for what is none."""
    found = _ISO_WEEK.fullmatch(name.strip())
    try:
        first = date.fromisocalendar(int(found[1]), int(found[2]), 1) if found else None
    except ValueError:
        first = None
    if first is None:
        raise BadInput(f"{name[:40]!r} is no week.", "Weeks are written by ISO 8601, such as 2025-W40.")
    return _week(first)


def last_whole_week(today: date) -> Week:
    """Return the newest week that has ended, of which late papers have had two days to come in."""
    settled = today - timedelta(days=2)
    return _week(settled - timedelta(days=settled.isoweekday() + 6))


def weeks_upto(week: Week, count: int) -> list[Week]:
    """Return so many weeks that end with one, oldest first."""
    return [_week(week.first - timedelta(weeks=back)) for back in reversed(range(count))]


def make(week: Week, *, queries: int = QUERIES) -> Made:
    """Make the benchmark of a week from the papers of its editions; the same papers give the same queries.

    queries: of each task at most. No paper is the answer of two of the first three tasks, so that each has one
    document, and nothing is masked of those whose key phrases are asked for.
    """
    papers = sorted(Paper.objects.standing().of_days(week.first, week.last).exclude(abstract=""), key=lambda p: p.key)
    random = np.random.default_rng(week.seed)
    mixed = [papers[place] for place in random.permutation(len(papers))]
    third = len(mixed) // 3
    made: dict[str, Iterator[Item]] = {
        "title": _titles(mixed[:third]),
        "sentence": _sentences(mixed[third : 2 * third], random),
        "keywords": _keywords(mixed[2 * third :], papers),
        "neighbours": _neighbours(mixed),
        "series": _series(mixed),
    }
    items: list[Item] = []
    left_out = {}
    for task, found in made.items():
        some = [item for item, _ in zip(found, range(queries), strict=False)]
        if len(some) >= min(FEWEST, queries):
            items += some
        else:
            left_out[task] = f"The week has {len(some)} queries for it, {FEWEST} are needed."
    return Made(week, len(papers), queries, tuple(items), left_out)


def masked_text(paper: Paper, item: Item) -> tuple[str, str]:
    """Return title and abstract of a paper without what the item asks for."""
    title, abstract = plain(paper.title), plain(paper.abstract)
    if item.task == "title":
        return "", abstract
    return title, " ".join(one for one in split(abstract) if one != item.query)


def field_of(paper: Paper) -> str:
    """Return the first category of a paper."""
    return str(paper.categories[0]) if paper.categories else "none"


def _titles(papers: Sequence[Paper]) -> Iterator[Item]:
    for paper in papers:
        yield _item("title", paper, plain(paper.title), {paper.key: 1}, masked=True)


def _sentences(papers: Sequence[Paper], random: np.random.Generator) -> Iterator[Item]:
    """One sentence of each abstract that has three or more, neither short nor long, which stands in it once."""
    for paper in papers:
        all_of_it = split(plain(paper.abstract))
        fit = [one for one in all_of_it if len(one.split()) in _SENTENCE_WORDS and all_of_it.count(one) == 1]
        if len(all_of_it) >= 3 and fit:
            sentence = fit[int(random.integers(len(fit)))]
            yield _item("sentence", paper, sentence, {paper.key: 1}, masked=True)


def _keywords(papers: Sequence[Paper], week: Sequence[Paper]) -> Iterator[Item]:
    """The weightiest key phrases of each abstract that make three words at most together: a short query.

    week: all papers of it, of which is counted how rare a phrase is. Titles are not read for the phrases.
    """
    known = Frequencies.empty()
    for paper in week:
        known.count(paper.title, paper.abstract)
    for paper in papers:
        words: list[str] = []
        for one in phrases.choose("", paper.abstract, known.papers, known.of, most=_PHRASES):
            more = one.text.split()
            words += more if len(words) + len(more) <= _KEYWORDS else []
        if words:
            yield _item("keywords", paper, " ".join(words), {paper.key: 1})


def _neighbours(papers: Sequence[Paper]) -> Iterator[Item]:
    """Papers whose set of two or more categories is rare in the week, with those of the same set (2) and of a rare set
    that differs by one category (1)."""
    by_set: defaultdict[frozenset[str], list[Paper]] = defaultdict(list)
    for paper in papers:
        by_set[frozenset(paper.categories)].append(paper)
    rare = {kinds: some for kinds, some in by_set.items() if len(kinds) > 1 and len(some) <= RARE}
    near = {kinds: [other for other in rare if _one_apart(kinds, other)] for kinds in rare}
    for paper in papers:
        kinds = frozenset(paper.categories)
        if len(rare.get(kinds, ())) > 1:
            grades = {other.key: 1 for like in near[kinds] for other in rare[like]}
            grades |= {other.key: 2 for other in rare[kinds] if other.key != paper.key}
            yield _item("neighbours", paper, plain(paper.title), grades, within=True)


def _one_apart(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether one set is the other with one category more, and they share two at least."""
    return len(one ^ other) == 1 and len(one & other) > 1


def _series(papers: Sequence[Paper]) -> Iterator[Item]:
    """Papers with others of their series in the week: of the same authors, or of one first author and like titles."""
    by_first: defaultdict[str, list[Paper]] = defaultdict(list)
    for paper in papers:
        if paper.authors:
            by_first[paper.authors[0]].append(paper)
    # Sets of authors may come in another order, with another first one.
    by_authors: defaultdict[frozenset[str], list[Paper]] = defaultdict(list)
    for paper in papers:
        if len(paper.authors) > 1:
            by_authors[frozenset(paper.authors)].append(paper)
    parts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    pairs = [pair for some in by_authors.values() for pair in combinations(some, 2)]
    pairs += [pair for some in by_first.values() for pair in combinations(some, 2) if _alike(*pair)]
    for one, other in pairs:
        parts[one.key][other.key] = parts[other.key][one.key] = 1
    for paper in papers:
        if paper.key in parts:
            yield _item("series", paper, plain(paper.title), parts[paper.key])


def _alike(one: Paper, other: Paper) -> bool:
    """Whether two titles read like parts of one work: "On Graphs, Part I" and "On Graphs, Part II"."""
    ours, theirs = (plain(paper.title).casefold() for paper in (one, other))
    return SequenceMatcher(None, ours, theirs, autojunk=False).ratio() >= LIKE


def _item(
    task: str, paper: Paper, query: str, grades: Mapping[str, int], *, masked: bool = False, within: bool = False
) -> Item:
    year = paper.day.year if paper.day else 0
    return Item(task, query, paper.key, field_of(paper), year, grades, masked, within)


def _week(day: date) -> Week:
    year, number, weekday = day.isocalendar()
    first = day - timedelta(days=weekday - 1)
    return Week(f"{year}-W{number:02}", first, first + timedelta(days=6))
