"""Files of references taken apart: BibTeX, RIS and CSL-JSON as their fields. What the fields mean is read elsewhere."""

import json
import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple

import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock
from bibtexparser.model import Entry as BibEntry

from broadsheet.errors import BadInput

type Form = Literal["bibtex", "ris", "csl", "rdf"]

BEGINNING = re.compile(r"@[ \t]*\w{1,30}[ \t]*[{(]")
"""How an entry of a BibTeX file begins."""

# What is broken is told to whoever brought it; in the log every line of a bad file would be another line.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)


class BibFields(NamedTuple):
    """One entry of a BibTeX file.

    fields: by their names in small letters, in one line. problem: why there are none. raw: the entry as it was written.
    """

    place: str
    fields: Mapping[str, str] = {}
    problem: str = ""
    raw: str = ""


def decoded(content: bytes) -> str:
    """Return a file as text. Raises BadInput naming the first byte that is none."""
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadInput(
            f"The file is not UTF-8: line {line} has the byte 0x{content[error.start]:02x} where none can be.",
            "Save it as UTF-8 and bring it again.",
        ) from None
    if "\0" in text:
        raise BadInput("The file is not a text.", "BibTeX, RIS, CSL-JSON and Zotero RDF are read.")
    return text


def form_of(text: str) -> Form | None:
    """Return which format a file of references has, by how it begins; None where it is of no known one."""
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        return "csl"
    if start == "<":
        return "rdf"
    # Blanks of one line only: a file of nothing but line ends would be read through again from each of them.
    if re.search(r"^[ \t]*TY  ?-", text, re.MULTILINE):
        return "ris"
    return "bibtex" if BEGINNING.search(text) else None


def bibtex(text: str) -> Iterator[BibFields]:
    """Yield the entries of a BibTeX file in their order, broken ones with their problem. Raises BadInput."""
    try:
        library = parse_string(text)
    except (ValueError, RecursionError, IndexError) as error:
        raise BadInput(f"The file cannot be read as BibTeX: {error}.", "See that it was exported whole.") from None
    number = 0
    for block in library.blocks:
        entry = _block(block, number + 1)
        if entry:
            number += 1
            yield entry


def _block(block: Block, number: int) -> BibFields | None:
    # An entry whose key or field stands twice is understood all the same.
    if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock) and isinstance(
        block.ignore_error_block, BibEntry
    ):
        block = block.ignore_error_block
    if isinstance(block, BibEntry):
        place = f"entry {number} ({block.key[:60]})" if block.key else f"entry {number}"
        fields = {field.key.lower(): " ".join(str(field.value).split()) for field in block.fields}
        return BibFields(place, fields, raw=block.raw or "")
    if isinstance(block, ParsingFailedBlock):
        line = (block.start_line or 0) + 1
        why = str(block.error) or getattr(block.error, "abort_reason", "") or "it breaks off"
        return BibFields(
            f"entry {number} (line {line})", problem=f"it cannot be read: {why}"[:300], raw=block.raw or ""
        )
    return None


def bare(value: str) -> str:
    r"""Return a value without what is left around it: a second pair of braces, or ``\url{}``."""
    if found := re.fullmatch(r"\\url\s*\{(.*)\}", value):
        value = found[1]
    return value[1:-1] if re.fullmatch(r"\{[^{}]*\}", value) else value


def without_braces(value: str) -> str:
    r"""Return a text without the braces that only protect capitals; those of a command (``\'{e}``) or formula stay."""
    parts = re.split(r"(\$[^$]*\$)", value.replace("{$", "$").replace("$}", "$"))
    parts[::2] = [re.sub(r"(?<![\\\w'`^\"~=.])\{([^{}\\]*)\}", r"\1", part) for part in parts[::2]]
    return "".join(parts)


def ris(text: str) -> list[dict[str, Any]]:
    """Return the entries of a RIS file in their order, by rispy's names of fields. Raises BadInput."""
    try:
        records: list[dict[str, Any]] = rispy.loads(_ended(text))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"The file cannot be read as RIS: {error}.", "See that it was exported whole.") from None
    return records


def _ended(text: str) -> str:
    """Return the lines with an end before each beginning that has none, so that no entry is lost."""
    lines: list[str] = []
    is_open = False
    for line in re.split(r"\r\n?|\n", text):
        line = re.sub(r"^\s*([A-Z][A-Z0-9])  ?- ?", r"\1  - ", line)  # noqa: PLW2901 (the line as it should be)
        begins, ends = line.startswith("TY  -"), line.startswith("ER  -")
        if begins and is_open:
            lines.append("ER  - ")
        is_open = begins or (is_open and not ends)
        lines.append(line)
    return "\n".join([*lines, "ER  - "] if is_open else lines)


def csl(text: str) -> list[Any]:
    """Return the items of a CSL-JSON file: a list of them, or an object with ``items``. Raises BadInput."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The file is not JSON: {error}.", "See that it was exported whole.") from None
    return csl_items(content)


def csl_items(content: Any) -> list[Any]:
    """Return the items of decoded CSL-JSON; an object that is no list is one item. Raises BadInput."""
    items = content.get("items", [content]) if isinstance(content, dict) else content
    if not isinstance(items, list):
        raise BadInput("The file is not CSL-JSON, which is a list of items.")
    return items


def csl_text(value: Any) -> str:
    """Return a field that is a text or a number; others are of no use. Half characters of JSON fall away."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return re.sub(r"[\ud800-\udfff\0]", "", str(value)).strip()
    return ""


def csl_authors(authors: Any) -> Iterator[str]:
    """Yield the names of an item, given name first."""
    for author in authors if isinstance(authors, list) else ():
        if isinstance(author, dict):
            parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix", "literal")
            name = " ".join(filter(None, (csl_text(author.get(part)) for part in parts)))
            if name:
                yield name
