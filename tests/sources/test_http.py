"""The polite client against real servers on this machine: agent, pauses, limits, redirects, and what goes wrong."""

import contextlib
import gzip
import socket
import threading
import time
import tracemalloc
from collections.abc import Callable, Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest
import zstandard
from tests.gates import Clock, Gates, polite

from broadsheet import __version__
from broadsheet.errors import Upstream
from broadsheet.sources import http
from broadsheet.sources.http import ATTEMPTS, MOST_REDIRECTS, PoliteClient
from broadsheet.sources.reach import is_private, is_reachable

Step = Callable[[BaseHTTPRequestHandler], None]


def say(status: int, body: bytes = b"", **headers: str) -> Step:
    """Return a step that answers so; header names are written with underscores."""

    def step(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(status)
        for name, value in {"Content_Length": str(len(body)), **headers}.items():
            asked.send_header(name.replace("_", "-"), value)
        asked.end_headers()
        asked.wfile.write(body)

    return step


class Server:
    """A host on this machine that answers step by step; the last step is repeated. Remembers what it was asked."""

    def __init__(self) -> None:
        self.steps: list[Step] = [say(200, b"fine")]
        self.asked: list[tuple[float, str, dict[str, str]]] = []
        self.closing = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append((time.time(), self.path, {k.lower(): v for k, v in self.headers.items()}))
                step = server.steps.pop(0) if len(server.steps) > 1 else server.steps[0]
                try:
                    step(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.httpd.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.httpd.server_port}"
        self.thread = threading.Thread(target=self.httpd.serve_forever, args=(0.02,))
        self.thread.start()

    def close(self) -> None:
        self.closing.set()
        self.httpd.shutdown()
        self.thread.join()
        self.httpd.server_close()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gates(clock: Clock) -> Gates:
    return Gates(3, clock)


@pytest.fixture
def client(gates: Gates, clock: Clock) -> PoliteClient:
    return polite(gates=gates, timeout=2, clock=clock)


def trouble(client: PoliteClient, url: str) -> str:
    with pytest.raises(Upstream) as caught:
        client.get(url)
    return str(caught.value)


def test_an_answer_has_its_address_status_body_and_headers(client, server):
    server.steps = [say(200, b"\x00\xffbody", X_Made_Up="yes")]
    answer = client.get(f"{server.url}/a", {"q": "cat:cs.CL OR ü", "n": "1"})
    assert (answer.status, answer.body, answer.headers["x-made-up"]) == (200, b"\x00\xffbody", "yes")
    assert answer.url == f"{server.url}/a?q=cat%3Acs.CL+OR+%C3%BC&n=1"
    assert server.asked[0][1] == "/a?q=cat%3Acs.CL+OR+%C3%BC&n=1"


def test_the_agent_string_names_the_program_and_a_contact(server):
    polite(contact="mailto:a@example.org").get(server.url)
    polite().get(server.url)
    agents = [headers["user-agent"] for _, _, headers in server.asked]
    assert agents == [f"broadsheet/{__version__} (+mailto:a@example.org)", f"broadsheet/{__version__}"]


@pytest.mark.parametrize("status", [204, 304, 400, 403, 404, 410, 501])
def test_other_answers_come_back_as_they_are_and_are_not_asked_again(client, server, status):
    server.steps = [say(status)]
    assert client.get(server.url).status == status
    assert len(server.asked) == 1


def test_the_seconds_of_retry_after_are_waited(client, server, clock):
    server.steps = [say(503, Retry_After="7"), say(200, b"fine")]
    assert client.get(server.url).body == b"fine"
    assert sum(clock.slept) == pytest.approx(7)


def test_the_date_of_retry_after_is_waited_for(client, server, clock):
    server.steps = [say(429, Retry_After=formatdate(clock.now + 50, usegmt=True)), say(200, b"fine")]
    assert client.get(server.url).body == b"fine"
    assert sum(clock.slept) == pytest.approx(50)


@pytest.mark.parametrize("told", ["", "soon", "-5", "1e9", "0", "Mon, 01 Jan 2001 00:00:00 GMT", "Mon, 99 Foo"])
def test_a_retry_after_that_says_nothing_leaves_the_pause_to_us(client, server, clock, told):
    server.steps = [say(503, Retry_After=told), say(200, b"fine")]
    assert client.get(server.url).body == b"fine"
    assert sum(clock.slept) == pytest.approx(5)


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_endless_errors_end_after_four_attempts_with_growing_pauses(client, server, clock, status):
    server.steps = [say(status)]
    told = trouble(client, server.url)
    assert f"{server.url} answered {status} (attempt {ATTEMPTS})" in told
    assert len(server.asked) == ATTEMPTS == 4
    assert clock.slept == pytest.approx([5, 10, 20])


def test_a_long_pause_is_told_at_once_and_kept_by_every_client(client, server, clock, gates):
    server.steps = [say(503, Retry_After="3600"), say(200, b"fine")]
    assert "answered 503 (attempt 1) and asks to wait 3600 s" in trouble(client, server.url)
    other = polite(gates=gates, clock=clock)
    assert "asked for a pause of 3600 s more" in trouble(other, server.url)
    assert len(server.asked) == 1, "nothing is asked before"
    assert clock.slept == []
    clock.now += 3600
    assert other.get(server.url).body == b"fine"


def test_a_short_pause_is_kept_by_every_client(client, server, clock, gates):
    server.steps = [say(503, Retry_After="30")] * 4 + [say(200, b"fine")]
    trouble(client, server.url)
    before = sum(clock.slept)
    polite(gates=gates, clock=clock).get(server.url)
    assert sum(clock.slept) - before == pytest.approx(30)


def test_a_host_that_hangs_is_given_up(server):
    answered = threading.Event()
    server.steps = [lambda asked: server.closing.wait(30) or answered.set()]
    told = trouble(polite(timeout=0.3), server.url)
    assert f"{server.url} does not answer" in told
    assert "attempt 1" in told
    assert not answered.is_set(), "it was waited for"


def test_an_answer_that_trickles_on_is_given_up(server, monkeypatch):
    def trickle(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.end_headers()
        while not server.closing.wait(0.02):
            asked.wfile.write(b".")

    monkeypatch.setattr(http, "LONGEST_ANSWER", 0.3)
    server.steps = [trickle]
    assert "was still answering after" in trouble(polite(timeout=5), server.url)


def test_a_refused_connection_is_told(client, server):
    server.close()
    assert f"{server.url} does not answer" in trouble(client, server.url)


@pytest.mark.parametrize(
    ("name", "headers"),
    [("cut off", {"Content_Length": "100"}), ("not gzip", {"Content_Encoding": "gzip"})],
)
def test_a_broken_answer_is_told(client, server, name, headers):
    def broken(asked: BaseHTTPRequestHandler) -> None:
        say(200, b"short", **headers)(asked)
        asked.close_connection = True

    server.steps = [broken]
    assert "does not answer" in trouble(client, server.url), name


@pytest.mark.parametrize(
    "url", ["nonsense", "ftp://127.0.0.1/", "http://", "http://[::1", "http://exa\0mple/", "http://a b/"]
)
def test_an_address_that_is_none_is_told(client, url):
    assert "does not answer" in trouble(client, url)


def test_an_answer_that_is_too_large_is_given_up(client, server, monkeypatch):
    monkeypatch.setattr(http, "MOST_BYTES", 1000)
    server.steps = [say(200, b"x" * 1000), say(200, b"x" * 1001)]
    assert len(client.get(server.url).body) == 1000
    assert "sent more than 1000 bytes" in trouble(client, server.url)


def test_what_counts_is_the_size_after_unpacking(client, server):
    server.steps = [
        say(200, gzip.compress(b"fine"), Content_Encoding="gzip"),
        say(200, gzip.compress(b"\0" * (http.MOST_BYTES + 1), 1), Content_Encoding="gzip"),
    ]
    assert client.get(server.url).body == b"fine"
    assert f"sent more than {http.MOST_BYTES} bytes" in trouble(client, server.url)


@pytest.mark.parametrize("encoding", ["zstd", "gzip, zstd", "gzip, gzip", "br", "deflate"])
def test_an_encoding_that_was_not_asked_for_is_not_unpacked(client, server, encoding):
    server.steps = [say(200, zstandard.compress(b"\0" * 200_000_000), Content_Encoding=encoding)]
    assert f"sent {encoding!r}, though only gzip was asked for" in trouble(client, server.url)
    assert server.asked[0][2]["accept-encoding"] == "gzip"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed_and_passes_the_gate(client, server, clock, status):
    server.steps = [say(status, Location="/there?x=1"), say(200, b"there")]
    answer = client.get(f"{server.url}/here")
    assert (answer.body, answer.url) == (b"there", f"{server.url}/there?x=1")
    assert clock.slept == pytest.approx([3])


def test_a_redirect_to_another_port_of_the_same_machine_is_followed_from_there(client, server):
    other = Server()
    try:
        server.steps = [say(302, Location=f"{other.url}/there")]
        assert client.get(server.url).body == b"fine"
        assert [path for _, path, _ in other.asked] == ["/there"]
    finally:
        other.close()


def test_redirects_without_end_are_given_up(client, server):
    server.steps = [say(302, Location="/again")]
    assert f"redirects more than {MOST_REDIRECTS} times" in trouble(client, server.url)
    assert len(server.asked) == MOST_REDIRECTS + 1


def test_a_redirect_without_a_target_is_an_answer(client, server):
    server.steps = [say(302)]
    assert client.get(server.url).status == 302


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/", "javascript:alert(1)", "gopher://x"])
def test_a_redirect_out_of_the_web_is_refused(client, server, target):
    server.steps = [say(302, Location=target)]
    assert f"A redirect leads to {target!r}, which is not a public web address." in trouble(client, server.url)


def test_a_redirect_to_nonsense_is_told(client, server):
    server.steps = [say(302, Location="http://[::1")]
    assert "does not answer: Invalid IPv6 URL" in trouble(client, server.url)


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:{port}/", "http://[::1]/", "http://169.254.169.254/x", "//10.0.0.1/"]
)
def test_a_public_host_does_not_lead_to_a_private_one(server, target):
    target = target.format(port=server.httpd.server_port)
    public = httpx2.MockTransport(lambda request: httpx2.Response(302, headers={"Location": target}))
    client = polite(transport=public)
    assert "which is not a public web address" in trouble(client, "http://93.184.215.14/")
    assert server.asked == []


def test_a_pause_holds_the_host_that_asked_for_it(gates, clock):
    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "93.184.215.14":
            return httpx2.Response(302, headers={"Location": "http://93.184.215.15/"})
        return httpx2.Response(503, headers={"Retry-After": "600"})

    client = polite(gates=gates, clock=clock, transport=httpx2.MockTransport(answer))
    assert "http://93.184.215.15/ answered 503" in trouble(client, "http://93.184.215.14/")
    assert list(gates.held) == ["93.184.215.15"]


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "localhost"),
        *("169.254.169.254", "100.64.0.1", "0.0.0.0", "fe80::1", "fc00::1", "2130706433", "0x7f.1"),
        *("64:ff9b::10.0.0.1", "::127.0.0.1", "2002:a00:1::", "::ffff:a00:1", "224.0.0.251", "ff02::1"),
    ],
)
def test_an_address_of_this_machine_or_net_is_private(host):
    assert is_private(host)


