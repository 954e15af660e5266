"""What is left of TeX where an earlier hand took it out badly: lost backslashes, entities, quotes, ties and dashes.

Every rule needs a sign that no ordinary prose has; in doubt the text stays as it is.
"""

import html
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple, Self

from broadsheet.papers import symbols
from broadsheet.papers.segments import KEPT

# Names that are no English words: next to a digit or a sign they are TeX's, whatever the rest of the text looks like.
_SIGNS = symbols.names("varphi varepsilon infty leq geq neq cdots cdot ldots ell")
# Names that are words as well: only braces or an index right beside them show what they are.
_WORDS = symbols.names("times to pm sim circ approx ast star dagger prime perp sum prod int")

_sign = f"(?:{'|'.join(sorted(_SIGNS, key=len, reverse=True))})"
_greek = "|".join(sorted(symbols.GREEK, key=len, reverse=True))
_beside = r"[\d_^{}()<>=+;|\[\]/→×≤≥≠∘⋅]"

_BARE_SIGN = re.compile(
    rf"(?<![A-Za-z\\])(?:(?!ell){_sign})(?={_beside})|(?<={_beside})(?:(?!ell){_sign})(?![A-Za-z])"
    r"|(?<![A-Za-z\\])ell(?=[_^(])|(?<=[_^({])ell(?![A-Za-z])"
)
_BARE_LETTER = re.compile(
    rf"(?<![A-Za-z0-9_\\])(?:{_greek})(?=[_^](?:[A-Za-z0-9∞*+](?![A-Za-z0-9_])|\())"
    rf"|(?<=(?<![A-Za-z0-9])[A-Za-z][_^])(?:{_greek})(?![A-Za-z_])"
)
_IN_SCRIPT = re.compile(rf"(?<![A-Za-z\\])(?:{_greek}|{_sign}|circ|times|ast|dagger|perp|prime)(?![A-Za-z])")
_BASE = re.compile(rf"(?<![A-Za-z0-9_\\])(?:{_greek}|{_sign}|sum|prod|int)$")
_LEADING = re.compile(r"(cdot|times|circ|otimes)(?=[A-Z])")
_LOST_COMMAND = re.compile(
    r"(?<![A-Za-z\\])(?:math(?:cal|bb|bf|frak|rm|sf|scr|it|tt)|text(?:bf|it|tt|rm|sc|sf)?|emph|operatorname"
    r"|sqrt|[td]?frac|(?:wide)?hat|(?:wide)?tilde|overline|bar|vec)$"
)
_LOST_LETTER_FONT = re.compile(r"(?<![A-Za-z\\])math(?:cal|bb|frak|scr) (?=[A-Z](?![A-Za-z]))")
_TIMES = re.compile(r"(?<=\d)times(?![A-Za-z])(?: (?=\d))?|(?<![A-Za-z\\])times(?=\d)")
_SIM = re.compile(r"(?<![A-Za-z\\])sim(?=\d[\d.,]*\s?[%×°])")
_DOTS = re.compile(r"(?<=,)(?:\s?[cl]dots|dots)(?=,)")

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_BROKEN_ENTITY = re.compile(r"(?<=[A-Za-z]{2})x201([349cd])(?=[a-z])")
_COMMENT = re.compile(
    r"(?<=[.!?])\s+%[A-Z]?[a-z][^%]{0,400}?(?<!\bal)(?<!\be\.g)(?<!\bi\.e)(?<!\bvs)[.!?](?=\s+[A-Z]|\s*$)"
)
_GLUED_PER_CENT = re.compile(r"%[A-Za-z]")
_CITATION_KEY = re.compile(r"\s[A-Z][a-z]+(?:19|20)\d\d[A-Z][a-z]+[A-Z]{2}\b")
_QUOTE = re.compile(r"``|''|\"")
_SINGLE_QUOTE = re.compile(r"(?<![\w`'])`(?=[^\s`'])([^`]{0,80}?[^\s`])'(?![\w'])")
# Both begin with their sign and look at what is before it afterwards: a pattern is searched for many times faster so.
_DASH = re.compile(
    rf"--(?:(?<=[\w)\]”’\"'.,;:!?%…{KEPT[1:-1]}]--)-?(?=[\w(\[“‘\"'$…{KEPT[1:-1]}])(?!-)"
    r"|(?<=\S[ \n]--)-?(?=[ \n]\S)"
    rf"|(?:(?<=\w\w--)|(?<=[)\]”’%{KEPT[1:-1]}]--))-?(?= ))"
)
_TIE = re.compile(
    rf"~(?:(?:(?<=[A-Za-z]{{2}}~)|(?<=[.,;:)\]%”’{KEPT[1:-1]}]~)|(?<=\d~)|(?<=\s[aAI]~))"
    rf"(?=[A-Za-z(\[“‘`{KEPT[1:-1]}])|(?:(?<=[a-z]{{2}}~)|(?<=[A-Za-z][.,;:]~))(?=\d))"
)
_SPACED_STOP = re.compile(rf"(?<=[\w)\]%”’/{KEPT[1:-1]}])[ \u00a0]\.(?=\s|$)(?!\s\.)")

