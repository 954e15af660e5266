"""The list for one reader: newest papers by what they follow and by likeness to what they voted for and saved.

Every paper says why it is there (docs/ranking). Nobody else's taste plays a part.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from broadsheet.accounts.models import User
from broadsheet.community import lists, marks
from broadsheet.community.models import ListItem, Mark, Vote
from broadsheet.papers import tex
from broadsheet.papers.models import Paper
from broadsheet.ranking.coming import Entered, Row, Span, came
from broadsheet.ranking.followed import Reason, Reasons, folded, reasons
from broadsheet.search.index import Vector
from broadsheet.search.kept import vectors_of

LIKED = 50
"""Papers that a reader voted for or saved, the newest, to which others are compared."""

ALIKE = 0.65
"""The cosine from which one paper is said to be like another: docs/ranking has what it was measured against."""

MOST_ALIKE = 100
"""Papers that come for likeness alone, at most: the most alike."""

_SAME_AUTHOR = 1.5
_BY = 3
"""Authors of a liked paper who count: the first ones. Papers of a thousand authors say little of each."""


@dataclass(frozen=True, slots=True)
class Liked:
    """A paper that a reader voted for or saved. how: in words."""

    paper: Paper
    how: str


def for_reader(reader: User, span: Span) -> list[Entered]:
    """Return the papers for one reader, newest first, each with its reasons."""
    return _found(reader, span).entered(span)


def ranked(reader: User, limit: int) -> list[Entered]:
    """Return the same by edition, the newest first, and within one by the weight of the reasons, as the page does."""
    span = Span(limit=limit)
    found = _found(reader, span)

    def rank(entry: Entered) -> tuple[date, float, int]:
        weight = sum(reason.weight for reason in found.of[entry.paper.pk])
        return entry.paper.day or date.min, weight, -entry.paper.pk

    return sorted(found.entered(span), key=rank, reverse=True)


def liked(reader: User) -> list[Liked]:
    """Return what a reader voted for or saved, newest first, LIKED at most."""
    votes = Vote.objects.standing().filter(reader=reader).order_by("-cast")[:LIKED]
    events = [(cast, pk, "which you voted for") for cast, pk in votes.values_list("cast", "paper")]
    if kept := lists.saved_of(reader):
        saved = ListItem.objects.filter(list=kept).order_by("-added")[:LIKED]
        events += [(added, pk, "which you saved") for added, pk in saved.values_list("added", "paper")]
    newest = {pk: how for _, pk, how in sorted(events)}  # the last word on each
    order = list(dict.fromkeys(pk for _, pk, _ in sorted(events, reverse=True)))[:LIKED]
    papers = Paper.objects.in_bulk(order)
    return [Liked(papers[pk], newest[pk]) for pk in order if pk in papers]


def _found(reader: User, span: Span) -> Reasons:
    found = reasons(reader, span)
    known = liked(reader)
    if known:
        _add_authors(found, known, span.rows)
        _add_alike(found, known, span.rows)
    read = Mark.objects.filter(reader=reader, kind=Mark.READ).values_list("paper", flat=True)
    found.leave_out([*(one.paper.pk for one in known), *marks.unwanted(reader), *read])
    return found


def _add_authors(found: Reasons, known: Iterable[Liked], rows: Collection[Row]) -> None:
    """Find papers by the first authors of what is liked."""
    authors: dict[str, str] = {}
    for one in known:
        for name in one.paper.authors[:_BY]:
            authors.setdefault(folded(name), f"by {tex.plain(name)}, an author of “{_short(one.paper)}”, {one.how}")
    for row in rows:
        for name in map(folded, row.authors):
            if name in authors:
                found.add(row.pk, Reason(came(row.day, row.added), authors[name], _SAME_AUTHOR))
                break


def _add_alike(found: Reasons, known: list[Liked], rows: Collection[Row]) -> None:
    """Find papers near in meaning to one that is liked."""
    pks = {one.paper.pk for one in known}
    vectors = vectors_of(pks | {row.pk for row in rows})
    liked_keys, keys = ([pk for pk in vectors if (pk in pks) == mine] for mine in (True, False))
    if not liked_keys or not keys:
        return
    near = _rows(vectors, keys) @ _rows(vectors, liked_keys).T
    best, most = near.argmax(axis=1), near.max(axis=1)
    by_key = {one.paper.pk: one for one in known}
    moments = {row.pk: came(row.day, row.added) for row in rows}
    for place in np.argsort(-most)[:MOST_ALIKE]:
        if most[place] < ALIKE:
            break
        one = by_key[liked_keys[best[place]]]
        why = f"like “{_short(one.paper)}”, {one.how}"
        # From 1 at the edge to 3 for what is nearly the same.
        weight = 1.0 + 2.0 * float(most[place] - ALIKE) / (1.0 - ALIKE)
        found.add(keys[place], Reason(moments[keys[place]], why, weight))


def _rows(vectors: Mapping[int, Vector], pks: Sequence[int]) -> Vector:
    return np.stack([vectors[pk] for pk in pks])


def _short(paper: Paper) -> str:
    title = tex.plain(paper.title)
    return title if len(title) <= 60 else f"{title[:59].rsplit(' ', 1)[0]}…"
