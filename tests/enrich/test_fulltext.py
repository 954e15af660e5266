"""Full texts: kept where the licence allows, else passed on; patience, limits, and texts fetched ahead."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from django.core.cache import caches
from django.db import OperationalError, connections
from django.db.models import F
from django.utils import timezone
from tests import cast
from tests.gates import polite

from broadsheet.enrich import fulltext
from broadsheet.enrich.fulltext import FullTexts, reading
from broadsheet.enrich.models import FullText
from broadsheet.errors import TooMany, Upstream
from broadsheet.sources.http import PoliteClient

PAGE = (Path(__file__).parents[1] / "data" / "latexml-paper.html").read_bytes()
CLOSED = PAGE.replace(b"CC BY-SA 4.0", b"arXiv.org perpetual non-exclusive license")


class Arxiv:
    """arXiv's HTML. body: of every paper, None where it has none. asked: the addresses asked for."""

    def __init__(self, body: bytes | None = PAGE) -> None:
        self.body, self.status = body, 200
        self.asked: list[str] = []
        self.answers = threading.Event()
        self.answers.set()

    def client(self) -> PoliteClient:
        def answer(request: httpx2.Request) -> httpx2.Response:
            self.asked.append(request.url.path)
            assert self.answers.wait(5)
            found = self.body is not None
            return httpx2.Response(self.status if found else 404, content=self.body or b"")

        return polite(transport=httpx2.MockTransport(answer))


@pytest.fixture(autouse=True)
def online(settings, db) -> Iterator[None]:
    settings.OFFLINE = False
    settings.ARXIV_HTML = "http://127.0.0.1/html"
    caches["texts"].clear()
    yield
    caches["texts"].clear()


def refuse() -> None:
    raise TooMany("That was too often for now.", 60)


def test_a_text_that_may_be_kept_is_asked_for_once(paper):
    arxiv = Arxiv()
    first, second = (reading(paper, 5, arxiv.client) for _ in range(2))
    assert first.page
    assert first.page.markdown.startswith("## Abstract\n")
    assert second.page
    assert second.page.markdown == first.page.markdown
    assert arxiv.asked == ["/html/2601.00001v1"]
    row = FullText.objects.get(paper=paper)
    assert (row.version, row.found, row.markdown) == (1, True, first.page.markdown)
    assert row.licence == "https://creativecommons.org/licenses/by-sa/4.0/"


def test_a_text_that_may_not_be_kept_is_passed_on_and_not_stored(paper):
    arxiv = Arxiv(CLOSED)
    assert reading(paper, 5, arxiv.client).page
    row = FullText.objects.get(paper=paper)
    assert (row.found, row.markdown) == (True, "")
    assert reading(paper, 5, arxiv.client).page, "who asks twice within minutes asks arXiv once"
    assert len(arxiv.asked) == 1
    caches["texts"].clear()
    assert reading(paper, 5, arxiv.client).page
    assert len(arxiv.asked) == 2
    assert FullText.objects.get(paper=paper).markdown == ""


@pytest.mark.parametrize(
    ("licence", "kept"), [("", False), ("http://creativecommons.org/licenses/by/4.0/", True)], ids=["unknown", "known"]
)
def test_where_the_page_names_no_licence_that_of_the_record_counts(db, licence, kept):
    paper = cast.paper(licence=licence)
    read = reading(paper, 5, Arxiv(PAGE.replace(b"License: CC BY-SA 4.0", b"")).client)
    assert read.page
    assert read.page.licence == licence
    assert bool(FullText.objects.get(paper=paper).markdown) == kept


def test_a_new_version_is_asked_for_anew(paper):
    arxiv = Arxiv()
    reading(paper, 5, arxiv.client)
    paper.version = 2
    paper.save()
    reading(paper, 5, arxiv.client)
    assert arxiv.asked == ["/html/2601.00001v1", "/html/2601.00001v2"]
    assert FullText.objects.get(paper=paper).version == 2


def test_where_arxiv_has_none_it_is_left_alone_for_a_while(paper):
    arxiv = Arxiv(None)
    assert reading(paper, 5, arxiv.client).why == "none"
    assert reading(paper, 5, arxiv.client).why == "none"
    assert len(arxiv.asked) == 1
    FullText.objects.update(fetched=timezone.now() - timedelta(days=31))
    reading(paper, 5, arxiv.client)
    assert len(arxiv.asked) == 2


@pytest.mark.parametrize("key", ["doi:10.1000/182", "acl:2024.acl-long.1"])
def test_papers_from_elsewhere_have_no_text_at_arxiv(db, key):
    arxiv = Arxiv()
    assert reading(cast.paper(key), 5, arxiv.client).why == "none"
    assert arxiv.asked == []


def test_nothing_is_asked_offline_nor_where_it_is_switched_off(paper, settings):
    arxiv = Arxiv()
    settings.OFFLINE = True
    assert reading(paper, 5, arxiv.client).why == "off"
    settings.OFFLINE, settings.FULL_TEXT = False, False
    assert reading(paper, 5, arxiv.client).why == "none"
    assert arxiv.asked == []


