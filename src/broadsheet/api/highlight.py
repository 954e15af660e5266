"""Marks the words of a query in a text, for clients that show where a search matched."""

import re

Piece = dict[str, str]
Marks = re.Pattern[str]

_COMMON = {"a", "an", "and", "as", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "via", "with"}
_ENDINGS = r"(?:s|es|e|ed|ing|er|ers)?"


def pattern(query: str) -> Marks | None:
    """Return what marks the words of a query, in any of their usual endings; None when there is nothing to mark.

    This follows the engine's own analysis (stems, stop words) closely enough for the eye; it decides no match.
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


def _stem(word: str) -> str:
    """Take a usual ending off, where at least four letters remain."""
    bare = re.sub(r"(?:ing|ed|es|s|e)$", "", word)
    return bare if len(bare) >= 4 else word
