"""The sender is killed in the middle, at the worst moments and at any: nobody is missed, and nobody gets two.

But for the one mail that the server has taken and whose sender was killed before it could note that: it is sent again
under the same Message-ID, and told in the log. This is on the database of the suite, so on both; the long form is in
``tests/soak/test_mail_kills.py``.
"""

import secrets
import shutil
import time

import pytest
from tests.conftest import free_port, start_site
from tests.mail_sender import Sender, fill
from tests.mail_server import MailServer, Post
from tests.settings import POSTGRES

pytestmark = pytest.mark.both
READERS = 12


def database(name, template=""):
    """Make a database of the kind that the suite runs on, and return the settings that name it."""
    if POSTGRES is None:
        return {}
    POSTGRES.psql(f"CREATE DATABASE {name}" + (f" TEMPLATE {template};" if template else ";"))
    return {"BROADSHEET_DATABASE": POSTGRES.get_uri(database=name)}


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A site with papers and digests that are due, to be copied: making it takes as long as sending them."""
    home = tmp_path_factory.mktemp("filled") / "home"
    fill(home, READERS, 3, BROADSHEET_MODEL="none", BROADSHEET_MODE="open", **database("filled"))
    return home


@pytest.fixture
def sender(tmp_path, filled):
    post = Post()
    server = MailServer(post, free_port())
    server.start()
    shutil.copytree(filled, tmp_path / "home")
    made = Sender(tmp_path / "home", post, server, database(f"copy_{secrets.token_hex(4)}", "filled"))
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.communicate()
    server.stop()


def test_a_kill_before_the_answer_is_heard_leaves_one_in_doubt_and_nobody_else(sender):
    # The server has the mail and keeps it; its sender dies before the 250 is on its way.
    sender.post.after = lambda post: sender.kill() if len(post.mails) in (4, 9) else None
    for _ in range(2):
        sender.send()
        assert sender.ended() == -9
    sender.send()
    assert sender.ended() == 0
    assert sender.hold(READERS, kills=2) == 2


def test_a_kill_before_the_mail_is_handed_over_leaves_none_in_doubt(sender):
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
    assert sender.hold(READERS, kills=2) == 0


def test_a_running_server_sends_by_itself_and_ends_with_the_mail_in_hand(sender):
    site = start_site(sender.home, **sender.settings)
    until = time.monotonic() + 60
    while len(sender.post.mails) < READERS and time.monotonic() < until:
        time.sleep(0.1)
    assert site.stop() == 0
    assert sender.hold(READERS, kills=0) == 0
    sender.send()
    assert sender.ended() == 0
    assert "Nothing is due." in sender.log
