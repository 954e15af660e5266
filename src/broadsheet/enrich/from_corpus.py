"""The kinds of facts that take more than the text: key phrases by the site's frequencies, and extracts."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.utils import timezone

from broadsheet.enrich import extracts, facts, frequencies, run
from broadsheet.papers import phrases
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.papers.tex import plain
from broadsheet.search import current
from broadsheet.search.encoders import embed
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding

SOURCE = "corpus"
SENTENCE_TOKENS = 96
AGAIN = timedelta(days=7)
"""After which an extract that was chosen without the model is looked at again."""


class Phrases:
    """Key phrases."""

    KIND = "phrases"
    TITLE = "Key phrases, from how the papers here use words"

    def __init__(self) -> None:
        self._known: frequencies.Frequencies | None = None

    def prepare(self, stop: run.Stop, report: run.Report) -> None:
        """Count the papers that came since the last run."""
        frequencies.bring_up(stop, lambda done, total: report("counting", done, total))
        self._known = frequencies.read()

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers without key phrases of their present text, newest first."""
        return run.lacking(self.KIND, now)

    def look(self, papers: Sequence[Paper], stop: run.Stop) -> int:
        """Choose the key phrases of papers."""
        known = self._known or frequencies.read()
        rows = []
        for paper in papers:
            chosen = phrases.choose(paper.title, paper.abstract, known.papers, known.of)
            value: dict[str, Any] = {"phrases": [one.text for one in chosen]} if chosen else {}
            rows.append(facts.Found(paper.pk, paper.stamp, self.KIND, SOURCE, value))
        facts.write_all(rows, timezone.now())
        return len(rows)


class Extracts:
    """Two-sentence extracts."""

    KIND = "extract"
    TITLE = "Two sentences of the abstract, chosen by the model"

    def __init__(self) -> None:
        self._model: embed.Embedder | None = None
        self._known: frequencies.Frequencies | None = None

    def prepare(self, stop: run.Stop, report: run.Report) -> None:
        """Look for the model; without it the frequencies of words do."""
        self._model = current.embedder()
        if self._model is None:
            self._known = frequencies.read()

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers whose present abstract has not been looked at, newest first."""
        return run.lacking(self.KIND, now)

    def look(self, papers: Sequence[Paper], stop: run.Stop) -> int:
        """Choose two sentences of each abstract that has more than two."""
        now = timezone.now()
        wholes = _vectors(papers) if self._model else {}
        rows = []
        for paper in papers:
            if stop():
                break
            value = self._value(paper, wholes)
            again = None if self._model or not value else now + AGAIN
            rows.append(facts.Found(paper.pk, paper.stamp, self.KIND, "abstract", value, again))
        facts.write_all(rows, now)
        return len(rows)

    def _value(self, paper: Paper, wholes: Mapping[int, extracts.Vectors]) -> dict[str, Any]:
        found = extracts.sentences_of(paper.abstract) if paper.abstract_kind == "abstract" else []
        places = extracts.usable(found)
        if len(found) < 3 or len(places) < 2:
            return {}
        if self._model:
            vectors = self._model.embed([found[place] for place in places], tokens=SENTENCE_TOKENS)
            whole = wholes.get(paper.pk)
            if whole is None:
                whole = self._model.embed([" ".join(found)])[0]
            chosen, by = extracts.by_meaning(found, places, whole, vectors), self._model.name
        else:
            known = self._known or frequencies.read()
            chosen, by = extracts.by_words(found, places, known.papers, known.of), BY_WORDS
        return {"sentences": [found[place] for place in chosen], "by": by}


BY_WORDS = "weight of words"
"""Stands in place of a model's name where none is installed."""


def _vectors(papers: Sequence[Paper]) -> dict[int, extracts.Vectors]:
    """Return the kept vectors of papers, of those whose text they are still of."""
    model = current.embedder()
    kept = Embedding.objects.filter(paper__in=papers, model=model.mark if model else "")
    by_paper = {one.paper_id: one for one in kept}
    return {
        paper.pk: np.array(upkeep.vector_of(by_paper[paper.pk]))
        for paper in papers
        if paper.pk in by_paper
        and by_paper[paper.pk].digest == embed.digest(embed.text_of(plain(paper.title), plain(paper.abstract)))
    }
