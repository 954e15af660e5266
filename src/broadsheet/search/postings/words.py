"""What stands for a word in postings, and how texts are cut into words quickly. Which words there are: ``scoring``."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from broadsheet.search.postings.segments import FIELDS, MARKS, Array
from broadsheet.search.terms import fields as terms
from broadsheet.search.terms.expressions import FILED, NAMES
from broadsheet.search.terms.scoring import Part


def keys_of(parts: Sequence[Part]) -> Array:
    """Return what stands for words of fields: 62 bits of a check sum, and two for the field."""
    found = cut([part.word for part in parts])
    # What the engine takes for one word, and these rules for several or none, stands for the first of them or nothing.
    first = np.cumsum(found.counts) - found.counts
    sums = np.append(found.sums, np.uint64(0))[np.where(found.counts > 0, first, len(found.sums))]
    fields = np.array([FIELDS.index(part.field) for part in parts], np.uint64)
    return sums & ~np.uint64(3) | fields


def keyed(words: Sequence[tuple[str, str]]) -> Array:
    """Return what stands for words of fields: of texts, "" for none, and of those of ``expressions``."""
    keys = np.zeros(len(words), np.uint64)
    marks = [place for place, (field, _) in enumerate(words) if field in (NAMES, FILED)]
    others = [place for place, (field, _) in enumerate(words) if field not in (NAMES, FILED)]
    keys[marks] = marked(
        [of_name(word) if field == NAMES else word for field, word in (words[place] for place in marks)]
    )
    bare = keys_of([Part(FIELDS[0], words[place][1], 1) for place in others])
    keys[others] = bare | np.array([_FIELDS[words[place][0]] for place in others], np.uint64)
    return keys


def of_name(word: str) -> str:
    """Return the mark of a word of an author's name."""
    return f"author {word}"


def marked(marks: Sequence[str]) -> Array:
    """Return what stands for marks, such as ``passing.filed_under`` gives: 62 bits of a check sum, and the field."""
    sums = b"".join(hashlib.blake2b(one.encode(errors="surrogatepass"), digest_size=8).digest() for one in marks)
    found: Array = np.frombuffer(sums, "<u8") & ~np.uint64(3) | np.uint64(MARKS)
    return found


_FIELDS = {"": 0, terms.BODY: 0, terms.ABSTRACT: 1, terms.TITLE: 2, terms.TITLE_STEMS: MARKS}


class Cut(NamedTuple):
    """The words of some texts, one behind the other: check sums, and how many each text has. text, starts, sizes:
    where they stand."""

    sums: Array
    counts: Array
    text: bytes
    starts: Array
    sizes: Array


def cut(texts: Sequence[str]) -> Cut:
    """Cut texts into words as ``terms.fields.PLAIN`` does, in a twentieth of its time where letters are of ASCII."""
    from broadsheet.search.postings import loops as kernels

    plain = [text.replace("\n", " ") if text.isascii() else _folded(text) for text in texts]
    text = "\n".join((*plain, "")).encode()
    room = len(text) // 2 + 1
    sums, starts, sizes = np.empty(room, np.uint64), np.empty(room, np.int64), np.empty(room, np.int64)
    counts = np.zeros(len(texts), np.int64)
    number = kernels.cut(np.frombuffer(text, np.uint8), terms.LONGEST_WORD, sums, starts, sizes, counts)
    return Cut(sums[:number], counts, text, starts[:number], sizes[:number])


def _folded(text: str) -> str:
    """Return the words of a text. A small I with its dot apart, as the engine makes of one great letter, is an i."""
    return " ".join(terms.PLAIN.analyze(text.replace("\u0130", "I").replace("\u0307", "")))
