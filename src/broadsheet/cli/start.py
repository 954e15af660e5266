"""What every command begins and ends with: the state directory, Django, the tables, and errors a person can read."""

import functools
import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from types import FrameType
from typing import Any

import click

SAID_AFTER = 2.0
"""Seconds after which it is said what a command waits for that shows no progress."""

KEPT = "What was done so far is kept; the same command carries on."
PASSING = "Nothing is kept; with --keep FOLDER what is done is, and the same command then carries on."

_UPGRADE = (
    "Bringing the tables up to this version. With millions of papers that may take minutes; "
    "where it is stopped, the next command goes on."
)


def command(*, tables: bool = True) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command ``--data``, load Django on that directory, and turn errors of the domain into sentences.

    tables: make or update the database's tables first.
    """

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @click.option(
            "--data",
            type=click.Path(file_okay=False, path_type=Path),
            help="Directory of all state. Default: $BROADSHEET_HOME, else the user's data directory.",
        )
        @functools.wraps(function)
        def run(*args: Any, data: Path | None, **options: Any) -> Any:
            with readable_errors():
                load(data)
                if tables:
                    update_tables()
                return function(*args, **options)

        return run

    return wrap


class readable_errors:  # noqa: N801 (used as a statement)
    """Prints errors of the domain, of the settings and of the disk as sentences, and a stop as what it is.

    stopped: what is said of a stop. A process that a command began leaves saying it to that one.
    """

    def __init__(self, stopped: str = KEPT) -> None:
        self._stopped = stopped

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        from django.core.exceptions import ImproperlyConfigured
        from django.db.utils import DatabaseError, OperationalError

        from broadsheet.errors import BroadsheetError

        if isinstance(error, KeyboardInterrupt):
            if multiprocessing.parent_process() is None:
                click.echo(f"\nStopped. {self._stopped}", err=True)
            sys.exit(130)
        if isinstance(error, BroadsheetError):
            fail(error.message, error.hint)
        if isinstance(error, ImproperlyConfigured):
            fail(str(error))
        if isinstance(error, OSError) and not isinstance(error, BrokenPipeError):
            fail(
                f"{error.strerror or error}: {error.filename or 'no file named'}.",
                "Check the path, the space and the rights.",
            )
        if isinstance(error, OperationalError) or type(error) is DatabaseError:
            fail(*_of_database(error))


def _of_database(error: Exception) -> tuple[str, str]:
    """Return what a database says of its disk or of itself, and the way out."""
    from django.conf import settings

    place, said = settings.DATABASES["default"]["NAME"], str(error)
    kept = "All that was taken in is kept, and the same command carries on."
    if "disk is full" in said or "No space left" in said or ("disk I/O" in said and _is_full(place)):
        return f"The disk of the database is full: {place}.", f"Make room. {kept}"
    closed = "unable to open" in said and Path(place).exists() and not os.access(Path(place).parent, os.W_OK)
    if "readonly" in said or "read-only" in said or closed:
        return f"The database may not be written: {place}.", f"Mount its disk for writing, or give the right. {kept}"
    if "malformed" in said or "not a database" in said:
        hint = "Put a backup in its place (with its -wal and -shm files away); the index follows it by itself."
        return f"The database is damaged: {place} ({said}).", hint
    return f"The database does not answer: {said}.", "Check BROADSHEET_DATABASE, or the rights and space of --data."


def _is_full(place: str) -> bool:
    """Tell whether the disk of a file has no room: SQLite cannot always say so of its lesser files."""
    try:
        return shutil.disk_usage(Path(place).parent).free < 1 << 20
    except OSError:
        return False


@contextmanager
def heeded_stop() -> Iterator[Callable[[], bool]]:
    """Yield what tells whether Ctrl-C was pressed, for work that asks between two batches.

    An interrupt that falls into a callback of the database or of the garbage collector is swallowed there; the work
    then ends at its next batch, and with the same KeyboardInterrupt, raised at the end of the block.
    """
    pressed = threading.Event()

    def press(_number: int, _frame: object) -> None:
        pressed.set()
        raise KeyboardInterrupt

    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:  # as in the background of a shell
        yield pressed.is_set
        return
    signal.signal(signal.SIGINT, press)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)
    if pressed.is_set():
        raise KeyboardInterrupt


def fail(message: str, hint: str = "") -> None:
    """Print an error and its way out, and end with code 1."""
    click.echo(f"broadsheet: {message}" + (f"\n  {hint}" if hint else ""), err=True)
    sys.exit(1)


def own_home() -> Path:
    """Return the site's own state directory, as settings would have it, before a bench takes another in its place."""
    from broadsheet import knobs

    return knobs.home(os.environ.get("BROADSHEET_HOME", ""))


