"""Keeping the index in step with the papers: catching up by stamp, and giving vectors in the background."""

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import batched

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone

from broadsheet.papers.models import Counter, Paper, PaperQuerySet
from broadsheet.search import state
from broadsheet.search.encoders import choice, embed
from broadsheet.search.index import Index
from broadsheet.search.keeping.documents import (
    Batch,
    Row,
    batch_of,
    document_of,
    documents_of,
    first_tier,
    text_of,
    vector_of,
)
from broadsheet.search.models import Embedding

__all__ = [
    "TakingOver",
    "ask_for_rebuild",
    "backfill",
    "behind",
    "believed",
    "catch_up",
    "document_of",
    "documents_of",
    "instance",
    "lacks_papers",
    "newest_stamp",
    "note",
    "rebuild_is_due",
    "vector_of",
    "waiting",
]

BATCH = 1000
PORTION = 32
"""Papers embedded between two questions whether to stop."""

NOTE_EVERY = 50_000
"""Papers between two notes of how far a catch-up is; a crash repeats at most so many, some seconds' work."""

SHOW_EVERY = 5.0
"""Seconds between two notes of a catch-up that readers wait for: what is noted is found."""

NOTE_VECTORS = 500
"""Vectors between two notes of how far they are; search weighs meaning by it."""

RECENT = timedelta(days=30)
"""How far back papers are upgraded before all others."""

LOOK_AHEAD = 10_000
"""Papers looked up at once for want of a vector: each look passes over all that have one."""

type Report = Callable[[int, int], None]
type Stop = Callable[[], bool]
type Source = Callable[[int, str], Batch]


def _never() -> bool:
    return False


