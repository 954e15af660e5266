"""What goes wrong inside an engine or with the disk under it, told as our own errors."""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from broadsheet.errors import BroadsheetError, Refused

_FULL = re.compile(r"StorageFull|No space left|FileTooLarge|File too large|QuotaExceeded|quota exceeded", re.IGNORECASE)
_CLOSED = re.compile(r"ReadOnlyFilesystem|Read-only file system|PermissionDenied|Permission denied", re.IGNORECASE)


class IndexStale(BroadsheetError):
    """The index is damaged or of another schema, and has to be built anew from the papers (``WholeIndex.anew``)."""


class NoRoom(Refused):
    """The disk is full. What was there before stays as it was, and the same call works when there is room."""


class Closed(Refused):
    """The index may not be written, or not even opened, as its disk or the rights stand. Nothing in it is damaged."""


LOOKS = "`broadsheet doctor index` tells what is wrong with it, and with --mend makes it whole. No paper is lost."

LEAST = 16 << 20
"""Bytes of the disk below which an engine that stopped without a reason is taken to have had no room."""


@contextmanager
def told(doing: str, folder: Path | None = None) -> Iterator[None]:
    """Turn an engine's errors, and the system's, into ours.

    Engines raise bare Exceptions, and their panics are not even Exceptions. folder: where it works; an engine whose
    thread found the disk full says only that the thread has ended. Raises NoRoom for a full disk, Closed for one that
    may not be written, and BroadsheetError for all else.
    """
    doing = f"{doing}: {folder}" if folder else doing
    try:
        yield
    except BroadsheetError:
        raise
    except BaseException as error:
        if isinstance(error, Exception) or type(error).__name__ == "PanicException":
            full = folder is not None and _is_full(folder)
            raise (
                of_disk(doing, error)
                or (_no_room(doing) if full else None)
                or BroadsheetError(f"The search index failed while {doing}: {error}.", LOOKS)
            ) from error
        raise


def of_disk(doing: str, error: BaseException) -> Refused | None:
    """Return what an error says of the disk, by the words of the system in it; None for one that is of something else.

    doing: what failed, such as "writing to disk".
    """
    said = str(error)
    if _FULL.search(said):
        return _no_room(doing)
    if _CLOSED.search(said):
        return Closed(
            f"The search index may not be written ({doing}): {_place(said)}.",
            "Mount its disk for writing, or give the right to write there. Nothing in it is damaged.",
        )
    return None


def _no_room(doing: str) -> NoRoom:
    return NoRoom(
        f"The disk of the search index is full ({doing}).",
        "Make room. Nothing is lost: every paper that was taken in is in the database, and search goes on. When there"
        " is room the same command carries on, and a running server does so by itself.",
    )


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free < LEAST
    except OSError:
        return False


def _place(said: str) -> str:
    """Return an error of the system without what an engine wraps around it."""
    return next((found[0] for pattern in (_CLOSED, _FULL) if (found := pattern.search(said))), said)
