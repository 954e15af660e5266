"""A file of the ACL Anthology: one collection of volumes, as its public repository keeps them under ``data/xml``."""

import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from broadsheet.errors import BadInput
from broadsheet.sources.entries import Row, day_of, folded, row_of
from broadsheet.sources.paper_ids import acl_key, bare_doi, key_of
from broadsheet.sources.record import Reject


def read(content: bytes, name: str) -> Iterator[Row]:
    """Yield the papers of a collection, volume by volume; front matter is none.

    Raises BadInput where the XML breaks off, after the papers before.
    """
    collection, volume = "", Element("volume")
    number = 0
    try:
        for event, element in iterparse(io.BytesIO(content), events=("start", "end"), forbid_dtd=True):
            if event == "start" and element.tag == "collection":
                collection = element.get("id", "")
            elif event == "start" and element.tag == "volume":
                volume = element
            elif event == "end" and element.tag == "paper":
                number += 1
                try:
                    yield _row(element, collection, volume, name)
                except RecursionError:
                    yield Reject(f"paper {number}: it is nested too deeply.")
                element.clear()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise BadInput(
            f"The collection cannot be read beyond paper {number}: {error}.",
            "The file is cut off or damaged; what came before is taken in.",
        ) from None


def anthology_id(collection: str, volume: str, paper: str) -> str:
    """Return the id of a paper: ``2024.acl-long.1``, or ``P16-1001`` in collections that are older than 2020.

    Those have four digits, of which workshops give two to the volume and others one.
    Raises ValueError for an old one whose parts are no numbers.
    """
    if collection[:1].isdigit():
        return f"{collection}-{volume}.{paper}"
    of_workshops = collection.startswith("W") or collection == "C69" or (collection == "D19" and int(volume) >= 5)
    width = 2 if of_workshops else 1
    return f"{collection}-{int(volume):0{width}}{int(paper):0{4 - width}}"


def _row(paper: Element, collection: str, volume: Element, name: str) -> Row:
    meta = volume.find("meta")
    meta = Element("meta") if meta is None else meta
    place = f"paper {paper.get('id', '?')} of volume {collection}-{volume.get('id', '?')}"
    raw = tostring(paper, encoding="unicode")
    try:
        # An address of older files is the id, or that of a paper kept elsewhere; newer files have none.
        key = acl_key(anthology_id(collection, volume.get("id", ""), paper.get("id", "")))
    except ValueError:
        key = ""
    notice = next((found for tag in ("retracted", "removed") if (found := paper.find(tag)) is not None), None)
    revisions = [one for one in paper.findall("revision") if one.get("id", "").isdecimal()]
    newest = max(revisions, key=lambda one: int(one.get("id", "0")), default=None)
    published = _published(paper, volume, meta)
    facts = {
        "id": key,
        "other_ids": _elsewhere(paper, key),
        "title": _text(paper.find("title")),
        "abstract": _text(paper.find("abstract")),
        "authors": [_name(author) for author in paper.findall("author")],
        "version": int(newest.get("id", "0")) if newest is not None else None,
        "published": published,
        "updated": newest.get("date") if newest is not None else None,
        "withdrawn": (notice.get("date") or published) if notice is not None else None,
        "comment": _text(notice),
        "doi": bare_doi(_value(paper, "doi")),
        "journal_ref": _where(paper, meta),
        "keywords": [_text(award) for award in paper.findall("award")],
        "github": next((code.get("url", "") for code in paper.findall("pwccode")), ""),
    }
    return row_of(facts, name, place, raw)


def _text(element: Element | None) -> str:
    """Return a marked-up text: formulas as TeX, of other marks their text; the guard of capitals is not shown."""
    return "" if element is None else folded("".join(_pieces(element)))


def _pieces(element: Element) -> Iterator[str]:
    yield element.text or ""
    for part in element:
        inner = "".join(_pieces(part))
        yield f"${inner}$" if part.tag == "tex-math" else inner
        yield part.tail or ""


def _value(element: Element, name: str) -> str:
    return folded(element.findtext(name) or "")


def _elsewhere(paper: Element, key: str) -> list[str]:
    """Return the key of a paper that the Anthology lists while it is kept elsewhere."""
    found = key_of([_value(paper, "url")]) if key else ""
    return [found] if found and not found.startswith("acl:") else []


def _name(author: Element) -> str:
    return f"{_value(author, 'first')} {_value(author, 'last')}".strip()


def _published(paper: Element, volume: Element, meta: Element) -> str:
    """Return the day the Anthology shows, or where the volume came there later than it appeared, its month's first."""
    listed = paper.get("ingest-date") or volume.get("ingest-date") or ""
    year, month = (_value(paper, part) or _value(meta, part) for part in ("year", "month"))
    appeared = day_of(year, month)
    try:
        came = date.fromisoformat(listed)
    except ValueError:
        return appeared
    if not appeared:
        return listed if year in ("", str(came.year)) else ""
    ends = (date.fromisoformat(appeared) + timedelta(days=31)).replace(day=1)
    return listed if came < ends else appeared


def _where(paper: Element, meta: Element) -> str:
    """Return where it was published: ``Proceedings of Examples, pages 1-9 (2024)``."""
    title = _text(meta.find("journal-title")) or _text(paper.find("journal"))
    if title:
        volume, issue = _value(meta, "journal-volume"), _value(meta, "journal-issue")
        title = f"{title} {volume}{f'({issue})' if issue else ''}".strip()
    title = title or _text(meta.find("booktitle")) or _text(paper.find("booktitle"))
    pages = _value(paper, "pages")
    year = _value(paper, "year") or _value(meta, "year")
    told = re.search(rf"\b{re.escape(year)}\b", title) if year else None
    parts = [title, f"pages {pages}" if pages else ""]
    return ", ".join(filter(None, parts)) + (f" ({year})" if year and not told else "")