def _nothing() -> None:
    """Do nothing."""


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
    source: asked in place of ``waiting``, where another process makes papers ready.
    """

    def __init__(self, index: Index, source: Source | None = None) -> None:
        self.done = 0
        self._index = index
        self._source = source or waiting
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
        space = self._index.space
        if (batch := self._source(self._known.stamp, space)).papers:
            known = replace(self._known, stamp=batch.stamp, last=batch.key)
        elif (batch := batch_of(_rows(_to_redo(self._known)), space)).papers:
            known = replace(self._known, redo=batch.stamp)
        else:
            return 0
        if batch.others:
            self._index.remove(batch.others)
        self._index.add(batch.documents)
        self._known = known
        self.done += batch.papers
        if self.done % NOTE_EVERY < batch.papers:
            self.note()
        return batch.papers

    def end(self) -> None:
        """Note that nothing is left, and take out what the database does not have."""
        self._known = replace(self._known, redo=self._known.redo_until)
        self._index.flush()
        _remove_strangers(self._index)
        self._index.complete()

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
    if index.size() <= Paper.objects.number_standing():
        return
    after = 0
    while ids := index.ids(after, BATCH):
        here = set(Paper.objects.standing().filter(pk__in=ids).values_list("pk", flat=True))
        index.remove([pk for pk in ids if pk not in here])
        after = ids[-1]


def waiting(after: int, space: str) -> Batch:
    """Return the next papers that came or changed after a stamp, if any did, as an index of a space takes them."""
    return batch_of(_rows(_after(after)), space)


def _waiting(known: state.State) -> PaperQuerySet:
    return _after(known.stamp)


def _after(stamp: int) -> PaperQuerySet:
    return Paper.objects.filter(stamp__gt=stamp).order_by("stamp")


def _to_redo(known: state.State) -> PaperQuerySet:
    return Paper.objects.filter(stamp__gt=known.redo, stamp__lte=known.redo_until).order_by("stamp")


def _rows(papers: PaperQuerySet) -> list[Row]:
    return list(map(Row._make, papers.values_list(*Row._fields)[:BATCH]))


def backfill(index: Index, embedder: embed.Embedder, *, report: Report = _silent, stop: Stop = _never) -> int:
    """Give the model's own vectors to papers that have none, newest and most read first; return how many were given.

    A batch is in the index before it is in the database, so that a crash between the two costs one batch of work
    and never leaves the index without a vector that the database believes in. Of each second at most
    BROADSHEET_UPGRADE_PERCENT is used; where that is 0 none is given.
    """
    if not settings.UPGRADE_SHARE:
        return 0
    missing = Embedding.objects.lacking(Paper.objects.standing(), embedder.mark)
    total = missing.count() if report is not _silent else 0
    done = noted = 0
    began = time.monotonic()
    while not stop() and (waiting := _first_to_upgrade(missing)):
        for papers in map(_whole, batched(waiting, PORTION)):
            if stop():
                break
            _embed(index, embedder, papers, stop)
            done += len(papers)
            report(done, max(total, done))
            if done - noted >= NOTE_VECTORS:
                note(index, state.read(now=True), rate=(done - noted) / (time.monotonic() - began))
                noted, began = done, time.monotonic()
        note(index, state.read(now=True))
    return done


def _whole(pks: Sequence[int]) -> list[Paper]:
    return list(Paper.objects.filter(pk__in=pks))


def _first_to_upgrade(missing: PaperQuerySet) -> list[int]:
    """Return the papers to be given vectors next: those of the last weeks, then those that readers noted, then others.

    Readers note a paper by a vote or a comment. Newest edition first, and in it the one with most votes.
    """
    recent = timezone.now().date() - RECENT
    read = missing.filter(Q(all_votes__gt=0) | Q(reader_comments__gt=0))
    for papers in (
        missing.filter(day__gte=recent).order_by("-day", "-all_votes", "pk"),
        read.order_by("-all_votes", "-day", "pk"),
        missing.order_by("-day", "-all_votes", "pk"),
    ):
        if found := list(papers.values_list("pk", flat=True)[:LOOK_AHEAD]):
            return found
    return []


def _embed(index: Index, embedder: embed.Embedder, papers: Sequence[Paper], stop: Stop) -> None:
    began = time.monotonic()
    texts = [text_of(paper) for paper in papers]
    vectors = embedder.embed(texts, tokens=settings.EMBED_TOKENS)
    index.set_vectors({paper.pk: vector for paper, vector in zip(papers, vectors, strict=True)})
    pks, digests = [paper.pk for paper in papers], map(embed.digest, texts)
    Embedding.objects.keep(embedder.mark, zip(pks, digests, vectors, strict=True))
    rest(time.monotonic() - began, settings.UPGRADE_SHARE, stop)


def rest(worked: float, share: float, stop: Stop, *, meanwhile: Callable[[], object] = _nothing) -> None:
    """Stand still until the seconds worked are no more than a share of all, above 0 and up to 1, or until ``stop``.

    meanwhile: called every half second.
    """
    until = time.monotonic() + worked * (1 / share - 1)
    while (left := until - time.monotonic()) > 0 and not stop():
        time.sleep(min(left, 0.5))
        meanwhile()


def believed(known: state.State) -> state.State:
    """Return the state as far as it can be believed: of this database, with the newest wish to rebuild in it."""
    own = instance()
    static = first_tier(choice.mark()) is not None
    generation = Counter.objects.filter(name="generation").values_list("value", flat=True).first() or 0
    highest = Counter.objects.filter(name="stamp").values_list("value", flat=True).first() or 0
    # A stamp that the database has not given yet is from its future: an older copy of it was put back.
    # So is one that it has given to another paper since.
    given = Paper.objects.filter(stamp=known.stamp).values_list("key", flat=True).first()
    if known.instance != own or known.stamp > highest or (given or known.last) != known.last:
        return state.State(instance=own, generation=generation, static=static)
    if known.generation != generation or static > known.static:  # or what is there has no vectors of the first tier
        return replace(known, generation=generation, redo=0, redo_until=known.stamp, static=static)
    return replace(known, static=static)


def instance() -> int:
    """Return a number that tells this database from every other."""
    counter, _ = Counter.objects.get_or_create(name="instance", defaults={"value": secrets.randbits(62)})
    return counter.value


def newest_stamp() -> int:
    """Return the stamp of the newest change; it tells at the cost of one index look-up whether there is work."""
    return Paper.objects.aggregate(newest=Max("stamp"))["newest"] or 0


def note(index: Index, known: state.State, *, rate: float | None = None) -> None:
    """Write the state once the index would survive a crash with it. rate: papers upgraded a second, where it is new."""
    index.flush()
    state.write(
        replace(
            known,
            papers=index.size(),
            vectors=Embedding.objects.filter(model=index.space).count(),
            rate=known.rate if rate is None else rate,
        )
    )
