"""Text of others as Markdown: what keeps it text, and formulas, code and links. Whole documents are made elsewhere."""

import re
import unicodedata

_ACTIVE = re.compile(r"[\\`*\[\]<$~|]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|&(?=[#A-Za-z]|$)")
_OPENING = re.compile(r"^(?=[#>+=~-])|^(\d{1,9})(?=[.)])")
_NO_TEXT = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
_WEB = re.compile(r"https?://[^\s<>\"'\\`|\[\]{}^]{1,2000}", re.IGNORECASE)


def escaped(text: str) -> str:
    """Return a piece of text that Markdown leaves alone wherever in a line it stands, without control characters."""
    return _ACTIVE.sub(r"\\\g<0>", printable(text))


def printable(text: str) -> str:
    """Return a text without control characters but line ends and tabs, and without signs that turn its direction."""
    return "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in _NO_TEXT)


def paragraph(line: str) -> str:
    """Return a line of Markdown folded, so that its beginning opens no heading, list, quotation, rule or code."""
    return _OPENING.sub(lambda found: f"{found[1] or ''}\\", " ".join(line.split()))


def formula(tex: str, *, display: bool = False, in_table: bool = False) -> str:
    """Return a formula between dollar signs. What Markdown would take for its own is said in TeX in another way."""
    tex = " ".join(printable(tex).split())
    tex = re.sub(r"(?<!\\)\$", "", tex).replace("`", "‘").replace("](", "] (").replace("][", "] [").replace("[^", "[ ^")
    tex = re.sub(r"(?<!\\)\*", r"\\ast ", re.sub(r"(?<!\\)<", r"\\lt ", tex)).replace("<", "‹")
    if in_table:
        tex = re.sub(r"(?<!\\)\|", r"\\vert ", tex).replace(r"\|", r"\Vert ")
    tex = " ".join(tex.split())
    if (len(tex) - len(tex.rstrip("\\"))) % 2:
        tex = tex[:-1].rstrip()  # it would take the closing sign for its own
    sign = "$$" if display else "$"
    return f"{sign}{tex}{sign}" if tex else ""


def code(text: str, *, in_table: bool = False) -> str:
    """Return a text as code within a line."""
    text = " ".join(printable(text).split())
    if not text:
        return ""
    if in_table:
        text = text.replace("|", r"\|")
    fence = _fence(text, 1)
    space = " " if text[0] == "`" or text[-1] == "`" else ""
    return f"{fence}{space}{text}{space}{fence}"


def code_block(lines: list[str], language: str = "") -> str:
    """Return lines as a block of code. language: its name, in letters and digits alone."""
    text = printable("\n".join(lines)).strip("\n").replace("\t", "    ")
    fence = _fence(text, 3)
    return f"{fence}{language}\n{text}\n{fence}" if text.strip() else ""


def link(text: str, address: str) -> str:
    """Return a link, or the text alone where the address is not of the web. text: Markdown."""
    if not _WEB.fullmatch(address) or printable(address) != address:
        return text
    target = address.replace("(", "%28").replace(")", "%29").replace("*", "%2A")
    if not text.strip() or text.strip() == escaped(address):
        return f"<{target}>"
    return f"[{' '.join(text.split())}]({target})"


def marked(text: str, sign: str) -> str:
    """Return a text between signs of emphasis, with the space around it outside of them."""
    bare = text.strip()
    if not bare:
        return text
    before, _, after = text.partition(bare)
    return f"{before}{sign}{bare}{sign}{after}"


def _fence(text: str, least: int) -> str:
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    return "`" * max(least, longest + 1)
