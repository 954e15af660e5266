"""``broadsheet serve``: everything in one command: tables, papers, index, background work and the web server."""

import ipaddress
import multiprocessing
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from broadsheet.cli.out import progress
from broadsheet.cli.start import command, fail, tell_processes

if TYPE_CHECKING:
    from broadsheet.search.index import Index
    from broadsheet.search.keeping.following import Following
    from broadsheet.search.keeping.standby import Standby
    from broadsheet.work.running import Runner

INDEX_WITHIN = 5.0
"""Seconds that the index is waited for where a command changes it."""

LONGEST_STOP = 15.0
"""Seconds that the web server is given to stop; what is stored is stored in whole transactions, so it may be left."""


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Web server processes.")
@click.option("--no-jobs", is_flag=True, help="Leave the timetable out, as where `broadsheet worker` runs it.")
@command()
def serve(host: str, port: int, workers: int, no_jobs: bool) -> None:
    """Serve the site, and keep it up to date.

    The first start takes in today's papers of the configured categories from arXiv, or shows the sample edition
    where there is no network. All state lives in the directory given by --data.
    """
    from django.conf import settings

    from broadsheet.search import current

    began = time.monotonic()
    click.echo(f"Data directory: {settings.HOME}")
    _decide_mode(host)
    _refuse_taken(host, port)
    _first_papers()
    index = _own_index()
    if index is not None:
        _catch_up(index)
    try:
        with _told_to_serve():
            _serve(host, port, workers, _beside(index, no_jobs=no_jobs), began)
    finally:
        current.release()
        click.echo("Stopped. The next start carries on.")


@contextmanager
def _told_to_serve() -> Iterator[None]:
    """Let other processes know that this one serves, where anything may be written beside the index."""
    from broadsheet.search.machine import locks

    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(locks.held(locks.SERVING, within=INDEX_WITHIN))
        yield


def _own_index() -> "Index | None":
    """Return the index of this process: of a process that fills it, or after a command that has it for a moment.

    None where it is on a search server and another machine keeps it, and where its disk does not let it be written.
    """
    from django.conf import settings

    from broadsheet.errors import Conflict
    from broadsheet.search import current
    from broadsheet.search.keeping import fill
    from broadsheet.search.machine import locks
    from broadsheet.search.machine.trouble import Closed, NoRoom

    until = time.monotonic() + INDEX_WITHIN
    while True:
        try:
            return current.own()
        except Conflict:
            if locks.is_held(locks.SERVING):
                fail(f"Another Broadsheet serves {settings.HOME} already.", "Stop it, or give this one its own --data.")
            if time.monotonic() > until and settings.SEARCH_URL:
                click.echo(
                    "Another machine keeps the search index; this one reads it, and keeps it when that one ends."
                )
                return None
            if time.monotonic() > until:
                fail(f"Another command has the search index of {settings.HOME}.", "Wait until it has ended.")
        except (Closed, NoRoom) as error:
            click.echo(f"Searches go on in the index as it is. {error}", err=True)
            return None
        if fill.is_under_way():
            click.echo("A command that takes papers in leaves the index to this server.")
            with suppress(Conflict):
                return fill.taken_from_filling()
        time.sleep(0.1)


def _decide_mode(host: str) -> None:
    """Decide who reads as whom where nothing was set, say it in a line, and warn of what others could do.

    The workers, which begin anew, hear of it by their environment.
    """
    from django.conf import settings

    from broadsheet.accounts.models import Role, User

    here = _is_here(host)
    if not settings.MODE:
        settings.MODE = "single" if here else "closed"
        tell_processes("BROADSHEET_MODE", settings.MODE)
        why = "only this machine reaches it" if here else "others may reach it"
        click.echo(f"Mode: {settings.MODE}, as {why}. BROADSHEET_MODE sets it: single, closed or open.")
    elif settings.MODE == "single" and not here:
        click.echo(
            f"Warning: whoever reaches {host} is the reader and administers the site, as BROADSHEET_MODE is single.",
            err=True,
        )
    # The one reader of single mode is an administrator too, but has neither password nor address to sign in with.
    admins = User.objects.filter(role=Role.ADMIN, is_active=True).exclude(password__startswith="!", email="")  # noqa: S106 (none)
    if settings.MODE != "single" and not admins.exists():
        click.echo("Nobody administers this site yet: broadsheet reader add NAME --email NAME@HOST --role admin")


def _is_here(host: str) -> bool:
    """Whether nobody but this machine reaches the site: no address of others, no proxy, and no public name."""
    from django.conf import settings

    public = urlsplit(settings.PUBLIC_URL).hostname
    names = {*settings.ALLOWED_HOSTS, host, *([public] if public else [])}
    return not settings.SECURE_PROXY and all(_is_loopback(name) for name in names)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return name == "localhost"


