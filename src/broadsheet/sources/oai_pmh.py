"""One answer of OAI-PMH 2.0: its records, token, date and errors, also where its XML breaks off. Fetches nothing.

What a record of arXiv says is read in ``arxiv_oai_records``.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

from broadsheet.errors import Upstream
from broadsheet.sources.rows import moment_of

_KEPT = 10_000
_END = re.compile(rb"</\w*:?OAI-PMH>\s*$")
_OUTSIDE_OF_RECORDS = re.compile(r"<(?:responseDate|resumptionToken|error)\b[^<]*</\w+>")
# What no XML may hold, as a sign or by its number; old abstracts have such signs from the systems they were typed on.
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    "|&#(?:0*(?:[0-8]|1[1245-9]|2[0-9]|3[01])|[xX]0*(?:[0-8bBcCeEfF]|1[0-9a-fA-F]));"
)


@dataclass(slots=True)
class Page:
    """One answer. records: in order. rejected: records that are no XML, as they came. token: of the next page, or ''.

    headers: where an answer lists identifiers alone, without records.
    answered: the server's own date. errors: (code, text) as it told them. broken: why what followed the records could
    not be read; '' where all was.
    """

    records: list[Element] = field(default_factory=list)
    rejected: list[str] = field(default_factory=list)
    headers: list[Element] = field(default_factory=list)
    token: str = ""
    answered: datetime | None = None
    earliest: datetime | None = None
    errors: list[tuple[str, str]] = field(default_factory=list)
    broken: str = ""


def read(body: bytes) -> Page:
    """Return what an answer holds. What stands before a break is there, and ``broken`` tells of it.

    Signs that XML forbids are dropped, and where an answer is whole but one of its records is not, only that one is
    rejected. Raises Upstream for XML that is meant to do harm or comes in an unknown encoding.
    """
    page = _parsed(body)
    if not page.broken or not _END.search(body):
        return page
    text = _FORBIDDEN.sub("", body.decode(errors="replace"))
    mended = _parsed(text.encode())
    return _one_by_one(text) if mended.broken else mended


def local(element: Element) -> str:
    """Return an element's name without its namespace, which servers and their saved answers do not agree on."""
    tag: str = element.tag
    return tag.rpartition("}")[2]


def child(element: Element, name: str) -> Element | None:
    """Return the first child of a name, whatever its namespace."""
    return next((one for one in element if local(one) == name), None)


def text_of(element: Element | None, name: str) -> str:
    """Return a child's text with its line breaks folded; '' where there is none."""
    found = None if element is None else child(element, name)
    return "" if found is None else " ".join("".join(found.itertext()).split())


def _parsed(body: bytes) -> Page:
    page = Page()
    inside = False
    try:
        for event, element in iterparse(BytesIO(body), ("start", "end"), forbid_dtd=True):
            name = local(element)
            if name == "record":
                inside = event == "start"
                if event == "end":
                    page.records.append(element)
            elif event == "end" and not inside:
                _note(page, name, element)
    except ParseError as error:
        page.broken = str(error)
    except (DefusedXmlException, ValueError, LookupError) as error:
        raise Upstream(f"The answer is not XML that is read: {error}.", "Try again later.") from None
    return page


def _note(page: Page, name: str, element: Element) -> None:
    """Take over what stands outside of records."""
    text = " ".join((element.text or "").split())
    if name == "responseDate":
        page.answered = _moment(text)
    elif name == "earliestDatestamp":
        page.earliest = _moment(text)
    elif name == "resumptionToken":
        page.token = text
    elif name == "header":
        page.headers.append(element)
    elif name == "error":
        page.errors.append((element.get("code", ""), text))


def _moment(text: str) -> datetime | None:
    try:
        return moment_of(text)
    except ValueError:
        return None


def _one_by_one(text: str) -> Page:
    """Read a whole answer record by record, as one of them breaks the XML of all."""
    page = Page()
    around = ""
    for part in text.split("</record>"):
        before, opening, record = part.rpartition("<record")
        around += before if opening else part
        if opening:
            chunk = f"<record{record}</record>"
            alone = _parsed(_wrapped(chunk))
            page.records += alone.records
            if alone.broken or not alone.records:
                page.rejected.append(chunk[:_KEPT])
    outside = _parsed(_wrapped("".join(_OUTSIDE_OF_RECORDS.findall(around))))
    page.token, page.answered, page.errors = outside.token, outside.answered, outside.errors
    return page


def _wrapped(text: str) -> bytes:
    return f'<OAI-PMH xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">{text}</OAI-PMH>'.encode()
