"""Finds the papers that a request asks for; how they are shown lives in ``items``, what is asked in ``schemas``."""

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date

from django.db.models import Exists, F, OuterRef, Q

from broadsheet.accounts.models import User
from broadsheet.api.schemas import DailyQuery
from broadsheet.community.models import Comment, Submission
from broadsheet.errors import BadInput, NotFound
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.ranking import lists


def paper_of(name: str) -> Paper:
    """Return the paper that a key, an arXiv id with or without version, an arXiv URL or an object id names.

    Raises NotFound, naming what was asked for.
    """
    paper = Paper.objects.named(name)
    if paper is None and re.fullmatch(r"0{8}[0-9a-f]{16}", name) and int(name, 16) < 2**63:
        paper = Paper.objects.filter(pk=int(name, 16)).select_related("same_as").first()
        paper = paper and (paper.same_as or paper)
    if paper is None:
        raise NotFound(f"Paper {name[:64]!r} is not here.", "See /api/papers/search?q= for those that are.")
    return paper


def editions(asked: DailyQuery) -> PaperQuerySet:
    """Return the papers of a day, a week or a month, best first; without one of them all papers, newest first.

    A day wins over a week, and a week over a month, as clients may send all three.
    Raises BadInput for a text that is not what it should be.
    """
    period = _period(asked)
    if period:
        papers = lists.papers_of(period)
        if asked.sort == "trending":
            papers = papers.order_by(F("trending").desc(nulls_last=True), "-all_votes", "pk")
    elif asked.sort == "trending":
        papers = lists.trending()
    else:
        papers = Paper.objects.newest()
    if asked.submitter:
        papers = _brought_by(papers, asked.submitter.replace("\0", ""))
    return papers


def _brought_by(papers: PaperQuerySet, name: str) -> PaperQuerySet:
    """Return those papers that a reader submitted, or that came from a source and that nobody submitted."""
    submitted = Submission.objects.filter(paper=OuterRef("pk"), reader__isnull=False)
    by_reader = Exists(submitted.filter(reader__username=name))
    return papers.filter(by_reader | (Q(source=name) & ~Exists(submitted)))


def comment_of(paper: Paper, public_id: str) -> Comment:
    """Return a comment on a paper. Raises NotFound where the paper has no such comment."""
    found = Comment.objects.filter(paper=paper, public_id=public_id.replace("\0", "")).first()
    if found is None:
        raise NotFound(f"Paper {paper.key!r} has no comment {public_id[:24]!r}.")
    return found


def reader_named(name: str) -> User:
    """Return the reader of a name. Raises NotFound."""
    found = User.objects.filter(username=name.replace("\0", ""), is_active=True).first()
    if found is None:
        raise NotFound(f"There is no reader {name[:39]!r} here.")
    return found


def _period(asked: DailyQuery) -> lists.Period | None:
    """Return the narrowest period asked for; the others are read too, as a slip in them is a slip all the same."""
    # Older clients were told that a full time is fine too; its day is what counts.
    day = re.sub(r"(?<=^\d{4}-\d\d-\d\d)[T ].*", "", asked.date, flags=re.DOTALL)
    named: tuple[tuple[lists.Kind, str], ...] = (("day", day), ("week", asked.week), ("month", asked.month))
    periods = [lists.period(kind, text) for kind, text in named if text]
    return periods[0] if periods else None


def by_date(cursor: str, limit: int) -> tuple[list[Paper], str]:
    """Return the papers after a cursor, newest first, and the cursor to go on with, '' at the end.

    Raises BadInput for a cursor that is not one of ours.
    """
    papers = Paper.objects.filter(day__isnull=False).order_by("-day", "-pk")
    if cursor:
        day, pk = _read_cursor(cursor)
        papers = papers.filter(day__lte=day).exclude(day=day, pk__gte=pk)
    found = list(papers[: limit + 1])
    more = len(found) > limit
    last = found[limit - 1] if more else None
    return found[:limit], f"{last.day}.{last.pk}" if last else ""


def _read_cursor(cursor: str) -> tuple[date, int]:
    day, _, pk = cursor.partition(".")
    if re.fullmatch(r"[0-9]{1,18}", pk):
        with suppress(ValueError):
            return date.fromisoformat(day), int(pk)
    raise BadInput(f"{cursor[:40]!r} is not a cursor.", "Take it from the Link header of the page before.")


def in_order(pks: Sequence[int]) -> list[Paper]:
    """Return the papers of primary keys in their order, without those that are gone since."""
    papers: Mapping[int, Paper] = Paper.objects.standing().in_bulk(pks)
    return [papers[pk] for pk in pks if pk in papers]