def test_without_patience_or_beyond_a_limit_nothing_is_asked(paper):
    arxiv = Arxiv()
    assert reading(paper, 0, arxiv.client).why == "later"
    assert reading(paper, 5, arxiv.client, refuse).why == "later"
    assert arxiv.asked == []
    assert reading(paper, 5, arxiv.client).page, "a refusal blocks nobody"


def let_end(arxiv: Arxiv) -> None:
    arxiv.answers.set()
    [thread.join(5) for thread in threading.enumerate() if thread.name == "fulltext"]


@pytest.mark.django_db(transaction=True)
def test_a_slow_answer_is_at_hand_for_who_asks_next(paper):
    arxiv = Arxiv()
    arxiv.answers.clear()
    assert reading(paper, 0.05, arxiv.client).why == "later"
    assert reading(paper, 0.05, arxiv.client).why == "later"
    assert len(arxiv.asked) == 1, "one paper is asked for once at a time"
    let_end(arxiv)
    assert FullText.objects.get(paper=paper).markdown, "it is kept although nobody waited, for any process"
    caches["texts"].clear()
    assert reading(paper, 0, arxiv.client).page


@pytest.mark.django_db(transaction=True)
def test_a_slow_answer_that_may_not_be_kept_is_not(paper):
    arxiv = Arxiv(CLOSED)
    arxiv.answers.clear()
    assert reading(paper, 0.05, arxiv.client).why == "later"
    let_end(arxiv)
    assert FullText.objects.get(paper=paper).markdown == ""
    assert reading(paper, 0, arxiv.client).page, "it is held for whoever comes back within minutes"


@pytest.mark.django_db(transaction=True)
def test_that_there_is_none_is_known_although_it_was_told_late(paper):
    arxiv = Arxiv(None)
    arxiv.answers.clear()
    assert reading(paper, 0.05, arxiv.client).why == "later"
    let_end(arxiv)
    assert reading(paper, 0, arxiv.client).why == "none"


@pytest.mark.django_db(transaction=True)
def test_while_one_waits_another_is_told_at_once_to_come_back(paper):
    arxiv, other = Arxiv(), cast.paper("2601.00009")
    arxiv.answers.clear()
    first = threading.Thread(target=lambda: (reading(paper, 30, arxiv.client), connections.close_all()))
    first.start()
    while not arxiv.asked:
        time.sleep(0.01)
    assert reading(other, 30, arxiv.client).why == "later"
    assert first.is_alive(), "the second answer came while the first was waited for"
    let_end(arxiv)
    first.join(5)


def test_trouble_in_counting_leaves_no_paper_waiting(paper):
    def out_of_order() -> None:
        raise OperationalError("database is locked")

    arxiv = Arxiv()
    with pytest.raises(OperationalError):
        reading(paper, 5, arxiv.client, out_of_order)
    assert reading(paper, 5, arxiv.client).page


@pytest.mark.django_db(transaction=True)
def test_only_some_texts_are_asked_for_at_once(db):
    arxiv = Arxiv()
    arxiv.answers.clear()
    papers = [cast.paper(f"2601.0000{number}") for number in range(1, fulltext.MOST_AT_ONCE + 2)]
    assert {reading(paper, 0.1, arxiv.client).why for paper in papers} == {"later"}
    assert len(arxiv.asked) == fulltext.MOST_AT_ONCE
    let_end(arxiv)


def test_a_host_in_trouble_is_asked_again_another_time(paper):
    arxiv = Arxiv()
    arxiv.status = 403
    assert reading(paper, 5, arxiv.client).why == "later"
    assert not FullText.objects.exists()


def never() -> bool:
    return False


def fetch_ahead(arxiv: Arxiv, stop: Callable[[], bool] = never) -> int:
    kind = FullTexts(arxiv.client())
    return kind.look(list(kind.wanted(timezone.now())), stop)


def test_papers_with_votes_are_fetched_ahead_the_newest_first(db):
    arxiv = Arxiv()
    cast.paper("2601.00001")
    cast.paper("2601.00002", imported_votes=3)
    cast.paper("2601.00003", imported_votes=1, day=timezone.now().date(), version=None)
    cast.paper("doi:10.1000/182", imported_votes=9)
    assert fetch_ahead(arxiv) == 2
    assert arxiv.asked == ["/html/2601.00003", "/html/2601.00002v1"]
    assert fetch_ahead(arxiv) == 0
    arxiv.body = CLOSED
    cast.paper("2601.00004", imported_votes=1)
    assert fetch_ahead(arxiv) == 1
    assert fetch_ahead(arxiv) == 0, "one that may not be kept is not fetched again and again"


def test_fetching_ahead_can_be_stopped_and_ends_where_arxiv_is_out_of_order(db):
    arxiv = Arxiv()
    for number in range(1, 6):
        cast.paper(f"2601.0000{number}", imported_votes=1)
    assert fetch_ahead(arxiv, lambda: len(arxiv.asked) >= 2) == 2
    arxiv.status = 403
    with pytest.raises(Upstream, match="403"):
        fetch_ahead(arxiv)
    assert len(arxiv.asked) == 2 + fulltext.FAILURES
    arxiv.status = 200
    assert fetch_ahead(arxiv) == 1, "what failed waits for another day"
    FullText.objects.filter(found=False).update(fetched=F("fetched") - 2 * fulltext.AGAIN_AFTER)
    assert fetch_ahead(arxiv) == 2, "and not for a month"
