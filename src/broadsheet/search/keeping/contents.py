"""Whether the index holds what the papers say: the part of ``doctor`` that reads all of it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.checks import Check, bad, fine, unknown, weak
from broadsheet.papers.models import Paper
from broadsheet.search import state
from broadsheet.search.keeping.documents import first_tier, vector_of
from broadsheet.search.keeping.ills import MEND, Ills
from broadsheet.search.meaning import vectors
from broadsheet.search.meaning.columns import CODED, Columns, View
from broadsheet.search.models import Embedding
from broadsheet.search.reader import WholeReader

type Ids = NDArray[np.int64]

SAMPLE = 1000
"""Kept vectors that are compared with those of the index."""

ALIKE = 0.98
"""Cosine of a kept vector and the same one of the index, which keeps 8 bits of each number: .999 and more."""

_PIECE = 20_000


def held(folder: Path, index: WholeReader, known: state.State, ills: Ills) -> Iterator[Check]:
    """Hold words and vectors against the papers, and vectors against themselves and those that are kept.

    folder: of the vectors. known: how far the index is. ills: is filled with what can be mended.
    """
    # In this order nobody who writes meanwhile can seem to have lost something: what changed since has a later stamp.
    words, listed, meant = held_by(index)
    wanted, known_of = in_database(known)
    yield _rows(index, ills)
    view = Columns.open(folder, writes=False).now()
    if index.vectors.size() >= vectors.FIT_FROM or view.framed % 2:
        yield _codes(folder, view, ills)
        yield _cells(folder, ills)
    yield _missing("Words of papers", "found by words", np.setdiff1d(wanted, np.intersect1d(words, listed)), ills)
    if settings.MODEL != "none":
        yield _missing("Vectors of papers", "found by meaning", np.setdiff1d(_with_vector(wanted, index), meant), ills)
    strangers = np.setdiff1d(np.concatenate([words, listed, meant]), known_of)
    if len(strangers):
        ills.strangers.update(strangers.tolist())
        message = f"{len(strangers)} papers of the index are not in the database; no search shows them."
        yield weak("Strangers", message, f"{MEND}: they are taken out.")
    else:
        yield fine("Strangers", "None.")
    yield _kept(index, np.intersect1d(wanted, meant), ills)


def held_by(index: WholeReader) -> tuple[Ids, Ids, Ids]:
    """Return the papers that the engine has, that plain words find, and that meaning finds."""
    return _in_words(index), index.lexicon.listed(), np.asarray(index.vectors.ids(), np.int64)


def _in_words(index: WholeReader) -> Ids:
    found: list[int] = []
    while ids := index.lexicon.ids(found[-1] if found else -1, _PIECE):
        found += ids
    return np.array(found, np.int64)


def in_database(known: state.State) -> tuple[Ids, Ids]:
    """Return the papers that the index must hold, as far as it has noted to be, and all that it may hold."""
    papers = Paper.objects.values_list("pk", "stamp", "same_as_id").order_by("pk").iterator(chunk_size=_PIECE)
    wanted, allowed = [], []
    for pk, stamp, same_as in papers:
        taken_over = stamp <= known.stamp
        if taken_over and not same_as:
            wanted.append(pk)
        if not (taken_over and same_as):
            allowed.append(pk)
    return np.array(wanted, np.int64), np.array(allowed, np.int64)


def _with_vector(wanted: Ids, index: WholeReader) -> Ids:
    """Return those of some papers that have a vector to be found by: all of them where the static table gives one."""
    if first_tier(index.space) is not None:
        return wanted
    kept = Embedding.objects.filter(model=index.space).values_list("paper", flat=True)
    return np.intersect1d(wanted, np.fromiter(kept.iterator(chunk_size=_PIECE), np.int64))


def _rows(index: WholeReader, ills: Ills) -> Check:
    # A row that is written at this moment may fail once.
    wrong = set(index.vectors.check())
    wrong = wrong and wrong & set(index.vectors.check())
    if wrong:
        ills.rows = True
        ills.retake |= wrong
        hint = f"{MEND}: these papers are taken over again."
        return bad("Rows of vectors", f"{len(wrong)} hold something else than was written.", hint)
    return fine("Rows of vectors", f"{index.vectors.size()} vectors; every row is as it was written.")


def _codes(folder: Path, view: View, ills: Ills) -> Check:
    if view.frame is not None:
        return fine("Codes", "Searches find candidates by the codes.")
    ills.codes = True
    lost = next((name for name in CODED if name not in view.arrays), "frame")
    message = f"{folder / lost} is lost or damaged: searches compare every row, which is right and slow."
    hint = f"The next start of the server makes them anew from the rows; where none runs, {MEND}."
    return weak("Codes", message, hint)


def _cells(folder: Path, ills: Ills) -> Check:
    # A writer may be replacing them at this moment.
    for _ in range(2):
        view = Columns.open(folder, writes=False).now()
        if view.grouped % 2 == 0:
            return fine("Cells", "Vectors are not grouped; searches compare all codes, which among few is as quick.")
        if view.cells is not None and view.cells.is_whole():
            return fine("Cells", f"Searches look at the nearest of {len(view.cells.squares)} groups of vectors.")
    ills.cells = True
    message = "What vectors are grouped into is lost or damaged: searches are slower, or may miss some."
    hint = f"They are grouped anew at the next start of the server; where none runs, {MEND}."
    return weak("Cells", message, hint)


def _missing(name: str, how: str, missing: Ids, ills: Ills) -> Check:
    if len(missing):
        ills.retake.update(missing.tolist())
        hint = f"{MEND}: they are taken over again."
        return bad(name, f"{len(missing)} papers of the database are not {how}.", hint)
    return fine(name, f"Every paper that was taken over is {how}.")


def _kept(index: WholeReader, both: Ids, ills: Ills) -> Check:
    """Compare some vectors that the model made and the database keeps with those of the index."""
    drawn = np.random.default_rng().permutation(both)[: 4 * SAMPLE].tolist()
    kept = Embedding.objects.filter(model=index.space)
    sample: dict[int, Embedding] = {}
    for start in range(0, len(drawn), 500):
        sample |= {one.paper_id: one for one in kept.filter(paper__in=drawn[start : start + 500])}
        if len(sample) >= SAMPLE:
            break
    if not sample:
        return unknown("Kept vectors", "The database keeps none of this model to compare with.")
    held = index.vectors.get(list(sample))
    other = {pk for pk, one in sample.items() if pk in held and _cosine(vector_of(one), held[pk]) < ALIKE}
    if other:
        ills.retake |= set(Embedding.objects.filter(model=index.space).values_list("paper_id", flat=True))
        hint = f"{MEND}: all papers with a kept vector are taken over again."
        return bad("Kept vectors", f"{len(other)} of {len(sample)} are others in the index.", hint)
    return fine("Kept vectors", f"{len(sample)} of them are the same in the index.")


def _cosine(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    if one.shape != other.shape:
        return -1.0
    return float(one @ other / max(float(np.linalg.norm(one) * np.linalg.norm(other)), 1e-12))
