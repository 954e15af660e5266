"""A real SMTP server for the suite (aiosmtpd), which answers as a test wants it to and keeps what it took."""

import email
import email.policy
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

OK = "250 2.1.5 taken"


@dataclass(frozen=True)
class Mail:
    """What the server took. to, sender: of the envelope."""

    sender: str
    to: str
    raw: bytes

    @property
    def id(self) -> str:
        return re.search(rb"(?im)^Message-ID:\s*<([^>]+)>", self.raw)[1].decode()  # type: ignore[index]

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, EmailMessage, policy=email.policy.default)


@dataclass
class Post:
    """What comes in, and how it is answered.

    at_sender, at_address, at_end: asked for the answer to MAIL, RCPT and the whole mail; each may raise or act. What
    ``at_end`` answers with 250 is kept; ``after`` is called once it is kept, and before the answer goes out.
    """

    at_sender: Callable[[str], str] = lambda address: "250 OK"
    at_address: Callable[[str], str] = lambda address: OK
    at_end: Callable[[str], str] = lambda address: "250 2.0.0 queued"
    after: Callable[["Post"], None] = lambda post: None
    mails: list[Mail] = field(default_factory=list)
    connections: int = 0

    async def handle_EHLO(self, server: SMTP, session: Any, envelope: Any, host: str, answers: list[str]) -> list[str]:  # noqa: N802
        self.connections += 1
        session.host_name = host
        return answers

    async def handle_MAIL(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.at_sender(address)
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(self, server: SMTP, session: Any, envelope: Any, address: str, options: list[str]) -> str:  # noqa: N802
        answer = self.at_address(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        elif answer.startswith("421"):
            server.transport.write(answer.encode() + b"\r\n")
            server.transport.close()
        return answer

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        answer = self.at_end(envelope.rcpt_tos[0])
        if answer == "hang up":
            server.transport.abort()
            return "250 lost"
        if answer.startswith("250"):
            self.mails.append(Mail(envelope.mail_from, envelope.rcpt_tos[0], envelope.original_content))
            self.after(self)
        return answer

    @property
    def readers(self) -> list[str]:
        return [mail.to for mail in self.mails]


class MailServer(Controller):
    """A server on a port of its own, on a thread."""

    def __init__(self, post: Post, port: int, **options: Any) -> None:
        self.post = post
        super().__init__(post, hostname="127.0.0.1", port=port, ready_timeout=20, **options)

    @property
    def address(self) -> str:
        return f"smtp+plain://127.0.0.1:{self.port}"

    @property
    def mailer(self) -> dict[str, Any]:
        """Django's description of it."""
        return {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": self.port, "timeout": 10},
        }
