"""The port of search: what an index takes and answers. The engines behind it live in ``edge`` and ``door``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Document:
    """What the index knows of one paper. Texts are plain; ``source_text`` holds the raw text only where it differs.

    id: the paper's primary key. categories: as given, archives are added by the index. day: edition day.
    """

    id: int
    title: str
    abstract: str
    authors: str
    categories: tuple[str, ...] = ()
    day: date | None = None
    source_text: str = ""
    vector: Vector | None = None


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must fulfil: one of ``categories`` (``cs.LG``, or a whole archive: ``cs``), and a day in range."""

    categories: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None


class Scored(NamedTuple):
    """One hit of one kind of search: the paper's primary key and the engine's score, higher is better."""

    id: int
    score: float


class Searcher(Protocol):
    """The reading half, which a process that does not own the index has too. Every call may come from any thread."""

    def words(self, text: str, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the best papers by BM25 over title, abstract and authors; a hit holds at least one of the words."""
        ...

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers nearest to a unit vector by cosine, score in [-1, 1]."""
        ...

    def size(self) -> int:
        """Return the number of papers in the index."""
        ...

    def close(self) -> None:
        """Let go of the engine. Further calls are errors."""
        ...


class Index(Searcher, Protocol):
    """The whole port, which only the owning process has."""

    def add(self, documents: Sequence[Document]) -> None:
        """Add papers, or replace those with the same id. Visible at once."""
        ...

    def set_vectors(self, vectors: Mapping[int, Vector]) -> None:
        """Give vectors to papers that are in the index already; unknown ids are ignored."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out; unknown ids are ignored."""
        ...

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids in the index above ``after``, in rising order, ``limit`` at most."""
        ...

    def optimize(self) -> None:
        """Let the engine fold new data in; searches wait meanwhile, for seconds where much is new."""
        ...

    def flush(self) -> None:
        """Return when everything added so far would survive a crash."""
        ...
