"""The whole index behind the port: words in one folder (``lexicon``), vectors in another (``vectors``), one owner.

Whatever only asks is in ``reader``, for any process. What the folder holds is told in ``layout``.
"""

import os
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Self

from filelock import FileLock, Timeout

from broadsheet.errors import BadInput, BroadsheetError, Conflict, Refused
from broadsheet.search.index import Document, Vector, facts_of
from broadsheet.search.machine import layout as layouts
from broadsheet.search.machine.layout import Layout
from broadsheet.search.machine.trouble import told
from broadsheet.search.meaning.vectors import Vectors
from broadsheet.search.reader import WholeReader, damaged
from broadsheet.search.words.lexicon import Lexicon, Reading

SPACE, DIM = "all-MiniLM-L6-v2/1", 384
"""Of an index that is made where nobody says otherwise: that of the model which is used unless another is chosen."""


class WholeIndex(WholeReader):
    """The whole port, which only the owning process has. See ``index.Index`` for what each call promises.

    changing: held by each change; who holds it sees none come between its own.
    """

    def __init__(self, path: Path, layout: Layout, lexicon: Lexicon, vectors: Vectors, lock: FileLock) -> None:
        super().__init__(path, layout, None, lexicon, vectors)
        self.changing = threading.RLock()
        self._lexicon = lexicon
        self._coming: tuple[str, Vectors] | None = None
        self._unsynced = True  # for all that opening has mended
        self._lock = lock
        self._process = os.getpid()
        self.reader = WholeReader(path, layout, None, lexicon, vectors)

    @classmethod
    def open(cls, path: Path, *, space: str = SPACE, dim: int = DIM) -> Self:
        """Open the index in a folder, or make an empty one there; this process owns it until ``close``.

        space, dim: of one that is made: mark of the model, and numbers in a vector.
        Raises Conflict when another process owns it (or this one already), and IndexStale when it cannot be used.
        """
        return cls._own(path, space, dim, anew=False)

    @classmethod
    def anew(cls, path: Path, *, space: str = SPACE, dim: int = DIM) -> Self:
        """Make an empty index in a folder, and throw away what was there. Raises Conflict when a process owns that.

        Who reads the former one goes on in it, and finds the new one as soon as that is there.
        """
        return cls._own(path, space, dim, anew=True)

    @classmethod
    def _own(cls, path: Path, space: str, dim: int, *, anew: bool) -> Self:
        with told("opening for writing", path):
            lock = _locked(path)
            try:
                if anew or not (path / layouts.FILE).exists():
                    layout, lexicon, vectors = _create(path, space, dim)
                else:
                    layout, lexicon, vectors = _load(path)
                layouts.sweep(path, layout)
                return cls(path, layout, lexicon, vectors, lock)
            except BaseException:
                lock.release()
                raise

    def fresh(self) -> WholeReader:
        """Return what a search asks; what was flushed is seen in the owner at once."""
        self._both()
        return self.reader

    @property
    def lexicon(self) -> Lexicon:
        """The index of words alone."""
        self._both()
        return self._lexicon

    def add(self, documents: Sequence[Document]) -> None:
        """Add papers, or replace those with the same id and their vectors; their words are found from ``flush`` on."""
        last = {document.id: document for document in documents}
        made = {pk: document.vector for pk, document in last.items() if document.vector is not None}
        with self.changing:
            self._unsynced = True
            self.lexicon.add(documents)
            self.vectors.remove([pk for pk in last if pk not in made])
            self.vectors.put(made, {pk: facts_of(last[pk]) for pk in made})

    def set_vectors(self, given: Mapping[int, Vector]) -> None:
        """Give vectors of the index's space to papers; unknown ids are ignored. Raises BadInput for other vectors."""
        with self.changing:
            lexicon = self.lexicon
            if lexicon.pending:
                lexicon.flush()
            facts = lexicon.facts(list(given))
            self._unsynced = True
            self.vectors.put({pk: vector for pk, vector in given.items() if pk in facts}, facts)

    def remove(self, ids: Sequence[int]) -> None:
        """Take papers out, their words from ``flush`` on; unknown ids are ignored."""
        with self.changing:
            self._unsynced = True
            self.lexicon.remove(ids)
            self.vectors.remove(ids)

    def flush(self) -> None:
        """Return when everything so far is on disk and found."""
        with self.changing:
            self.lexicon.flush()
            if self._unsynced:  # asking the disk for each file takes a tenth of a second
                self.vectors.flush()
                self._unsynced = False

    def complete(self) -> None:
        """Do nothing: an index made anew is the one that is searched from the start."""

    def begin_vectors(self, name: str, dim: int) -> Vectors:
        """Return empty vectors in another subfolder, which ``use_vectors`` makes those of this index.

        No search asks them before that. name: begins with ``vectors-``; what lies under it is thrown away now, and
        when the index is opened again.
        Raises Conflict for the one in use.
        """
        with self.changing:
            self._both()
            if name == self._layout.vectors:
                raise Conflict(f"The vectors in {name} are in use.", "Fill another folder.")
            if self._coming is not None:
                self._coming[1].let_be()
            self._coming = name, Vectors.anew(layouts.cleared(self._path, name), dim=dim)
            return self._coming[1]

    def drop_vectors(self, name: str) -> None:
        """Throw away what ``begin_vectors`` gave under that name."""
        with self.changing:
            if self._coming is not None and self._coming[0] == name:
                self._coming[1].let_be()
                self._coming = None
                layouts.cleared(self._path, name)

    def use_vectors(self, name: str, space: str) -> None:
        """Search by what ``begin_vectors`` gave under that name, from now on and in one step, in every process.

        space: mark of the model in whose space they lie. The former ones are deleted; searches that ask them at this
        moment end in them.
        """
        with self.changing:
            if self._coming is None or self._coming[0] != name:
                raise BadInput(f"No vectors were begun under the name {name}.", "Call begin_vectors first.")
            vectors = self._coming[1]
            vectors.flush()
            given = replace(self._layout, vectors=name, space=space, dim=vectors.dim)
            self._layout = layouts.write(self._path, given)
            self.vectors.let_be()
            self._parts, self._coming = (self._lexicon, vectors), None
            self.reader = WholeReader(self._path, self._layout, None, self._lexicon, vectors)
            layouts.sweep(self._path, self._layout)

    def close(self) -> None:
        """Flush, close and let others own the index, which they may also where the flush fails, as on a full disk.

        A second call does nothing.
        """
        if self._parts is None:
            return
        lexicon, vectors = self.lexicon, self.vectors
        if self._coming is not None:
            self._coming[1].let_be()
        self._parts = self._coming = None
        with ExitStack() as closing:
            for close in (self._lock.release, self.reader.close, vectors.close, lexicon.close):  # the last is first
                closing.callback(close)

    def _both(self) -> tuple[Reading, Vectors]:
        """Return words and vectors. In a fork they would wait forever for threads that only the parent has."""
        if self._process != os.getpid():
            raise Conflict(
                "The search index belongs to the process that opened it, not to its forks.", "Read it there."
            )
        return super()._both()


def _locked(path: Path) -> FileLock:
    """Return the owner's lock of a folder, held. Raises Conflict where it is elsewhere."""
    path.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path / "owner.lock", thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise Conflict(
            f"The search index in {path} is in use by another process.",
            "It can be searched all the same; to change it, stop that process first.",
        ) from None
    return lock


def _create(path: Path, space: str, dim: int) -> tuple[Layout, Lexicon, Vectors]:
    """Make empty parts, beside those of the index that is there, and then the layout that names them."""
    named = Layout(layouts.free(path, "words"), layouts.free(path, "vectors"), space, dim)
    lexicon, vectors = Lexicon.anew(path / named.words), Vectors.anew(path / named.vectors, dim=dim)
    return layouts.write(path, named), lexicon, vectors


def _load(path: Path) -> tuple[Layout, Lexicon, Vectors]:
    layout = layouts.read(path)
    try:
        lexicon = Lexicon.open(path / layout.words)
        try:
            return layout, lexicon, Vectors.open(path / layout.vectors)
        except BaseException:
            lexicon.close()
            raise
    except Refused:  # by the disk, which says nothing of the index
        raise
    except BroadsheetError as error:
        raise damaged(path, error) from error
