"""What lies in the folder of an index: which parts belong to it, said by one file, which is replaced in one step.

So whoever reads finds an index that is whole at every moment, also while another is made in its place. Names of locks
are in ``locks``; how far the index is, ``state``.
"""

import json
import re
import secrets
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from broadsheet.errors import BadInput, NotFound
from broadsheet.search.index import SCHEMA
from broadsheet.search.machine import mapped
from broadsheet.search.machine.trouble import IndexStale, of_disk

FILE = "schema.json"
REBUILD = "`broadsheet reindex` builds it anew from the papers."

# Parts of an index, and what other versions made beside them, of no use to this one.
_NAME = re.compile(r"(words|vectors)(-[a-zA-Z0-9._-]+)?")
_FORMER = ("shard", "parts", "door")

type Stamp = tuple[int, int, int]
"""Inode, time of change in nanoseconds, and bytes of a file."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which folders an index is made of.

    words, vectors: their names. space: mark of the model in whose space the vectors lie. dim: numbers in one of them.
    made: tells it from every other that had the same names.
    """

    words: str
    vectors: str
    space: str
    dim: int
    made: str = ""


def read(path: Path) -> Layout:
    """Return what the index in a folder is made of.

    Raises NotFound where there is none, IndexStale for one of another schema or a file that does not say it, and
    Refused where the disk does not let it be read.
    """
    try:
        told = json.loads((path / FILE).read_text())
        schema = told["schema"]
    except FileNotFoundError:
        raise NotFound(f"There is no search index in {path} yet.", "`broadsheet serve` makes one.") from None
    except (OSError, ValueError, TypeError, KeyError) as error:
        if refused := of_disk("opening", error):
            raise refused from error
        raise IndexStale(f"The search index in {path} does not say of which schema it is.", REBUILD) from None
    if schema != SCHEMA:
        raise IndexStale(f"The search index in {path} is of schema {schema}; this version needs {SCHEMA}.", REBUILD)
    try:
        return _layout(told)
    except (ValueError, TypeError, KeyError):
        raise IndexStale(f"The search index in {path} does not say of which parts it is made.", REBUILD) from None


def _layout(told: dict[str, Any]) -> Layout:
    words, vectors = str(told["words"]), str(told["vectors"])
    if not (_NAME.fullmatch(words) and _NAME.fullmatch(vectors)):
        raise ValueError("not names of parts")
    return Layout(words, vectors, str(told["space"]), int(told["dim"]), str(told["made"]))


def write(path: Path, layout: Layout) -> Layout:
    """Make a folder's index that of a layout, in one step; return it with what it is told by."""
    made = replace(layout, made=secrets.token_hex(8))
    mapped.replace(path / FILE, json.dumps({"schema": SCHEMA} | asdict(made)).encode())
    return made


def free(path: Path, name: str) -> str:
    """Return a name for a part that nothing in a folder has: the plain one where it can be."""
    tried, number = name, 0
    while (path / tried).exists():
        number += 1
        tried = f"{name}-{number}"
    return tried


def cleared(path: Path, name: str) -> Path:
    """Return the folder of a part of vectors, with nothing in it. Raises BadInput for what is no name of one."""
    if not name.startswith("vectors-") or not _NAME.fullmatch(name):
        raise BadInput(f"{name!r} is no name for vectors.", "Call it vectors- and some of a-z, 0-9, dot and dash.")
    shutil.rmtree(path / name, ignore_errors=True)
    return path / name


def sweep(path: Path, layout: Layout) -> None:
    """Delete what ``strays`` finds. Only the owner may.

    Each is taken out of sight in one step first: a reader that is still in it would take one half deleted for damaged.
    """
    for folder in strays(path, layout):
        gone = folder.with_name(f"words-gone-{secrets.token_hex(8)}")
        with suppress(OSError):  # what cannot be deleted now is at the next start
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)


def strays(path: Path, layout: Layout) -> list[Path]:
    """Return the parts of former indexes, and of others that were begun and never used or are being filled."""
    parts = (folder for folder in path.iterdir() if _NAME.fullmatch(folder.name) or folder.name in _FORMER)
    return sorted(part for part in parts if part.name not in (layout.words, layout.vectors) and part.is_dir())


def stamp(path: Path) -> Stamp | None:
    """Return what changes when a file is replaced by another; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
