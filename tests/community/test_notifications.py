"""What readers are told, and how: on the page, by mail over a real SMTP server, or not at all."""

import re
import smtplib
import socket
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from tests import cast

from broadsheet.accounts.models import User
from broadsheet.community import discussion, notifications
from broadsheet.community.models import Notification
from broadsheet.errors import BadInput, NotFound, SignInNeeded

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _at_once(settings):
    settings.MAIL_AT_ONCE = True
    settings.PUBLIC_URL = "https://papers.example.org"


class Inbox:
    """What a real mail server took."""

    def __init__(self):
        self.letters = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the name the server calls
        self.letters.append((envelope.rcpt_tos, message_from_bytes(envelope.content, policy=policy.default)))
        return "250 taken"


@pytest.fixture
def inbox(settings):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    inbox = Inbox()
    controller = Controller(inbox, hostname="127.0.0.1", port=port)
    controller.start()
    backend = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"host": "127.0.0.1", "port": port}}}
    yield inbox
    controller.stop()


def wants(reader, **ways):
    reader.notify = ways
    reader.save()


def test_moderation_and_claims_come_by_mail_and_the_rest_stands_on_the_page(ada):
    assert {kind: notifications.way(ada, kind) for kind in notifications.KINDS} == {
        "reply": "page",
        "mention": "page",
        "comment": "page",
        "claim": "mail",
        "moderation": "mail",
    }
    wants(ada, reply="off", mention="nonsense")
    assert (notifications.way(ada, "reply"), notifications.way(ada, "mention")) == ("off", "page")


def test_nobody_is_told_of_what_they_did_or_do_not_want_to_hear(ada, bo):
    wants(ada, mention="off")
    assert notifications.tell(ada, "mention", actor=bo) is None
    assert notifications.tell(ada, "reply", actor=ada) is None
    User.objects.filter(pk=bo.pk).update(is_active=False)
    bo.refresh_from_db()
    assert notifications.tell(bo, "reply", actor=ada) is None
    assert not Notification.objects.exists()


def test_what_was_told_is_unread_until_it_is_marked(ada, bo):
    notifications.tell(ada, "reply", actor=bo)
    notifications.tell(ada, "mention", actor=bo)
    notifications.tell(bo, "mention", actor=ada)
    assert notifications.unread(ada) == 2
    assert notifications.mark_read(ada) == 2
    assert (notifications.unread(ada), notifications.unread(bo)) == (0, 1)
    assert [one.kind for one in notifications.of(ada)] == ["mention", "reply"]
    with pytest.raises(SignInNeeded):
        notifications.mark_read(AnonymousUser())


@pytest.mark.django_db(transaction=True)
def test_a_mail_travels_over_smtp_with_a_link_that_ends_it(ada, bo, paper, inbox, client):
    wants(ada, reply="mail")
    first = discussion.comment(ada, paper, "hello")
    reply = discussion.comment(bo, paper, "Click http://evil.example now", first)
    ((to, letter),) = inbox.letters
    body = letter.get_content().replace("\r\n", "\n")
    assert to == ["ada@example.org"]
    assert letter["Subject"] == f"Bo replied to you: {paper.title}"
    assert f"https://papers.example.org/comments/{reply.public_id}\n" in body
    assert "evil" not in body, "what others typed is not sent around"
    assert letter.get_content_type() == "text/plain"
    assert letter["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.fullmatch(r"<https://papers\.example\.org(/notifications/stop/\S+)>", letter["List-Unsubscribe"])[1]
    assert link in body
    assert client.get(link).status_code == 200
    ada.refresh_from_db()
    assert notifications.way(ada, "reply") == "mail", "to look at the page changes nothing"
    assert client.post(link, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded").status_code == 200
    ada.refresh_from_db()
    assert notifications.way(ada, "reply") == "page"
    discussion.comment(bo, paper, "again", first)
    assert len(inbox.letters) == 1
    assert notifications.unread(ada) == 2


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_is_away_breaks_nothing(ada, bo, paper, settings, caplog):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    backend = "django.core.mail.backends.smtp.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"host": "127.0.0.1", "port": port}}}
    with pytest.raises(OSError):
        smtplib.SMTP("127.0.0.1", port)
    wants(ada, reply="mail")
    first = discussion.comment(ada, paper, "hello")
    assert discussion.comment(bo, paper, "hi", first).pk
    assert notifications.unread(ada) == 1
    assert "could not be sent" in caplog.text


def told_by_mail(reader, callbacks, **more):
    with callbacks(execute=True):
        notifications.tell(reader, "moderation", text="A comment of yours was hidden: rude.", **more)
    return len(mail.outbox)


def test_no_mail_goes_to_an_address_that_is_not_confirmed(ada, django_capture_on_commit_callbacks):
    ada.email_verified = False
    ada.save()
    assert told_by_mail(ada, django_capture_on_commit_callbacks) == 0
    assert notifications.unread(ada) == 1


def test_a_reader_gets_so_many_mails_an_hour_and_no_more(ada, django_capture_on_commit_callbacks):
    for _ in range(notifications.MAILS_AN_HOUR + 3):
        sent = told_by_mail(ada, django_capture_on_commit_callbacks)
    assert sent == notifications.MAILS_AN_HOUR
    assert notifications.unread(ada) == notifications.MAILS_AN_HOUR + 3


def test_a_line_break_in_a_name_does_not_reach_the_headers(ada, bo, django_capture_on_commit_callbacks):
    bo.name = "Bo\r\nBcc: all@example.org\x1b[2J"
    wants(ada, reply="mail")
    with django_capture_on_commit_callbacks(execute=True):
        notifications.tell(ada, "reply", actor=bo, paper=cast.paper("2601.00009", "A\nB\x1b]0;x\x07"))
    (letter,) = mail.outbox
    assert "\n" not in letter.subject
    assert "\x1b" not in letter.subject + letter.body
    assert "Bcc" not in letter.message()


def test_ways_are_chosen_by_kind_and_nonsense_is_refused(ada):
    notifications.choose(ada, {"reply": "mail"})
    notifications.choose(ada, {"mention": "off"})
    ada.refresh_from_db()
    assert ada.notify == {"reply": "mail", "mention": "off"}
    for ways in ({"reply": "pigeon"}, {"is_admin": "mail"}):
        with pytest.raises(BadInput):
            notifications.choose(ada, ways)
    with pytest.raises(SignInNeeded):
        notifications.choose(AnonymousUser(), {"reply": "mail"})


def test_a_link_that_was_not_made_here_ends_no_mails(ada):
    good = notifications.stop_token(ada, "claim")
    for token in ("", "x", good[:-1], good.replace(":", "."), good + "x"):
        with pytest.raises(NotFound):
            notifications.stop(token)
    notifications.stop(good)
    ada.refresh_from_db()
    assert notifications.way(ada, "claim") == "page"
    notifications.choose(ada, {"claim": "off"})
    notifications.stop(good)
    ada.refresh_from_db()
    assert notifications.way(ada, "claim") == "off", "an old link turns nothing on again"
