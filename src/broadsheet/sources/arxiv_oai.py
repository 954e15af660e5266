"""arXiv's OAI-PMH as a source: everything that has changed there since a day, in order, and nothing lost on the way.

What one answer holds is read in ``oai_pmh``, what one record says in ``arxiv_oai_records``.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Literal

from broadsheet.errors import BadInput, Upstream
from broadsheet.sources import oai_pmh
from broadsheet.sources.arxiv_oai_records import SOURCE, row_of, stamp_of
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.record import Item, Record, Reject, Withdrawal

Form = Literal["arXivRaw", "arXiv"]

WINDOW = timedelta(days=7)
"""As much is asked for at a time; an interrupted harvest begins again at the first day of its window."""

TRIES = 3
"""How often a page is asked for whose XML breaks off, and how often a list begins anew whose token has died."""

PER_DAY = 1_000_000_000
_PHYSICS = {
    *("astro-ph", "cond-mat", "gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex"),
    *("nucl-th", "quant-ph"),
}
_SET = re.compile(r"[A-Za-z-]{1,12}(?::[A-Za-z-]{1,12}){0,2}")
_CATEGORY = re.compile(r"(?P<archive>[a-z-]{1,12})(?:\.(?P<subject>[A-Za-z-]{1,12}))?")
_NOT_XML = "It is no OAI-PMH 2.0; look at BROADSHEET_ARXIV_OAI."


def set_of(name: str) -> str:
    """Return the OAI-PMH set of a category (``cs.LG`` is ``cs:cs:LG``), an archive or a group; a set stays as it is.

    Raises BadInput for anything else.
    """
    if ":" in name and _SET.fullmatch(name):
        return name
    found = _CATEGORY.fullmatch(name)
    if not found:
        raise BadInput(f"{name[:60]!r} is no set of arXiv.", "Sets look like cs, cs:cs:LG or physics:hep-th.")
    archive, subject = found["archive"], found["subject"]
    group = "physics" if archive in _PHYSICS else archive
    if subject:
        return f"{group}:{archive}:{subject}"
    return f"{group}:{archive}" if group != archive else group


def day_of(position: int) -> date | None:
    """Return the day up to which a run has read, from its position; None for a run that has read nothing."""
    return date.fromordinal(position // PER_DAY) if position >= PER_DAY else None


class ArxivOai:
    """What has changed at arXiv from one day to another.

    group: an OAI-PMH set, '' for all of arXiv. since: the first day of change, None for a week ago; until: the last,
    None for today. Both count from today as the server has it, as our own clock may be wrong. form: arXivRaw tells all
    versions with their times; arXiv tells days only.

    A position is the first day of a window and a running number in it. done and total are days. reached is the
    position of the last day that was read, from which the next harvest goes on; it is known once all was read.
    """

    name = SOURCE

    def __init__(
        self,
        client: PoliteClient,
        address: str,
        *,
        group: str = "",
        since: date | None = None,
        until: date | None = None,
        form: Form = "arXivRaw",
    ) -> None:
        if since and until and until < since:
            raise BadInput(f"The last day, {until}, is before the first, {since}.")
        self._client, self._address, self._form = client, address, form
        self._group, self._since, self._until = group, since, until
        self.total: int | None = None
        self.done = 0
        self.reached = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield every change once; after an interruption, those of the window it was in once more.

        Raises Upstream where the server fails or its answers stay broken, BadInput where it refuses the request.
        """
        earliest, today = self._identify()
        last = min(self._until or today, today)
        first = begin = max(day_of(after) or self._since or last - WINDOW, earliest)
        self.total = max(0, (last - first).days + 1)
        while begin <= last:
            number = after % PER_DAY if begin == day_of(after) else 0
            end = min(begin + WINDOW - timedelta(days=1), last)
            self.done = (begin - first).days
            for row in self._window(begin, end):
                number += 1
                yield Item(begin.toordinal() * PER_DAY + number, row)
            begin = end + timedelta(days=1)
        self.done = self.total
        self.reached = last.toordinal() * PER_DAY

    def _identify(self) -> tuple[date, date]:
        """Return the first day the server knows, and its today, which is that of its answers, old as they may be."""
        for _ in range(TRIES):
            page = self._ask({"verb": "Identify"})
            if page.answered and not page.broken:
                self._check(page)
                return page.earliest.date() if page.earliest else date.min, page.answered.date()
        raise Upstream(f"{self._address} does not say which day it is there.", _NOT_XML)

    def _window(self, begin: date, end: date) -> Iterator[Record | Reject | Withdrawal]:
        """Yield the changes of some days, each once, whatever happens to the pages and tokens on the way."""
        seen: dict[tuple[str, str], None] = {}
        used: set[str] = set()
        trouble = 0
        asked = self._opening(begin, end)
        while True:
            page = self._ask(asked)
            known = len(seen)
            yield from self._fresh(page, seen)
            trouble = 0 if len(seen) > known else trouble
            if page.broken or _has(page, "badResumptionToken"):
                trouble += 1
                if trouble == TRIES:
                    raise Upstream(f"{self._address} stays broken: {_why(page)}.", "Try again later; it goes on here.")
                if not page.broken:
                    used.clear()
                    asked = self._opening(_last_day(seen, begin, end), end)
                continue
            self._check(page)
            if not page.token:
                return
            if page.token in used:
                raise Upstream(f"{self._address} sends the same page for ever.", "Try again later; it goes on here.")
            used.add(page.token)
            asked = {"verb": "ListRecords", "resumptionToken": page.token}

    def _opening(self, begin: date, end: date) -> dict[str, str]:
        days = {"from": begin.isoformat(), "until": end.isoformat()}
        only = {"set": self._group} if self._group else {}
        return {"verb": "ListRecords", "metadataPrefix": self._form} | days | only

    @staticmethod
    def _fresh(page: oai_pmh.Page, seen: dict[tuple[str, str], None]) -> Iterator[Record | Reject | Withdrawal]:
        for record in page.records:
            stamp = stamp_of(record)
            if stamp not in seen or not all(stamp):
                seen[stamp] = None
                yield row_of(record)
        for raw in page.rejected:
            if (raw, "") not in seen:
                seen[raw, ""] = None
                yield Reject("The record is not XML.", raw)

    def _ask(self, params: Mapping[str, str]) -> oai_pmh.Page:
        answer = self._client.get(self._address, params)
        page = oai_pmh.read(answer.body)
        if answer.status != 200 and not page.errors:
            raise Upstream(f"{self._address} answered {answer.status}.", "Look at BROADSHEET_ARXIV_OAI, or try later.")
        return page

    def _check(self, page: oai_pmh.Page) -> None:
        """Raise where the server refuses; that nothing has changed is no refusal."""
        told = [(code, text) for code, text in page.errors if code != "noRecordsMatch"]
        if not told:
            return
        code = told[0][0]
        message = f"{self._address} refused the request: {'; '.join(_said(*one) for one in told)}."
        if code == "cannotDisseminateFormat":
            raise BadInput(message, f"It does not give {self._form}.")
        if code == "noSetHierarchy" or (code == "badArgument" and self._group):
            raise BadInput(message, f"Does it know the set {self._group!r}?")
        if code in ("badArgument", "badVerb", "idDoesNotExist", "noMetadataFormats"):
            raise BadInput(message, _NOT_XML)
        raise Upstream(message, "Try again later.")


def _last_day(seen: dict[tuple[str, str], None], begin: date, end: date) -> date:
    """Return the day from which to ask anew when a token has died: the last one seen; what is seen is left out.

    A list is in the order of its datestamps, arXiv's at least; where it is not, all of it is asked for again.
    """
    days = [stamp for _, stamp in seen if stamp]
    in_order = all(earlier <= later for earlier, later in pairwise([begin.isoformat(), *days, end.isoformat()]))
    return date.fromisoformat(days[-1]) if days and in_order else begin


def _has(page: oai_pmh.Page, code: str) -> bool:
    return any(one == code for one, _ in page.errors)


def _why(page: oai_pmh.Page) -> str:
    return f"its XML breaks off ({page.broken})" if page.broken else "its resumption tokens die at once"


def _said(code: str, text: str) -> str:
    return f"{code[:40]} ({text[:200]})" if text else code[:40]
