"""A search server as it is reached: its address and key, its version, and its errors told as ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import urlsplit

from qdrant_client import QdrantClient
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from broadsheet.errors import BroadsheetError, Upstream

LEAST_VERSION = (1, 20)
"""Of the server: from it on text is ranked by BM25 there."""

PATIENCE = 30
"""Seconds that an answer is waited for."""

_servers: dict[tuple[str, str], "Server"] = {}
_holding = threading.Lock()


class Server:
    """One server or cluster. The client keeps connections open and may be used from any thread."""

    def __init__(self, client: QdrantClient, url: str, key: str) -> None:
        self._client = client
        self._key = key
        self._users = 0
        self.url = url

    @classmethod
    def at(cls, url: str, key: str = "") -> Self:
        """Reach a server; who asks twice for the same gets the same. ``let_go`` as often.

        Raises Upstream where it does not answer or refuses the key, and BroadsheetError where it is too old.
        """
        with _holding:
            server = _servers.get((url, key))
            if server is None:
                server = _servers[url, key] = cls._reached(url, key)
            server._users += 1
            assert isinstance(server, cls)
            return server

    @classmethod
    def _reached(cls, url: str, key: str) -> Self:
        # As a header of its own the key may go over plain HTTP within a private network without a warning each time.
        headers = {"api-key": key} if key else None
        client = QdrantClient(url=url, headers=headers, timeout=PATIENCE, check_compatibility=False)
        server = cls(client, _bare(url), key)
        try:
            server.check_version()
        except BaseException:
            client.close()
            raise
        return server

    def let_go(self) -> None:
        """Close the connections once nobody uses them any more."""
        with _holding:
            self._users -= 1
            if self._users <= 0:
                for known in [known for known, server in _servers.items() if server is self]:
                    del _servers[known]
                self._client.close()

    def check_version(self) -> None:
        """Raise BroadsheetError where the server is older than what is needed."""
        with self.asked("asking for its version") as client:
            version = client.info().version
            client.get_aliases()  # the version is told without a key
        found = tuple(int(part) for part in version.split("-")[0].split(".")[:2] if part.isdigit())
        if found < LEAST_VERSION:
            raise BroadsheetError(
                f"The search server {self.url} is Qdrant {version}; BROADSHEET_SEARCH_URL needs "
                f"{'.'.join(map(str, LEAST_VERSION))} or newer.",
                "Update the server; its data stays. Without BROADSHEET_SEARCH_URL search is in files of this machine.",
            )

    @contextmanager
    def asked(self, doing: str) -> Iterator[QdrantClient]:
        """Yield the client for one question, whose failure is told as ours."""
        try:
            yield self._client
        except BroadsheetError:
            raise
        except ResponseHandlingException as error:
            raise Upstream(
                f"The search server {self.url} (BROADSHEET_SEARCH_URL) did not answer while {doing}: "
                f"{error.source or type(error.source).__name__}.",
                _OTHER_ADDRESS,
            ) from error
        except UnexpectedResponse as error:
            raise self._told(error, doing) from error
        except (ValueError, RuntimeError, KeyError, OSError) as error:
            raise BroadsheetError(f"The search server {self.url} failed while {doing}: {error}.") from error

    def _told(self, error: UnexpectedResponse, doing: str) -> BroadsheetError:
        if error.status_code in (401, 403):
            given = "refuses the key of BROADSHEET_SEARCH_KEY" if self._key else "wants a key"
            return Upstream(
                f"The search server {self.url} {given} (it answered {error.status_code} while {doing}).",
                "Set BROADSHEET_SEARCH_KEY to a key of the server that may read and write.",
            )
        said = " ".join(error.content.decode(errors="replace").split())[:300]
        return Upstream(f"The search server {self.url} answered {error.status_code} while {doing}: {said}")


_OTHER_ADDRESS = (
    "Start it, or set BROADSHEET_SEARCH_URL to its address, such as http://127.0.0.1:6333; "
    "empty, search is in files of this machine."
)


def _bare(url: str) -> str:
    """Return an address without what may be a secret in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
