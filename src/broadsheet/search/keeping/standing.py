"""How the index stands, for commands and pages: who owns it, which papers it holds in which tier, what is left to do.

Whether all of it is in order is ``doctor``'s to say.
"""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from filelock import FileLock, Timeout

from broadsheet.errors import BroadsheetError
from broadsheet.papers.models import Paper
from broadsheet.search import state
from broadsheet.search.encoders import choice, embed
from broadsheet.search.keeping import swap, upkeep
from broadsheet.search.machine import layout, locks

UNSEEN = 0
"""In the place of the number of a process that is not seen from here, as one of another container."""


@dataclass(frozen=True, slots=True)
class Going:
    """Work under way: what it is called, and how many of how many papers are done."""

    what: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How the index stands.

    schema: of the files; None where they do not tell. space: mark of the model in whose space the vectors lie.
    papers: that the database has. words: found by words. model, rough: found by meaning with that model's vector, or
    with one of the static table or mapped from another model's. waiting: to be taken over. rate: papers that the model
    has read a second, 0 while unknown. owner: the process that writes, None for nobody. served: it is a server.
    """

    folder: Path
    schema: int | None
    space: str
    papers: int
    words: int
    model: int
    rough: int
    waiting: int
    rate: float
    owner: int | None
    served: bool
    going: tuple[Going, ...]

    @property
    def share(self) -> float:
        """Share of the papers in the index that have the model's vector, in [0, 1]."""
        return min(1.0, self.model / self.words) if self.words else 0.0

    @property
    def meaning(self) -> int:
        """Papers that are found by meaning, by whichever vector."""
        return self.model + self.rough

    @property
    def left(self) -> int:
        """Papers in the index that the model has yet to read."""
        return max(0, self.words - self.model)

    @property
    def seconds(self) -> int | None:
        """How long the model takes for the rest, at the rate of its last papers; None where that is not known."""
        return round(self.left / self.rate) if self.rate > 0 else None

    @property
    def ready_in(self) -> str:
        """The same in words; empty where it is not known."""
        return "" if self.seconds is None else _span(self.seconds)


def _span(seconds: int) -> str:
    """Return a time in the largest two units that it fills."""
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


def standing() -> Standing:
    """Return how the index stands, from its small files and the database: nothing is opened, whoever owns it."""
    folder = Path(settings.INDEX_DIR)
    known = state.read(now=True)
    return Standing(
        folder=folder,
        schema=schema_of(folder),
        space=_space(folder),
        papers=Paper.objects.number_standing(),
        words=known.papers,
        model=min(known.vectors, known.papers),
        rough=max(0, known.by_meaning - known.vectors),
        waiting=upkeep.behind(),
        rate=known.rate,
        owner=holder(folder / "owner.lock"),
        served=holder(folder / locks.SERVING) is not None,
        going=_going(known),
    )


def _space(folder: Path) -> str:
    if settings.SEARCH_URL:
        return choice.mark()
    try:
        return layout.read(folder).space
    except BroadsheetError:
        return ""


def _going(known: state.State) -> tuple[Going, ...]:
    known = upkeep.believed(known)
    found = []
    if known.redo < known.redo_until:
        of_it = Paper.objects.filter(stamp__lte=known.redo_until)
        found.append(Going("rebuild", of_it.filter(stamp__lte=known.redo).count(), of_it.count()))
    if change := swap.under_way():
        found.append(Going(f"change of model to {change.model}, {change.stage}", change.done, change.total))
    return tuple(found)


def schema_of(folder: Path) -> int | None:
    """Return the schema that the index in a folder says it is of, this version's or another; None where it does not."""
    try:
        told = json.loads((folder / layout.FILE).read_text())["schema"]
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return told if isinstance(told, int) else None


def sizes(folder: Path) -> dict[str, int]:
    """Return the bytes on disk of each part: of a folder in it, and of the small files together (``state``)."""
    found = {"state": 0}
    for path in sorted(folder.rglob("*")):
        try:
            size = path.stat().st_blocks * 512 if path.is_file() else 0
        except OSError:  # merged away meanwhile
            continue
        inside = path.relative_to(folder).parts
        name = inside[0] if len(inside) > 1 else "state"
        found[name] = found.get(name, 0) + size
    return found


def room(folder: Path) -> int:
    """Return the bytes that are free where a folder lies, or will lie."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def holder(lock: Path) -> int | None:
    """Return the number of the process that holds a lock, ``UNSEEN`` for one unseen from here, None for nobody.

    Linux lists who holds what; elsewhere, and for what is not listed, the lock is taken for a moment.
    """
    try:
        known = lock.stat()
    except OSError:
        return None
    file = f"{os.major(known.st_dev):02x}:{os.minor(known.st_dev):02x}:{known.st_ino}"
    try:
        lines = Path("/proc/locks").read_text().splitlines()
    except OSError:
        lines = []
    for parts in map(str.split, lines):
        if len(parts) > 5 and parts[1] == "FLOCK" and parts[5] == file:
            return max(UNSEEN, int(parts[4]))
    try:
        with FileLock(lock, thread_local=False).acquire(timeout=0):
            return None
    except Timeout:
        return UNSEEN
    except OSError:  # may not be written, so nobody writes
        return None


def model_state() -> tuple[str, str]:
    """Return whether the model that is set can be used (off, ready, buildable, missing), and why not as a sentence."""
    if settings.MODEL == "none":
        return "off", ""
    found = embed.available(Path(settings.MODELS_DIR), settings.MODEL)
    return found.state, found.reason
