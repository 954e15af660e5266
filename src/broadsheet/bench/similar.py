"""``bench similar``: how good similar papers are, by judges that see what the ranking does not.

``authors``: papers with two of the same authors, for rankings that leave authors out (``same_hands``). ``keywords``:
papers that share rare keywords of a file that somebody else made, which no index here holds. Titles of one series
("Part I", "Part II") are no judge: they are alike in words by definition.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured, Report, Score
from broadsheet.bench.known_item import field_of
from broadsheet.bench.same_hands import Half, Hands
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.ranking import similar
from broadsheet.ranking.similar import WEIGHTS, Weights
from broadsheet.sources.jsonl import JsonLines
from broadsheet.sources.record import Record

DEPTH = 10
MEASURES: dict[str, Score] = {"nDCG@10": measures.ndcg, "R@10": partial(measures.recall, depth=DEPTH)}
RARE = 30
"""Papers that hold a keyword, at most, for it to say that two of them belong together."""
MOST_GRADE = 3
"""Keywords in common that count; more make no paper better."""

_TEXTS = replace(WEIGHTS, authors=0.0, together=0.0)
SYSTEMS: dict[str, Weights] = {
    "title": Weights(1.0, 0.0, 0.0, 0.0, by_title=True),
    "words": Weights(1.0, 0.0, 0.0, 0.0),
    "meaning": Weights(0.0, 1.0, 0.0, 0.0),
    "title+meaning": Weights(0.5, 0.5, 0.0, 0.0, by_title=True),
    "fused": _TEXTS,
    "fused+authors": replace(_TEXTS, authors=0.15),
}
"""Words of the title, key terms, meaning, the title's words and meaning half and half, all texts, and authors too."""


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
    found = ((pk, near) for pk in hands.drawn(seed, half) if (near := hands.near(pk)))
    return Judged("authors", {pk: {hands.rows[one].key: 1 for one in near} for pk, near in islice(found, queries)})


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
    found.groups = {"field": {paper.key: field_of(paper.categories) for paper in papers.values()}}
    done, total = 0, len(systems) * len(papers)
    for system in systems:
        found.scores[system] = {name: {} for name in MEASURES}
        found.milliseconds[system] = []
        for pk, paper in papers.items():
            began = time.perf_counter()
            near = similar.ranked(paper, weights=SYSTEMS[system])
            found.milliseconds[system].append(1000 * (time.perf_counter() - began))
            keys = [hands.rows[one.paper].key for one in near if one.paper in hands.rows]
            ranking = [key for key in keys if judged.judged is None or key in judged.judged]
            for name, score in MEASURES.items():
                found.scores[system][name][paper.key] = score(ranking, judged.qrels[pk])
            done += 1
            report(done, total)
    return found
