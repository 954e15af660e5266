"""A server that takes commands together gets them in one go, and each of its answers means what it means one by one."""

import socketserver
import threading

import pytest

from broadsheet.mail import transport
from broadsheet.mail.transport import Verdict

RAW = b"Subject: Papers\r\n\r\nA line.\r\n.end\r\n"


class Talk(socketserver.StreamRequestHandler):
    """Answers each group of commands once it has all of it, as the test wants it."""

    def handle(self):
        server = self.server
        server.connections += 1
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            server.heard.append(line.rstrip(b"\r\n").decode())
            verb = line[:4].upper()
            if verb == b"EHLO":
                self.wfile.write(b"250-here\r\n250-SIZE 1000000\r\n250 PIPELINING\r\n")
            elif verb == b"MAIL":
                # Nothing is answered before the last command of the group is here: who waits for it waits for ever.
                group = [line, self.rfile.readline(), self.rfile.readline()]
                server.heard += [line.rstrip(b"\r\n").decode() for line in group[1:]]
                said = server.answers.pop(0) if server.answers else ["250 OK", "250 OK", "354 go on"]
                self.wfile.write("".join(f"{line}\r\n" for line in said).encode())
                if len(said) < 3:
                    return
                if said[2].startswith("354"):
                    self._take()
            else:
                self.wfile.write(b"250 OK\r\n")

    def _take(self):
        taken = b""
        while (line := self.rfile.readline()) != b".\r\n":
            taken += line
        self.server.taken.append(taken)
        self.wfile.write(b"250 taken\r\n" if taken else b"554 5.5.1 no valid recipients\r\n")


@pytest.fixture
def server(settings):
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talk) as running:
        running.daemon_threads = True
        running.connections, running.heard, running.taken, running.answers = 0, [], [], []
        threading.Thread(target=running.serve_forever, daemon=True).start()
        where = {"host": "127.0.0.1", "port": running.server_address[1], "timeout": 5}
        settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": where}}
        yield running
        running.shutdown()


@pytest.fixture
def carrier(server):
    made = transport.carrier()
    yield made
    made.close()


def send(carrier, to="ada@example.org"):
    return carrier.send("papers@example.org", to, RAW)


def test_the_commands_go_in_one_go_and_the_mail_after_the_answer(carrier, server):
    assert [send(carrier).verdict for _ in range(3)] == [Verdict.SENT] * 3
    assert server.connections == 1
    assert server.heard[1:4] == [f"MAIL FROM:<papers@example.org> SIZE={len(RAW)}", "RCPT TO:<ada@example.org>", "DATA"]
    assert server.taken[0] == RAW.replace(b"\r\n.", b"\r\n..")


@pytest.mark.parametrize(
    ("said", "verdict", "at_address"),
    [
        (["250 OK", "550 5.1.1 nobody", "503 no recipients"], Verdict.REFUSED, True),
        (["250 OK", "451 4.7.1 greylisted", "503 no recipients"], Verdict.LATER, False),
        (["553 5.7.1 not yours", "503 no", "503 no"], Verdict.OURS, False),
        (["250 OK", "250 OK", "554 5.7.1 spam"], Verdict.REFUSED, False),
    ],
)
def test_the_first_refusal_is_what_counts_and_the_next_mail_goes_on(carrier, server, said, verdict, at_address):
    server.answers.append(said)
    answer = send(carrier)
    refusal = next(line for line in said if line[0] in "45")
    assert (answer.verdict, answer.at_address, answer.text) == (
        verdict,
        at_address,
        refusal,
    )
    assert send(carrier).verdict is Verdict.SENT
    assert (server.connections, server.taken) == (1, [RAW.replace(b"\r\n.", b"\r\n..")])


def test_one_that_waits_for_a_mail_to_nobody_gets_none(carrier, server):
    server.answers.append(["250 OK", "550 5.1.1 nobody", "354 go on"])
    assert (send(carrier).at_address, send(carrier).verdict) == (True, Verdict.SENT)
    assert server.taken == [b"", RAW.replace(b"\r\n.", b"\r\n..")]


@pytest.mark.parametrize("said", [["421 4.7.0 enough"], ["250 OK", "421 4.7.0 enough"]])
def test_one_that_parts_in_the_middle_gets_a_new_connection(carrier, server, said):
    assert send(carrier).verdict is Verdict.SENT
    server.answers.append(said)
    answer = send(carrier)
    assert (answer.verdict, answer.too_fast, answer.text) == (Verdict.LATER, False, "421 4.7.0 enough")
    assert send(carrier).verdict is Verdict.SENT
    assert server.connections == 2


def test_one_that_refuses_and_hangs_up_has_refused(carrier, server):
    server.answers.append(["250 OK", "550 5.1.1 nobody"])
    answer = send(carrier)
    assert (answer.verdict, answer.text) == (Verdict.REFUSED, "550 5.1.1 nobody")
    assert send(carrier).verdict is Verdict.SENT
