"""The page "like this, but ...": what its address holds, what its form says next, and what a paper's page offers."""

import pytest
from tests import cast

from broadsheet.accounts import limits
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library(db, tmp_path, settings):
    """Papers on graphs, searched by words."""
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    current.forget_model()
    for number in range(8):
        cast.paper(
            f"2601.0000{number}", f"Graph networks for <i>proteins</i> {number}", abstract="A graph of proteins."
        )
    upkeep.catch_up(current.own())
    yield
    current.release()
    state.read(now=True)


def shown(client, status=200, **asked):
    answer = client.get("/papers/like", asked)
    assert answer.status_code == status
    return answer.content.decode()


def test_without_a_paper_the_form_asks_for_one(client):
    page = shown(client)
    assert "Begin with a paper" in page
    assert 'name="like"' in page


def test_a_slate_is_shown_and_each_paper_can_be_kept_or_dropped(client):
    page = shown(client, like="2601.00000", but="proteins", chip="code")
    assert "Understood:" in page
    page = shown(client, like="2601.00000", but="proteins")
    assert '<input type="checkbox" name="keep" value="2601.00001">' in page
    assert '<input type="checkbox" name="drop" value="2601.00001">' in page
    assert 'name="round" value="2">Next round' in page
    assert "Graph networks for &lt;i&gt;proteins&lt;/i&gt; 1" in page


def test_what_was_kept_and_dropped_stands_above_and_can_be_taken_back(client):
    page = shown(client, like="2601.00000", keep="2601.00001", drop="2601.00002", round="2")
    assert "Round 2" in page
    assert 'name="keep" value="2601.00001" checked> kept: ' in page
    assert 'name="drop" value="2601.00002" checked> dropped: ' in page
    assert page.count('value="2601.00001"') == page.count('value="2601.00002"') == 1
    assert 'name="round" value="3">Next round' in page


def test_several_papers_and_ticks_stand_in_the_address(client):
    page = shown(client, like=["2601.00000", "", "2601.00003"], chip=["few", "short"])
    assert page.count('name="like" value="2601.0000') == 2
    assert page.count("checked> of few authors") == page.count("checked> a shorter list") == 1


@pytest.mark.parametrize(
    ("asked", "status", "said"),
    [
        ({"like": "2699.99999"}, 404, "is not here"),
        ({"like": "no\0such"}, 404, "is not here"),
        ({"like": "2601.00000", "chip": "blue"}, 400, "nothing that can be ticked"),
        ({"like": "2601.00000", "round": "x"}, 400, "is not the number of a round"),
    ],
)
def test_what_cannot_be_asked_is_told_in_words(client, asked, status, said):
    page = shown(client, status, **asked)
    assert said in page
    assert f'type="checkbox" name="like" value="{asked["like"]}" checked' in page  # and so can be taken out


def test_an_unknown_paper_among_those_decided_on_can_be_taken_out_too(client):
    page = shown(client, 404, like="2601.00000", keep="2699.99999", drop="2601.00001")
    assert 'type="checkbox" name="keep" value="2699.99999" checked' in page
    assert 'type="checkbox" name="drop" value="2601.00001" checked' in page


def test_more_papers_than_can_be_begun_with_are_told(client):
    assert "too many" in shown(client, 400, like=[f"2601.0{number:04}" for number in range(50)])


def test_of_very_long_words_it_is_told_that_the_first_were_read(client):
    assert "the first 300 characters" in shown(client, like="2601.00000", but="proteins " * 500)
    assert "characters were read" not in shown(client, like="2601.00000", but="proteins")


def test_a_condition_that_was_typed_goes_with_its_words(client):
    page = shown(client, like="2601.00000", but="of few authors")
    assert "Understood: of few authors" in page
    assert 'name="chip" value="few" checked' not in page


def test_where_nothing_is_found_it_is_said_once_and_no_round_follows(client):
    page = shown(client, like="2601.00000", but="newer")
    assert page.count("No paper fulfils all of this") == 1
    assert "Next round" not in page


def test_search_engines_leave_it_alone(client):
    assert '<meta name="robots" content="noindex">' in shown(client)
    assert "Disallow: /papers/like?" in client.get("/robots.txt").content.decode()


def test_it_counts_as_a_search(client, settings):
    settings.PAGE_RATE = 4
    limits.forget()
    shown(client, like="2601.00000")
    assert client.get("/papers/like?l%69ke=2601.00000").status_code == 429  # however it is spelled
    shown(client)


def test_the_page_of_a_paper_offers_it(client):
    page = client.get("/papers/2601.00000").content.decode()
    form = page[page.index('<form class="like-this"') :].partition("</form>")[0]
    assert 'action="/papers/like"' in form
    assert 'name="like" value="2601.00000"' in form
    assert [name for name in ("newer", "code", "survey", "field") if f'name="chip" value="{name}"' in form] == [
        "newer",
        "code",
        "survey",
        "field",
    ]
