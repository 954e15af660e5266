"""Every kind of mailbox is read once: reports about our mails are taken out, everything else stays, marked as seen."""

import contextlib
import mailbox as standard
from urllib.parse import quote

import pytest
from django.db import OperationalError
from filelock import FileLock
from tests import certificates
from tests.bounced import about, raw
from tests.mail_rows import choice, delivery, subscription
from tests.mailbox_imitation import SECRET, USER, Imap, MailboxServer, Pop3

from broadsheet.errors import BadInput, Conflict, Upstream
from broadsheet.mail import bounces, mailbox
from broadsheet.mail.mailbox import Read, collect
from broadsheet.mail.models import Bounce, State
from broadsheet.mail.reports import LONGEST

SERVERS = {"imap+plain": Imap, "pop3+plain": Pop3}
KINDS = ["maildir", "mbox", *SERVERS]


@pytest.fixture(autouse=True)
def _home(settings, tmp_path):
    settings.HOME = tmp_path / "home"
    settings.HOME.mkdir()


def contents(path):
    """Return the messages of an mbox file."""
    with contextlib.closing(standard.mbox(path)) as box:
        return [bytes(message) for message in box]


@pytest.fixture
def filled(tmp_path):
    """Put messages into a mailbox of a kind; returns its address, and a function that tells what is left in it."""
    running = []

    def fill(kind, messages, **more):
        path = tmp_path / kind
        if kind == "maildir":
            box = standard.Maildir(path)
            for message in messages:
                box.add(message)
            return f"maildir:{path}", lambda: [box.get_bytes(key) for key in sorted(standard.Maildir(path).keys())]
        if kind == "mbox":
            box = standard.mbox(path)
            for message in messages:
                box.add(message)
            box.close()
            return f"mbox:{path}", lambda: contents(path)
        server = MailboxServer(SERVERS[kind], messages, **more)
        running.append(server)
        address = f"{kind}://{USER}:{quote(SECRET, safe='')}@127.0.0.1:{server.port}"
        return address, lambda: list(server.messages.values())

    yield fill
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def sent(db):
    return delivery(subscription(), choice())


@pytest.mark.parametrize("kind", KINDS)
def test_reports_are_taken_out_and_letters_stay(kind, filled, sent):
    address, left = filled(kind, [raw("letter"), about("full", sent), raw("foreign"), about("unknown-postfix", sent)])
    assert collect(bounces.take_in, address=address) == Read(reports=2, others=2)
    sent.subscription.refresh_from_db()
    assert sent.subscription.state == State.SUSPENDED
    assert Bounce.objects.count() == 2
    assert len(left()) == 2
    assert any(b"Thank you for the digest" in message for message in left())


@pytest.mark.parametrize("kind", KINDS)
def test_what_stays_is_not_read_again(kind, filled):
    address, left = filled(kind, [raw("letter"), raw("out-of-office")])
    seen = []
    assert collect(seen.append, address=address) == Read(others=2)
    assert collect(seen.append, address=address) == Read()
    assert len(seen) == len(left()) == 2


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_message_is_set_aside_and_the_next_is_read(kind, filled, settings, caplog):
    address, left = filled(kind, [b"Subject: first\r\n\r\nbreak\r\n", b"Subject: second\r\n\r\nfine\r\n"])

    def take(message):
        if b"break" in message:
            raise ValueError("a bug of ours")
        return True

    assert collect(take, address=address) == Read(reports=1, others=1, broken=1)
    assert "set aside" in caplog.text
    kept = [path.read_bytes() for path in (settings.HOME / "rejects" / "mail").iterdir()]
    assert len(kept) == len(left()) == 1
    assert b"break" in kept[0]
    assert collect(take, address=address) == Read()


