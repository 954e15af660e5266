"""A change of the model that search uses, without a moment in which search is silent.

What is wished for stands in the database. Whoever owns the index heeds it: fills other vectors while searches ask the
ones that are there, then changes both the vectors and what encodes queries in one step. Killed at any moment it begins
that filling again; what a model has read is kept all the time. What a change would do is measured in ``swap_gate``.
"""

import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import nullcontext, suppress
from itertools import batched
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast, runtime_checkable

import numpy as np
from django.conf import settings

from broadsheet.errors import BroadsheetError, Conflict, Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import bridge, choice, embed, student
from broadsheet.search.encoders.bridge import Bridge, Rows
from broadsheet.search.encoders.choice import Space
from broadsheet.search.index import Index
from broadsheet.search.keeping import documents, swap_gate, upkeep
from broadsheet.search.keeping.swap_gate import Held, Keys
from broadsheet.search.machine import layout, mapped
from broadsheet.search.meaning.vectors import Vectors
from broadsheet.search.models import Embedding, ModelChoice

if TYPE_CHECKING:
    from broadsheet.search.server.vectors import NamedVectors

logger = logging.getLogger(__name__)

PROGRESS = "change.json"

TELL_EVERY = 1.0
"""Seconds between two notes of how far a change is."""

AT_A_TIME = 256
"""Papers read between two looks for papers that came."""

LOOK_EVERY = 5.0
"""Seconds between two looks for papers that came while vectors are filled."""

type Report = Callable[[int, int], object]
type Stop = Callable[[], bool]


class Change(NamedTuple):
    """A change that is under way: to which model, what is being done, and how many of how many papers are.

    stage: ``waiting`` for the owner of the index, or for the model's files; ``reading`` papers by the new model, where
    it is to change only then; ``filling`` the vectors that searches will ask.
    """

    model: str
    stage: str = "waiting"
    done: int = 0
    total: int = 0


@runtime_checkable
class Changing(Index, Protocol):
    """An index that can be given other vectors, which its searches ask from one moment on."""

    @property
    def vectors(self) -> Held:
        """Those that searches ask."""
        ...

    def begin_vectors(self, name: str, dim: int) -> Held:
        """Return others, empty, that nobody asks yet."""
        ...

    def use_vectors(self, name: str, space: str) -> None:
        """Have searches ask what ``begin_vectors`` gave under that name."""
        ...


def _silent(_done: int, _total: int) -> None:
    """Report to nobody."""


def _never() -> bool:
    return False


def wish(name: str, *, waits: bool = False) -> None:
    """Have the owner of the index change to a model. waits: only once it has read every paper.

    Raises BadInput for a model that is not known.
    """
    choice.space_of(name)
    now = name if asked() is None else choice.settled().name
    ModelChoice.objects.update_or_create(
        id=1,
        defaults={"wanted": name, "waits": waits},
        create_defaults={
            "wanted": name,
            "waits": waits,
            "settled": now,
        },
    )


def ready(name: str) -> embed.Embedder | None:
    """Return a model that search could change to, built and loaded; None where search uses it already.

    Raises BadInput for one that is not known, Refused where meaning is switched off, and ModelMissing where its files
    are not here.
    """
    target = choice.space_of(name)
    if settings.MODEL == "none":
        raise Refused(
            "Meaning is switched off: BROADSHEET_MODEL is none.",
            "Take BROADSHEET_MODEL=none out of the environment, and ask again; the site remembers which model it used.",
        )
    if target.mark == choice.mark() and choice.wanted() == target:
        return None
    return embed.load(Path(settings.MODELS_DIR), name, threads=len(os.sched_getaffinity(0)))


def asked() -> Held | None:
    """Return the vectors that searches ask; None where there is no index that can be asked."""
    try:
        found: Held | None = getattr(current.searcher(), "vectors", None)
    except Conflict:
        return None
    return found


def under_way() -> Change | None:
    """Return the change that is under way, from any process; None where search uses the model that is wanted."""
    if settings.MODEL == "none":
        return None
    try:
        target = choice.wanted()
    except BroadsheetError:
        return None
    if choice.mark() == target.mark:
        return None
    try:
        told = Change(**json.loads(_progress().read_text()))
    except (OSError, ValueError, TypeError):
        return Change(target.name)
    return told if told.model == target.name else Change(target.name)


