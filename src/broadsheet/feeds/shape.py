"""What a feed holds before it takes a form, and how the texts of papers and people become text for one.

Where items come from lives in ``of_papers`` and ``of_comments``, the forms in ``syndication`` and ``json_feed``.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import NamedTuple
from urllib.parse import quote
from uuid import NAMESPACE_URL, uuid5

from broadsheet.papers import addresses

NAME = "Broadsheet"
LANGUAGE = "en"

# What XML cannot hold at all, and signs that turn a line round.
_UNSEEN = re.compile(
    "[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]|[\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069]"
)
_BREAK = re.compile(r"\s*\n\s*\n\s*")


class Link(NamedTuple):
    """Another place of an item. kind: its media type. name: what it is called in the item's text."""

    address: str
    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a feed. id: stays whatever changes. html: its text. published: when it entered the list."""

    id: str
    address: str
    title: str
    html: str
    published: datetime
    updated: datetime
    authors: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed. page: the address of the page it follows. address: its own. updated: of its newest item."""

    id: str
    title: str
    about: str
    page: str
    address: str
    updated: datetime
    items: tuple[Item, ...]


def line(text: str) -> str:
    """Return a text on one line, without what a feed cannot hold or should not."""
    return " ".join(_UNSEEN.sub("", text).split())


def paragraphs(text: str, *, lines: bool = False) -> str:
    """Return a plain text as HTML: escaped, in paragraphs, with its web addresses as links.

    lines: whether its single line breaks are meant.
    """
    broken = "<br>" if lines else " "
    parts = _BREAK.split(_UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip())
    return "".join(f"<p>{broken.join(map(_linked, part.splitlines()))}</p>" for part in parts if part)


def link(address: str, name: str) -> str:
    """Return a link as HTML."""
    return f'<a href="{escape(uri(address))}">{escape(line(name))}</a>'


def uri(address: str) -> str:
    """Return an address with nothing in it that stands in no URI; what is encoded already stays."""
    return quote(_UNSEEN.sub("", address), safe="%/:?#[]@!$&'()*+,;=~")


def urn(*parts: str) -> str:
    """Return an id made of what does not change of a thing: the same for the same parts, everywhere."""
    return uuid5(NAMESPACE_URL, "\n".join(("broadsheet", *parts))).urn


def _linked(text: str) -> str:
    shown: list[str] = []
    at = 0
    for start, address in addresses.found(text):
        shown += [escape(text[at:start]), link(address, address)]
        at = start + len(address)
    return "".join([*shown, escape(text[at:])])
