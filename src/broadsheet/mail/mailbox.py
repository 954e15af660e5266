"""The mailbox where reports arrive, read and tidied: IMAP, POP3, a Maildir or an mbox file.

Reports about our mails are deleted once they are taken in. Everything else stays, marked as seen: the mailbox may be
one that people read too. What a report means lives in ``bounces``.
"""

import contextlib
import hashlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from django.conf import settings
from django.db import Error as DatabaseError
from filelock import FileLock, Timeout

from broadsheet.errors import BadInput, BroadsheetError, Conflict, Upstream
from broadsheet.mail import mailbox_files, mailbox_servers
from broadsheet.mail.reports import LONGEST

logger = logging.getLogger(__name__)

SET_ASIDE_MOST = 200
"""Broken messages that are kept for the operator; of a flood the first ones tell enough."""


class Box(Protocol):
    """An open mailbox. Its messages come as a key that stays the same until the next look, and the bytes."""

    def messages(self, longest: int) -> Iterator[tuple[str, bytes | None]]:
        """Return what was not seen yet; None instead of the bytes of a message longer than ``longest``."""

    def done(self, key: str) -> None:
        """Delete a message."""

    def seen(self, key: str) -> None:
        """Leave a message and do not show it again."""


@dataclass
class Read:
    """What came of one look. reports: about mails of ours. others: left where they are. broken: set aside as files."""

    reports: int = 0
    others: int = 0
    broken: int = 0


def collect(take: Callable[[bytes], bool], *, stop: Callable[[], bool] = lambda: False, address: str = "") -> Read:
    """Read every new message of the mailbox once, delete the reports about our mails, leave the others as seen.

    take: takes a message in and returns whether it was one of those. address: the mailbox, by default that of
    BROADSHEET_BOUNCES. A message is marked only after it was taken in, so a stop in between loses none. Raises
    BadInput for an address that cannot be read, Upstream where the mailbox does not answer, Conflict where another
    process reads it.
    """
    found = Read()
    lock = FileLock(settings.HOME / "bounces.lock", timeout=0)
    try:
        with lock, opened(address or settings.BOUNCES) as box:
            for key, raw in box.messages(LONGEST):
                if stop():
                    break
                _take_one(box, key, raw, take, found)
    except Timeout:
        raise Conflict("Another process reads the bounces now.", "Try again once it is done.") from None
    return found


def _take_one(box: Box, key: str, raw: bytes | None, take: Callable[[bytes], bool], found: Read) -> None:
    if raw is None:
        logger.warning("A message in the mailbox of bounces is over %d bytes; it stays there unread.", LONGEST)
        box.seen(key)
        found.others += 1
        return
    try:
        ours = take(raw)
    except DatabaseError:
        raise  # the message is not at fault: it stays as it is for the next look
    except BroadsheetError as error:
        logger.warning("A message in the mailbox of bounces was set aside: %s", error)
        ours = _set_aside(raw, found)
    except Exception:
        logger.exception("A message in the mailbox of bounces was set aside")
        ours = _set_aside(raw, found)
    if ours:
        box.done(key)
        found.reports += 1
    else:
        box.seen(key)
        found.others += 1


def _set_aside(raw: bytes, found: Read) -> bool:
    """Keep a copy for the operator, and leave the message itself where it is."""
    found.broken += 1
    folder = settings.HOME / "rejects" / "mail"
    folder.mkdir(parents=True, exist_ok=True)
    if len(list(folder.iterdir())) < SET_ASIDE_MOST:
        (folder / f"{hashlib.sha256(raw).hexdigest()[:16]}.eml").write_bytes(raw)
    return False


@contextlib.contextmanager
def opened(address: str) -> Iterator[Box]:
    """Open a mailbox. Raises BadInput and Upstream, neither of which tells the password."""
    parts, kind = _parts(address)
    try:
        with kind(parts) as box:
            yield box
    except mailbox_servers.ERRORS as error:
        said = str(error.args[0] if error.args else error)
        raise Upstream(
            f"The mailbox of bounces at {parts.hostname or parts.path} cannot be read: {said}.",
            "Check BROADSHEET_BOUNCES; `broadsheet doctor mail` looks at it too.",
        ) from error


type Opener = Callable[[SplitResult], contextlib.AbstractContextManager[Box]]

KINDS: dict[str, Opener] = {
    "imaps": mailbox_servers.imap,
    "imap+plain": mailbox_servers.imap,
    "pop3s": mailbox_servers.pop3,
    "pop3+plain": mailbox_servers.pop3,
    "maildir": mailbox_files.maildir,
    "mbox": mailbox_files.mbox,
}


def _parts(address: str) -> tuple[SplitResult, Opener]:
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    on_server = parts.scheme.startswith(("imap", "pop3"))
    fits = bool(parts.hostname and parts.username and port != 0) if on_server else parts.path.startswith("/")
    if parts.scheme not in KINDS or not fits:
        raise BadInput(
            f"BROADSHEET_BOUNCES begins with {address.partition(':')[0][:20]!r} and is no mailbox.",
            "It takes imaps://user:secret@host/INBOX, pop3s://user:secret@host, maildir:/path or mbox:/path.",
        )
    return parts, KINDS[parts.scheme]
