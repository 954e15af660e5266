"""What conditions ask for as sets of papers, of words in fields put together. Which papers: ``postings.sets``.

How the same is put to the engine: ``conditions``.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.search.index import Facts, Filters, Term
from broadsheet.search.meaning.passing import filed_under
from broadsheet.search.terms.fields import (
    ABSTRACT,
    BODY,
    COMMON,
    LONGEST,
    MOST_WORDS,
    PLAIN,
    SCORED,
    STEMMED,
    TITLE,
    TITLE_STEMS,
    clean,
    different,
    forms,
)
from broadsheet.search.text import people

NAMES, FILED = "names", "filed"
"""Beside the fields of texts: words of authors' names, and what papers are filed under."""


class Words(NamedTuple):
    """Papers that hold one of some words, each in a field."""

    those: tuple[tuple[str, str], ...]


class Every(NamedTuple):
    """All papers."""


class Ids(NamedTuple):
    """Papers by their ids, which are in rising order."""

    ids: NDArray[np.int64]


class Days(NamedTuple):
    """Papers of some days, as numbers; 0 for no first or no last one."""

    since: int
    until: int


class Phrase(NamedTuple):
    """Papers with some words one after the other in title or abstract."""

    field: str
    words: tuple[str, ...]


class Name(NamedTuple):
    """Papers with an author of a name of several words. families: words of which its family name may be.

    find: returns their ids in rising order, given which of these are words of any name.
    """

    families: tuple[str, ...]
    find: Callable[[Sequence[str]], NDArray[np.int64]]


class But(NamedTuple):
    """Papers of one set that are not of another."""

    those: "Expression"
    others: "Expression"


class All(NamedTuple):
    """Papers of each of several sets; all papers where there is none."""

    several: "Sequence[Expression]"


class Any(NamedTuple):
    """Papers of one of several sets."""

    several: "Sequence[Expression]"


type Expression = Words | Every | Ids | Days | Phrase | Name | But | All | Any

type Named = Callable[[str, Sequence[str]], NDArray[np.int64]]
"""Finds the papers with an author of a name of several words, given which words of it are of any family's name. It
returns their ids in rising order."""

_NOTHING = Words(())


def no_one(_name: str, _families: Sequence[str]) -> NDArray[np.int64]:
    """Return no papers: for what has no names."""
    return np.zeros(0, np.int64)


def expression(filters: Filters, named: Named = no_one) -> Expression:
    """Return what filters ask for, their ids aside."""
    must: list[Expression] = [Words(((FILED, f"has {one}"),)) for one in filters.has]
    if filters.categories:
        must.append(Words(tuple((FILED, f"category {one}") for one in filters.categories)))
    if filters.since or filters.until:
        since = filters.since.toordinal() if filters.since else 0
        must.append(Days(since, filters.until.toordinal() if filters.until else 0))
    must += [found for term in filters.terms if (found := _held(term, named)) is not None]
    must_not: list[Expression] = [found for term in filters.without if (found := _held(term, named)) is not None]
    if none_of := filed_under(Facts(filters.not_categories, None, filters.lacks)):
        must_not.append(Words(tuple((FILED, one) for one in none_of)))
    return But(All(must), Any(must_not)) if must_not else All(must)


@lru_cache(maxsize=1000)  # asked for again at each turn in which sets are put together
def holding_words(field: str, words: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return words of fields which all papers hold, and perhaps others, that hold some words in title or abstract.

    The commonest words have no lists, but for the stems of titles.
    """
    those = different(words)
    found = [(field, word) for word in those if word not in COMMON]
    if field == TITLE and len(found) < len(those):
        common = [word for word in those if word in COMMON]
        found += [(TITLE_STEMS, stem) for stem in different(STEMMED.analyze(" ".join(common)))]
    return tuple(found)


def _held(term: Term, named: Named) -> Expression | None:
    """Return what a condition asks for; None for a term without any word, which asks for nothing."""
    text = clean(term.text[:LONGEST])
    words = PLAIN.analyze(text)[:MOST_WORDS]
    if not words:
        # A word that is longer than the index keeps is held by no paper.
        return _NOTHING if any(map(str.isalnum, text)) else None
    if term.where == "words":
        everywhere = [Words(((BODY, word),)) for word in different(SCORED.analyze(text))]
        return All(everywhere) if everywhere else _NOTHING
    if term.where == "authors":
        return _name(term.text, named)
    stem = STEMMED.analyze(text)[0] if not term.exact and len(words) == 1 else None
    if term.where == "title":
        return Words(((TITLE_STEMS, stem),)) if stem else _phrase(TITLE, words)
    if term.where == "abstract":
        return _in_abstract(words[0], stem, term.text, named) if stem else _phrase(ABSTRACT, words)
    name = _name(term.text, named) or _NOTHING
    # The words of everything lack the commonest ones, which are found as they stand.
    if stem and SCORED.analyze(text):
        return Any([name, Words(((BODY, stem),))])
    return Any([name, _phrase(TITLE, words), _phrase(ABSTRACT, words)])


def _phrase(field: str, words: Sequence[str]) -> Expression:
    if len(words) == 1 and words[0] not in COMMON:
        return Words(((field, words[0]),))
    return Phrase(field, tuple(words))


def _in_abstract(word: str, stem: str, text: str, named: Named) -> Expression:
    """Return what finds the stem of a word in abstracts. See ``conditions``, which has the same."""
    written = [_phrase(ABSTRACT, [form]) for form in forms(word, stem)]
    elsewhere = Any([Words(((TITLE_STEMS, stem),)), _name(text, named) or _NOTHING])
    return Any([*written, But(Words(((BODY, stem),)), elsewhere)])


def _name(text: str, named: Named) -> Expression | None:
    """Return what finds a name; None for a text without a letter."""
    ways = people.wanted(text)
    if not ways:
        return None
    if all(len(way) == 1 and "|" not in way[0] for way in ways):
        return Words(tuple((NAMES, word) for way in ways for word in way[0].split()))
    families = dict.fromkeys(pair.partition("|")[0] for way in ways for pair in way)
    return Name(tuple(families), partial(named, text))
