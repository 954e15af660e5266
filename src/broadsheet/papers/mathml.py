"""A formula as MathML. What latex2mathml makes of it is not trusted: only known elements are built anew.

Where formulas begin and end is decided in segments.
"""

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from html import escape, unescape
from typing import TYPE_CHECKING

from broadsheet.papers import symbols
from broadsheet.papers.segments import LONGEST_FORMULA

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element  # a type only; nothing is parsed with it

_DEEPEST = 60
_LARGEST = 3000  # elements
_ELEMENTS = symbols.names(
    """math mrow mi mn mo mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd mstyle
    mpadded mphantom mmultiscripts mprescripts none"""
)
_PARTS = {"msub": 2, "msup": 2, "msubsup": 3, "mfrac": 2, "mroot": 2, "mover": 2, "munder": 2, "munderover": 3}
_LENGTH = re.compile(r"-?\d?\.?\d{1,4}em")
_ATTRIBUTES = {
    **dict.fromkeys(("stretchy", "fence", "accent", "movablelimits", "displaystyle"), re.compile("true|false")),
    **dict.fromkeys(("minsize", "maxsize", "width", "lspace", "rspace"), _LENGTH),
    "display": re.compile("block|inline"),
    "form": re.compile("prefix|infix|postfix"),
    "scriptlevel": re.compile(r"[+-]?\d"),
    "linethickness": re.compile("0|0pt"),
    "columnalign": re.compile("(?:left|right|center| )+"),
}

# Commands that define others could grow without end; the rest reach outside the formula or paint it.
_REFUSED = re.compile(
    r"\\(?:def|edef|gdef|let|newcommand|renewcommand|providecommand|newenvironment|renewenvironment|DeclareMathOperator"
    r"|href|url|style|class|cssId|includegraphics|rule|color|textcolor|colorbox|fcolorbox|require|verb|cite)(?![A-Za-z])"
)
_TEXT = re.compile(r"\\(?:text(?:bf|it|md|normal|rm|sf|sc|sl|tt|up)?|mbox|hbox|emph)\s*\{")
# What the converter does not know, in words that it knows.
_WORDS = {
    **{name: rf"\operatorname{{{name}}}" for name in ("arg", "tr", "Tr", "poly", "polylog", "rank", "diag", "sgn")},
    **{letter: rf"\mathbb{{{letter}}}" for letter in "RNZQCF"},
    "argmin": r"\operatorname*{argmin}", "argmax": r"\operatorname*{argmax}", "sfrac": r"\frac", "nicefrac": r"\frac",
    "eps": r"\epsilon", "lam": r"\lambda", "la": r"\langle ", "ra": r"\rangle ", "Bar": r"\bar", "Hat": r"\hat",
    "Tilde": r"\tilde", "cO": r"\mathcal{O}", "bigO": r"\mathcal{O}", "mathds": r"\mathbb", "mathbbm": r"\mathbb",
    "percent": r"\%", "degree": r"^\circ ", "AA": "Å", "boldmath": "", "tiny": "", "small": "", "xspace": "",
    "ensuremath": "", "sim": "∼", "upmu": r"\mu ", "slash": "/", "pmb": r"\boldsymbol", "bold": r"\mathbf",
}  # fmt: skip
_WORD = re.compile(r"\\([A-Za-z]+)")
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_UPRIGHT = re.compile(r"\\mathrm\s*\{([A-Za-z])\}")
_PER_CENT = re.compile(r"(?<!\\)((?:\\\\)*)%")
_UNKNOWN = re.compile(r"\\[A-Za-z]")
_REFERENCE = re.compile(r"&#x[0-9A-Fa-f]{1,6};|&(?:lt|gt|amp|quot|nbsp);")

# Signs that would end or bend a \text{...} for the converter travel through it as private characters.
_HIDDEN = {sign: chr(0xE200 + place) for place, sign in enumerate("{}\\%$&#_^~<> ")}
_SHOWN = str.maketrans({hidden: sign for sign, hidden in _HIDDEN.items()} | {_HIDDEN[" "]: "\u00a0"})
_HIDING = str.maketrans(_HIDDEN)


class _RefusedError(ValueError):
    """The formula holds what is not converted."""


_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)


@lru_cache(maxsize=8192)
def element(formula: str, *, display: bool = False) -> str:
    """The formula as a ``<math>`` element, safe to put into a page; empty where it cannot be converted.

    formula: TeX without its delimiters, at most LONGEST_FORMULA characters. display: set on a line of its own.
    """
    if len(formula) > LONGEST_FORMULA or formula.count("{") > LONGEST_FORMULA // 4 or not _is_balanced(formula):
        return ""
    from latex2mathml.converter import convert_to_element  # which takes long to load, and most processes never need

    try:
        root = convert_to_element(_prepared(formula), display="block" if display else "inline")
        return "".join(_built(root, 0, [0]))
    except Exception:  # noqa: BLE001 - the converter is not ours: whatever it meets, the reader gets the source instead
        return ""


def _is_balanced(formula: str) -> bool:
    """Whether every brace has its partner; the converter guesses where one is missing, and takes prose for letters."""
    depth = 0
    for brace in _BRACE.findall(formula):
        depth += {"{": 1, "}": -1}.get(brace, 0)
        if depth < 0:
            return False
    return depth == 0


def forget() -> None:
    """Empty the cache of formulas, for measurements."""
    element.cache_clear()


