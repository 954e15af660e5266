"""Looks at the index: whether it can be read, holds what the papers say, and lies where it may. Mending: ``mending``.

Nothing here writes, and every look may be taken while another process owns the index.
"""

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError

from broadsheet.checks import Check, bad, fine, weak
from broadsheet.errors import BroadsheetError, Conflict, NotFound, Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.index import SCHEMA
from broadsheet.search.keeping import mending, upkeep
from broadsheet.search.keeping.contents import held
from broadsheet.search.keeping.ills import ANEW, MEND, Ills
from broadsheet.search.keeping.standing import UNSEEN, holder, room, sizes
from broadsheet.search.machine import layout
from broadsheet.search.machine.trouble import LOOKS, of_disk
from broadsheet.search.reader import WholeReader
from broadsheet.search.whole import WholeIndex
from broadsheet.search.words import checksums

LEAST_ROOM = 128 << 20
"""Bytes of the disk that must be free: what the words of a day and their merging may take."""

SMALL = (layout.FILE, "state.json", mending.ASKED, mending.TAKEN)
"""Files beside the folders of words and vectors, locks aside."""


def examine(ills: Ills) -> Iterator[Check]:
    """Look at everything in turn. ills: is filled with what can be mended."""
    folder = Path(settings.INDEX_DIR)
    try:
        Paper.objects.exists()
    except DatabaseError as error:
        yield bad("Papers", f"The database does not answer: {error}.", "Check BROADSHEET_DATABASE, space and rights.")
        return
    if settings.SEARCH_URL:
        yield from _server(folder, ills)
        return
    yield _rights(folder)
    yield _room(folder)
    yield _owner(folder)
    yield _leftovers(folder, ills)
    yield from _folders(folder, ills)
    made = yield from _schema(folder, ills)
    if made:
        yield from _inside(folder, ills)
    yield _waiting(folder, ills)


def _server(folder: Path, ills: Ills) -> Iterator[Check]:
    """Judge an index on a server, whose files its own tools look after, by what it answers."""
    known = state.read(now=True)
    yield _state(folder, known, ills)
    try:
        size = current.searcher().size()
    except BroadsheetError as error:
        yield bad("Index", error.message, error.hint or "Look at the server of BROADSHEET_SEARCH_URL.")
        return
    if size < known.papers:
        ills.waiting = True
        hint = f"{MEND}: every paper is taken over again, while search goes on."
        yield bad("Index", f"The server finds {size} papers, where {known.papers} were noted.", hint)
    else:
        yield fine("Index", f"The server finds {size} papers.")
    yield _waiting(folder, ills)


# --- Where it lies ----------------------------------------------------------------------------------------------------


def _rights(folder: Path) -> Check:
    there = folder
    while not there.exists() and there != there.parent:
        there = there.parent
    wrong = [path for path in (there, *sorted(there.iterdir() if there == folder else ())) if not _may_write(path)]
    if wrong:
        hint = "Give its owner the right to write there, or mount the disk for writing. Searches go on meanwhile."
        return bad("Rights", f"{wrong[0]} may not be written.", hint)
    return fine("Rights", f"{folder} may be written.")


def _may_write(path: Path) -> bool:
    return os.access(path, os.W_OK | (os.X_OK if path.is_dir() else 0))


def _room(folder: Path) -> Check:
    free, needed = room(folder), sizes(folder).get("words", 0)
    told = f"{free >> 20} MB of the disk are free"
    if free < LEAST_ROOM:
        hint = f"Make room, {LEAST_ROOM >> 20} MB at least. Nothing is lost; a running server goes on by itself."
        return bad("Room", f"{told}, too little to write the index.", hint)
    if free < needed:
        hint = f"Make room for {needed >> 20} MB more: merging, and a rebuild, may take as much as the words have."
        return weak("Room", f"{told}.", hint)
    return fine("Room", f"{told}.")


def _owner(folder: Path) -> Check:
    process = holder(folder / "owner.lock")
    if process is None:
        return fine("Owner", "Nobody writes the index at the moment.")
    return fine("Owner", f"{'Another process' if process == UNSEEN else f'Process {process}'} keeps the index.")


def _leftovers(folder: Path, ills: Ills) -> Check:
    ills.leftovers = leftovers(folder)
    if not ills.leftovers:
        return fine("Left-overs", "None.")
    names = ", ".join(path.name for path in ills.leftovers)
    return weak("Left-overs", f"{names} in {folder} are of no use any more.", f"{MEND}: it removes them.")


