"""Mail to readers: plain text from two small templates, handed to a thread so that no page waits for it.

What is mailed, and when, lives with the verbs.
"""

import logging
from concurrent.futures import ThreadPoolExecutor
from email.utils import make_msgid, parseaddr
from functools import cache
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template import Context, Engine
from django.template.loader import get_template

from broadsheet.accounts.models import User

logger = logging.getLogger(__name__)

LONGEST_LINE = 900
"""Characters of a line that every mail server takes as it is."""


def send(template: str, to: User | str, context: dict[str, Any], headers: dict[str, str] | None = None) -> bool:
    """Mail a text to a reader or an address; the page that asked does not wait for the mail server.

    template: the name of ``mail/NAME.subject`` and ``mail/NAME.txt``. context: what they show; nothing of it may be
    text typed by somebody who is not the one mailed. headers: further ones. Returns whether there is an address to
    mail to: a reader's counts once it is confirmed. A mail server that fails is told of in the log alone.
    """
    if isinstance(to, User):
        to = to.email if to.email_verified else ""
    subject = " ".join(_text(f"mail/{template}.subject", context).split())
    body = _text(f"mail/{template}.txt", context)
    # Rendered first in any case: whether an address is known must not be told by how long the answer takes.
    if not to:
        return False
    # Of the sender's domain: Django would take the name of the machine.
    own = {"Auto-Submitted": "auto-generated", "Message-ID": make_msgid(domain=_domain())}
    message = _Letter(subject, body, to=[to], headers=own | (headers or {}))
    if settings.MAIL_AT_ONCE:
        _deliver(message, template)
    else:
        _carriers().submit(_deliver, message, template)
    return True


class _Letter(EmailMessage):
    """A mail whose long links stand on one line, so that they can be taken from the file of a site without a server."""

    def message(self, **more: Any) -> Any:
        made: Any = super().message(**more)
        if self.body.isascii() and max(map(len, self.body.splitlines()), default=0) < LONGEST_LINE:
            made.set_content(self.body, cte="7bit")
        return made


def absolute(path: str, site: str = "") -> str:
    """Return the address of a page as it stands in a mail.

    site: the address asked with, where none is configured; else it is the one that was served at last.
    """
    return (settings.PUBLIC_URL or site or _served_at()).rstrip("/") + path


def served_at(address: str) -> None:
    """Keep the address that this site is served at, for the links in what commands and the background mail."""
    (settings.HOME / "address").write_text(address)


def _served_at() -> str:
    try:
        return (settings.HOME / "address").read_text().strip()
    except OSError:
        return "http://localhost:8000"


def _domain() -> str:
    return parseaddr(settings.MAIL_FROM)[1].rpartition("@")[2] or "localhost"


def _text(name: str, context: dict[str, Any]) -> str:
    # Plain text: nothing is escaped for HTML.
    template = get_template(name).template  # type: ignore[attr-defined]  # the Django backend's own
    assert isinstance(template.engine, Engine)
    return str(template.render(Context(context, autoescape=False))).strip() + "\n"


@cache
def _carriers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, thread_name_prefix="mail")


def _deliver(message: EmailMessage, template: str) -> None:
    try:
        message.send()
    except OSError as error:  # SMTP errors are OSErrors too
        logger.warning("Mail %s could not be sent: %s: %s", template, type(error).__name__, error)
