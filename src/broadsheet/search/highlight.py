"""Marks the words of a query in a text, and finds the passage that holds most of them. It decides no match."""

import re
from collections.abc import Iterable
from functools import lru_cache
from html import unescape
from typing import NamedTuple

from broadsheet.papers.escaping import escape

Piece = dict[str, str]
Span = tuple[int, int]
Marks = tuple[str, ...]
"""Beginnings of words, case folded; a word is marked that is one of them with a usual ending, or with none."""

SHORT = 160
"""Characters below which the next sentence joins a passage."""
LONGEST = 320

_COMMON = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "via", "with"}
_ENDS = (". ", "! ", "? ")
_BEGINNING = re.compile(r"[\"'“(\[]?[A-Z0-9]")
_TAG = re.compile(r"(<math\b.*?</math>|<code\b.*?</code>|<[^>]*>)", re.DOTALL)
_WORD = re.compile(r"\w+")
_REST = re.compile(r"\w*").match
_OTHER_BLANKS = b"\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f"
_ENDINGS = {"", "s", "es", "e", "ed", "ing", "er", "ers"}


def pattern(query: str) -> Marks:
    """Return what marks the words of a query, in any of their usual endings; nothing where there is nothing to mark.

    This follows the engine's own analysis (stems, stop words) closely enough for the eye.
    """
    words = dict.fromkeys(word.casefold() for word in _WORD.findall(query))
    return tuple(dict.fromkeys(_stem(word) for word in words if word not in _COMMON))[:40]


def pieces(text: str, marks: Marks) -> list[Piece]:
    """Cut a text into pieces of type ``text`` and ``highlight``, which put together are the text again."""
    cut: list[Piece] = []
    after = 0
    for start, end in _found(_folded(text), marks):
        if start > after:
            cut.append({"type": "text", "text": text[after:start]})
        cut.append({"type": "highlight", "text": text[start:end]})
        after = end
    if after < len(text):
        cut.append({"type": "text", "text": text[after:]})
    return cut


class Passage(NamedTuple):
    """Some sentences of a text. begins, ends: whether they are the first and the last of it.

    found: where their marked words begin and end.
    """

    text: str
    begins: bool
    ends: bool
    found: list[Span]

    def html(self) -> str:
        """Return it as safe HTML with its marked words in ``mark``, and dots where the text goes on."""
        return f"{'' if self.begins else '… '}{_html(self.text, self.found)}{'' if self.ends else ' …'}"


def passage(text: str, marks: Marks) -> Passage | None:
    """Return the sentence with most of the different words, and the next one where it is short; None without any."""
    text = text.strip() if _has_single_blanks(text) else " ".join(text.split())
    folded = _folded(text)
    found = _found(folded, marks)
    if not found:
        return None
    sentences = _sentences(text)
    held: list[set[str]] = [set() for _ in sentences]
    at = 0
    for start, end in found:
        while start >= sentences[at][1]:
            at += 1
        held[at].add(_stem(folded[start:end]))
    numbers = [len(stems) for stems in held]
    first = last = numbers.index(max(numbers))
    begin, end = sentences[first]
    while end - begin < SHORT and last + 1 < len(sentences):
        last += 1
        end = sentences[last][1]
    begins, ends = first == 0, last + 1 == len(sentences)
    within = [(start - begin, stop - begin) for start, stop in found if begin <= start < end]
    if end - begin <= LONGEST:
        return Passage(text[begin:end], begins, ends, within)
    shown, cut = _around(text[begin:end], within[0][0])
    return Passage(shown, begins and not cut, ends=False, found=_found(_folded(shown), marks))


def marked(text: str, marks: Marks) -> str:
    """Return a plain text as safe HTML with its marked words in ``mark``."""
    return _html(text, _found(_folded(text), marks))


def _html(text: str, found: Iterable[Span]) -> str:
    shown: list[str] = []
    after = 0
    for start, end in found:
        shown += (escape(text[after:start]), "<mark>", escape(text[start:end]), "</mark>")
        after = end
    return "".join([*shown, escape(text[after:])])


def marked_html(html: str, marks: Marks) -> str:
    """Return safe HTML with the same marks in its texts; formulas and code stay as they are."""
    if "<" not in html:
        return marked(unescape(html), marks)
    return "".join(part if part.startswith("<") else marked(unescape(part), marks) for part in _TAG.split(html) if part)


def _has_single_blanks(text: str) -> bool:
    """Whether a text surely has single blanks and no others, as most have: quicker to see than to put right."""
    if text.isascii():
        return len(text.encode().translate(None, _OTHER_BLANKS)) == len(text) and "  " not in text
    return text.isprintable() and "  " not in text


def _sentences(text: str) -> list[Span]:
    """Return where each sentence begins and ends; single blanks stand between them."""
    ends: list[int] = []
    for sign in _ENDS:
        at = text.find(sign) if sign[0] in text else -1
        while at >= 0:
            if _BEGINNING.match(text, at + 2):
                ends.append(at + 1)
            at = text.find(sign, at + 2)
    ends.sort()
    return list(zip([0, *(end + 1 for end in ends)], [*ends, len(text)], strict=True))


def _around(text: str, found: int) -> tuple[str, bool]:
    """Cut a long sentence to a stretch that begins some words before its first mark; say whether its begin is lost."""
    start = max(0, found - LONGEST // 3)
    start = text.rfind(" ", 0, start) + 1
    end = text.rfind(" ", start, start + LONGEST)
    return text[start : end if end > start else start + LONGEST], start > 0


def _folded(text: str) -> str:
    """Return a text with its case folded, sign by sign, so that each stays at its place."""
    folded = text.casefold()
    if len(folded) == len(text):
        return folded
    return "".join(fold if len(fold := sign.casefold()) == 1 else sign.lower()[0] for sign in text)


def _found(folded: str, marks: Marks) -> list[Span]:
    """Return where the marked words of a folded text begin and end, in their order.

    Most words of a query stand nowhere in most texts, which looking for each tells in a hundredth of the time that a
    pattern of all of them takes to read the text.
    """
    found: dict[int, int] = {}
    for mark in marks:
        at = folded.find(mark)
        while at >= 0:
            end = at + len(mark)
            before = folded[at - 1] if at else " "
            if before == " " or not (before.isalnum() or before == "_"):
                rest = _REST(folded, end)
                assert rest is not None  # it matches nothing as well
                if rest[0] in _ENDINGS:
                    found[at] = rest.end()
                end = rest.end()
            at = folded.find(mark, end)
    return sorted(found.items())


@lru_cache(maxsize=4096)  # a page has the same few words in each of its papers
def _stem(word: str) -> str:
    """Take a usual ending off, where at least four letters remain."""
    bare = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return bare if len(bare) >= 4 else word
