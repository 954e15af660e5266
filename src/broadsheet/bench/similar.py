"""``bench similar``: how good similar papers and related work of a draft are, by judges that see what no ranking does.

``authors``: papers with two of the same authors, for rankings that leave authors out (``same_hands``); ``series``:
those with all of the same authors within a month. ``categories``: papers of the same rare set of categories, for
rankings that leave categories out. ``keywords``: papers that share rare keywords of a file that somebody else made,
which no index here holds. Titles of one series ("Part I", "Part II") are no judge: they are alike in words by
definition. What is judged is ``similar_systems``.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import islice
from pathlib import Path

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured, Report, Score
from broadsheet.bench.known_item import field_of
from broadsheet.bench.same_hands import FEWEST_AUTHORS, MOST_AUTHORS, Half, Hands
from broadsheet.bench.similar_systems import SYSTEMS
from broadsheet.bench.subgroups import within
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.sources.jsonl import JsonLines
from broadsheet.sources.record import Record

DEPTH = 10
MEASURES: dict[str, Score] = {"nDCG@10": measures.ndcg, "R@10": partial(measures.recall, depth=DEPTH)}
TEXTS, NEAR = (1, 101, 151, 201), (1, 2, 3, 6, 11)
"""Words of a text, and papers that count as near, with which each group of papers begins."""
RARE = 30
"""Papers that hold a keyword, at most, for it to say that two of them belong together."""
MONTH = timedelta(31)
MOST_GRADE = 3
"""Keywords in common that count; more make no paper better."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is asked and which papers answer. qrels: grades by key, for each paper asked by primary key.

    judged: the keys of all papers that were judged, None for all: others are left out of a ranking before it is scored.
    """

    name: str
    qrels: Mapping[int, Mapping[str, int]]
    judged: frozenset[str] | None = None


def by_authors(hands: Hands, queries: int, seed: int, half: Half) -> Judged:
    """Return papers of one half that have near ones by the same hands."""
    return Judged("authors", _first(hands, queries, seed, half, hands.near))


def by_series(hands: Hands, queries: int, seed: int, half: Half) -> Judged:
    """Return papers of one half with others that all of the same authors came out with within a month."""
    by: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for pk, row in hands.rows.items():
        if row.day and FEWEST_AUTHORS <= len(row.authors) <= MOST_AUTHORS:
            by[frozenset(row.authors)].append(pk)
    return Judged("series", _first(hands, queries, seed, half, lambda pk: _beside(hands, pk, by)))


def by_categories(hands: Hands, queries: int, seed: int, half: Half) -> Judged:
    """Return papers of one half whose set of two or more categories is rare, with the others that have it."""
    by: defaultdict[frozenset[str], list[int]] = defaultdict(list)
    for pk, row in hands.rows.items():
        if len(row.categories) > 1:
            by[frozenset(row.categories)].append(pk)
    rare = {kinds: own for kinds, own in by.items() if 1 < len(own) <= RARE}

    def near(pk: int) -> list[int]:
        return [other for other in rare.get(frozenset(hands.rows[pk].categories), ()) if other != pk]

    return Judged("categories", _first(hands, queries, seed, half, near))


JUDGES = {"authors": by_authors, "series": by_series, "categories": by_categories}


def by_keywords(hands: Hands, keywords: Mapping[str, frozenset[str]], queries: int, seed: int, half: Half) -> Judged:
    """Return papers of one half that share rare keywords with others, graded by how many.

    keywords: by key of the paper. Only papers that have some are judged.
    """
    pks = {row.key: pk for pk, row in hands.rows.items()}
    known = {key: own for key, own in keywords.items() if key in pks}
    held: defaultdict[str, set[str]] = defaultdict(set)
    for key, own in known.items():
        for keyword in own:
            held[keyword].add(key)
    qrels: dict[int, dict[str, int]] = {}
    for pk in hands.drawn(seed, half):
        key = hands.rows[pk].key
        rare = (keyword for keyword in known.get(key, ()) if len(held[keyword]) <= RARE)
        shared = Counter(other for keyword in rare for other in held[keyword] if other != key)
        if shared:
            qrels[pk] = {other: min(number, MOST_GRADE) for other, number in shared.items()}
        if len(qrels) >= queries:
            break
    return Judged("keywords", qrels, frozenset(known))


def keywords_of(path: Path) -> dict[str, frozenset[str]]:
    """Return the keywords of each paper of a file in the record format that has some. Raises BadInput for none."""
    rows = (item.row for item in JsonLines(path).fetch())
    found = {
        row.id: frozenset(" ".join(word.casefold().split()) for word in row.keywords)
        for row in rows
        if isinstance(row, Record) and row.keywords
    }
    if not found:
        raise BadInput(f"No paper of {path} has keywords.", "Give a file whose rows hold a list of keywords.")
    return found


def measure(judged: Judged, hands: Hands, systems: Sequence[str], report: Report) -> Measured:
    """Ask for papers similar to each of the judged, of each system. report: called with (done, total) questions."""
    papers = Paper.objects.in_bulk(list(judged.qrels))
    found = Measured(len(hands.rows), {paper.key: paper.title for paper in papers.values()}, next(iter(MEASURES)))
    found.groups = _groups(papers, judged)
    done, total = 0, len(systems) * len(papers)
    for system in systems:
        found.scores[system] = {name: {} for name in MEASURES}
        found.milliseconds[system] = []
        for pk, paper in papers.items():
            began = time.perf_counter()
            near = SYSTEMS[system](paper)
            found.milliseconds[system].append(1000 * (time.perf_counter() - began))
            keys = [hands.rows[one].key for one in near if one in hands.rows and one != pk]
            ranking = [key for key in keys if judged.judged is None or key in judged.judged]
            for name, score in MEASURES.items():
                found.scores[system][name][paper.key] = score(ranking, judged.qrels[pk])
            done += 1
            report(done, total)
    return found


def _groups(papers: Mapping[int, Paper], judged: Judged) -> dict[str, dict[str, str]]:
    """Tell the papers that are asked apart. Each is a query, so that its text stands for the length of a query."""
    words = {pk: len(f"{paper.title} {paper.abstract}".split()) for pk, paper in papers.items()}
    return {
        "field": {paper.key: field_of(paper.categories) for paper in papers.values()},
        "year": {paper.key: str(paper.day.year) if paper.day else "none" for paper in papers.values()},
        "text": {paper.key: within(words[pk], TEXTS) for pk, paper in papers.items()},
        "near": {paper.key: within(len(judged.qrels[pk]), NEAR) for pk, paper in papers.items()},
    }


def _first(
    hands: Hands, queries: int, seed: int, half: Half, near: Callable[[int], Collection[int]]
) -> dict[int, dict[str, int]]:
    """Return so many papers of one half that have near ones, with the keys of these."""
    found = ((pk, others) for pk in hands.drawn(seed, half) if (others := near(pk)))
    return {pk: {hands.rows[one].key: 1 for one in others} for pk, others in islice(found, queries)}


def _beside(hands: Hands, pk: int, by: Mapping[frozenset[str], Sequence[int]]) -> list[int]:
    """Return the other papers of a set of authors that came out within a month of one."""
    day = hands.rows[pk].day
    own = by.get(frozenset(hands.rows[pk].authors), ()) if day else ()
    return [one for one in own if one != pk and day and abs((hands.rows[one].day or day) - day) <= MONTH]
