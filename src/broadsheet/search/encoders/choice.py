"""Which model search uses: the setting at first, from ``broadsheet model use`` on what was said there.

A change takes a while, so two models are told apart: the one that is wanted, and the one that search last settled on.
What a change does is ``swap``; what models there are, ``weights``.
"""

import json
import time
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from broadsheet.errors import BroadsheetError
from broadsheet.search.encoders import weights
from broadsheet.search.models import ModelChoice

FIRST = "all-MiniLM-L6-v2"
"""The model of which an index is where meaning is switched off, so that switching it on changes nothing else."""

FRESH = 2.0
"""Seconds for which the mark that an index tells is believed."""


class Space(NamedTuple):
    """Where vectors can be compared: the model that made them, its mark beside each of them, numbers in a vector."""

    name: str
    mark: str
    dim: int


_told: dict[Path, tuple[float, str]] = {}


def wanted() -> Space:
    """Return the model that search is to use. Raises BadInput where that is not known."""
    row = ModelChoice.objects.first()
    return space_of(row.wanted if row else _setting())


def settled() -> Space:
    """Return the model that search uses until a change is done; an index made anew is of it.

    Where that is gone, as one whose folder was removed, it is the setting's.
    """
    row = ModelChoice.objects.first()
    try:
        return space_of(row.settled if row else _setting())
    except BroadsheetError:
        return space_of(_setting())


def space_of(name: str) -> Space:
    """Return the space of a model by its name. Raises BadInput for one that is not known."""
    model = weights.known(Path(settings.MODELS_DIR), name)
    return Space(name, model.mark, model.dim)


def name_of(mark: str) -> str:
    """Return the name of the model that a mark tells of."""
    return mark.rpartition("/")[0]


def mark() -> str:
    """Return the mark of the vectors that searches use now, as the index tells it, two seconds old at most.

    It is empty where meaning is switched off, so that no kept vector is of it.
    """
    if settings.MODEL == "none":
        return ""
    path = Path(settings.INDEX_DIR) / "schema.json"
    read_at, told = _told.get(path, (-FRESH, ""))
    if not told or time.monotonic() - read_at >= FRESH:
        told = (_space_on_server() if settings.SEARCH_URL else _space_told(path)) or settled().mark
        _told[path] = (time.monotonic(), told)
    return told


def forget() -> None:
    """Believe no mark that was read before, as after a change."""
    _told.clear()


def _space_told(path: Path) -> str:
    try:
        return str(json.loads(path.read_text()).get("space", ""))
    except (OSError, ValueError, AttributeError):
        return ""


def _space_on_server() -> str:
    from broadsheet.search import cluster

    return cluster.space()


def _setting() -> str:
    return FIRST if settings.MODEL == "none" else str(settings.MODEL)
