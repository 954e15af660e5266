"""Keeping the index in step with the papers: catching up by stamp, and giving vectors in the background."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from broadsheet.papers.models import Counter, Paper
from broadsheet.papers.tex import plain
from broadsheet.search import embed, state
from broadsheet.search.index import Document, Index, Vector
from broadsheet.search.models import Embedding

BATCH = 1000
PORTION = 32
"""Papers embedded between two questions whether to stop."""

OPTIMIZE_EVERY = 25_000
"""Papers between two optimisations of a long catch-up: the engine's unfolded segment lives in memory."""

VECTORS_AT_ONCE = 2_000
"""Vectors between two optimisations: folding them stops every search for half a second."""

type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]


def _never() -> bool:
    return False


def _silent(done: int, total: int) -> None:
    """Report to nobody."""


def behind() -> int:
    """Return how many papers the index has not taken over yet."""
    known = _believed(state.read(now=True))
    return Paper.objects.filter(stamp__gt=known.stamp).count()


def ask_for_rebuild() -> None:
    """Have the owner take every paper over anew, in place: search goes on from what is there meanwhile."""
    with transaction.atomic():
        counter, _ = Counter.objects.select_for_update().get_or_create(name="generation")
        counter.value += 1
        counter.save()


def rebuild_is_due() -> bool:
    """Whether the index is not of this database's newest generation."""
    known = state.read(now=True)
    return _believed(known) is not known


def catch_up(index: Index, *, report: Report = _silent, stop: Stop = _never) -> int:
    """Bring the index up to the papers; return how many were taken over.

    An index of another database, one that lost papers or one whose rebuild was asked for starts from the beginning.
    report: called with (done, total) papers. stop: asked before each batch; what was done so far is kept.
    """
    known = _believed(state.read(now=True))
    if known.stamp and index.size() < known.papers:
        known = replace(known, stamp=0)
    waiting = Paper.objects.filter(stamp__gt=known.stamp)
    total = waiting.count()
    done = loose = 0
    while not stop():
        papers = list(Paper.objects.filter(stamp__gt=known.stamp).order_by("stamp")[:BATCH])
        if not papers:
            break
        index.add(_documents(papers))
        done += len(papers)
        loose += len(papers)
        known = replace(known, stamp=papers[-1].stamp)
        if loose >= OPTIMIZE_EVERY:
            index.optimize()
            loose = 0
        report(done, max(total, done))
        if done % (10 * BATCH) == 0:
            _note(index, known)
    if done:
        _note(index, known)
    return done


def backfill(index: Index, embedder: embed.Embedder, *, report: Report = _silent, stop: Stop = _never) -> int:
    """Give vectors to papers that have none by this model, newest first; return how many were given.

    A batch is in the index before it is in the database, so that a crash between the two costs one batch of work
    and never leaves the index without a vector that the database believes in.
    """
    missing = Paper.objects.filter(Q(embedding=None) | ~Q(embedding__model=embedder.mark))
    total = missing.count()
    done = 0
    while not stop():
        waiting = list(missing.order_by("-day", "-pk").values_list("pk", flat=True)[:VECTORS_AT_ONCE])
        if not waiting:
            break
        for start in range(0, len(waiting), PORTION):
            if stop():
                break
            papers = Paper.objects.filter(pk__in=waiting[start : start + PORTION])
            done += _embed(index, embedder, list(papers))
            report(done, max(total, done))
        index.optimize()
        _note(index, state.read(now=True))
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


def _text(paper: Paper) -> str:
    return embed.text_of(plain(paper.title), plain(paper.abstract))


def _documents(papers: Sequence[Paper]) -> list[Document]:
    kept = {e.paper_id: e for e in Embedding.objects.filter(paper__in=papers, model=embed.mark(settings.MODEL))}
    stale = [paper.pk for paper in papers if paper.pk in kept and kept[paper.pk].digest != embed.digest(_text(paper))]
    if stale:
        Embedding.objects.filter(pk__in=stale).delete()
    fresh = {pk: vector_of(embedding) for pk, embedding in kept.items() if pk not in set(stale)}
    return [document_of(paper, fresh.get(paper.pk)) for paper in papers]


def document_of(paper: Paper, vector: Vector | None = None) -> Document:
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
        vector=vector,
    )


def _believed(known: state.State) -> state.State:
    """Return the state as far as it can be believed: of this database, and of the newest wish to rebuild."""
    instance = _instance()
    generation = Counter.objects.filter(name="generation").values_list("value", flat=True).first() or 0
    if known.instance != instance or known.generation != generation:
        return state.State(instance=instance, generation=generation)
    return known


def _instance() -> int:
    """Return a number that tells this database from every other."""
    counter, _ = Counter.objects.get_or_create(name="instance", defaults={"value": secrets.randbits(62)})
    return counter.value


def newest_stamp() -> int:
    """Return the stamp of the newest change; it tells at the cost of one index look-up whether there is work."""
    return Paper.objects.aggregate(newest=Max("stamp"))["newest"] or 0


def _note(index: Index, known: state.State) -> None:
    """Write the state once the index would survive a crash with it."""
    index.flush()
    state.write(
        replace(
            known,
            papers=index.size(),
            vectors=Embedding.objects.filter(model=embed.mark(settings.MODEL)).count(),
        )
    )
