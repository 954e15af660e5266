"""Where a web address begins and ends in running text. What an address points to lives in links."""

import re
from collections.abc import Iterator

# Signs that no address in prose holds: space, quotes, brackets of markup, controls, and TeX's own signs.
_SIGN = r"[^\s<>\"“”‘’`^|{}\\$\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\U000f0000-\U000ffffd]"
ADDRESS = re.compile(rf"https?://{_SIGN}+", re.IGNORECASE)
# The same in TeX's source, where some signs of an address are escaped; what follows a bare scheme is no address.
TEX_ADDRESS = rf"[hH][tT][tT][pP][sS]?://(?:\\[_%#&~]|\\~\{{\}}|\\textasciitilde(?:\{{\}}|(?![A-Za-z]))|{_SIGN})+"

_HOST = re.compile(r"https?://(?![^/?#]*@)(?:[^/?#]*\.[^/?#]|localhost)", re.IGNORECASE)

_OPENERS = {")": "(", "]": "["}
_TRAILING = frozenset(".,;:!?'*…、。，；：（）")


def ending(text: str) -> int:
    """Length of the address that ``text`` begins with; final punctuation and unbalanced brackets belong to the prose.

    text: what ADDRESS matched.
    """
    end = len(text)
    unclosed: list[int] = []
    for place, sign in enumerate(text):
        if sign in "([":
            unclosed.append(place)
        elif sign in _OPENERS and (not unclosed or text[unclosed.pop()] != _OPENERS[sign]):
            end = place
            break
    else:
        end = unclosed[0] if unclosed else end
    while end and text[end - 1] in _TRAILING:
        end -= 1
    return end


def found(text: str) -> Iterator[tuple[int, str]]:
    """The addresses in a shown text, each with its place; a scheme without a host is none.

    Nor is one with a name before the host (``https://known.org@other.org``): it leads elsewhere than it reads.
    """
    end = 0
    scheme = text.find("://")
    while scheme >= 0:
        # To look for the signs of a scheme takes a tenth of what the pattern takes to read the text.
        for start in (scheme - len("https"), scheme - len("http")):
            match = ADDRESS.match(text, start) if start >= end else None
            if match:
                end = match.end()
                address = match[0][: ending(match[0])]
                if _HOST.match(address):
                    yield start, address
        scheme = text.find("://", scheme + 1)


def unescaped(source: str) -> str:
    """An address as TEX_ADDRESS matched it, without TeX's escapes."""
    source = re.sub(r"\\textasciitilde(?:\{\})?|\\~\{\}", "~", source)
    return re.sub(r"\\([_%#&~])", r"\1", source)


def bare(address: str) -> str:
    """The address without scheme, ``www.`` and closing slash, in lower case: two spellings of one address are equal."""
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", address.strip().lower()).rstrip("/.")
