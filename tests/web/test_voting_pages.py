"""Votes, saved papers and marks by page: forms without JavaScript, in place with it, and lists that respect them."""

import re

import pytest
from django.core.cache import cache
from tests import cast

from broadsheet.accounts import limits
from broadsheet.community import exposure, lists, marks, votes
from broadsheet.community.models import Mark, Vote
from broadsheet.search.fusing import Hit
from broadsheet.search.hybrid import Results

pytestmark = pytest.mark.django_db

DAY = "/papers/date/2026-01-05"
IN_PLACE = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def _fresh():
    cache.clear()
    limits.forget()
    exposure.write()
    exposure.forget()


@pytest.fixture
def mine(client, ada):
    client.force_login(ada)
    return client


# --- The vote -------------------------------------------------------------------------------------------------------


def test_a_reader_votes_by_a_form_and_comes_back_to_the_paper(mine, ada, paper):
    answer = mine.post(f"/papers/{paper.key}/vote", {"vote": "yes", "next": f"{DAY}?p=2"})
    assert answer.status_code == 302
    assert answer["Location"] == f"{DAY}?p=2#paper-{paper.pk}"
    text = mine.get(DAY).text
    button = re.search(r'<button [^>]*class="vote"[^>]*>', text)[0]
    assert 'aria-pressed="true"' in button
    assert 'value="no"' in button
    assert 'title="1 vote: 0 imported, 1 here"' in button
    mine.post(f"/papers/{paper.key}/vote", {"vote": "no", "next": DAY})
    assert 'aria-pressed="false"' in re.search(r'<button [^>]*class="vote"[^>]*>', mine.get(DAY).text)[0]


def test_the_same_form_sent_twice_leaves_one_vote(mine, paper):
    for _ in range(2):
        mine.post(f"/papers/{paper.key}/vote", {"vote": "yes"})
    assert Vote.objects.standing().count() == 1


def test_with_htmx_only_the_control_comes_back(mine, paper):
    answer = mine.post(f"/papers/{paper.key}/vote", {"vote": "yes", "next": DAY}, headers=IN_PLACE)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith(f'<form class="act" id="act-{paper.pk}"')
    assert 'aria-pressed="true"' in answer.text
    assert f'name="next" value="{DAY}"' in answer.text
    assert "csrfmiddlewaretoken" in answer.text


@pytest.mark.parametrize(
    "evil",
    ["https://evil.example/", "//evil.example", "javascript:alert(1)", "\\\\evil.example", "http:evil.example", ""],
)
def test_the_way_back_never_leaves_the_site(mine, paper, evil):
    answer = mine.post(f"/papers/{paper.key}/vote", {"vote": "yes", "next": evil})
    assert answer["Location"] == f"/papers/{paper.key}#paper-{paper.pk}"


def test_what_is_not_yes_or_no_is_refused(mine, paper):
    assert mine.post(f"/papers/{paper.key}/vote", {"vote": "maybe"}).status_code == 400
    assert mine.post(f"/papers/{paper.key}/vote").status_code == 400
    assert mine.post("/papers/2599.99999/vote", {"vote": "yes"}).status_code == 404


@pytest.mark.parametrize("act", ["vote", "save", "mark"])
def test_reading_an_address_of_an_act_changes_nothing(mine, paper, act):
    assert mine.get(f"/papers/{paper.key}/{act}?{act}=yes").status_code == 405


@pytest.mark.parametrize("act", ["vote", "save", "mark"])
def test_a_form_without_its_token_is_refused(paper, ada, act):
    from django.test import Client

    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    assert strict.post(f"/papers/{paper.key}/{act}", {"vote": "yes", "save": "yes", "mark": "read"}).status_code == 403
    assert not Vote.objects.exists()
    assert not Mark.objects.exists()


def test_old_keys_with_a_slash_can_be_voted_for(mine):
    old = cast.paper("cs/0601001", "An Old Paper")
    assert mine.post("/papers/cs/0601001/vote", {"vote": "yes"}).status_code == 302
    old.refresh_from_db()
    assert old.votes == 1


