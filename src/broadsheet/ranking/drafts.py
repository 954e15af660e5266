"""Related work of a draft: papers near to its text, or to what it cites, grouped, with what each shares.

Which papers those are is asked in ``draft_search``; what a draft shares with one is ``common_ground``, how they fall
into themes ``themes``; files are read by ``sources.draft_files``. Nothing of a draft is stored or logged.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from broadsheet.errors import BadInput
from broadsheet.papers import bibliography
from broadsheet.papers.likeness import same_name
from broadsheet.papers.models import Paper
from broadsheet.papers.tex import plain
from broadsheet.ranking import common_ground, themes
from broadsheet.ranking.draft_search import CLOSE, FEWEST_WORDS, Asking
from broadsheet.search import current
from broadsheet.search.query import parse
from broadsheet.sources.draft_files import LONGEST_ABSTRACT, LONGEST_TITLE, Draft
from broadsheet.sources.record import Record

LIMIT, MOST_LIMIT = 60, 100
VERY_CLOSE = 7
FIRST = 5
"""Without a model: papers that are very close at most, if they share a phrase with the draft."""

READ = 24
"""Papers whose sentences are compared with the draft's."""

CLOSE_LABEL = "Very close: read these first"
CITED_LABEL = "Cited by you"
REST_LABEL = "Also near"

type Kind = Literal["close", "theme", "category", "rest", "cited"]


@dataclass(frozen=True, slots=True)
class Shared:
    """What a paper and a draft have in common.

    phrases: that both hold. sentence: the paper's that is nearest to one of the draft's, ``yours``. authors: of the
    paper, who wrote the draft too. beside: of the papers that the draft cites the one that it is nearest to.
    """

    phrases: tuple[str, ...] = ()
    sentence: str = ""
    yours: str = ""
    authors: tuple[str, ...] = ()
    beside: Paper | None = None