@pytest.mark.parametrize("kind", KINDS)
def test_a_message_beyond_the_limit_is_not_even_fetched(kind, filled, caplog):
    long = b"Subject: long\r\n\r\n" + (b"x" * 998 + b"\r\n") * (LONGEST // 1000 + 1)
    address, left = filled(kind, [long, raw("letter")])
    seen = []
    assert collect(seen.append, address=address) == Read(others=2)
    assert len(seen) == 1
    assert b"Thank you" in seen[0]
    assert len(left()) == 2
    assert "stays there unread" in caplog.text
    assert collect(seen.append, address=address) == Read()


@pytest.mark.parametrize("kind", KINDS)
def test_a_database_that_fails_loses_no_message(kind, filled):
    address, left = filled(kind, [raw("letter"), raw("full")])

    def fail(message):
        raise OperationalError("locked")

    with pytest.raises(OperationalError):
        collect(fail, address=address)
    seen = []
    assert collect(lambda message: bool(seen.append(message)) or True, address=address) == Read(reports=2)
    assert left() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_stop_ends_between_two_messages(kind, filled):
    address, left = filled(kind, [raw("letter"), raw("full")])
    seen = []
    assert collect(lambda message: not seen.append(message), address=address, stop=lambda: len(seen) == 1).reports == 1
    assert len(left()) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_broken_report_of_a_flood_of_them_fills_no_disk(kind, filled, settings, monkeypatch):
    monkeypatch.setattr(mailbox, "SET_ASIDE_MOST", 2)
    address, _ = filled(kind, [f"Subject: {number}\r\n\r\nx\r\n".encode() for number in range(5)])

    def take(message):
        raise ValueError("broken")

    assert collect(take, address=address).broken == 5
    assert len(list((settings.HOME / "rejects" / "mail").iterdir())) == 2


def test_imap_removes_our_messages_alone_where_the_server_can_tell(filled):
    for uidplus, expected in ((True, "EXPUNGE 1"), (False, "EXPUNGE")):
        server = MailboxServer(Imap, [raw("full")], uidplus=uidplus)
        address = f"imap+plain://{USER}:{quote(SECRET, safe='')}@127.0.0.1:{server.port}/INBOX"
        collect(lambda message: True, address=address)
        assert any(line.endswith(expected) for line in server.heard)
        assert server.messages == {}
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(("kind", "handler"), [("imaps", Imap), ("pop3s", Pop3)])
def test_over_tls_a_certificate_has_to_be_valid(kind, handler, tmp_path, monkeypatch):
    trusted, context = certificates.made(tmp_path)
    server = MailboxServer(handler, [raw("letter")], tls=context)
    address = f"{kind}://{USER}:{quote(SECRET, safe='')}@localhost:{server.port}"
    with pytest.raises(Upstream, match="cannot be read") as refused:
        collect(lambda message: False, address=address)
    assert SECRET not in str(refused.value)
    assert not server.heard, "nothing is said to a server that cannot prove who it is"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    assert collect(lambda message: False, address=address) == Read(others=1)
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("kind", SERVERS)
def test_a_wrong_password_is_said_without_showing_it(kind, filled):
    address, _ = filled(kind, [])
    with pytest.raises(Upstream, match=r"127\.0\.0\.1 cannot be read") as error:
        collect(lambda message: False, address=address.replace(quote(SECRET, safe=""), "not-this-one"))
    assert "not-this-one" not in str(error.value)


def test_a_folder_that_is_not_there_is_named(filled):
    address, _ = filled("imap+plain", [])
    with pytest.raises(Upstream, match="no folder 'Archive/2026'"):
        collect(lambda message: False, address=f"{address}/Archive/2026")


def test_a_server_that_is_down_and_a_path_that_is_wrong_are_said(tmp_path):
    for address in ("imap+plain://a:b@127.0.0.1:9", f"maildir:{tmp_path}/none", f"mbox:{tmp_path}/none"):
        with pytest.raises(Upstream, match="cannot be read"):
            collect(lambda message: False, address=address)


@pytest.mark.parametrize(
    "address", ["", "ftp://a:b@host", "imaps://host", "imaps://a:secret@", "maildir:here", "imaps://a:secret@host:x"]
)
def test_an_address_that_is_no_mailbox_is_refused_without_its_password(address):
    with pytest.raises(BadInput, match="no mailbox") as error, mailbox.opened(address):
        pass
    assert "secret" not in error.value.message


def test_a_mailbox_is_read_by_one_process_at_a_time(filled, settings):
    address, _ = filled("maildir", [raw("letter")])
    with FileLock(settings.HOME / "bounces.lock"), pytest.raises(Conflict, match="Another process"):
        collect(lambda message: False, address=address)


def test_an_mbox_that_the_mail_server_writes_to_now_is_left_alone(filled, tmp_path):
    address, left = filled("mbox", [raw("letter")])
    (tmp_path / "mbox.lock").touch()
    with pytest.raises(Upstream, match="in use by another program"):
        collect(lambda message: True, address=address)
    assert len(left()) == 1


def test_an_mbox_keeps_the_lines_that_part_its_messages(filled, tmp_path):
    address, _ = filled("mbox", [raw("letter"), raw("out-of-office")])
    collect(lambda message: False, address=address)
    text = (tmp_path / "mbox").read_text()
    assert text.count("\nStatus: RO\n") == 2
    assert [line for line in text.splitlines() if line.startswith("From MAILER-DAEMON")] != []
    first, second = contents(tmp_path / "mbox")
    assert b"Subject: Your digest" in first
    assert b"Subject: Automatic reply" in second
