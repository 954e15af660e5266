r"""The names in arXiv's line of authors: "A. Author (1), B. G\"odel ((1) Institute)". No other field.

arXiv's API gives a list of names, its feeds and its OAI-PMH give that line, with accents in TeX. The names are brought
to the form of the API, as one paper must not seem to change its authors with each door it comes through.
"""

import re
import unicodedata
from collections.abc import Iterator

_PARENTHESES = re.compile(r"([()])")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|[IV]{2,3}")
_DOT = re.compile(r"\.(?=[^\W\d_])")
_ET_AL = re.compile(r"et\.?\s+al\.?", re.IGNORECASE)

_ACCENTS = {
    "'": "\u0301",
    "`": "\u0300",
    "^": "\u0302",
    '"': "\u0308",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    "u": "\u0306",
    "v": "\u030c",
    "H": "\u030b",
    "c": "\u0327",
    "k": "\u0328",
    "r": "\u030a",
    "d": "\u0323",
    "b": "\u0331",
}
_LETTERS = {
    "ss": "ß",
    "ae": "æ",
    "AE": "Æ",
    "oe": "œ",
    "OE": "Œ",
    "aa": "å",
    "AA": "Å",
    "o": "ø",
    "O": "Ø",
    "l": "ł",
    "L": "Ł",
    "i": "ı",
    "j": "ȷ",
    "dh": "ð",
    "DH": "Ð",
    "th": "þ",
    "TH": "Þ",
    "dj": "đ",
    "DJ": "Đ",
    "ng": "ŋ",
    "NG": "Ŋ",
}
# \'e \'{e} {\'e} \v{s} \v s \'\i \'{\i}: signs need no space before their letter, letters do.
_ACCENTED = re.compile(
    r"\\(?:(?P<sign>['`^\"~=.])\s*|(?P<letter>[uvHckrdb])(?=[\s{\\]))\s*"
    r"(?:\{\s*(?P<inner>\\?[^\W\d_])\s*\}|(?P<bare>\\?[^\W\d_]))"
)
_SPECIAL = re.compile(r"\\(" + "|".join(sorted(_LETTERS, key=len, reverse=True)) + r")(?![A-Za-z])(?:\{\}|\s(?=\w))?")


def names_of(line: str) -> list[str]:
    """Return the names in a line of authors, in its order; what stands in parentheses is where they work.

    Commas and colons part names, as do ``and`` and ``&``; a suffix after a comma (``J. Doe, Jr.``) stays with its name.
    """
    found: list[str] = []
    for part in _parts(_without_parentheses(" ".join(line.split()))):
        if found and _SUFFIX.fullmatch(part):
            found[-1] += f", {part}"
        elif not _ET_AL.fullmatch(part):
            found.append(name_of(part))
    return [name for name in found if name]


def name_of(text: str) -> str:
    """Return one name with TeX's accents as letters, no braces, and a space after each dot, as arXiv's API has it."""
    text = readable(text)
    return " ".join((_DOT.sub(". ", text) if "." in text else text).split())


def readable(text: str) -> str:
    """Return a text with TeX's accents and special letters as the letters they stand for, and without braces."""
    if "\\" in text:
        text = _ACCENTED.sub(_accented, text)
        text = _SPECIAL.sub(lambda found: _LETTERS[found[1]], text)
    return text.replace("{", "").replace("}", "").replace("~", " ")


def _accented(found: re.Match[str]) -> str:
    base = (found["inner"] or found["bare"]).removeprefix("\\")
    return unicodedata.normalize("NFC", base + _ACCENTS[found["sign"] or found["letter"]])


def _without_parentheses(line: str) -> str:
    """Return what stands outside of parentheses; each of them parts two names, as a comma does."""
    depth, kept = 0, []
    for bit in _PARENTHESES.split(line):
        if bit == "(":
            depth += 1
            kept.append(" ")
        elif bit == ")":
            depth = max(0, depth - 1)
        elif not depth:
            kept.append(bit)
    return "".join(kept)


def _parts(line: str) -> Iterator[str]:
    for part in re.split(r"[,;:]|\s(?:and|&)\s", f" {line} "):
        if name := part.strip():
            yield name