def load(data: Path | None) -> None:
    """Load Django on a state directory, which is made if it is missing."""
    if data is not None:
        os.environ["BROADSHEET_HOME"] = str(data)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.settings")
    import django
    from django.conf import settings

    settings.HOME.mkdir(parents=True, exist_ok=True)
    django.setup()


@contextmanager
def apart(keep: Path | None) -> Iterator[None]:
    """Load Django on a state directory of its own, so that a measurement touches nobody's papers.

    keep: where it stays, to go on with another time; None for one that is removed at the end. Its database is SQLite.
    """
    with folder_of(keep) as folder:
        os.environ.pop("BROADSHEET_DATABASE", None)
        os.environ.pop("BROADSHEET_SEARCH_URL", None)
        load(folder)
        update_tables()
        yield


@contextmanager
def folder_of(keep: Path | None) -> Iterator[Path]:
    """Yield the folder of a measurement, and turn errors into sentences.

    keep: where it stays; None for one that is removed at the end, by Ctrl-C and SIGTERM too.
    """
    with (
        readable_errors(KEPT if keep else PASSING),
        stopped_by_term(),
        TemporaryDirectory(prefix="broadsheet-bench-") as passing,
    ):
        yield keep or Path(passing)


@contextmanager
def stopped_by_term() -> Iterator[None]:
    """Let SIGTERM do within the block what Ctrl-C does, in the processes too that were begun in it."""

    def stop(number: int, frame: FrameType | None) -> None:
        for process in multiprocessing.active_children():
            process.terminate()
        press = signal.getsignal(signal.SIGINT)
        if callable(press):  # else Ctrl-C is ignored, as in the background of a shell
            press(number, frame)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def tell_processes(name: str, value: str) -> None:
    """Set a setting for the processes that this one starts, which read their settings anew."""
    os.environ[name] = value


_APART = {
    "BROADSHEET_DATABASE": "",
    "BROADSHEET_SEARCH_URL": "",
    "BROADSHEET_OFFLINE": "yes",
    "BROADSHEET_MODE": "single",
    "BROADSHEET_API_RATE": "0",
    "BROADSHEET_PAGE_RATE": "0",
    "BROADSHEET_UPGRADE_PERCENT": "0",
}


@contextmanager
def processes_in(home: Path) -> Iterator[None]:
    """Let the processes that this one starts within the block work in a state directory of their own, undisturbed.

    They use SQLite and no network, know no limits, and no model reads papers beside them.
    """
    told = _APART | {"BROADSHEET_HOME": str(home)}
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value


@contextmanager
def said_when_long(text: str, *, where: Callable[[], bool] = lambda: True) -> Iterator[None]:
    """Say something, once, where what is done in this context takes long.

    where: whether it is so, asked as often as that time has passed until it is.
    """
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SAID_AFTER):
            if where():
                click.echo(text, err=True)
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def update_tables() -> None:
    """Bring the tables up to this version; quick when they are, and safe when two commands start at once.

    Of tables that hold something it is said where that takes long. Each step is done whole or not at all.
    """
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from filelock import FileLock

    def behind() -> bool:
        executor = MigrationExecutor(connection)
        return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))

    if behind():
        with FileLock(settings.HOME / "tables.lock"):
            if behind():
                old = "papers_paper" in connection.introspection.table_names()
                with said_when_long(_UPGRADE) if old else nullcontext():
                    call_command("migrate", verbosity=0, interactive=False)