_ENTITIES = {"9": "’", "c": "“", "d": "”", "3": "–", "4": "—"}


def _named(match: re.Match[str]) -> str:
    return symbols.SYMBOLS[match[0]]


# Hints, pattern, repair. A hint is what the pattern's match holds in any case; it begins with plain signs, so that
# looking for these costs a tenth of a microsecond, for the hint one, where the pattern would cost fifty.
_Rule = tuple[tuple[str, ...], re.Pattern[str], str | Callable[[re.Match[str]], str]]
_RULES: tuple[_Rule, ...] = (
    (("x201[349cd]",), _BROKEN_ENTITY, lambda entity: _ENTITIES[entity[1]]),
    ((r"20\d\d[A-Z]", r"19\d\d[A-Z]"), _CITATION_KEY, ""),
    ((r"times(?:\d|(?<=\dtimes))",), _TIMES, "×"),
    ((r"sim\d",), _SIM, "∼"),
    (("dots,",), _DOTS, "…"),
    (("math(?:cal|bb|frak|scr) ",), _LOST_LETTER_FONT, ""),
    (
        # Of eq the q is the rarer sign: leq, geq and neq end in it, and words go on with u.
        ("infty", "q(?!u)(?<=[lgn]eq)", "cdot", "ldots", "var(?:phi|eps)", "ell(?:[_^(]|(?<=[_^({]ell))"),
        _BARE_SIGN,
        _named,
    ),
    (("_", r"\^"), _BARE_LETTER, _named),
    ((r" \.(?=\s|$)", "\u00a0\\.(?=\\s|$)"), _SPACED_STOP, "."),
)
_BEGINNING = re.compile(r"(?:\\[.^]|[\w ,\u00a0])+")


class _Hint(NamedTuple):
    beginning: str
    pattern: re.Pattern[str]

    @classmethod
    def of(cls, hint: str) -> Self:
        beginning = _BEGINNING.match(hint)
        assert beginning is not None
        return cls(beginning[0].replace("\\", ""), re.compile(hint))


_HINTED = [(tuple(map(_Hint.of, hints)), pattern, repair) for hints, pattern, repair in _RULES]
# What several beginnings have in common is looked for first: a sign alone takes a twentieth of the time that two take.
_COMMON = ("0", "9", "\u00a0", "dot", "ell")


def _looks() -> dict[str, list[tuple[str, re.Pattern[str], re.Pattern[str]]]]:
    """Return hints and patterns by what a text holds in any case where one fits."""
    found: dict[str, list[tuple[str, re.Pattern[str], re.Pattern[str]]]] = {}
    for hints, pattern, _ in _HINTED:
        for hint in hints:
            piece = next((sign for sign in _COMMON if sign in hint.beginning), hint.beginning)
            rest = "" if piece == hint.beginning else hint.beginning  # what was found is not looked for again
            found.setdefault(piece, []).append((rest, hint.pattern, pattern))
    return found


_LOOKS = list(_looks().items())
_OPEN_SIGNS = ("\\", "$", "{", "}", "~", "`", "--")
_GLUED_ADDRESS = re.compile(r"http(?<=[A-Za-z:,;.]http)s?://")


