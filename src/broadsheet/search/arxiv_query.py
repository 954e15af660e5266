"""What was typed into the search box, in the language of arXiv's own search. Asking it is done elsewhere."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from broadsheet.errors import BadInput
from broadsheet.search.grammar import Part
from broadsheet.search.query import Query

MOST_TERMS = 16
"""Terms that are asked for: arXiv answers longer queries with errors."""

_FIELDS = {"": "all", "ti": "ti", "abs": "abs", "au": "au"}
_WITHOUT_CLASSES = {"gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nucl-ex", "nucl-th", "quant-ph"}
_OPERATORS = {"and", "or", "not", "andnot", "to"}
_WORD = re.compile(r"[\w'-]+")


class Translated(NamedTuple):
    """A query in arXiv's language. newest: the newest are wanted first. notes: sentences on what is not asked for."""

    text: str
    newest: bool = False
    notes: tuple[str, ...] = ()


def translated(query: Query) -> Translated:
    """Return a query as arXiv's search takes it: every term must be there, of several categories one.

    Edition days become days of submission, which come a day or more before. Raises BadInput where nothing is left to
    look for, as in a query of words to leave out alone.
    """
    wanted: list[str] = []
    unwanted: list[str] = []
    for part in query.parts:
        if part.field in _FIELDS and (term := _term(part)):
            (unwanted if part.minus else wanted).append(term)
    filters = query.filters
    if filters.categories:
        wanted.append(_any(f"cat:{_category(name)}" for name in filters.categories))
    if filters.since or filters.until:
        first = f"{filters.since:%Y%m%d}0000" if filters.since else "199101010000"
        last = f"{filters.until:%Y%m%d}2359" if filters.until else "220001010000"
        wanted.append(f"submittedDate:[{first} TO {last}]")
    unwanted += [f"cat:{_category(name)}" for name in filters.not_categories]
    if not wanted:
        raise BadInput("There is nothing to ask arXiv for.", "Give a word, an author (au:) or a category (cat:).")
    terms = wanted[:MOST_TERMS]
    text = " AND ".join(terms) + "".join(f" ANDNOT {term}" for term in unwanted[: MOST_TERMS - len(terms)])
    odd = [str(part) for part in query.parts if part.field in ("has", "id") or str(part) == "sort:votes"]
    notes = [f"arXiv cannot be asked for {part}." for part in odd]
    if len(wanted) + len(unwanted) > MOST_TERMS:
        notes.append(f"arXiv was asked for the first {MOST_TERMS} terms; the others were left out.")
    return Translated(text, query.order == "date", tuple(notes))


def _term(part: Part) -> str:
    """Return one term. Signs that mean something to arXiv's search are left out, words that do are quoted."""
    words = _WORD.findall(part.text)
    words = [word for word in words if any(map(str.isalnum, word))]
    if not words:
        return ""
    field = _FIELDS[part.field]
    if part.quoted or len(words) > 1 or words[0].lower() in _OPERATORS:
        return f'{field}:"{" ".join(words)}"'
    return f"{field}:{words[0]}"


def _category(name: str) -> str:
    """Return a category; a whole archive is asked for with all its classes."""
    return name if "." in name or name in _WITHOUT_CLASSES else f"{name}*"


def _any(terms: Iterable[str]) -> str:
    found = list(terms)
    return found[0] if len(found) == 1 else f"({' OR '.join(found)})"
