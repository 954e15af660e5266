"""Summaries by a model at an endpoint of the operator's choice. What is asked of it is ``sources.openai_chat``."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from broadsheet.enrich import asking, facts
from broadsheet.enrich.looks import Value
from broadsheet.enrich.models import Fact
from broadsheet.enrich.run import Stop, lacking
from broadsheet.errors import BroadsheetError
from broadsheet.papers import tex
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.sources.openai_chat import Chat, Unfit
from broadsheet.sources.paper_ids import digest

KIND = "summaries"
_NOT_FIT = timedelta(days=30)


class Summaries:
    """The kind of facts. chat: the endpoint. per_day: questions in a day at most, by UTC, whatever becomes of them."""

    KIND, TITLE = KIND, "Summaries by a model"

    def __init__(self, chat: Chat, per_day: int) -> None:
        self._chat, self._per_day = chat, per_day
        self._source = chat.model[:80]
        self._patience = asking.Patience(KIND, self._source)

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers to summarise, as many as the day still allows: the newest and most voted."""
        written = Paper.objects.filter(abstract_kind="abstract", withdrawn=None).exclude(abstract="")
        return lacking(KIND, now, written).order_by(*asking.NEWEST)[: asking.left(KIND, self._per_day, now)]

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Ask for a summary of each paper whose text is not the one that was summarised; a person's stays."""
        now = timezone.now()
        rows = [
            row
            for row in Fact.objects.filter(paper__in=papers, kind=KIND)
            if row.corrected is not None or not row.tries
        ]
        # A person's last, so that it is the one that counts.
        known = {row.paper_id: row for row in sorted(rows, key=lambda row: row.corrected is not None)}
        done = 0
        for paper in papers:
            if stop():
                break
            row, text = known.get(paper.pk), digest(paper.title, paper.abstract)
            if row and (row.corrected is not None or row.value.get("text_digest") == text):
                # Something else of the paper has changed. The day it was asked on stays as it is.
                Fact.objects.filter(pk=row.pk).update(stamp=paper.stamp, next_at=None)
            elif not asking.spend(KIND, self._per_day, timezone.now()):
                break
            else:
                self._ask(paper, text, now)
            done += 1
        return done

    def _ask(self, paper: Paper, text: str, now: datetime) -> None:
        try:
            said = self._chat.summary(tex.plain(paper.title), tex.plain(paper.abstract))
        except BroadsheetError as error:
            self._patience.failed([paper], error, now)
            return
        self._patience.answered()
        if isinstance(said, Unfit):
            # It answers, but not to this text: asked again in a month, when the model may be another one.
            facts.failed(paper, KIND, self._source, said.why, now, now + _NOT_FIT)
            return
        facts.drop([paper.pk], [KIND], {(paper.pk, KIND, self._source)})
        value: Value = {"text": said, "text_digest": text}
        asking.keep([facts.Found(paper.pk, paper.stamp, KIND, self._source, value)], now)
