"""The pages through Django's test client: what they show, how they are kept, what they refuse."""

import html
import json
import re
from datetime import UTC, date, datetime

import pytest
from django.core.cache import cache
from tests import cast
from tests.records import record

from broadsheet.accounts import limits
from broadsheet.community import exposure
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings):
    cache.clear()
    limits.forget()
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def day():
    """Three papers of one day."""
    store(
        [
            record("2501.00001", title="Second $\\alpha$", votes=3),
            record("2501.00002", title="First & <best>", votes=9, comment_count=1, code_url="https://example.org/code"),
            record("2501.00003", title="Third", authors=tuple(f"{n}. Author" for n in "ABCDEFG")),
        ]
    )


def test_the_front_door_goes_to_the_newest_edition(client, day):
    assert client.get("/").headers["Location"] == "/papers/date/2025-01-02"
    assert client.get("/papers").headers["Location"] == "/papers/date/2025-01-02"
    assert client.get("/papers?date=2025-01-01").headers["Location"] == "/papers/date/2025-01-01"


def test_before_the_first_paper_the_front_door_says_what_to_do(client):
    answer = client.get("/")
    assert answer.status_code == 200
    assert "broadsheet ingest" in answer.text


def test_papers_stand_by_votes_with_their_titles_escaped(client, day):
    text = client.get("/papers/date/2025-01-02").text
    titles = re.findall(r"<h2><a[^>]*>(.*?)</a></h2>", text)
    assert titles[0] == "First &amp; &lt;best&gt;"
    assert titles[1].startswith("Second <math")
    assert titles[2] == "Third"
    assert "A. Author, B. Author, C. Author, D. Author and 3 more" in text
    assert "2 Jan 2025" in text


def test_the_data_for_scrapers_is_on_the_page(client, day):
    text = client.get("/papers/date/2025-01-02").text
    props = re.search(r'data-target="DailyPapers" data-props="([^"]*)"', text)
    assert props
    data = json.loads(html.unescape(props[1]))
    assert data["periodType"] == "day"
    assert data["dateString"] == "2025-01-02"
    assert [item["paper"]["id"] for item in data["dailyPapers"]] == ["2501.00002", "2501.00001", "2501.00003"]
    paper = client.get("/papers/2501.00002").text
    content = re.search(r'data-target="PaperContent" data-props="([^"]*)"', paper)
    assert content
    assert json.loads(html.unescape(content[1]))["paper"]["id"] == "2501.00002"


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/papers/date/2025-01-04", "Saturdays and Sundays"),
        ("/papers/date/2125-01-04", "not out yet"),
        ("/papers/week/2125-W04", "not out yet"),
        ("/papers/date/2024-12-25", "holiday"),
    ],
)
def test_a_period_without_papers_says_why(client, day, path, sentence):
    answer = client.get(path)
    assert answer.status_code == 200
    assert sentence in answer.text
    assert "noindex" in answer.text


def test_previous_and_next_leap_over_days_without_papers(client, day):
    store([record("2501.00009", announced=date(2025, 1, 20))])
    text = client.get("/papers/date/2025-01-20").text
    assert 'rel="prev" href="/papers/date/2025-01-02"' in text
    assert "Next day" not in text


def test_a_page_number_out_of_range_gives_the_nearest_page(client, day, settings):
    settings.PAGE_SIZE = 2
    for number in ("2", "99", "0", "-1", "x", "9" * 400):
        assert client.get(f"/papers/date/2025-01-02?p={number}").status_code == 200
    assert "Page 2 of 2" in client.get("/papers/date/2025-01-02?p=99").text


