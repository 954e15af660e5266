"""What people type into the search box, read: an id or URL that names a paper, or words with operators."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from django.utils import timezone

from broadsheet.errors import BadInput
from broadsheet.papers.tex import plain
from broadsheet.search.grammar import Part, days, parts, unquoted, years
from broadsheet.search.index import Filters, Term, Where
from broadsheet.sources import arxiv_ids, paper_ids

LONGEST = 2000
"""Characters of a query that are read; the rest is cut off, and the results say so."""
MOST_TERMS = 10
"""Conditions on words of a query that count, what must not be there included; the engine checks each."""
MOST_IDS = 20
"""Ids of a query that count; each is asked of the store."""
MOST_NOTES = 5
"""Operators of which is said one by one why they were left out."""

WHOLE = 50
"""Words from which what is typed is a whole text, as an abstract that was pasted."""

type Order = Literal["relevance", "date", "votes"]
ORDERS: tuple[Order, ...] = ("relevance", "date", "votes")
_WHERE: dict[str, Where] = {"": "any", "ti": "title", "abs": "abstract", "au": "authors"}
_DIGIT = re.compile(r"\d")
# An accent counts within a word alone: elsewhere it is a quotation mark that a program escaped.
_TEX = re.compile(r"\$[^$]+\$|\\[A-Za-z]|(?<=[A-Za-z{])\\[\"'`^~=.]")
_CATEGORY = re.compile(r"[A-Za-z-]{2,10}(\.[A-Za-z-]{2,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """A query taken apart.

    text: what is searched for by words and by meaning, phrases included. filters: what a hit must fulfil.
    key: canonical id when the whole text names one paper. keys: ids of which a hit must have one. order: of the hits.
    typed: the whole text, folded. given: the filters that came beside the text. parts: the text in its parts.
    notes: sentences on what could not be understood. cut: the text was too long. whole: a whole text was typed, of
    which most words are beside the point.
    """

    text: str
    filters: Filters
    key: str | None = None
    cut: bool = False
    keys: tuple[str, ...] = ()
    order: Order = "relevance"
    typed: str = ""
    given: Filters = Filters()  # noqa: RUF009 (frozen)
    parts: tuple[Part, ...] = ()
    notes: tuple[str, ...] = ()
    whole: bool = False

    @property
    def empty(self) -> bool:
        """Whether nothing at all was asked for."""
        return not (self.text or self.key or self.keys or self.filters != Filters())


def parse(text: str, *, categories: Sequence[str] = (), since: date | None = None, until: date | None = None) -> Query:
    """Take a query apart. Whatever is typed is understood in some way; only the filters beside it can be wrong.

    text: words and operators (docs/search), or an id or URL of a paper. categories: any of them, whole archives too
    (``cs``). since, until: edition days, both included; they narrow what the text says.
    Raises BadInput for a category that cannot be one and for a range that ends before it begins.
    """
    for category in categories:
        if not _CATEGORY.fullmatch(category):
            raise BadInput(f"{category[:40]!r} is not a category.", "Categories look like cs.LG, or cs for all of it.")
    if since and until and since > until:
        raise BadInput(f"The range ends ({until}) before it begins ({since}).", "Swap the two days.")
    bare = _folded(text)
    given = Filters(_each(map(_spelled, categories)), since, until)
    cut = len(text) > LONGEST
    # Words with blanks between them and no digit are no id; to ask takes as long as to cut them.
    if (" " not in bare or _DIGIT.search(bare)) and (key := arxiv_ids.find(bare) or paper_ids.find(bare)):
        return Query(bare, given, key=key, cut=cut, typed=bare, given=given)
    return _Reading(given).read(bare, cut=cut)


def literal(text: str) -> Query:
    """Take a text for nothing but words: none of it is an operator or names a paper, as judged queries are read."""
    bare = _folded(text)
    words = " ".join(word for word in unquoted(bare).split() if any(map(_counts, word)))
    return Query(words, Filters(), cut=len(text) > LONGEST, typed=bare, whole=len(words.split()) >= WHOLE)


def _folded(text: str) -> str:
    """Return what is read of a text: its beginning, TeX as it is read in papers, blanks for what does not print."""
    bare = text[:LONGEST]
    if _TEX.search(bare):
        bare = _shown(bare)
    if not bare.isprintable():
        bare = "".join(sign if sign.isprintable() else " " for sign in bare)
    return " ".join(bare.split())


def _shown(typed: str) -> str:
    """Read TeX as it is read in papers. What only its reading makes, a minus or quotation marks, is no operator."""
    minus = {said for word in typed.split() if word[0] == "-" for said in (word, plain(word))}
    read = plain(typed)
    if "“" not in typed:
        read = read.translate(dict.fromkeys(map(ord, "“”"), " "))
    return " ".join(f"\u2212{word[1:]}" if word[0] == "-" and word not in minus else word for word in read.split())


class _Reading:
    """What has been understood of one query so far."""

    def __init__(self, given: Filters) -> None:
        self.given = given
        self.categories, self.since, self.until = list(given.categories), given.since, given.until
        self.not_categories: list[str] = []
        self.conditions: list[tuple[bool, Term]] = []
        """With a minus or without."""
        self.has: list[str] = []
        self.lacks: list[str] = []
        self.keys: list[str] = []
        self.words: list[str] = []
        self.order: Order = "relevance"
        self.odd: list[str] = []
        self.notes: list[str] = []

    def read(self, text: str, *, cut: bool) -> Query:
        """Read all parts of a text, in their order. cut: whether there was more of it."""
        found = parts(text)
        # Conditions make no text of what is beside them.
        plain_words = sum(not (part.field or part.quoted or part.minus) for part in found)
        if whole := plain_words >= WHOLE:
            found = self._as_words(found)
        readers = {"cat": self._category, "id": self._id, "since": self._since, "until": self._until}
        readers |= {"year": self._year, "has": self._has, "sort": self._sort}
        for part in found:
            readers.get(part.field, self._word)(part)
        if self.since and self.until and self.since > self.until:
            self.notes.append(f"The range ends ({self.until}) before it begins ({self.since}), so nothing lies in it.")
        conditions, keys = _each(self.conditions), _each(self.keys)
        if len(conditions) > MOST_TERMS:
            self.notes.append(f"The first {MOST_TERMS} conditions on words were looked at; the others were left out.")
        if len(keys) > MOST_IDS:
            self.notes.append(f"The first {MOST_IDS} ids were looked at; the others were left out.")
        filters = Filters(
            _each(self.categories),
            self.since,
            self.until,
            not_categories=_each(self.not_categories),
            terms=tuple(term for minus, term in conditions[:MOST_TERMS] if not minus),
            without=tuple(term for minus, term in conditions[:MOST_TERMS] if minus),
            has=_each(self.has),
            lacks=_each(self.lacks),
        )
        alone = len(keys) == 1 and not self.words and filters == Filters()
        return Query(
            " ".join(self.words),
            filters,
            key=keys[0] if alone else None,
            cut=cut,
            keys=() if alone else keys[:MOST_IDS],
            order=self.order,
            typed=text,
            given=self.given,
            parts=tuple(found),
            whole=whole,
            notes=(*self.odd[:MOST_NOTES], *self._others_odd(), *self.notes),
        )

    def _others_odd(self) -> list[str]:
        others = len(self.odd) - MOST_NOTES
        return [f"{others} more were left out, as they cannot be read either."] if others > 0 else []

    def _as_words(self, found: list[Part]) -> list[Part]:
        """Return the parts of a whole text, in which quotation marks and dashes are its author's and no operators."""
        if any((part.quoted or part.minus) and not part.field for part in found):
            self.notes.append("In so long a text quotation marks and dashes are read as words.")
        return [
            one for part in found for one in ((part,) if part.field else (Part("", word) for word in part.text.split()))
        ]

    def _word(self, part: Part) -> None:
        if not (part.text[0].isalnum() or any(map(_counts, part.text))):
            return
        if part.minus:
            self.conditions.append((True, Term(_WHERE[part.field], part.text, exact=part.quoted)))
            return
        if part.field or part.quoted:
            exact = part.quoted and part.field != "au"
            self.conditions.append((False, Term(_WHERE[part.field], part.text, exact=exact)))
        if part.field != "au":
            self.words.append(part.text)

    def _category(self, part: Part) -> None:
        for category in part.text.replace(",", " ").split():
            if _CATEGORY.fullmatch(category):
                (self.not_categories if part.minus else self.categories).append(_spelled(category))
            else:
                self._odd(part, "a category; they look like cs.LG, or cs for all of it")

    def _id(self, part: Part) -> None:
        key = arxiv_ids.find(part.text)
        if key and not part.minus:
            self.keys.append(key)
        else:
            self._odd(part, "an arXiv id; they look like 2305.12102")

    def _since(self, part: Part) -> None:
        if span := days(part.text, timezone.localdate()):
            self.since = max(self.since or span[0], span[0])
        else:
            self._odd(part, "a day; they are written like 2026-11-21, 2026-11, 2026 or 7d")

    def _until(self, part: Part) -> None:
        if span := days(part.text, timezone.localdate()):
            self.until = min(self.until or span[1], span[1])
        else:
            self._odd(part, "a day; they are written like 2026-11-21, 2026-11, 2026 or 7d")

    def _year(self, part: Part) -> None:
        if span := years(part.text):
            self.since = max(self.since or span[0], span[0])
            if span[1]:
                self.until = min(self.until or span[1], span[1])
        else:
            self._odd(part, "a year; they are written like 2025 or 2023-2025")

    def _has(self, part: Part) -> None:
        if part.text.lower() == "code":
            (self.lacks if part.minus else self.has).append("code")
        else:
            self._odd(part, "something to ask for; has:code is")

    def _sort(self, part: Part) -> None:
        for order in ORDERS:
            if order == part.text.lower():
                self.order = order
                return
        self._odd(part, "an order; they are sort:relevance, sort:date and sort:votes")

    def _odd(self, part: Part, kind: str) -> None:
        """Leave out what its operator cannot read, and say so."""
        shown = part.text if len(part.text) <= 40 else f"{part.text[:40]}…"
        self.odd.append(f"“{part.field}:{shown}” was left out: “{shown}” is not {kind}.")


def _counts(sign: str) -> bool:
    """Whether a sign can be part of a word as the engine cuts words."""
    return sign.isalnum() or unicodedata.category(sign)[0] == "M"


def _each[T](many: "Sequence[T] | map[T]") -> tuple[T, ...]:
    return tuple(dict.fromkeys(many))


def _spelled(category: str) -> str:
    """Return a category as arXiv spells it: archives in small letters, classes in capitals but for two archives."""
    archive, dot, subject = category.lower().partition(".")
    return archive + dot + (subject if archive in ("physics", "cond-mat") else subject.upper())