@dataclass(frozen=True, slots=True)
class Related:
    """One paper of a group. closeness: in [0, 1]; of the nearest to the draft 1. cited: by the draft."""

    paper: Paper
    closeness: float
    shared: Shared = Shared()
    cited: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Papers that belong together, closest first. label: what they are about, or why they stand together."""

    label: str
    papers: tuple[Related, ...]
    kind: Kind = "theme"


@dataclass(frozen=True, slots=True)
class Answer:
    """Related work of a draft. here: how many of the works it cites are here. missing: titles of those that are not.

    notes: sentences on what is missing for a full answer.
    """

    groups: tuple[Group, ...]
    here: int = 0
    missing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def papers(self) -> list[Paper]:
        """Every paper of the answer once, in the order of its groups."""
        return [one.paper for group in self.groups for one in group.papers]


def around(draft: Draft, *, categories: Sequence[str] = (), limit: int = LIMIT) -> Answer:
    """Return the related work of a draft as it was pasted or read from a file.

    Raises BadInput where there is nothing to go by, and what the index raises where it cannot be asked.
    """
    found, missing = bibliography.find([_entry(work) for work in draft.works])
    cited = list({paper.pk: paper for paper, _ in found}.values())
    absent = tuple(one.entry.title for one in missing if one.entry.title)
    notes = list(draft.notes)
    groups = related(
        draft.title,
        draft.abstract,
        categories=categories,
        limit=limit,
        authors=draft.authors,
        cited=cited,
        absent=absent,
    )
    encoder = current.encoder()
    if encoder is None:
        notes.append(f"By words alone, and grouped by category: {current.why_no_model()}")
    elif getattr(encoder, "static", False):
        notes.append(f"Meaning by the small model alone: {current.why_no_model()}")
    return Answer(tuple(groups), len(found), absent, tuple(notes))


def related(
    title: str,
    abstract: str,
    *,
    categories: Sequence[str] = (),
    limit: int = LIMIT,
    authors: Sequence[str] = (),
    cited: Sequence[Paper] = (),
    absent: Sequence[str] = (),
) -> list[Group]:
    """Return papers near to a draft in groups: what is very close, then themes, then what the draft cites already.

    categories: papers of any of them alone. limit: papers in all but the cited ones. authors: of the draft. cited:
    papers that it cites. absent: titles that it cites and that are not here.
    With meaning switched off papers are found by words and grouped by category.
    Raises BadInput for a draft without text and citations, and for a category that cannot be one; Conflict where the
    index cannot be asked.
    """
    title, abstract = plain(title).strip()[:LONGEST_TITLE], plain(abstract).strip()[:LONGEST_ABSTRACT]
    asking = Asking(title, abstract, parse("", categories=categories).filters, list(cited), list(absent))
    if not asking.has_text and not cited and not absent:
        raise BadInput("There is too little to go by.", f"Give a title or an abstract of {FEWEST_WORDS} words or more.")
    ranks = asking.ranked()
    known = {paper.pk for paper in cited}
    pks = [pk for pk in ranks if pk not in known][: min(max(limit, 1), MOST_LIMIT)]
    held = Paper.objects.standing().in_bulk(pks)
    papers = [held[pk] for pk in pks if pk in held]
    if not papers and not cited:
        return []
    closeness = asking.closeness([*papers, *cited[:MOST_LIMIT]], ranks)
    everything = sorted([*papers, *cited[:MOST_LIMIT]], key=lambda paper: (-closeness[paper.pk], -paper.pk))
    told = _told(asking, everything, authors)
    rows = [Related(paper, closeness[paper.pk], told[paper.pk], cited=paper.pk in known) for paper in everything]
    groups = _grouped([row for row in rows if not row.cited], asking)
    mine = tuple(row for row in rows if row.cited)
    return [*groups, Group(CITED_LABEL, mine, "cited")] if mine else groups


def _entry(work: Record) -> bibliography.Entry:
    """Return a cited work as lists look for it."""
    return bibliography.Entry(work.id, work.title, work.authors, key=work.id, doi=work.doi)


def _told(asking: Asking, papers: Sequence[Paper], authors: Sequence[str]) -> dict[int, Shared]:
    """Return what each paper shares with the draft."""
    read = list(papers[:READ]) if asking.abstract else []
    near = common_ground.nearest(asking.abstract, [paper.abstract for paper in read], asking.encoder)
    sentences = {paper.pk: one for paper, one in zip(read, near, strict=True)}
    told = {}
    for paper in papers:
        sentence = sentences.get(paper.pk, common_ground.NOTHING)
        told[paper.pk] = Shared(
            common_ground.shared(asking.phrases, asking.phrases_of(paper), asking.rarity),
            sentence.theirs,
            sentence.yours,
            tuple(name for name in paper.authors if any(same_name(name, own) for own in authors)),
            asking.beside(paper.pk),
        )
    return told


def _grouped(rows: list[Related], asking: Asking) -> list[Group]:
    """Return rows, closest first, in groups: the very close ones, then themes, without a model categories."""
    close = [row for place, row in enumerate(rows[:VERY_CLOSE]) if _is_close(place, row, asking)]
    rest = [row for row in rows if row not in close]
    groups = [Group(CLOSE_LABEL, tuple(close), "close")] if close else []
    with_vector = [row for row in rest if row.paper.pk in asking.vectors]
    if len(with_vector) * 2 >= len(rest) and with_vector:
        return [*groups, *_by_theme(with_vector, [row for row in rest if row not in with_vector], asking)]
    return [*groups, *_by_category(rest)]


def _is_close(place: int, row: Related, asking: Asking) -> bool:
    cosine = asking.cosine(row.paper.pk)
    return cosine >= CLOSE if cosine is not None else place < FIRST and bool(row.shared.phrases)


def _by_theme(rows: list[Related], without: list[Related], asking: Asking) -> list[Group]:
    *parts, rest = themes.parted(np.array([asking.vectors[row.paper.pk] for row in rows], dtype=np.float32))
    phrases = [asking.phrases_of(row.paper) for row in rows]
    groups: list[Group] = []
    for part in parts:
        outside = [one for place, one in enumerate(phrases) if place not in set(part)]
        taken = [group.label for group in groups]
        name = themes.label([phrases[place] for place in part], outside, asking.rarity.worth, taken=taken)
        groups.append(Group(name or REST_LABEL, tuple(rows[place] for place in part), "theme" if name else "rest"))
    return _with_rest(groups, [*(rows[place] for place in rest), *without])


def _by_category(rows: list[Related]) -> list[Group]:
    held: defaultdict[str, list[Related]] = defaultdict(list)
    for row in rows:
        held[row.paper.categories[0] if row.paper.categories else ""].append(row)
    whole = {name: own for name, own in held.items() if name and len(own) >= themes.FEWEST}
    groups = [Group(name, tuple(own), "category") for name, own in whole.items()]
    return _with_rest(groups, [row for name, own in held.items() if name not in whole for row in own])


def _with_rest(groups: list[Group], rest: list[Related]) -> list[Group]:
    """Return groups, the one with the closest paper first, and at the end what belongs to none."""
    named = sorted((group for group in groups if group.kind != "rest"), key=lambda group: -group.papers[0].closeness)
    left = sorted(
        [*rest, *(row for group in groups if group.kind == "rest" for row in group.papers)],
        key=lambda row: (-row.closeness, -row.paper.pk),
    )
    return [*named, Group(REST_LABEL, tuple(left), "rest")] if left else named
