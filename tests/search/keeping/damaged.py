"""An index of some made papers that is damaged, looked at by its doctor and mended: what its tests share."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.records import record

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.encoders import choice, embed
from broadsheet.search.index import Filters
from broadsheet.search.keeping import doctor
from broadsheet.search.keeping.documents import document_of, text_of
from broadsheet.search.keeping.ills import Ills
from broadsheet.search.keeping.mending import mend
from broadsheet.search.models import Embedding

EVERYTHING = Filters()
PAPERS = 60


def fill(number=PAPERS):
    store([record(f"2501.{n:05}", title=f"Alpha {n}") for n in range(1, number + 1)])


def read_by_the_model(papers):
    """Keep a vector of papers as if the model had made it."""
    texts = {paper.pk: text_of(paper) for paper in papers}
    vectors = Table().embed([text[::-1] for text in texts.values()])
    rows = [(pk, embed.digest(text), vector) for (pk, text), vector in zip(texts.items(), vectors, strict=True)]
    Embedding.objects.keep(choice.settled().mark, rows)


class Table:
    """In the place of the static student: a vector of each text by its own length and signs."""

    dim = 384

    def embed(self, texts, *, tokens=256):
        made = np.array([np.random.default_rng(list(text.encode())).standard_normal(self.dim) for text in texts])
        return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


def looked():
    """Return what is not in order, by the name of the look, and what can be mended."""
    ills = Ills()
    wrong = {check.name: check for check in doctor.examine(ills) if check.finding in ("weak", "bad")}
    assert all(check.message and check.hint for check in wrong.values())
    return wrong, ills


def mended(ills):
    told = list(mend(ills, report=lambda *_: None, stop=lambda: False))
    wrong, _ = looked()
    assert not wrong
    assert found() == Paper.objects.count()
    return told


def found():
    """Return how many papers a search of a process that owns nothing finds."""
    current.release()
    searcher = current.searcher()
    return len(searcher.words("alpha", limit=1000, filters=EVERYTHING))


def put(path: Path, content: bytes) -> None:
    """Put another file in the place of one: who has that mapped goes on in it, where a cut would end the process."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(content)
    new.replace(path)


def change(path: Path, place: int) -> None:
    """Change one bit of a file."""
    data = bytearray(path.read_bytes())
    data[place % len(data)] ^= 4
    put(path, bytes(data))


def cut(path: Path) -> None:
    put(path, path.read_bytes()[: path.stat().st_size // 2])


def asked(ills):
    return list(mend(ills, report=lambda *_: None, stop=lambda: False))


def damage_rows(folder, own):
    """Have an index hold a paper that the database does not have, and two rows whose keys are damaged."""
    own.add([replace(document_of(Paper.objects.first(), Table().embed(["x"])[0]), id=10**6)])
    own.flush()
    rows = np.memmap(next(folder.glob("vectors*/ids")), "<i8", "r+")
    rows[[3, 5]] = -7, rows[6]  # a key that is none, and that of another paper
