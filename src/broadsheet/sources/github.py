"""Stars of repositories as GitHub's API tells them: one by one with ETags, or a hundred at a time with a token."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from broadsheet.errors import Upstream
from broadsheet.sources.answers import decoded, rows, text, whole
from broadsheet.sources.http import PoliteClient

API = "https://api.github.com"
AT_ONCE = 100
"""Repositories in one question of the GraphQL API, which costs as much as one repository."""

KEY = "BROADSHEET_GITHUB_TOKEN"
_OWNER = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})"
_NAME = r"[A-Za-z0-9._-]{1,100}"
_FULL = re.compile(rf"{_OWNER}/{_NAME}", re.ASCII)
# First parts of paths that are pages of GitHub's own and nobody's account.
_PAGES = frozenset(
    {"about", "apps", "collections", "features", "login", "marketplace", "orgs", "search", "settings", "sponsors"}
    | {"topics", "users"}
)


class Seen(NamedTuple):
    """A repository as it was seen. name: owner/name as it is called now. stars: None where it has not changed.

    gone: GitHub does not know it, or does not show it to everybody.
    """

    name: str
    stars: int | None = None
    archived: bool = False
    gone: bool = False
    etag: str = ""


def name_of(address: str) -> str:
    """Return ``owner/name`` of the repository that an address lies in, in small letters as GitHub compares them.

    '' for an address elsewhere, for an account, and for a page of GitHub's own.
    """
    try:
        parts = urlsplit(address.strip()[:2000])
        host = (parts.hostname or "").removeprefix("www.")
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or host != "github.com":
        return ""
    name = "/".join(parts.path.split("/")[1:3]).removesuffix(".git").rstrip(".").lower()
    is_one = _FULL.fullmatch(name) and name.split("/")[0] not in _PAGES and not name.endswith(("/.", "/.."))
    return name if is_one else ""


class GitHub:
    """GitHub's API, asked politely.

    token: any of an account, even without a single permission, as only what is public is read. Without one GitHub
    answers 60 requests an hour.
    """

    def __init__(self, client: PoliteClient, api: str = API, token: str = "") -> None:
        self._client, self._api, self.token = client, api.rstrip("/"), token

    def one(self, name: str, etag: str = "") -> Seen:
        """Ask for one repository. etag: what came with the last answer; where nothing changed since, stars are None.

        A repository that was renamed is followed to its new name. Raises Refused and Upstream.
        """
        headers = self._headers() | ({"If-None-Match": etag} if etag else {})
        answer = self._client.get(f"{self._api}/repos/{name}", headers=headers)
        if answer.status == 304:
            return Seen(name, etag=etag)
        # 451: taken down for legal reasons.
        if answer.status in (404, 410, 451):
            return Seen(name, gone=True)
        told = decoded(answer, "GitHub", KEY, self.token)
        seen = _seen(told, "full_name", "stargazers_count", "archived")
        if seen is None:
            raise Upstream(f"GitHub's answer on {name} tells no stars.", "Try again later.")
        return seen._replace(etag=answer.headers.get("etag", "")[:200])

    def many(self, names: Sequence[str]) -> dict[str, Seen]:
        """Ask for up to a hundred repositories at once, which takes a token; what is not told of is left out.

        Raises Refused and Upstream.
        """
        asked = list(names[:AT_ONCE])
        named: dict[str, str] = {}
        fields = []
        for place, name in enumerate(asked):
            owner, _, own = name.partition("/")
            # Names go as variables, so that none of them can become a part of the question.
            named |= {f"o{place}": owner, f"n{place}": own}
            fields.append(
                f"r{place}: repository(owner: $o{place}, name: $n{place}, followRenames: true)"
                " { nameWithOwner stargazerCount isArchived }"
            )
        declared = ", ".join(f"${name}: String!" for name in named)
        question = {"query": f"query({declared}) {{ {' '.join(fields)} }}", "variables": named}
        answer = self._client.post(f"{self._api}/graphql", question, headers=self._headers())
        told = decoded(answer, "GitHub", KEY, self.token)
        found = told.get("data") if isinstance(told, dict) else None
        if not isinstance(found, dict):
            raise Upstream(f"GitHub answered no data: {_trouble(told)}.", "Try again later.")
        return self._of_many(asked, found, rows(told.get("errors")))

    def _of_many(self, asked: Sequence[str], found: Mapping[str, Any], errors: list[dict[str, Any]]) -> dict[str, Seen]:
        missing = {str(path[0]) for one in errors if one.get("type") == "NOT_FOUND" and (path := one.get("path"))}
        seen: dict[str, Seen] = {}
        for place, name in enumerate(asked):
            one = _seen(found.get(f"r{place}"), "nameWithOwner", "stargazerCount", "isArchived")
            if one:
                seen[name] = one
            elif f"r{place}" in missing:
                seen[name] = Seen(name, gone=True)
        return seen

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
        return headers | ({"Authorization": f"Bearer {self.token}"} if self.token else {})


def _seen(told: object, name: str, stars: str, archived: str) -> Seen | None:
    if not isinstance(told, dict):
        return None
    count, full = whole(told.get(stars)), text(told.get(name)).lower()
    if count is None or not _FULL.fullmatch(full):
        return None
    return Seen(full, count, told.get(archived) is True)


def _trouble(told: object) -> str:
    errors = rows(told.get("errors")) if isinstance(told, dict) else []
    return text(errors[0].get("message"), 160) if errors else "nothing"
