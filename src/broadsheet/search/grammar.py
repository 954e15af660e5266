"""The text of a search box cut into its parts, and the days that people write. What the parts mean: ``query``."""

import re
from datetime import date, timedelta
from typing import NamedTuple

FIELDS = {
    "ti": "ti", "title": "ti", "abs": "abs", "abstract": "abs", "au": "au", "author": "au", "cat": "cat",
    "category": "cat", "id": "id", "arxiv": "id", "since": "since", "until": "until", "year": "year", "has": "has",
    "sort": "sort",
}  # fmt: skip
"""Every spelling of every operator, and its short name."""

_QUOTES = str.maketrans("“”„‟«»＂", '"' * 7)
_PART = re.compile(r'(?P<minus>-)?(?:(?P<field>[A-Za-z]{2,8}):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"]+))')
_AGO = re.compile(r"(\d{1,4})([dwmy])", re.ASCII | re.IGNORECASE)
_DATE = re.compile(r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?", re.ASCII)
_YEARS = re.compile(r"(\d{4})(?:(?:-|\.\.)(\d{4})?)?", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


class Part(NamedTuple):
    """One part of a query. field: short name of its operator, '' for plain words. quoted: it stood in quotes."""

    field: str
    text: str
    quoted: bool = False
    minus: bool = False

    def __str__(self) -> str:
        """Return the part as it may be typed."""
        text = f'"{self.text}"' if self.quoted else self.text
        return f"{'-' if self.minus else ''}{self.field}{':' if self.field else ''}{text}"


def parts(text: str) -> list[Part]:
    """Cut a text into parts. A quotation mark without its partner counts as a blank, an unknown operator as words."""
    text = text.translate(_QUOTES)
    if text.count('"') % 2:
        last = text.rindex('"')
        text = f"{text[:last]} {text[last + 1 :]}"
    if '"' in text:
        return _read(text)
    # Without quotation marks no part has a blank in it, and most are nothing but a word: an abstract has hundreds.
    found: list[Part] = []
    for one in text.split():
        found += _read(one) if ":" in one or one[0] == "-" else (Part("", one),)
    return found


def unquoted(text: str) -> str:
    """Return a text with a blank for each quotation mark that would have a phrase looked for."""
    return text.translate(_QUOTES).replace('"', " ")


def _read(text: str) -> list[Part]:
    found: list[Part] = []
    at = 0
    while match := _PART.search(text, at):
        # A dash or an operator inside of a word is a part of the word: only what begins one counts.
        field = FIELDS.get((match["field"] or "").lower(), "")
        at = match.end()
        if match["field"] and not field:
            word = match["word"] and f"{match['field']}:{match['word']}"
            found.append(Part("", word or match["field"], minus=bool(match["minus"])))
            if word:
                continue
        phrase = match["phrase"]
        if said := " ".join((match["word"] if phrase is None else phrase).split()):
            found.append(Part(field, said, phrase is not None, bool(match["minus"])))
    return found


def days(text: str, today: date) -> tuple[date, date] | None:
    """Return the first and last day of what is a year, a month, a day or a time ago (``7d``, ``2w``); None for others.

    A time ago is the one day that lies so far back.
    """
    if text.lower() in ("today", "yesterday"):
        day = today - timedelta(text.lower() == "yesterday")
        return day, day
    try:
        if ago := _AGO.fullmatch(text):
            day = today - timedelta(int(ago[1]) * _DAYS[ago[2].lower()])
            return day, day
        if found := _DATE.fullmatch(text):
            year, month, day_of = (int(group) if group else 0 for group in found.groups())
            first = date(year, month or 1, day_of or 1)
            return first, first if day_of else _last(year, month or 12)
    except (ValueError, OverflowError):
        pass
    return None


def years(text: str) -> tuple[date, date | None] | None:
    """Return the days of ``2024``, of ``2022-2024`` and of ``2022-``, which has no end; None for what is no year."""
    found = _YEARS.fullmatch(text)
    if not found or not int(found[1]):
        return None
    first = date(int(found[1]), 1, 1)
    if not found[2]:
        return first, (_last(first.year, 12) if found[0] == found[1] else None)
    return (first, _last(int(found[2]), 12)) if int(found[2]) >= first.year else None


def _last(year: int, month: int) -> date:
    return date(year, 12, 31) if month == 12 else date(year, month + 1, 1) - timedelta(1)
