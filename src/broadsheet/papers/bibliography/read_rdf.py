"""Zotero RDF read, with notes that hang on an item. Entities and outside documents are refused."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from broadsheet.errors import BadInput
from broadsheet.papers.bibliography.entry import Entry
from broadsheet.sources.paper_ids import arxiv_id, bare_doi

_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_DC = "{http://purl.org/dc/elements/1.1/}"
_TERMS = "{http://purl.org/dc/terms/}"
_BIB = "{http://purl.org/net/biblio#}"
_FOAF = "{http://xmlns.com/foaf/0.1/}"
_NO_PAPERS = {f"{_BIB}Memo", f"{_BIB}Journal", f"{_BIB}Series"}
_ATTACHMENTS = "{http://www.zotero.org/namespaces/export#}"


def read_rdf(text: str) -> Iterator[Entry]:
    """Yield the entries of a Zotero RDF file in their order. Raises BadInput."""
    try:
        # The declaration may name the encoding the file had before it was a text.
        root = fromstring(re.sub(r"^\s*<\?xml[^>]*\?>", "", text))
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise BadInput(f"The file cannot be read as RDF: {error}.", "See that it was exported whole.") from None
    notes = {
        memo.get(f"{_RDF}about", ""): " ".join(re.sub(r"<[^>]+>", " ", _value(memo, f"{_RDF}value")).split())
        for memo in root.iter(f"{_BIB}Memo")
    }
    items = [item for item in root if _is_paper(item)]
    for number, item in enumerate(items, start=1):
        yield _entry(item, number, notes)


def _is_paper(item: Element) -> bool:
    if item.tag in _NO_PAPERS or item.tag.startswith(_ATTACHMENTS):
        return False
    return item.find(f"{_DC}title") is not None


def _entry(item: Element, number: int, notes: dict[str, str]) -> Entry:
    identifiers = [text for place in item.findall(f"{_DC}identifier") for text in _texts(place)]
    identifiers.append(item.get(f"{_RDF}about", ""))
    within = [_value(item, f"{_DC}description"), _value(item, f"{_DC}publisher")]
    hung = [link.get(f"{_RDF}resource", "") for link in item.findall(f"{_TERMS}isReferencedBy")]
    authors = [
        " ".join(filter(None, (_value(person, f"{_FOAF}givenName"), _value(person, f"{_FOAF}surname"))))
        for group in item.findall(f"{_BIB}authors")
        for person in group.iter(f"{_FOAF}Person")
    ]
    return Entry(
        place=f"entry {number}",
        title=_value(item, f"{_DC}title"),
        authors=tuple(filter(None, authors)),
        arxiv=arxiv_id(identifiers, within),
        doi=bare_doi(*identifiers),
        note=" ".join(notes[name] for name in hung if notes.get(name)),
    )


def _texts(place: Element) -> list[str]:
    """Return the texts of an identifier, which stand in it (``DOI 10...``) or inside a ``dcterms:URI``."""
    return [text for element in place.iter() if (text := (element.text or "").strip())]


def _value(item: Element, name: str) -> str:
    return " ".join((item.findtext(name) or "").split())
