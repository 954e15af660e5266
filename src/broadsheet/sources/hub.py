"""Models, datasets and spaces that name a paper, as the API of the Hugging Face Hub lists them."""

import re
from typing import Any, NamedTuple

from broadsheet.sources import arxiv_ids
from broadsheet.sources.answers import decoded, rows, text, whole
from broadsheet.sources.http import PoliteClient

API = "https://huggingface.co"
KINDS = ("models", "datasets", "spaces")
MOST = 100
"""How many of a kind are counted; the Hub tells no number of all of them."""

KEPT = 5
_NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,95}(?:/[A-Za-z0-9_][\w.-]{0,95})?", re.ASCII)


class Shelf(NamedTuple):
    """Things of one kind. number: how many, at most MOST. more: there are more than that. top: the first of them.

    Each of the top has id, likes and, but for spaces, downloads, with the names that the Hub gives these.
    """

    number: int = 0
    more: bool = False
    top: tuple[dict[str, Any], ...] = ()


class Hub:
    """The Hub's API, asked politely. Asking needs no token."""

    def __init__(self, client: PoliteClient, api: str = API) -> None:
        self._client, self._api = client, api.rstrip("/")

    def linked(self, key: str, kind: str) -> Shelf:
        """Return what of one kind names a paper of arXiv, most downloaded first, or most liked for spaces.

        key: a canonical arXiv id. kind: one of KINDS. Raises Refused and Upstream.
        """
        assert kind in KINDS
        assert arxiv_ids.is_arxiv(key)
        order = "likes" if kind == "spaces" else "downloads"
        asked = {"filter": f"arxiv:{key}", "sort": order, "direction": "-1", "limit": str(MOST)}
        answer = self._client.get(f"{self._api}/api/{kind}", asked)
        # Spaces alone have no downloads, and what is private is not for everybody.
        found = [row for row in map(_entry, rows(_list(decoded(answer, "The Hub")))) if row]
        more = len(found) >= MOST or 'rel="next"' in answer.headers.get("link", "")
        return Shelf(len(found), more, tuple(found[:KEPT]))


def _list(told: object) -> object:
    """Return an answer that is a list as it stands; the Hub has never wrapped one, and anything else holds nothing."""
    return told if isinstance(told, list) else []


def _entry(row: dict[str, Any]) -> dict[str, Any] | None:
    name = text(row.get("id"), 200)
    if not _NAME.fullmatch(name) or ".." in name or row.get("private") is True:
        return None
    entry: dict[str, Any] = {"id": name}
    for field in ("likes", "downloads"):
        if (count := whole(row.get(field))) is not None:
            entry[field] = count
    for field in ("pipeline_tag", "library_name", "sdk", "lastModified"):
        if told := text(row.get(field), 60):
            entry[field] = told
    return entry
