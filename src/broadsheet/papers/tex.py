"""How a paper's text is shown: TeX and other marks read into Unicode, for pages, files and terminals.

Reading is spread over segments (formulas, addresses), markup (commands, braces) and repairs (what was lost before);
formulas become MathML in mathml and plain Unicode in readable.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from django.utils.safestring import SafeString

from broadsheet.papers import addresses, markup, mathml, readable, repairs, segments
from broadsheet.papers.escaping import escape
from broadsheet.papers.segments import Piece

LONGEST = 20_000  # characters; a longer text is no abstract and is shown as it is
_TEX_SIGNS = re.compile(r"\\[A-Za-z'\"`^~=]|[_^]\{|``")
# Controls and direction overrides: they can rewrite a terminal's line or turn a sentence round. Newline may stay.
_CONTROLS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_UNPLAIN = re.compile(_CONTROLS.pattern[:-1] + "\u00a0\u202f]")
_ASCII_CONTROLS = bytes(sign for sign in range(128) if _CONTROLS.match(chr(sign)))
_BLANKS = dict.fromkeys(map(ord, "\t\r\x0b\x0c\x85\u2028\u2029"), " ")
_ALL_BLANKS = _BLANKS | dict.fromkeys(map(ord, "\u00a0\u202f"), " ")


def clean(text: str) -> str:
    """The text as it is shown, in Unicode, with mathematics kept as ``$...$`` and ``$$...$$``.

    Text without markup comes back as it is, and cleaning twice is cleaning once: where the shown text would itself
    read as markup, it keeps the escapes it needs, and where even these would not do, it stays as its author wrote it.
    """
    found = pieces(text)
    if found == (Piece("text", text),):
        return text
    for written in (_written(found), _written(found, escaped=True)):
        if pieces(written) == found:
            return written
    return text


def plain(text: str) -> str:
    """The shown text with mathematics as readable Unicode (``$\\alpha^2$`` as ``α²``), for index, JSON, mail, terminal.

    A formula that Unicode cannot show stays TeX, without its dollars. Control characters other than newline are
    removed, or become the blank they stand for; no-break spaces become ordinary ones.
    """
    text = "".join([p.text if p.kind == "text" else readable.readable(p.text) or p.text for p in pieces(text)])
    if _is_sound(text) or not _UNPLAIN.search(text):
        return text
    return _CONTROLS.sub("", text.translate(_ALL_BLANKS))


def to_html(text: str, *, links: bool = True) -> SafeString:
    """The shown text as HTML: everything escaped, formulas as MathML, web addresses as links unless ``links`` is off.

    A formula that cannot be converted shows its own source in ``<code class="tex">``.
    """
    return SafeString("".join([_html(piece, links=links) for piece in pieces(text)]))


def both(text: str, *, links: bool = True) -> tuple[str, SafeString]:
    """The shown text as ``plain`` and as ``to_html`` return it, for what needs both: prose is looked through once."""
    found = pieces(text)
    if len(found) != 1 or found[0].kind != "text" or not _is_sound(found[0].text):
        return plain(text), to_html(text, links=links)
    prose = found[0].text
    return prose, SafeString(_linked(prose) if links and "://" in prose else escape(prose))


@lru_cache(maxsize=512)
def pieces(text: str) -> tuple[Piece, ...]:
    """The shown text in order: runs of prose in Unicode, formulas as TeX without their delimiters.

    A page shows a text in more than one form, so the last few hundred are remembered.
    """
    if not repairs.marked(text) or len(text) > LONGEST:
        return (Piece("text", text),) if text else ()
    prose, kept = segments.set_aside(repairs.decoded(text))
    tex = any(piece.kind != "text" for piece in kept) or _has_tex(prose)
    try:
        prose = markup.read(repairs.uncommented(prose), kept, tex=tex)
    except markup.TooDeepError:
        return (Piece("text", text),)
    return tuple(segments.put_back(repairs.mended(prose), kept))


def _has_tex(prose: str) -> bool:
    return ("\\" in prose or "{" in prose or "``" in prose) and bool(_TEX_SIGNS.search(prose))


def _written(found: Sequence[Piece], *, escaped: bool = False) -> str:
    """The pieces as one text again; ``escaped``: with what in its prose could be taken for markup escaped."""
    if not escaped:
        marks = {"text": "", "math": "$", "display": "$$"}
        return "".join(f"{marks[kind]}{text}{marks[kind]}" for kind, text in found)
    forms = {"math": (r"\(", r"\)"), "display": (r"\[", r"\]")}
    return "".join(
        re.sub(r"[${}]", r"\\\g<0>", text) if kind == "text" else text.join(forms[kind]) for kind, text in found
    )


def _html(piece: Piece, *, links: bool) -> str:
    text = piece.text
    if not _is_sound(text) and _CONTROLS.search(text):
        text = _CONTROLS.sub("", text.translate(_BLANKS))
    if piece.kind != "text":
        return mathml.element(text, display=piece.kind == "display") or f'<code class="tex">{escape(text)}</code>'
    return _linked(text) if links and "://" in text else escape(text)


def _is_sound(text: str) -> bool:
    """Whether a text surely holds nothing to take out: the quick look, true of nearly all."""
    if text.isascii():  # as bytes, a tenth of the time
        return len(text.encode().translate(None, _ASCII_CONTROLS)) == len(text)
    return text.isprintable()  # no sign that goes is printable to Python


def _linked(text: str) -> str:
    shown: list[str] = []
    at = 0
    for start, address in addresses.found(text):
        target = escape(address)
        shown += [escape(text[at:start]), f'<a href="{target}" rel="nofollow noopener">{target}</a>']
        at = start + len(address)
    return "".join([*shown, escape(text[at:])])
