"""Which source reads a document that is told by its content: XML, JSON, or a file of references."""

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from broadsheet.errors import BadInput
from broadsheet.sources import acl, arxiv_api, arxiv_rss, biblio, biorxiv, feed, openreview, references
from broadsheet.sources.arxiv_rss import ArxivRss
from broadsheet.sources.entries import Rows
from broadsheet.sources.record import Source

ENDINGS = (".xml", ".rss", ".atom", ".rdf", ".json", ".bib", ".ris")
MOST_BYTES = 50_000_000

type SliceOf = Callable[[str, int], str]
type Further = Callable[[SliceOf], Callable[[int], Any]]
"""Makes, of how a place writes the address of a later slice, what fetches one."""


def source_in(path: Path, name: str | None = None) -> Source | None:
    """Return the source that reads a file, None for JSON that is of no kind known here.

    Raises BadInput for any other file that is too large or of no such kind.
    """
    size = path.stat().st_size
    source = source_of(path.read_bytes(), path.stem, name) if size <= MOST_BYTES else None
    if source is None and path.suffix != ".json":
        raise BadInput(
            f"{path.name!r} has {size} bytes; at most {MOST_BYTES} are read."
            if size > MOST_BYTES
            else f"{path.name!r} is neither a feed nor a file of the ACL Anthology or of references.",
            "Feeds are RSS or Atom, references BibTeX, RIS or CSL-JSON. See that the file is whole.",
        )
    return source


def source_of(content: bytes, stem: str, name: str | None = None, further: Further | None = None) -> Source | None:
    """Return the source that reads a document, None where its content is not known.

    stem: the name of its papers' source where neither ``name`` nor the document gives a better one. further: how later
    slices are fetched, None for a document that stands alone.
    Raises BadInput for what is no text.
    """
    is_wide = content[:2] in (b"\xff\xfe", b"\xfe\xff")
    match content[:4096].decode("utf-16" if is_wide else "utf-8-sig", "replace").lstrip()[:1]:
        case "":
            return None
        case "<":
            return _of_xml(content, stem, name)
        case "{" | "[":
            return _of_json(content, stem, name, further)
    known = references.form_of(references.decoded(content))
    return Rows(name or stem, lambda source: biblio.read(content, source)) if known else None


def _of_xml(content: bytes, stem: str, name: str | None) -> Source | None:
    try:
        _, root = next(iterparse(io.BytesIO(content), events=("start",), forbid_dtd=True))
    except (ParseError, DefusedXmlException, ValueError, LookupError, StopIteration):
        return None
    if root.tag == "collection":
        return Rows(name or "acl-anthology", lambda source: acl.read(content, source))
    beginning = content[:4096]
    if feed.is_feed(root) and b"//arxiv.org/api/" in beginning:
        return Rows("arxiv", lambda _: arxiv_api.parse(content)[0])
    if feed.is_feed(root) and b"//rss.arxiv.org/" in beginning:
        return ArxivRss(arxiv_rss.parse(content))
    if feed.is_feed(root):
        whole = feed.parsed(content)
        return Rows(name or stem, lambda source: feed.read(whole, source))
    return None


def _of_json(content: bytes, stem: str, name: str | None, further: Further | None) -> Source | None:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if biorxiv.is_answer(value):
        more = further(biorxiv.slice_of) if further else None
        return Rows(name or biorxiv.server_of(value), lambda source: biorxiv.read(value, source, more))
    if openreview.is_answer(value):
        more = further(openreview.slice_of) if further else None
        return Rows(name or "openreview", lambda source: openreview.read(value, source, more))
    if biblio.is_csl(value):
        return Rows(name or stem, lambda source: biblio.read_csl(value, source))
    return None
