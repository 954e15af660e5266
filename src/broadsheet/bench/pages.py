"""Four captured search-result pages as a test of relevance: for each, the query that it most probably answered.

A page's papers are relevant. In the corpus of captured papers alone those of the other pages are not; among many other
abstracts they are unjudged and taken out of the list before it is scored (condensed list: Sakai, 2007), and the rest is
not relevant. Four queries cannot tell systems apart that are nearer than a tenth of average precision. Nor are they a
clean test: three parts of the ranking, the cut of the list by meaning, and what meaning and holding all the words count
in short queries, were changed after these pages had been looked at (docs/search/quality.md). Each page is told by
itself, and each number with the bounds between which it lies had other papers been captured.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from broadsheet.bench import measures
from broadsheet.bench.known_item_papers import Copied, of_store
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key
from broadsheet.search import hybrid
from broadsheet.search.query import parse
from broadsheet.search.tuning import named
from broadsheet.sources import record
from broadsheet.sources.record import Record

QUERIES = ("feature distribution", "variance embedding vector", "random prompt", "high-dimensional encoder")
"""By page: the most probable query of each, found from how often words stand on it and elsewhere."""

LEAST_AP = (0.60, 0.60, 0.70, 0.70)
AIM = (0.65, 0.66, 0.75, 0.76)
"""Average precision of the fused ranking by page: the gate, and what is aimed at beyond it."""
LEAST_P20, LEAST_RHO, MOST_LOST = 0.70, 0.25, 0.05
"""Precision at 20, correlation with the page's order, and what the better of words and meaning may be ahead by."""
UNORDERED = 2
"""The page whose order follows two topics, one after the other, and is not asked for."""

NEGATIVES = 10_000
LISTED = 1000
FOUND_BY = "fused"
ROUNDS = 1000
"""Samples of the papers by which the bounds are told."""


@dataclass(frozen=True, slots=True)
class Pages:
    """What was captured. papers: (title, abstract) by key. order: of each page the keys of its papers, best first."""

    papers: dict[str, tuple[str, str]]
    order: tuple[tuple[str, ...], ...]


def read(path: Path) -> Pages:
    """Read captured pages: JSON lines with title, abstract, page (from 0) and rank (from 1).

    Raises BadInput that names the line for one that lacks these, and for other pages than those of QUERIES.
    """
    papers: dict[str, tuple[str, str]] = {}
    ranked: list[list[tuple[int, str]]] = [[] for _ in QUERIES]
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            row = json.loads(line)
            key = f"page:{title_key(row['title'])}"
            papers[key] = (str(row["title"]), str(row["abstract"]))
            ranked[int(row["page"])].append((int(row["rank"]), key))
        except (ValueError, KeyError, TypeError, IndexError) as error:
            raise BadInput(
                f"{path}, line {number} is no paper of a captured page: {error!r}.",
                f"A line has title, abstract, page (0 to {len(QUERIES) - 1}) and rank.",
            ) from None
    if not all(ranked):
        raise BadInput(f"{path} lacks a page.", f"Pages 0 to {len(QUERIES) - 1} are needed, one for each query.")
    return Pages(papers, tuple(tuple(key for _, key in sorted(page)) for page in ranked))


class Corpus:
    """The captured papers as a source, and behind them other papers of the site.

    negatives: how many others at the most, drawn by chance with a fixed seed; none has a captured title.
    """

    name = "pages"

    def __init__(self, pages: Pages, negatives: int) -> None:
        self._pages = pages
        self._others = Copied({}, only=_drawn(pages, negatives) if negatives else ())
        self.total: int | None = len(pages.papers) + (self._others.total or 0)
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[record.Item]:
        """Yield the captured papers, then the others."""
        captured = len(self._pages.papers)
        for position, (key, (title, abstract)) in enumerate(self._pages.papers.items(), start=1):
            self.done += 1
            if position > after:
                yield record.Item(position, Record(id=key, title=title, abstract=abstract, source=self.name))
        for item in self._others.fetch(max(0, after - captured)):
            self.done += 1
            yield record.Item(item.position + captured, item.row)