def go_on(index: Index, *, share: float = 1.0, report: Report = _silent, stop: Stop = _never) -> bool:
    """Bring a change that is wished for on, if any, as the owner of the index; return whether none is left to do.

    share: of the time, in [0, 1], that the model may take to read every paper where the change waits for that; 0 is
    none, so that the change waits for another share. report: told (done, total) papers. stop: asked every some
    thousand papers at most; the next call goes on.
    """
    if settings.MODEL == "none" or not isinstance(index, Changing):
        return True
    target = choice.wanted()
    if index.space == target.mark:
        _settle(target)
        return True
    embedder = current.embedder(target.mark, build=True)
    if embedder is None:
        _tell(Change(target.name), now=True)
        _warn(target.name, current.why_no_model())
        return False
    if _is_to_wait(index) and not _read_all(index, embedder, share, report, stop):
        return False
    return _change(index, target, report, stop)


_warned: list[tuple[object, str, str]] = []


def _warn(model: str, why: str) -> None:
    """Say once why a model cannot be changed to, as it is tried again every few seconds."""
    said = settings.INDEX_DIR, model, why
    if _warned != [said]:
        _warned[:] = [said]
        logger.warning("The model %s cannot be changed to: %s", model, why)


def is_wished(index: Index) -> bool:
    """Whether the index is of another model than the one that is wanted, and could be of that."""
    if settings.MODEL == "none" or not isinstance(index, Changing):
        return False
    target = choice.wanted()
    if index.space == target.mark:
        return False
    return embed.available(Path(settings.MODELS_DIR), target.name).state != "missing"


def _is_to_wait(index: Index) -> bool:
    """Whether the model that is used answers until the other has read every paper: as wished, or as nobody measured.

    Where it cannot be asked any more, there is nothing to wait for.
    """
    row = ModelChoice.objects.first()
    waits = row.waits if row else True
    return waits and current.embedder(index.space) is not None


def _read_all(index: Index, embedder: embed.Embedder, share: float, report: Report, stop: Stop) -> bool:
    """Have a model read every paper, newest first; return whether none is left. New ones are found meanwhile."""
    look = _Look(index, stop)
    lacking = Embedding.objects.lacking(Paper.objects.standing(), embedder.mark).order_by("-day", "-pk")
    if not share:
        if waits := lacking.exists():
            _warn(embedder.name, "it waits for every paper to be read, and BROADSHEET_UPGRADE_PERCENT is 0.")
        return not waits
    total = Paper.objects.number_standing()
    done = total - lacking.count()
    while waiting := list(lacking.values_list("pk", flat=True)[: upkeep.LOOK_AHEAD]):
        for keys in batched(waiting, AT_A_TIME):
            began = time.monotonic()
            if swap_gate.read(embedder, keys, report=_silent, stop=stop) < len(keys):
                return False
            done += len(keys)
            _tell(Change(embedder.name, "reading", done, total))
            report(done, max(done, total))
            look()
            upkeep.rest(time.monotonic() - began, share, stop, meanwhile=look)
    return True


class _Look:
    """A look for papers that came since the last one, which are taken into the index."""

    def __init__(self, index: Index, stop: Stop) -> None:
        self._index = index
        self._stop = stop
        self._seen = upkeep.newest_stamp()

    def __call__(self) -> None:
        newest = upkeep.newest_stamp()
        if newest != self._seen:
            self._seen = newest
            upkeep.catch_up(self._index, stop=self._stop)


def _change(index: Changing, target: Space, report: Report, stop: Stop) -> bool:
    """Fill vectors of the new space beside those that searches ask, and have searches ask them; return whether."""
    name = layout.free(Path(settings.INDEX_DIR), f"vectors-{target.name.lower()}")
    coming = index.begin_vectors(name, target.dim)
    filling = _Filling(index.vectors, coming, target, _bridge(index, target))
    began = state.read(now=True).stamp
    done, total, looked = 0, index.vectors.size(), time.monotonic()
    for keys, rows in index.vectors.each():
        if stop():
            return False
        filling.take(keys, rows)
        done += len(keys)
        _tell(Change(target.name, "filling", done, total))
        report(done, total)
        if time.monotonic() - looked >= LOOK_EVERY:
            upkeep.catch_up(index, stop=stop)  # papers that came are found meanwhile, as ever
            looked = time.monotonic()
    upkeep.catch_up(index, stop=stop)
    with getattr(index, "changing", nullcontext()):
        if stop():
            return False
        filling.make_up(began)
        index.use_vectors(name, target.mark)
    _settle(target)
    upkeep.note(index, state.read(now=True))
    return True


