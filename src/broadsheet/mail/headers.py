"""The headers of a digest: what they say, folded and encoded, with nothing in them that could begin another header.

What the mail itself says lives in ``message``.
"""

import functools
import hashlib
import re
from email.header import Header
from email.utils import parseaddr, quote
from urllib.parse import urlsplit

from django.conf import settings

from broadsheet.errors import BadInput
from broadsheet.mail.subscriptions import WORDS
from broadsheet.papers import tex
from broadsheet.ranking.listings import Listing

LONGEST_SUBJECT = 140
"""Characters; a phone shows forty, a desktop a hundred."""
LINE = 76


def one_line(text: str, longest: int = LONGEST_SUBJECT) -> str:
    """Return a text as one line without controls, cut at a word where it is too long."""
    shown = " ".join(tex.plain(text).split())
    if len(shown) <= longest:
        return shown
    return shown[: longest - 1].rsplit(" ", 1)[0].rstrip(" ,;:.-–—") + "…"


def header(name: str, value: str) -> bytes:
    """Return one header as it stands in a mail, folded. value: any text; line breaks and controls in it are blanks."""
    clean = "".join(sign if sign.isprintable() else " " for sign in value.encode("utf-8", "replace").decode())
    clean = " ".join(clean.split())
    if not clean.isascii():
        encoded = Header(clean, "utf-8", maxlinelen=LINE, header_name=name).encode(linesep="\r\n")
        return f"{name}: {encoded}\r\n".encode("ascii")
    lines = [f"{name}:"]
    for word in clean.split(" "):
        if len(lines[-1]) + len(word) >= LINE and lines[-1] != f"{name}:":
            lines.append("")
        lines[-1] += f" {word}"
    return ("\r\n".join(lines) + "\r\n").encode("ascii")


def address(text: str) -> str:
    """Return a mail address as headers and servers take it, its domain in ASCII.

    Raises BadInput for what is no single address.
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
    except UnicodeError:
        ascii_domain = ""
    whole = f"{local}@{ascii_domain}"
    plain = whole.isascii() and whole.isprintable() and not re.search(r"[\s<>()\[\],;:\\\"]", whole)
    if not (at and local and "@" not in local and ascii_domain and plain and len(whole) <= 254):
        raise BadInput(f"{text[:80]!r} is no mail address.", "Addresses look like ada@example.org.")
    return whole


def sender() -> tuple[str, str]:
    """Return the name and the address that digests come from."""
    return _sender(settings.MAIL_FROM)


@functools.lru_cache(maxsize=8)
def _sender(text: str) -> tuple[str, str]:
    name, given = parseaddr(text)
    return name or "Broadsheet", address(given)


def domain() -> str:
    """Return the domain that digests come from."""
    return sender()[1].rpartition("@")[2]


def mail_from() -> bytes:
    """Return the From header."""
    name, given = sender()
    if name.isascii():
        plain = "".join(sign if sign.isprintable() else " " for sign in name)
        return header("From", f'"{quote(plain)}" <{given}>')
    # Encoded alone: an encoded word must not take the address in.
    encoded = Header(name, "utf-8", maxlinelen=LINE, header_name="From").encode(linesep="\r\n")
    return f"From: {encoded}\r\n <{given}>\r\n".encode("ascii")


def list_id(listed: Listing) -> bytes:
    """Return the List-Id of a list: the same in each of its mails, with nothing in it that anybody typed."""
    host = urlsplit(settings.PUBLIC_URL).hostname or domain()
    host = host if re.fullmatch(r"[A-Za-z0-9.-]{1,180}", host) else "localhost"
    mark = hashlib.sha256(listed.key.encode()).hexdigest()[:12] if listed.value else ""
    label = "-".join(filter(None, [listed.kind, mark]))
    return header("List-Id", f'"Broadsheet: {WORDS[listed.kind]}" <{label}.digest.{host}>')


def of_all(listed: Listing, edition: str, subject: str) -> bytes:
    """Return the headers that are the same for everybody who gets a letter.

    There is no In-Reply-To and no References, and the subject holds the date: each day is a thread of its own.
    """
    return b"".join(
        [
            mail_from(),
            header("Subject", one_line(subject)),
            list_id(listed),
            header("Feedback-ID", f"{edition}:{listed.kind}:digest:broadsheet"),
            header("Precedence", "bulk"),
            header("Auto-Submitted", "auto-generated"),
            header("X-Auto-Response-Suppress", "OOF, AutoReply"),
            header("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"),
            header("MIME-Version", "1.0"),
        ]
    )
