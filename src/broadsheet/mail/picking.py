"""From what came onto a list to the few papers of a digest, each with the reason. What is kept: ``choosing``."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from broadsheet.mail.filters import Read, Wanted
from broadsheet.mail.models import Subscription
from broadsheet.papers.models import Paper
from broadsheet.ranking import diversity
from broadsheet.ranking.entries import Entered

_SHOWN = 80
"""Characters of a search or a name that a reason repeats."""


@dataclass(frozen=True, slots=True)
class Picked:
    """A paper of a digest. why: the reasons, as words of a sentence."""

    paper: Paper
    why: str


class Readings:
    """Papers made ready to be compared, kept while lists that share them are looked through."""

    MOST = 6000

    def __init__(self) -> None:
        self._kept: dict[int, Read] = {}

    def of(self, paper: Paper) -> Read:
        """Return a paper made ready."""
        read = self._kept.get(paper.pk)
        if read is None:
            if len(self._kept) >= self.MOST:
                self._kept.clear()
            read = self._kept[paper.pk] = Read(paper)
        return read


class Pool:
    """What came onto one list, for all whose digests are chosen from it."""

    def __init__(self, entered: Sequence[Entered], readings: Readings) -> None:
        standing = [entry for entry in entered if entry.paper.withdrawn is None]
        self.entered = standing
        self.reads = [readings.of(entry.paper) for entry in standing]
        self.papers = {entry.paper.pk for entry in standing}

    @cached_property
    def worth(self) -> diversity.Numbers:
        """What readers made of each paper; where it is there for a reason, that counts twice as much.

        Who follows an author and a large category gets the author's paper, whatever the votes of the others.
        """
        papers = [entry.paper for entry in self.entered]
        votes = diversity.relevance([paper.votes for paper in papers], [paper.trending for paper in papers])
        reasons = np.array([entry.weight for entry in self.entered], dtype=np.float32)
        if not reasons.any():
            return votes
        found: diversity.Numbers = ((votes + 2 * reasons / reasons.max()) / 3).astype(np.float32)
        return found

    @cached_property
    def likeness(self) -> diversity.Likeness:
        """How alike the papers are; made where more fit than are wanted."""
        kinds = [str(next(iter(read.paper.categories), "")) for read in self.reads]
        return diversity.Likeness([read.text for read in self.reads], kinds)

    def pick(self, subscription: Subscription, had: Collection[int] = ()) -> tuple[list[Picked], int]:
        """Choose for one subscription, best first. had: papers that it was told of, by primary key.

        Returns the papers and how many there were to choose from.
        """
        wanted = Wanted(subscription)
        fit = [place for place, read in enumerate(self.reads) if read.paper.pk not in had and wanted.takes(read)]
        if len(fit) > subscription.papers:
            places = diversity.chosen(self.worth, self.likeness, np.array(fit), subscription.papers)
        else:
            places = sorted(fit, key=lambda place: -float(self.worth[place]))
        told = _Told(self, fit, subscription, wanted)
        return [Picked(self.entered[place].paper, told.why(place)) for place in places], len(fit)


class _Told:
    """The reasons of papers among those that they were chosen from."""

    def __init__(self, pool: Pool, fit: Sequence[int], subscription: Subscription, wanted: Wanted) -> None:
        self.pool, self.wanted, self.subscription = pool, wanted, subscription
        papers = [pool.reads[place].paper for place in fit]
        self.votes = sorted((paper.votes for paper in papers), reverse=True)
        self.by_kind: dict[str, list[int]] = {}
        for paper in papers:
            self.by_kind.setdefault(_kind(paper), []).append(paper.votes)

    def why(self, place: int) -> str:
        """Return the reasons of one paper, the one that says most first."""
        read = self.pool.reads[place]
        said = [self.pool.entered[place].why]
        if self.subscription.kind == "search":
            said.append(f"matches your search “{_short(self.subscription.value)}”")
        if self.wanted.authors and (author := self.wanted.author_of(read)):
            said.append(f"by {_short(author)}")
        if phrase := self.wanted.phrase_in(read):
            said.append(f"holds “{_short(phrase)}”")
        said = [one for one in said if one][:2]
        standing = self._standing(read.paper, plain=not said)
        return "; ".join(filter(None, [*said, standing]))[:300]

    def _standing(self, paper: Paper, *, plain: bool) -> str:
        """Return what its votes say of a paper; plain: in any case something, as there is no other reason."""
        kind, votes, many = _kind(paper), paper.votes, len(self.votes)
        same_kind = self.by_kind[kind]
        if votes and many > 1 and votes == self.votes[0] and self.votes[1] < votes:
            return f"most votes of all {many:,}"
        if votes and kind and len(same_kind) > 1 and votes == max(same_kind) and same_kind.count(votes) == 1:
            return f"most votes in {kind}"
        if not plain:
            return ""
        if votes and many > self.subscription.papers:
            return f"{_ordinal(1 + sum(other > votes for other in self.votes))} by votes of {many:,}"
        return f"new in {kind}" if kind else "new"


def _kind(paper: Paper) -> str:
    return str(paper.categories[0])[:40] if paper.categories else ""


def _short(text: str) -> str:
    bare = " ".join(text.split())
    return bare if len(bare) <= _SHOWN else f"{bare[: _SHOWN - 1].rstrip()}…"


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"
