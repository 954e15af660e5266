"""Mathematics and addresses set aside from the prose around them, and put back; nothing here changes the prose."""

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from broadsheet.papers import addresses

MOST_DOLLARS = 600
LONGEST_FORMULA = 2000  # characters; an abstract of arXiv's has 1,920 at most

# One private character stands for each part that is set aside; the same characters in a source are set aside too.
_FIRST, _LAST = 0xF0000, 0xFFFFD
KEPT = f"[{chr(_FIRST)}-{chr(_LAST)}]"

_ENVIRONMENTS = "equation|align|gather|multline|eqnarray|displaymath|math"
_OPENING = re.compile(
    rf"\\\\|\\\$|\\\(|\\\[|\\begin\{{({_ENVIRONMENTS})(\*?)\}}|\$\$?|(?P<address>{addresses.TEX_ADDRESS})|{KEPT}"
)
_OPENERS = ("\\", "$", "://")
_KEPT = re.compile(KEPT)
_TEX = re.compile(r"\\[A-Za-z%,]|[\^_{}]")
_WORD = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{3,}")
_TWO_WORDS = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3,}[,;]? [A-Za-z]{3,}")
# Words and links between dollars are prose: set as a formula they would neither wrap nor work.
_PROSE_IN_DOLLARS = re.compile(
    r"\$\s*(\\(?:href|url|texttt\{https?:)[^$]*|\\(?:text(?:bf|it|tt|rm|sc|sf)?|emph)\{(?:[^{}$\\]|\\%)*\})\$"
)
_SIGN = re.compile(r"\\.|[{}$]", re.DOTALL)


class Piece(NamedTuple):
    """A run of prose, or one formula as TeX without its delimiters (``display``: on a line of its own)."""

    kind: Literal["text", "math", "display"]
    text: str


def set_aside(text: str) -> tuple[str, list[Piece]]:
    """Replace every formula and every address by one private character.

    Returns the prose with those characters, and what they stand for, in their order.
    """
    prose: list[str] = []
    kept: list[Piece] = []
    if not any(sign in text for sign in _OPENERS) and (text.isascii() or not _KEPT.search(text)):
        return text, kept
    dollars = text.count("$")
    if dollars > MOST_DOLLARS:  # no author's text, and every dollar costs a look at what follows
        return text, kept
    if dollars:
        text = _PROSE_IN_DOLLARS.sub(r"\1", text)
    at = 0
    for place in _openings(text):
        match = _OPENING.match(text, place) if place >= at else None
        if match is None:
            continue
        prose.append(text[at : match.start()])
        at, piece = _part(text, match)
        if match["address"] and match.start() and re.match(r"[A-Za-z:,;.]", text[match.start() - 1]):
            prose.append(" ")
        if isinstance(piece, str) or len(kept) > _LAST - _FIRST:
            prose.append(piece if isinstance(piece, str) else text[match.start() : at])
        else:
            prose.append(chr(_FIRST + len(kept)))
            kept.append(piece)
    prose.append(text[at:])
    return "".join(prose), kept


def _openings(text: str) -> list[int]:
    """Every place at which a formula, an address or a private character may begin, in order.

    To look for the few signs that these begin with, or have, takes a fifth of what the pattern takes to read the text.
    """
    places = [*_places(text, "\\"), *_places(text, "$")]
    for scheme in _places(text, "://"):
        places += [max(0, scheme - len("https")), max(0, scheme - len("http"))]
    if not text.isascii():
        places += [match.start() for match in _KEPT.finditer(text)]
    return sorted(places)


def _places(text: str, sign: str) -> Iterator[int]:
    at = text.find(sign)
    while at >= 0:
        yield at
        at = text.find(sign, at + 1)


def formula_at(text: str, start: int) -> tuple[int, Piece] | None:
    """The formula that begins at ``start``, after the place behind it; None where none begins there."""
    match = _OPENING.match(text, start)
    if match is None or not match[0].startswith(("$", "\\(")):
        return None
    end, piece = _part(text, match)
    return (end, piece) if isinstance(piece, Piece) else None


