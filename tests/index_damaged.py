"""Every kind of file in the folder of an index, every way to damage it, and what must hold then and after mending."""

import random
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from tests.records import record

from broadsheet.errors import BroadsheetError
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.encoders import student
from broadsheet.search.index import Filters
from broadsheet.search.keeping import doctor, upkeep
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.keeping.mending import mend
from broadsheet.search.meaning import grouping, vectors

PAPERS = 60


class Table:
    """In the place of the static student: a vector of each text by its own length and signs."""

    dim = 384

    def embed(self, texts, *, tokens=256):
        made = np.array([np.random.default_rng(list(text.encode())).standard_normal(self.dim) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def begun(patch, *, grouped: bool) -> None:
    """Make an index of some papers. patch: sets attributes. grouped: with codes and cells, as large ones have."""
    patch.setattr(student, "shipped", Table)
    if grouped:
        patch.setattr(vectors, "FIT_FROM", PAPERS // 2)
        patch.setattr(grouping, "FROM", PAPERS // 2)
    current.release()
    add(PAPERS)
    own = current.own()
    upkeep.catch_up(own)
    own.vectors.settle()
    current.release()


def add(number: int) -> None:
    """Store papers, as far as they are not there, until there are so many."""
    store([record(f"2501.{n:05}", title=f"Alpha {n}") for n in range(1, number + 1)])


# --- Damage -----------------------------------------------------------------------------------------------------------


def kinds(folder: Path) -> list[str]:
    """Return a pattern for every kind of file in an index: names that are numbers stand for all such."""
    names = (str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    numbers = r"[0-9a-f]{16,32}|(?<=cells-)\d+|(?<=^words)|(?<=^vectors)"
    return sorted({re.sub(numbers, "*", name) for name in names})


def put(path: Path, content: bytes) -> None:
    """Put another file in the place of one: who has that mapped goes on in it, where a cut would end the process."""
    new = path.with_name(f"{path.name}.put")
    new.write_bytes(content)
    new.replace(path)


def flipped(share: float) -> Callable[[Path], None]:
    def flip(path: Path) -> None:
        data = bytearray(path.read_bytes())
        if data:
            data[max(0, round(share * len(data)) - 1)] ^= 4
            put(path, bytes(data))

    return flip


def folder_instead(path: Path) -> None:
    path.unlink()
    (path / "inside").mkdir(parents=True)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "deleted": Path.unlink,
    "emptied": lambda path: put(path, b""),
    "cut": lambda path: put(path, path.read_bytes()[: path.stat().st_size // 2]),
    "flipped at the head": flipped(0.002),
    "flipped in the middle": flipped(0.5),
    "flipped at the end": flipped(1.0),
    "random": lambda path: put(path, random.Random(path.name).randbytes(max(64, path.stat().st_size))),
    "a folder": folder_instead,
}


# --- What must hold ---------------------------------------------------------------------------------------------------


def holds(folder: Path, kind: str, damage: str) -> None:
    """Damage a file of a whole index, ask and write it, and mend it: it is whole again at the end.

    Whatever fails meanwhile says so in our own words, with a way out; what searches miss the doctor tells.
    """
    here = f"{kind}, {damage}"
    DAMAGES[damage](next(folder.glob(kind)))
    found = _found(here)
    wrong, _ = _looked(here)
    assert wrong or found == Paper.objects.count(), f"{here}: what searches miss is not told"
    add(Paper.objects.count() + 1)
    with _readable(here):
        own = current.own()
        upkeep.catch_up(own)
        own.vectors.settle()
    current.release()
    wrong, ills = _looked(here)
    assert wrong.keys() == {"Waiting"} or ills or not wrong, f"{here}: {wrong}"
    if ills:
        for told in mend(ills, report=lambda *_: None, stop=lambda: False):
            assert told, here
    wrong, _ = _looked(here)
    assert not wrong, f"{here}: {wrong} is left after mending"
    assert _found(here) == Paper.objects.count(), here


def _found(here: str) -> int:
    """Return how many papers are found by words and by meaning; 0 where a search says why it cannot be asked."""
    current.release()
    everything, query, words, meant = Filters(), Table().embed(["Alpha"])[0], set[int](), set[int]()
    with _readable(here):
        searcher = current.searcher()
        words = {hit.id for hit in searcher.words("alpha", limit=1000, filters=everything)}
        meant = {hit.id for hit in searcher.meaning(query, limit=1000, filters=everything)}
    current.release()
    return len(words & meant & set(Paper.objects.values_list("pk", flat=True)))


@contextmanager
def _readable(here: str) -> Iterator[None]:
    """Let a block fail, in our own words and with a way out."""
    told = None
    try:
        yield
    except BroadsheetError as error:
        told = error
    assert told is None or (told.message and told.hint), f"{here}: {told}"


def _looked(here: str) -> tuple[dict[str, str], Ills]:
    """Return what the doctor finds, by the name of the look, and what can be mended."""
    ills = Ills()
    wrong = {one.name: one for one in doctor.examine(ills) if one.finding in ("weak", "bad")}
    assert all(one.message and one.hint for one in wrong.values()), here
    return {name: one.message for name, one in wrong.items()}, ills