def test_a_visitor_gets_a_link_to_sign_in_that_keeps_the_vote(client, paper):
    text = client.get(f"{DAY}?p=1").text
    assert f"?vote={paper.key}&amp;next=/papers/date/2026-01-05%3Fp%3D1%23paper-{paper.pk}".replace(
        "/", "%2F"
    ) in text.replace("next=/", "next=%2F").replace("papers/date/", "papers%2Fdate%2F")
    link = re.search(r'<a class="vote"[^>]*>', text)[0]
    assert 'rel="nofollow"' in link
    assert '<form class="act"' not in text
    assert "htmx" not in text


def test_a_visitors_form_leads_to_signing_in_with_the_vote(client, paper):
    answer = client.post(f"/papers/{paper.key}/vote", {"vote": "yes", "next": DAY})
    assert answer.status_code == 302
    assert "sign-in?vote=2601.00001&next=" in answer["Location"]
    assert not Vote.objects.exists()


def test_the_split_of_the_votes_is_on_the_page_for_everybody(client, ada):
    paper = cast.paper(imported_votes=9)
    votes.cast(ada, paper)
    votes.cast(cast.reader("yu", days=0), paper)
    sentence = "11 votes: 9 imported, 2 here; 1 waits for the quorum of older accounts"
    assert sentence in client.get(DAY).text
    assert sentence in client.get(f"/papers/{paper.key}").text


def test_a_vote_is_on_the_kept_page_at_once(client, ada, paper):
    assert "0 votes" in " ".join(client.get(DAY).text.split())
    votes.cast(ada, paper)
    assert "1 vote: 0 imported, 1 here" in client.get(DAY).text


# --- Saved and marked -----------------------------------------------------------------------------------------------


def test_a_reader_saves_a_paper_and_takes_it_out_again(mine, ada, paper):
    mine.post(f"/papers/{paper.key}/save", {"save": "yes", "next": DAY})
    assert [item.paper for item in lists.items(lists.saved_of(ada))] == [paper]
    assert 'value="no" aria-pressed="true"' in re.search(r'<button [^>]*class="save"[^>]*>', mine.get(DAY).text)[0]
    mine.post(f"/papers/{paper.key}/save", {"save": "no", "next": DAY})
    assert not lists.items(lists.saved_of(ada)).exists()


def test_a_paper_of_no_interest_is_on_no_list_until_it_is_asked_for(mine, ada, client, paper):
    other = cast.paper("2601.00002", "Another Paper", imported_votes=1)
    votes.rescore([other.pk])
    votes.cast(ada, paper)
    mine.post(f"/papers/{paper.key}/mark", {"mark": "not-interested", "next": DAY})
    for path in (DAY, "/papers/week/2026-W02", "/papers/month/2026-01", "/papers/new", "/papers/trending"):
        text = mine.get(path).text
        assert f'id="paper-{paper.pk}"' not in text, path
        assert f'id="paper-{other.pk}"' in text
        assert "1 paper you are not interested in is hidden" in text
        assert '<a href="?hidden=1"' in text
        whole = mine.get(f"{path}?hidden=1").text
        assert f'id="paper-{paper.pk}"' in whole
        assert "shown here" in whole
    mine.post(f"/papers/{paper.key}/mark", {"mark": "", "next": DAY})
    assert f'id="paper-{paper.pk}"' in mine.get(DAY).text


def test_a_day_of_which_all_is_hidden_says_so(mine, ada, paper):
    marks.mark(ada, paper, "not-interested")
    assert "1 paper you are not interested in is hidden" in mine.get(DAY).text
    assert "1 paper you are not interested in is hidden" in mine.get("/papers/new").text


def test_marks_of_one_reader_hide_nothing_from_others(client, ada, bo, paper):
    marks.mark(ada, paper, "not-interested")
    assert f'id="paper-{paper.pk}"' in client.get(DAY).text
    client.force_login(bo)
    assert f'id="paper-{paper.pk}"' in client.get(DAY).text


def test_a_paper_that_was_read_is_shown_quieter(mine, ada, paper):
    mine.post(f"/papers/{paper.key}/mark", {"mark": "read", "next": DAY})
    assert 'data-mark="read"' in mine.get(DAY).text


