"""An HTML page as a small tree for reading: bounded in depth and number, without scripts, menus and pictures.

What the page says is read by whoever asks for the tree; formulas come as their TeX, which LaTeXML writes beside MathML.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final

MOST_DEPTH: Final = 90
"""Elements within each other; the text of deeper ones stands in the deepest that is kept."""

MOST_NODES: Final = 400_000
_LEFT_OUT = {
    "audio", "button", "canvas", "embed", "footer", "form", "frameset", "head", "header", "iframe", "map", "nav",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title", "video",
}  # fmt: skip
_EMPTY = {"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr"}
_BLOCKS = {
    "address", "article", "aside", "blockquote", "caption", "dd", "details", "div", "dl", "dt", "figcaption",
    "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "li", "main", "ol", "p", "pre", "section", "table", "ul",
}  # fmt: skip
_BLOCK_CLASSES = {"ltx_tabular", "ltx_equation", "ltx_equationgroup", "ltx_listing", "ltx_verbatim", "ltx_p"}
_ENDED_BY_THE_NEXT = {"li": {"li"}, "tr": {"tr", "td", "th"}, "td": {"td", "th"}, "th": {"td", "th"}}
_KEPT_ATTRIBUTES = {"href", "alttext", "display", "id", "colspan"}


@dataclass(slots=True, eq=False)
class Node:
    """One element. attributes: the few that are read. is_block: it stands for itself in the text; holds_blocks: so does
    something within it."""

    tag: str
    classes: frozenset[str] = frozenset()
    attributes: dict[str, str] = field(default_factory=dict)
    parts: list["Node | str"] = field(default_factory=list)
    is_block: bool = False
    holds_blocks: bool = False

    def text(self) -> str:
        """Return all text within, formulas as TeX."""
        return "".join(part if isinstance(part, str) else part.text() for part in self.parts)

    def find(self, *, tag: str = "", of_class: str = "", name: str = "") -> "Node | None":
        """Return the first element within that has all that is given; name: its id."""
        for part in self.parts:
            if isinstance(part, Node):
                fits = part.tag == (tag or part.tag) and (not name or part.attributes.get("id") == name)
                if fits and (not of_class or of_class in part.classes):
                    return part
                if found := part.find(tag=tag, of_class=of_class, name=name):
                    return found
        return None

    def outermost(
        self, fits: Callable[["Node"], bool], shut: Callable[["Node"], bool] = lambda _: False
    ) -> Iterator["Node"]:
        """Yield the elements within that fit, and none within those. shut: where it is not looked into."""
        for part in self.parts:
            if isinstance(part, Node):
                if fits(part):
                    yield part
                elif not shut(part):
                    yield from part.outermost(fits, shut)


def tree_of(page: str) -> Node:
    """Return the tree of a page, whatever state it is in."""
    reading = _Reading()
    reading.feed(page)
    reading.close()
    return reading.root


class _Reading(HTMLParser):
    """The tree as far as it has been read."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("")
        self._open = [self.root]
        self._nodes = 0
        self._passing: tuple[str, int] = ("", 0)  # what is passed over, and how often it stands within itself
        self._formula: Node | None = None
        self._in_tex = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element, or begin to pass it over."""
        name, depth = self._passing
        if name:
            self._passing = name, depth + (tag == name)
            told = dict(attrs)
            self._in_tex = tag == "annotation" and told.get("encoding") == "application/x-tex"
            return
        if tag in _LEFT_OUT:
            self._passing = tag, 1
            return
        self._close_before(tag)
        node = self._node(tag, attrs)
        if node is None:
            return
        if tag == "math":
            self._formula, self._passing = node, ("math", 1)
        elif tag not in _EMPTY and len(self._open) < MOST_DEPTH:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        """Close an element and all that was left open in it; one that is not open is nothing."""
        name, depth = self._passing
        self._in_tex = False
        if name:
            depth -= tag == name
            self._passing = (name, depth) if depth > 0 else ("", 0)
            if depth <= 0 and self._formula is not None:
                self._end_formula(self._formula)
            return
        for at in range(len(self._open) - 1, 0, -1):
            if self._open[at].tag == tag:
                del self._open[at:]
                return

    def parse_marked_section(self, i: int, report: bool = True) -> int:
        """Pass over ``<![...``, as browsers do; the library's own reading of it fails on names it does not know."""
        return self.parse_bogus_comment(i, report)

    def handle_data(self, data: str) -> None:
        """Take text in."""
        if self._in_tex and self._formula is not None:
            self._formula.parts.append(data)
        elif not self._passing[0]:
            self._open[-1].parts.append(data)

    def _end_formula(self, node: Node) -> None:
        if not "".join(part for part in node.parts if isinstance(part, str)).strip():
            node.parts = [node.attributes.get("alttext", "")]
        self._formula = None

    def _close_before(self, tag: str) -> None:
        if self._open[-1].tag == "p" and tag in _BLOCKS:
            self._open.pop()
        while self._open[-1].tag in _ENDED_BY_THE_NEXT.get(tag, ()):
            self._open.pop()

    def _node(self, tag: str, attrs: list[tuple[str, str | None]]) -> Node | None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            return None
        told = {name: value or "" for name, value in attrs if name in _KEPT_ATTRIBUTES}
        classes = frozenset(next((value or "" for name, value in attrs if name == "class"), "").split())
        is_display = tag == "math" and told.get("display") == "block"
        node = Node(tag, classes, told, is_block=tag in _BLOCKS or bool(classes & _BLOCK_CLASSES) or is_display)
        self._open[-1].parts.append(node)
        if node.is_block:
            for one in reversed(self._open):
                if one.holds_blocks:
                    break
                one.holds_blocks = True
        return node