@pytest.mark.parametrize(
    "host", ["93.184.215.14", "64:ff9b::5db8:d70e", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "", "x" * 300, "a..b"]
)
def test_a_public_address_and_no_host_at_all_are_not_private(host):
    assert not is_private(host)


def test_a_listening_host_is_reachable_and_a_closed_one_is_not(server):
    assert is_reachable(server.url)
    server.close()
    assert not is_reachable(server.url, within=1)


@pytest.mark.parametrize(
    "url", ["", "nonsense", "http://", "http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:x/"]
)
def test_an_address_that_is_none_is_not_reachable(url):
    assert not is_reachable(url, within=1)


def test_knocking_ends_in_time_even_where_the_name_service_hangs(monkeypatch):
    released, ended = threading.Event(), threading.Event()

    def hang(*_: object, **__: object) -> None:
        released.wait(30)
        ended.set()
        raise OSError

    monkeypatch.setattr(socket, "create_connection", hang)
    assert not is_reachable("http://example.org", within=0.2)
    assert not ended.is_set(), "it was waited for"
    released.set()


def test_an_answer_whose_headers_trickle_in_is_given_up(server, monkeypatch):
    def trickle(asked: BaseHTTPRequestHandler) -> None:
        asked.send_response(200)
        asked.flush_headers()
        while not server.closing.wait(0.02):
            asked.wfile.write(b"X-More: yes\r\n")

    monkeypatch.setattr(http, "LONGEST_ANSWER", 0.3)
    server.steps = [trickle]
    assert "was still answering after" in trouble(polite(timeout=5), server.url)


