"""Models, datasets and spaces at the Hugging Face Hub that name a paper. The Hub's API is ``sources.hub``."""

from collections.abc import Sequence
from datetime import datetime

from django.utils import timezone

from broadsheet.enrich import asking, facts
from broadsheet.enrich.looks import Value
from broadsheet.enrich.run import Stop
from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.sources import arxiv_ids
from broadsheet.sources.hub import KINDS, Hub

KIND, SOURCE = "hub", "Hugging Face"


class HubLinks:
    """The kind of facts; ``hub`` is who is asked."""

    KIND, TITLE = KIND, "Linked models, datasets and spaces"

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._patience = asking.Patience(KIND, SOURCE)

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return arXiv's papers that the Hub is to be asked about; it knows them by arXiv's id alone."""
        return asking.waiting(KIND, [SOURCE], now, Paper.objects.exclude(key__contains=":"))

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Ask for what names each paper: three questions a paper, one a kind of thing."""
        done = 0
        for paper in papers:
            if stop():
                break
            now = timezone.now()
            try:
                value = self._value(paper.key) if arxiv_ids.is_arxiv(paper.key) else {}
            except BroadsheetError as error:
                self._patience.failed([paper], error, now)
            else:
                self._patience.answered()
                found = facts.Found(paper.pk, paper.stamp, KIND, SOURCE, value, asking.again(paper, now))
                asking.keep([found], now)
            done += 1
        return done

    def _value(self, key: str) -> Value:
        shelves = {kind: self._hub.linked(key, kind) for kind in KINDS}
        return {
            kind: {"number": shelf.number, "more": shelf.more, "top": list(shelf.top)}
            for kind, shelf in shelves.items()
            if shelf.number
        }
