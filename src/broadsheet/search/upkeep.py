"""Keeping the index in step with the papers: catching up by stamp, and giving vectors in the background."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from broadsheet.papers.links import names_code
from broadsheet.papers.models import Counter, Paper, PaperQuerySet
from broadsheet.papers.tex import plain
from broadsheet.search import embed, state
from broadsheet.search.index import Document, Index, Vector
from broadsheet.search.models import Embedding

BATCH = 1000
PORTION = 32
"""Papers embedded between two questions whether to stop."""

OPTIMIZE_EVERY = 25_000
"""Papers between two optimisations of a long catch-up: the engine's unfolded segment lives in memory."""

NOTE_EVERY = 50_000
"""Papers between two notes of how far a catch-up is; a crash repeats at most so many, some seconds' work."""

SHOW_EVERY = 5.0
"""Seconds between two notes of a catch-up that readers wait for: what is noted is found."""

FOLD_EVERY = 20_000
"""Vectors between two optimisations: each stops all searches for seconds, and one at the very end takes 3 GB."""

NOTE_VECTORS = 500
"""Vectors between two notes of how far they are; search weighs meaning by it."""

LOOK_AHEAD = 10_000
"""Papers looked up at once for want of a vector: each look passes over all that have one."""

type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]


class Row(NamedTuple):
    """What the index has to know of a paper; a whole ``Paper``, which has it too, takes four times as long to read."""

    pk: int
    key: str
    stamp: int
    same_as_id: int | None
    title: str
    abstract: str
    authors: list[str]
    categories: list[str]
    day: date | None
    code_url: str


def _never() -> bool:
    return False


def _silent(done: int, total: int) -> None:
    """Report to nobody."""


def behind() -> int:
    """Return how many papers the index has yet to take over, for the first time or anew."""
    known = believed(state.read(now=True))
    return _waiting(known).count() + _to_redo(known).count()


def lacks_papers() -> bool:
    """Whether papers that came or changed are not in the index yet."""
    return _waiting(believed(state.read(now=True))).exists()


def ask_for_rebuild() -> None:
    """Have the owner take every paper over anew, in place: search goes on from what is there meanwhile."""
    with transaction.atomic():
        counter, _ = Counter.objects.select_for_update().get_or_create(name="generation")
        counter.value += 1
        counter.save()


def rebuild_is_due() -> bool:
    """Whether papers have to be taken over anew."""
    known = believed(state.read(now=True))
    return known.redo < known.redo_until or known != state.read()


class TakingOver:
    """The taking over of new and changed papers, batch by batch. ``catch_up`` does all of it in one go.

    What was taken over is found, and outlives a crash, once it is noted. done: how many papers were taken over.
    """

    def __init__(self, index: Index) -> None:
        self.done = 0
        self._index = index
        self._known = believed(state.read(now=True))
        index.flush()  # else its size is of before
        if self._known.redo >= self._known.redo_until and index.size() < self._known.papers:
            self._known = replace(self._known, redo=0, redo_until=self._known.stamp)

    @property
    def left(self) -> int:
        """How many papers are still to be taken over."""
        return _waiting(self._known).count() + _to_redo(self._known).count()

    def step(self) -> int:
        """Take the next batch over and return how many papers it has; 0 where none is left.

        New and changed papers come first, at every moment of a rebuild too: they are what readers miss.
        """
        if papers := _rows(_waiting(self._known)):
            known = replace(self._known, stamp=papers[-1].stamp, last=papers[-1].key)
        elif papers := _rows(_to_redo(self._known)):
            known = replace(self._known, redo=papers[-1].stamp)
        else:
            return 0
        if others := [paper.pk for paper in papers if paper.same_as_id]:
            self._index.remove(others)
        self._index.add(documents_of([paper for paper in papers if not paper.same_as_id]))
        self._known = known
        self.done += len(papers)
        if self.done % OPTIMIZE_EVERY < len(papers):
            self._index.optimize()
        if self.done % NOTE_EVERY < len(papers):
            self.note()
        return len(papers)

    def end(self) -> None:
        """Note that nothing is left, and take out what the database does not have."""
        self._known = replace(self._known, redo=self._known.redo_until)
        self._index.flush()
        _remove_strangers(self._index)

    def note(self) -> None:
        """Write down how far this is, once the index would survive a crash with it."""
        if self.done or self._known != state.read():
            note(self._index, self._known)


def catch_up(index: Index, *, report: Report = _silent, stop: Stop = _never) -> int:
    """Bring the index up to the papers; return how many were taken over.

    An index of another database begins at zero; one that lost papers, or whose rebuild was asked for, is made anew in
    place. report: called with (done, total) papers. stop: asked before each batch; what was done so far is kept.
    """
    taking = TakingOver(index)
    total = taking.left
    shown = time.monotonic()
    while not stop():
        if not taking.step():
            taking.end()
            break
        report(taking.done, max(total, taking.done))
        if time.monotonic() - shown >= SHOW_EVERY:
            taking.note()
            shown = time.monotonic()
    taking.note()
    return taking.done


def _remove_strangers(index: Index) -> None:
    """Take out what the database does not have, such as after an older copy of it was put back."""
    if index.size() <= Paper.objects.standing().count():
        return
    after = 0
    while ids := index.ids(after, BATCH):
        here = set(Paper.objects.standing().filter(pk__in=ids).values_list("pk", flat=True))
        index.remove([pk for pk in ids if pk not in here])
        after = ids[-1]


def _waiting(known: state.State) -> PaperQuerySet:
    return Paper.objects.filter(stamp__gt=known.stamp).order_by("stamp")


