"""Marks the words of a query in a text, and finds the passage that holds most of them. It decides no match."""

import re
from functools import lru_cache
from html import escape, unescape
from typing import NamedTuple

Piece = dict[str, str]
Marks = re.Pattern[str]

SHORT = 160
"""Characters below which the next sentence joins a passage."""
LONGEST = 320

_COMMON = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "via", "with"}
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[\"'“(\[]?[A-Z0-9])")
_TAG = re.compile(r"(<math\b.*?</math>|<code\b.*?</code>|<[^>]*>)", re.DOTALL)
_ENDINGS = r"(?:s|es|e|ed|ing|er|ers)?"


def pattern(query: str) -> Marks | None:
    """Return what marks the words of a query, in any of their usual endings; None when there is nothing to mark.

    This follows the engine's own analysis (stems, stop words) closely enough for the eye.
    """
    words = dict.fromkeys(word.casefold() for word in re.findall(r"\w+", query))
    stems = [re.escape(_stem(word)) for word in words if word not in _COMMON][:40]
    if not stems:
        return None
    return re.compile(rf"\b(?:{'|'.join(sorted(stems, key=len, reverse=True))}){_ENDINGS}\b", re.IGNORECASE)


def pieces(text: str, marks: Marks | None) -> list[Piece]:
    """Cut a text into pieces of type ``text`` and ``highlight``, which put together are the text again."""
    cut: list[Piece] = []
    after = 0
    for match in marks.finditer(text) if marks else ():
        if match.start() > after:
            cut.append({"type": "text", "text": text[after : match.start()]})
        cut.append({"type": "highlight", "text": match[0]})
        after = match.end()
    if after < len(text):
        cut.append({"type": "text", "text": text[after:]})
    return cut


class Passage(NamedTuple):
    """Some sentences of a text. begins, ends: whether they are the first and the last of it."""

    text: str
    begins: bool
    ends: bool


def passage(text: str, marks: Marks | None) -> Passage | None:
    """Return the sentence with most of the different words, and the next one where it is short; None without any."""
    if marks is None:
        return None
    sentences = _SENTENCE.split(" ".join(text.split()))
    held = [len({_stem(found.casefold()) for found in marks.findall(sentence)}) for sentence in sentences]
    if not max(held):
        return None
    first = last = held.index(max(held))
    while len(" ".join(sentences[first : last + 1])) < SHORT and last + 1 < len(sentences):
        last += 1
    shown = " ".join(sentences[first : last + 1])
    begins, ends = first == 0, last + 1 == len(sentences)
    if len(shown) > LONGEST:
        shown, cut = _around(shown, marks)
        begins, ends = begins and not cut, False
    return Passage(shown, begins, ends)


def marked(text: str, marks: Marks | None) -> str:
    """Return a plain text as safe HTML with its marked words in ``mark``."""
    return "".join(
        f"<mark>{escape(piece['text'])}</mark>" if piece["type"] == "highlight" else escape(piece["text"])
        for piece in pieces(text, marks)
    )


def marked_html(html: str, marks: Marks | None) -> str:
    """Return safe HTML with the same marks in its texts; formulas and code stay as they are."""
    return "".join(part if part.startswith("<") else marked(unescape(part), marks) for part in _TAG.split(html) if part)


def _around(text: str, marks: Marks) -> tuple[str, bool]:
    """Cut a long sentence to a stretch that begins some words before its first mark; say whether its begin is lost."""
    found = marks.search(text)
    start = max(0, (found.start() if found else 0) - LONGEST // 3)
    start = text.rfind(" ", 0, start) + 1
    end = text.rfind(" ", start, start + LONGEST)
    return text[start : end if end > start else start + LONGEST], start > 0


@lru_cache(maxsize=4096)  # a page has the same few words in each of its papers
def _stem(word: str) -> str:
    """Take a usual ending off, where at least four letters remain."""
    bare = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return bare if len(bare) >= 4 else word