def test_a_packed_body_that_breaks_off_is_told(client, server):
    packed = gzip.compress(b"a long list" * 1000)
    server.steps = [say(200, packed[:-20], Content_Encoding="gzip")]
    assert "its packed body breaks off" in trouble(client, server.url)


def test_a_body_packed_in_several_members_is_read_whole(client, server):
    server.steps = [say(200, gzip.compress(b"one, ") + gzip.compress(b"two"), Content_Encoding="gzip")]
    assert client.get(server.url).body == b"one, two"


def test_a_bomb_is_given_up_before_it_fills_the_memory(client, server, monkeypatch):
    monkeypatch.setattr(http, "MOST_BYTES", 1_000_000)
    bomb = gzip.compress(b"\0" * 200_000_000, 9)
    server.steps = [say(200, bomb, Content_Encoding="gzip")]
    tracemalloc.start()
    try:
        assert "sent more than 1000000 bytes" in trouble(client, server.url)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 10_000_000, "a piece of the packed body is unpacked no further than the limit"


def test_a_name_that_leads_elsewhere_when_it_is_connected_to_is_refused_before_anything_is_sent(server, monkeypatch):
    monkeypatch.setattr(http, "is_private", lambda host: False)  # as the name service answered at first
    told = trouble(polite(), server.url.replace("127.0.0.1", "localhost"))
    assert "localhost leads to 127.0.0.1, which is not a public address." in told
    assert server.asked == []


