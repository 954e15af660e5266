"""Readers who vote, comment and read over HTTP, for processes of their own: nothing of the site is imported here."""

import http.client
import random
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlencode

CSRF = "c" * 32
PAPERS = [f"2601.{number:05}" for number in range(1, 11)]


class Visitor:
    """One signed-in reader with a connection, who remembers what the site acknowledged."""

    def __init__(self, host: str, place: int, session: str) -> None:
        self.host = host
        self.cookie = f"broadsheet_session={session}; broadsheet_csrf={CSRF}"
        self.choose = random.Random(place)
        self.place = place
        self.votes: dict[str, bool] = {}
        self.comments: list[tuple[str, str]] = []
        self.times: dict[str, list[float]] = {"page": [], "vote": [], "comment": []}
        self.faults: list[str] = []
        self.line: http.client.HTTPConnection | None = None

    def spend(self, until: float) -> None:
        """Read, vote and comment until the time is up."""
        self.line = http.client.HTTPConnection(self.host, timeout=120)
        while time.monotonic() < until and not self.faults:
            paper = self.choose.choice(PAPERS)
            doing = self.choose.random()
            if doing < 0.4:
                self._ask("page", "GET", self.choose.choice([f"/papers/{paper}", "/papers/date/2026-01-05"]))
            elif doing < 0.8:
                self._vote(paper)
            else:
                self._comment(paper)
        self.line.close()
        self.line = None

    def _vote(self, paper: str) -> None:
        voted = not self.votes.get(paper, False)
        form = {"vote": "yes" if voted else "no"}
        if self._ask("vote", "POST", f"/papers/{paper}/vote", form):
            self.votes[paper] = voted
        if self.choose.random() < 0.1 and voted:  # a double click
            self._ask("vote", "POST", f"/papers/{paper}/vote", form)

    def _comment(self, paper: str) -> None:
        text = f"Reader {self.place} says {len(self.comments)} and {self.choose.random()}"
        if self._ask("comment", "POST", "/comments", {"paper": paper, "text": text}):
            self.comments.append((paper, text))

    def _ask(self, kind: str, method: str, path: str, form: dict[str, str] | None = None) -> bool:
        assert self.line is not None
        headers = {"Cookie": self.cookie}
        body = None
        if method == "POST":
            body = urlencode((form or {}) | {"csrfmiddlewaretoken": CSRF})
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        try:
            self.line.request(method, path, body, headers)
            answer = self.line.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.faults.append(f"{method} {path}: {error!r}")
            return False
        self.times[kind].append((time.perf_counter() - began) * 1000)
        if answer.status not in (200, 302, 303):
            self.faults.append(f"{method} {path}: {answer.status} {content[:300]!r}")
            return False
        return True


def crowd(visitors: Sequence[Visitor], seconds: float) -> Sequence[Visitor]:
    """Let some visitors loose at once, each in a thread, and return them with what they remember."""
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=visitor.spend, args=(until,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return visitors
