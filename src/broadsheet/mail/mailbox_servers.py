"""Mailboxes on a mail server: IMAP and POP3, over TLS unless told otherwise. How they are gone through: ``mailbox``."""

import contextlib
import hashlib
import imaplib
import poplib
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote

from django.conf import settings

ERRORS = (OSError, imaplib.IMAP4.error, poplib.error_proto)
"""What goes wrong with a mailbox; of the network, and of what the servers answer."""

PATIENCE = 30.0
"""Seconds that a server may take for an answer."""


@contextlib.contextmanager
def imap(parts: SplitResult) -> Iterator["ImapBox"]:
    """Open a folder of an IMAP server, INBOX by default; deleted messages go for good when it closes."""
    host, user, secret = parts.hostname or "", unquote(parts.username or ""), unquote(parts.password or "")
    server = (
        imaplib.IMAP4_SSL(host, parts.port or 993, ssl_context=ssl.create_default_context(), timeout=PATIENCE)
        if parts.scheme == "imaps"
        else imaplib.IMAP4(host, parts.port or 143, timeout=PATIENCE)
    )
    try:
        server.login(user, secret)
        folder = unquote(parts.path.strip("/")) or "INBOX"
        _expect(server.select('"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'), f"no folder {folder!r}")
        box = ImapBox(server)
        try:
            yield box
        finally:
            box.close()
    finally:
        with contextlib.suppress(*ERRORS):
            server.logout()


class ImapBox:
    """A folder of an IMAP server: what was seen carries the flag for it."""

    def __init__(self, server: imaplib.IMAP4) -> None:
        self.server = server
        self.gone: list[str] = []

    def messages(self, longest: int) -> Iterator[tuple[str, bytes | None]]:
        """Return what was not seen yet."""
        found = _expect(self.server.uid("SEARCH", "UNSEEN", "UNDELETED"), "the folder cannot be searched")
        for key in (found[0] or b"").decode().split():
            head = _expect(self.server.uid("FETCH", key, "(RFC822.SIZE)"), "a message cannot be read")
            size = re.search(rb"RFC822\.SIZE (\d+)", head[0] or b"")
            if size is None:
                continue  # another program has taken it away
            yield key, self._bytes(key) if int(size[1]) <= longest else None

    def _bytes(self, key: str) -> bytes:
        # PEEK: a message that we fail at is not to look as if somebody had read it.
        got = _expect(self.server.uid("FETCH", key, "(BODY.PEEK[])"), "a message cannot be read")
        return next((bytes(piece[1]) for piece in got if isinstance(piece, tuple)), b"")

    def done(self, key: str) -> None:
        """Delete a message."""
        _expect(self.server.uid("STORE", key, "+FLAGS", r"(\Seen \Deleted)"), "a message cannot be deleted")
        self.gone.append(key)

    def seen(self, key: str) -> None:
        """Mark a message as read."""
        _expect(self.server.uid("STORE", key, "+FLAGS", r"(\Seen)"), "a message cannot be marked")

    def close(self) -> None:
        """Have the deleted messages go; only ours, where the server can tell them from those of other programs."""
        if self.gone and "UIDPLUS" in self.server.capabilities:
            for start in range(0, len(self.gone), 500):
                self.server.uid("EXPUNGE", ",".join(self.gone[start : start + 500]))
        elif self.gone:
            self.server.expunge()


def _expect(answer: tuple[str, list[Any]], wrong: str) -> list[Any]:
    if answer[0] != "OK":
        raise imaplib.IMAP4.error(wrong)
    return answer[1]


@contextlib.contextmanager
def pop3(parts: SplitResult) -> Iterator["Pop3Box"]:
    """Open a POP3 mailbox; deleted messages go when it closes in good order."""
    host = parts.hostname or ""
    server = (
        poplib.POP3_SSL(host, parts.port or 995, context=ssl.create_default_context(), timeout=PATIENCE)
        if parts.scheme == "pop3s"
        else poplib.POP3(host, parts.port or 110, timeout=PATIENCE)
    )
    try:
        server.user(unquote(parts.username or ""))
        server.pass_(unquote(parts.password or ""))
        # The protocol has no flag for what was seen, so that is noted here, by mailbox.
        name = hashlib.sha256(f"{parts.username}@{host}:{parts.port}".encode()).hexdigest()[:16]
        box = Pop3Box(server, settings.HOME / f"bounces-seen-{name}")
        yield box
        server.quit()
        box.close()
    finally:
        server.close()


class Pop3Box:
    """A POP3 mailbox. memory: the file that holds the ids of what was seen and left there."""

    def __init__(self, server: poplib.POP3, memory: Path) -> None:
        self.server = server
        self.memory = memory
        self.known = set(memory.read_text().split()) if memory.exists() else set()
        self.here = {}
        for line in server.uidl()[1]:
            number, _, name = line.decode(errors="replace").partition(" ")
            self.here[name.strip()] = number
        self.sizes = dict(line.decode().split()[:2] for line in server.list()[1])

    def messages(self, longest: int) -> Iterator[tuple[str, bytes | None]]:
        """Return what was not seen yet."""
        for name, number in self.here.items():
            if name not in self.known:
                small = int(self.sizes.get(number, 0)) <= longest
                yield name, b"\r\n".join(self.server.retr(int(number))[1]) + b"\r\n" if small else None

    def done(self, key: str) -> None:
        """Delete a message."""
        self.server.dele(int(self.here[key]))

    def seen(self, key: str) -> None:
        """Note that a message was read. Noted at once: the next one may be what breaks the connection."""
        self.known.add(key)
        self.close()

    def close(self) -> None:
        """Keep the ids of those that are there still."""
        self.memory.write_text("\n".join(sorted(self.known & self.here.keys())))
