"""Acronyms that a text defines: "large language model (LLM)", "LLM (large language model)". Pure text.

What is kept of them and asked for is ``acronyms``.
"""

import re
import unicodedata
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

LONGEST_SHORT, LONGEST_LONG = 10, 100
"""Characters of an acronym, and of what it stands for, at most."""

_SHORT = re.compile(r"[^\W_][^\W_]*(?:[-/][^\W_]+)*")
_WORD = re.compile(r"[^\W_]+")
_MUTE = re.compile(r"(?i:[b-df-hj-np-tv-xz]{3,})")
_END = re.compile(r"[.;:?!,)\]]\s")
_KEEP = ("ss", "us", "is", "os", "as")
"""Endings that look like a plural's and are none: bias, basis, loss, corpus."""


class Pair(NamedTuple):
    """An acronym and what it stands for, both as they were written, the acronym without its plural's s."""

    short: str
    long: str


def pairs(text: str) -> list[Pair]:
    """Return what acronyms a text defines, each pair once.

    Source: Schwartz and Hearst, A simple algorithm for identifying abbreviation definitions in biomedical text (2003):
    the letters of the acronym are sought from the right in the words before the bracket, its first one at the beginning
    of a word. Stricter than there: two capitals, at least two words, none of them beyond a mark that ends a clause.
    """
    if "(" not in text:
        return []
    parts = " ".join(text.split()).split("(")
    found: dict[tuple[str, str], Pair] = {}
    for before, after in pairwise(parts):
        inside = after.partition(")")[0]
        if pair := _behind(before.rstrip(), re.split("[,;]", inside)[0].strip()) or _ahead(before, inside.strip()):
            found.setdefault((sign_of(pair.short), key_of(pair.long)), pair)
    return list(found.values())


def words_of(text: str) -> list[str]:
    """Return what stands between blanks and signs, as it is written; compounds with hyphens in their parts."""
    return _WORD.findall(unicodedata.normalize("NFKC", text))


def shorts_of(text: str, *, shouted: bool) -> dict[str, str]:
    """Return what in a text is written as acronyms are, or has no vowel (``llm``), by its sign: ``map`` is a word.

    shouted: the whole text is written in capitals, so that these say nothing.
    """
    typed = {*words_of(text), *_SHORT.findall(unicodedata.normalize("NFKC", text))}
    return {
        sign_of(word): word
        for word in map(bare, sorted(typed))
        if (is_short(word) and not shouted) or (len(word) <= LONGEST_SHORT and _MUTE.fullmatch(word))
    }


def sign_of(short: str) -> str:
    """Return an acronym as it is compared: small, letters and digits alone."""
    return "".join(words_of(short)).casefold()


def key_of(long: str) -> str:
    """Return some words as they are compared: small, each without a plural's s, and nothing between them.

    So what some write as one word, some as two and some with a hyphen is the same.
    """
    return "".join(singular(word) for word in words_of(long.casefold()))


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """Return a small word without the s of its plural; near enough, as both sides are treated alike."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith(_KEEP) else word


def is_short(word: str) -> bool:
    """Whether a word is written as acronyms are: short, two capitals or more, letters first."""
    return 2 <= len(word) <= LONGEST_SHORT and _SHORT.fullmatch(word) is not None and sum(map(str.isupper, word)) >= 2


def bare(short: str) -> str:
    """Return an acronym without the s of its plural: of ``LLMs``, and of ``llms``, which ends in two others."""
    mute = short.islower() and _MUTE.fullmatch(short) is not None and len(short) > 3
    return short[:-1] if len(short) > 2 and short.endswith("s") and (short[-2].isupper() or mute) else short


def _behind(before: str, inside: str) -> Pair | None:
    """The acronym in the bracket, its words before it."""
    short = bare(inside)
    if not is_short(short):
        return None
    clause = _END.split(before)[-1]
    letters = sum(map(str.isalnum, short))
    near = " ".join(clause.split()[-min(letters + 5, 2 * letters) :])
    long = _spelled(short, near)
    return Pair(short, long) if long is not None and _sound(short, long) else None


def _ahead(before: str, inside: str) -> Pair | None:
    """The acronym before the bracket, its words in it."""
    words = before.split()
    short = bare(words[-1]) if words and before.endswith(" ") else ""
    if not is_short(short) or len(inside) > LONGEST_LONG or _END.search(f"{inside} "):
        return None
    long = _spelled(short, inside)
    return Pair(short, inside) if long == inside and _sound(short, inside) else None


def _spelled(short: str, text: str) -> str | None:
    """Return the end of a text that begins with the acronym's first letter and holds the others in their order."""
    small, at = text.lower(), len(text)
    if len(small) != at:  # letters that have no small form of one sign
        return None
    letters = [sign for sign in short.lower() if sign.isalnum()]
    for number, letter in zip(range(len(letters) - 1, -1, -1), reversed(letters), strict=True):
        at = small.rfind(letter, 0, at)
        while number == 0 and at > 0 and small[at - 1].isalnum():
            at = small.rfind(letter, 0, at)
        if at < 0:
            return None
    return text[small.rfind(" ", 0, at) + 1 :]


def _sound(short: str, long: str) -> bool:
    """Whether the words can be what an acronym stands for: several, not too many, without the acronym itself."""
    words = _WORD.findall(long)
    letters = sum(map(str.isalnum, short))
    return (
        2 <= len(words) <= letters + 2
        and len(long) <= LONGEST_LONG
        and long[0].isalnum()
        and short not in {bare(word) for word in words}
        and not any(sum(map(str.isupper, word)) > 1 and len(word) > 1 and word == word.upper() for word in words)
    )
