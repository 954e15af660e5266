"""A site of its own with digests that are due, and the process that sends them, to be killed."""

import subprocess
import sys
from pathlib import Path

from tests.conftest import DATA, broadsheet, environment
from tests.mail_server import MailServer, Post

SEED = Path(__file__).parent / "soak" / "seed_subscriptions.py"


def fill(home: Path, readers: int, sets: int, **settings: str) -> None:
    """Take papers in, and make subscriptions that are due."""
    taken = broadsheet(home, "ingest", "--no-index", str(DATA / "day.jsonl"), **settings)
    assert taken.returncode == 0, taken.stderr
    known = environment(home, **settings) | {"DJANGO_SETTINGS_MODULE": "broadsheet.settings"}
    script = [sys.executable, str(SEED), str(readers), str(sets), "2026-01-04"]
    subprocess.run(script, env=known, check=True)


class Sender:
    """A site with subscriptions that are due, and a mail server; ``send`` begins to send in a process of its own."""

    def __init__(self, home: Path, post: Post, server: MailServer, database: dict[str, str]) -> None:
        self.home, self.post = home, post
        self.settings = database | {
            "BROADSHEET_MODEL": "none",
            "BROADSHEET_MODE": "open",
            "BROADSHEET_MAIL": server.address,
            "BROADSHEET_DIGEST_WAIT_HOURS": "0",
            "DJANGO_SETTINGS_MODULE": "broadsheet.settings",
        }
        self.log = ""
        self.process: subprocess.Popen[str] | None = None

    def fill(self, readers: int, sets: int) -> None:
        fill(self.home, readers, sets, **self.settings)

    def send(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "broadsheet", "digest", "send"],
            env=environment(self.home, **self.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()

    def ended(self) -> int:
        """Wait for its end; return the exit code."""
        assert self.process is not None
        self.log += self.process.communicate(timeout=120)[0]
        return self.process.returncode

    def hold(self, readers: int, kills: int) -> int:
        """Hold what arrived against the promise; return how many mails came twice."""
        post = self.post
        assert {f"reader-{place}@{place % 50}.example.org" for place in range(readers)} == set(post.readers)
        doubles = len(post.mails) - readers
        assert 0 <= doubles <= kills
        assert len({(mail.to, mail.id) for mail in post.mails}) == readers, (
            "a second one has the Message-ID of the first"
        )
        assert self.log.count("is sent again") >= doubles, "each is told in the log"
        return doubles
