"""Who writes to a search server: one process at a time, over all machines that share the database."""

import threading
import zlib
from pathlib import Path

from django.db import Error, connections
from filelock import FileLock, Timeout

from broadsheet.errors import Conflict


class WritersPlace:
    """The place of the one process that writes, held until ``leave``; the system frees it when the process dies.

    On one machine it is ``owner.lock``, as of an index in files. Where other machines may share the database, which is
    PostgreSQL then, a lock of it comes to that, on a connection of its own.
    """

    def __init__(self, folder: Path, name: str, *, shared: bool) -> None:
        """Take the place. folder: of the lock. name: of what is written. Raises Conflict where another holds it."""
        folder.mkdir(parents=True, exist_ok=True)
        self._file = FileLock(folder / "owner.lock", thread_local=False)
        self._number = zlib.crc32(f"broadsheet search {name}".encode())
        self._session: _Session | None = None
        self._checking = threading.Lock()
        try:
            self._file.acquire(timeout=0)
        except Timeout:
            raise _taken(f"in use by another process of {folder}") from None
        try:
            if shared:
                self._session = _Session(self._number)
        except BaseException:
            self._file.release()
            raise

    def check(self) -> None:
        """Raise Conflict where the place was lost, as with the database's connection, and somebody else has it now."""
        with self._checking:
            if self._session is not None and not self._session.lasts():
                self._session.close()
                self._session = _Session(self._number)

    def leave(self) -> None:
        """Let others write."""
        if self._session is not None:
            self._session.close()
        self._file.release()


class _Session:
    """A connection of its own to the database, which holds a lock there as long as it lasts."""

    def __init__(self, number: int) -> None:
        """Connect and take the lock. Raises Conflict where another session holds it."""
        self._connection = connections["default"].copy()
        self._connection.inc_thread_sharing()  # whoever writes next may be another thread
        with self._connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s), pg_backend_pid()", [number])
            taken, self._number = cursor.fetchone()
        if not taken:
            self.close()
            raise _taken("kept by a process of another machine")

    def lasts(self) -> bool:
        """Whether it is still the same connection: Django makes another where one broke, without the lock."""
        try:
            with self._connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                return bool(cursor.fetchone()[0] == self._number)
        except Error:
            return False

    def close(self) -> None:
        """Disconnect, which frees the lock."""
        self._connection.close()


def _taken(how: str) -> Conflict:
    return Conflict(
        f"The search index is {how}.",
        "Searches go on; papers are taken in there. To take them in here, stop that one first.",
    )