def _to_redo(known: state.State) -> PaperQuerySet:
    return Paper.objects.filter(stamp__gt=known.redo, stamp__lte=known.redo_until).order_by("stamp")


def _rows(papers: PaperQuerySet) -> list[Row]:
    return list(map(Row._make, papers.values_list(*Row._fields)[:BATCH]))


def backfill(index: Index, embedder: embed.Embedder, *, report: Report = _silent, stop: Stop = _never) -> int:
    """Give vectors to papers that have none by this model, newest first; return how many were given.

    A batch is in the index before it is in the database, so that a crash between the two costs one batch of work
    and never leaves the index without a vector that the database believes in.
    """
    missing = Paper.objects.standing().filter(Q(embedding=None) | ~Q(embedding__model=embedder.mark))
    total = missing.count() if report is not _silent else 0
    done = loose = 0
    while not stop():
        waiting = list(missing.order_by("-day", "-pk").values_list("pk", flat=True)[:LOOK_AHEAD])
        if not waiting:
            break
        for start in range(0, len(waiting), PORTION):
            if stop():
                break
            papers = list(Paper.objects.filter(pk__in=waiting[start : start + PORTION]))
            done += _embed(index, embedder, papers)
            report(done, max(total, done))
            if done % NOTE_VECTORS < len(papers):
                note(index, state.read(now=True))
        if done - loose >= FOLD_EVERY:
            index.optimize()
            loose = done
        note(index, state.read(now=True))
    if done > loose:
        index.optimize()
    return done


def _embed(index: Index, embedder: embed.Embedder, papers: Sequence[Paper]) -> int:
    texts = [_text(paper) for paper in papers]
    vectors = embedder.embed(texts, tokens=settings.EMBED_TOKENS)
    index.set_vectors({paper.pk: vector for paper, vector in zip(papers, vectors, strict=True)})
    Embedding.objects.bulk_create(
        [
            Embedding(
                paper=paper,
                model=embedder.mark,
                digest=embed.digest(text),
                vector=vector.astype("<f2").tobytes(),
            )
            for paper, text, vector in zip(papers, texts, vectors, strict=True)
        ],
        update_conflicts=True,
        unique_fields=["paper"],
        update_fields=["model", "digest", "vector"],
    )
    return len(papers)


def vector_of(embedding: Embedding) -> Vector:
    """Return a kept vector as float32."""
    return np.frombuffer(bytes(embedding.vector), dtype="<f2").astype(np.float32)


def _text(paper: Paper | Row) -> str:
    return embed.text_of(plain(paper.title), plain(paper.abstract))


def documents_of(papers: Sequence[Paper | Row]) -> list[Document]:
    """Return what the index is told of papers, with the vectors that are kept of them."""
    vectors = _vectors_of(papers)
    return [document_of(paper, vectors.get(paper.pk)) for paper in papers]


def _vectors_of(papers: Sequence[Paper | Row]) -> dict[int, Vector]:
    """Return the vectors that are kept of papers; those of another text are thrown away."""
    of_model = Embedding.objects.filter(model=embed.mark(settings.MODEL))
    if not of_model.exists():  # asking for a thousand papers takes a millisecond
        return {}
    kept = {e.paper_id: e for e in of_model.filter(paper__in=[paper.pk for paper in papers])}
    stale = {paper.pk for paper in papers if paper.pk in kept and kept[paper.pk].digest != embed.digest(_text(paper))}
    if stale:
        Embedding.objects.filter(pk__in=stale).delete()
    return {pk: vector_of(embedding) for pk, embedding in kept.items() if pk not in stale}


def document_of(paper: Paper | Row, vector: Vector | None = None) -> Document:
    """Return what the index is told of a paper."""
    title, abstract = plain(paper.title), plain(paper.abstract)
    # Search knows the shown text and the source's own, as people paste either.
    raw = "\n".join(text for text, shown in ((paper.title, title), (paper.abstract, abstract)) if text != shown)
    return Document(
        id=paper.pk,
        title=title,
        abstract=abstract,
        authors=", ".join(paper.authors),
        categories=tuple(paper.categories),
        day=paper.day,
        source_text=raw,
        names=tuple(paper.authors),
        code=bool(paper.code_url) or names_code(paper.abstract, abstract),
        vector=vector,
    )


def believed(known: state.State) -> state.State:
    """Return the state as far as it can be believed: of this database, with the newest wish to rebuild in it."""
    own = instance()
    generation = Counter.objects.filter(name="generation").values_list("value", flat=True).first() or 0
    highest = Counter.objects.filter(name="stamp").values_list("value", flat=True).first() or 0
    # A stamp that the database has not given yet is from its future: an older copy of it was put back.
    # So is one that it has given to another paper since.
    given = Paper.objects.filter(stamp=known.stamp).values_list("key", flat=True).first()
    if known.instance != own or known.stamp > highest or (given or known.last) != known.last:
        return state.State(instance=own, generation=generation)
    if known.generation != generation:
        return replace(known, generation=generation, redo=0, redo_until=known.stamp)
    return known


def instance() -> int:
    """Return a number that tells this database from every other."""
    counter, _ = Counter.objects.get_or_create(name="instance", defaults={"value": secrets.randbits(62)})
    return counter.value


def newest_stamp() -> int:
    """Return the stamp of the newest change; it tells at the cost of one index look-up whether there is work."""
    return Paper.objects.aggregate(newest=Max("stamp"))["newest"] or 0


def note(index: Index, known: state.State) -> None:
    """Write the state once the index would survive a crash with it."""
    index.flush()
    state.write(
        replace(
            known,
            papers=index.size(),
            vectors=Embedding.objects.filter(model=embed.mark(settings.MODEL)).count(),
        )
    )
