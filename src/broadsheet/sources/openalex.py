"""Citations, references and authors' ORCID iDs as OpenAlex tells them, many works at a time."""

import re
from collections.abc import Sequence
from typing import Any, NamedTuple

from broadsheet.errors import BroadsheetError, Upstream
from broadsheet.sources import arxiv_ids, orcid
from broadsheet.sources.answers import decoded, rows, text, whole
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.paper_ids import bare_doi

API = "https://api.openalex.org"
AT_ONCE = 50
"""Works in one question: a filter takes a hundred values, and addresses have a length that everybody takes."""

KEY = "BROADSHEET_OPENALEX_KEY"
_FIELDS = "id,doi,cited_by_count,referenced_works_count,referenced_works,authorships"
_WORK = re.compile(r"(?:https?://openalex\.org/)?(W\d{1,15})", re.ASCII)
MOST_REFERENCES = 1000


class Author(NamedTuple):
    """One author of a work: the name as the paper bears it, and the iD that OpenAlex gives it, or ''."""

    name: str
    orcid: str = ""


class Work(NamedTuple):
    """What is told of a work. id: as W2741809807. references: the works it cites, by such ids."""

    id: str
    doi: str
    citations: int
    reference_count: int | None = None
    references: tuple[str, ...] = ()
    authors: tuple[Author, ...] = ()


def doi_of(key: str, doi: str = "") -> str:
    """Return the DOI under which OpenAlex knows a paper: arXiv's own for arXiv's papers; '' where there is none.

    One with a sign that parts the values of a filter is none that can be asked for.
    """
    if arxiv_ids.is_arxiv(key):
        return f"10.48550/arxiv.{key}".lower()
    found = bare_doi(doi or key.removeprefix("doi:") if key.startswith("doi:") or doi else "").lower()
    return "" if re.search(r"[|,]", found) else found


class OpenAlex:
    """The API, asked politely. key: free, and needed for more than a few hundred questions a day."""

    def __init__(self, client: PoliteClient, api: str = API, key: str = "") -> None:
        self._client, self._api, self._key = client, api.rstrip("/"), key

    def works(self, dois: Sequence[str]) -> dict[str, Work]:
        """Ask for works by their DOIs in small letters, AT_ONCE at most; one that is not known is left out.

        Raises Refused and Upstream, whose messages do not tell the key.
        """
        asked = list(dict.fromkeys(dois[:AT_ONCE]))
        names = {"filter": f"doi:{'|'.join(asked)}", "select": _FIELDS, "per_page": str(AT_ONCE)}
        try:
            answer = self._client.get(f"{self._api}/works", names | ({"api_key": self._key} if self._key else {}))
            told = decoded(answer, "OpenAlex", KEY)
        except BroadsheetError as error:
            # The key goes in the address, as OpenAlex wants it, and addresses stand in messages.
            if self._key and self._key in str(error):
                hidden = [part.replace(self._key, "...") for part in (error.message, error.hint)]
                raise type(error)(*hidden) from None
            raise
        if not isinstance(told, dict) or not isinstance(told.get("results"), list):
            raise Upstream("OpenAlex's answer holds no results.", "Try again later.")
        found: dict[str, Work] = {}
        for work in filter(None, map(_work, rows(told["results"]))):
            # A preprint and what became of it may be two works with one DOI; the one more known is the paper.
            if work.doi in asked and (work.doi not in found or found[work.doi].citations < work.citations):
                found[work.doi] = work
        return found


def _work(told: dict[str, Any]) -> Work | None:
    name, count = _id(told.get("id")), whole(told.get("cited_by_count"))
    if not name or count is None:
        return None
    listed = told.get("referenced_works")
    references = (_id(one) for one in (listed if isinstance(listed, list) else [])[:MOST_REFERENCES])
    return Work(
        name,
        bare_doi(text(told.get("doi"))).lower(),
        count,
        whole(told.get("referenced_works_count")),
        tuple(dict.fromkeys(filter(None, references))),
        tuple(map(_author, rows(told.get("authorships")))),
    )


def _id(told: object) -> str:
    found = _WORK.fullmatch(told) if isinstance(told, str) else None
    return found[1] if found else ""


def _author(told: dict[str, Any]) -> Author:
    author = told.get("author")
    known: dict[str, Any] = author if isinstance(author, dict) else {}
    name = text(told.get("raw_author_name")) or text(known.get("display_name"))
    return Author(name, orcid.read(text(known.get("orcid"), 60)))
