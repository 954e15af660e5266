"""Authors' ORCID iDs as OpenAlex or ORCID itself tells them, and which author of a paper each of them is."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from broadsheet.enrich import asking, facts
from broadsheet.enrich.looks import Value
from broadsheet.enrich.run import Stop
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.papers.names import split
from broadsheet.sources import openalex, orcid

KIND = "orcid"
OPENALEX, ORCID = "OpenAlex", "ORCID"


class Bearer(NamedTuple):
    """Somebody with an iD. names: as which this person may stand among a paper's authors."""

    orcid: str
    names: tuple[str, ...]


class Orcids:
    """The kind of facts. Each of its places is asked apart, and one that fails does not keep the other from it."""

    KIND, TITLE = KIND, "ORCID iDs of authors"

    def __init__(self, alex: openalex.OpenAlex | None = None, registry: orcid.Orcid | None = None) -> None:
        self._alex, self._registry = alex, registry
        sizes = ((OPENALEX, alex, openalex.AT_ONCE), (ORCID, registry, 1))
        self._places = asking.Places(KIND, {name: size for name, place, size in sizes if place})

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers that a place is to be asked about; none for a place that has been given up."""
        return self._places.wanted(now)

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Ask about papers; OpenAlex tells of some dozens at once. Raises what went wrong once no place is left."""
        return self._places.look(papers, stop, self._ask)

    def _ask(self, source: str, papers: Sequence[Paper]) -> None:
        now = timezone.now()
        told = self._of_alex(papers) if source == OPENALEX else self._of_registry(papers)
        found = []
        for paper in papers:
            matched = match(paper.authors, told.get(paper.pk, []))
            listed = [[place, paper.authors[place], one] for place, one in sorted(matched.items())]
            value: Value = {"authors": listed} if listed else {}
            found.append(facts.Found(paper.pk, paper.stamp, KIND, source, value, asking.again(paper, now)))
        asking.keep(found, now)

    def _of_alex(self, papers: Sequence[Paper]) -> dict[int, list[Bearer]]:
        assert self._alex
        names = {paper.pk: name for paper in papers if (name := openalex.doi_of(paper.key, paper.doi))}
        works = self._alex.works(list(names.values())) if names else {}
        return {
            pk: [Bearer(one.orcid, (one.name,)) for one in works[name].authors if one.orcid]
            for pk, name in names.items()
            if name in works
        }

    def _of_registry(self, papers: Sequence[Paper]) -> dict[int, list[Bearer]]:
        assert self._registry
        return {
            paper.pk: [Bearer(one.orcid, one.names) for one in self._registry.holders(paper.key, paper.doi)]
            for paper in papers
        }


def match(authors: Sequence[str], bearers: Iterable[Bearer]) -> dict[int, str]:
    """Return which author, by place, has which iD, where there is no doubt.

    An author and a bearer go together where the names are the same, or the family names are and the given names do
    not contradict each other (A. and Ada). Whoever could be two, and an iD that two could have, is left out: a wrong
    iD beside a name is worse than none.
    """
    people = list(dict.fromkeys(bearers))
    pairs = [
        (place, one.orcid)
        for place, author in enumerate(authors)
        for one in people
        if any(_may_be(author, name) for name in one.names)
    ]
    pairs = list(dict.fromkeys(pairs))
    places, ids = Counter(place for place, _ in pairs), Counter(one for _, one in pairs)
    return {place: one for place, one in pairs if places[place] == ids[one] == 1}


def of_authors(paper: Paper, shown: Iterable[facts.Shown]) -> dict[int, str]:
    """Return the iDs to show beside a paper's authors, by place; where two places disagree, none.

    Of an author whose name has changed since, nothing is known any more.
    """
    told: dict[int, set[str]] = {}
    for fact in shown:
        for place, name, one in fact.value.get("authors", []) if fact.kind == KIND else []:
            if place < len(paper.authors) and paper.authors[place] == name:
                told.setdefault(place, set()).add(one)
    return {place: next(iter(ids)) for place, ids in told.items() if len(ids) == 1}


def _may_be(author: str, name: str) -> bool:
    if _bare(author) == _bare(name) != "":
        return True
    one, other = split(author), split(name)
    family = _bare(f"{one.particle} {one.family}")
    if one.group or other.group or not family or family != _bare(f"{other.particle} {other.family}"):
        return False
    mine, theirs = _parts(one.given), _parts(other.given)
    if not mine or not theirs:
        return False
    return all(a.startswith(b) or b.startswith(a) for a, b in zip(mine, theirs, strict=False))


def _parts(given: str) -> list[str]:
    return [bare for part in re.split(r"[\s.\-]+", given) if (bare := _bare(part))]


def _bare(name: str) -> str:
    """Return a name's letters alone, small and without their marks."""
    parted = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in parted if sign.isalpha())
