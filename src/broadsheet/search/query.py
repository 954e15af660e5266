"""What people type into the search box, taken apart: an id or URL that names a paper, or words with filters."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from broadsheet.errors import BadInput
from broadsheet.search.index import Filters
from broadsheet.sources import arxiv_ids

LONGEST = 2000
"""Characters of a query that are read; the rest is cut off, and the results say so."""

_CATEGORY = re.compile(r"[A-Za-z-]{2,10}(\.[A-Za-z-]{2,12})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Query:
    """A query taken apart. key: canonical id when the whole text names one paper. cut: the text was too long."""

    text: str
    filters: Filters
    key: str | None = None
    cut: bool = False


def parse(text: str, *, categories: Sequence[str] = (), since: date | None = None, until: date | None = None) -> Query:
    """Take a query apart.

    text: words, or an arXiv id or URL. categories: any of them, whole archives too (``cs``).
    since, until: edition days, both included.
    Raises BadInput for a category that cannot be one and for a range that ends before it begins.
    """
    for category in categories:
        if not _CATEGORY.fullmatch(category):
            raise BadInput(f"{category[:40]!r} is not a category.", "Categories look like cs.LG, or cs for all of it.")
    if since and until and since > until:
        raise BadInput(f"The range ends ({until}) before it begins ({since}).", "Swap the two days.")
    bare = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:LONGEST]).split())
    return Query(
        text=bare,
        filters=Filters(tuple(dict.fromkeys(map(_spelled, categories))), since, until),
        key=arxiv_ids.find(bare),
        cut=len(text) > LONGEST,
    )


def _spelled(category: str) -> str:
    """Return a category as arXiv spells it: archives in small letters, classes in capitals but for two archives."""
    archive, dot, subject = category.lower().partition(".")
    return archive + dot + (subject if archive in ("physics", "cond-mat") else subject.upper())
