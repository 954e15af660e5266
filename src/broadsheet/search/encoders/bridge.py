"""The way from one model's vectors into another's space: a linear map, fitted on papers that both have read.

It makes a change of model quick (``swap``), and gives the static student a place in every space that was changed to.
"""

import functools
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.search.encoders import choice, student, weights
from broadsheet.search.machine import mapped
from broadsheet.search.models import Embedding

FILE = "bridge.npz"

FEW = 500
"""Pairs below which a rotation is fitted, which has fewer freedoms than a ridge."""

RIDGE = 1e-3
"""Penalty of the ridge, as a share of the mean of the diagonal that it is added to."""

FOLDS = 5
LONGEST = 16
"""Maps that are followed one after the other; more would be a circle."""

type Rows = NDArray[np.float32]


class Reads(Protocol):
    """What makes vectors of texts."""

    def embed(self, texts: Sequence[str], *, tokens: int = 256) -> Rows:
        """Return a vector of unit length for each text."""
        ...


@dataclass(frozen=True, slots=True)
class Bridge:
    """A map of vectors, shape (n, from), into another space, shape (n, to): ``(rows - middle) @ matrix + shift``.

    origin, space: marks of the model whose vectors it takes, and of the other. matrix: shape (from, to). middle, shift:
    means of both.
    """

    origin: str
    space: str
    matrix: Rows
    middle: Rows
    shift: Rows

    def carry(self, rows: Rows) -> Rows:
        """Return where vectors lie in the other space, each of unit length; zeros stay zeros."""
        carried = (rows - self.middle) @ self.matrix + self.shift
        lengths = np.linalg.norm(carried, axis=1, keepdims=True)
        made: Rows = (carried / np.maximum(lengths, 1e-12) * rows.any(axis=1, keepdims=True)).astype(np.float32)
        return made


def fitted(of: Rows, to: Rows, origin: str = "", space: str = "") -> Bridge:
    """Fit a map on pairs of vectors, a row each: by ridge W = (X'X + lI)^-1 X'Y, of few pairs by a rotation.

    Both are centred first, as models whose vectors all point one way differ in that way most. The rotation is that of
    the orthogonal Procrustes problem (Schönemann, 1966), cut where the spaces have different dimensions.
    """
    middle, shift = of.mean(axis=0), to.mean(axis=0)
    x, y = (of - middle).astype(np.float64), (to - shift).astype(np.float64)
    if len(of) < FEW:
        left, sizes, right = np.linalg.svd(x.T @ y, full_matrices=False)
        matrix = left @ right * (sizes.sum() / max((x * x).sum(), 1e-12))
    else:
        square = x.T @ x
        square[np.diag_indices_from(square)] += RIDGE * np.trace(square) / len(square) + 1e-9
        matrix = np.linalg.solve(square, x.T @ y)
    return Bridge(origin, space, *(np.asarray(part, np.float32) for part in (matrix, middle, shift)))


def carried_across(of: Rows, to: Rows) -> Rows:
    """Return each of the first rows as a map that was fitted without it has it: what it does to other papers."""
    fold = np.arange(len(of)) % FOLDS
    made = np.empty_like(to)
    for one in range(FOLDS):
        made[fold == one] = fitted(of[fold != one], to[fold != one]).carry(of[fold == one])
    return made


def keep(bridge: Bridge) -> None:
    """Keep the map that leads to a model, in the place of an earlier one. Raises Refused where it cannot be written."""
    folder = Path(settings.MODELS_DIR) / choice.name_of(bridge.space)
    content = io.BytesIO()
    origin, space = np.array(bridge.origin), np.array(bridge.space)
    np.savez(content, origin=origin, space=space, matrix=bridge.matrix, middle=bridge.middle, shift=bridge.shift)
    with weights.writing(folder, "bridge", wait=10.0):
        mapped.put(folder / FILE, content.getvalue())


def leading_to(space: str) -> Bridge | None:
    """Return the map into the space of a mark that was kept; None where there is none that can be read."""
    model = choice.name_of(space)
    if not weights.NAME.fullmatch(model):
        return None
    path = Path(settings.MODELS_DIR) / model / FILE
    try:
        bridge = _read(path, path.stat().st_mtime_ns)
    except mapped.NO_ARRAYS:
        return None
    return bridge if bridge.space == space else None


@functools.lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> Bridge:
    """Return a map as it was kept. Raises one of ``mapped.NO_ARRAYS`` for what is none."""
    with np.load(io.BytesIO(path.read_bytes()), allow_pickle=False) as kept:
        bridge = Bridge(str(kept["origin"]), str(kept["space"]), kept["matrix"], kept["middle"], kept["shift"])
    if bridge.matrix.shape != (len(bridge.middle), len(bridge.shift)):
        raise ValueError(path)
    return bridge


def carried(digests: Mapping[int, str], space: str) -> dict[int, Rows]:
    """Return vectors of papers in a space, made of those that the model before read of the same text.

    digests: of the papers' texts, by primary key. Others, and all where no map is kept, are missing.
    """
    bridge = leading_to(space) if digests else None
    if bridge is None:
        return {}
    rows = Embedding.objects.filter(model=bridge.origin, paper__in=list(digests))
    kept = {pk: vector for pk, digest, vector in rows.values_list("paper", "digest", "vector") if digest == digests[pk]}
    if not kept:
        return {}
    of = np.frombuffer(b"".join(map(bytes, kept.values())), dtype="<f2").astype(np.float32).reshape(len(kept), -1)
    return dict(zip(kept, bridge.carry(of), strict=True))


@dataclass(frozen=True, slots=True)
class _Carried:
    """The static student, and the maps behind it."""

    student: Reads
    bridges: tuple[Bridge, ...]

    def embed(self, texts: Sequence[str], *, tokens: int = 256) -> Rows:
        rows = self.student.embed(texts, tokens=tokens)
        for bridge in self.bridges:
            rows = bridge.carry(rows)
        return rows


def first_tier(space: str) -> Reads | None:
    """Return what gives papers a vector of a space at once: the static student, mapped where that is of another.

    None where no maps lead there.
    """
    bridges: list[Bridge] = []
    while (found := student.of_space(space)) is None:
        bridge = leading_to(space)
        if bridge is None or len(bridges) == LONGEST:
            return None
        bridges.insert(0, bridge)
        space = bridge.origin
    return _Carried(found, tuple(bridges)) if bridges else found
