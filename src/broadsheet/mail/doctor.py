"""Proves that digests can be sent as this site is set up: settings, mail server, DNS, mailbox, and one mail that goes.

What DNS says is judged in ``dns_records``.
"""

import contextlib
import smtplib
import ssl
from collections.abc import Generator, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, mailers
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from broadsheet.checks import Check, bad, fine, unknown, weak
from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.mail import addresses, dns_records, headers, mailbox

HERE = {"localhost", "127.0.0.1", "::1"}
SOON = timedelta(days=14)
"""How long before its end a certificate is told of."""

KEPT_HERE = {
    "broadsheet.accounts.mail_files.EmailBackend": "files in HOME/mail",
    "django.core.mail.backends.console.EmailBackend": "the console",
}


def examine(to: str, *, selector: str = "", name_server: str = "") -> Iterator[Check]:
    """Look at everything in turn, and send one mail. to: whom. selector: of the DKIM key.

    name_server: asked instead of the system's. Raises BadInput for what is no address.
    """
    to = addresses.address_of(to)
    records = dns_records.Records(name_server)
    sender = _sender()
    yield sender[0]
    yield public_url()
    domain = sender[1].rpartition("@")[2]
    envelope = (settings.BOUNCE_ADDRESS or sender[1]).rpartition("@")[2].strip("> ").lower()
    if domain and domain not in HERE and not domain.endswith((".localhost", ".local")):
        yield alignment(domain, envelope)
        yield from dns_records.look(records, domain, envelope, selector)
    yield mailbox_of_bounces()
    backend = mailers["default"]
    usable = True
    for check in _server(backend):
        usable = usable and check.finding != "bad"
        yield check
    if usable:
        yield send_one(to)


def without_a_mail() -> Iterator[Check]:
    """Look at what needs neither an address nor a mail that goes."""
    yield _sender()[0]
    yield public_url()
    yield mailbox_of_bounces()
    yield from _server(mailers["default"])


def _sender() -> tuple[Check, str]:
    try:
        address = headers.sender()[1]
    except BadInput as error:
        return bad("Sender", error.message, "Set BROADSHEET_MAIL_FROM to an address of your domain."), ""
    if address.rpartition("@")[2] in HERE:
        hint = "Set BROADSHEET_MAIL_FROM to an address that the mail server may send from."
        return bad("Sender", f"Mails come from {address}, which nobody outside takes.", hint), address
    return fine("Sender", f"Mails come from {address}."), address


def public_url() -> Check:
    """Judge the address that links in mails lead to."""
    url = str(settings.PUBLIC_URL)
    if urlsplit(url).scheme == "https":
        return fine("Links", f"Links in mails lead to {url}.")
    return bad(
        "Links",
        f"Links in mails lead to {url or 'this machine alone'}.",
        "Set BROADSHEET_PUBLIC_URL to the site's https address: mail programs unsubscribe by https alone (RFC 8058).",
    )


def alignment(domain: str, envelope: str) -> Check:
    """Judge whether the domain that bounces go to stands for the one that people see, as DMARC asks of SPF."""
    related = domain == envelope or domain.endswith(f".{envelope}") or envelope.endswith(f".{domain}")
    if related:
        return fine("Alignment", f"Bounces go to {envelope}, which is of the sender's domain.")
    return weak(
        "Alignment",
        f"Bounces go to {envelope}, mails come from {domain}: DMARC counts DKIM alone then.",
        f"Set BROADSHEET_BOUNCE_ADDRESS to an address of {domain}.",
    )


def mailbox_of_bounces() -> Check:
    """Judge whether what comes back is read."""
    if not settings.BOUNCES:
        if settings.BOUNCE_KEY:
            return fine("Bounces", "A mail service reports what comes back.")
        hint = "Set BROADSHEET_BOUNCES to the mailbox of the bounce address, or BROADSHEET_BOUNCE_KEY."
        return weak("Bounces", "Nobody reads what comes back, so dead addresses are mailed for ever.", hint)
    try:
        with mailbox.opened(settings.BOUNCES):
            return fine("Bounces", "The mailbox of bounces opens.")
    except BroadsheetError as error:
        return bad("Bounces", error.message, "Check BROADSHEET_BOUNCES.")


# --- The mail server --------------------------------------------------------------------------------------------------


def _server(backend: BaseEmailBackend) -> Iterator[Check]:
    if isinstance(backend, EmailBackend):
        yield from conversation(backend)
        return
    name = f"{type(backend).__module__}.{type(backend).__name__}"
    if name in KEPT_HERE:
        hint = "Set BROADSHEET_MAIL to a mail server, as smtp://user:secret@host:587."
        yield bad("Mail server", f"Mail goes to {KEPT_HERE[name]}: nobody gets it.", hint)
    else:
        yield unknown("Mail server", f"Mail goes through {name}, which is no mail server to look at.")


