"""Related work of a draft by the API: its shape, its limits, and that it changes nothing."""

import json

import pytest

from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def library(papers, tmp_path, settings):
    """The papers of the suite, searched by words."""
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    current.forget_model()
    upkeep.catch_up(current.own())
    yield
    current.release()
    state.read(now=True)


def ask(client, **body):
    return client.post("/api/papers/draft", json.dumps(body), content_type="application/json")


def test_a_draft_gets_groups_and_needs_no_token(client):
    answer = ask(client, title="Small models and long days", abstract="We measure days of small models.")
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    first = answer.json()["groups"][0]
    assert (first["kind"], first["papers"][0]["id"]) == ("close", "2611.00001")
    assert first["papers"][0]["closeness"] == 1
    assert first["papers"][0]["shared"]["sentence"] == "We measure the days of small models."
    assert answer.json()["cited"] == {"here": 0, "missing": []}


def test_references_say_what_is_cited(client):
    references = "@misc{a, title={Reading Measured}}\n@misc{b, title={Not Here}}"
    answer = ask(client, title="How readers read small models", references=references).json()
    assert answer["cited"] == {"here": 1, "missing": ["Not Here"]}
    assert [paper["id"] for paper in answer["groups"][-1]["papers"] if paper["cited"]] == ["2611.00002"]


def test_authors_of_both_are_told(client):
    answer = ask(client, title="Small models and long days", authors=["A. Example"]).json()
    assert answer["groups"][0]["papers"][0]["shared"]["authors"] == ["A. Example"]


@pytest.mark.parametrize(
    "body",
    [{}, {"title": "x" * 501}, {"title": "small long models", "limit": 0}, {"references": "nothing of that kind"}],
)
def test_what_cannot_be_read_is_told(client, body):
    answer = ask(client, **body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_it_counts_as_a_search(client, settings):
    settings.API_RATE = 500
    assert '"search"' in ask(client, title="small long models")["RateLimit"]
