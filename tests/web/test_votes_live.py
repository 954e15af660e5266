"""Votes against a running server: many requests at once, each its own connection, and the count is that of the rows."""

import re
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

PAPERS = ("2601.00003", "2601.00004", "2601.00005")


def test_parallel_requests_to_the_server_leave_one_vote_and_no_error(live):
    with urllib.request.urlopen(f"{live.url}/papers/{PAPERS[0]}", timeout=30) as answer:
        text = answer.read().decode()
        cookie = answer.headers["Set-Cookie"].split(";")[0]
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)[1]

    def send(key: str, vote: str) -> int:
        body = urllib.parse.urlencode({"csrfmiddlewaretoken": token, "vote": vote, "next": f"/papers/{key}"})
        headers = {"Cookie": cookie, "HX-Request": "true", "Origin": live.url}
        request = urllib.request.Request(f"{live.url}/papers/{key}/vote", body.encode(), headers)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return int(answer.status)

    def shown(key: str) -> int:
        with urllib.request.urlopen(f"{live.url}/papers/{key}", timeout=30) as answer:
            page = answer.read().decode()
        return int(re.search(r'title="\d+ votes?: \d+ imported, (\d+) here', page)[1])

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(lambda _: send(PAPERS[0], "yes"), range(24))) == {200}
        assert shown(PAPERS[0]) == 1
        turns = [(PAPERS[n % 3], ("yes", "no")[n % 2]) for n in range(36)]
        assert set(pool.map(lambda turn: send(*turn), turns)) == {200}
    for key in PAPERS:
        assert shown(key) in (0, 1)
        send(key, "yes")
        assert shown(key) == 1
        send(key, "no")
        assert shown(key) == 0
