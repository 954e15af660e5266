"""A paper as LaTeXML writes it in HTML, read into Markdown: headings, paragraphs, formulas, tables, notes, references.

Its title and authors are left out, as whoever shows the text has them; pictures are, as they are not loaded.
"""

import re
from collections.abc import Iterable
from itertools import islice

from broadsheet.sources import markdown_text as md
from broadsheet.sources.html_tree import Node

MOST_SIGNS = 2_000_000
"""Characters of Markdown; what goes beyond is left out, and the text says so."""

MOST_COLUMNS, MOST_ROWS = 60, 2000
MOST_NESTED = 8
"""Lists and quotations within each other; what stands deeper is set in no further, as each line would grow by it."""

_LEFT_OUT = {
    "ltx_authors", "ltx_title_document", "ltx_dates", "ltx_note_mark", "ltx_rdf", "ltx_TOC", "ltx_graphics",
    "ltx_picture", "ltx_page_footer", "ltx_page_header", "ltx_page_navbar", "ltx_pagination", "package-alerts",
    "ltx_role_affiliation", "ltx_tag_note", "ltx_note_type",
}  # fmt: skip
_LEFT_OUT_IDS = {"license-tr", "watermark-tr", "target-section", "infobox"}
_LEVELS = {
    "ltx_title_section": 2,
    "ltx_title_part": 2,
    "ltx_title_chapter": 2,
    "ltx_title_appendix": 2,
    "ltx_title_abstract": 2,
    "ltx_title_bibliography": 2,
    "ltx_title_acknowledgements": 2,
    "ltx_title_index": 2,
    "ltx_title_subsection": 3,
    "ltx_title_subsubsection": 4,
    "ltx_title_paragraph": 5,
    "ltx_title_subparagraph": 6,
}
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_CODE = {"code", "tt", "kbd", "samp"}
_EQUATIONS = {"ltx_equation", "ltx_equationgroup", "ltx_eqn_table"}


