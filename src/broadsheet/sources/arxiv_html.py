"""The full text of a paper where arXiv gives it as HTML: asking for it, its licence and version, and its Markdown.

What the licences allow is told here; whether a text is kept is decided in the room ``enrich``.
"""

import re
from typing import NamedTuple

from broadsheet.errors import Upstream
from broadsheet.sources.html_tree import Node, tree_of
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.latexml import Writer

MOST_BYTES = 15_000_000
"""Bytes of a page that is read: a paper of a hundred pages full of formulas has less."""

LEAST_SIGNS = 600
"""Characters without which a page without sections is no paper: arXiv makes such of papers that came as PDF."""

ARXIV_LICENCE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
_CREATIVE = re.compile(
    r"https?://creativecommons\.org/(?:licenses/(?P<kind>by(?:-nc)?(?:-sa|-nd)?)/(?P<version>\d\.\d)"
    r"|(?P<free>publicdomain/(?:zero|mark)/1\.0|licenses/publicdomain))(?:/.*)?",
    re.ASCII | re.IGNORECASE,
)
_NAMED = re.compile(r"\bCC[ -]BY(?P<more>(?:-(?:NC|SA|ND)){0,2})[ -](?P<version>\d\.\d)", re.ASCII | re.IGNORECASE)
_STAMP = re.compile(r"arXiv:\s*\S{1,40}?v(\d{1,3})\b", re.ASCII | re.IGNORECASE)


class FullPage(NamedTuple):
    """A full text. licence: its address as the page tells it, '' where it does not. version: '' likewise None."""

    markdown: str
    licence: str
    version: int | None


def address_of(base: str, key: str, version: int | None) -> str:
    """Return where arXiv has the text of a paper. base: of all of them, such as ``https://arxiv.org/html``."""
    return f"{base.rstrip('/')}/{key}{f'v{version}' if version else ''}"


def ask(client: PoliteClient, address: str) -> FullPage | None:
    """Return the text at an address, None where there is none. Raises Upstream where arXiv does not answer."""
    answer = client.get(address)
    if answer.status in (404, 410):
        return None
    if answer.status != 200:
        raise Upstream(f"{address} answered {answer.status}.", "Try again later.")
    return read(answer.body)


def read(body: bytes) -> FullPage | None:
    """Return what a page says, None where it holds no paper, or is larger than any is."""
    if len(body) > MOST_BYTES:
        return None
    tree = tree_of(body.decode(errors="replace"))
    article = tree.find(of_class="ltx_document") or tree.find(tag="article")
    if article is None:
        return None
    text = Writer().document(article)
    if len(text) < LEAST_SIGNS and "\n## " not in f"\n{text}":
        return None
    stamp = _STAMP.search(_text(tree.find(name="watermark-tr")))
    return FullPage(text, _licence(tree.find(name="license-tr")), int(stamp[1]) if stamp else None)


def may_be_kept(licence: str) -> bool:
    """Whether a licence lets anybody keep and pass on a copy: those of Creative Commons do."""
    return bool(_CREATIVE.fullmatch(licence))


def licence_name(licence: str) -> str:
    """Return a licence's name as people know it; its address where it has none."""
    found = _CREATIVE.fullmatch(licence)
    if found and found["kind"]:
        return f"CC {found['kind'].upper()} {found['version']}"
    if found:
        return "CC0 1.0" if "zero" in (found["free"] or "") else "public domain"
    return "arXiv’s non-exclusive licence" if "nonexclusive-distrib" in licence else licence


def _licence(element: Node | None) -> str:
    """Return the address of the licence that a page names by text or link."""
    text, link = _text(element), element.attributes.get("href", "") if element else ""
    if _CREATIVE.fullmatch(link):
        return link
    if found := _NAMED.search(text):
        return f"https://creativecommons.org/licenses/by{found['more'].lower()}/{found['version']}/"
    if re.search(r"\bCC[ -]?(?:0|Zero)\b|public domain", text, re.IGNORECASE):
        return "https://creativecommons.org/publicdomain/zero/1.0/"
    return ARXIV_LICENCE if re.search(r"non-?exclusive", text, re.IGNORECASE) else ""


def _text(element: Node | None) -> str:
    return " ".join(element.text().split()) if element else ""