def _refuse_taken(host: str, port: int) -> None:
    """End with a sentence when the port is taken, before any work is done."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            fail(f"Cannot listen on {host}:{port}: {error.strerror}.", "Choose another with --port or --host.")


def _first_papers() -> None:
    """See that there are papers before the first request: from arXiv, else the sample edition."""
    from broadsheet import pipeline

    if pipeline.has_papers():
        return
    reason = pipeline.why_no_news()
    if not reason:
        click.echo("Asking arXiv for today's papers.")
        with progress("Taking in today's papers") as advance:
            reason = pipeline.try_first_news(lambda p: advance(p.done, p.total, f"{p.run.added} papers"))
    if reason:
        click.echo(f"{reason} The sample edition is shown instead.")
        pipeline.take_in_sample()


def _catch_up(index: "Index") -> None:
    """Make what is in the store searchable by words; a long way to go is left to the background."""
    from broadsheet.search import state
    from broadsheet.search.keeping import upkeep
    from broadsheet.search.machine.trouble import Closed, NoRoom

    behind = upkeep.behind()
    if not behind:
        return
    if behind > (2_000 if state.read().papers else 20_000):
        click.echo(f"{behind} papers are not in the index yet; they follow in the background.")
        return
    try:
        with progress("Indexing") as advance:
            upkeep.catch_up(index, report=lambda done, total: advance(done, total, f"{done} papers"))
    except (Closed, NoRoom) as error:  # the thread that follows the papers tries it again
        click.echo(f"The papers that wait are not found yet. {error}", err=True)


def _beside(index: "Index | None", *, no_jobs: bool) -> "list[Following | Standby | Runner]":
    """Return what runs beside the web server: the index follows the papers, and the timetable."""
    from broadsheet import jobs
    from broadsheet.search.keeping.following import Following
    from broadsheet.search.keeping.standby import Standby
    from broadsheet.work.running import Runner

    return [Standby() if index is None else Following(index), *([] if no_jobs else [Runner(jobs.standing())])]


def _serve(host: str, port: int, workers: int, beside: "list[Following | Standby | Runner]", began: float) -> None:
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    from broadsheet.accounts.mail import served_at

    server = Granian(
        "broadsheet.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        # More threads only queue at the interpreter's lock and triple the slowest answers.
        blocking_threads=2,
        http=HTTPModes.auto,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=5,
        websockets=False,
    )

    address = f"http://{_connectable(host)}:{port}/"
    served_at(address)

    def ready() -> None:
        _wait_until_answered(address)
        click.echo(f"Serving {address} after {time.monotonic() - began:.1f} s. Ctrl-C stops.")
        for part in beside:
            part.start()

    def stop_beside() -> None:
        # The timetable first: what it stores is what the index would follow.
        for part in reversed(beside):
            part.stop()

    gone = threading.Event()

    def at_last() -> None:
        if not gone.is_set():
            stop_beside()
            os._exit(0)  # the workers end by themselves once their parent has

    @server.on_startup
    def begin() -> None:
        _hear_a_stop_once(at_last)
        threading.Thread(target=ready, name="ready", daemon=True).start()

    # A forked worker would inherit the engine without its threads, and open database connections. Each reads the index
    # by itself, and sees what this process has written to it.
    multiprocessing.set_start_method("spawn", force=True)
    try:
        server.serve()
    finally:
        gone.set()
        stop_beside()


def _hear_a_stop_once(at_last: Callable[[], None]) -> None:
    """Let the first signal to stop be enough, however many come and whatever the main thread does meanwhile.

    A thread hears of signals by a socket that the system's own handler writes to: Python's handlers run only when the
    main thread gets to them, and were seen not to while it waits for the workers without end. The server's own handler
    is called there, again until the server has gone, as it takes a lock that interrupted code would hold.
    at_last: called where it has not after LONGEST_STOP seconds all the same.
    """
    theirs = ((number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM))
    stops: dict[int, Any] = {number: handler for number, handler in theirs if callable(handler)}
    ear, mouth = socket.socketpair()
    mouth.settimeout(0)  # the system's handler must never wait

    def listen() -> None:
        with ear, mouth:
            while not (heard := [number for number in ear.recv(64) if number in stops]):
                pass
            last = threading.Timer(LONGEST_STOP, at_last)
            last.daemon = True
            last.start()
            while True:
                stops[heard[0]](heard[0], None)
                time.sleep(0.5)

    for number in stops:
        signal.signal(number, _left_to_the_listener)
    signal.set_wakeup_fd(mouth.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=listen, name="stop", daemon=True).start()


def _left_to_the_listener(_number: int, _frame: object) -> None:
    """Do nothing: the thread that listens has heard of it."""


def _connectable(host: str) -> str:
    """Return the host as a browser here reaches it."""
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not listened on)
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host


def _wait_until_answered(address: str) -> None:
    """Return once the first worker answers anything, so that the line that says so is true."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            urllib.request.urlopen(address + "robots.txt", timeout=5).close()  # noqa: S310 (our own address)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
        else:
            return
