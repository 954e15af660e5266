"""Reports of mail servers read: what they say of which of our mails. Pure: what follows from it lives in ``bounces``.

Three kinds are understood: delivery status notifications (RFC 3464), abuse reports (RFC 5965), and the texts of mail
servers that write neither. Which mail it is about is told by our own Message-ID in the headers that came back with it,
never by an address: anybody can write an address into a message.
"""

import email
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from itertools import islice

from broadsheet.errors import BadInput

LONGEST = 1_000_000
"""Bytes of a report that are read: ours are under 100 KB, and what comes back is little more."""

BLANKS = 10_000
"""Empty lines of a report: each may begin a part, and parts without end would take minutes to go through."""

COPIES = 10
"""Places in one text that are looked at as the headers of our mail."""

HEADERS = 20_000
"""Characters of headers that came back; those of our mails are some 2,000."""

KINDS = ("hard", "soft", "complaint")
COMPLAINTS = {"abuse", "fraud", "opt-out", "opt-out-list"}
"""Feedback types by which a person says: no more. The others (auth-failure, not-spam, virus) say no such thing."""

TOKEN = re.compile(r"<([0-9a-f]{24})@[^<>\s]+>")
LEAVING = re.compile(r"<https?://[^<>\s]*/mail/([\w.:=-]{8,200})/unsubscribe>")
STATUS = re.compile(r"\b([45]\.\d{1,3}\.\d{1,3})\b")
CODE = re.compile(r"(?<![\w.])([45]\d\d)(?=[ -])")
GONE = re.compile(
    r"(user|recipient|mailbox|address|account|alias|inbox)\b.{0,40}\b"
    r"(unknown|unavailable|disabled|inactive|invalid|rejected|not (be )?(found|exist|listed|known|valid)|"
    r"does(n't| not) exist)|"
    r"(no such|unknown|invalid|non-?existent) (user|recipient|mailbox|address|person|local part|domain|host)|"
    r"no mailbox here|(host|domain)\b.{0,40}\b(not found|unknown)|does(n't| not) have an? .{0,20}account|"
    r"couldn'?t be found|has been (disabled|deactivated|discontinued)",
    re.IGNORECASE,
)
FOR_NOW = re.compile(
    r"quota|mailbox\b.{0,20}\bfull|full\b.{0,20}\bmailbox|over ?limit|insufficient (system )?storage|"
    r"too (large|big|busy|many)|greylist|graylist|try again|temporar|timed? ?out|deferred|blocked|block ?list|"
    r"black ?list|spam|reputation|policy|dmarc|\bspf\b|dkim|rate limit|expired|loop",
    re.IGNORECASE,
)
STILL_TRYING = re.compile(
    r"will (be retried|keep trying|continue|try again)|no action is required|delivery (has been )?delayed|"
    r"this is a warning message only|do not need to resend",
    re.IGNORECASE,
)
COPY = re.compile(
    r"^(-+ ?(below this line is a copy|this is a copy|original message|the body of the message|message header)|"
    r"received: |return-path: |message-id: )",
    re.IGNORECASE | re.MULTILINE,
)
FAILED_TO = re.compile(
    r"could not be delivered|undeliver|delivery .{0,30}fail|returned|failed|wasn'?t able to deliver", re.IGNORECASE
)


@dataclass(frozen=True)
class Report:
    """What one report says. kind: hard, soft or complaint. status: as 5.1.1, if it is told. text: the server's words.

    token: the one of the Message-ID, or empty. leaving: the token of the unsubscribe link, for servers that give mails
    a Message-ID of their own. digest: the same for a report that comes twice.
    """

    kind: str
    token: str
    leaving: str = ""
    status: str = ""
    text: str = ""
    digest: str = ""


def read(raw: bytes) -> Report | None:
    """Return what a message reports, None where it is no report or tells of nothing final, as a delay.

    Raises BadInput for one that is too long or that cannot be taken apart.
    """
    if len(raw) > LONGEST:
        raise BadInput(f"The message has {len(raw):,} bytes.", f"Reports of up to {LONGEST:,} bytes are read.")
    if raw.count(b"\n\n") + raw.count(b"\n\r\n") > BLANKS:
        raise BadInput(f"The message has over {BLANKS:,} empty lines.", "No report of a mail server does.")
    try:
        message = email.message_from_bytes(raw)
        found = _complaint(message) or _notification(message) or _plain_words(message)
    except (RecursionError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"The message cannot be taken apart: {type(error).__name__}.") from error
    if found is None:
        return None
    token, leaving = _ours(message)
    kind, status, text = found
    return Report(kind, token, leaving, status, clean(text), _digest(message, token or leaving, raw))


def kind_of(status: str, text: str) -> str:
    """Return ``hard`` where an address takes no mail for good, ``soft`` where it may yet.

    status: as 5.1.1, may be empty. text: the words of the server. Refusals for what a mail holds or for who sends it
    are soft: they would otherwise end every subscription of a provider on the day it blocks this site.
    """
    status = next(iter(STATUS.findall(status) or STATUS.findall(text)), "")
    code = next(iter(CODE.findall(text)), "")
    if status.startswith("4") or (not status and code.startswith("4")):
        return "soft"
    known = _known(status)
    if known or FOR_NOW.search(text):
        return known or "soft"
    return "hard" if GONE.search(text) or not status.startswith("5.7.") else "soft"


def _known(status: str) -> str:
    """Return the kind of a status (RFC 3463 and the IANA list) that needs no words, or nothing."""
    if status in {"5.1.7", "5.1.8", "5.1.9", "5.2.2", "5.2.3", "5.4.5", "5.4.6", "5.4.7"} or re.match(
        r"5\.[356]\.", status
    ):
        return "soft"
    if status.startswith("5.1.") or status in {"5.2.1", "5.4.4", "5.7.13", "5.7.17"}:
        return "hard"
    return ""


