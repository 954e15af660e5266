"""arXiv's OAI-PMH asked for ids alone: what of a set has changed between two days, without any metadata.

Records come through ``arxiv_oai``; this is the cheap way to see whether one is missing.
"""

from collections.abc import Iterator
from contextlib import suppress
from datetime import date

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources import arxiv_ids, oai_pmh
from broadsheet.sources.arxiv_oai import TRIES
from broadsheet.sources.http import PoliteClient

_PREFIX = "oai:arXiv.org:"


def changed(client: PoliteClient, address: str, group: str, since: date, until: date) -> Iterator[set[str]]:
    """Yield the ids of a set whose records have changed from one day to another, a set for each answer.

    Ids of deleted records are left out. What comes twice, as a list begins again whose token has died, is yielded
    twice. Raises Upstream where the server refuses, fails or stays broken.
    """
    opening = {
        "verb": "ListIdentifiers",
        "metadataPrefix": "arXivRaw",
        "from": since.isoformat(),
        "until": until.isoformat(),
    } | ({"set": group} if group else {})
    asked, trouble, used = opening, 0, set[str]()
    while True:
        answer = client.get(address, asked)
        page = oai_pmh.read(answer.body)
        yield _ids(page)
        codes = {code for code, _ in page.errors}
        if page.broken or "badResumptionToken" in codes:
            trouble += 1
            if trouble == TRIES:
                raise Upstream(f"{address} stays broken: {page.broken or 'its resumption tokens die'}.", "Try later.")
            asked = asked if page.broken else opening
            used.clear()
            continue
        if "noRecordsMatch" in codes:
            return
        if codes or answer.status != 200:
            told = "; ".join(text for _, text in page.errors) or f"status {answer.status}"
            raise Upstream(f"{address} refused to list ids: {told[:200]}.", "Try again later.")
        if not page.token:
            return
        if page.token in used:
            raise Upstream(f"{address} sends the same page for ever.", "Try again later.")
        used.add(page.token)
        trouble = 0
        asked = {"verb": "ListIdentifiers", "resumptionToken": page.token}


def _ids(page: oai_pmh.Page) -> set[str]:
    found = set()
    for header in page.headers:
        if header.get("status") != "deleted":
            with suppress(BadInput):
                found.add(arxiv_ids.canonical(oai_pmh.text_of(header, "identifier").removeprefix(_PREFIX)))
    return found
