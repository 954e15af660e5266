"""How each kind of fact is shown: label, what is shown of its value, where it comes from. Values are made elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import quote

from broadsheet.enrich import said
from broadsheet.errors import BadInput

type Value = dict[str, Any]

LONGEST = 300
"""Characters that a person may type of a fact."""


class Piece(NamedTuple):
    """A piece of a fact as plain text. url: where it leads. query: what to search the site for instead."""

    text: str
    url: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """How one kind of fact is shown, and how a person may correct it.

    pieces: of a value; none where there is nothing to show. origin: where it comes from, by its source's name.
    read: makes a value of what a person typed, or raises BadInput; None: such a fact can only be hidden.
    hint: what a person may type. apart: pieces are long and stand in paragraphs of their own.
    page: whether the section of facts shows it; False for what the page shows elsewhere.
    """

    label: str
    pieces: Callable[[Value], list[Piece]]
    origin: Callable[[str], str]
    read: Callable[[str], Value] | None = None
    hint: str = ""
    apart: bool = False
    page: bool = True


def _venue(value: Value) -> list[Piece]:
    note = value.get("note")
    return [Piece(f"{value['name']} ({note})" if note else str(value["name"]))]


def _read_venue(text: str) -> Value:
    return {"name": _typed(text)}


def _length(value: Value) -> list[Piece]:
    counts = [(value.get(what), what) for what in said.Length._fields]
    told = [f"{count} {what if count != 1 else what[:-1]}" for count, what in counts if count]
    return [Piece(", ".join(told))] if told else []


def _read_length(text: str) -> Value:
    found = said.length(_typed(text))
    if found is None:
        raise BadInput(f"{text[:60]!r} names no pages, figures or tables.", "Write it as in: 12 pages, 3 figures.")
    return {what: count for what, count in found._asdict().items() if count}


def _doi(value: Value) -> list[Piece]:
    return [Piece(value["doi"], f"https://doi.org/{quote(value['doi'])}")]


def _read_doi(text: str) -> Value:
    found = said.doi(_typed(text))
    if not found:
        raise BadInput(f"{text[:60]!r} is no DOI.", "Write it as in: 10.1000/182.")
    return {"doi": found}


def _offers(value: Value) -> list[Piece]:
    return [Piece(str(one)) for one in value["offers"]]


def _read_offers(text: str) -> Value:
    words = [word for word in _typed(text).lower().replace(",", " ").split() if word]
    for word in words:
        if word not in said.OFFERS:
            raise BadInput(f"{word[:40]!r} is none of what a paper offers.", f"There are: {', '.join(said.OFFERS)}.")
    return {"offers": list(dict.fromkeys(words))}


def _phrases(value: Value) -> list[Piece]:
    return [Piece(one, query=f'"{one}"') for one in map(_unquoted, value["phrases"])]


def _read_phrases(text: str) -> Value:
    found = list(dict.fromkeys(one for one in (" ".join(part.split()) for part in text.split(",")) if one))
    if not found or len(found) > 12 or any(len(one) > 80 for one in found):
        raise BadInput("Key phrases are one to twelve, of at most 80 characters each.", "Part them by commas.")
    return {"phrases": found}


def _extract(value: Value) -> list[Piece]:
    return [Piece(" ".join(value["sentences"]))]


def _links(value: Value) -> list[Piece]:
    official = "" if value.get("official", True) else " (named, perhaps not the authors’ own)"
    found = [str(value.get(key, "")) for key in ("code", "project")]
    # By their addresses: the page has links named Code and Project already.
    return [Piece(url.partition("//")[2] + official, url) for url in found if url.startswith(("https://", "http://"))]


def _unquoted(text: str) -> str:
    return str(text).replace('"', "")


def _typed(text: str) -> str:
    line = " ".join(text.split())
    if not line or len(line) > LONGEST:
        raise BadInput(f"A fact has 1 to {LONGEST} characters; this one has {len(line)}.")
    return line


def _of_text(source: str) -> str:
    return {"comment": "from the authors’ comment", "abstract": "from the abstract"}.get(source, f"from {source}")


def _by_words(source: str) -> str:
    return "chosen by the words’ frequency on this site" if source == "corpus" else f"chosen by {source}"


LOOKS: dict[str, Look] = {
    "venue": Look("Venue", _venue, _of_text, _read_venue, "Such as: ICML 2026 (oral)."),
    "length": Look("Length", _length, _of_text, _read_length, "Such as: 12 pages, 3 figures, 2 tables."),
    "doi": Look("DOI", _doi, _of_text, _read_doi, "Such as: 10.1000/182."),
    "offers": Look("Offers a", _offers, _of_text, _read_offers, f"Of {', '.join(said.OFFERS)}, parted by commas."),
    "links": Look("Links", _links, _of_text),
    "phrases": Look("Key phrases", _phrases, _by_words, _read_phrases, "Parted by commas."),
    "extract": Look("Extract", _extract, _by_words, apart=True),
}
"""By kind, in the order in which they are shown."""
