"""The port of search: what an index takes and answers. Behind it: ``whole`` on one machine, ``cluster`` on several."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Literal, NamedTuple, Protocol, overload

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.text.compounds import Alike

Vector = NDArray[np.float32]

type Need = tuple[tuple[str, ...], ...]
"""One word of a query as a paper may hold it: all the words of one of several ways, in title, abstract or authors."""

SCHEMA = 9
"""Raise it with every change of what is kept or how words are cut: an index of another number is built anew."""


@dataclass(frozen=True, slots=True)
class Document:
    """What the index knows of one paper. Texts are plain; ``source_text`` holds the raw text only where it differs.

    id: the paper's primary key. categories: as given, archives are added by the index. day: edition day.
    names: of the authors, one by one. code: whether its code is known.
    """

    id: int
    title: str
    abstract: str
    authors: str
    categories: tuple[str, ...] = ()
    day: date | None = None
    source_text: str = ""
    names: tuple[str, ...] = ()
    code: bool = False
    vector: Vector | None = None


class Facts(NamedTuple):
    """What a paper is filed under: its categories with their archives, its edition day as a number, what it has."""

    categories: tuple[str, ...] = ()
    day: int | None = None
    has: tuple[str, ...] = ()


def facts_of(document: Document) -> Facts:
    """Return what a paper is filed under."""
    archives = (category.split(".")[0] for category in document.categories)
    return Facts(
        tuple(dict.fromkeys((*document.categories, *archives))),
        document.day.toordinal() if document.day else None,
        ("code",) if document.code else (),
    )


type Where = Literal["words", "any", "title", "abstract", "authors"]


class Term(NamedTuple):
    """A word or several that a paper must hold somewhere. exact: as they stand, one after the other, unstemmed.

    where: ``words`` all of them, stop words aside, in title, abstract or authors together; ``any`` side by side in one
    of the three; ``authors`` all in one name, whose given names may be initials.
    """

    where: Where
    text: str
    exact: bool = False


@dataclass(frozen=True, slots=True)
class Filters:
    """What a hit must fulfil: one of ``categories`` (``cs.LG``, or a whole archive: ``cs``), and a day in range.

    not_categories: none of them. terms: each of them. without: none of them. has, lacks: so far ``code`` alone.
    ids: one of these papers, where given; an array where the index itself asks, as such filters cannot be compared,
    with each paper once and in rising order.
    """

    categories: tuple[str, ...] = ()
    since: date | None = None
    until: date | None = None
    not_categories: tuple[str, ...] = ()
    terms: tuple[Term, ...] = ()
    without: tuple[Term, ...] = ()
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()
    ids: tuple[int, ...] | NDArray[np.int64] | None = None


class Scored(NamedTuple):
    """One hit of one kind of search: the paper's primary key and the engine's score, higher is better."""

    id: int
    score: float


def paired(ids: Sequence[int], scores: Sequence[float]) -> list[Scored]:
    """Return hits of papers and their scores, as many of both, without a call of Python's for each of hundreds."""
    return list(map(partial(tuple.__new__, Scored), zip(ids, scores, strict=True)))


class Ranked(Sequence[Scored]):
    """Hits of one kind of search, each made when it is looked at: what fuses hundreds of them takes the arrays.

    ids, scores: of the papers, best first, as many of both; nobody writes them any more.
    """

    __slots__ = ("ids", "scores")
    __hash__ = None  # type: ignore[assignment]  # as of a list

    def __init__(self, ids: NDArray[np.int64], scores: NDArray[np.floating[Any]]) -> None:
        self.ids, self.scores = ids, scores

    def __len__(self) -> int:
        return len(self.ids)

    @overload
    def __getitem__(self, at: int) -> Scored: ...

    @overload
    def __getitem__(self, at: slice) -> list[Scored]: ...

    def __getitem__(self, at: int | slice) -> Scored | list[Scored]:
        if isinstance(at, slice):
            return paired(self.ids[at].tolist(), self.scores[at].tolist())
        return Scored(int(self.ids[at]), float(self.scores[at]))

    def __iter__(self) -> Iterator[Scored]:
        return iter(self[:])

    def __eq__(self, other: object) -> bool:
        return self[:] == list(other) if isinstance(other, Sequence) else NotImplemented

    def __repr__(self) -> str:
        return repr(self[:])


class Tally(NamedTuple):
    """How many papers fulfil some filters, in all, by category (archives too, most first) and by year of edition.

    about: the whole number is an estimate. rough: those by category and year are. Small numbers never are.
    """

    total: int
    categories: tuple[tuple[str, int], ...] = ()
    years: tuple[tuple[int, int], ...] = ()
    about: bool = False
    rough: bool = False


NOTHING_TOLD = Tally(0)


class Searcher(Protocol):
    """The reading half, which any process may have. Every call may come from any thread."""

    @property
    def space(self) -> str:
        """Mark of the model in whose space the vectors lie: one that made a query's vector must be of it too."""
        ...

    def words(
        self, text: str, *, limit: int, filters: Filters, alike: Sequence[Alike] = (), whole: bool = False
    ) -> Sequence[Scored]:
        """Return the best papers by BM25 over title, abstract and authors; a hit holds at least one of the words.

        alike: other forms of some of the words, which are as good, at less weight. whole: a whole text is asked for, as
        an abstract, so that how rare a word is counts twice; a server of the index counts it once.
        """
        ...

    def meaning(self, vector: Vector, *, limit: int, filters: Filters) -> Sequence[Scored]:
        """Return the papers nearest to a unit vector by cosine, score in [-1, 1]."""
        ...

    def having(self, ids: NDArray[np.int64], needs: Sequence[Need]) -> NDArray[np.int64]:
        """Return those of some papers that hold each of several words in one of its ways; ids rise, as given."""
        ...

    def newest(self, *, limit: int, filters: Filters) -> list[Scored]:
        """Return the papers that fulfil the filters, newest edition first; score is the day's number, higher is newer.

        Papers without a day are not among them; those of one day come in any order.
        """
        ...

    def tally(self, *, filters: Filters, facets: bool = False) -> Tally:
        """Count the papers that fulfil the filters. facets: by category and by year too."""
        ...

    def vectors_of(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Return the vectors that papers are compared by, those made at once too; who has none is left out."""
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
        """Add papers, or replace those with the same id. They are found from the next ``flush`` on."""
        ...

    def set_vectors(self, vectors: Mapping[int, Vector]) -> None:
        """Give vectors to papers that are in the index already; unknown ids are ignored. Visible at once."""
        ...

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out, from the next ``flush`` on at the latest; unknown ids are ignored."""
        ...

    def ids(self, after: int, limit: int) -> list[int]:
        """Return the ids in the index above ``after``, in rising order, ``limit`` at most."""
        ...

    def flush(self) -> None:
        """Return when everything added and removed so far is seen by searches and would survive a crash."""
        ...

    def complete(self) -> None:
        """Tell that all that was stored is taken over: an index that was made anew beside another replaces it now."""
        ...
