"""What the front page costs: queries, processor time and bytes, without any cache, with it, and answered by 304.

For a visitor, whose page is kept, and for a reader who is signed in, whose page shows what is theirs.
"""

import gzip
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from django.core.cache import cache
from django.db import connection
from django.test import Client, override_settings

from broadsheet import __version__
from broadsheet.accounts.models import User
from broadsheet.errors import NotFound
from broadsheet.hub import forget
from broadsheet.papers import mathml
from broadsheet.ranking.lists import newest_day

ROUNDS = 30


@dataclass(frozen=True, slots=True)
class Row:
    """One way of asking for the page. cpu_ms: median and highest processor time; size: bytes sent."""

    name: str
    status: int
    queries: int
    cpu_ms: float
    cpu_ms_max: float
    size: int


def measure() -> list[Row]:
    """Ask this process for the newest edition in each way and return what it cost.

    Raises NotFound where there is no edition.
    """
    day = newest_day()
    if day is None:
        raise NotFound("There is no edition to measure.", "Take papers in first: broadsheet ingest sample.")
    # A site for one reader has no visitors; what they would cost is measured all the same.
    with override_settings(MODE="open", ALLOWED_HOSTS=["localhost"]):
        return [*_visitor(f"/papers/date/{day}"), *_reader(f"/papers/date/{day}")]


def _visitor(path: str) -> list[Row]:
    client = Client(headers={"host": "localhost", "accept-encoding": "gzip"})
    client.get(path)  # imports and templates are loaded once in a server's life

    def all_cold() -> None:
        cache.clear()
        mathml.forget()
        forget()

    etag = client.get(path)["ETag"]
    return [
        _row("every cache empty", client, path, all_cold),
        _row("page cache empty", client, path, cache.clear),
        _row("from the page cache", client, path, lambda: None),
        _row("not modified (ETag)", client, path, lambda: None, headers={"If-None-Match": etag}),
        _row("baseline: status page, never cached", client, "/status", lambda: None),
    ]


def _reader(path: str) -> list[Row]:
    """Measure the page of a reader who is signed in, where there is one; the session is taken away again."""
    reader = User.objects.order_by("pk").first()
    if reader is None:
        return []
    client = Client(headers={"host": "localhost"})
    client.force_login(reader)
    try:
        return [_row("for a reader who is signed in", client, path, lambda: None)]
    finally:
        client.logout()


def _row(
    name: str, client: Client, path: str, before: Callable[[], None], headers: dict[str, str] | None = None
) -> Row:
    times: list[float] = []
    queries = 0

    def count(execute: Any, *args: Any) -> Any:
        nonlocal queries
        queries += 1
        return execute(*args)

    for _ in range(ROUNDS):
        before()
        queries = 0
        with connection.execute_wrapper(count):
            began = time.process_time()
            response = client.get(path, headers=headers)
            times.append((time.process_time() - began) * 1000)
    body = response.content
    sent = body if response.get("Content-Encoding") or not body else gzip.compress(body)
    return Row(name, response.status_code, queries, statistics.median(times), max(times), len(sent))


def run(*, as_json: bool) -> None:
    """Print the table."""
    rows = measure()
    if as_json:
        print(json.dumps({"version": __version__, "rounds": ROUNDS, "rows": [asdict(row) for row in rows]}, indent=1))
        return
    print(f"The newest edition, {ROUNDS} rounds each, Python {sys.version.split()[0]}, test client in process")
    print(f"{'':<38}{'status':>7}{'queries':>9}{'CPU ms':>9}{'highest':>9}{'bytes':>9}")
    for row in rows:
        print(f"{row.name:<38}{row.status:>7}{row.queries:>9}{row.cpu_ms:>9.2f}{row.cpu_ms_max:>9.2f}{row.size:>9}")