def test_a_name_and_password_in_an_address_stand_in_no_message(client, server):
    server.steps = [say(503, Retry_After="3600")]
    address = server.url.replace("//", "//ada:secret@")
    assert "127.0.0.1" in (told := trouble(client, address))
    server.close()
    assert "secret" not in told + trouble(client, f"{address}0/")


@pytest.mark.parametrize(
    "target", ["http://0x0a000001/", "http://167772161/", "http://[::ffff:10.0.0.1]/", "http://10.1/"]
)
def test_a_private_address_in_another_spelling_is_private(target):
    public = httpx2.MockTransport(lambda request: httpx2.Response(302, headers={"Location": target}))
    assert "which is not a public web address" in trouble(polite(transport=public), "http://93.184.215.14/")


def test_headers_for_one_host_are_not_sent_to_another(client, server):
    other = Server()
    try:
        server.steps = [say(302, Location=f"{other.url}/there")]
        client.get(server.url, headers={"Authorization": "Bearer secret"})
        assert server.asked[0][2]["authorization"] == "Bearer secret"
        assert "authorization" not in other.asked[0][2]
    finally:
        other.close()


class Noting(Gates):
    """Gates that note what they are told."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[str] = []

    def __call__(self, host: str) -> Any:
        gate = super().__call__(host)
        gate.wait = lambda lease: self.told.append(f"wait {lease:.0f}")
        gate.goes_on = lambda: self.told.append("goes on")
        gate.done = lambda: self.told.append("done")
        return gate


def test_a_gate_is_told_when_a_host_answers_goes_on_and_is_done(server, monkeypatch):
    def slowly(asked: BaseHTTPRequestHandler) -> None:
        say(200, b"", Content_Length="3")(asked)
        for _ in range(3):
            asked.wfile.write(b".")
            asked.wfile.flush()
            server.closing.wait(0.05)

    monkeypatch.setattr("broadsheet.sources.body.TELL_EVERY", 0.01)
    server.steps = [slowly]
    gates = Noting()
    assert polite(gates=gates, timeout=20).get(server.url).body == b"..."
    assert gates.told[0] == "wait 24", "as long as a host may say nothing, with a little more for reading"
    assert gates.told[1:3] == ["goes on", "goes on"]
    assert gates.told[-1] == "done"


@pytest.mark.parametrize("broken", [say(200, b"x", Content_Length="9"), say(302, Location="file:///x"), say(404)])
def test_a_gate_is_done_with_however_a_request_ends(server, broken):
    def cut(asked: BaseHTTPRequestHandler) -> None:
        broken(asked)
        asked.close_connection = True

    server.steps = [cut]
    gates = Noting()
    with contextlib.suppress(Upstream):
        polite(gates=gates).get(server.url)
    server.close()
    with pytest.raises(Upstream):
        polite(gates=gates).get(server.url)
    assert [told for told in gates.told if told != "goes on"] == ["wait 37", "done"] * 2
