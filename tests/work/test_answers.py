"""What hosts answered before: asked for with ETag and date, given back when nothing has changed, and forgotten."""

from datetime import timedelta

import httpx2
import pytest
from django.utils import timezone
from tests.gates import polite

from broadsheet.sources.memory import Remembered
from broadsheet.work import answers
from broadsheet.work.models import Answered

pytestmark = pytest.mark.django_db
ADDRESS = "http://93.184.215.14/feed"


class Host:
    """A host that knows its own answer by an ETag, a date, or neither."""

    def __init__(self, body: bytes = b"fine", **headers: str) -> None:
        self.body = body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self.asked: list[httpx2.Headers] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request.headers)
        known = [request.headers.get("If-None-Match"), request.headers.get("If-Modified-Since")]
        if {self.headers.get("ETag"), self.headers.get("Last-Modified")} & {mark for mark in known if mark}:
            return httpx2.Response(304, headers=self.headers)
        return httpx2.Response(200, content=self.body, headers=self.headers)


def ask(host: Host, address: str = ADDRESS, **more: object):
    client = polite(memory=answers.Memory(), transport=httpx2.MockTransport(host))
    return client.get(address, remember=True, **more)


@pytest.mark.parametrize(
    ("mark", "header"), [({"ETag": '"a1"'}, "if-none-match"), ({"Last_Modified": "Sat"}, "if-modified-since")]
)
def test_what_has_not_changed_comes_from_the_memory(mark, header):
    host = Host(b"a long list", **mark)
    first = ask(host)
    assert (first.status, first.body, first.unchanged) == (200, b"a long list", False)
    again = ask(host)
    assert (again.status, again.body, again.unchanged) == (200, b"a long list", True)
    assert host.asked[-1][header] == next(iter(mark.values()))


def test_what_has_changed_comes_anew_and_is_remembered():
    host = Host(b"old", ETag='"1"')
    ask(host)
    host.body, host.headers = b"new", {"ETag": '"2"'}
    changed = ask(host)
    assert (changed.body, changed.unchanged) == (b"new", False)
    assert ask(host).unchanged


def test_each_question_has_its_own_answer():
    host = Host(b"one", ETag='"1"')
    ask(host)
    assert not ask(host, ADDRESS + "?page=2").unchanged
    assert not ask(host, headers={"Accept": "text/html"}).unchanged, "other headers may get another answer"
    assert ask(host, headers={"Accept": "text/html"}).unchanged


def test_who_does_not_ask_to_remember_gets_the_whole_answer():
    host = Host(ETag='"1"')
    ask(host)
    client = polite(memory=answers.Memory(), transport=httpx2.MockTransport(host))
    assert not client.get(ADDRESS).unchanged
    assert "if-none-match" not in host.asked[-1]


def test_an_answer_without_a_mark_or_that_forbids_it_is_not_kept():
    ask(Host())
    ask(Host(ETag='"1"', Cache_Control="private, no-store"))
    assert not Answered.objects.exists()


def test_a_304_that_nobody_asked_for_is_told_as_it_is():
    assert ask(lambda _: httpx2.Response(304)).status == 304


def test_a_large_answer_or_a_long_mark_is_not_kept(monkeypatch):
    memory = answers.Memory()
    memory.keep("q", Remembered("e", "", b"fine"))
    monkeypatch.setattr(answers, "LARGEST", 10)
    memory.keep("q", Remembered("e", "", b"no room for this one"))
    assert memory.recall("q") is None, "an old answer is not given for it either"
    memory.keep("q", Remembered("e" * 2000, "", b""))
    assert memory.recall("q") is None


def test_old_answers_and_those_beyond_the_limit_are_forgotten(monkeypatch):
    memory, now = answers.Memory(), timezone.now()
    for number in range(6):
        memory.keep(str(number), Remembered("e", "", b""))
        Answered.objects.filter(address=answers._digest(str(number))).update(seen=now - timedelta(days=number))
    Answered.objects.filter(address=answers._digest("5")).update(seen=now - timedelta(days=90))
    monkeypatch.setattr(answers, "MOST_ROWS", 3)
    assert answers.forget(now) == 3
    assert [number for number in range(6) if memory.recall(str(number))] == [0, 1, 2]


def test_an_answer_that_is_asked_for_again_is_not_forgotten():
    host = Host(ETag='"1"')
    ask(host)
    Answered.objects.update(seen=timezone.now() - timedelta(days=90))
    ask(host)
    assert answers.forget(timezone.now()) == 0
