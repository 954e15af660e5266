"""Known items: a paper is asked for by its title, by one sentence of its abstract, or by three key phrases.

How other measurements use it. ``items(task, queries, seed, home)`` gives the items of a folder that ``bench known-item
--keep FOLDER`` has prepared; ``judged(items)`` makes queries and judgments of them, one relevant paper each, for
``beir.measure`` and ``asking.ask``. The asked-for sentences are masked in the folder's own papers and index, so the
queries must be asked there: in a process whose state directory is the folder, as ``cli.bench_known`` does, or by that
command with ``--json``, which gives the scores of each query. One process at a time can open a folder. The three tasks
ask for different papers: masking for the one changes nothing for the others.

Where the papers come from, and how a folder is made, is ``known_item_papers``.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal, get_args

from django.conf import settings

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured, Report, Score, ask
from broadsheet.enrich import extracts
from broadsheet.errors import BadInput
from broadsheet.papers import phrases
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.search.machine import mapped
from broadsheet.sources.beir import Judgments

type Task = Literal["title", "sentence", "keywords"]
TASKS: tuple[Task, ...] = get_args(Task.__value__)

SEED = 1
QUERIES = 1000
"""Items of each task, where nobody says how many."""

PHRASES = 3
"""Key phrases of a query."""

FILE = "known-items.json"
MEASURES: dict[str, Score] = {
    "MRR@10": measures.reciprocal_rank,
    "R@1": partial(measures.recall, depth=1),
    "R@10": partial(measures.recall, depth=10),
    "R@100": measures.recall,
}

type Frequency = Callable[[list[str]], list[int]]


@dataclass(frozen=True, slots=True)
class Item:
    """A query and the one paper that it is of. field: its archive. year: of its edition or publication.

    masked: the abstract without the sentence that is asked for, where it is one.
    """

    query: str
    key: str
    field: str = "none"
    year: str = "none"
    masked: str | None = None


def titles(sample: Iterable[Paper], seed: int = SEED) -> list[Item]:
    """Return an item for each paper, by its title. seed: is not needed, and taken for the sake of the others."""
    return [_item(paper, " ".join(plain(paper.title).split())) for paper in sample]


def sentences(sample: Iterable[Paper], seed: int = SEED) -> list[Item]:
    """Return an item for each paper that has sentences to choose of, by one, with the abstract without it.

    Sentences that tell too little or too much, and those that name an address, are not chosen, as in ``extracts``.
    """
    found = []
    for paper in sample:
        held = extracts.sentences_of(paper.abstract)
        places = extracts.usable(held)
        if len(held) < 2 or not places:  # nothing would be left, or nothing can be asked
            continue
        asked = held[places[draw(seed, f"{paper.key} sentence") % len(places)]]
        found.append(_item(paper, asked, " ".join(one for one in held if one != asked)))
    return found


def keywords(sample: Iterable[Paper], papers: int, frequency: Frequency, seed: int = SEED) -> list[Item]:
    """Return an item for each paper whose abstract has three key phrases, by these, in the order of their weight.

    papers: of the corpus. frequency: in how many of them phrases stand. The title is not read for them.
    """
    found = []
    for paper in sample:
        chosen = phrases.choose("", paper.abstract, papers, frequency, most=PHRASES)
        if len(chosen) == PHRASES:
            found.append(_item(paper, " ".join(one.text for one in chosen)))
    return found


def draw(seed: int, name: str) -> int:
    """Return a number that is the same for the same seed and name, and looks like chance otherwise."""
    return int.from_bytes(hashlib.blake2b(f"{seed} {name}".encode(), digest_size=8).digest())


def field_of(categories: Sequence[str]) -> str:
    """Return the archive of a paper's first category; ``none`` where it has none."""
    return categories[0].partition(".")[0] if categories else "none"


def items(task: Task, queries: int | None = None, seed: int | None = None, home: Path | None = None) -> list[Item]:
    """Return the items of a prepared folder.

    queries: so many of them, spread evenly over fields and years; None for all. seed: with which it must have been
    prepared; None for any. home: the folder, by default this process's own state directory.
    Raises BadInput where it was not prepared, or with another seed, or with fewer items.
    """
    path = (home or Path(settings.HOME)) / FILE
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        found = [Item(**row) for row in kept["tasks"][task]]
        made_with, asked_for = int(kept["seed"]), int(kept["queries"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(
            f"{path.parent} holds no known items ({error!r}).", f"Prepare it: bench known-item --keep {path.parent}."
        ) from None
    if seed not in {None, made_with}:
        raise BadInput(
            f"{path.parent} was prepared with seed {made_with}, not {seed}.", "Name that seed, or another folder."
        )
    if queries is not None and queries > asked_for:
        raise BadInput(f"{path.parent} was prepared with {asked_for} items, not {queries}.", "Ask for fewer of them.")
    wanted = min(queries or asked_for, len(found))
    return [found[number * len(found) // wanted] for number in range(wanted)]


def write(path: Path, seed: int, queries: int, found: Mapping[Task, Sequence[Item]]) -> None:
    """Keep items in a folder, in one step. queries: how many of each task were wanted; there may be fewer."""
    rows = {task: [asdict(item) for item in some] for task, some in found.items()}
    kept = json.dumps({"seed": seed, "queries": queries, "tasks": rows}, ensure_ascii=False)
    mapped.put(path / FILE, kept.encode())


def judged(found: Iterable[Item]) -> Judgments:
    """Return queries and judgments: each query is named by the key of its paper, the only relevant one."""
    found = list(found)
    groups = {"field": {item.key: item.field for item in found}, "year": {item.key: item.year for item in found}}
    return Judgments({item.key: item.query for item in found}, {item.key: {item.key: 1} for item in found}, groups)


def measure(found: Sequence[Item], systems: Sequence[str], report: Report) -> Measured:
    """Ask every item of each system, here; by field and by year too, besides by length. See ``asking.ask``."""
    wanted = judged(found)
    made = ask(wanted.queries, wanted.qrels, systems, MEASURES, report)
    made.groups |= wanted.groups
    return made


def _item(paper: Paper, query: str, masked: str | None = None) -> Item:
    when = paper.day or paper.published
    return Item(query, paper.key, field_of(paper.categories), str(when.year) if when else "none", masked)
