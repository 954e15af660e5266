"""Models, datasets and spaces that name a paper: asked for, kept, shown on its page and told by the API."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from tests import cast
from tests.facts_site import FactsSite, page
from tests.gates import polite

from broadsheet.enrich import facts
from broadsheet.enrich.hub_links import HubLinks
from broadsheet.enrich.models import Fact
from broadsheet.enrich.run import run
from broadsheet.hub.items import paper_object
from broadsheet.sources.hub import Hub

pytestmark = pytest.mark.django_db
MODELS = json.loads((Path(__file__).parents[1] / "data" / "facts" / "hub-models.json").read_bytes())


@pytest.fixture(autouse=True)
def _now(time_machine):
    cache.clear()
    time_machine.move_to(datetime(2026, 1, 6, 12, tzinfo=UTC), tick=False)


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.shelves[("models", "2601.00001")] = MODELS
    site.shelves[("spaces", "2601.00001")] = [{"id": "bo/<b>demo</b>", "likes": 2}, {"id": "bo/demo", "likes": 1}]
    yield site
    site.close()


def look(site: FactsSite) -> str:
    return run([HubLinks(Hub(polite(), site.at("hub")))])


def test_what_names_a_paper_is_counted_and_the_most_used_are_kept(site, paper):
    assert look(site) == "Papers looked at: 1 for hub."
    value = Fact.objects.get(paper=paper).value
    assert (value["models"]["number"], value["spaces"]["number"]) == (2, 1)
    assert "datasets" not in value
    assert facts.of(paper)[0].text == "2 models; 1 space"
    assert site.paths() == ["/hub/api/models", "/hub/api/datasets", "/hub/api/spaces"]


def test_a_paper_that_nothing_names_is_looked_at_once(site):
    cast.paper("2601.00009")
    look(site)
    look(site)
    assert len(site.asked) == 3
    assert Fact.objects.get().value == {}


def test_papers_from_elsewhere_are_not_asked_about(site):
    cast.paper("doi:10.1000/x")
    assert look(site) == "Papers looked at: 0 for hub."


def test_a_failure_stays_with_the_paper(site, paper):
    site.faults = [None, page]
    look(site)
    assert "not JSON" in Fact.objects.get(paper=paper).trouble


def test_the_page_links_to_them_and_the_api_tells_them(site, paper, client):
    look(site)
    text = client.get(f"/papers/{paper.key}").text
    assert '<a href="https://huggingface.co/bert-example" rel="nofollow noopener">bert-example</a>' in text
    assert '<a href="https://huggingface.co/spaces/bo/demo" rel="nofollow noopener">bo/demo</a>' in text
    asked = client.get(f"/api/papers/{paper.key}").json()
    assert (asked["numTotalModels"], asked["linkedModels"][0]["downloads"]) == (2, 99000)
    assert "sdk" not in asked["linkedModels"][0]
    told = paper_object(paper)
    assert [row["id"] for row in told["linkedModels"]] == ["bert-example", "example/small-model"]
    assert (told["numTotalModels"], told["linkedDatasets"], told["numTotalSpaces"]) == (2, [], 1)
