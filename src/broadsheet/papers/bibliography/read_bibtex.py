"""BibTeX read: the parser is bibtexparser's; here its blocks become entries and TeX becomes text."""

import logging
import re
from collections.abc import Iterator

from bibtexparser.entrypoint import parse_string
from bibtexparser.model import Block, DuplicateBlockKeyBlock, DuplicateFieldKeyBlock, ParsingFailedBlock
from bibtexparser.model import Entry as BibEntry

from broadsheet.errors import BadInput
from broadsheet.papers import tex
from broadsheet.papers.bibliography.entry import Entry, arxiv_id, bare_doi
from broadsheet.papers.bibtex import unescaped

MOST_AUTHORS = 100
"""Names of one entry that are read: they are shown where the paper is not here, and nothing is found by them."""

# What is broken is told to whoever brought it; in the log every line of a bad file would be another line.
logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)

_WHOLE = ("eprint", "arxivid", "arxiv", "doi", "url", "number", "howpublished")
# Written for signs that no title is told apart by.
_SIGNS = re.compile(r"\\text(?:braceleft|braceright|backslash|asciitilde|asciicircum)\{\}")
_WITHIN = ("journal", "journaltitle", "note", "booktitle", "series", "publisher", "addendum")


def read_bibtex(text: str) -> Iterator[Entry]:
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


def _block(block: Block, number: int) -> Entry | None:
    # An entry whose key or field stands twice is understood all the same.
    if isinstance(block, DuplicateBlockKeyBlock | DuplicateFieldKeyBlock) and isinstance(
        block.ignore_error_block, BibEntry
    ):
        block = block.ignore_error_block
    if isinstance(block, BibEntry):
        return _entry(block, f"entry {number} ({block.key[:60]})" if block.key else f"entry {number}")
    if isinstance(block, ParsingFailedBlock):
        line = (block.start_line or 0) + 1
        return Entry(f"entry {number} (line {line})", problem=f"it cannot be read: {block.error}"[:300])
    return None


def _entry(block: BibEntry, place: str) -> Entry:
    fields = {field.key.lower(): _bare(str(field.value)) for field in block.fields}
    title = tex.plain(_without_braces(_SIGNS.sub(" ", fields.get("title", ""))))
    authors = re.split(r"\s+and\s+", fields.get("author", ""), maxsplit=MOST_AUTHORS)
    return Entry(
        place=place,
        title=title,
        authors=tuple(tex.plain(_without_braces(name)) for name in authors[:MOST_AUTHORS] if name),
        key=fields.get("broadsheetid", ""),
        arxiv=arxiv_id(
            (fields.get(name, "").replace("\\", "") for name in _whole(fields)),
            (fields.get(name, "") for name in _WITHIN),
        ),
        doi=bare_doi(*(fields.get(name, "").replace("\\", "") for name in ("doi", "url"))),
        note=unescaped(fields.get("annote") or fields.get("annotation") or ""),
    )


def _whole(fields: dict[str, str]) -> tuple[str, ...]:
    """Return which fields may hold an id: ``eprint`` only where it is arXiv's, as other archives number alike."""
    archive = fields.get("archiveprefix") or fields.get("eprinttype") or "arxiv"
    return _WHOLE if archive.lower() == "arxiv" else _WHOLE[1:]


def _bare(value: str) -> str:
    r"""Return a value without what is left around it: a second pair of braces, or ``\url{}``."""
    value = " ".join(value.split())
    if found := re.fullmatch(r"\\url\s*\{(.*)\}", value):
        value = found[1]
    return value[1:-1] if re.fullmatch(r"\{[^{}]*\}", value) else value


def _without_braces(value: str) -> str:
    r"""Return a text without the braces that only protect capitals; those of a command (``\'{e}``) or formula stay."""
    if "$" in value:
        return value.replace("{$", "$").replace("$}", "$")
    return re.sub(r"(?<![\\\w'`^\"~=.])\{([^{}\\]*)\}", r"\1", value)
