"""Names of authors as the index keeps them and as people ask for them. Styles of citation: ``papers/names``.

A name is kept as its words and as pairs of a family name with each other word, in full and by its initial, so that an
engine which knows words alone can tell one person's name from the names of two. Two authors of one paper with the same
family name are one to it.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import chain

from broadsheet.papers import names

MOST_WORDS = 6
"""Words of a name that is asked for."""

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "'": "", "’": "", "`": ""}
)
_APOSTROPHES = str.maketrans({"'": "", "`": ""})
_ASCII_WORD = re.compile(r"[a-z0-9]+")
_USUAL = re.compile(r"(?:[A-Z](?:[a-z]+|\.) )+[A-Z][a-z]+")
"""Four of five names, whose parts are plain to see."""
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})


def kept(authors: Sequence[str]) -> str:
    """Return what the index keeps of the authors of a paper: words and pairs, parted by blanks."""
    return " ".join(dict.fromkeys(chain.from_iterable(map(_kept, authors))))


def words(authors: Sequence[str]) -> list[str]:
    """Return the words of ``kept``, without the pairs."""
    return [one for one in dict.fromkeys(chain.from_iterable(map(_kept, authors))) if "|" not in one]


@lru_cache(maxsize=50_000)  # who writes one paper writes another
def _kept(author: str) -> tuple[str, ...]:
    if _USUAL.fullmatch(author) and not names.GROUP.search(author):
        *given, last = author.lower().replace(".", "").split()
        if last not in names.SUFFIXES:
            if len(given) == 1 and len(given[0]) > 1:  # three of four
                first = given[0]
                return last, first, f"{last}|{first}", f"{last}|{first[0]}"
            return tuple(_of_parts([last], given, []))
    found = [*_of(author)]
    small = unicodedata.normalize("NFC", author).casefold()
    if small.translate(_UMLAUTS) != small:
        found += _of(small.translate(_UMLAUTS).title())
    return tuple(found)


def wanted(text: str) -> list[list[str]]:
    """Return what a paper must hold of ``kept`` to have an author of that name; empty for a text without letters.

    One of the lists must be held whole, where each member is some words of which one will do.
    """
    words = _words(text)
    if len(words) > 2:
        words = [word for word in words if word not in names.SUFFIXES] or words  # no name is kept with it
    if len(words) > MOST_WORDS:
        words = [*words[: MOST_WORDS - 1], words[-1]]  # the first names, and what is mostly the family's
    if len(words) == 1:
        return [[words[0]]]
    # Any may be the family, also what is a particle in other names, as Du and De are; a letter where it is the last.
    families = [word for word in words if len(word) > 1] + words[-1:]
    ways = []
    for family in dict.fromkeys(families):
        others = list(words)
        others.remove(family)
        # Yang Yang has the pair of both; of a double family name that says the same twice none is kept.
        ways.append([_pair(family, other) for other in others if other != family] or [_pair(family, family)])
    return ways


def _pair(family: str, other: str) -> str:
    """The other word as it is, and its initial where the paper gives no more than that."""
    return f"{family}|{other}" if len(other) == 1 else f"{family}|{other} {family}|={other[0]}"


def _of(author: str) -> Iterator[str]:
    name = names.split(author)
    family, given = _words(name.family), _words(name.given)
    if name.group:
        yield from family
        yield from _pairs(family[:MOST_WORDS], (), ())
        return
    yield from _of_parts(family, given, _words(name.particle))


def _of_parts(family: Sequence[str], given: Sequence[str], particles: Sequence[str]) -> Iterator[str]:
    yield from family
    yield from particles
    yield from (word for word in given if len(word) > 1 or not word.isascii())
    yield from _pairs(family, given, particles)
    # A middle name in full may be the first of two family names.
    if len(given) > 1 and len(given[-1]) > 1:
        yield from _pairs(given[-1:], [*given[:-1], *family], [])


def _pairs(family: Sequence[str], given: Sequence[str], particles: Sequence[str]) -> Iterator[str]:
    for last in family:
        for word in given:
            yield f"{last}|{word}"
            yield f"{last}|{word[0]}" if len(word) > 1 else f"{last}|={word}"
        for word in (*particles, *family):
            if word != last:
                yield f"{last}|{word}"


def _words(text: str) -> list[str]:
    """Return the words of a name without accents, in small letters."""
    if text.isascii():
        return _ASCII_WORD.findall(text.translate(_APOSTROPHES).lower())
    bare = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
    letters = "".join(sign if sign.isalnum() else "" if unicodedata.category(sign)[0] == "M" else " " for sign in bare)
    return letters.split()
