"""How often papers are cited and which papers here cite each other, as Semantic Scholar and OpenAlex tell it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from broadsheet.enrich import asking, facts
from broadsheet.enrich.looks import Value
from broadsheet.enrich.models import Citation, Fact
from broadsheet.enrich.run import Stop
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Identifier, Paper, PaperQuerySet
from broadsheet.sources import openalex, semantic_scholar

KIND = "citations"
SEMANTIC_SCHOLAR, OPENALEX = "Semantic Scholar", "OpenAlex"
SHOWN = 10
"""Papers shown in each direction."""

_AT_ONCE = 500


class Told(NamedTuple):
    """What a place told of one paper. references: names of works as the place writes them, not yet papers here."""

    value: Value
    references: Sequence[str]


class Citations:
    """The kind of facts. Each of its places is asked apart, and one that fails does not keep the other from it."""

    KIND, TITLE = KIND, "Citations and references"

    def __init__(
        self, scholar: semantic_scholar.SemanticScholar | None = None, alex: openalex.OpenAlex | None = None
    ) -> None:
        self._scholar, self._alex = scholar, alex
        sizes = ((SEMANTIC_SCHOLAR, scholar, semantic_scholar.AT_ONCE), (OPENALEX, alex, openalex.AT_ONCE))
        self._places = asking.Places(KIND, {name: size for name, place, size in sizes if place})

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers that a place is to be asked about; none for a place that has been given up."""
        return self._places.wanted(now)

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Ask about papers, some dozens in one question. Raises what went wrong once no place is left to ask."""
        return self._places.look(papers, stop, self._ask)

    def _ask(self, source: str, papers: Sequence[Paper]) -> None:
        now = timezone.now()
        told = self._of_scholar(papers) if source == SEMANTIC_SCHOLAR else self._of_alex(papers)
        found = []
        for paper in papers:
            one = told.get(paper.pk)
            value = one.value if one else {}
            found.append(facts.Found(paper.pk, paper.stamp, KIND, source, value, asking.again(paper, now)))
        with transaction.atomic():
            facts.write_all(found, now)
            note({pk: one.references for pk, one in told.items()}, source)
            if told:
                note_activity()

    def _of_scholar(self, papers: Sequence[Paper]) -> dict[int, Told]:
        assert self._scholar
        names = {paper.pk: name for paper in papers if (name := semantic_scholar.name_of(paper.key, paper.doi))}
        answers = self._scholar.batch(list(names.values())) if names else []
        return {
            pk: Told(
                _value(id=one.id, number=one.citations, influential=one.influential, references=one.reference_count),
                one.references,
            )
            for pk, one in zip(names, answers, strict=True)
            if one
        }

    def _of_alex(self, papers: Sequence[Paper]) -> dict[int, Told]:
        assert self._alex
        names = {paper.pk: name for paper in papers if (name := openalex.doi_of(paper.key, paper.doi))}
        works = self._alex.works(list(names.values())) if names else {}
        return {
            pk: Told(_value(id=one.id, number=one.citations, references=one.reference_count), one.references)
            for pk, name in names.items()
            if (one := works.get(name))
        }


@transaction.atomic
def note(references: Mapping[int, Sequence[str]], source: str) -> None:
    """Write down which papers here some papers cite, in place of what the same source told before.

    references: of each citing paper, keys of papers, or for OpenAlex its own ids.
    """
    names = {name for listed in references.values() for name in listed}
    here = _by_alex(names) if source == OPENALEX else _by_key(names)
    pairs = {(pk, here[name]) for pk, listed in references.items() for name in listed if name in here}
    standing = Citation.objects.filter(citing__in=references, source=source)
    gone = [row.pk for row in standing if (row.citing_id, row.cited_id) not in pairs]
    Citation.objects.filter(pk__in=gone).delete()
    rows = [Citation(citing_id=pk, cited_id=cited, source=source) for pk, cited in sorted(pairs) if pk != cited]
    Citation.objects.bulk_create(rows, ignore_conflicts=True, batch_size=_AT_ONCE)


class Near(NamedTuple):
    """Papers here that a paper cites and that cite it, the most voted first, and how many there are."""

    cites: list[Paper]
    cites_total: int
    cited_by: list[Paper]
    cited_by_total: int


def near(paper: Paper, aside: QuerySet[Any, int] | None = None) -> Near:
    """Return the papers here that a paper cites and that cite it, each once whoever told it.

    aside: primary keys of papers that are counted but not shown.
    """
    made = Citation.objects.filter(Q(citing=paper) | Q(citing__same_as=paper))
    had = Citation.objects.filter(Q(cited=paper) | Q(cited__same_as=paper))
    cites = {other or pk for pk, other in made.values_list("cited", "cited__same_as")} - {paper.pk}
    cited_by = {other or pk for pk, other in had.values_list("citing", "citing__same_as")} - {paper.pk}
    return Near(_best(cites, aside), len(cites), _best(cited_by, aside), len(cited_by))


def _best(papers: Collection[int], aside: QuerySet[Any, int] | None) -> list[Paper]:
    rows = Paper.objects.filter(pk__in=papers)
    shown = rows if aside is None else rows.exclude(pk__in=aside)
    return list(shown.ranked()[:SHOWN]) if papers else []


def _by_key(names: Collection[str]) -> dict[str, int]:
    """Return which paper here each key names, by its own key or by another that it is known by."""
    here: dict[str, int] = {}
    for some in _portions(names):
        here |= dict(Identifier.objects.filter(key__in=some).values_list("key", "paper"))
        for key, pk, other in Paper.objects.filter(key__in=some).values_list("key", "pk", "same_as"):
            here[key] = other or pk
    return here


def _by_alex(names: Collection[str]) -> dict[str, int]:
    """Return which paper here each id of OpenAlex is, as far as OpenAlex was asked about it."""
    here: dict[str, int] = {}
    for some in _portions(names):
        rows = Fact.objects.filter(kind=KIND, source=OPENALEX, value__id__in=some)
        here |= dict(rows.values_list("value__id", "paper"))
    return here


def _portions(names: Iterable[str]) -> Iterable[list[str]]:
    listed = sorted(names)
    return (listed[start : start + _AT_ONCE] for start in range(0, len(listed), _AT_ONCE))


def _value(**told: object) -> Value:
    return {name: value for name, value in told.items() if value is not None}
