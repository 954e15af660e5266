"""How like two papers are, from their titles, authors, abstracts and years. Pure: ids and tables play no part here.

What follows from a likeness is decided in ``community.duplicates``; ``broadsheet bench duplicates`` measures it.
"""

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache

from broadsheet.papers import names
from broadsheet.papers.tex import plain

SURE = 0.90
"""From here on two papers are made one without asking anybody. Measured: ``broadsheet bench duplicates``."""

PERHAPS = 0.72
"""From here on two papers are put before moderators."""

_WORD = re.compile(r"[^\W_]+")
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "ß": "ss"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
_SHINGLE = 3
_MOST_NAMES = 60
_NUMERAL = re.compile(r"\d+|[ivx]+")
_PART = frozenset({"part", "parts", "chapter", "volume", "vol", "episode", "act", "paper"})
_ABOUT_ANOTHER = re.compile(
    r"^\W*(?:an?\s+|the\s+)?(?:erratum|errata|corrigend(?:um|a)|addend(?:um|a)|correction|corrections|retraction|withdrawal|reply|response"
    r"|comment|comments|commentary|discussion|rejoinder|note|remarks?|supplement(?:ary)?|supporting information|review"
    r"|author correction|publisher correction|editorial)\b"
    r"(?=\W*(?:to|on|of|for|:|$))"
    r"|[\[(:]\W*(?:erratum|corrigendum|correction|retraction|reply|rejoinder|supplement|extended abstract"
    r"|abstract|poster|demo)\W*[\])]?\s*$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Text:
    """What is compared of a paper. year: when it was published, None where unknown."""

    title: str
    authors: Sequence[str] = ()
    abstract: str = ""
    year: int | None = None


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like two papers are, each part from 0 to 1, None where one of them says nothing of it.

    score: all parts together. kindred: the titles tell of two works that belong together, such as the parts of one, or
    an erratum and what it corrects; such are never one paper, however like.
    """

    score: float
    title: float
    authors: float | None
    abstract: float | None
    kindred: bool


def likeness(one: Text, other: Text) -> Likeness:
    """Return how like two papers are. It is the same the other way round."""
    title = title_likeness(one.title, other.title)
    authors = authors_likeness(one.authors, other.authors)
    abstract = abstract_likeness(one.abstract, other.abstract)
    return Likeness(
        _together(title, authors, abstract, _years_apart(one, other)),
        title,
        authors,
        abstract,
        kindred(one.title, other.title),
    )


def _together(title: float, authors: float | None, abstract: float | None, years: int) -> float:
    """Return the score: the title and two witnesses, of which a silent one counts as half convinced, two as less."""
    silent = 0.5 if authors is None and abstract is None else 0.6
    witnesses = (silent if authors is None else authors, silent if abstract is None else abstract)
    score = 0.34 * title + 0.36 * witnesses[0] + 0.30 * witnesses[1]
    if authors is not None and authors < 0.3:
        score *= 0.7  # nobody in common: the same words by other people
    if years > 2:
        score -= 0.03 * min(years - 2, 5)
    return max(0.0, min(1.0, score))


def _years_apart(one: Text, other: Text) -> int:
    return abs(one.year - other.year) if one.year and other.year else 0


def title_likeness(one: str, other: str) -> float:
    """Return how like two titles are, whatever their case, accents, markup and punctuation."""
    ours, theirs = _words(one), _words(other)
    if not ours or not theirs:
        return 0.0
    if "".join(ours) == "".join(theirs):
        return 1.0
    shared = len(set(ours) & set(theirs))
    dice = 2 * shared / (len(set(ours)) + len(set(theirs)))
    first, second = sorted((ours, theirs))
    in_order: float = SequenceMatcher(None, first, second, autojunk=False).ratio()
    # A subtitle that came or went leaves the one title whole within the other.
    within = 0.9 * shared / min(len(set(ours)), len(set(theirs))) if min(len(ours), len(theirs)) > 3 else 0.0
    return max((dice + in_order) / 2, within)


def authors_likeness(one: Sequence[str], other: Sequence[str]) -> float | None:
    """Return how like two lists of authors are; None where one is empty. A list may be cut off, or in another order."""
    ours, theirs = list(one)[:_MOST_NAMES], list(other)[:_MOST_NAMES]
    if not ours or not theirs:
        return None
    short, long = sorted((ours, theirs), key=len)
    left = [_name(author) for author in long]
    found = 0
    for name in map(_name, short):
        if (match := next((one for one in left if _alike(name, one)), None)) is not None:
            left.remove(match)
            found += 1
    return found / len(short) * (0.75 + 0.25 * min(1.0, 2 * len(short) / len(long)))


def abstract_likeness(one: str, other: str) -> float | None:
    """Return which share of an abstract stands in the other, by runs of three words; None where one is too short."""
    ours, theirs = _shingles(one), _shingles(other)
    if min(len(ours), len(theirs)) < 10:
        return None
    shared = len(ours & theirs)
    within, both = shared / min(len(ours), len(theirs)), shared / len(ours | theirs)
    # Already a third in common is no accident: revised abstracts keep some sentences.
    return min(1.0, (within + both) / 2 * 1.5)


def same_name(one: str, other: str) -> bool:
    """Whether two names can be those of one author: initials for given names, without accents, in any order."""
    return _alike(_name(one), _name(other))


def kindred(one: str, other: str) -> bool:
    """Whether titles are those of two works that belong together: parts, or one about the other."""
    if bool(_ABOUT_ANOTHER.search(plain(one))) != bool(_ABOUT_ANOTHER.search(plain(other))):
        return True
    ours, theirs = _words(one), _words(other)
    only = (set(ours) ^ set(theirs)) - {"the", "a", "an", "of"}
    if only and all(_NUMERAL.fullmatch(word) for word in only):
        return True
    return bool(_part_of(ours) and _part_of(theirs) and _part_of(ours) != _part_of(theirs))


def _part_of(words: Sequence[str]) -> str:
    """Return which part of a work a title names, '' for none."""
    pairs = itertools.pairwise(words)
    return next((number for word, number in pairs if word in _PART and _NUMERAL.fullmatch(number)), "")


@lru_cache(maxsize=20_000)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(_folded(plain(text))))


def _folded(text: str) -> str:
    """Return a text in small letters without accents."""
    if text.isascii():
        return text.lower()
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return "".join(sign for sign in bare if not unicodedata.combining(sign))


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = _WORD.findall(_folded(plain(text)))
    return {tuple(words[at : at + _SHINGLE]) for at in range(len(words) - _SHINGLE + 1)}


@dataclass(frozen=True, slots=True)
class _Name:
    """A name as it is compared. families: spellings of the family name, without particles; given: words or initials."""

    families: frozenset[str]
    given: tuple[str, ...]
    words: frozenset[str]


@lru_cache(maxsize=50_000)  # who writes one paper writes another
def _name(author: str) -> _Name:
    parts = names.split(author)
    small = unicodedata.normalize("NFC", parts.family).casefold()
    families = frozenset("".join(_WORD.findall(_folded(one))) for one in (small, small.translate(_UMLAUTS)))
    given = tuple(_WORD.findall(_folded(parts.given.replace(".", " ").replace("-", " "))))
    words = _WORD.findall(_folded(f"{parts.given} {parts.particle} {parts.family}".replace("-", " ")))
    return _Name(families, given, frozenset(words))


def _alike(one: _Name, other: _Name) -> bool:
    if one.words == other.words:
        return True
    if one.families.isdisjoint(other.families):
        return False
    if not one.given or not other.given:
        return True
    ours, theirs = one.given[0], other.given[0]
    # "J. Example" may be Jane; "Jane" and "John" are two.
    return ours[0] == theirs[0] if 1 in (len(ours), len(theirs)) else ours.startswith(theirs) or theirs.startswith(ours)
