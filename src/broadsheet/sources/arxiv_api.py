"""arXiv's API: single papers, searches, totals, and the newest of some categories. It answers Atom."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources.arxiv_calendar import announced_on
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.record import Item, Record, Reject
from broadsheet.sources.rows import moment_of, record_of

SLICE = 200
EMPTY_TRIES = 3
_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_TOTAL = "{http://a9.com/-/spec/opensearch/1.1/}totalResults"
# Only a sentence that says so of this paper; "methods withdrawn from use" in an abstract is not one.
_PAPER = r"(?:paper|article|manuscript|submission|preprint|work)"
_IS_WITHDRAWN = r"(?:(?:has|have|had) (?:since )?been|is(?: being)?|was) (?:\w+ )?withdrawn"
_FROM_ELSEWHERE = r"\b(?! from (?!(?:the )?arxiv))"  # "withdrawn from the proceedings" leaves the paper where it is
_WITHDRAWN = re.compile(
    rf"\b(?:this|the) (?:arxiv )?{_PAPER} {_IS_WITHDRAWN}{_FROM_ELSEWHERE}"
    rf"|\bauthors? (?:has|have) withdrawn (?:this|the) {_PAPER}{_FROM_ELSEWHERE}",
    re.IGNORECASE,
)
_WITHDRAWN_COMMENT = re.compile(rf"^\W*(?:{_PAPER} )?(?:{_IS_WITHDRAWN}|withdrawn){_FROM_ELSEWHERE}", re.IGNORECASE)


class ArxivApi:
    """arXiv's API behind a polite client. address: of its query endpoint."""

    def __init__(self, client: PoliteClient, address: str) -> None:
        self._client = client
        self._address = address

    def by_ids(self, ids: Sequence[str]) -> Iterator[Item]:
        """Yield the papers of some ids; unknown ones are left out. Raises Upstream."""
        rows = self._ask({"id_list": ",".join(ids), "start": "0", "max_results": str(len(ids))})[0]
        yield from _numbered(rows)

    def newest(self, categories: Sequence[str], *, since: datetime, limit: int) -> Iterator[Item]:
        """Yield the papers of some categories, newest first, down to those submitted before ``since``.

        limit: papers at most. Raises Upstream, also where an answer stays empty in the midst of the results.
        """
        given = 0
        while given < limit:
            rows, total = self._slice(categories, given, min(SLICE, limit - given))
            for row in rows:
                if isinstance(row, Record) and row.published and row.published < since:
                    return
                given += 1
                yield Item(given, row)
            if given >= total:
                return

    def search(
        self, query: str, *, start: int = 0, limit: int = 20, newest: bool = False
    ) -> tuple[list[Record | Reject], int]:
        """Return the best results of a search in arXiv's own language, and how many there are in all.

        query: as ``arxiv_query.translated`` writes it. start: how many results to pass over. newest: those
        submitted last come first, instead of those that fit best.
        Raises BadInput where arXiv refuses the query, and Upstream.
        """
        order = {"sortBy": "submittedDate" if newest else "relevance", "sortOrder": "descending"}
        return self._ask({"search_query": query, "start": str(start), "max_results": str(limit)} | order)

    def total(self, category: str | Sequence[str], first: datetime, last: datetime) -> int | None:
        """Return how many papers of a category, crossed in or not, were submitted from one minute to another.

        category: or several, whose papers are counted once each.

        first, last: with a zone; both minutes count. None where the answer does not tell. Raises BadInput, Upstream.
        """
        begins, ends = (f"{moment.astimezone(UTC):%Y%m%d%H%M}" for moment in (first, last))
        names = " OR ".join(f"cat:{one}" for one in ([category] if isinstance(category, str) else category))
        query = f"{f'({names})' if ' ' in names else names} AND submittedDate:[{begins} TO {ends}]"
        # One row is asked for, as an answer without any is what arXiv also sends by mistake.
        return _told_total(self._body({"search_query": query, "start": "0", "max_results": "1"}))

    def _slice(self, categories: Sequence[str], start: int, size: int) -> tuple[list[Record | Reject], int]:
        """Return one slice and the total; an empty one in the midst comes by mistake at times: it is asked again."""
        for _ in range(EMPTY_TRIES):
            rows, total = self._ask(
                {
                    "search_query": " OR ".join(f"cat:{category}" for category in categories),
                    "sortBy": "submittedDate",
                    "sortOrder": "descending",
                    "start": str(start),
                    "max_results": str(size),
                }
            )
            if rows or start >= total:
                return rows, total
        raise Upstream(f"arXiv sent nothing for results from {start} of {total}.", "Try again later.")

    def _ask(self, params: dict[str, str]) -> tuple[list[Record | Reject], int]:
        return parse(self._body(params))

    def _body(self, params: dict[str, str]) -> bytes:
        answer = self._client.get(self._address, params)
        if answer.status == 400:
            raise BadInput(f"arXiv refused the request: {_refusal(answer.body)}.")
        if answer.status != 200:
            raise Upstream(f"{self._address} answered {answer.status}.", "Try again later.")
        return answer.body


