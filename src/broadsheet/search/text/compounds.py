"""One word written in several ways: with a hyphen, as two, as one; Greek letters by name; formulas. Pure text.

What a paper is found by besides its own words is ``joined``, what a query asks for besides its own is ``forms``. What
each of it is worth, and what was tried and left out, is told in docs/search/quality.md. Acronyms are ``acronyms``.
"""

import re
import unicodedata
from itertools import pairwise
from typing import Final, NamedTuple

HYPHENED, PAIR, NAME = 0.3, 0.1, 0.3
"""What counts, against the words that were typed: a compound or a formula as one; two words as one; a letter's name."""

_SHORTEST_PAIR = 5
"""Letters of two words that are asked for as one: shorter ones meet by chance."""

_WORD = re.compile(r"[^\W_]+")
_HYPHENED = re.compile(r"[^\W_]+(?:-[^\W_]+)+")
# Authors' hyphens differ by keyboard and by source.
_OTHER_HYPHENS = re.compile("[\u2010\u2011\u2012\ufe63\uff0d]")
_VARIANTS = {
    "ϕ": "phi",
    "ϵ": "epsilon",
    "ϑ": "theta",
    "ϱ": "rho",
    "ϖ": "pi",
    "ς": "sigma",
    "λ": "lambda",
    "Λ": "lambda",
}
# As NFKC makes one letter of most variants, few are left; a letter with an accent belongs to a Greek word.
GREEK: Final = {
    sign: unicodedata.name(sign).rpartition(" ")[2].lower()
    for sign in map(chr, (*range(0x391, 0x3A2), *range(0x3A3, 0x3AA), *range(0x3B1, 0x3CA)))
} | _VARIANTS
_GREEK = re.compile(f"[{''.join(GREEK)}]")
_BRACKETED = re.compile(r"_\(([^()\s]*)\)")
MARKED = re.compile(r"[_+#]")
"""Signs in a word that is cut to letters without them."""
_SIGNED = (("c++", "cplusplus"), ("c#", "csharp"), ("f#", "fsharp"))


class Form(NamedTuple):
    """A word that is asked for besides those that were typed. weight: against theirs, which is 1."""

    word: str
    weight: float


class Alike(NamedTuple):
    """Some words of a query as they were typed, and another form of the same: an acronym, or what it stands for."""

    typed: str
    other: str


def joined(text: str) -> list[str]:
    """Return the words that a paper is to be found by besides those of its text, each as often as it stands there.

    A compound with hyphens as one word (``self-supervised`` as ``selfsupervised``), with what signs stand around it,
    as the index cuts at these anyway; formulas as they are typed in plain letters (``Cu_xBi2Se3`` as ``CuxBi2Se3``),
    with hyphens as one word too; the names of Greek letters; languages whose name is cut to one letter.
    It is asked for each paper that comes: some 5 microseconds for an abstract.
    """
    found = []
    if not text.isascii():
        text = _OTHER_HYPHENS.sub("-", text)
        found += [GREEK[sign] for sign in _GREEK.findall(text)]
    if "\n" in text:
        text = " ".join(text.split())
    if "_" in text:
        typed = _bare(text)
        found += [*typed, *(word.replace("-", "") for word in typed if "-" in word)]
    # Sought from the hyphens, of which an abstract has ten: taking all its words apart takes five times as long.
    at = text.find("-", 1)
    while at > 0:
        end = text.find(" ", at)
        end = len(text) if end < 0 else end
        begin = text.rfind(" ", 0, at) + 1
        if begin < at < end - 1:  # not a dash, nor one at either end
            found.append(text[begin:end].replace("-", ""))
        at = text.find("-", end)
    return found + _signed(text)


def forms(text: str) -> list[Form]:
    """Return what a query asks for besides its own words, each once, with its weight.

    Compounds with hyphens and formulas as one word, as in ``joined``; each two words that follow one another as one
    (``data set`` as ``dataset``), as who types them apart may mean papers that do not; Greek letters by name. A word
    that no paper holds costs nothing.
    """
    text = text.lower() if (plain := text.isascii()) else _OTHER_HYPHENS.sub("-", text)
    words = _WORD.findall(text)
    pairs = (one + other for one, other in pairwise(words) if len(one) + len(other) >= _SHORTEST_PAIR)
    weighed: dict[str, float] = {}
    if "_" in text:
        weighed |= {part.lower(): HYPHENED for word in _bare(text) for part in _WORD.findall(word)}
    if "-" in text:
        weighed |= {word.replace("-", "").lower(): HYPHENED for word in _HYPHENED.findall(text)}
    if not plain:
        weighed |= {GREEK[sign]: NAME for sign in _GREEK.findall(text)}
    weighed |= dict.fromkeys(_signed(text), 1.0)
    for pair in pairs:  # at the end, as of a whole text not all forms are asked for, and these tell least
        weighed.setdefault(pair if plain else pair.lower(), PAIR)
    typed = {word.lower() for word in words}
    return [Form(word, weight) for word, weight in weighed.items() if word not in typed]


def pair(one: str, other: str) -> str:
    """Return what ``forms`` asks for of the last word of one text and the first of the next; empty where of neither."""
    words = _WORD.findall(one)[-1:] + _WORD.findall(other)[:1]
    return "".join(words).lower() if len(words) == 2 and sum(map(len, words)) >= _SHORTEST_PAIR else ""


def _bare(text: str) -> list[str]:
    """Return words of a text without the marks of what stands lower in them, for most of which Unicode has no sign."""
    found = (_BRACKETED.sub(r"\1", word).replace("_", "") for word in text.split() if "_" in word)
    return [word for word in found if word]


def _signed(text: str) -> list[str]:
    """Return the names of languages that are nothing but a letter without their signs."""
    if "+" not in text and "#" not in text:
        return []
    small = text.lower()
    return [name for sign, name in _SIGNED if sign in small]
