"""What each answer of a real mail server means, and one connection for many mails."""

from pathlib import Path

import pytest
from django.core import mail
from tests.conftest import free_port
from tests.mail_server import MailServer, Post

from broadsheet.errors import Upstream
from broadsheet.mail import transport
from broadsheet.mail.transport import Verdict

RAW = (
    b"Message-ID: <abc@example.org>\r\nFrom: papers@example.org\r\nTo: ada@example.org\r\nSubject: Papers\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nA line.\r\n.\r\n..two dots\r\n.end\r\n"
)


@pytest.fixture
def post():
    return Post()


@pytest.fixture
def server(post, settings):
    running = MailServer(post, free_port())
    running.start()
    settings.MAILERS = {"default": running.mailer}
    yield running
    running.stop()


@pytest.fixture
def carrier(server):
    made = transport.carrier()
    yield made
    made.close()


def send(carrier, to="ada@example.org"):
    return carrier.send("papers@example.org", to, RAW)


def test_many_mails_go_over_one_connection_as_they_were_written(carrier, post):
    assert {send(carrier).verdict for _ in range(5)} == {Verdict.SENT}
    assert post.connections == 1
    assert [taken.raw for taken in post.mails] == [RAW] * 5, "dots that begin a line arrive as they are"
    assert post.mails[0].sender == "papers@example.org"


def test_a_refusal_for_now_is_tried_later_and_the_next_mail_goes_on(carrier, post):
    post.at_address = lambda to: "451 4.7.1 greylisted" if "bo@" in to else "250 OK"
    answer = send(carrier, "bo@example.org")
    assert (answer.verdict, answer.text) == (Verdict.LATER, "451 4.7.1 greylisted")
    assert not answer.too_fast
    assert send(carrier).verdict is Verdict.SENT
    assert post.connections == 1


def test_a_refused_address_is_told_from_a_refused_mail(carrier, post):
    post.at_address = lambda to: "550 5.1.1 no such user" if "bo@" in to else "250 OK"
    post.at_end = lambda to: "554 5.7.1 looks like spam"
    address, text = send(carrier, "bo@example.org"), send(carrier)
    assert (address.verdict, address.at_address) == (Verdict.REFUSED, True)
    assert (text.verdict, text.at_address) == (Verdict.REFUSED, False)


def test_a_refused_sender_is_the_fault_of_the_set_up(carrier, post):
    post.at_sender = lambda sender: "553 5.7.1 not yours"
    assert send(carrier).verdict is Verdict.OURS


def test_a_server_that_closes_after_some_mails_gets_a_new_connection(carrier, post):
    answers = iter(["250 OK", "250 OK", "421 4.7.0 enough for this connection", "250 OK"])
    post.at_address = lambda to: next(answers)
    verdicts = [send(carrier) for _ in range(4)]
    assert [one.verdict for one in verdicts] == [Verdict.SENT, Verdict.SENT, Verdict.LATER, Verdict.SENT]
    assert not verdicts[2].too_fast
    assert post.connections == 2


def test_a_server_that_closes_at_once_is_overrun(carrier, post):
    post.at_address = lambda to: "421 4.7.0 too many connections"
    assert send(carrier).too_fast


def test_a_server_that_says_it_is_too_much_is_overrun(carrier, post):
    post.at_end = lambda to: "450 4.2.1 receiving mail at a rate that is too high"
    assert send(carrier).too_fast


def test_a_connection_that_has_gone_meanwhile_is_made_anew(carrier, post, server):
    assert send(carrier).verdict is Verdict.SENT
    carrier._backend.connection.sock.shutdown(2)
    assert send(carrier).verdict is Verdict.SENT
    assert post.connections == 2


def test_a_server_that_is_lost_before_its_answer_leaves_a_doubt(carrier, post):
    post.at_end = lambda to: "hang up"
    answer = send(carrier)
    assert (answer.verdict, answer.in_doubt) == (Verdict.LATER, True)


def test_no_server_is_told_with_its_address(settings):
    port = free_port()
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 2},
        }
    }
    with pytest.raises(Upstream, match=f"127.0.0.1:{port} cannot be used"):
        transport.carrier().ready()


def test_an_address_that_no_server_could_take_is_refused_without_asking(carrier, post):
    for to in ("ada@example.org\r\nRCPT TO:<bo@example.org>", "ada", "ädä@example.org", ""):
        assert send(carrier, to).verdict is Verdict.REFUSED or to == "ada"
    assert "bo@example.org" not in post.readers


def test_other_backends_get_the_mail_as_it_was_written():
    assert send(transport.carrier()).verdict is Verdict.SENT
    (kept,) = mail.outbox
    assert (kept.to, kept.subject) == (["ada@example.org"], "Papers")
    assert "A line." in kept.body
    assert kept.message()["Message-ID"] == "<abc@example.org>"


def test_mails_are_files_where_no_server_is_set(settings, tmp_path):
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.filebased.EmailBackend",
            "OPTIONS": {"file_path": str(tmp_path / "mail")},
        }
    }
    carrier = transport.carrier()
    carrier.ready()
    assert send(carrier).verdict is Verdict.SENT
    carrier.close()
    (file,) = Path(tmp_path / "mail").iterdir()
    assert b"Message-ID: <abc@example.org>" in file.read_bytes()
