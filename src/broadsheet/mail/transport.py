"""The conversation with the mail server: one kept connection, one mail at a time, and what each answer means.

Who gets what lives in ``taking`` and ``ledger``; how fast, in ``pace``.
"""

import contextlib
import email
import email.policy
import functools
import re
import smtplib
from dataclasses import dataclass
from email.message import EmailMessage as Parsed
from enum import Enum
from typing import Any, Protocol

from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from broadsheet.errors import BadInput, Upstream
from broadsheet.mail import headers

PATIENCE = 600
"""Seconds that the server has to answer once it has the whole mail (RFC 5321, 4.5.3.2.6): it may have taken it."""

BAD, CLOSING, FINAL = 400, 421, 500
"""The first code that refuses, the one by which a server parts, and the first that is for good."""

SIGN_IN = {530, 535}
"""Codes by which a server asks for other credentials."""

_TOO_FAST = re.compile(r"too (many|fast|much)|\brate\b|throttl|slow down|limit exceeded", re.IGNORECASE)


class Verdict(Enum):
    """What became of one mail. later: to be tried again. refused: this one never. ours: it is the set-up's fault."""

    SENT = "sent"
    LATER = "later"
    REFUSED = "refused"
    OURS = "ours"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the mail server made of one mail.

    text: its code and words. at_address: it was the address that it refused. too_fast: it asks for a slower pace.
    in_doubt: it had the whole mail and did not say whether it took it.
    """

    verdict: Verdict
    text: str = ""
    at_address: bool = False
    too_fast: bool = False
    in_doubt: bool = False


class Carrier(Protocol):
    """Something that takes mails to their server."""

    def ready(self) -> None:
        """Have a connection. Raises Upstream where there is none to be had."""

    def send(self, sender: str, to: str, raw: bytes) -> Answer:
        """Hand over one whole mail in RFC 5322 form with CRLF, and return what came of it."""

    def close(self) -> None:
        """Part from the server."""


def carrier() -> Carrier:
    """Return a carrier for where the settings say that mail goes."""
    backend = mailers["default"]
    return SmtpCarrier(backend) if isinstance(backend, EmailBackend) else BackendCarrier(backend)


class SmtpCarrier:
    """Any SMTP server, over one connection that is kept open."""

    def __init__(self, backend: EmailBackend) -> None:
        self._backend = backend
        self._since_open = 0
        self._sender = functools.cache(backend.prep_address)

    def ready(self) -> None:
        """Have a connection. Raises Upstream with the server's words."""
        try:
            if self._backend.open():
                self._since_open = 0
                self._server.ehlo_or_helo_if_needed()
        except OSError as error:  # SMTP errors are OSErrors too
            self.close()
            raise Upstream(
                f"The mail server {self._backend.host}:{self._backend.port} cannot be used: {_told(error)}.",
                "Check BROADSHEET_MAIL; `broadsheet doctor mail` says more. What is due stays due.",
            ) from error

    @property
    def _server(self) -> smtplib.SMTP:
        server = self._backend.connection
        assert isinstance(server, smtplib.SMTP)
        return server

    def send(self, sender: str, to: str, raw: bytes) -> Answer:
        """Hand over one mail. A connection that has gone since the last one is made anew once."""
        try:
            envelope = self._sender(sender), headers.address(to)
        except BadInput as error:
            return Answer(Verdict.REFUSED, f"The address cannot be mailed to: {error.message}"[:300])
        try:
            self.ready()
            answer = self._send(*envelope, raw)
            if answer is None:
                self.ready()
                answer = self._send(*envelope, raw)
        except Upstream as error:
            return Answer(Verdict.LATER, error.message[:300])
        return answer or Answer(Verdict.LATER, "The mail server closed the connection.")

    def _send(self, sender: str, to: str, raw: bytes) -> Answer | None:
        """Return what came of it, or None where the connection was gone before the server had anything."""
        whole = False
        try:
            server = self._server
            refused = self._offer(sender, to, len(raw))
            if refused is not None:
                return refused
            server.send(_stuffed(raw))
            whole = True
            if server.sock is not None:
                server.sock.settimeout(PATIENCE)
            code, words = server.getreply()
            if server.sock is not None and self._backend.timeout is not None:
                server.sock.settimeout(self._backend.timeout)
        except OSError as error:
            self.close()
            if whole:
                return Answer(Verdict.LATER, f"No answer after the mail: {_told(error)}"[:300], in_doubt=True)
            return None
        if code >= BAD:
            return self._refused(code, words)
        self._since_open += 1
        return Answer(Verdict.SENT, _text(code, words))

    def _offer(self, sender: str, to: str, size: int) -> Answer | None:
        """Say from whom to whom a mail is, and return the refusal, None where the server waits for the mail.

        A server that takes commands together (RFC 2920) gets them in one go, which spares two of four round trips.
        """
        server = self._server
        sized = f" SIZE={size}" if server.has_extn("size") else ""
        lines = [f"MAIL FROM:<{sender}>{sized}\r\n", f"RCPT TO:<{to}>\r\n", "DATA\r\n"]
        together = server.has_extn("pipelining")
        if together:
            server.send("".join(lines))
        said: list[tuple[int, bytes]] = []
        for line in lines:
            if not together:
                server.send(line)
            try:
                said.append(server.getreply())
            except OSError:
                if not any(code >= BAD for code, _ in said):
                    raise
                break  # it refused and hung up: what counts is what it said
            # One that parts answers nothing more, and one that is asked step by step is not asked on.
            if said[-1][0] == CLOSING or (said[-1][0] >= BAD and not together):
                break
        at = next((place for place, (code, _) in enumerate(said) if code >= BAD), None)
        if at is None:
            return None
        if len(said) == len(lines) and said[-1][0] < BAD:
            # It waits for a mail to nobody, and is told that there is none.
            server.send(b".\r\n")
            server.getreply()
        return self._refused(*said[at], at_sender=at == 0, at_address=at == 1)

    def _refused(self, code: int, words: bytes, *, at_sender: bool = False, at_address: bool = False) -> Answer:
        """Return what a refusal means, and leave the connection ready for the next mail."""
        text = _text(code, words)
        fresh = self._since_open == 0
        if code == CLOSING:
            self.close()
            # Many servers close after a number of mails: a new connection is all they ask for.
            return Answer(Verdict.LATER, text, too_fast=fresh)
        with contextlib.suppress(OSError):
            self._server.rset()
        if code < FINAL:
            return Answer(Verdict.LATER, text, too_fast=bool(_TOO_FAST.search(text)))
        if at_sender or code in SIGN_IN:
            return Answer(Verdict.OURS, text)
        return Answer(Verdict.REFUSED, text, at_address=at_address)

    def close(self) -> None:
        """Part from the server, which need not listen any more."""
        try:
            self._backend.close()
        except OSError:
            self._backend.connection = None


