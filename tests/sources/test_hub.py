"""Models, datasets and spaces at the Hub: what is asked, what is counted, what is left out, limits, broken answers."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.facts_site import FactsSite, broken, down, page, told
from tests.gates import Gates, polite

from broadsheet.errors import Refused, Upstream
from broadsheet.sources.hub import KEPT, MOST, Hub, Shelf

MODELS = json.loads((Path(__file__).parents[1] / "data" / "facts" / "hub-models.json").read_bytes())


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.shelves[("models", "2601.00001")] = MODELS
    yield site
    site.close()


@pytest.fixture
def hub(site):
    return Hub(polite(), site.at("hub"))


def test_the_most_downloaded_come_first_and_what_is_private_or_no_name_is_left_out(hub, site):
    shelf = hub.linked("2601.00001", "models")
    assert (shelf.number, shelf.more) == (2, False)
    assert [row["id"] for row in shelf.top] == ["bert-example", "example/small-model"]
    assert shelf.top[1] == {
        "id": "example/small-model",
        "likes": 12,
        "downloads": 3400,
        "pipeline_tag": "text-generation",
        "library_name": "transformers",
    }
    assert site.asked[0][2] == {"filter": "arxiv:2601.00001", "sort": "downloads", "direction": "-1", "limit": "100"}


def test_spaces_come_by_likes(hub, site):
    site.shelves[("spaces", "cs/0601001")] = [{"id": "a/one", "likes": 1}, {"id": "b/two", "likes": 5, "sdk": "gradio"}]
    shelf = hub.linked("cs/0601001", "spaces")
    assert [row["id"] for row in shelf.top] == ["b/two", "a/one"]


def test_more_than_are_counted_is_said(hub, site):
    site.shelves[("datasets", "2601.00001")] = [{"id": f"a/d{n}", "downloads": n} for n in range(MOST + 5)]
    shelf = hub.linked("2601.00001", "datasets")
    assert (shelf.number, shelf.more, len(shelf.top)) == (MOST, True, KEPT)


def test_nothing_is_nothing(hub):
    assert hub.linked("2601.00002", "models") == Shelf()


@pytest.mark.parametrize("fault", [page, broken, down])
def test_an_answer_that_is_none_is_trouble_upstream(hub, site, fault):
    site.faults = [fault]
    with pytest.raises(Upstream):
        hub.linked("2601.00001", "models")


def test_a_refusal_is_told(hub, site):
    site.faults = [lambda _: told({"error": "Forbidden"}, 403)]
    with pytest.raises(Refused, match="Forbidden"):
        hub.linked("2601.00001", "models")


def test_a_spent_limit_closes_the_gate(site):
    gates = Gates()
    site.faults = [lambda out: out.__class__(out.body, 200, {"RateLimit": '"api";r=0;t=240'})]
    Hub(polite(gates=gates), site.at("hub")).linked("2601.00001", "models")
    assert 235 < gates.held["127.0.0.1"] - time.time() <= 240
