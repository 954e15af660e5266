"""A web address as a source: what answers there is told by its content. The client is polite elsewhere, in ``http``."""

import json
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources import biorxiv, openreview
from broadsheet.sources.by_content import SliceOf, source_of
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.record import Source

_DAYS_BACK = 5


def address_of(place: str, today: date) -> str:
    """Return the address that a place names, '' where it names none.

    place: a web address, or ``biorxiv`` or ``medrxiv`` for its preprints of the last days.
    """
    if place in biorxiv.SERVERS:
        return biorxiv.newest(place, (today - timedelta(days=_DAYS_BACK)).isoformat(), today.isoformat())
    return place if re.match(r"https?://[^\s/]", place, re.IGNORECASE) else ""


def source_at(url: str, client: PoliteClient, name: str | None = None) -> Source:
    """Return the source that reads an address, after asking it once; later slices are asked for as they are read.

    url: of a feed, a file, an answer of OpenReview's or bioRxiv's API, or a page of one paper or venue there.
    name: kept as the papers' source instead of the host's or place's own.
    Raises BadInput where nothing that is known answers there, and Upstream where nothing answers at all.
    """
    address = openreview.api_address(biorxiv.api_address(url))

    def further(slice_of: SliceOf) -> Callable[[int], Any]:
        return lambda start: _decoded(_body(slice_of(address, start), client), address)

    source = source_of(_body(address, client), urlsplit(url).hostname or "web", name, further)
    if source is None:
        raise BadInput(
            f"Nothing that can be read answers at {url[:200]}.",
            "Known are feeds (RSS, Atom), BibTeX, RIS, CSL-JSON, files of the ACL Anthology, and answers of "
            "OpenReview's and bioRxiv's API.",
        )
    return source


def _body(address: str, client: PoliteClient) -> bytes:
    answer = client.get(address, remember=True)
    if answer.status != 200:
        told = openreview.refusal(answer.body, address)
        raise told or Upstream(f"{address[:200]} answered {answer.status}.", "Look at the address, or try again later.")
    if not answer.body.strip():
        raise Upstream(f"{address[:200]} answered with nothing at all.", "It is out of order; try again later.")
    return answer.body


def _decoded(body: bytes, address: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Upstream(f"A later slice of {address[:200]} is not JSON: {error}.", "Try again later.") from None