def _prepared(formula: str) -> str:
    """The formula in words that the converter knows; raises _RefusedError."""
    if _REFUSED.search(formula) or any("\ue200" <= sign <= "\ue2ff" for sign in formula):
        raise _RefusedError
    formula = _PER_CENT.sub(r"\1\\%", _with_texts(formula))
    # The converter takes a lone upright letter for an italic one; within a switch it does not.
    formula = _UPRIGHT.sub(r"{\\rm \1}", formula)
    return _WORD.sub(lambda word: _WORDS.get(word[1], word[0]), formula)


def _with_texts(formula: str) -> str:
    """The formula with the content of each ``\\text{...}`` read, and hidden from the converter."""
    done: list[str] = []
    at = 0
    while match := _TEXT.search(formula, at):
        end = _closing(formula, match.end())
        bold = "\\textbf{" if "bf" in match[0] else "\\text{"
        done.append(formula[at : match.start()])
        for place, part in enumerate(re.split(r"(?<!\\)\$", formula[match.end() : end])):
            done.append(part if place % 2 else f"{bold}{_words(part).translate(_HIDING)}}}" if part else "")
        at = end + 1
    return "".join([*done, formula[at:]])


def _closing(formula: str, start: int) -> int:
    """Place of the brace that closes the group begun before ``start``; raises _RefusedError where none does."""
    depth = 1
    for match in _BRACE.finditer(formula, start):
        depth += {"{": 1, "}": -1}.get(match[0], 0)
        if not depth:
            return match.start()
    raise _RefusedError


def _words(text: str) -> str:
    """The words of a ``\\text{...}``: inner fonts and braces stripped, escapes and symbols read."""

    def read(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        known = symbols.SYMBOLS.get(name) or symbols.LETTERS.get(name)
        return known or ("" if match[1] else " " if name in " ,;:" else name)

    return re.sub(r"[{}]", "", re.sub(r"\\(?:([A-Za-z]+)\s*|(.))", read, text).replace("~", " "))


def _built(given: "Element", depth: int, count: list[int]) -> Iterator[str]:
    """The element written anew, with its known parts only; raises _RefusedError for anything else.

    count: a cell with the number of elements so far.
    """
    while given.tag == "mrow" and len(given) == 1 and not given.attrib:
        given = given[0]
    count[0] += 1
    name = "mrow" if given.tag == "menclose" else given.tag  # a frame that today's MathML does not know
    if depth > _DEEPEST or count[0] > _LARGEST or name not in _ELEMENTS or len(given) != _PARTS.get(name, len(given)):
        raise _RefusedError
    text = _text(given)
    attributes = "".join(
        f' {key}="{value}"'
        for key, value in given.attrib.items()
        if key in _ATTRIBUTES and _ATTRIBUTES[key].fullmatch(str(value)) and (key, value) != ("display", "inline")
    )
    if name == "mi" and _is_operator(text):
        name, attributes = "mo", ' stretchy="false"' if unicodedata.category(text) in {"Ps", "Pe"} else ""
    elif name in {"mi", "mo"} and _is_function(given):
        name, attributes = "mi", ""
    elif name == "mi" and given.get("mathvariant") == "normal" and len(text) == 1:
        attributes += ' mathvariant="normal"'
    yield f"<{name}{attributes}>"
    yield escape(text, quote=False)
    yield from _children(given, depth, count)
    yield f"</{name}>"


def _children(element: "Element", depth: int, count: list[int]) -> Iterator[str]:
    """The element's children: upright letters in a row as one word, functions apart from what they stand beside."""
    row = element.tag in {"mrow", "math", "mstyle", "mtd"}
    word = ""
    before: Element | None = None
    for child in element:
        if row and before is not None and _stand_apart(before, child):
            yield _word(word) + '<mspace width="0.167em"></mspace>'
            word = ""
        before = child
        if row and child.tag == "mi" and child.get("mathvariant") == "normal" and len(child.text or "") == 1:
            word += child.text or ""
            continue
        yield _word(word)
        word = ""
        yield from _built(child, depth + 1, count)
    yield _word(word)


def _word(letters: str) -> str:
    upright = ' mathvariant="normal"' if len(letters) == 1 else ""
    return f"<mi{upright}>{escape(letters, quote=False)}</mi>" if letters else ""


def _is_operator(text: str) -> bool:
    """Whether a sign that the converter took for a variable is a relation, an operator or a bracket."""
    return (
        len(text) == 1 and text not in "∞∂∇∅" and (unicodedata.category(text) in {"Sm", "Ps", "Pe"} or text in ":‖•†‡")
    )


def _is_function(element: "Element") -> bool:
    """Whether the element is the name of a function, with or without an index: ``log``, ``argmin``."""
    while element.tag in {"msub", "msup", "msubsup", "munder", "mover", "munderover"} and len(element):
        element = element[0]
    text = element.text or ""
    return element.tag in {"mi", "mo"} and len(text) > 1 and text.isalpha()


def _stand_apart(left: "Element", right: "Element") -> bool:
    """Whether TeX sets a thin space between the two: a function and its argument, or a factor and a function."""
    plain = {"mi", "mn", "msub", "msup", "msubsup", "mfrac", "msqrt", "mover"}
    return (_is_function(left) and right.tag in plain) or (_is_function(right) and left.tag in plain)


def _text(element: "Element") -> str:
    text = _REFERENCE.sub(lambda reference: unescape(reference[0]), element.text or "")
    if _UNKNOWN.search(text):
        raise _RefusedError  # a command that the converter left as it was
    return symbols.styled(text.translate(_SHOWN), element.get("mathvariant", ""), element.tag)
