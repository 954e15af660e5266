"""The Markdown of comments as safe HTML: CommonMark with tables, strikethrough, mathematics, names and addresses.

What readers write is parsed without HTML, built anew, and cleaned once more by a tight list of what may stand in a
page. Which of the names and papers in it are known is not asked here.
"""

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple
from urllib.parse import unquote

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from broadsheet.accounts.models import NAME
from broadsheet.papers import addresses, mathml, segments
from broadsheet.sources import arxiv_ids

DEEPEST = 16
"""Quotes, lists and brackets inside each other; what lies deeper is text."""
MOST_CELLS = 4_000
MOST_LINES = 8_000
MOST_NAMED = 40
"""Names and papers looked for in one text; whoever writes more does not write for readers."""
MOST_SIGNS = 6_000
"""Signs that could open something. A text with more is shown as it was written: to read them would take seconds."""

_MATH = """math mrow mi mn mo mtext mspace msup msub msubsup mfrac msqrt mroot mover munder munderover mtable mtr mtd
    mstyle mpadded mphantom mmultiscripts mprescripts none"""
_MATH_ATTRIBUTES = """stretchy fence accent movablelimits displaystyle minsize maxsize width lspace rspace form
    scriptlevel linethickness columnalign mathvariant"""
_TAGS = "p br hr em strong s a code pre blockquote ul ol li h4 h5 h6 table thead tbody tr th td"
_CLEANER = nh3.Cleaner(
    tags={*_TAGS.split(), *_MATH.split()},
    attributes={
        "*": set(),
        "a": {"href"},
        "ol": {"start"},
        "math": {"display"},
        **{name: set(_MATH_ATTRIBUTES.split()) for name in _MATH.split() if name != "math"},
    },
    allowed_classes={"code": {"tex"}, "a": {"mention"}},
    url_schemes={"http", "https", "mailto"},
    link_rel="nofollow ugc noopener",
    strip_comments=True,
)

# What is never shown: controls (terminals obey them), direction overrides (they turn sentences round), lone surrogates.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
_SIGNS = re.compile(r"[\[\]*_`~<!&\\$]")
_LINK = re.compile(r"https?://[^/?#\s]|mailto:[^\s@]+@|/(?![/\\])|#", re.IGNORECASE)
_MENTION = re.compile(rf"(?<![\w@/.+-])@({NAME})(?![\w-]|\.\w)", re.ASCII | re.IGNORECASE)
_BARE_ID = re.compile(
    r"(?<![\w./-])(?:arxiv:\s?)?\d{4}\.\d{4,5}(?:v\d{1,3})?(?![\w/-])|(?<!\w)arxiv:\s?[a-z-]{2,9}(?:\.[a-z-]{2,8})?/\d{7}",
    re.ASCII | re.IGNORECASE,
)
_HERE = re.compile(r"(?:https?://[^/?#\s]+)?/papers/([^?#\s]{1,64})")


class Read(NamedTuple):
    """A text as it was read. html: safe. names: whom it mentions, papers: which ones it names, in their order."""

    html: SafeString
    names: tuple[str, ...]
    papers: tuple[str, ...]


def tidy(text: str) -> str:
    """Return a text without controls and direction overrides, its lines ended as everywhere."""
    return _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))


def to_html(text: str, known: frozenset[str] = frozenset()) -> SafeString:
    """Return Markdown as safe HTML. known: the readers whose names become links; other names stay text."""
    return read(text, known).html


@lru_cache(maxsize=2048)
def read(text: str, known: frozenset[str] = frozenset()) -> Read:
    """Read Markdown: its HTML, and the names and papers in it. The last few thousand texts are remembered.

    Time is bounded for any text of 65,536 characters: one that nests or repeats beyond reason is shown as it is.
    """
    text = tidy(text)
    found = _Found(known, {}, {})
    if _is_beyond_reason(text):
        html = "".join(f"<p>{escape(part)}</p>" for part in text.split("\n\n") if part.strip())
    else:
        html = str(_PARSER.render(text, {"found": found}))
    return Read(SafeString(_CLEANER.clean(html)), tuple(found.names), tuple(found.papers))


class _Found(NamedTuple):
    """What the parser comes across. The dictionaries are sets that keep their order."""

    known: frozenset[str]
    names: dict[str, None]
    papers: dict[str, None]

    def name(self, name: str) -> bool:
        """Note a mention; return whether it is a known reader's."""
        if len(self.names) < MOST_NAMED:
            self.names[name] = None
        return name in self.known

    def address(self, address: str) -> None:
        """Note the paper that an address leads to, if any."""
        here = _HERE.fullmatch(address)
        self.paper(arxiv_ids.find(address) or (unquote(here[1]) if here else None))

    def paper(self, key: str | None) -> None:
        """Note a paper."""
        if key and "\0" not in key and len(self.papers) < MOST_NAMED:
            self.papers[key] = None


def _is_beyond_reason(text: str) -> bool:
    return text.count("\n") > MOST_LINES or len(_SIGNS.findall(text)) > MOST_SIGNS or _cells(text) > MOST_CELLS


