"""Reading the index of words where nothing may be written, as on a disk that is mounted for reading alone.

The engine takes a lock in the folder even to read it. So it is given a folder of links to the same files.
"""

import shutil
import weakref
from contextlib import suppress
from pathlib import Path
from tempfile import mkdtemp

import tantivy as engine

from broadsheet.search.machine.trouble import Closed, told
from broadsheet.search.words.lexicon import Reading

_COPIED = ("meta.json", ".managed.json")


def read(folder: Path) -> Reading:
    """Open an index of words for reading, by links where its folder may not be written. Raises as ``Reading.read``."""
    try:
        return Reading.read(folder)
    except Closed:
        return _Mirrored(folder, Path(mkdtemp(prefix="broadsheet-words-")))


class _Mirrored(Reading):
    """An index of words in a folder of links, which is removed when this is let go of."""

    def __init__(self, folder: Path, links: Path) -> None:
        self._links = links
        weakref.finalize(self, shutil.rmtree, links, ignore_errors=True)
        _link(folder, links)
        with told("opening"):
            super().__init__(engine.Index.open(str(links)), folder)

    def _show(self) -> None:
        _link(self._folder, self._links)
        super()._show()


def _link(folder: Path, links: Path) -> None:
    """Give a folder links to all files of another, and copies of those that say which ones count."""
    for path in folder.iterdir():
        if path.suffix != ".lock" and path.name not in _COPIED:
            with suppress(FileExistsError):
                (links / path.name).symlink_to(path)
    for name in _COPIED:
        shutil.copyfile(folder / name, links / f"{name}.new")
        (links / f"{name}.new").replace(links / name)
