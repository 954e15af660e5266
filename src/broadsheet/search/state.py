"""How far the index is, in a small file beside it, which every process may read and its owner alone writes."""

import json
import time
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from broadsheet.errors import BroadsheetError
from broadsheet.search.index import SCHEMA
from broadsheet.search.machine import mapped
from broadsheet.search.machine.trouble import told

FRESH = 2.0
"""Seconds for which a state that was read is believed."""

STUDENT_PART = 0.75
"""What meaning counts while no paper has the model's own vector, as a part of what it counts when all have
(docs/search/quality.md)."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the index is.

    instance: which database it was made from. generation: the newest wish to rebuild that it knows of.
    stamp, last: of the last paper taken over, and its key. redo, redo_until: a rebuild has taken over anew up to the
    one stamp and ends at the other. papers, vectors: how many it holds; vectors are the model's own. static: the other
    papers have one that the student made (``student``). rate: papers a second that the model reads in the background.
    """

    instance: int = 0
    generation: int = 0
    stamp: int = 0
    last: str = ""
    redo: int = 0
    redo_until: int = 0
    papers: int = 0
    vectors: int = 0
    static: bool = False
    rate: float = 0.0

    @property
    def share(self) -> float:
        """Share of the indexed papers that have the model's own vector, in [0, 1]."""
        return min(1.0, self.vectors / self.papers) if self.papers else 0.0

    @property
    def by_meaning(self) -> int:
        """How many papers are found by meaning, by a vector of whichever tier."""
        return self.papers if self.static else self.vectors


_last: dict[Path | str, tuple[float, State]] = {}
"""When it was last read or written, and what it was, by the setting that names the index: asked for each search."""

instead: ContextVar[State | None] = ContextVar("instead", default=None)
"""The state of another index, while this thread asks that one: see ``current.instead``."""


def _path() -> Path:
    return Path(settings.INDEX_DIR) / "state.json"


def read(*, now: bool = False) -> State:
    """Return the state, at most two seconds old unless ``now``.

    It is empty where there is no readable file, and where the index is of another layout, which no search can use.
    """
    if (other := instead.get()) is not None and not now:
        return other
    read_at, kept = _last.get(settings.INDEX_DIR) or (-FRESH, State())
    if not now and time.monotonic() - read_at < FRESH:
        return kept
    try:
        if settings.SEARCH_URL:
            state = _on_server(kept)
        else:
            state = State() if _is_of_another_layout() else _told(json.loads(_path().read_text()))
    except (OSError, ValueError, TypeError, AttributeError):
        state = State()
    _last[settings.INDEX_DIR] = (time.monotonic(), state)
    return state


def _told(kept: dict[str, object]) -> State:
    """Return the state in a file. Raises TypeError or AttributeError for one that holds something else."""
    for name, value in kept.items():
        if not isinstance(value, (int, float) if (usual := type(getattr(State(), name))) is float else usual):
            raise TypeError(f"{name} is {value!r}")
    return State(**kept)  # type: ignore[arg-type]  # each is of its kind, which mypy cannot see


def _on_server(known: State) -> State:
    """Return what an index on a search server tells; what was known before where that does not answer."""
    from broadsheet.search import cluster

    try:
        kept = cluster.told()
    except BroadsheetError:
        return known
    return _told(kept) if kept else State()


def _is_of_another_layout() -> bool:
    try:
        return bool(json.loads(_path().with_name("schema.json").read_text())["schema"] != SCHEMA)
    except (OSError, ValueError, TypeError, KeyError):
        return False  # whoever opens it sees to that


def write(state: State) -> None:
    """Replace the file in one step; only the owner of the index may. Raises Refused where the disk does not let it."""
    path = _path()
    if settings.SEARCH_URL:
        from broadsheet.search import cluster

        cluster.tell(asdict(state))
        _last[settings.INDEX_DIR] = (time.monotonic(), state)
        return
    with told("noting how far it is"):
        path.parent.mkdir(parents=True, exist_ok=True)
    mapped.replace(path, json.dumps(asdict(state)).encode())
    _last[settings.INDEX_DIR] = (time.monotonic(), state)


def weight_of_meaning(known: State, *, by_model: bool = True) -> float:
    """Return what meaning counts beside words, in [0, 1]: the more, the more papers have the model's own vector.

    by_model: whether the query's vector is the model's; else it is the student's, as all papers' might be.
    """
    weight: float = settings.DENSE_WEIGHT
    if not known.static:
        return weight * known.share
    return weight * (STUDENT_PART + (1 - STUDENT_PART) * (known.share if by_model else 0.0))


def said(known: State) -> str:
    """Return what readers should know of how far meaning reaches; empty where it reaches every paper."""
    if known.by_meaning >= known.papers:
        return ""
    return f"Search by meaning reaches {known.by_meaning} of {known.papers} papers so far."
