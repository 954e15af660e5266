"""``bench like``: papers of the store, a change, and the papers near to them that have it; recall of these.

Near means by two of the same authors (``same_hands``), which nothing in "like this, but" looks at: it asks for words
and vectors of texts alone. That a paper has the change is seen by every system that is told the change.
"""

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice, pairwise
from typing import Literal, get_args

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured, Report, Score
from broadsheet.bench.known_item import draw, field_of
from broadsheet.bench.same_hands import Half, Hands
from broadsheet.bench.subgroups import length_of
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.papers.words import STOP
from broadsheet.ranking import similar, steered, unlike, wishes
from broadsheet.search import current, hybrid
from broadsheet.search.index import Filters, Term
from broadsheet.search.query import parse

type Kind = Literal["category", "year", "keyword", "without"]
KINDS: tuple[Kind, ...] = get_args(Kind.__value__)

DEPTH = 50
MEASURES: dict[str, Score] = {"R@50": partial(measures.recall, depth=DEPTH), "nDCG@10": measures.ndcg}
FEWEST, MOST = 20, 2000
"""Papers that hold a phrase, for it to be asked for: neither one's own coinage nor what everything holds."""
_NAMES = {categories[0]: name for name, categories in wishes.FIELDS.items() if len(name) > 4}
_TEXTS_ALONE = replace(similar.WEIGHTS, authors=0.0, together=0.0)


@dataclass(frozen=True, slots=True)
class Change:
    """A paper and what should differ. words: as somebody types them. query: the same as a search without the paper."""

    kind: Kind
    paper: int
    words: str
    query: str
    targets: frozenset[str]


def changes(hands: Hands, kind: Kind, queries: int, seed: int, half: Half) -> list[Change]:
    """Return changes of a kind that some paper near to the one begun with has. hands: all papers, by their authors."""
    made = {"category": _category, "year": _year, "keyword": _keyword, "without": _without}[kind]
    found = (made(hands, pk, near, seed) for pk in hands.drawn(seed, half) if (near := hands.near(pk)))
    return list(islice((change for change in found if change), queries))


def measure(asked: Sequence[Change], hands: Hands, systems: Sequence[str], report: Report) -> Measured:
    """Ask every change of each system. systems: of SYSTEMS. report: called with (done, total) questions."""
    names = {f"{change.kind} {hands.rows[change.paper].key}": change for change in asked}
    papers = Paper.objects.in_bulk([change.paper for change in asked])
    found = Measured(len(hands.rows), {name: change.words for name, change in names.items()}, next(iter(MEASURES)))
    found.groups = {
        "length": {name: length_of(change.words) for name, change in names.items()},
        "change": {name: change.kind for name, change in names.items()},
        "field": {name: field_of(hands.rows[change.paper].categories) for name, change in names.items()},
        "year": {name: str(hands.rows[change.paper].year or "none") for name, change in names.items()},
    }
    done, total = 0, len(systems) * len(names)
    for system in systems:
        found.scores[system] = {name: {} for name in MEASURES}
        found.milliseconds[system] = []
        for name, change in names.items():
            began = time.perf_counter()
            pks = SYSTEMS[system](papers[change.paper], change)
            found.milliseconds[system].append(1000 * (time.perf_counter() - began))
            keys = [hands.rows[pk].key for pk in pks if pk in hands.rows]
            for measured, score in MEASURES.items():
                found.scores[system][measured][name] = score(keys, dict.fromkeys(change.targets, 1))
            done += 1
            report(done, total)
    return found


def _paper_alone(paper: Paper, change: Change) -> list[int]:
    return [near.paper for near in similar.ranked(paper, weights=_TEXTS_ALONE)[:DEPTH]]


def _words_alone(paper: Paper, change: Change) -> list[int]:
    hits = hybrid.search(parse(change.query), limit=DEPTH + 1).hits
    return [hit.paper_id for hit in hits if hit.paper_id != paper.pk][:DEPTH]


