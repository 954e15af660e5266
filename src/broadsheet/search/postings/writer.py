"""The writing half of the postings, which one process has: papers gathered, written as segments, segments merged.

How segments are made is ``making``, what one holds ``segments``. Nothing is seen before ``flush``.
"""

import json
import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import batched
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from broadsheet.search.index import Document
from broadsheet.search.machine.mapped import names_synced, written
from broadsheet.search.machine.trouble import told
from broadsheet.search.postings import segments
from broadsheet.search.postings.making import Paper, Words, made, means_of, merged
from broadsheet.search.postings.postings import FILE, Postings, listed, told_of
from broadsheet.search.postings.segments import MOST, Array, Parts, Segment
from broadsheet.search.terms.fields import Pieces

SMALL = MOST // 2
"""Papers below which a segment is merged with others."""

MANY = 8
"""Small segments above which some are merged."""

GROWS = 8
"""How many times as many papers as all smaller ones together a segment may have to be merged with them."""

_DEAD = 0.3
"""Share of papers taken out above which a segment is written anew."""

_DRIFT = 0.1
"""Change of a field's mean length, as a share, above which a segment is written anew: impacts were made with it."""


class _Ready(NamedTuple):
    """What only has to be listed. told_by: the list. fresh: files written for it. standing: the segments it names."""

    told_by: Path
    fresh: list[str]
    standing: set[str]


class PostingWriter:
    """What one process writes. postings: as they are since the last ``flush``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.postings = Postings(folder)
        self._ready: _Ready | None = None
        self.forget()
        named = {name for name, _ in listed(folder)} | {FILE}
        # What was begun and never listed, or merged away.
        _delete(folder, {path.name for path in folder.iterdir()}.difference(named))

    @classmethod
    def anew(cls, folder: Path) -> Self:
        """Make empty postings in a folder that is not there yet."""
        folder.mkdir()
        _prepared(folder, []).replace(folder / FILE)
        names_synced(folder)
        return cls(folder)

    def add(self, documents: Sequence[Document], pieces: Sequence[Pieces]) -> None:
        """Add papers, or replace those with the same id. pieces: of their texts."""
        papers = self._words.cut(documents, pieces)
        self._papers |= {one.id: paper for one, paper in zip(documents, papers, strict=True)}

    def remove(self, ids: Iterable[int]) -> None:
        """Take papers out; unknown ids are ignored."""
        for pk in ids:
            self._papers.pop(pk, None)
            self._gone.add(pk)

    def forget(self) -> None:
        """Forget what was not flushed."""
        ready, self._ready = self._ready, None
        if ready is not None:
            _delete(self.folder, [*ready.fresh, ready.told_by.name])
        self._words = Words()
        self._papers: dict[int, Paper] = {}
        self._gone: set[int] = set()

    def flush(self) -> None:
        """Return when everything so far is on disk and found. Raises NoRoom for a full disk; all is as before then."""
        self.prepare()
        self.publish()

    def prepare(self) -> None:
        """Write everything so far, in files that count once ``publish`` lists them. Raises as ``flush`` does."""
        if not (self._papers or self._gone):
            return
        fresh: list[str] = []
        try:
            gone = np.array(sorted(self._gone.union(self._papers)), np.int64)
            standing = [_without(segment, gone) for segment in self.postings.segments]
            standing = [segment for segment in standing if len(segment.dead) < len(segment.parts.ids)]
            for ids in batched(sorted(self._papers), MOST, strict=False):
                parts = made(ids, [self._papers[pk] for pk in ids], self._words, standing)
                standing.append(self._write(*parts, fresh))
            standing = self._tended(standing, fresh)
            told_by = _prepared(self.folder, standing)
        except BaseException:
            _delete(self.folder, fresh)
            raise
        self._ready = _Ready(told_by, fresh, {segment.name for segment in standing})

    def publish(self) -> None:
        """Return when what was prepared is found; nothing may have been added or removed since."""
        ready, self._ready = self._ready, None
        if ready is None:
            return
        before = {segment.name for segment in self.postings.segments}
        # From here on the new segments may count, so that none of them is deleted whatever fails.
        with told("telling of postings", self.folder):
            ready.told_by.replace(self.folder / FILE)
            names_synced(self.folder)
        self.forget()
        self.postings.refresh()
        # Who reads what was merged away goes on in it.
        _delete(self.folder, before.union(ready.fresh).difference(ready.standing))

    def _write(self, parts: Parts, means: tuple[float, ...], names: list[str], fresh: list[str]) -> Segment:
        """Write a segment, which counts once it is listed. fresh: is told its name."""
        name = f"{secrets.token_hex(8)}.postings"
        fresh.append(name)
        segments.write(self.folder / name, parts, means, names)
        return segments.read(self.folder / name, np.empty(0, np.uint16))

    def _tended(self, standing: list[Segment], fresh: list[str]) -> list[Segment]:
        """Return segments with those made one that should be; what a single flush does of it is bounded."""
        together = _together(standing) or _outdated(standing)
        if not together:
            return standing
        names = {segment.name for segment in together}
        rest = [segment for segment in standing if segment.name not in names]
        return [*rest, self._write(*merged(together, rest), fresh)]


def _without(segment: Segment, gone: Array) -> Segment:
    """Return a segment with some papers more taken out; ids that it does not have do not count."""
    ids = segment.parts.ids
    places = np.minimum(np.searchsorted(ids, gone), len(ids) - 1)
    found = places[ids[places] == gone]
    return segment._replace(dead=np.union1d(segment.dead, found).astype(np.uint16)) if len(found) else segment


def _living(segment: Segment) -> int:
    return len(segment.parts.ids) - len(segment.dead)


def _together(standing: Sequence[Segment]) -> list[Segment]:
    """Return the small segments to be made one, where there are many: the smallest, as long as each is not far larger.

    So a paper is written anew a number of times that grows with the logarithm of how many there are.
    """
    small = sorted((segment for segment in standing if _living(segment) < SMALL), key=_living)
    if len(small) <= MANY:
        return []
    chosen: list[Segment] = []
    papers = 0
    for segment in small:
        size = _living(segment)
        if len(chosen) > 1 and (size > GROWS * papers or papers + size > MOST):
            break
        chosen.append(segment)
        papers += size
    return chosen


def _outdated(standing: Sequence[Segment]) -> list[Segment]:
    """Return a segment to be written anew, if any: many of its papers are gone, or lengths are others by now."""
    means = means_of([segment.parts.lengths for segment in standing]) if standing else ()
    for segment in standing:
        drift = max(abs(one / mean - 1) for one, mean in zip(segment.means, means, strict=True))
        if drift > _DRIFT or len(segment.dead) > _DEAD * len(segment.parts.ids):
            return [segment]
    return []


def _prepared(folder: Path, standing: Sequence[Segment]) -> Path:
    """Return a new list of segments, which is on disk as they and their names are; they count once it is the list."""
    path = folder / f"{FILE}.new"
    with told("telling of postings", folder):
        try:
            written(path, json.dumps(told_of([(one.name, one.dead) for one in standing])).encode())
            names_synced(folder)
        except OSError:
            _delete(folder, [path.name])
            raise
    return path


def _delete(folder: Path, names: Iterable[str]) -> None:
    """Delete files, as far as they can be: the rest is at the next start."""
    for name in names:
        with suppress(OSError):
            (folder / name).unlink()
