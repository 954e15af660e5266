"""Who says of a paper that it is theirs, as ORCID's public API finds them; an iD's check digit."""

import re
from typing import Any, NamedTuple

from broadsheet.errors import Upstream
from broadsheet.sources import arxiv_ids
from broadsheet.sources.answers import decoded, rows, text
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.paper_ids import bare_doi

API = "https://pub.orcid.org"
KEY = "BROADSHEET_ORCID_TOKEN"
MOST = 100
_ID = re.compile(r"(?:https?://(?:www\.)?orcid\.org/)?(\d{4}-\d{4}-\d{4}-\d{3}[\dX])", re.ASCII)


class Holder(NamedTuple):
    """Somebody whose record names the paper. names: as they write themselves, any of which the paper may bear."""

    orcid: str
    names: tuple[str, ...]


def read(told: str) -> str:
    """Return an iD as 0000-0000-0000-0000 from itself or its address, '' where it is none by form or check digit."""
    found = _ID.fullmatch(told.strip())
    if not found:
        return ""
    total = 0
    for digit in found[1].replace("-", "")[:-1]:
        total = (total + int(digit)) * 2
    left = (12 - total % 11) % 11
    return found[1] if found[1][-1] == ("X" if left == 10 else str(left)) else ""


class Orcid:
    """The public API, asked politely. token: one for reading what is public, which ORCID gives for nothing."""

    def __init__(self, client: PoliteClient, api: str = API, token: str = "") -> None:
        self._client, self._api, self._token = client, api.rstrip("/"), token

    def holders(self, key: str, doi: str = "") -> list[Holder]:
        """Return those whose record holds a paper as their own, by its arXiv id or DOI; none where it has neither.

        Raises Refused and Upstream.
        """
        terms = [f'arxiv-self:"{key}"'] if arxiv_ids.is_arxiv(key) else []
        own = bare_doi(doi or (key.removeprefix("doi:") if key.startswith("doi:") else ""))
        # Quotation marks and backslashes would end the phrase.
        if own and not re.search(r'["\\]', own):
            terms.append(f'doi-self:"{own}"')
        if not terms:
            return []
        headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {self._token}"} if self._token else {})
        asked = {"q": " OR ".join(terms), "rows": str(MOST)}
        answer = self._client.get(f"{self._api}/v3.0/expanded-search/", asked, headers)
        told = decoded(answer, "ORCID", KEY, self._token)
        if not isinstance(told, dict):
            raise Upstream("ORCID's answer holds no result.", "Try again later.")
        return [one for one in map(_holder, rows(told.get("expanded-result"))) if one.orcid and one.names]


def _holder(told: dict[str, Any]) -> Holder:
    given, family = text(told.get("given-names"), 100), text(told.get("family-names"), 100)
    others = told.get("other-name")
    listed = [text(one, 100) for one in others] if isinstance(others, list) else []
    names = [f"{given} {family}".strip(), text(told.get("credit-name"), 100), *listed]
    return Holder(read(text(told.get("orcid-id"), 60)), tuple(dict.fromkeys(filter(None, names))))
