"""ORCID: check digits, who holds a paper as their own, what is asked, refusals, broken answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.facts_site import FactsSite, broken, down, page, told
from tests.gates import polite

from broadsheet.errors import Refused, Upstream
from broadsheet.sources.orcid import Holder, Orcid, read

HOLDERS = json.loads((Path(__file__).parents[1] / "data" / "facts" / "orcid.json").read_bytes())


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.holders["2601.00001"] = HOLDERS
    yield site
    site.close()


@pytest.fixture
def registry(site):
    return Orcid(polite(), site.at("orcid"), "made-up")


@pytest.mark.parametrize(
    ("told", "read_as"),
    [
        ("https://orcid.org/0000-0002-1825-0097", "0000-0002-1825-0097"),
        ("0000-0002-1694-233X", "0000-0002-1694-233X"),
        ("0000-0002-1825-0098", ""),
        ("https://example.org/0000-0002-1825-0097", ""),
        ("0000000218250097", ""),
        ("", ""),
    ],
)
def test_an_id_is_one_by_its_form_and_check_digit(told, read_as):
    assert read(told) == read_as


def test_who_holds_a_paper_is_told_with_all_their_names(registry, site):
    assert registry.holders("2601.00001", "10.1000/x") == [
        Holder("0000-0002-1825-0097", ("Ada Example", "A. Example", "Ada von Example"))
    ]
    _, path, query, headers, _ = site.asked[0]
    assert path == "/orcid/v3.0/expanded-search/"
    assert query["q"] == 'arxiv-self:"2601.00001" OR doi-self:"10.1000/x"'
    assert headers["authorization"] == "Bearer made-up"


def test_nobody_is_nobody_and_a_paper_without_ids_is_not_asked_about(registry, site):
    assert registry.holders("2601.00009") == []
    assert registry.holders("openreview:abcd") == []
    assert registry.holders("openreview:abcd", '10.1000/"x') == []
    assert len(site.asked) == 1


@pytest.mark.parametrize("fault", [page, broken, down, lambda _: told([])])
def test_an_answer_that_is_none_is_trouble_upstream(registry, site, fault):
    site.faults = [fault]
    with pytest.raises(Upstream):
        registry.holders("2601.00001")


def test_a_token_that_is_not_taken_is_refused_by_name(registry, site):
    site.faults = [lambda _: told({"error": "invalid_token", "error_description": "Invalid access token"}, 401)]
    with pytest.raises(Refused) as caught:
        registry.holders("2601.00001")
    assert "BROADSHEET_ORCID_TOKEN" in caught.value.hint
