"""How feeds are answered: strong tags, 304, compression, times, what is kept, and whose address stands in them."""

import gzip
import json
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests import cast

from broadsheet.accounts import limits
from broadsheet.community import discussion, votes
from broadsheet.errors import Conflict

pytestmark = pytest.mark.django_db
PATHS = ("/papers.atom", "/papers.rss", "/papers.json", "/papers/trending.atom", "/papers/2601.00001.rss")


def get(path, **headers):
    return Client().get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize("path", PATHS)
def test_who_has_a_feed_already_is_told_so_and_no_more(path, three):
    first = get(path)
    assert first.headers["ETag"].startswith('"')
    for headers in (
        {"if_none_match": first.headers["ETag"]},
        {"if_none_match": f'"other", W/{first.headers["ETag"]}'},
        {"if_none_match": "*"},
        {"if_modified_since": first.headers["Last-Modified"]},
    ):
        same = get(path, **headers)
        assert (same.status_code, same.content) == (304, b"")
        assert "Content-Length" not in same.headers  # it would be taken for that of the feed
        for name in ("ETag", "Last-Modified", "Cache-Control", "Vary"):
            assert same.headers[name] == first.headers[name]
    for headers in (
        {"if_none_match": '"other"'},
        {"if_modified_since": "Thu, 01 Jan 2015 00:00:00 GMT"},
        {"if_modified_since": "nonsense"},
        # A tag that differs counts, whatever the time says.
        {"if_none_match": '"other"', "if_modified_since": first.headers["Last-Modified"]},
    ):
        assert get(path, **headers).status_code == 200


def test_the_compressed_form_has_a_strong_tag_of_its_own(three):
    plain, packed = get("/papers.atom"), get("/papers.atom", accept_encoding="gzip, br")
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert "Content-Encoding" not in plain.headers
    assert plain.headers["ETag"] != packed.headers["ETag"]
    assert packed.headers["ETag"].startswith('"')
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert packed.content == get("/papers.atom", accept_encoding="gzip").content  # byte for byte, or it is not strong
    same = get("/papers.atom", accept_encoding="gzip", if_none_match=packed.headers["ETag"])
    assert (same.status_code, same.headers["ETag"]) == (304, packed.headers["ETag"])
    for refused in ("gzip;q=0", "gzip; q=0.000, identity", "br"):
        assert "Content-Encoding" not in get("/papers.atom", accept_encoding=refused).headers
    for taken in ("gzip;q=0.5", "br, GZIP", "gzip;q=0.01,deflate"):
        assert get("/papers.atom", accept_encoding=taken).headers["Content-Encoding"] == "gzip"


def test_the_tag_is_the_same_in_every_process_and_after_a_restart(three):
    first = get("/papers.atom")
    cache.clear()
    assert get("/papers.atom").headers["ETag"] == first.headers["ETag"]
    assert get("/papers.atom", if_none_match=first.headers["ETag"]).status_code == 304


def test_a_change_is_seen_at_once_and_no_old_time_or_tag_fits_any_more(three, ada):
    first = get("/papers.atom")
    cast.paper("2601.00009", "One more")
    second = get("/papers.atom", if_none_match=first.headers["ETag"])
    assert (second.status_code, "One more" in second.text) == (200, True)
    assert get("/papers.atom", if_modified_since=first.headers["Last-Modified"]).status_code == 200
    times = [parsedate_to_datetime(answer.headers["Last-Modified"]) for answer in (first, second)]
    assert times[0] < times[1]


def test_what_readers_do_elsewhere_leaves_a_feed_as_it_is(three, ada, bo):
    first = get("/papers/date/2026-01-05.atom")
    votes.cast(ada, three[0])
    discussion.comment(bo, three[0], "Interesting.")
    again = get("/papers/date/2026-01-05.atom", if_none_match=first.headers["ETag"])
    assert again.status_code == 304
    assert again.headers["Last-Modified"] == first.headers["Last-Modified"]


def test_a_feed_that_is_kept_costs_next_to_nothing(three, django_assert_max_num_queries):
    get("/papers.atom")
    with django_assert_max_num_queries(2):
        assert get("/papers.atom").status_code == 200


def test_feeds_of_days_are_others_tomorrow(db):
    today = timezone.now().date()
    cast.paper(day=today, announced=today)
    assert len(json.loads(get("/papers.json?days=2").content)["items"]) == 1
    with time_machine.travel(timezone.now() + timedelta(days=4)):
        assert json.loads(get("/papers.json?days=2").content)["items"] == []


def test_head_answers_as_get_does_and_nothing_else_is_taken(three):
    seen, head = get("/papers.atom"), Client().head("/papers.atom")
    for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length"):
        assert head.headers[name] == seen.headers[name]
    for way in ("post", "put", "delete"):
        assert getattr(Client(), way)("/papers.atom").status_code == 405


def test_anybody_may_keep_a_public_feed_for_a_while_and_read_it_from_another_page(three):
    answer = get("/papers.json")
    assert answer.headers["Cache-Control"] == "public, max-age=300"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert "Cookie" not in answer.headers["Vary"]
    assert not answer.cookies


def test_who_is_signed_in_gets_the_same_public_feed_and_nothing_of_their_own(three, ada):
    browser = Client()
    browser.force_login(ada)
    browser.get("/papers")
    answer = browser.get("/papers.json")
    assert answer.content == get("/papers.json").content
    assert not answer.cookies


def test_addresses_are_those_of_the_site_as_its_readers_see_it(three, settings):
    settings.PUBLIC_URL = "https://papers.example.org/"
    text = get("/papers.atom").text
    assert 'href="https://papers.example.org/papers.atom" rel="self"' in text
    assert "testserver" not in text


def test_a_search_whose_index_is_not_open_is_asked_for_again_later(three, index, monkeypatch):
    def closed(*_args, **_kwargs):
        raise Conflict("The search index is not open yet.", "Try again in a moment.")

    with monkeypatch.context() as patched:
        patched.setattr("broadsheet.search.current.searcher", closed)
        answer = get("/papers.atom?q=growth")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "60")
        assert "is not open yet" in answer.text
        assert "public" not in answer.headers.get("Cache-Control", "")
    assert get("/papers.atom?q=growth").status_code == 200


def test_a_feed_that_is_kept_tells_the_addresses_by_which_it_was_asked_for(three, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for secure, host in ((False, "one.example.org"), (True, "one.example.org"), (True, "two.example.org")):
        answer = Client().get("/papers.atom", secure=secure, headers={"host": host})
        assert f'href="http{"s" if secure else ""}://{host}/papers.atom" rel="self"' in answer.text


def test_a_feed_of_a_search_counts_as_a_search(three, index, settings):
    settings.PAGE_RATE = 8
    limits.forget()
    answers = [get(f"/papers.atom?q=growth+{n}").status_code for n in range(4)]
    assert answers == [200, 200, 429, 429]
    assert get("/papers/new.atom").status_code == 200


def test_a_time_without_a_tag_is_answered_by_the_second(three):
    made = parsedate_to_datetime(get("/papers.atom").headers["Last-Modified"])
    earlier = format_datetime(made - timedelta(seconds=1), usegmt=True)
    assert get("/papers.atom", if_modified_since=earlier).status_code == 200
    later = format_datetime(made + timedelta(days=1), usegmt=True)
    assert get("/papers.atom", if_modified_since=later).status_code == 304