class Writer:
    """Writes one document. notes: its footnotes, in order. cut: it was longer than is taken."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.cut = False
        self._left = MOST_SIGNS
        self._nested = 0
        self._in_table = False
        self._in_note = False

    def document(self, article: Node) -> str:
        """Return the whole text of an article."""
        blocks = self._blocks(article.parts)
        if self.notes:
            # Not as footnotes of Markdown, whose marks are links to anywhere for readers that do not know them.
            lines = [f"{number}. {md.paragraph(text)}" for number, text in enumerate(self.notes, start=1)]
            blocks += ["## Notes", "\n".join(lines)]
        if self.cut:
            blocks.append("_The text is longer than is passed on here; it goes on at its source._")
        return "\n\n".join(block for block in blocks if block)

    # --- Blocks -------------------------------------------------------------------------------------------------------

    def _blocks(self, parts: Iterable[Node | str]) -> list[str]:
        """Return the blocks of some parts; text between blocks is a paragraph of its own."""
        found: list[str] = []
        run: list[Node | str] = []
        for part in parts:
            if isinstance(part, str) or not (part.is_block or part.holds_blocks):
                run.append(part)
                continue
            found += self._paragraph(run)
            run = []
            if not self._is_full():
                found += self._block(part)
                self._left -= 2 + 3 * self._nested  # its line's end, and how far it is set in
        return found + self._paragraph(run)

    def _is_full(self) -> bool:
        """Whether nothing more is taken, which the text then says."""
        self.cut = self.cut or self._left <= 0
        return self._left <= 0

    def _fitting(self, text: str) -> str:
        """Return as much of a text as is still taken."""
        self.cut = self.cut or len(text) > self._left
        return text[: max(self._left, 0)]

    def _counted(self, piece: str) -> str:
        """Return a piece of Markdown that cannot be cut, or nothing where it does not fit any more."""
        if self._fitting(piece) != piece:
            return ""
        self._left -= len(piece)
        return piece

    def _block(self, node: Node) -> list[str]:
        if _is_left_out(node):
            return []
        if node.classes & _EQUATIONS or node.tag == "math":
            return self._equations(node)
        if node.tag in _HEADINGS or "ltx_title" in node.classes:
            return self._heading(node)
        if node.tag in ("ul", "ol", "dl", "blockquote"):
            return self._set_in(node)
        if _is_table(node):
            return self._table(node)
        if node.tag == "pre" or node.classes & {"ltx_listing", "ltx_verbatim"}:
            return self._code(node)
        return self._blocks(node.parts)

    def _set_in(self, node: Node) -> list[str]:
        """Return a list or a quotation."""
        if self._nested >= MOST_NESTED:
            return self._blocks(node.parts)
        self._nested += 1
        found = self._quotation(node) if node.tag == "blockquote" else self._list(node)
        self._nested -= 1
        return found

    def _quotation(self, node: Node) -> list[str]:
        inner = "\n\n".join(self._blocks(node.parts))
        return ["\n".join(f"> {line}".rstrip() for line in inner.split("\n"))] if inner else []

    def _paragraph(self, parts: Iterable[Node | str]) -> list[str]:
        text = md.paragraph(self._inline(parts))
        return [text] if text else []

    def _heading(self, node: Node) -> list[str]:
        text = " ".join(self._inline(node.parts).split())
        if not text:
            return []
        level = next((level for name, level in _LEVELS.items() if name in node.classes), 0)
        if not level:
            return [md.marked(text, "**")]  # of a theorem, a proof and the like, within the text
        return [f"{'#' * level} {text[:-1] + chr(92) + '#' if text.endswith('#') else text}"]

    def _list(self, node: Node) -> list[str]:
        items: list[str] = []
        number = 0
        for one in node.parts:
            if not isinstance(one, Node) or one.tag not in ("li", "dt", "dd") or self._is_full():
                continue
            number += one.tag != "dd"
            if one.tag == "dt":
                items += [f"- {md.marked(text, '**')}" for text in self._paragraph(one.parts)]
                continue
            marker = f"{number}. " if node.tag == "ol" else "  " if one.tag == "dd" else "- "
            if blocks := self._item(one, tagged=node.tag != "ol"):
                inner = "\n\n".join(blocks).replace("\n", "\n" + " " * len(marker))
                items.append(marker + "\n".join(line.rstrip() for line in inner.split("\n")))
        return ["\n".join(items)] if items else []

    def _item(self, node: Node, *, tagged: bool) -> list[str]:
        """Return the blocks of one item. tagged: what it is marked with stands before its first line."""
        tag, rest = _tag_of(node)
        if not (tag and tagged and any(map(str.isalnum, tag.text()))):
            return self._blocks(rest)
        first, *more = self._blocks(rest) or [""]
        if "\n" in first:  # code, a table: the mark before it would make something else of it
            first, more = "", [first, *more]
        return [block for block in (md.paragraph(f"{self._inline(tag.parts)} {first}"), *more) if block]

    def _code(self, node: Node) -> list[str]:
        lines = [line.text().rstrip("\n") for line in node.outermost(_is_line)]
        language = next((found[1] for name in node.classes if (found := _LANGUAGE.fullmatch(name))), "")
        text = self._fitting("\n".join(lines) or node.text())
        fitting = text.split("\n")[: max(self._left, 0) // (1 + 3 * self._nested) + 1]
        block = md.code_block(fitting, language)
        self._left -= len(block)
        return [block] if block else []

    def _equations(self, node: Node) -> list[str]:
        """Return one formula for each line of an equation, with its number."""
        found = []
        for row in list(node.outermost(_is_row, shut=_is_table)) or [node]:
            maths = [row] if _is_math(row) else list(row.outermost(_is_math))
            tex = " ".join(one.text().strip() for one in maths)
            tag = row.find(of_class="ltx_tag_equation")
            number = re.sub(r"[^\w.'*-]", "", tag.text())[:20] if tag else ""
            line = md.formula(f"{tex} \\tag{{{number}}}" if number and tex.strip() else tex, display=True)
            found.append(self._counted(line))
        return [line for line in found if line]

    def _table(self, node: Node) -> list[str]:
        if self._in_table:
            return self._paragraph(node.parts)
        self._in_table = True
        rows = [self._cells(row) for row in islice(node.outermost(_is_row, shut=_is_table), MOST_ROWS)]
        self._in_table = False
        rows = [row for row in rows if any(row)]
        width = min(max((len(row) for row in rows), default=0), MOST_COLUMNS)
        lines = [f"| {' | '.join(row[:width] + [''] * (width - len(row)))} |" for row in rows]
        self._left -= sum(map(len, lines))
        caption = node.find(tag="caption")
        told = self._paragraph(caption.parts) if caption else []
        return told + (["\n".join([lines[0], f"|{'---|' * width}", *lines[1:]])] if lines else [])

    def _cells(self, row: Node) -> list[str]:
        cells: list[str] = []
        for cell in row.parts:
            if isinstance(cell, Node) and (cell.tag in ("td", "th") or "ltx_td" in cell.classes):
                wide = cell.attributes.get("colspan", "1")
                cells.append(" ".join(self._inline(cell.parts).split()))
                cells += [""] * (min(int(wide), MOST_COLUMNS) - 1 if wide.isascii() and wide[:3].isdigit() else 0)
                if len(cells) > MOST_COLUMNS:
                    break
        return cells

    # --- Within a line ------------------------------------------------------------------------------------------------

    def _inline(self, parts: Iterable[Node | str], marks: frozenset[str] = frozenset()) -> str:
        """Return parts as one run of Markdown. marks: the emphasis and links that it stands in already."""
        return "".join(self._words(part) if isinstance(part, str) else self._piece(part, marks) for part in parts)

    def _words(self, text: str) -> str:
        words = md.escaped(self._fitting(text))
        self._left -= len(words)
        return words

    def _piece(self, node: Node, marks: frozenset[str]) -> str:
        if _is_left_out(node) or self._is_full():
            return ""
        if node.tag == "math":
            return self._counted(md.formula(node.text(), in_table=self._in_table))
        if node.tag in ("br", "hr"):
            return " "
        if "ltx_note" in node.classes:
            return self._note(node)
        is_code = node.tag in _CODE or "ltx_font_typewriter" in node.classes or "ltx_ERROR" in node.classes
        if is_code and not any(isinstance(part, Node) for part in node.parts) and node.tag != "a":
            return self._counted(md.code(node.text(), in_table=self._in_table))
        if node.tag == "a":
            inner = self._inline(node.parts, marks | {"a"})
            return md.link(inner, _outward(node)) if "a" not in marks else inner
        sign = _sign(node)
        if sign and sign not in marks:
            return md.marked(self._inline(node.parts, marks | {sign}), sign)
        space = " " if node.is_block or node.tag in ("tr", "td", "th") or "ltx_td" in node.classes else ""
        return f"{space}{self._inline(node.parts, marks)}{space}"

    def _note(self, node: Node) -> str:
        """Keep a footnote for the end, and return the sign that stands for it; other notes are no text of the paper."""
        if "ltx_role_footnote" not in node.classes and "ltx_role_endnote" not in node.classes:
            return ""
        if self._in_note:
            return ""
        self._in_note = True
        text = " ".join(self._inline(node.parts).split())
        self._in_note = False
        if not text:
            return ""
        self.notes.append(text)
        return f" \\[note {len(self.notes)}\\]"


_LANGUAGE = re.compile(r"ltx_lst_language_([A-Za-z0-9+]{1,20})", re.ASCII)


def _is_left_out(node: Node) -> bool:
    return bool(node.classes & _LEFT_OUT) or node.tag == "img" or node.attributes.get("id") in _LEFT_OUT_IDS


def _sign(node: Node) -> str:
    if node.tag in ("strong", "b") or "ltx_font_bold" in node.classes:
        return "**"
    return "*" if node.tag in ("em", "i") or "ltx_font_italic" in node.classes else ""


def _outward(node: Node) -> str:
    """Return where a link leads; one within the paper, as citations are, leads nowhere here."""
    address = node.attributes.get("href", "").strip()
    return "" if re.match(r"https?://(?:[a-z0-9-]+\.)*arxiv\.org/html/[^#]*#", address, re.IGNORECASE) else address


def _tag_of(item: Node) -> tuple[Node | None, list[Node | str]]:
    """Return what an item is marked with, and its other parts."""
    tag = next((one for one in item.parts if isinstance(one, Node) and "ltx_tag" in one.classes), None)
    return tag, [part for part in item.parts if part is not tag]


def _is_row(node: Node) -> bool:
    return node.tag == "tr" or "ltx_tr" in node.classes


def _is_table(node: Node) -> bool:
    return node.tag == "table" or "ltx_tabular" in node.classes


def _is_math(node: Node) -> bool:
    return node.tag == "math"


def _is_line(node: Node) -> bool:
    return "ltx_listingline" in node.classes
