"""The papers of a known-item measurement: drawn from the site's own, and copied with the asked-for sentences masked.

Both stores are reached at once: this process's own, which is the copy, and the site's under the alias ``STORE``.
"""

from bisect import bisect
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from itertools import batched

from django.conf import settings

from broadsheet.bench import known_item
from broadsheet.bench.known_item import TASKS, Item, Task, draw, field_of
from broadsheet.enrich.frequencies import Frequencies
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.papers.tex import plain
from broadsheet.search.encoders import choice, embed
from broadsheet.search.models import Embedding
from broadsheet.sources import record
from broadsheet.sources.record import Record

STORE = "store"
"""Alias of the site's own database."""

COUNTED = 10_000
"""Papers drawn to learn how often phrases are."""

BATCH = 1000

type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]


def of_store() -> PaperQuerySet:
    """Return the site's own papers."""
    return Paper.objects.using(STORE).standing()


def drawn(queries: int, seed: int, report: Report) -> dict[Task, list[Item]]:
    """Draw the items of every task, ``queries`` of each or as many as there are, each task from papers of its own.

    The papers of a task stand in the order of field, year and chance, and one is taken at every so-manieth place (or
    the next after it that can be asked for), so that fields and years have the share that they have in the store.
    """
    rows = of_store().exclude(abstract="").values_list("pk", "key", "categories", "day", "published")
    places: dict[Task, list[tuple[str, str, int, int]]] = {task: [] for task in TASKS}
    for pk, key, categories, day, published in rows.iterator(BATCH):
        number = draw(seed, key)
        when = day or published
        place = (field_of(categories), str(when.year) if when else "none", number, pk)
        places[TASKS[number % len(TASKS)]].append(place)
    known = _frequencies([place[2:] for some in places.values() for place in some], report)
    whole = sum(map(len, places.values()))

    def frequency(names: list[str]) -> list[int]:
        """Return in how many papers of the whole store phrases stand, reckoned from those that were counted."""
        return [round(seen * whole / known.papers) for seen in known.of(names)]

    makers: dict[Task, Callable[[Sequence[Paper]], list[Item]]] = {
        "title": lambda papers: known_item.titles(papers, seed),
        "sentence": lambda papers: known_item.sentences(papers, seed),
        "keywords": lambda papers: known_item.keywords(papers, whole, frequency, seed),
    }
    return {task: list(_spread(sorted(places[task]), queries, makers[task])) for task in TASKS}


class Copied:
    """The site's papers as a source, in the order of their primary keys; some abstracts are other ones.

    masked: the abstract to be taken, by the key of the paper. only: primary keys of those to be taken, in rising order;
    None for all. Votes and comments are left behind.
    """

    name = "store"

    def __init__(self, masked: Mapping[str, str], only: Sequence[int] | None = None) -> None:
        self._masked = masked
        self._only = only
        self.total: int | None = of_store().count() if only is None else len(only)
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[record.Item]:
        """Yield the papers whose primary key in the site's store is above ``after``."""
        self.done = of_store().filter(pk__lte=after).count() if self._only is None else bisect(self._only, after)
        while papers := self._next(after):
            for paper in papers:
                self.done += 1
                yield record.Item(paper.pk, self._record(paper))
            after = papers[-1].pk

    def _next(self, after: int) -> list[Paper]:
        papers = of_store().order_by("pk")
        if self._only is None:
            return list(papers.filter(pk__gt=after)[:BATCH])
        begin = bisect(self._only, after)
        return list(papers.filter(pk__in=self._only[begin : begin + BATCH]))

    def _record(self, paper: Paper) -> Record:
        return Record(
            id=paper.key,
            title=paper.title,
            source=self.name,
            abstract=self._masked.get(paper.key, paper.abstract),
            authors=tuple(paper.authors),
            categories=tuple(paper.categories),
            featured=paper.day,
            published=paper.published,
            code_url=paper.code_url,
        )


def give_vectors(embedder: embed.Embedder | None, changed: Container[str], report: Report, stop: Stop) -> None:
    """Give the copied papers the vectors that the site has of them.

    changed: keys of papers whose text is not the site's; they get new ones. Others of which the site has none stay
    without. Stopped, it goes on with the rest another time.
    """
    mark = choice.settled().mark
    lacking = Embedding.objects.lacking(Paper.objects.standing(), mark)
    waiting = list(lacking.order_by("pk").values_list("pk", flat=True))
    done = 0
    for pks in batched(waiting, BATCH // 2):  # SQLite takes so many values at once
        if stop():
            return
        papers = {paper.key: paper for paper in Paper.objects.filter(pk__in=pks)}
        kept = Embedding.objects.using(STORE).filter(paper__key__in=papers, model=mark).select_related("paper")
        known = {one.paper.key: (one.digest, bytes(one.vector)) for one in kept}
        rows = []
        for key, paper in papers.items():
            text = embed.text_of(plain(paper.title), plain(paper.abstract))
            digest = embed.digest(text)
            if known.get(key, ("", b""))[0] == digest:
                rows.append(Embedding(paper=paper, model=mark, digest=digest, vector=known[key][1]))
            elif embedder is not None and key in changed:
                vector = embedder.embed([text], tokens=settings.EMBED_TOKENS)[0].astype("<f2").tobytes()
                rows.append(Embedding(paper=paper, model=mark, digest=digest, vector=vector))
        Embedding.objects.bulk_create(rows)
        done += len(pks)
        report(done, len(waiting))


def _spread(
    places: Sequence[tuple[str, str, int, int]], queries: int, make: Callable[[Sequence[Paper]], list[Item]]
) -> Iterator[Item]:
    wanted = min(queries, len(places))
    for number in range(wanted):
        slot = places[number * len(places) // wanted : (number + 1) * len(places) // wanted]
        made = (make([of_store().get(pk=place[-1])]) for place in slot)
        yield from next((found for found in made if found), [])


def _frequencies(numbered: list[tuple[int, int]], report: Report) -> Frequencies:
    """Count the phrases of papers drawn by chance: (number, primary key)."""
    known = Frequencies.empty()
    chosen = [pk for _, pk in sorted(numbered)[:COUNTED]]
    for pks in batched(chosen, BATCH // 2):
        for title, abstract in of_store().filter(pk__in=pks).values_list("title", "abstract"):
            known.count(title, abstract)
        report(known.papers, len(chosen))
    return known