def _bridge(index: Changing, target: Space) -> Bridge | None:
    """Fit the map from an index's space into another, on what the other's model has read, and keep it.

    An earlier one is taken where there are no pairs, and none where the static student knows the space itself.
    """
    if student.of_space(target.mark) is not None:
        return None
    read = Embedding.objects.filter(model=target.mark).order_by("-pk").values_list("paper", flat=True)
    _, of, to = swap_gate.pairs_of(index.vectors, target.mark, list(read[: 2 * swap_gate.PAIRS]))
    if len(of) >= 2 * bridge.FOLDS:
        made = bridge.fitted(of, to, index.space, target.mark)
        bridge.keep(made)
        return made
    kept = bridge.leading_to(target.mark)
    return kept if kept is not None and kept.origin == index.space else None


class _Filling:
    """The taking over of papers from the vectors that searches ask into those that they will ask."""

    def __init__(self, now: Held, coming: Held, target: Space, way: Bridge | None) -> None:
        self._now = now
        self._coming = coming
        self._target = target
        self._bridge = way
        self._any_read = Embedding.objects.filter(model=target.mark).exists()

    def take(self, keys: Keys, rows: Rows) -> None:
        """Take papers over, each with the new model's own vector where it is kept, else with what can be made."""
        made: dict[int, Rows] = {}
        if self._any_read:
            kept = Embedding.objects.filter(model=self._target.mark, paper__in=keys.tolist())
            read = ((pk, np.frombuffer(bytes(vector), "<f2")) for pk, vector in kept.values_list("paper", "vector"))
            made = {pk: vector.astype(np.float32) for pk, vector in read}
        rest = np.array([int(pk) not in made for pk in keys], dtype=bool)
        if self._bridge is not None:
            made |= zip(keys[rest].tolist(), self._bridge.carry(rows[rest]), strict=True)
        elif rest.any():
            papers = Paper.objects.filter(pk__in=keys[rest].tolist())
            made |= documents.vectors_of({paper.pk: documents.text_of(paper) for paper in papers}, self._target.mark)
        had = np.array([pk for pk in keys.tolist() if pk in made], dtype=np.int64)
        if len(had):
            self._put(had, np.array([made[pk] for pk in had.tolist()], np.float32))

    def _put(self, keys: Keys, rows: Rows) -> None:
        if isinstance(self._coming, Vectors) and isinstance(self._now, Vectors):
            self._coming.put_rows(keys, rows, like=self._now)
        else:  # on a server, where what papers are filed under stands beside all their vectors
            cast("NamedVectors", self._coming).put(dict(zip(keys.tolist(), rows, strict=True)))

    def make_up(self, since: int) -> None:
        """Take over what came, changed and went after a stamp; nothing may change meanwhile."""
        here = self._now.ids()
        changed = np.fromiter(Paper.objects.filter(stamp__gt=since).values_list("pk", flat=True), np.int64)
        late = np.union1d(np.setdiff1d(here, self._coming.ids()), np.intersect1d(here, changed))
        for begin in range(0, len(late), upkeep.BATCH):
            rows = self._now.get(late[begin : begin + upkeep.BATCH].tolist())
            self.take(np.array(list(rows), np.int64), np.array(list(rows.values()), np.float32))
        self._coming.remove(np.setdiff1d(self._coming.ids(), here).tolist())


def _settle(target: Space) -> None:
    """Note that search uses the model that was wished for."""
    ModelChoice.objects.filter(wanted=target.name).exclude(settled=target.name).update(settled=target.name, waits=False)
    choice.forget()
    with suppress(OSError):  # it tells of a model that is the wanted one by now, which is not read
        _progress().unlink()


_told_at = [0.0]


def _tell(change: Change, *, now: bool = False) -> None:
    """Write down how far a change is, for other processes; every second at most."""
    if not now and time.monotonic() - _told_at[0] < TELL_EVERY:
        return
    _told_at[0] = time.monotonic()
    with suppress(OSError):  # as on a full disk: the change does not need it
        mapped.put(_progress(), json.dumps(change._asdict()).encode())


def _progress() -> Path:
    return Path(settings.INDEX_DIR) / PROGRESS