def leftovers(folder: Path) -> list[Path]:
    """Return what earlier versions, or work that was cut short, have left in the index's folder.

    What an owner is making may lie there too, so while there is one nothing counts; it removes the rest at its start.
    """
    if holder(folder / "owner.lock") is not None:
        return []
    try:
        told = layout.read(folder)
    except BroadsheetError:
        return []
    return sorted(layout.strays(folder, told))


def _folders(folder: Path, ills: Ills) -> Iterator[Check]:
    """Judge what is a folder and should be a file: nobody can write it, and so nobody makes it anew by itself."""
    small = [*(folder / name for name in SMALL), *folder.glob("*.lock"), *folder.glob("words*/*.lock")]
    ills.folders = sorted(path for path in small if path.is_dir())
    if ills.folders:
        hint = f"{MEND}, while no server runs: the folder is put aside, or removed where it is empty."
        yield bad("Files", f"{ills.folders[0]} is a folder, where a file has to be.", hint)


# --- What it is -------------------------------------------------------------------------------------------------------


def _schema(folder: Path, ills: Ills) -> Generator[Check, None, bool]:
    """Judge what the index says of itself; return whether there is something inside to look at."""
    try:
        layout.read(folder)
    except NotFound:
        if not Paper.objects.standing().exists():
            yield fine("Schema", "There are no papers, and no index yet.")
            return False
        ills.waiting = ills.unread = True
        yield bad("Schema", f"There is no index in {folder}.", ANEW)
    except BroadsheetError as error:
        yield _not_opened("Schema", error, ills)
    else:
        yield fine("Schema", f"{SCHEMA}, of this version.")
        return True
    return False


def _inside(folder: Path, ills: Ills) -> Iterator[Check]:
    known, seen = state.read(now=True), layout.stamp(folder / layout.FILE)
    yield _state(folder, known, ills)
    try:
        with closing(WholeIndex.read(folder)) as index:
            yield _words(folder / index.layout.words, index, known, ills)
            if not ills.anew:
                yield from held(folder / index.layout.vectors, index, known, ills)
    except BroadsheetError as error:
        changed = Conflict("The index became another one while it was looked at.", "Run this again.")
        same = layout.stamp(folder / layout.FILE) == seen  # else its parts may be gone, and are no loss
        yield _not_opened("Index", error if same else changed, ills)


def _not_opened(name: str, error: BroadsheetError, ills: Ills) -> Check:
    """Judge an index that cannot be opened: it is damaged, unless the disk or another process is why."""
    if isinstance(error, Conflict | Refused):
        return bad(name, error.message, error.hint or LOOKS)
    ills.anew = ills.unread = True
    return bad(name, error.message, ANEW)


def _state(folder: Path, known: state.State, ills: Ills) -> Check:
    if known == state.State():
        ills.waiting = True
        if not Paper.objects.exists():
            return fine("State", "There are no papers yet.")
        hint = f"{MEND}: every paper is taken over again, while search goes on."
        return bad("State", f"{folder / 'state.json'} tells nothing of how far the index is.", hint)
    if upkeep.believed(known).instance != known.instance or upkeep.believed(known).stamp < known.stamp:
        ills.waiting = True
        hint = f"{MEND}: every paper is taken over again, while search goes on."
        return bad("State", "The index is of another database, or of a later copy of this one.", hint)
    return fine("State", f"{known.papers} papers are noted as found by words, {known.vectors} read by the model.")


def _words(folder: Path, index: WholeReader, known: state.State, ills: Ills) -> Check:
    try:
        broken = checksums.broken(folder)
    except (OSError, ValueError) as error:
        if refused := of_disk("reading words", error):
            raise refused from error
        ills.anew = True
        return bad("Words", f"The list of segments cannot be read: {error}.", ANEW)
    if broken:
        ills.anew = True
        more = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        return bad("Words", f"{folder / broken[0]}{more}: not what was written there.", ANEW)
    size = index.lexicon.size()
    if size < known.papers:
        ills.waiting = True
        hint = f"{MEND}: every paper is taken over again, while search goes on."
        return bad("Words", f"{size} papers are found by words, where {known.papers} were noted.", hint)
    return fine("Words", f"{size} papers; every file is as it was written.")


def _waiting(folder: Path, ills: Ills) -> Check:
    number = upkeep.behind()
    if not number:
        return fine("Waiting", "No paper waits to be taken over.")
    ills.waiting = True
    if holder(folder / "owner.lock") is None:
        hint = f"The next start of the server takes them over, or any command that asks the index; {MEND} now."
        return weak("Waiting", f"{number} papers wait to be taken over.", hint)
    return fine("Waiting", f"{number} papers wait; the process that keeps the index takes them over.")