def clean(text: str, longest: int = 300) -> str:
    """Return the words of a server on one line, without control characters and not too long."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= longest else line[: longest - 1] + "…"


# --- The three kinds --------------------------------------------------------------------------------------------------

type Found = tuple[str, str, str] | None


def _complaint(message: Message) -> Found:
    for part in message.walk():
        if part.get_content_type() == "message/feedback-report":
            fields = _fields(part)
            kind = fields.get("feedback-type", "").strip().lower()
            said = fields.get("user-agent", "")
            return ("complaint", "", f"{kind}: {said}" if said else kind) if kind in COMPLAINTS else None
    return None


def _notification(message: Message) -> Found:
    for part in message.walk():
        if part.get_content_type() in {"message/delivery-status", "message/global-delivery-status"}:
            for block in _blocks(_text_of(part)):
                fields = _read_fields(block)
                if fields.get("action", "").split(" ")[0].lower() == "failed":
                    text = re.sub(r"^[\w-]+;\s*", "", fields.get("diagnostic-code", ""))
                    text = text or clean(_words(message))
                    status = _sharper(next(iter(STATUS.findall(fields.get("status", ""))), ""), text)
                    return kind_of(status, text), status, text
    return None


def _blocks(text: str) -> list[str]:
    """Return the fields of each address: what stands between empty lines."""
    lines = (line if line.strip() else "" for line in text.split("\n"))
    return [block for block in "\n".join(lines).split("\n\n") if block]


def _sharper(status: str, text: str) -> str:
    """Return the status within the server's words where the field beside them says nothing (5.0.0)."""
    within = STATUS.findall(text)
    return within[0] if within and (not status or status.endswith(".0.0")) else status


def _plain_words(message: Message) -> Found:
    if not _from_a_server(message) or _has_report(message):
        return None
    words = _words(message)
    statuses = STATUS.findall(words)
    if STILL_TRYING.search(words) or not (statuses or GONE.search(words) or FAILED_TO.search(words)):
        return None
    status = statuses[0] if statuses else ""
    why = next((line for line in words.splitlines() if status in line and (status or GONE.search(line))), "")
    return kind_of(status, words), status, why or clean(words)


def _from_a_server(message: Message) -> bool:
    if message.get("X-Failed-Recipients"):
        return True
    replied = str(message.get("Auto-Submitted", "")).lower().startswith("auto-replied")
    absent = message.get("X-Autoreply") or message.get("X-Autorespond") or message.get("List-Id")
    sender = str(message.get("From", "")).lower()
    return not (replied or absent) and bool(re.search(r"mailer-daemon|postmaster|mail delivery (sub)?system", sender))


def _has_report(message: Message) -> bool:
    reports = {"message/delivery-status", "message/global-delivery-status", "message/feedback-report"}
    return any(part.get_content_type() in reports for part in message.walk())


def _words(message: Message) -> str:
    """Return what a report says to people, before the copy of the mail it is about."""
    for part in message.walk():
        if part.get_content_type() == "text/plain":
            text = _text_of(part)
            copy = COPY.search(text)
            return text[: copy.start()] if copy else text
    return ""


# --- Our own mail in it -----------------------------------------------------------------------------------------------


def _ours(message: Message) -> tuple[str, str]:
    """Return the token of our Message-ID and that of our unsubscribe link, from the headers that came back."""
    for headers in _returned(message):
        token = TOKEN.search(str(headers.get("Message-ID", "")))
        leaving = LEAVING.search("".join(str(headers.get("List-Unsubscribe", "")).split()))
        if token or leaving:
            return token[1] if token else "", leaving[1] if leaving else ""
    return "", ""


def _returned(message: Message) -> Iterator[Message]:
    for part in message.walk():
        kind = part.get_content_type()
        if kind in {"message/rfc822", "message/global"} and part.is_multipart():
            inside = part.get_payload(0)
            if isinstance(inside, Message):
                yield inside
        elif kind in {"text/rfc822-headers", "message/global-headers", "message/rfc822-headers"}:
            yield HeaderParser().parsestr(_text_of(part).lstrip()[:HEADERS])
        elif kind == "text/plain":
            text = _text_of(part)
            # Anybody can write to this mailbox: a text that is nothing but such lines must not take hours.
            places = re.finditer(r"(?m)^(message-id|list-unsubscribe):", text, re.IGNORECASE)
            for found in islice(places, COPIES):
                yield HeaderParser().parsestr(text[found.start() : found.start() + HEADERS])


# --- Pieces -----------------------------------------------------------------------------------------------------------


def _text_of(part: Message) -> str:
    """Return what a part holds as text, whatever it claims to be, with line ends as here."""
    inside = part.get_payload()
    if isinstance(inside, list):
        raw = b"\n\n".join(block.as_bytes().strip() for block in inside if isinstance(block, Message))
    else:
        decoded = part.get_payload(decode=True)
        raw = decoded if isinstance(decoded, bytes) else b""
    return raw.decode(errors="replace").replace("\r\n", "\n")


def _fields(part: Message) -> dict[str, str]:
    return _read_fields(_text_of(part))


def _read_fields(text: str) -> dict[str, str]:
    found = re.findall(r"(?m)^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", text)
    return {name.lower(): " ".join(value.split()) for name, value in reversed(found)}


def _digest(message: Message, ours: str, raw: bytes) -> str:
    # The same report by two ways (a mailbox and a webhook) differs in its trace headers alone.
    own = str(message.get("Message-ID", "")).strip()
    return hashlib.sha256(f"{own} {ours}".encode(errors="replace") if own else raw).hexdigest()
