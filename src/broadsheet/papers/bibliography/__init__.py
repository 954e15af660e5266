"""Papers as other programs keep them: written and read as BibTeX, RIS, CSL-JSON; read as Zotero RDF. No list here."""

from broadsheet.papers.bibliography.entry import Cited, Entry
from broadsheet.papers.bibliography.find import Missing, find
from broadsheet.papers.bibliography.read import MOST_BYTES, MOST_ENTRIES, read
from broadsheet.papers.bibliography.write import FORMATS, write

__all__ = ["FORMATS", "MOST_BYTES", "MOST_ENTRIES", "Cited", "Entry", "Missing", "find", "read", "write"]