def measure(pages: Pages, systems: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Ask the query of each page of each system, here; return by system, for each page, what came out.

    AP: average precision. P@20: share of the page's papers among the first 20. rho: Spearman's rank correlation of the
    scores of the page's papers with the order of the page; what was not found has the lowest score. bounds: of each,
    95 % intervals by drawing papers of the list and of the page anew (Cormack and Lynam, 2006).
    systems: as ``tuning.named`` reads them.
    """
    keys = dict(Paper.objects.values_list("pk", "key"))
    among_others = len(keys) > len(pages.papers)
    found: dict[str, list[dict[str, Any]]] = {}
    for system in systems:
        found[system] = []
        for query, members in zip(QUERIES, pages.order, strict=True):
            hits = hybrid.search(parse(query), limit=LISTED, ranking=named(system)).hits
            scores = {keys[hit.paper_id]: hit.score for hit in hits}
            unjudged = pages.papers.keys() - set(members) if among_others else set()
            listed = [key for key in scores if key not in unjudged]
            found[system].append(_scored(listed, members, scores) | {"bounds": bounds(listed, members, scores)})
    return found


def _scored(listed: Sequence[str], members: Sequence[str], scores: Mapping[str, float]) -> dict[str, float]:
    judged = dict.fromkeys(members, 1)
    return {
        "AP": measures.average_precision(listed, judged),
        "P@20": measures.precision(listed, judged, depth=20),
        "rho": spearman([scores.get(key, 0.0) for key in members], [-rank for rank in range(len(members))]),
        "found": measures.recall(listed, judged, depth=LISTED),
    }


def bounds(
    listed: Sequence[str], members: Sequence[str], scores: Mapping[str, float]
) -> dict[str, tuple[float, float]]:
    """Return the 95 % bootstrap interval of each number of a page; each paper is drawn anew by Poisson's law.

    listed: the ranking, best first. members: papers of the page in its order. scores: of what was found.
    """
    random = np.random.default_rng(measures.SEED)
    keys = [*listed, *(key for key in members if key not in scores)]
    drawn = []
    for times in random.poisson(1, size=(ROUNDS, len(keys))).tolist():
        copies = dict(zip(keys, times, strict=True))
        # Copies are papers of their own: the same key would count once.
        ranking = [f"{key} {copy}" for key in listed for copy in range(copies[key])]
        page = [f"{key} {copy}" for key in members for copy in range(copies[key])]
        own = {f"{key} {copy}": scores[key] for key in members if key in scores for copy in range(copies[key])}
        if page:
            drawn.append(_scored(ranking, page, own))
    ends = {name: np.percentile([one[name] for one in drawn], (2.5, 97.5)) for name in drawn[0]}
    return {name: (float(low), float(high)) for name, (low, high) in ends.items()}


def spearman(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """Return Spearman's rank correlation, equal values sharing their mean rank; 0 where one side is all equal."""
    one, other = _ranks(ours), _ranks(theirs)
    if not len(one) or one.std() == 0 or other.std() == 0:
        return 0.0
    return float(np.corrcoef(one, other)[0, 1])


def gates(alone: Mapping[str, Sequence[Mapping[str, float]]]) -> list[dict[str, Any]]:
    """Return for each page what is asked of the fused ranking on the captured papers alone, and whether it is so.

    alone: what ``measure`` returned there; without ``fused`` nothing is asked.
    """
    rows = []
    for page, fused in enumerate(alone.get(FOUND_BY, ())):
        single = max((alone[name][page]["AP"] for name in ("words", "meaning") if name in alone), default=0.0)
        asked = [
            ("AP", fused["AP"], LEAST_AP[page], fused["AP"] >= LEAST_AP[page]),
            ("AP, aim", fused["AP"], AIM[page], fused["AP"] >= AIM[page]),
            ("P@20", fused["P@20"], LEAST_P20, fused["P@20"] >= LEAST_P20),
            ("AP over the better one", fused["AP"] - single, -MOST_LOST, fused["AP"] - single >= -MOST_LOST),
        ]
        if page != UNORDERED:
            asked.append(("rho", fused["rho"], LEAST_RHO, fused["rho"] > LEAST_RHO))
        rows += [
            {"page": page, "gate": gate, "value": value, "least": least, "passed": passed}
            for gate, value, least, passed in asked
        ]
    return rows


def table(answer: Mapping[str, Any]) -> str:
    """Return the answer as tables for people: a line a page and system, for each corpus; then the gates."""
    lines = [
        "In brackets 95 % intervals, by drawing papers anew. Each page is one query, of two or three words; of which",
        "field or year it asks is not known.",
    ]
    for corpus in answer["corpora"]:
        student = f", {corpus['student']} of the student" if corpus["student"] else ""
        lines.append(f"{corpus['papers']} papers, {corpus['vectors']} with a vector of the model{student}")
        width = max(map(len, corpus["systems"])) + 2
        for page, query in enumerate(QUERIES):
            lines.append(f"  page {page}, “{query}”")
            for system, rows in corpus["systems"].items():
                cells = (
                    f"{name} {rows[page][name]:.3f} ({low:.2f}-{high:.2f})"
                    for name, (low, high) in rows[page]["bounds"].items()
                )
                lines.append(f"    {system:<{width}}" + "  ".join(cells))
    for gate in answer["gates"]:
        said = "passed" if gate["passed"] else "NOT passed"
        lines.append(f"page {gate['page']}: {gate['gate']} {gate['value']:.3f}, asked {gate['least']:.2f}: {said}")
    return "\n".join(lines)


def _ranks(values: Sequence[float]) -> NDArray[np.float64]:
    """Return the rank of each value from the lowest, equal values sharing the mean of theirs."""
    numbers = np.asarray(values, dtype=np.float64)
    _, place, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: NDArray[np.float64] = (last - (counts - 1) / 2)[place]
    return mean


def _drawn(pages: Pages, negatives: int) -> list[int]:
    """Return the primary keys of other papers in the site's store, drawn by chance, in rising order."""
    captured = {key.removeprefix("page:") for key in pages.papers}
    rows = of_store().exclude(abstract="").values_list("pk", "title_key")
    others = np.array([pk for pk, title in rows.iterator() if title not in captured], dtype=np.int64)
    if len(others) > negatives:
        others = np.random.default_rng(measures.SEED).choice(others, negatives, replace=False)
    return sorted(int(pk) for pk in others)