def kept_for(sign: str, kept: list[Piece]) -> Piece | None:
    """What the private character ``sign`` stands for, None where it is any other character."""
    place = ord(sign) - _FIRST
    return kept[place] if 0 <= place < len(kept) else None


def put_back(prose: str, kept: list[Piece]) -> list[Piece]:
    """The pieces of a text in order, prose and formulas; neighbouring runs of prose are joined."""
    if not kept:
        return [Piece("text", prose)] if prose else []
    pieces: list[Piece] = []
    run: list[str] = []
    for part in re.split(f"({KEPT})", prose):
        piece = kept_for(part, kept) if len(part) == 1 else None
        if piece is None:
            run.append(part)
        elif piece.kind == "text":
            run.append(piece.text)
        else:
            pieces += [Piece("text", "".join(run)), piece]
            run = []
    pieces.append(Piece("text", "".join(run)))
    return [piece for piece in pieces if piece.text]


def _part(text: str, match: re.Match[str]) -> tuple[int, Piece | str]:
    """What begins at ``match``: the place behind it, and the piece to set aside or the prose to leave."""
    sign = match[0]
    if match["address"]:
        end = addresses.ending(sign)
        address = addresses.unescaped(sign[:end])
        return match.start() + end, Piece("text", address) if len(address) > len("https://") else sign[:end]
    if sign in {"\\\\", "\\$"}:
        return match.end(), sign
    if sign.startswith("$"):
        return _dollars(text, match)
    if sign[0] != "\\":
        return match.end(), Piece("text", sign)
    closing = {"\\(": "\\)", "\\[": "\\]"}.get(sign) or sign.replace("begin", "end")
    end = text.find(closing, match.end(), match.end() + LONGEST_FORMULA)
    body = text[match.end() : end].strip()
    if end < 0 or not body or "\\(" in body:
        return match.end(), sign
    if sign.startswith("\\begin") and match[1] not in {"equation", "displaymath", "math"}:
        body = f"{sign}{body}{closing}"
    return end + len(closing), Piece("math" if sign == "\\(" else "display", body)


def _dollars(text: str, match: re.Match[str]) -> tuple[int, Piece | str]:
    """A formula between dollars, or a dollar that is none of TeX's: an amount of money, or one without a partner."""
    start, end = match.span()
    if match[0] == "$$":
        close = text.find("$$", end, end + LONGEST_FORMULA)
        if close > 0 and _is_formula(text[end:close], ""):
            return close + 2, Piece("display", text[end:close].strip())
        end = start + 1
    close = _closing_dollar(text, end)
    if close < 0:
        return start + 1, "$"
    body = text[end:close]
    if not _is_formula(body, text[close + 1 : close + 2]):
        return start + 1, "$"
    return close + 1, Piece("math", body.strip())


def _closing_dollar(text: str, start: int) -> int:
    """Place of the dollar that closes a formula begun before ``start``, -1 where there is none.

    A dollar inside braces (``\\text{if $x$}``) belongs to the formula's inner text.
    """
    depth = 0
    end = min(len(text), start + LONGEST_FORMULA)
    first = -1
    for match in _SIGN.finditer(text, start, end):
        sign = match[0]
        if sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
        elif sign == "$":
            if depth <= 0:
                return match.start()
            first = match.start() if first < 0 else first
    return first


def _is_formula(body: str, following: str) -> bool:
    """Whether what stands between two dollars is mathematics rather than prose between two amounts of money.

    The rules are pandoc's (no space inside the dollars, no digit behind them), relaxed where the body holds TeX:
    authors do write ``$ \\alpha $`` and ``$\\sim$30``.
    """
    if not body.strip():
        return False
    if _TEX.search(body):
        return not (body[0].isdigit() and (_TWO_WORDS.search(body) or (body[-1].isspace() and _WORD.search(body))))
    if _TWO_WORDS.search(body) or body[0].isspace() != body[-1].isspace():
        return False
    if body[0].isspace() and _WORD.search(body):
        return False
    return not (following.isdigit() and any(sign.isalnum() for sign in body))
