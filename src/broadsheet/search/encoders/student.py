"""The static student of the embedding model: a table of token rows whose sum lies near the model's own vector.

It reads some thousand papers a second of one core, so that everything is found by meaning within minutes, and its
vectors lie in the model's space, so that papers are upgraded one by one under the same query. How the table is fitted
lives in ``student_fit``, how text is cut in ``wordpieces``, how that is done quickly in ``piece_counts``.
"""

import functools
import io
import json
import logging
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, Protocol

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.errors import BadInput
from broadsheet.search.encoders.embed import SIGNS_PER_TOKEN
from broadsheet.search.encoders.piece_counts import Counts, PieceCounts
from broadsheet.search.encoders.wordpieces import UNKNOWN, WordPieces
from broadsheet.search.machine import mapped

logger = logging.getLogger(__name__)

TABLE = "student.npz"
"""The table's file: in this package, or in a model's folder where somebody fitted one on papers of their own."""

SPACE = "all-MiniLM-L6-v2/1"
"""Mark of the model that the shipped table was fitted to, so that nobody need load it to know."""

MARKS = 2
"""Tokens that the model spends on beginning and end; the table has no use for them."""

_LOGS = (1 + np.log(np.maximum(np.arange(1 << 10), 1))).astype(np.float32)


class Encoder(Protocol):
    """What gives texts a vector: the model, or its student."""

    dim: int

    def embed(self, texts: Sequence[str], *, tokens: int = 256) -> NDArray[np.float32]:
        """Return a vector of unit length for each text, shape (len(texts), dim)."""
        ...

    def embed_query(self, text: str, *, tokens: int = 256) -> NDArray[np.float32]:
        """Return the vector of what is asked, shape (dim,)."""
        ...


class Table(NamedTuple):
    """A fitted table. rows: int8, shape (tokens, dim), each times its number in ``scales`` (float16).

    pieces: of words, in the order of the rows. about: ``space`` it was fitted into, on what, and how near it came.
    """

    rows: NDArray[np.int8]
    scales: NDArray[np.float16]
    pieces: tuple[str, ...]
    about: dict[str, Any]


class Student:
    """A loaded table. Calls may come from any thread; the same text always gets the same vector."""

    static = True
    """It knows words alone, not their order: a query by it is worth less than by the model."""

    def __init__(self, table: Table) -> None:
        self.about = table.about
        self.space = str(table.about.get("space", ""))
        self.dim = table.rows.shape[1]
        self._rows, self._scales = table.rows, table.scales.astype(np.float32)
        self._words = table.pieces
        self._first_text = Lock()

    @functools.cached_property
    def _pieces(self) -> PieceCounts:
        """What counts pieces, made by the first text: many commands only ask whether there is a student."""
        return PieceCounts(WordPieces(self._words))

    def embed_query(self, text: str, *, tokens: int = 256) -> NDArray[np.float32]:
        """Return the vector of what is asked, shape (dim,); it is read as papers are."""
        vector: NDArray[np.float32] = self.embed([text], tokens=tokens)[0]
        return vector

    def embed(self, texts: Sequence[str], *, tokens: int = 256) -> NDArray[np.float32]:
        """Return a vector of unit length for each text, shape (len(texts), dim).

        tokens: how much of a text is read, as by the model. A text without any known token gets a vector of zeros,
        which is like nothing.
        """
        from broadsheet.search.encoders import piece_loops as loops

        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        with self._first_text:
            pieces = self._pieces
        counts, weights = weighed(pieces, texts, tokens)
        loops.add_up(self._rows, weights * self._scales[counts.ids], counts.ids, counts.ends, vectors)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.divide(vectors, lengths, out=vectors, where=lengths > 0)


def weighed(pieces: PieceCounts, texts: Sequence[str], tokens: int = 256) -> tuple[Counts, NDArray[np.float32]]:
    """Return the pieces of the beginnings of texts, each once, and what each weighs by how often it occurs there.

    A second time says less than the first: 1 + ln(times).
    """
    counts = pieces.of([text[: tokens * SIGNS_PER_TOKEN] for text in texts], tokens - MARKS)
    return counts, _LOGS[counts.times]


def save(table: Table, path: Path) -> None:
    """Write a table to a file, in one step. Raises OSError."""
    held = io.BytesIO()
    np.savez_compressed(
        held,
        rows=table.rows,
        scales=table.scales,
        pieces=np.frombuffer("\n".join(table.pieces).encode(), dtype=np.uint8),
        about=np.frombuffer(json.dumps(table.about).encode(), dtype=np.uint8),
    )
    mapped.put(path, held.getvalue())


def read(content: bytes, name: str) -> Table:
    """Return the table in a file's content. Raises BadInput for what is none, by the file's name."""
    hint = "Fit one with `broadsheet model fit-static`."
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as held:
            pieces, about = (bytes(held[part]).decode() for part in ("pieces", "about"))
            table = Table(held["rows"], held["scales"], tuple(pieces.split("\n")), dict(json.loads(about)))
    except (*mapped.NO_ARRAYS, TypeError, AttributeError) as error:
        raise BadInput(f"{name} is no table of a static student: {error!r}.", hint) from None
    fits = table.rows.ndim == 2 and table.scales.shape == (len(table.pieces),) == table.rows.shape[:1]
    if table.rows.dtype != np.int8 or not fits or UNKNOWN not in table.pieces:
        raise BadInput(f"{name} is no table of a static student: its parts do not fit together.", hint)
    return table


@functools.cache
def shipped() -> Student:
    """Return the student that the package brings; a quarter of a second at first, 12 MB of memory."""
    return Student(read(files("broadsheet.search.encoders").joinpath(TABLE).read_bytes(), TABLE))


def of_space(space: str) -> Student | None:
    """Return the student whose vectors lie in a space, named as vectors are marked; None where there is none.

    A table that was fitted here comes before the shipped one, but for one that cannot be read.
    """
    path = own_table(space)
    try:
        student = _fitted(path, path.stat().st_mtime_ns)
    except OSError:
        student = None
    if student is None:
        return shipped() if space == SPACE else None
    return student if student.space == space else None


def own_table(space: str) -> Path:
    """Return where a table lies that was fitted here to the model of that mark."""
    return Path(settings.MODELS_DIR) / space.rpartition("/")[0] / TABLE


@functools.lru_cache(maxsize=2)
def _fitted(path: Path, _changed: int) -> Student | None:
    """Return a table that was fitted here, None for a broken one, which is told once."""
    try:
        return Student(read(path.read_bytes(), str(path)))
    except BadInput as error:
        logger.warning("%s", error)
        return None
