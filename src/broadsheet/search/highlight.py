"""Marks the words of a query in a text, and finds the passage that holds most of them. It decides no match."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import unescape

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
_CAPITALS = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
_OPENERS = frozenset("\"'“([")
_TAG = re.compile(r"(<math\b.*?</math>|<code\b.*?</code>|<[^>]*>)", re.DOTALL)
_WORD = re.compile(r"\w+")
_REST = re.compile(r"\w*").match
_OTHER_BLANKS = "\n\t\r\x0b\x0c\x1c\x1d\x1e\x1f"
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


def marked(papers: Sequence[tuple[str, str]], marks: Marks) -> list[tuple[str, str]]:
    """Return the titles of a page's papers with their marks, and the passage of each abstract that matches best.

    papers: the title of each as safe HTML, whose formulas and code stay as they are, and its abstract as plain text.
    Returns safe HTML both, with the marked words in ``mark``; a passage is '' where the abstract holds none of them.
    """
    texts = [_blanks_single(abstract) for _, abstract in papers]
    texts += [unescape(title) if "&" in title else title for title, _ in papers]
    found = list(_found_in(texts, marks))
    passages = [_passage(text, *held, marks) for text, held in zip(texts, found[: len(papers)], strict=False)]
    titles = [
        _html(text, spans) if "<" not in title else _in_tags(title, marks)
        for (title, _), text, (_, spans) in zip(papers, texts[len(papers) :], found[len(papers) :], strict=True)
    ]
    return list(zip(titles, passages, strict=True))


def _passage(text: str, folded: str, found: list[Span], marks: Marks) -> str:
    """Return the sentence with most of the different words, and the next one where it is short, as safe HTML.

    found: where the marked words of the text are. Dots stand where the text goes on.
    """
    if not found:
        return ""
    stops = _stops(text)
    held: dict[int, set[str]] = {}
    for start, end in found:
        held.setdefault(bisect_right(stops, start), set()).add(_stem(folded[start:end]))
    first = last = max(held, key=lambda sentence: len(held[sentence]))  # the first of those that hold as many
    begin, end = stops[first - 1] + 1 if first else 0, stops[first]
    while end - begin < SHORT and last + 1 < len(stops):
        last += 1
        end = stops[last]
    begins, ends = first == 0, last + 1 == len(stops)
    within = [(start - begin, stop - begin) for start, stop in found if begin <= start < end]
    shown = text[begin:end]
    if end - begin > LONGEST:
        shown, cut = _around(shown, within[0][0])
        begins, ends = begins and not cut, False
        within = _found(_folded(shown), marks)
    return f"{'' if begins else '… '}{_html(shown, within)}{'' if ends else ' …'}"


def _html(text: str, found: list[Span]) -> str:
    """Return a plain text as safe HTML with what was found in ``mark``: letters and digits, which need no escaping."""
    bare = escape(text) == text
    if bare and not found:
        return text
    shown: list[str] = []
    after = 0
    for start, end in found:
        before = text[after:start]
        shown.append(f"{before if bare else escape(before)}<mark>{text[start:end]}</mark>")
        after = end
    rest = text[after:]
    return "".join([*shown, rest if bare else escape(rest)])


def _in_tags(html: str, marks: Marks) -> str:
    """Return safe HTML with marks in its texts; formulas and code stay as they are."""
    parts: list[str] = []
    for part in _TAG.split(html):
        text = "" if part.startswith("<") else unescape(part)
        parts.append(_html(text, _found(_folded(text), marks)) if text else part)
    return "".join(parts)


def _blanks_single(text: str) -> str:
    """Return a text with single blanks and no others between its words, and none around it."""
    return text.strip() if _has_single_blanks(text) else " ".join(text.split())


def _has_single_blanks(text: str) -> bool:
    """Whether a text surely has single blanks and no others, as most have: quicker to see than to put right."""
    if not text.isascii():
        return text.isprintable() and "  " not in text
    for blank in _OTHER_BLANKS:  # to look for a sign takes a fiftieth of what any other way through the text takes
        if blank in text:
            return False
    return "  " not in text


def _stops(text: str) -> list[int]:
    """Return where each sentence ends; a single blank stands between it and the next."""
    ends = [len(text)]
    for sign in _ENDS:
        at = text.find(sign) if sign[0] in text else -1
        while at >= 0:
            begin = text[at + 2 : at + 3]
            if begin in _CAPITALS or (begin in _OPENERS and text[at + 3 : at + 4] in _CAPITALS):
                ends.append(at + 1)
            at = text.find(sign, at + 2)
    ends.sort()
    return ends


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


def _found_in(texts: Sequence[str], marks: Marks) -> Iterator[tuple[str, list[Span]]]:
    """Return each text folded, and where its marked words begin and end: all are looked through as one, at once."""
    folded = list(map(_folded, texts))
    found = _found(" ".join(folded), marks)
    at = begin = 0
    for text in folded:
        end = begin + len(text)
        first = at
        while at < len(found) and found[at][0] < end:
            at += 1
        yield text, [(start - begin, stop - begin) for start, stop in found[first:at]]
        begin = end + 1


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
                if folded[end : end + 1] == " ":  # to see that takes a quarter of what the pattern does
                    found[at] = end
                else:
                    rest = _REST(folded, end)
                    assert rest is not None  # it matches nothing as well
                    end = rest.end()
                    if rest[0] in _ENDINGS:
                        found[at] = end
            at = folded.find(mark, end)
    return sorted(found.items())


@lru_cache(maxsize=4096)  # a page has the same few words in each of its papers
def _stem(word: str) -> str:
    """Take a usual ending off, where at least four letters remain."""
    bare = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return bare if len(bare) >= 4 else word
