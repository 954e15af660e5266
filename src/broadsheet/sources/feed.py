"""Any feed of papers, RSS (2.0 and 1.0) or Atom, as papers. arXiv's own feeds say more and have a source of their own.

A feed does not tell whether its text is the authors' abstract, so it is taken as a description unless it says so.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from broadsheet.errors import BadInput
from broadsheet.sources import paper_ids
from broadsheet.sources.entries import Row, folded, from_html, in_reading_order, row_of, sorted_terms
from broadsheet.sources.record import Reject
from broadsheet.sources.rows import moment_of

_ABSTRACT = re.compile(r"\s*abstract\b\s*[:.]?\s*", re.IGNORECASE)
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_BYLINE = re.compile(r"\s*(?:;|\band\b|&)\s*", re.IGNORECASE)


def is_feed(root: Element) -> bool:
    """Whether an XML document is a feed."""
    return _local(root) in ("rss", "feed", "RDF")


def parsed(content: bytes) -> Element:
    """Return the root of an XML document. Raises BadInput for what is none, and for one with entities of its own."""
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadInput(f"The feed is not XML: {error}.", "See that it was saved whole.") from None
    return root


def read(root: Element, name: str) -> Iterator[Row]:
    """Yield the papers of a feed, in its order."""
    for number, entry in enumerate((one for one in root.iter() if _local(one) in ("item", "entry")), start=1):
        try:
            yield _row(entry, number, name)
        except RecursionError:
            yield Reject(f"entry {number}: it is nested too deeply.")


def _row(entry: Element, number: int, name: str) -> Row:
    links = [*_links(entry), *_texts(entry, "guid"), *_texts(entry, "id")]
    own = next(iter([*_texts(entry, "guid"), *_texts(entry, "id"), *links]), "") or entry.get(_RDF_ABOUT, "")
    title = folded(from_html(_text(entry, "title")))
    doi = paper_ids.bare_doi(*_texts(entry, "doi"), *_texts(entry, "identifier"), *(t for t in links if "doi" in t))
    doi = paper_ids.doi_in(doi) or doi
    names = paper_ids.keys_of([text.removeprefix("oai:") for text in links], doi=doi)
    key = next(iter(names), "") or (f"feed:{paper_ids.digest(own or title)}" if own or title else "")
    text = max((from_html(found) for tag in _TEXTS for found in _texts(entry, tag)), key=len, default="")
    label = _ABSTRACT.match(text)
    categories, keywords = sorted_terms(_terms(entry))
    page = next((link for link in links if _ADDRESS.fullmatch(link)), "")
    facts = {
        "id": key,
        "other_ids": names,
        "title": title,
        "abstract" if label else "description": text[label.end() :] if label else text,
        "authors": _authors(entry),
        "categories": categories,
        # When an entry changed says nothing of the paper's versions, so it stands in for the first moment at most.
        "published": _moment(entry, "published", "pubDate", "publicationDate", "date", "issued", "updated"),
        "doi": paper_ids.publishers_doi(doi),
        "journal_ref": folded(_text(entry, "publicationName")),
        "keywords": keywords,
        "project_page": "" if paper_ids.address(key) else page,
    }
    return row_of(facts, name, f"entry {number}", tostring(entry, encoding="unicode"))


_TEXTS = ("encoded", "content", "description", "summary", "abstract")
_RDF_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


def _local(element: Element) -> str:
    """Return an element's name without its namespace, as feeds write theirs in many."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _texts(entry: Element, name: str) -> list[str]:
    """Return the texts of an entry's parts of a name; XHTML within one is written out."""
    return [text for part in entry if _local(part) == name and (text := _whole(part))]


def _text(entry: Element, name: str) -> str:
    return next(iter(_texts(entry, name)), "")


def _whole(part: Element) -> str:
    if len(part):
        return "".join([part.text or "", *(tostring(inner, encoding="unicode") for inner in part)]).strip()
    return (part.text or "").strip()


def _links(entry: Element) -> list[str]:
    """Return where an entry leads, its own page first."""
    found = [(part.get("rel", "alternate"), part.get("href") or part.text or "") for part in entry.findall("*")
             if _local(part) == "link"]  # fmt: skip
    return [link.strip() for rel in ("alternate", "related", "via") for kind, link in found if kind == rel and link]


def _authors(entry: Element) -> list[str] | None:
    """Return the authors; several in one line are parted where it says so."""
    names = [_text(part, "name") for part in entry if _local(part) == "author" and len(part)]
    names = names or _texts(entry, "creator")
    if not names:
        # RSS gives an address, with the name in brackets behind it.
        told = _texts(entry, "author")
        names = [found[1] if (found := re.fullmatch(r"\S+@\S+\s*\((.*)\)", text[:500])) else text for text in told]
    if len(names) == 1:
        names = _parted(from_html(names[0]))
    return [in_reading_order(name) for name in names if name and "@" not in name] or None


def _parted(byline: str) -> list[str]:
    """Return the names of one line: ``A. Example, B. Instance and C. Case``, or ``Example, A.; Instance, B.``."""
    parts = [part.strip(" ,") for part in _BYLINE.split(folded(byline))]
    # A comma parts names where each side is a whole one; in "Example, A." it does not.
    split = [[one.strip() for one in part.split(",")] for part in parts]
    return [name for part, inner in zip(parts, split, strict=True)
            for name in (inner if all(" " in one for one in inner) else [part]) if name]  # fmt: skip


def _terms(entry: Element) -> list[str]:
    parts = [part for part in entry if _local(part) in ("category", "subject")]
    return [part.get("term") or folded(part.text or "") for part in parts]


def _moment(entry: Element, *names: str) -> str | None:
    """Return the first moment that can be read, as ISO; RSS writes it as mail does."""
    for text in (text for name in names for text in _texts(entry, name)):
        with suppress(ValueError, OverflowError):
            return moment_of(text).isoformat()
        with suppress(ValueError, TypeError, OverflowError):
            moment = parsedate_to_datetime(text)
            return _checked(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return None


def _checked(moment: datetime) -> str:
    return moment_of(moment.isoformat()).isoformat()
