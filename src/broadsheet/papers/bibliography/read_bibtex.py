"""BibTeX read: its fields become entries and TeX becomes text. Taking a file apart: ``sources/references``."""

import re
from collections.abc import Iterator

from broadsheet.papers import tex
from broadsheet.papers.bibliography.entry import Entry
from broadsheet.papers.bibtex import unescaped
from broadsheet.sources import references
from broadsheet.sources.paper_ids import arxiv_id, bare_doi

MOST_AUTHORS = 100
"""Names of one entry that are read: they are shown where the paper is not here, and nothing is found by them."""

_WHOLE = ("eprint", "arxivid", "arxiv", "doi", "url", "number", "howpublished")
# Written for signs that no title is told apart by.
_SIGNS = re.compile(r"\\text(?:braceleft|braceright|backslash|asciitilde|asciicircum)\{\}")
_WITHIN = ("journal", "journaltitle", "note", "booktitle", "series", "publisher", "addendum")


def read_bibtex(text: str) -> Iterator[Entry]:
    """Yield the entries of a BibTeX file in their order, broken ones with their problem. Raises BadInput."""
    for found in references.bibtex(text):
        yield Entry(found.place, problem=found.problem) if found.problem else _entry(found)


def _entry(found: references.BibFields) -> Entry:
    fields = {name: references.bare(value) for name, value in found.fields.items()}
    title = tex.plain(references.without_braces(_SIGNS.sub(" ", fields.get("title", ""))))
    authors = re.split(r"\s+and\s+", fields.get("author", ""), maxsplit=MOST_AUTHORS)
    return Entry(
        place=found.place,
        title=title,
        authors=tuple(tex.plain(references.without_braces(name)) for name in authors[:MOST_AUTHORS] if name),
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
