"""TeX's commands, accents and braces in running prose, read into Unicode.

Formulas and addresses were set aside before (segments); what lost its backslash on the way is mended after (repairs).
"""

import re
from functools import cached_property

from broadsheet.papers import addresses, commands, repairs, symbols
from broadsheet.papers.segments import KEPT, Piece, kept_for

DEEPEST = 40  # braces within braces; nobody writes more, and every level costs a call

_TOKEN = re.compile(r"\\([A-Za-z]+)(?:\*(?=[\[{]))?|\\(.)|([{}])|[^\\{}]+|\\", re.DOTALL)
_OPTION = re.compile(r"\[[^\[\]{}]*\](?=\{)")
_ESCAPES = {
    ",": "\u202f", ";": " ", ":": " ", ">": " ", " ": " ", "\n": " ", "\t": " ", "!": "", "/": "", "|": "‖",
} | {sign: sign for sign in "%&#_${}"}  # fmt: skip


class TooDeepError(ValueError):
    """Braces nest deeper than DEEPEST."""


def read(prose: str, kept: list[Piece], *, tex: bool) -> str:
    """Read TeX's prose into Unicode.

    prose, kept: as ``segments.set_aside`` returns them. tex: whether other signs show that braces here are TeX's.
    Raises TooDeepError for nesting that no author writes.
    """
    if not any(sign in prose for sign in "\\{}"):
        return prose
    return Reader(prose, kept, tex=tex).read(len(prose))


class Reader:
    """Reads from ``at`` on; every method that meets something appends its reading to ``out``."""

    def __init__(self, source: str, kept: list[Piece], *, tex: bool) -> None:
        self.source = source
        self.kept = kept
        self.tex = tex
        self.at = 0
        self.depth = 0
        self.closing = _pairs_of_braces(source)

    @cached_property
    def quotes_escaped(self) -> bool:
        """Whether quotation marks stand behind backslashes here: an accent would want a letter behind it."""
        return bool(re.search(r'\\"(?![A-Za-z{\\])', self.source))

    def read(self, until: int) -> str:
        """Read up to the place ``until``."""
        out = ""
        while self.at < until:
            match = _TOKEN.match(self.source, self.at)
            assert match is not None
            start, self.at = match.span()
            name, escaped, brace = match.groups()
            if name:
                out = commands.run(self, name, out)
            elif escaped:
                out = self.escape(escaped, out)
            elif brace:
                out = self.brace(brace, start, out)
            else:
                out += match[0]
        return out

    def following(self) -> str:
        """The next character, empty at the end."""
        return self.source[self.at : self.at + 1]

    # Braces

    def brace(self, brace: str, start: int, out: str) -> str:
        """Read a brace at ``start``: a group, or a stray one, which goes where it sticks to a word."""
        close = self.closing.get(start)
        if brace == "{" and close is not None:
            return self.group(start, close, out)
        if brace == "{":
            stray = self.tex and self.following().isalnum()
        else:
            stray = out[-1:].isalnum() or bool(re.match(rf"[.,)%!?]|{KEPT}", out[-1:]))
        return out if stray else out + brace

    def group(self, start: int, close: int, out: str) -> str:
        """Read the group from ``start`` to ``close``: an index, an address's label, a sign, or words."""
        if name := repairs.lost_command(out):
            self.at = start
            return commands.run(self, name, out[: -len(name)])
        raw, text = self.source[start + 1 : close], self.inner(close)
        last, following = out[-1:], self.following()
        if last in {"_", "^"}:
            return repairs.named_base(out[:-1]) + symbols.script(last, repairs.named_signs(text))
        if last and (piece := kept_for(last, self.kept)) and piece.kind == "text":
            label = self.resolved(text)
            same = addresses.bare(label) in {addresses.bare(piece.text), ""}
            return out if same else f"{out} ({text})"
        if sign := repairs.lone_sign(raw, touching=last.isalnum() or following.isalnum()):
            return out + sign
        if last in {"'", '"', "`"} and out[-2:-1].isalpha() and len(raw) == 1 and raw.isalpha():
            return out[:-1] + symbols.accented(symbols.ACCENTS[last], raw)
        if last.isalpha() and (leading := repairs.leading_sign(text)) != text:
            return out + leading
        index = out[-2:-1] in {"_", "^"}
        if raw.isalpha() and (last.isalpha() or following.isalpha()) and not index:
            return out + text
        # Behind a letter or digit it may be the argument of a command that is lost: its braces are all that tells.
        lost = index or (last.isalnum() and bool(re.search(r"[\s^_=+*/]", raw)))
        if "\\" in raw or (not lost and repairs.is_prose_group(raw, tex=self.tex)):
            return out + text
        return f"{out}{{{text}}}"

    def inner(self, close: int) -> str:
        """Read to the brace at ``close`` and step over it."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise TooDeepError
        text = self.read(close)
        self.depth -= 1
        self.at = close + 1
        return text

    def resolved(self, text: str) -> str:
        """``text`` with the addresses that were set aside."""
        return re.sub(KEPT, lambda sign: piece.text if (piece := kept_for(sign[0], self.kept)) else sign[0], text)

    def argument(self) -> str | None:
        """The command's argument in braces, None where none follows; an option in brackets is passed over."""
        if option := _OPTION.match(self.source, self.at):
            self.at = option.end()
        start = self.at
        if spaces := commands.SPACES.match(self.source, start):
            start = spaces.end()
        close = self.closing.get(start)
        if close is None:
            return None
        self.at = start + 1
        return self.inner(close)

    def letter(self) -> str | None:
        """What an accent goes on: an argument in braces, a letter, or a command for one; None for anything else."""
        following = self.following()
        if following == "{":
            return self.argument()
        if following == "\\" and (match := _TOKEN.match(self.source, self.at)) and match[1] in symbols.LETTERS:
            self.at = match.end()
            return symbols.LETTERS[match[1]]
        if following.isalpha():
            self.at += 1
            return following
        return None

    def escape(self, sign: str, out: str) -> str:
        """Read a command of one sign."""
        if sign in symbols.ACCENTS:
            return commands.accent(self, sign, out)
        if sign == "@":
            return out + "@" if self.following().isalnum() else out
        if sign == "-":
            inside = out[-1:].isalpha() and self.following().isalpha()
            return out if inside else out + "-"
        if sign == "\\":
            doubled = out[-1:].isdigit() and self.source.startswith("%", self.at)
            return out if doubled or out.endswith(" ") or self.source.startswith(" ", self.at) else out + " "
        return out + _ESCAPES.get(sign, "\\" + sign)

    def dropped(self, out: str) -> str:
        """``out`` where something was left out: without the blank that would now stand double or before a comma."""
        spaces = commands.SPACES.match(self.source, self.at)
        following = self.source[spaces.end() if spaces else self.at :][:1]
        if out[-1:] in {" ", "~", "\u202f"} and following and following in ".,;:)!?":
            self.at = (spaces.end() if spaces else self.at) + (following == "." and out[-2:-1] == ".")
            return out[:-1]
        if out[-1:] == "~" and spaces:
            return out[:-1]
        if spaces and (not out or out[-1] in " \n"):
            self.at = spaces.end()
        return out


def _pairs_of_braces(source: str) -> dict[int, int]:
    """Place of every opening brace that is closed -> place of its closing brace."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for match in re.finditer(r"\\.|[{}]", source, re.DOTALL):
        if match[0] == "{":
            opened.append(match.start())
        elif match[0] == "}" and opened:
            pairs[opened.pop()] = match.start()
    return pairs
