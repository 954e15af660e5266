"""Author names taken apart as styles of citation need them. Names come as their owners write them, given name first."""

import re
from typing import NamedTuple

from broadsheet.papers import tex

SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
GROUP = re.compile(r"\b(?:and|collaboration|team|group|consortium|authors|others)\b", re.IGNORECASE)


class Name(NamedTuple):
    """A name in its parts; a group's name is whole and stands in ``family`` alone."""

    family: str
    given: str = ""
    particle: str = ""
    suffix: str = ""
    group: bool = False


def surname(words: list[str]) -> list[str]:
    """The last word with the particles before it: ``van der Example``."""
    start = len(words) - 1
    while start > 1 and words[start - 1][:1].islower():
        start -= 1
    return words[start:]


def split(author: str) -> Name:
    """Take a name apart: ``Ann van der Example Jr.`` is Ann, van der, Example, Jr."""
    plain = " ".join(tex.plain(author).split())
    if GROUP.search(plain):
        return Name(plain, group=True)
    family, comma, rest = plain.partition(",")
    if comma and rest.strip() and rest.strip().lower() not in SUFFIXES:  # "Last, First" or "Last, Jr., First"
        parts = [part.strip() for part in rest.split(",")]
        suffix = parts.pop(0) if len(parts) > 1 and parts[0].lower() in SUFFIXES else ""
        return _with_particle(family.split(), " ".join(filter(None, parts)), suffix)
    words = plain.replace(",", " ").split()
    suffix = words.pop() if len(words) > 2 and words[-1].lower() in SUFFIXES else ""
    if len(words) < 2:
        return Name(" ".join(words), suffix=suffix)
    last = surname(words)
    return _with_particle(last, " ".join(words[: len(words) - len(last)]), suffix)


def _with_particle(last: list[str], given: str, suffix: str) -> Name:
    start = next((place for place, word in enumerate(last) if not word[:1].islower()), len(last) - 1)
    return Name(" ".join(last[start:]), given, " ".join(last[:start]), suffix)
