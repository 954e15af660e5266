"""The search page: what was understood, what was found and why, and where to go on."""

from collections.abc import Iterator
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.records import record

from broadsheet.community import votes
from broadsheet.community.models import Claim, ClaimState, Submission
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep


@pytest.fixture
def library(db, tmp_path, settings) -> Iterator[None]:
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    current.release()
    store(
        [
            record("2501.00001", title="Graph <b>Networks</b> & Co", abstract="First words. The network of graphs."),
            record("2501.00002", title="Networks of $x^2$", abstract="A graph.", categories=("cs.CL",)),
            record("2601.00003", title="Proteins", abstract="A graph.", announced=date(2026, 1, 2)),
        ]
    )
    upkeep.catch_up(current.own())
    yield
    current.release()
    state.read(now=True)


def page(client, **asked):
    answer = client.get("/papers", asked)
    assert answer.status_code == 200
    return answer.content.decode()


def test_words_are_marked_in_the_title_and_in_the_passage_and_nothing_gets_out_of_them(library, client):
    text = page(client, q="network graph")
    assert "<mark>Graph</mark> &lt;b&gt;<mark>Networks</mark>&lt;/b&gt; &amp; Co" in text
    assert '<p class="passage">… The <mark>network</mark> of <mark>graphs</mark>.</p>' in text
    assert "<math" in text
    assert "matches your words" in text


def test_votes_and_who_is_behind_a_paper_cost_the_page_one_query(library, client, ada, django_assert_num_queries):
    with CaptureQueriesContext(connection) as asked:
        page(client, q="network graph")
    for paper in Paper.objects.all():
        votes.cast(ada, paper)
        Submission.objects.create(paper=paper, reader=ada, day=date(2026, 1, 2))
        Claim.objects.create(paper=paper, reader=ada, author_name="Ada", state=ClaimState.VERIFIED)
    with django_assert_num_queries(len(asked) + 1):
        text = page(client, q="network graph")
    assert "1 here; 1 by its authors, which does not trend" in text


def test_it_tells_how_many_papers_hold_all_of_it_and_how_to_narrow(library, client):
    text = page(client, q="graph")
    assert "3 papers with all of it" in text
    assert '<a href="/papers?q=graph+cat%3Acs.CL" rel="nofollow">cs.CL</a> 1' in text
    assert '<a href="/papers?q=graph+year%3A2026" rel="nofollow">2026</a> 1' in text
    assert "1 paper with all of it" in page(client, q="graph year:2026")


def test_a_phrase_that_nobody_wrote_is_said_and_so_is_what_to_leave_out(library, client):
    text = page(client, q='"proteins graph" cat:cs.CL')
    assert "No paper holds “proteins graph” exactly; these are the nearest." in text
    assert "Networks of" in text
    text = page(client, q="proteins cat:cs.CL")
    assert "Leave out" in text
    assert ">proteins</a> (1 paper)" in text


def test_what_an_operator_cannot_read_is_said(library, client):
    assert "“since:&lt;i&gt;” was left out" in page(client, q="graph since:<i>")


def test_exact_or_similar_is_a_choice(library, client):
    text = page(client, q="graph proteins")
    assert text.count("<article") == 3
    assert "match=exact" in text
    text = page(client, q="graph proteins", match="exact")
    assert text.count("<article") == 1
    assert "Show what is similar too" in text


def test_the_order_can_be_chosen_or_typed(library, client):
    for asked in ({"q": "graph", "sort": "date"}, {"q": "graph sort:date"}, {"q": "graph sort:votes", "sort": "date"}):
        text = page(client, **asked)
        assert text.index("Proteins</a>") < text.index("<mark>Graph</mark>")


def test_the_next_page_goes_on_behind_the_last_paper(library, client, settings):
    settings.PAGE_SIZE = 2
    first = page(client, q="graph")
    link = first.split('<a rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert "after=" in link
    store([record("2601.00009", title="Graph graph graph", abstract="A graph.")])
    upkeep.catch_up(current.own())
    second = client.get(link).content.decode()
    assert second.count("<article") == 1
    assert client.get("/papers?q=graph&p=2&after=nonsense").status_code == 400


@pytest.mark.parametrize("q", ["-", '"', "-graph", "the of", "a" * 3000, "cat:cs.CL", "\x00", "<script>", "au:x ti:y"])
def test_any_question_gets_a_page(library, client, q):
    assert "<script>alert" not in page(client, q=q)


def test_the_page_without_a_question_tells_what_can_be_typed(library, client):
    assert "ti:word" in page(client, q="-")


def test_a_followed_search_shows_papers_with_all_its_words_alone(library, client, ada):
    client.force_login(ada)
    client.post("/follow", {"kind": "search", "value": "proteins zebra", "do": "follow"})
    assert "2601.00003" not in client.get("/following").text
    client.post("/follow", {"kind": "search", "value": "graphs protein", "do": "follow"})
    assert "2601.00003" in client.get("/following").text


def test_below_few_results_it_offers_to_ask_arxiv_but_not_offline(library, client, settings):
    assert "/papers/elsewhere" not in page(client, q="graph")
    settings.OFFLINE = False
    assert '<a href="/papers/elsewhere?q=graph" rel="nofollow">' in page(client, q="graph")
