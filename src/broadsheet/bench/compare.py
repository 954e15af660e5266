"""A day here beside the same day of another site's daily papers: what is missing, what is more, and the order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from broadsheet.papers.models import Paper
from broadsheet.sources.hf_daily import HfDays
from broadsheet.sources.record import Record

TOP = 10


class Listed(NamedTuple):
    """A paper of a list, with its votes there."""

    key: str
    title: str
    votes: int


@dataclass(frozen=True, slots=True)
class Compared:
    """One day. there, here: papers of either list. unread: rows of theirs that could not be read.

    missing: not here at all; moved: here, in an edition of another day; more: in the edition here alone.
    tau: Kendall's rank correlation of the papers in both, None with fewer than two. overlap: of the first ten there,
    how many are among the first ten here.
    votes: key, votes there and here of the papers in both, in their order there.
    """

    day: date
    there: int
    here: int
    unread: int
    missing: tuple[Listed, ...]
    moved: tuple[Listed, ...]
    more: tuple[Listed, ...]
    tau: float | None
    overlap: int
    votes: tuple[tuple[str, int, int], ...]

    def as_json(self) -> dict[str, Any]:
        """Return the day as JSON has it."""
        return {
            "day": self.day.isoformat(),
            "there": self.there,
            "here": self.here,
            "unread": self.unread,
            "missing": [one._asdict() for one in self.missing],
            "moved": [one._asdict() for one in self.moved],
            "more": [one._asdict() for one in self.more],
            "tau": self.tau,
            "overlap_at_10": self.overlap,
            "votes": [{"id": key, "there": there, "here": here} for key, there, here in self.votes],
        }


def of_day(source: HfDays, day: date) -> Compared:
    """Ask for another site's list of a day and compare it with the edition here. Raises Upstream."""
    rows = source.of_day(day)
    records = [row for row in rows if isinstance(row, Record)]
    theirs = [Listed(row.id, row.title, row.votes or 0) for row in records]
    held = Paper.objects.filter(key__in=[one.key for one in theirs]).select_related("same_as")
    known = {paper.key: (paper.same_as or paper).key for paper in held}
    edition = Paper.objects.of_days(day, day).ranked().values_list("key", "title", "all_votes")
    ours = [Listed(key, title, votes) for key, title, votes in edition]
    return compare(day, theirs, ours, known, len(rows) - len(records))


def compare(
    day: date, theirs: Sequence[Listed], ours: Sequence[Listed], known: Mapping[str, str], unread: int = 0
) -> Compared:
    """Compare two lists of a day. known: the key here of each paper of theirs that is here, in whatever edition."""
    theirs = sorted(theirs, key=lambda one: -one.votes)  # as it is shown there; equal ones keep their order
    edition = {one.key: one.votes for one in ours}
    named = {known[one.key]: one for one in reversed(theirs) if known.get(one.key) in edition}
    both = [
        one for one in theirs if named.get(known.get(one.key, "")) == one
    ]  # one of two that are the same paper here
    place = {one.key: number for number, one in enumerate(ours)}
    first = {one.key for one in ours[:TOP]}
    return Compared(
        day,
        len(theirs),
        len(ours),
        unread,
        missing=tuple(one for one in theirs if one.key not in known),
        moved=tuple(one for one in theirs if one.key in known and known[one.key] not in edition),
        more=tuple(one for one in ours if one.key not in named),
        tau=_tau([place[known[one.key]] for one in both]),
        overlap=len(first & {known.get(one.key) for one in theirs[:TOP]}),
        votes=tuple((known[one.key], one.votes, edition[known[one.key]]) for one in both),
    )


def _tau(places: Sequence[int]) -> float | None:
    """Return Kendall's tau of an order against the rising one: 1 where both agree, -1 where each pair is turned."""
    pairs = len(places) * (len(places) - 1) // 2
    if not pairs:
        return None
    agreeing = sum(a < b for number, a in enumerate(places) for b in places[number + 1 :])
    return round(2 * agreeing / pairs - 1, 3)
