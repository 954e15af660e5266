"""What the sources of entries share: rows behind one door, names in reading order, HTML as text, dates half known."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from html import unescape
from typing import Any

from broadsheet.errors import BadInput
from broadsheet.sources.record import Item, Record, Reject
from broadsheet.sources.rows import LONGEST_SOURCE, record_of

type Row = Record | Reject
"""A paper, or why an entry is none."""

KEPT = 10_000
"""Characters that are kept of an entry that could not be read."""

_LONGEST = 1_000_000
_SUFFIXES = frozenset({"jr", "jr.", "sr", "sr.", "ii", "iii", "iv"})
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\b|\b(1[0-2]|0?[1-9])\b", re.IGNORECASE)
_ENDS_LINE = frozenset({"p", "div", "br", "li", "tr", "h1", "h2", "h3", "h4", "title", "sec"})
_UNSEEN = frozenset({"script", "style", "head"})
_MARK = re.compile(r"<!--|<(?P<ends>/?)(?P<name>[A-Za-z][A-Za-z0-9:.-]*+)[^<>]*+>")
_ENDS = {"--": re.compile("-->")} | {name: re.compile(rf"</{name}\b[^<>]*+>", re.IGNORECASE) for name in _UNSEEN}
_SPACE = re.compile(r"\s+")
_CATEGORY = re.compile(
    r"[a-z]{2,8}(?:-[a-z]{2,5})?\.[A-Za-z]{2}(?:-[a-z]{2,7})?|hep-(?:ex|lat|ph|th)|gr-qc|quant-ph|math-ph"
)


class Rows:
    """Entries that are at hand, or come page after page, as a source. done and total are entries.

    read: yields the rows under a name, in the same order each time.
    """

    def __init__(self, name: str, read: Callable[[str], Iterable[Row]], total: int | None = None) -> None:
        self.name = name[:LONGEST_SOURCE]
        self.total = total
        self.done = 0
        self._read = read

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows after number ``after``. Raises what reading raises, after the rows before."""
        for position, row in enumerate(self._read(self.name), start=1):
            self.done = position
            if position > after:
                yield Item(position, row)


def row_of(facts: Mapping[str, Any], source: str, place: str, raw: str) -> Row:
    """Return the record that facts of the record format make, or a reject that says what is wrong with which entry.

    place: how the entry is called in messages. raw: its own text.
    """
    try:
        return record_of(facts, source)
    except BadInput as error:
        return Reject(f"{place}: {error.message}", raw[:KEPT])


def folded(text: str) -> str:
    """Return a text on one line, as files wrap lines where they please."""
    return " ".join(text.split())


def in_reading_order(name: str) -> str:
    """Return a name given name first: ``van der Example, Jr., Ann`` is Ann van der Example Jr."""
    family, *rest = [part.strip() for part in folded(name).split(",")]
    rest = [part for part in rest if part]
    suffix = [part for part in rest if part.lower() in _SUFFIXES]
    given = [part for part in rest if part.lower() not in _SUFFIXES]
    return " ".join(filter(None, (*given, family, *suffix)))


def sorted_terms(terms: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return which terms are categories as arXiv has them, and the others, which are key phrases here."""
    known = [term for text in terms if (term := folded(text))]
    categories = [term for term in known if _CATEGORY.fullmatch(term)]
    return list(dict.fromkeys(categories)), list(dict.fromkeys(term for term in known if term not in categories))


def day_of(year: str, month: str = "", day: str = "") -> str:
    """Return a day in ISO form from its parts, '' where not even the month is known or the parts make no day.

    month: a number or a name in English, also within more (``July 22-27``). day: without one, the first of the month.
    A year alone is no day: the earliest of several dates counts, and the first of January would beat better ones.
    """
    found, number = _MONTH.search(month), re.fullmatch(r"\s*(\d{4})\s*", year)
    if not found or not number:
        return ""
    which = _MONTHS.index(found[1].lower()) + 1 if found[1] else int(found[2])
    try:
        return date(int(number[1]), which, int(day) if re.fullmatch(r"[0-3]?\d", day, re.ASCII) else 1).isoformat()
    except ValueError:
        return ""


def from_html(markup: str) -> str:
    """Return HTML, or a text with some of its tags, as text: lines where paragraphs end, scripts left out."""
    if ("<" not in markup and "&" not in markup) or len(markup) > _LONGEST:
        return markup.strip()
    found = "".join(_pieces(markup))
    lines = (" ".join(line.split()) for line in unescape(found).split("\n"))
    return "\n".join(filter(None, lines))


def _pieces(markup: str) -> Iterator[str]:
    """Yield the text between tags. Read in one go: the library's reader takes time by the square of open tags."""
    at = 0
    while mark := _MARK.search(markup, at):
        yield _SPACE.sub(" ", markup[at : mark.start()])
        name = (mark["name"] or "").lower().rpartition(":")[2]
        is_unseen = name in _UNSEEN and not mark["ends"]
        end = _ENDS[name if is_unseen else "--"].search(markup, mark.end()) if is_unseen or not name else mark
        if end is None:
            return
        at = end.end()
        if name in _ENDS_LINE:
            yield "\n"
    yield _SPACE.sub(" ", markup[at:])