class BackendCarrier:
    """Any other of Django's mail backends: files, the console, memory."""

    def __init__(self, backend: BaseEmailBackend) -> None:
        self._backend = backend

    def ready(self) -> None:
        """Open what the backend keeps open. Raises Upstream."""
        try:
            self._backend.open()
        except OSError as error:
            raise Upstream(f"Mail cannot be kept: {_told(error)}.", "Check BROADSHEET_MAIL and the disk.") from error

    def send(self, sender: str, to: str, raw: bytes) -> Answer:
        """Hand over one mail."""
        try:
            self._backend.send_messages([_Whole(sender, to, raw)])
        except (OSError, ValueError) as error:
            return Answer(Verdict.LATER, _told(error)[:300])
        return Answer(Verdict.SENT)

    def close(self) -> None:
        """Close what the backend kept open."""
        with contextlib.suppress(OSError):
            self._backend.close()


class _Whole(EmailMessage):
    """A mail that is written already, for backends that take Django's kind."""

    def __init__(self, sender: str, to: str, raw: bytes) -> None:
        parsed = email.message_from_bytes(raw, policy=email.policy.default)
        assert isinstance(parsed, Parsed)
        text = parsed.get_body(("plain", "html"))
        super().__init__(str(parsed["Subject"] or ""), text.get_content() if text else "", sender, [to])
        self._parsed = parsed

    def message(self, *_: Any, **__: Any) -> Any:
        """Return the mail as it was written."""
        return self._parsed


def _stuffed(raw: bytes) -> bytes:
    """Return a mail as it stands after DATA: dots that begin a line are doubled, and one alone ends it."""
    if raw.startswith(b"."):
        raw = b"." + raw
    if b"\r\n." in raw:
        raw = raw.replace(b"\r\n.", b"\r\n..")
    return raw + (b".\r\n" if raw.endswith(b"\r\n") else b"\r\n.\r\n")


def _text(code: int, words: bytes) -> str:
    return f"{code} {' '.join(words.decode('ascii', 'replace').split())}"[:300]


def _told(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        words = error.smtp_error
        return _text(error.smtp_code, words if isinstance(words, bytes) else words.encode())
    return f"{type(error).__name__}: {error}".rstrip(": ")
