"""Citations and references as Semantic Scholar's Academic Graph tells them, many papers at a time."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from broadsheet.errors import Upstream
from broadsheet.sources import arxiv_ids
from broadsheet.sources.answers import decoded, rows, text, whole
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.paper_ids import acl_key, bare_doi, key_of

API = "https://api.semanticscholar.org"
AT_ONCE = 50
"""Papers in one question. The API takes 500, but an answer with references may not be larger than 10 MB."""

KEY = "BROADSHEET_SEMANTIC_SCHOLAR_KEY"
_FIELDS = "externalIds,citationCount,influentialCitationCount,referenceCount,references.externalIds"
MOST_REFERENCES = 1000


class Cited(NamedTuple):
    """What is told of a paper. id: the place's own. references: keys of those of its references that have one here.

    reference_count: how many it has in all; None where its publisher does not let that be told.
    """

    id: str
    citations: int
    influential: int | None = None
    reference_count: int | None = None
    references: tuple[str, ...] = ()


def name_of(key: str, doi: str = "") -> str:
    """Return what Semantic Scholar calls a paper of a key or a DOI, '' where it knows neither."""
    if arxiv_ids.is_arxiv(key):
        return f"ARXIV:{key}"
    place, _, own = key.partition(":")
    if place == "acl":
        return f"ACL:{own}"
    doi = doi or (own if place == "doi" else "")
    return f"DOI:{doi}" if bare_doi(doi) == doi and doi else ""


class SemanticScholar:
    """The API, asked politely. key: optional; without one all who have none share one limit."""

    def __init__(self, client: PoliteClient, api: str = API, key: str = "") -> None:
        self._client, self._api, self._key = client, api.rstrip("/"), key

    def batch(self, names: Sequence[str]) -> list[Cited | None]:
        """Ask for papers by the names that ``name_of`` gives; None for one that is not known there.

        Raises Refused and Upstream.
        """
        asked = list(names[:AT_ONCE])
        headers = {"x-api-key": self._key} if self._key else {}
        address = f"{self._api}/graph/v1/paper/batch"
        answer = self._client.post(address, {"ids": asked}, {"fields": _FIELDS}, headers)
        if answer.status in (400, 404) and b"No valid paper ids" in answer.body:
            return [None] * len(asked)
        told = decoded(answer, "Semantic Scholar", KEY, self._key)
        if not isinstance(told, list) or len(told) != len(asked):
            raise Upstream("Semantic Scholar's answer does not tell of each paper.", "Try again later.")
        return [_cited(one) for one in told]


def _cited(told: object) -> Cited | None:
    if not isinstance(told, dict) or (count := whole(told.get("citationCount"))) is None:
        return None
    keys = (_key(row.get("externalIds")) for row in rows(told.get("references"))[:MOST_REFERENCES])
    return Cited(
        text(told.get("paperId"), 60),
        count,
        whole(told.get("influentialCitationCount")),
        whole(told.get("referenceCount")),
        tuple(dict.fromkeys(filter(None, keys))),
    )


def _key(ids: object) -> str:
    """Return the key of a paper that has ids elsewhere, '' where none of them makes one."""
    if not isinstance(ids, Mapping):
        return ""
    told: Mapping[str, Any] = ids
    if key := arxiv_ids.find(text(told.get("ArXiv"), 60)):
        return key
    if acl := text(told.get("ACL"), 60):
        return acl_key(acl)
    return key_of([], doi=bare_doi(text(told.get("DOI"))))
