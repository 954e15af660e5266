"""A formula as plain Unicode, for places that show no MathML: search index, JSON, mail, terminal."""

import re
from functools import lru_cache

from broadsheet.papers import symbols

_TOKEN = re.compile(r"\\operatorname\*|\\[A-Za-z]+|\\.|[ \t\n~]+|.", re.DOTALL)
_DEEPEST = 40
_FONTS = symbols.names(
    """mathrm mathbf mathit mathsf mathtt mathcal mathscr mathfrak mathnormal mathds text textbf textit textrm textsf
    texttt textsc textnormal mbox hbox emph bm boldsymbol operatorname underline ensuremath mathop mathbin mathrel pmb
    ce boxed smash"""
)
_SILENT = symbols.names(
    """left right big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr middle displaystyle textstyle
    scriptstyle limits nolimits rm bf it sf tt cal mit em boldmath small tiny xspace"""
)
_SPACES = {"\\,": " ", "\\;": " ", "\\:": " ", "\\ ": " ", "\\>": " ", "\\quad": " ", "\\qquad": " ", "\\!": ""}
_FRACTIONS = {"frac", "tfrac", "dfrac", "nicefrac", "sfrac", "cfrac"}


class _UnreadableError(ValueError):
    """The formula holds something that Unicode on one line cannot show."""


@lru_cache(maxsize=8192)
def readable(formula: str) -> str | None:
    """The formula on one line (``\\frac{a}{b}`` as ``a/b``), None where that would not be readable.

    formula: TeX without its delimiters.
    """
    try:
        reader = _Reader([token for token in _TOKEN.findall(formula) if token])
        text = reader.read()
        if reader.left:
            return None
    except _UnreadableError:
        return None
    return re.sub(r"\s+", " ", text).strip() or None


class _Reader:
    """Reads tokens from the front of ``left``."""

    def __init__(self, tokens: list[str]) -> None:
        self.left = tokens[::-1]
        self.depth = 0
        self.blank_before = False
        self.named = False  # whether the part just read is the name of an operator

    def read(self) -> str:
        """Read to the end, or to a closing brace, which stays."""
        out = ""
        while self.left and self.left[-1] != "}":
            token = self.left.pop()
            if token == "$":  # noqa: S105 - around a formula within the formula's words
                continue
            if token in {"^", "_"}:
                out += self.script(token)
            elif token[0] in "\\{":
                self.blank_before = out.endswith(" ")
                out = self.joined(out, self.part(token))
            elif token[0] in " \t\n~":
                out += " "
            else:
                out += {"'": "′", "&": "\x00"}.get(token, token)
        if "\x00" in out:
            raise _UnreadableError
        return out

    def joined(self, out: str, part: str) -> str:
        """Set ``part`` behind ``out``: the name of a function stays apart from letters around it."""
        if part in symbols.FUNCTIONS or self.named:
            self.named = False
            before = " " if out[-1:].isalnum() else ""
            after = " " if self.left and self.left[-1][0].isalnum() else ""
            return f"{out}{before}{part}{after}"
        return out + part

    def script(self, mark: str) -> str:
        text = self.argument()
        return symbols.script(mark, "".join(text.split()) if len(text) < 8 else text)

    def argument(self) -> str:
        """The next token or group, read."""
        while self.left and self.left[-1][0] in " \t\n":
            self.left.pop()
        self.depth += 1
        if self.depth > _DEEPEST or not self.left or self.left[-1] in {"}", "^", "_", "&"}:
            raise _UnreadableError
        token = self.left.pop()
        text = self.part(token) if token[0] in "\\{" else token
        self.depth -= 1
        return text

    def part(self, token: str) -> str:
        """A group or a command."""
        if token[0] == "{":
            return self.group()
        name = token[1:].rstrip("*")
        if token in _SPACES:
            return _SPACES[token]
        if not name.isalpha() or not name.isascii():
            if name in set("%&#_${}|"):
                return "‖" if name == "|" else name
            raise _UnreadableError
        return self.command(name)

    def group(self) -> str:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise _UnreadableError
        text = self.read()
        if not self.left:
            raise _UnreadableError
        self.left.pop()
        self.depth -= 1
        return text

    def command(self, name: str) -> str:
        if name in symbols.FUNCTIONS:
            return name
        if sign := symbols.SYMBOLS.get(name) or symbols.LETTERS.get(name):
            self.skip_blank()
            return sign
        if name in _SILENT:
            self.skip_blank()
            if name in {"left", "right"} and self.left and self.left[-1] == ".":
                self.left.pop()
            return ""
        if name in symbols.MATH_ACCENTS:
            text = self.argument()
            if len(text) != 1:
                raise _UnreadableError
            return symbols.accented(symbols.MATH_ACCENTS[name], text)
        return self.with_arguments(name)

    def with_arguments(self, name: str) -> str:
        if name in _FONTS:
            text = self.argument()
            self.named = name == "operatorname"
            return text
        if name == "mathbb":
            text = self.argument()
            return symbols.DOUBLE_STRUCK.get(text, text)
        if name in _FRACTIONS:
            above, below = self.argument(), self.argument()
            return f"{symbols.enclosed(above)}/{symbols.enclosed(below)}"
        if name == "sqrt" and self.left and self.left[-1] != "[":
            return "√" + symbols.enclosed(self.argument())
        if name == "pmod":
            return f" (mod {self.argument()})"
        if name == "bmod":
            return " mod "
        if name in {"ket", "bra"}:
            return f"|{self.argument()}⟩" if name == "ket" else f"⟨{self.argument()}|"
        if name == "binom":
            return f"({self.argument()} choose {self.argument()})"
        raise _UnreadableError

    def skip_blank(self) -> None:
        """TeX drops the blank behind a command; it stays where the author set one before it too (``a \\leq b``)."""
        if self.left and self.left[-1].isspace() and not self.blank_before:
            self.left.pop()
