"""Postings: which papers hold a word and how much that counts, in segments that any process maps and one writes.

How the best papers are made of them is ``asking``, the files are ``segments``, the writing half is
``writer``, and which papers fulfil conditions ``sets``.
"""

import base64
import json
import threading
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import Need, Scored
from broadsheet.search.machine.layout import Stamp, stamp
from broadsheet.search.machine.mapped import WAY_OUT
from broadsheet.search.machine.trouble import of_disk
from broadsheet.search.postings import asking as posting_asking
from broadsheet.search.postings import segments
from broadsheet.search.postings.asking import View
from broadsheet.search.postings.segments import Array, Segment
from broadsheet.search.postings.sets import Sets, Steps
from broadsheet.search.terms.expressions import Expression
from broadsheet.search.terms.scoring import Wanted

FILE = "segments.json"

_TRIES = 100
"""How often a reader begins again because segments were merged away while it was opening them."""


class Postings:
    """The reading half, which any process may have."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._list = folder / FILE
        self._view = View.of(())
        self._seen: Stamp | None = None
        self._refreshing = threading.Lock()
        self._show()

    def refresh(self) -> None:
        """See what was flushed since, which takes a look at one file; where that is gone, what was seen stays."""
        if stamp(self._list) in (self._seen, None):
            return
        with self._refreshing:
            if stamp(self._list) not in (self._seen, None):
                try:
                    self._show()
                except BroadsheetError:
                    if stamp(self._list) is not None:  # else the index was made anew just now, elsewhere
                        raise

    def _show(self) -> None:
        """Map what the list names. Raises BroadsheetError where that is missing or damaged."""
        for _ in range(_TRIES):
            # The look comes before the reading: what is flushed between the two is seen the next time.
            seen = stamp(self._list)
            named = listed(self.folder)
            known = {segment.name: segment for segment in self.segments}
            try:
                self._view = View.of(
                    segments.without(known[name], dead) if name in known else segments.read(self.folder / name, dead)
                    for name, dead in named
                )
            except FileNotFoundError as error:
                if stamp(self._list) == seen:
                    raise BroadsheetError(f"{error.filename} is missing.", WAY_OUT) from error
                continue
            self._seen = seen
            return
        raise BroadsheetError(f"The postings in {self.folder} change all the time.", "Try again in a moment.")

    @property
    def view(self) -> View:
        """The segments that count, as the compiled loops take them."""
        return self._view

    @property
    def segments(self) -> tuple[Segment, ...]:
        """The segments that count."""
        return self._view.segments

    def size(self) -> int:
        """Return the number of papers."""
        return sum(len(segment.parts.ids) - len(segment.dead) for segment in self.segments)

    def ids(self) -> Array:
        """Return the papers, in rising order."""
        there = [np.delete(segment.parts.ids, segment.dead) for segment in self.segments]
        return np.sort(np.concatenate(there)) if there else np.zeros(0, np.int64)

    def best(self, wanted: Wanted, *, limit: int, among: Sets | None = None) -> Sequence[Scored]:
        """Return the best papers for the words of a query, best first.

        among: those alone that may be found. Of a query of many words those that tell little are left out, as far as
        reading them would take long.
        """
        if among is None:
            return posting_asking.best(self._view, wanted, limit)
        return posting_asking.best(among.view, wanted, limit, among.bits)

    def having(self, ids: Array, needs: Sequence[Need]) -> Array:
        """Return those of some papers that hold each of several words in one of its ways; ids rise, as given."""
        return posting_asking.having(self._view, ids, needs)

    def holding(self, what: Expression) -> Sets:
        """Return the papers that an expression asks for; without phrases, none is in doubt."""
        return Steps(self._view, what)()


def listed(folder: Path) -> list[tuple[str, Array]]:
    """Return the segments that count, each with the papers that were taken out of it.

    Raises BroadsheetError where the list is missing or damaged.
    """
    path = folder / FILE
    try:
        told = json.loads(path.read_bytes())
        if zlib.crc32(json.dumps(told["segments"]).encode()) != told["sum"]:
            raise ValueError("it does not hold what was written")  # noqa: TRY301 (told below, as all of it)
        return [(_name(name), np.frombuffer(base64.b64decode(dead), "<u2")) for name, dead in told["segments"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        told = BroadsheetError(f"{path} is missing or damaged: {error}.", WAY_OUT)
        raise of_disk(f"reading {path}", error) or told from error


def _name(name: str) -> str:
    if not segments.NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of postings")
    return name


def told_of(those: Sequence[tuple[str, Array]]) -> dict[str, Any]:
    """Return the list of segments as it is written."""
    told = [[name, base64.b64encode(dead.astype("<u2").tobytes()).decode()] for name, dead in those]
    return {"segments": told, "sum": zlib.crc32(json.dumps(told).encode())}