def test_a_kept_page_costs_one_query_and_answers_304(client, day, settings, time_machine, django_assert_num_queries):
    settings.OFFLINE = False
    time_machine.move_to(datetime(2026, 11, 18, 12, 0, 30, tzinfo=UTC), tick=False)
    exposure.write()
    with django_assert_num_queries(7):  # one of them is the line of the day, asked for once a minute
        first = client.get("/papers/date/2025-01-02")
    with django_assert_num_queries(1):
        second = client.get("/papers/date/2025-01-02")
    assert second.content == first.content
    with django_assert_num_queries(1):
        third = client.get("/papers/date/2025-01-02", headers={"If-None-Match": first["ETag"]})
    assert third.status_code == 304
    assert not third.content


def test_a_change_of_any_paper_is_seen_at_once(client, day):
    first = client.get("/papers/date/2025-01-02")
    store([record("2501.00004", title="A Late One")])
    second = client.get("/papers/date/2025-01-02", headers={"If-None-Match": first["ETag"]})
    assert second.status_code == 200
    assert "A Late One" in second.text


def test_a_paper_is_found_under_every_spelling_of_its_id(client, day):
    assert client.get("/papers/2501.00001v2").headers["Location"] == "/papers/2501.00001"
    assert client.get("/papers/2501.00001").status_code == 200
    store([record("cs/0601001", announced=date(2006, 1, 3))])
    assert client.get("/papers/cs/0601001").status_code == 200
    assert client.get("/papers/cs/0601001.md")["Content-Type"] == "text/markdown; charset=utf-8"


def test_who_asks_for_markdown_gets_it(client, day):
    answer = client.get("/papers/2501.00003", headers={"Accept": "text/markdown"})
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert answer.text == client.get("/papers/2501.00003.md").text
    assert "G. Author" in answer.text


def test_earlier_versions_stand_on_the_papers_page(client):
    store([record(version=1, title="An Early Title")])
    store([record(version=2, title="A Later Title")])
    text = client.get("/papers/2501.00001").text
    assert "An Early Title" in text
    assert "Version 2" in text