def marked(text: str) -> bool:
    """Whether ``text`` holds anything that cleaning could change; the quick way past for ordinary prose."""
    # Every paper passes here: looking for a plain sign takes a hundredth of a pattern, and any() longer than a loop.
    for sign in _OPEN_SIGNS:
        if sign in text:
            return True
    if ("'" in text and "''" in text) or ("&" in text and _ENTITY.search(text)):
        return True
    if "%" in text and _GLUED_PER_CENT.search(text) and _COMMENT.search(text):
        return True
    if ":" in text and "://" in text and _GLUED_ADDRESS.search(text):
        return True
    for pattern in _hinted(text):  # noqa: SIM110 (any() takes longer)
        if pattern.search(text):
            return True
    return False


def _hinted(text: str) -> Iterator[re.Pattern[str]]:
    """The patterns of rules of which ``text`` holds a hint, one for each hint."""
    for piece, looks in _LOOKS:
        if piece in text:
            for beginning, hint, pattern in looks:
                if beginning in text and hint.search(text):
                    yield pattern


def decoded(text: str) -> str:
    """``text`` with its HTML entities decoded, the doubly encoded ones too."""
    for _ in range(3):
        if "&" not in text or not _ENTITY.search(text):
            break
        text = _ENTITY.sub(lambda entity: html.unescape(entity[0]), text)
    return text


def uncommented(prose: str) -> str:
    """TeX's prose without comments: a per cent sign glued to a sentence's beginning, up to that sentence's end."""
    return _COMMENT.sub("", prose) if "%" in prose and _GLUED_PER_CENT.search(prose) else prose


def mended(prose: str) -> str:
    """Mend prose whose commands and braces were read already."""
    prose = _quoted(prose)
    if "--" in prose:
        prose = _DASH.sub(lambda dash: "—" if len(dash[0]) == 3 else "–", prose)
    if "~" in prose:
        prose = _TIE.sub("\u00a0", prose)
    if next(_hinted(prose), None) is None:  # as nearly always: what several rules look for is looked for once so
        return prose
    for hints, pattern, repair in _HINTED:
        for hint in hints:
            if hint.beginning in prose and hint.pattern.search(prose):
                prose = pattern.sub(repair, prose)
                break
    return prose


def named_signs(text: str) -> str:
    """The text of an index with the names in it as signs: there ``Phi`` is no word."""
    return _IN_SCRIPT.sub(_named, text)


def named_base(text: str) -> str:
    """``text``, which an index follows, with the name it ends with as a sign."""
    return text[:-20] + _BASE.sub(_named, text[-20:])


def lost_command(text: str) -> str:
    """The command at the end of ``text`` that braces behind it show, though its backslash is gone; else empty."""
    name = _LOST_COMMAND.search(text[-20:])
    return name[0] if name else ""


def lone_sign(raw: str, *, touching: bool) -> str:
    """The sign that a group in braces holds alone (``{=}``, ``{times}``), empty where it holds anything else.

    touching: whether a letter or digit stands right beside the braces.
    """
    if len(raw) == 1 and not raw.isalnum() and raw.isprintable() and touching:
        return raw
    if raw in _SIGNS or raw == "approx" or (touching and raw in _WORDS) or (touching and raw in symbols.GREEK):
        return symbols.SYMBOLS[raw]
    return ""


def leading_sign(text: str) -> str:
    """``text``, the content of braces beside a letter, with a name at its start as a sign (``{cdotZ}``)."""
    return _LEADING.sub(_named, text, count=1) if _LEADING.match(text) else text


def is_prose_group(raw: str, *, tex: bool) -> bool:
    """Whether braces around ``raw`` only group words, rather than being meant to be seen, as in a set or a template.

    tex: whether other signs show that the text was written in TeX.
    """
    if re.fullmatch(KEPT, raw):
        return True
    if re.search(r"[:;\"|=<>\[\]{}]", raw) or ("," in raw and not raw.rstrip().endswith(".")):
        return False
    return tex or len(raw.split()) >= 3


def _quoted(prose: str) -> str:
    if "`" not in prose and "''" not in prose:
        return prose
    within = False

    def typographic(match: re.Match[str]) -> str:
        nonlocal within
        sign, end = match[0], match.end()
        if sign == "``":
            within = True
            return "“"
        if within:
            within = False
            return "”"
        before, after = prose[match.start() - 1 : match.start()], prose[end : end + 1]
        if sign == "''" and (not before or before in " \n([") and after.strip() and "''" in prose[end : end + 300]:
            within = True
            return "“"
        return sign

    return _SINGLE_QUOTE.sub(r"‘\1’", _QUOTE.sub(typographic, prose))