def conversation(backend: EmailBackend) -> Iterator[Check]:
    """Look at a mail server as a sender meets it: connection, TLS, login."""
    place = f"{backend.host}:{backend.port}"
    with contextlib.ExitStack() as stack:
        try:
            server = _connected(backend)
        except ssl.SSLError as error:
            yield _tls_failed(place, error)
            return
        except OSError as error:
            hint = "Check host and port of BROADSHEET_MAIL, and the firewall: many networks close port 25."
            yield bad("Connection", f"{place} does not answer as a mail server: {_told(error)}.", hint)
            return
        stack.callback(_part, server)
        yield fine("Connection", f"{place} answers.")
        secured = yield from _secured(backend, server, place)
        if secured:
            yield _login(backend, server)


def _connected(backend: EmailBackend) -> smtplib.SMTP:
    server: smtplib.SMTP = (
        smtplib.SMTP_SSL(backend.host, backend.port or 465, timeout=20, context=backend.ssl_context)
        if backend.use_ssl
        else smtplib.SMTP(backend.host, backend.port or 25, timeout=20)
    )
    server.ehlo_or_helo_if_needed()
    return server


def _secured(backend: EmailBackend, server: smtplib.SMTP, place: str) -> Generator[Check, None, bool]:
    """Begin TLS, say what it is worth, and return whether the conversation goes on."""
    if not (backend.use_ssl or backend.use_tls):
        if backend.host in HERE:
            yield fine("TLS", "None, on this machine.")
            return True
        hint = "Use smtp:// (STARTTLS) or smtps:// in BROADSHEET_MAIL."
        yield bad("TLS", f"Mails and the password go to {place} in the clear.", hint)
        return True
    try:
        if backend.use_tls:
            server.starttls(context=backend.ssl_context)
            server.ehlo()
    except ssl.SSLError as error:
        yield _tls_failed(place, error)
        return False
    except OSError as error:
        hint = "Use smtps:// where the server wants TLS from the start, or another port."
        yield bad("TLS", f"{place} does not begin TLS: {_told(error)}.", hint)
        return False
    yield _judge_tls(server)
    return True


def _judge_tls(server: smtplib.SMTP) -> Check:
    sock = server.sock
    assert isinstance(sock, ssl.SSLSocket)
    certificate = sock.getpeercert() or {}
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(str(certificate["notAfter"])), UTC)
    found = f"{sock.version()}, certificate valid until {ends:%Y-%m-%d}"
    if ends - timezone.now() < SOON:
        return weak("TLS", f"{found}.", "Renew the certificate of the mail server.")
    return fine("TLS", f"{found}.")


def _tls_failed(place: str, error: ssl.SSLError) -> Check:
    if isinstance(error, ssl.SSLCertVerificationError):
        hint = "Use the name that the certificate is for, or have the server show a valid one."
        return bad("TLS", f"The certificate of {place} is not valid: {error.verify_message}.", hint)
    hint = "smtps:// is for ports with TLS from the start (465), smtp:// for STARTTLS (587)."
    return bad("TLS", f"TLS with {place} fails: {error.reason or error}.", hint)


def _login(backend: EmailBackend, server: smtplib.SMTP) -> Check:
    if not backend.username:
        return fine("Login", "None is set.")
    try:
        server.login(backend.username, backend.password or "")
    except (smtplib.SMTPException, OSError) as error:
        hint = "Check user and password of BROADSHEET_MAIL; signs such as @ and / in them are written as %40 and %2F."
        return bad("Login", f"The mail server does not let {backend.username} in: {_told(error)}.", hint)
    return fine("Login", f"The mail server lets {backend.username} in.")


def _part(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def send_one(to: str) -> Check:
    """Send one mail through the backend that carries all others."""
    text = (
        f"This is the test mail that `broadsheet doctor mail` sent at {timezone.now():%Y-%m-%d %H:%M} UTC.\n\n"
        "Look at its headers: Authentication-Results should say spf=pass, dkim=pass and dmarc=pass.\n"
    )
    envelope = settings.BOUNCE_ADDRESS or settings.MAIL_FROM
    mail = EmailMessage(
        "Test mail of Broadsheet",
        text,
        envelope,
        [to],
        headers={"From": settings.MAIL_FROM, "Auto-Submitted": "auto-generated"},
    )
    try:
        mail.send()
    except (OSError, ValueError) as error:  # SMTP errors are OSErrors too
        hint = "Ask who runs the mail server whether this sender may send, and to whom."
        return bad("Test mail", f"It was not taken: {_told(error)}.", hint)
    return fine("Test mail", f"It was taken for {to}. See whether it arrives, and what its headers say.")


def _told(error: Exception) -> str:
    """Return what a server or the system said, on one line and without anything of ours."""
    words: bytes | str
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        code, words = error.smtp_code, error.smtp_error
    else:
        return f"{error.strerror or error}" if isinstance(error, OSError) else str(error)
    return " ".join(f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}".split())
