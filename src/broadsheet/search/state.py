"""How far the index is, in a small file beside it, which every process may read and its owner alone writes."""

import json
import time
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings

from broadsheet.search.index import SCHEMA

FRESH = 2.0
"""Seconds for which a state that was read is believed."""


@dataclass(frozen=True, slots=True)
class State:
    """How far the index is.

    instance: which database it was made from. generation: the newest wish to rebuild that it knows of.
    stamp, last: of the last paper taken over, and its key. redo, redo_until: a rebuild has taken over anew up to the
    one stamp and ends at the other. papers, vectors: how many it holds.
    """

    instance: int = 0
    generation: int = 0
    stamp: int = 0
    last: str = ""
    redo: int = 0
    redo_until: int = 0
    papers: int = 0
    vectors: int = 0

    @property
    def share(self) -> float:
        """Share of the indexed papers that have a vector, in [0, 1]."""
        return min(1.0, self.vectors / self.papers) if self.papers else 0.0


_last: dict[Path, tuple[float, State]] = {}

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
    read_at, kept = _last.get(_path(), (-FRESH, State()))
    if not now and time.monotonic() - read_at < FRESH:
        return kept
    try:
        state = State() if _is_of_another_layout() else State(**json.loads(_path().read_text()))
    except (OSError, ValueError, TypeError):
        state = State()
    _last[_path()] = (time.monotonic(), state)
    return state


def _is_of_another_layout() -> bool:
    try:
        return bool(json.loads(_path().with_name("schema.json").read_text())["schema"] != SCHEMA)
    except (OSError, ValueError, TypeError, KeyError):
        return False  # whoever opens it sees to that


def write(state: State) -> None:
    """Replace the file in one step; only the owner of the index may."""
    path = _path()
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(asdict(state)))
    new.replace(path)
    _last[path] = (time.monotonic(), state)