def _cells(text: str) -> int:
    """The most cells that tables in this text could have: short rows are filled up to the width of the heading."""
    lines = text.split("\n")
    return max((line.count("|") for line in lines), default=0) * len(lines) if "|" in text else 0


def _inline_formula(state: StateInline, silent: bool) -> bool:
    """``$..$``, ``$$..$$`` and ``\\(..\\)`` within a paragraph."""
    if state.src[state.pos] not in "$\\" or state.src.count("$") > segments.MOST_DOLLARS:
        return False
    found = segments.formula_at(state.src[: state.posMax], state.pos)
    if found is None or "`" in found[1].text:  # code begins before the formula would end
        return False
    state.pos, piece = found
    if not silent:
        token = state.push("formula", "", 0)
        token.content, token.info = piece.text, piece.kind
    return True


def _block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """``$$`` that begins a line, up to the ``$$`` that ends one: inside, no list or quote begins."""
    at = state.bMarks[start] + state.tShift[start]
    if not state.src.startswith("$$", at) or state.is_code_block(start):
        return False
    for last in range(start, min(end, start + 100)):
        text = state.src[at : state.eMarks[last]].rstrip()
        if len(text) > segments.LONGEST_FORMULA or state.isEmpty(last):
            return False
        if len(text) > 4 and text.endswith("$$"):
            break
    else:
        return False
    inner = "\n".join(state.getLines(start, last + 1, state.blkIndent, keepLastLF=False).splitlines()).strip()
    found = segments.formula_at(inner, 0)
    if found is None or found[0] != len(inner):
        return False
    if not silent:
        state.line = last + 1
        token = state.push("formula_block", "", 0)
        token.content, token.info = found[1].text, "display"
    return True


def _formula(_: Any, tokens: Sequence[Token], place: int, *__: Any) -> str:
    token = tokens[place]
    html = mathml.element(token.content, display=token.info == "display")
    html = html or f'<code class="tex">{escape(token.content)}</code>'
    return f"<p>{html}</p>\n" if token.type == "formula_block" else html


def _finish(state: StateCore) -> None:
    """Lower the headings, make links of images, addresses and names, and note what was found."""
    found: _Found = state.env["found"]
    levels = sorted({token.tag for token in state.tokens if token.type == "heading_open"})
    for token in state.tokens:
        if token.type.startswith("heading_"):  # the highest in use is the fourth of the page, and none is left out
            token.tag = f"h{min(levels.index(token.tag) + 4, 6)}"
        elif token.type == "fence":
            token.info = ""
        elif token.type == "inline":
            token.children = list(_linked(token.children or [], found))


def _linked(tokens: Sequence[Token], found: _Found) -> Iterator[Token]:
    inside = 0
    for token in tokens:
        if token.type == "link_open":
            inside += 1
            found.address(str(token.attrs.get("href", "")))
        elif token.type == "link_close":
            inside -= 1
        if token.type == "image":
            source = str(token.attrs.get("src", ""))
            words = "".join(child.content for child in token.children or []) or source
            yield from [_text(words)] if inside else _link(source, words)
        elif token.type == "text" and not inside:
            yield from _in_prose(token.content, found)
        else:
            yield token


def _in_prose(text: str, found: _Found) -> Iterator[Token]:
    """A run of text with links of its addresses and of the names of known readers."""
    at = 0
    for start, address in addresses.found(text) if "://" in text else ():
        yield from _with_names(text[at:start], found)
        found.address(address)
        yield from _link(address, address)
        at = start + len(address)
    yield from _with_names(text[at:], found)


def _with_names(text: str, found: _Found) -> Iterator[Token]:
    for bare in _BARE_ID.finditer(text):
        found.paper(arxiv_ids.find(bare[0]))
    at = 0
    for mention in _MENTION.finditer(text):
        name = mention[1].lower()
        if found.name(name):
            yield _text(text[at : mention.start()])
            yield from _link(f"/readers/{name}", mention[0], {"class": "mention"})
            at = mention.end()
    yield _text(text[at:])


def _text(content: str) -> Token:
    return Token("text", "", 0, content=content)


def _link(address: str, words: str, more: dict[str, str | int | float] | None = None) -> list[Token]:
    attributes = {"href": address} | (more or {})
    return [Token("link_open", "a", 1, attrs=attributes), _text(words), Token("link_close", "a", -1)]


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    parser.disable(["html_block", "html_inline", "reference"])
    parser.validateLink = lambda url: bool(_LINK.match(url))  # type: ignore[method-assign]  # as its makers have it replaced
    parser.inline.ruler.before("escape", "formula", _inline_formula)
    parser.block.ruler.before("fence", "formula", _block_formula, {"alt": ["paragraph", "blockquote", "list"]})
    parser.core.ruler.before("text_join", "broadsheet", _finish)
    parser.add_render_rule("formula", _formula)
    parser.add_render_rule("formula_block", _formula)
    return parser


_PARSER = _parser()
