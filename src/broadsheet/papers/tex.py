"""How a paper's text is shown: TeX and other marks read into Unicode, for pages, files and terminals.

Reading is spread over segments (formulas, addresses), markup (commands, braces) and repairs (what was lost before);
formulas become MathML in math and plain Unicode in readable.
"""

import re
from html import escape

from django.utils.safestring import SafeString

from broadsheet.papers import addresses, markup, math, readable, repairs, segments
from broadsheet.papers.segments import Piece

_TEX_SIGNS = re.compile(r"\\[A-Za-z'\"`^~=]|[_^]\{|``")
# Controls and direction overrides: they can rewrite a terminal's line or turn a sentence round. Newline may stay.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_UNPLAIN = re.compile(_CONTROLS.pattern[:-1] + "\u00a0\u202f]")
_BLANKS = dict.fromkeys(map(ord, "\t\r\x0b\x0c\x85\u2028\u2029\u00a0\u202f"), " ")


def clean(text: str) -> str:
    """The text as it is shown, in Unicode, with mathematics kept as ``$...$`` and ``$$...$$``.

    Text without markup comes back as it is, and cleaning twice is cleaning once: where the shown text would itself
    read as markup, it keeps the escapes it needs, and where even these would not do, it stays as its author wrote it.
    """
    if not repairs.marked(text):
        return text
    pieces = _pieces(text)
    for written in (_written(pieces), _written(pieces, escaped=True)):
        if _pieces(written) == pieces:
            return written
    return text


def plain(text: str) -> str:
    """The shown text with mathematics as readable Unicode (``$\\alpha^2$`` as ``α²``), for index, JSON, mail, terminal.

    A formula that Unicode cannot show stays TeX, without its dollars. Control characters other than newline are
    removed, or become the blank they stand for; no-break spaces become ordinary ones.
    """
    if repairs.marked(text):
        text = "".join(p.text if p.kind == "text" else readable.readable(p.text) or p.text for p in _pieces(text))
    return _CONTROLS.sub("", text.translate(_BLANKS)) if _UNPLAIN.search(text) else text


def to_html(text: str, *, links: bool = True) -> SafeString:
    """The shown text as HTML: everything escaped, formulas as MathML, web addresses as links unless ``links`` is off.

    A formula that cannot be converted shows its own source in ``<code class="tex">``.
    """
    pieces = _pieces(text) if repairs.marked(text) else [Piece("text", text)]
    return SafeString("".join(_html(piece, links=links) for piece in pieces))


def _pieces(text: str) -> list[Piece]:
    """Read a source into prose and formulas."""
    prose, kept = segments.set_aside(repairs.decoded(text))
    tex = bool(_TEX_SIGNS.search(prose)) or any(piece.kind != "text" for piece in kept)
    try:
        prose = markup.read(repairs.uncommented(prose), kept, tex=tex)
    except markup.TooDeepError:
        return [Piece("text", text)]
    return segments.put_back(repairs.mended(prose), kept)


def _written(pieces: list[Piece], *, escaped: bool = False) -> str:
    """The pieces as one text again; ``escaped``: with what in its prose could be taken for markup escaped."""
    if not escaped:
        marks = {"text": "", "math": "$", "display": "$$"}
        return "".join(f"{marks[piece.kind]}{piece.text}{marks[piece.kind]}" for piece in pieces)
    forms = {"math": r"\({}\)", "display": r"\[{}\]"}
    return "".join(
        forms[piece.kind].replace("{}", piece.text) if piece.kind in forms else re.sub(r"[${}]", r"\\\g<0>", piece.text)
        for piece in pieces
    )


def _html(piece: Piece, *, links: bool) -> str:
    if piece.kind != "text":
        formula = _CONTROLS.sub("", piece.text.translate(_BLANKS))
        return math.mathml(formula, display=piece.kind == "display") or f'<code class="tex">{escape(formula)}</code>'
    text = _CONTROLS.sub("", piece.text.translate({9: " ", 13: " "}))
    if not links or "://" not in text:
        return escape(text)
    shown: list[str] = []
    at = 0
    for match in addresses.ADDRESS.finditer(text):
        address = match[0][: addresses.ending(match[0])]
        if "." not in address and "localhost" not in address:
            continue
        shown.append(escape(text[at : match.start()]))
        shown.append(f'<a href="{escape(address)}" rel="nofollow noopener">{escape(address)}</a>')
        at = match.start() + len(address)
    return "".join([*shown, escape(text[at:])])
