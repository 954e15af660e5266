"""What each of TeX's commands does in prose: one function a kind of command, and the table of names.

A function gets the reader standing behind the name, the name, and what was read so far; it returns what is read now.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from broadsheet.papers import addresses, symbols

if TYPE_CHECKING:
    from broadsheet.papers.markup import Reader

Handler = Callable[["Reader", str, str], str]

SPACES = re.compile(r"[ \t\n]+")
_CITED = re.compile(r"\w*[cC]ite\w*")
_NAMED_CITED = {"citet", "Citet", "textcite", "citeauthor", "Citeauthor"}
# Words that a reference completes: left out, it would leave a hole in the sentence.
_AWAITING = re.compile(
    r"\b(?:in|of|by|from|see|following|to|with|than|for|on|as|like|via|using|and|or|e\.g\.,?|that)[\s~]$", re.IGNORECASE
)
_BEHIND_COMMAND = re.compile(r"\\[A-Za-z]+\\[A-Za-z]+$")  # \milli\second is one word
LOST_NAME = "[…]"
_PLACEHOLDER = re.compile(
    r"(?:our\w*|\w*name|method|model|sys(?:tem)?|approach|framework|bench(?:mark)?|dataset|algo?|tool)s?", re.IGNORECASE
)


def run(reader: "Reader", name: str, out: str) -> str:
    """Read the command ``name``; an unknown one loses its name, unless that is all there is of it."""
    if handler := HANDLERS.get(name):
        return handler(reader, name, out)
    if name.startswith("text") and name[4:] in symbols.SYMBOLS:
        return _symbol(reader, name[4:], out)
    if _CITED.fullmatch(name):
        return _citation(reader, name, out)
    return _unknown(reader, name, out)


def accent(reader: "Reader", name: str, out: str) -> str:
    """Read an accent and what it goes on."""
    start = reader.at
    spaced = name.isalpha() and bool(spaces := SPACES.match(reader.source, start))
    if spaced and spaces:
        reader.at = spaces.end()
    letters = reader.letter()
    if letters is not None and name + letters in symbols.SYMBOLS and len(letters) > 1:
        return out + symbols.SYMBOLS[name + letters]  # arXiv turns \beta into \b{eta}
    if name == '"' and not out[-1:].isalnum() and reader.quotes_escaped:
        reader.at = start
        return out + '"'  # an escaped quotation mark, as its closing one shows
    if letters == "" and not name.isalpha():
        return out + name
    if letters and letters[0].isalpha() and not (name == "~" and out[-1:].isdigit()):
        whole = symbols.accented(symbols.ACCENTS[name], letters)
        if not name.isalpha() or reader.source[start] == "{" or (len(whole) == 1 and whole != letters):
            return out + whole
    reader.at = start
    if name == "~":
        return out + "\u00a0"
    return out + (f"\\{name}" if name.isalpha() else name)


def _symbol(reader: "Reader", name: str, out: str) -> str:
    after = SPACES.match(reader.source, reader.at)
    if after and re.match(r"\w(?!\w)", reader.source[after.end() : after.end() + 2]):
        reader.at = after.end()
    elif reader.source.startswith("{}", reader.at):
        reader.at += 2
    return out + symbols.SYMBOLS[name]


def _letter(reader: "Reader", name: str, out: str) -> str:
    after = SPACES.match(reader.source, reader.at)
    if after and (out[-1:].isalpha() or name not in {"AA", "aa"}) and reader.source[after.end() :][:1].islower():
        reader.at = after.end()
    elif reader.source.startswith("{}", reader.at):
        reader.at += 2
    return out + symbols.LETTERS[name]


def _wrapper(reader: "Reader", name: str, out: str) -> str:
    text = reader.argument()
    if text is None:
        return _switch(reader, name, out)
    return f"{out}“{text}”" if name == "enquote" else out + text


def _switch(reader: "Reader", name: str, out: str) -> str:
    spaces = SPACES.match(reader.source, reader.at)
    if spaces and not out[-1:].isalnum():
        reader.at = spaces.end()
    elif out[-1:].isalnum() and reader.following().isalnum():
        return out + " "
    return out


def _left_out(reader: "Reader", name: str, out: str) -> str:
    reader.argument()
    return reader.dropped(out)


def _citation(reader: "Reader", name: str, out: str) -> str:
    keys = reader.argument()
    if keys and (name in _NAMED_CITED or _AWAITING.search(out[-20:])):
        return f"{out}[{keys}]"
    return reader.dropped(out)


def _second(reader: "Reader", name: str, out: str) -> str:
    start = reader.at
    first, second = reader.argument(), reader.argument()
    if first and second and "http" in reader.resolved(first):  # a link by another name
        reader.at = start
        return _link(reader, name, out)
    return out + (second if second is not None else first or "")


def _note(reader: "Reader", name: str, out: str) -> str:
    text = (reader.argument() or "").strip()
    return f"{out.rstrip(' ~')} ({text})" if text else reader.dropped(out)


def _link(reader: "Reader", name: str, out: str) -> str:
    target, label = reader.argument() or "", reader.argument()
    if not label or not target:
        return out + (label or target)
    if addresses.bare(reader.resolved(target)) == addresses.bare(reader.resolved(label)):
        return out + target
    return f"{out}{label} ({target})"


def _abbreviation(reader: "Reader", name: str, out: str) -> str:
    short = symbols.ABBREVIATIONS[name]
    if reader.source.startswith("{}", reader.at):
        reader.at += 2
    return out + (short[:-1] if reader.source.startswith(".", reader.at) else short)


def _small(reader: "Reader", name: str, out: str) -> str:
    text = reader.argument()
    if text is None or text in {"st", "nd", "rd", "th"}:
        return out + (text or "")
    return out + symbols.script("^" if name == "textsuperscript" else "_", text)


def _fraction(reader: "Reader", name: str, out: str) -> str:
    above, below = reader.argument(), reader.argument()
    if above is None or below is None:
        return out + (above or "")
    return f"{out}{symbols.enclosed(above)}/{symbols.enclosed(below)}"


def _root(reader: "Reader", name: str, out: str) -> str:
    text = reader.argument()
    return out + "√" + (symbols.enclosed(text) if text else "")


def _math_accent(reader: "Reader", name: str, out: str) -> str:
    if spaces := SPACES.match(reader.source, reader.at):
        reader.at = spaces.end()
    letters = reader.letter()
    if letters is None:
        return out
    return out + (symbols.accented(symbols.MATH_ACCENTS[name], letters) if len(letters) == 1 else letters)


def _quantity(reader: "Reader", name: str, out: str) -> str:
    """A number with its unit, as siunitx prints it."""
    number = reader.argument() if name not in {"si", "unit"} else None
    unit = reader.argument() if name not in {"num", "ang"} else "°" if name == "ang" else None
    tight = "" if unit in {"%", "°"} or not number or not unit else "\u202f"
    return f"{out}{number or ''}{tight}{(unit or '').strip()}"


def _unicode(reader: "Reader", name: str, out: str) -> str:
    code = reader.argument() or ""
    if match := re.fullmatch(r"x([0-9A-Fa-f]{2,5})", code):
        return out + chr(int(match[1], 16))
    return f"{out}{name}{{{code}}}"


def _character(reader: "Reader", name: str, out: str) -> str:
    if match := re.compile(r"\"([0-9A-F]{2,5}) ?").match(reader.source, reader.at):
        reader.at = match.end()
        return out + chr(int(match[1], 16))
    return out + name


def _verbatim(reader: "Reader", name: str, out: str) -> str:
    mark = reader.following()
    end = reader.source.find(mark, reader.at + 1) if mark and not mark.isalnum() and mark not in " {" else -1
    if end < 0:
        return out
    text, reader.at = reader.source[reader.at + 1 : end], end + 1
    return out + text


def _function(_reader: "Reader", name: str, out: str) -> str:
    return f"{out} {name}" if out[-1:].isalnum() else out + name


def _unknown(reader: "Reader", name: str, out: str) -> str:
    """An unknown command: nothing that it was given is lost, and no two of its arguments grow together."""
    arguments = []
    while reader.following() in {"{", "["} and (argument := reader.argument()) is not None:
        arguments += [argument] if argument else []
    if not arguments and _PLACEHOLDER.fullmatch(name):  # stands for a name that only the paper knows
        return out + LOST_NAME
    if not arguments and reader.following() == "{":  # an argument that nobody closed; its words follow
        return out
    if not arguments:  # a macro is often called what it prints; a single letter is more likely a path or an escape
        behind_word = out[-1:].isalnum() and not _BEHIND_COMMAND.search(
            reader.source[max(0, reader.at - 60) : reader.at]
        )
        return out + (f"{' ' if behind_word else ''}{name}" if len(name) > 1 else f"\\{name}")
    for place, argument in enumerate(arguments):
        apart = place and out[-1:].isalnum() and argument[:1].isalnum()
        out += f" {argument}" if apart else argument
    return out


_WRAPPERS = symbols.names(
    """textbf textit texttt emph textsc textsf textrm textsl textup textnormal textmd underline uline ul underbar mbox
    hbox text fbox boxed enquote sout mathrm mathbf mathit mathsf mathtt mathcal mathbb mathfrak mathscr bm boldsymbol
    operatorname ce gls Gls glspl ac acp acs acl acf acrshort acrlong url path nolinkurl"""
)
_SWITCHES = symbols.names(
    """it em bf sc sf tt rm sl cal mit small large Large LARGE huge Huge footnotesize scriptsize tiny normalsize
    bfseries itshape ttfamily scshape sffamily rmfamily upshape slshape mdseries boldmath centering noindent newline
    linebreak par xspace protect left right big Big bigl bigr Bigl Bigr bigg Bigg displaystyle textstyle limits nolimits
    allowbreak expandafter smallskip medskip bigskip hfill newpage relax ignorespaces leavevmode sloppy raggedright"""
)
_LEFT_OUT = symbols.names(
    """label ref eqref cref Cref autoref pageref vspace hspace color begin end includegraphics selectlanguage setlength
    bibliography bibliographystyle pagestyle input glsreset phantom vphantom hphantom"""
)
_SECOND = symbols.names("textcolor colorbox foreignlanguage hyperlink hypertarget scalebox raisebox")

HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(symbols.FUNCTIONS, _function),
    **dict.fromkeys(symbols.SYMBOLS, _symbol),
    **dict.fromkeys(symbols.LETTERS, _letter),
    **dict.fromkeys(symbols.MATH_ACCENTS, _math_accent),
    **dict.fromkeys((name for name in symbols.ACCENTS if name.isalpha()), accent),
    **dict.fromkeys(symbols.ABBREVIATIONS, _abbreviation),
    **dict.fromkeys(_WRAPPERS, _wrapper),
    **dict.fromkeys(_SWITCHES, _switch),
    **dict.fromkeys(_LEFT_OUT, _left_out),
    **dict.fromkeys(_SECOND, _second),
    **dict.fromkeys(("footnote", "thanks", "footnotetext", "marginpar"), _note),
    **dict.fromkeys(("SI", "qty", "si", "unit", "num", "ang"), _quantity),
    **dict.fromkeys(("frac", "tfrac", "dfrac", "nicefrac", "sfrac"), _fraction),
    **dict.fromkeys(("textsuperscript", "textsubscript"), _small),
    "sqrt": _root,
    "href": _link,
    "unicode": _unicode,
    "char": _character,
    "verb": _verbatim,
    "quad": lambda _reader, _name, out: out + " ",
    "qquad": lambda _reader, _name, out: out + " ",
    "item": lambda _reader, _name, out: out + "•",
}
