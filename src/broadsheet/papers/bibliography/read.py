"""Files of references read: which format a file has, and its entries. What was broken is an entry that says so."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from broadsheet.errors import BadInput
from broadsheet.papers.bibliography.entry import Entry, arxiv_id, bare_doi, own_key
from broadsheet.papers.bibliography.read_bibtex import read_bibtex
from broadsheet.papers.bibliography.read_rdf import read_rdf
from broadsheet.papers.bibliography.read_ris import read_ris

MOST_BYTES = 5_000_000
MOST_ENTRIES = 10_000
_MOST_TAGS = 300_000
_BEGINNING = re.compile(r"@[ \t]*\w{1,30}[ \t]*[{(]")


def read(content: bytes) -> list[Entry]:
    """Return the entries of a file in their order; its format is told by its content.

    content: BibTeX, RIS, CSL-JSON or Zotero RDF, as UTF-8 or with a byte order mark.
    Raises BadInput for a file that is too large, is no text or of another format.
    """
    if len(content) > MOST_BYTES:
        raise BadInput(
            f"The file has {len(content):,} bytes, and {MOST_BYTES:,} are possible.", "Bring it in several parts."
        )
    text = decoded(content)
    _count(text)
    entries = list(islice(_reader(text)(text), MOST_ENTRIES + 1))
    if len(entries) > MOST_ENTRIES:
        raise _too_many()
    if not entries:
        raise BadInput("There is no entry in the file.", "See that it was exported whole.")
    return entries


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


def _count(text: str) -> None:
    """Refuse a file of too many entries before it is taken apart, which may take long for one made to be so."""
    if len(_BEGINNING.findall(text)) > MOST_ENTRIES or text.count("<") > _MOST_TAGS:
        raise _too_many()


def _too_many() -> BadInput:
    return BadInput(f"The file has more than {MOST_ENTRIES:,} entries.", "Bring it in several parts.")


def _reader(text: str) -> Callable[[str], Iterator[Entry]]:
    start = text.lstrip()[:1]
    if start in ("[", "{"):
        return read_csl
    if start == "<":
        return read_rdf
    # Blanks of one line only: a file of nothing but line ends would be read through again from each of them.
    if re.search(r"^[ \t]*TY  ?-", text, re.MULTILINE):
        return read_ris
    if _BEGINNING.search(text):
        return read_bibtex
    raise BadInput(
        "The file is none of BibTeX, RIS, CSL-JSON and Zotero RDF.", "Export it again in one of these formats."
    )


def read_csl(text: str) -> Iterator[Entry]:
    """Yield the entries of a CSL-JSON file: a list of items, or an object with ``items``. Raises BadInput."""
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"The file is not JSON: {error}.", "See that it was exported whole.") from None
    items = content.get("items", [content]) if isinstance(content, dict) else content
    if not isinstance(items, list):
        raise BadInput("The file is not CSL-JSON, which is a list of items.")
    for number, item in enumerate(items, start=1):
        yield csl_entry(item, f"entry {number}")


def csl_entry(item: Any, place: str) -> Entry:
    """Return one item of CSL-JSON as an entry."""
    if not isinstance(item, dict):
        return Entry(place, problem="it is not an object")
    facts = {str(name): _text(value) for name, value in item.items()}
    whole = [facts.get(name, "") for name in ("number", "archive_location", "URL", "DOI", "id")]
    within = [facts.get(name, "") for name in ("note", "container-title", "publisher", "genre")]
    named = facts.get("citation-key") or facts.get("id", "")
    return Entry(
        place=f"{place} ({named[:60]})" if named else place,
        title=facts.get("title", ""),
        authors=tuple(_csl_authors(item.get("author"))),
        key=own_key(facts.get("id", "")),
        arxiv=arxiv_id(whole, within),
        doi=bare_doi(facts.get("DOI", ""), facts.get("URL", ""), facts.get("note", "")),
        note=facts.get("annote", ""),
    )


def _text(value: Any) -> str:
    """Return a field that is a text or a number; others are of no use here. Half characters of JSON fall away."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return re.sub(r"[\ud800-\udfff\0]", "", str(value)).strip()
    return ""


def _csl_authors(authors: Any) -> Iterator[str]:
    for author in authors if isinstance(authors, list) else ():
        if isinstance(author, dict):
            parts = ("given", "dropping-particle", "non-dropping-particle", "family", "suffix", "literal")
            name = " ".join(filter(None, (_text(author.get(part)) for part in parts)))
            if name:
                yield name