def _one_query(paper: Paper, change: Change) -> list[int]:
    return _words_alone(paper, replace(change, query=f"{plain(paper.title).replace('"', '')} {change.query}"))


def _like(paper: Paper, change: Change) -> list[int]:
    wish = wishes.read(change.words, (), [paper])
    return [near.paper for near in steered.ranked(steered.Asked((paper,), change.words), wish, [])[:DEPTH]]


def _slate(paper: Paper, change: Change) -> list[int]:
    return [one.paper.pk for one in unlike.like(unlike.Asked((paper,), change.words, limit=DEPTH)).found]


SYSTEMS: dict[str, Callable[[Paper, Change], list[int]]] = {
    "paper": _paper_alone,
    "words": _words_alone,
    "title and words": _one_query,
    "like": _like,
    "slate": _slate,
}
"""The paper alone, the words alone, title and words as one query, "like this, but", and its first, varied slate."""


def _category(hands: Hands, pk: int, near: Collection[int], seed: int) -> Change | None:
    """For another field: its name as it is spoken; targets are of its category."""
    own = set(hands.rows[pk].categories)
    others = {hands.rows[one].categories[0] for one in near if hands.rows[one].categories}
    name = _drawn(sorted((others - own) & _NAMES.keys()), seed, hands.rows[pk].key)
    targets = [one for one in near if name in hands.rows[one].categories]
    return _change("category", hands, pk, f"for {_NAMES[name]}", _NAMES[name], targets) if name else None


def _year(hands: Hands, pk: int, near: Collection[int], seed: int) -> Change | None:
    """Of a later year, or an earlier one."""
    own = hands.rows[pk].year
    years = sorted({year for one in near if (year := hands.rows[one].year) and year != own})
    if not own or not years:
        return None
    year = _drawn(years, seed, hands.rows[pk].key) or own
    later = year > own
    words, query = (f"from {year}", f"since:{year}") if later else (f"until {year}", f"until:{year}")
    held = [one for one in near if (there := hands.rows[one].year) and (there >= year if later else there <= year)]
    return _change("year", hands, pk, words, query, held)


def _keyword(hands: Hands, pk: int, near: Collection[int], seed: int) -> Change | None:
    """About something that a title of a near paper names and the paper itself does not."""
    papers = Paper.objects.in_bulk([pk, *near])
    own = _text(papers.pop(pk))
    phrases = sorted({phrase for paper in papers.values() for phrase in _phrases(paper) if phrase not in own})
    phrase = _known(phrases, seed, hands.rows[pk].key)
    held = [one for one, paper in papers.items() if phrase in _text(paper)]
    return _change("keyword", hands, pk, f"about {phrase}", f'"{phrase}"', held) if phrase else None


def _without(hands: Hands, pk: int, near: Collection[int], seed: int) -> Change | None:
    """Not about something that the title names; targets do not hold it anywhere, while some near paper does."""
    papers = Paper.objects.in_bulk([pk, *near])
    own = papers.pop(pk)
    shared = [name for name in _phrases(own) if any(name in _text(paper) for paper in papers.values())]
    phrase = _known(sorted(shared), seed, hands.rows[pk].key)
    rest = [one for one, paper in papers.items() if phrase not in _text(paper)]
    return _change("without", hands, pk, f"not {phrase}", f'-"{phrase}"', rest) if phrase else None


def _change(kind: Kind, hands: Hands, pk: int, words: str, query: str, targets: Collection[int]) -> Change | None:
    if not targets:
        return None
    return Change(kind, pk, words, query, frozenset(hands.rows[one].key for one in targets))


def _drawn[T](choices: Sequence[T], seed: int, key: str) -> T | None:
    return choices[draw(seed, f"{key} change") % len(choices)] if choices else None


def _known(phrases: Sequence[str], seed: int, key: str) -> str:
    """Return one of some phrases that neither few nor many papers hold, '' where none is so."""
    searcher = current.searcher()
    for phrase in sorted(phrases, key=lambda name: draw(seed, f"{key} {name}"))[:8]:
        total = searcher.tally(filters=Filters(terms=(Term("any", phrase, exact=True),))).total
        if FEWEST <= total <= MOST:
            return phrase
    return ""


def _phrases(paper: Paper) -> Iterator[str]:
    """Yield pairs of words of a title that stand side by side and both say something."""
    for first, second in pairwise(plain(paper.title).casefold().split()):
        if first.isalpha() and second.isalpha() and not {first, second} & STOP and min(len(first), len(second)) > 3:
            yield f"{first} {second}"


def _text(paper: Paper) -> str:
    return f"{plain(paper.title)} {plain(paper.abstract)}".casefold()