@pytest.mark.parametrize(
    ("path", "status"),
    [("/nothing", 404), ("/papers/2599.99999", 404), ("/papers/date/x", 400), ("/papers/week/2025-W99", 400),
     ("/papers/%00", 404), ("/papers/..%2f..%2fetc", 404)],
)  # fmt: skip
def test_wrong_addresses_are_answered_in_the_sites_own_dress(client, day, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert "Broadsheet" in answer.text
    assert "Traceback" not in answer.text


def test_a_page_that_breaks_shows_nothing_of_its_inside(client, day, monkeypatch, caplog):
    def breaks(_):
        raise ZeroDivisionError("the secret")

    monkeypatch.setattr("broadsheet.ranking.lists.papers_of", breaks)
    client.raise_request_exception = False
    answer = client.get("/papers/date/2025-01-02")
    assert answer.status_code == 500
    assert "It is not your fault" in answer.text
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/papers/date/2025-01-02", "/nothing", "/status", "/static/web/site.css"])
def test_every_answer_carries_the_security_headers(client, day, path):
    answer = client.get(path)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Request-Id"]
    if answer.streaming:
        answer.close()


def test_an_address_that_asks_too_often_is_told_when_to_come_back(client, day, settings):
    settings.PAGE_RATE = 3
    for _ in range(3):
        assert client.get("/status").status_code == 200
    refused = client.get("/status")
    assert refused.status_code == 429
    assert 0 < int(refused["Retry-After"]) <= 300
    assert refused["Retry-After"] in refused.text


@pytest.mark.parametrize("method", ["post", "put", "delete", "patch"])
def test_nothing_is_changed_by_other_methods(client, day, method):
    for path in ("/", "/papers/date/2025-01-02", "/papers/2501.00001", "/papers?q=x"):
        assert getattr(client, method)(path).status_code == 405


def test_a_foreign_host_name_is_refused(client, day):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400


def test_a_day_that_fills_the_page_stays_under_sixty_kilobytes_in_all(client, settings):
    text = "Each of these words stands for one that an abstract of common length would hold. "
    store([record(f"2501.{n:05}", abstract=f"{n} " + text * 17, title=f"Title {n}") for n in range(1, 61)])
    answer = client.get("/papers/date/2025-01-02", headers={"Accept-Encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 60_000


def test_a_query_of_too_many_fields_gets_a_page_that_says_so(client, day):
    answer = client.get("/status?" + "&".join(f"a{n}=1" for n in range(1100)))
    assert answer.status_code in (200, 400)
    answer = client.get("/papers?q=x" + "&b=1" * 1100)
    assert answer.status_code == 400
    assert "Broadsheet" in answer.text


@pytest.mark.parametrize(
    "path", ["date/9999-12-31", "date/0001-01-01", "week/9999-W52", "month/9999-12", "month/0001-01"]
)
def test_a_period_at_the_edge_of_the_calendar_is_answered(client, day, path):
    assert client.get(f"/papers/{path}").status_code == 200


def test_parameters_that_mean_nothing_do_not_make_another_kept_page(client, day, django_assert_num_queries):
    client.get("/papers/date/2025-01-02")
    with django_assert_num_queries(1):
        client.get("/papers/date/2025-01-02?utm_source=x")


def test_a_paper_made_while_the_index_did_not_answer_is_not_kept(client, day, monkeypatch):
    monkeypatch.setattr("broadsheet.web.views.paper.similar_to", lambda paper: None)
    assert "Similar papers" not in client.get("/papers/2501.00001").text
    twin = Paper(key="2501.00077", title="The Twin")
    monkeypatch.setattr("broadsheet.web.views.paper.similar_to", lambda paper: [twin])
    assert "The Twin" in client.get("/papers/2501.00001").text


def test_who_does_not_take_gzip_gets_the_plain_page(client, day):
    packed = client.get("/papers/date/2025-01-02", headers={"Accept-Encoding": "gzip, br"})
    plain = client.get("/papers/date/2025-01-02", headers={"Accept-Encoding": "gzip;q=0, identity"})
    assert packed["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain
    assert b"<article" in plain.content


def test_the_one_reader_gets_pages_of_the_own_machine_as_they_are_and_others_get_them_compressed(client, day, settings):
    settings.MODE = "single"
    takes = {"Accept-Encoding": "gzip"}
    assert "Content-Encoding" not in client.get("/status", headers=takes)
    assert client.get("/status", headers=takes, REMOTE_ADDR="192.0.2.7")["Content-Encoding"] == "gzip"
    settings.SECURE_PROXY = True
    assert client.get("/status", headers=takes)["Content-Encoding"] == "gzip"
    settings.SECURE_PROXY, settings.MODE = False, "closed"
    assert client.get("/status", headers=takes)["Content-Encoding"] == "gzip"


def test_a_final_slash_leads_to_the_page_without_it(client, day):
    assert client.get("/papers/date/2025-01-02/")["Location"] == "/papers/date/2025-01-02"
    assert client.get("/papers/?q=x")["Location"] == "/papers?q=x"


@pytest.mark.parametrize(
    ("key", "name", "place"),
    [
        ("acl:2024.acl-long.1", "ACL Anthology", "https://aclanthology.org/2024.acl-long.1/"),
        ("openreview:aB3-xY_9zQ", "OpenReview", "https://openreview.net/forum?id=aB3-xY_9zQ"),
        ("doi:10.1101/2026.01.02.123456", "DOI", "https://doi.org/10.1101/2026.01.02.123456"),
    ],
)
def test_a_paper_from_elsewhere_leads_to_its_own_place(client, db, key, name, place):
    cast.paper(key, "A Paper From Elsewhere", abstract_kind="description", text_source="feed")
    shown = cast.plain(client.get(f"/papers/{key}"))
    assert f'<a href="{place}" rel="noopener">{name}</a>' in shown
    assert "Written for this sample" not in shown
    assert place in client.get("/papers/new.atom").content.decode()
