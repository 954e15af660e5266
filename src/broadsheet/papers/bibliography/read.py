"""Files of references read: which format a file has, and its entries. What was broken is an entry that says so."""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from broadsheet.errors import BadInput
from broadsheet.papers.bibliography.entry import Entry, own_key
from broadsheet.papers.bibliography.read_bibtex import read_bibtex
from broadsheet.papers.bibliography.read_rdf import read_rdf
from broadsheet.papers.bibliography.read_ris import read_ris
from broadsheet.sources import references
from broadsheet.sources.paper_ids import arxiv_id, bare_doi
from broadsheet.sources.references import csl_authors, csl_text, decoded

MOST_BYTES = 5_000_000
MOST_ENTRIES = 10_000
_MOST_TAGS = 300_000


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


def _count(text: str) -> None:
    """Refuse a file of too many entries before it is taken apart, which may take long for one made to be so."""
    if len(references.BEGINNING.findall(text)) > MOST_ENTRIES or text.count("<") > _MOST_TAGS:
        raise _too_many()


def _too_many() -> BadInput:
    return BadInput(f"The file has more than {MOST_ENTRIES:,} entries.", "Bring it in several parts.")


def _reader(text: str) -> Callable[[str], Iterator[Entry]]:
    form = references.form_of(text)
    if form is None:
        raise BadInput(
            "The file is none of BibTeX, RIS, CSL-JSON and Zotero RDF.", "Export it again in one of these formats."
        )
    return {"csl": read_csl, "rdf": read_rdf, "ris": read_ris, "bibtex": read_bibtex}[form]


def read_csl(text: str) -> Iterator[Entry]:
    """Yield the entries of a CSL-JSON file: a list of items, or an object with ``items``. Raises BadInput."""
    for number, item in enumerate(references.csl(text), start=1):
        yield csl_entry(item, f"entry {number}")


def csl_entry(item: Any, place: str) -> Entry:
    """Return one item of CSL-JSON as an entry."""
    if not isinstance(item, dict):
        return Entry(place, problem="it is not an object")
    facts = {str(name): csl_text(value) for name, value in item.items()}
    whole = [facts.get(name, "") for name in ("number", "archive_location", "URL", "DOI", "id")]
    within = [facts.get(name, "") for name in ("note", "container-title", "publisher", "genre")]
    named = facts.get("citation-key") or facts.get("id", "")
    return Entry(
        place=f"{place} ({named[:60]})" if named else place,
        title=facts.get("title", ""),
        authors=tuple(csl_authors(item.get("author"))),
        key=own_key(facts.get("id", "")),
        arxiv=arxiv_id(whole, within),
        doi=bare_doi(facts.get("DOI", ""), facts.get("URL", ""), facts.get("note", "")),
        note=facts.get("annote", ""),
    )