def parse(body: bytes) -> tuple[list[Record | Reject], int]:
    """Return the entries of an Atom answer, and how many results there are in all.

    Raises Upstream where the answer is not Atom, or says that it is an error.
    """
    feed = _answer(body)
    entries = feed.findall(f"{_ATOM}entry")
    total = _number(feed)
    return [_row(entry) for entry in entries], len(entries) if total is None else total


def says_withdrawn(comment: str, abstract: str) -> bool:
    """Whether the authors' comment or abstract says that this paper has been withdrawn."""
    return bool(_WITHDRAWN_COMMENT.search(comment) or _WITHDRAWN.search(comment) or _WITHDRAWN.search(abstract))


def _told_total(body: bytes) -> int | None:
    """Return the total an answer tells, None where it tells none, or one entry and a total of nothing."""
    feed = _answer(body)
    total = _number(feed)
    return None if total == 0 and feed.find(f"{_ATOM}entry") is not None else total


def _number(feed: Element) -> int | None:
    total = re.fullmatch(r"[0-9]{1,9}", _text(feed, _TOTAL))
    return int(total[0]) if total else None


def _answer(body: bytes) -> Element:
    """Return the feed of an answer; raises Upstream where it is none, or one that tells of an error."""
    feed = _feed(body)
    entries = feed.findall(f"{_ATOM}entry")
    if len(entries) == 1 and "/api/errors" in _text(entries[0], f"{_ATOM}id"):
        raise Upstream(f"arXiv answered an error: {_text(entries[0], f'{_ATOM}summary')}.")
    return feed


def _feed(body: bytes) -> Element:
    try:
        feed: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Upstream(f"arXiv's answer is not XML: {error}.", "Try again later.") from None
    if feed.tag != f"{_ATOM}feed":
        raise Upstream(f"arXiv's answer is not an Atom feed but {feed.tag[:60]!r}.", "Try again later.")
    return feed


def _refusal(body: bytes) -> str:
    try:
        return _text(_feed(body), f"{_ATOM}entry/{_ATOM}summary") or "no reason given"
    except Upstream:
        return "no reason given"


def _row(entry: Element) -> Record | Reject:
    comment, abstract = _text(entry, f"{_ARXIV}comment"), _text(entry, f"{_ATOM}summary")
    published, updated = _text(entry, f"{_ATOM}published"), _text(entry, f"{_ATOM}updated")
    facts = {
        "id": _text(entry, f"{_ATOM}id"),
        "title": _text(entry, f"{_ATOM}title"),
        "abstract": abstract,
        "authors": [name for author in entry.iter(f"{_ATOM}author") if (name := _text(author, f"{_ATOM}name"))],
        "categories": _categories(entry),
        "published": published,
        "updated": updated,
        "withdrawn": updated if says_withdrawn(comment, abstract) else None,
        "comment": comment,
        "doi": _text(entry, f"{_ARXIV}doi"),
        "journal_ref": _text(entry, f"{_ARXIV}journal_ref"),
    }
    try:
        facts["announced"] = announced_on(moment_of(published)).isoformat() if published else None
        return record_of(facts, "arxiv")
    except (BadInput, ValueError) as error:
        return Reject(f"{str(facts['id'])[:60]}: {error}", str(facts)[:10_000])


def _categories(entry: Element) -> list[str]:
    """Return the categories, the primary one first."""
    primary = [element.get("term", "") for element in entry.iter(f"{_ARXIV}primary_category")]
    others = [element.get("term", "") for element in entry.iter(f"{_ATOM}category")]
    return [term for term in dict.fromkeys([*primary, *others]) if term]


def _text(element: Element, path: str) -> str:
    """Return an element's text with arXiv's line breaks folded; empty where there is none."""
    return " ".join((element.findtext(path) or "").split())


def _numbered(rows: Iterable[Record | Reject]) -> Iterator[Item]:
    for position, row in enumerate(rows, start=1):
        yield Item(position, row)