def test_a_card_set_aside_in_place_can_be_taken_back(mine, ada, paper):
    answer = mine.post(f"/papers/{paper.key}/mark", {"mark": "not-interested", "next": DAY}, headers=IN_PLACE)
    assert "leave this paper out" in answer.text
    assert "Undo" in answer.text
    assert answer["HX-Retarget"] == f"#paper-{paper.pk}"
    assert paper.key in answer.text


def test_an_unknown_mark_is_refused(mine, paper):
    assert mine.post(f"/papers/{paper.key}/mark", {"mark": "burnt"}).status_code == 400


def test_a_visitor_saves_and_marks_nothing(client, paper):
    for act, value in (("save", "yes"), ("mark", "read")):
        answer = client.post(f"/papers/{paper.key}/{act}", {act: value})
        assert answer.status_code == 302
        assert "sign-in" in answer["Location"]
    assert not Mark.objects.exists()


def test_search_and_similar_papers_leave_out_what_is_of_no_interest(mine, ada, paper, monkeypatch):
    other = cast.paper("2601.00002", "Another Paper")
    found = Results([Hit(each.pk, 1.0, ("words",)) for each in (paper, other)], 2)
    monkeypatch.setattr("broadsheet.search.hybrid.search", lambda query, **page: found)
    monkeypatch.setattr("broadsheet.web.views.paper.similar_to", lambda _: [paper])
    marks.mark(ada, paper, "not-interested")
    text = mine.get("/papers?q=paper").text
    assert f'id="paper-{paper.pk}"' not in text
    assert f'id="paper-{other.pk}"' in text
    assert '<a href="?q=paper&amp;hidden=1"' in text
    assert f'id="paper-{paper.pk}"' in mine.get("/papers?q=paper&hidden=1").text
    assert 'name="next" value="/papers?q=paper"' in text
    assert "Similar papers" not in mine.get(f"/papers/{other.key}").text
    marks.mark(ada, paper, "read")
    assert "Similar papers" in mine.get(f"/papers/{other.key}").text


# --- New, and not seen yet ------------------------------------------------------------------------------------------


def test_the_new_tab_lists_what_came_last_first(client, paper):
    cast.paper("2512.00009", "Came Later, Is Older", day="2025-12-01")
    text = client.get("/papers/new").text
    assert re.findall(r'<h2><a href="/papers/([^"]+)"', text) == ["2512.00009", paper.key]
    assert '<a href="/papers/new" aria-current="page">New</a>' in text


def test_a_long_day_shows_unseen_papers_below_its_first_page(client, settings):
    settings.PAGE_SIZE = 2
    for number in range(1, 7):
        cast.paper(f"2601.0000{number}", f"Paper {number}")
    text = client.get(DAY).text
    assert "Not seen yet" in text
    ids = re.findall(r'<article class="paper" id="paper-(\d+)"', text)
    assert len(ids) == len(set(ids)) == 4
    assert "Not seen yet" not in client.get(f"{DAY}?p=2").text
    assert "Not seen yet" not in client.get("/papers/week/2026-W02").text


def test_a_short_day_needs_no_slot(client, paper):
    assert "Not seen yet" not in client.get(DAY).text


# --- What it costs --------------------------------------------------------------------------------------------------


@pytest.fixture
def busy(settings, ada, bo):
    """A day of two pages with an earlier and a later one, votes, saved papers, marks and a second chance."""
    settings.PAGE_SIZE = 25
    papers = [
        cast.paper(f"2601.{number:05}", f"Paper {number}", organization_slug="example", organization="Example")
        for number in range(1, 41)
    ]
    cast.paper("2512.00001", "Few Votes", day="2025-12-30", imported_votes=2)
    for each in papers[:10]:
        votes.cast(bo, each)
        votes.cast(ada, each)
    lists.save(ada, papers[0])
    marks.mark(ada, papers[1], "not-interested")
    marks.mark(ada, papers[2], "read")
    return papers


def test_the_front_page_costs_a_visitor_at_most_twelve_queries(client, busy, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        assert "second chance" in client.get(DAY).text
    with django_assert_max_num_queries(1):
        client.get(DAY)


def test_the_front_page_costs_a_reader_at_most_fourteen_queries(mine, busy, django_assert_max_num_queries):
    with django_assert_max_num_queries(14):
        assert "second chance" in mine.get(DAY).text
