"""Vectors of the papers of a week's benchmark: all are the model's own, and what it reads for this is kept meanwhile.

Readers' index has no part in it: a vector that the site lacks is read for the benchmark alone, and thrown away at its
end, as only the owner of that index may put one there.
"""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import batched
from pathlib import Path

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.search.encoders import embed
from broadsheet.search.index import Document, Vector
from broadsheet.search.keeping import upkeep
from broadsheet.search.models import Embedding


class Vectors:
    """What the model makes of papers as they stand in a benchmark's index.

    folder: where what it reads is kept, so that a run that was stopped reads on. heed: called before each portion of
    papers that are read; what it raises ends the reading.
    """

    def __init__(self, embedder: embed.Embedder, folder: Path, heed: Callable[[], None]) -> None:
        self._embedder, self._heed = embedder, heed
        self._row = np.dtype([("digest", "S16"), ("vector", "<f2", (embedder.dim,))])
        self._file = folder / f"vectors-{embed.digest(embedder.mark)}"
        self._read = dict(self._kept())

    def given(self, documents: Sequence[Document]) -> list[Document]:
        """Return documents with their vectors: the site's own where it is of the same text, else one read now."""
        digests = {one.id: embed.digest(embed.text_of(one.title, one.abstract)) for one in documents}
        own = Embedding.objects.filter(paper__in=digests, model=self._embedder.mark)
        known = {one.digest: upkeep.vector_of(one) for one in own if one.digest == digests[one.paper_id]}
        rest = [one for one in documents if digests[one.id] not in known and digests[one.id] not in self._read]
        for some in batched(rest, upkeep.PORTION):
            self._heed()
            self._note([digests[one.id] for one in some], self._made(some))
        known = self._read | known
        return [replace(one, vector=known[digests[one.id]]) for one in documents]

    def _made(self, documents: Sequence[Document]) -> NDArray[np.float32]:
        texts = [embed.text_of(one.title, one.abstract) for one in documents]
        return self._embedder.embed(texts, tokens=settings.EMBED_TOKENS)

    def _note(self, digests: Sequence[str], vectors: NDArray[np.float32]) -> None:
        rows = np.zeros(len(digests), dtype=self._row)
        rows["digest"], rows["vector"] = [digest.encode() for digest in digests], vectors
        with self._file.open("ab") as file:
            file.write(rows.tobytes())
        # As they are kept, so that a run that was stopped tells what another does.
        self._read |= zip(digests, rows["vector"].astype(np.float32), strict=True)

    def _kept(self) -> Iterator[tuple[str, Vector]]:
        """Yield what was read before; a row that was cut off, as by a kill, is taken out of the file."""
        if not self._file.exists():
            return
        whole = self._file.stat().st_size // self._row.itemsize * self._row.itemsize
        os.truncate(self._file, whole)
        for row in np.fromfile(self._file, dtype=self._row):
            yield row["digest"].decode(), row["vector"].astype(np.float32)
