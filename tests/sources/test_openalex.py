"""OpenAlex' works: which DOI is asked for, what is told, keys that stay secret, refusals, broken answers."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.facts_site import FactsSite, broken, down, page, told
from tests.gates import Gates, polite

from broadsheet.errors import BroadsheetError, Refused, Upstream
from broadsheet.sources.openalex import Author, OpenAlex, doi_of

WORKS = json.loads((Path(__file__).parents[1] / "data" / "facts" / "openalex.json").read_bytes())


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.works, site.token = WORKS, "made-up"
    yield site
    site.close()


@pytest.fixture
def alex(site):
    return OpenAlex(polite(), site.at("openalex"), "made-up")


@pytest.mark.parametrize(
    ("key", "doi", "name"),
    [
        ("2601.00001", "10.1000/X", "10.48550/arxiv.2601.00001"),
        ("openreview:abcd", "10.1000/X", "10.1000/x"),
        ("doi:10.1000/x", "", "10.1000/x"),
        ("doi:10.1000/x,y", "", ""),
        ("openreview:abcd", "10.1000/a|b", ""),
        ("acl:2025.acl-long.1", "", ""),
    ],
)
def test_a_paper_is_asked_for_by_its_doi(key, doi, name):
    assert doi_of(key, doi) == name


def test_works_are_told_with_references_and_authors(alex, site):
    found = alex.works(["10.48550/arxiv.2601.00001", "10.48550/arxiv.2601.00002", "10.1000/none"])
    work = found["10.48550/arxiv.2601.00001"]
    assert (work.id, work.citations, work.reference_count) == ("W4400000001", 40, 2)
    assert work.references == ("W4400000002", "W4400000099")
    assert work.authors == (Author("A. Example", "0000-0002-1825-0097"), Author("Bo Sample"))
    assert "10.1000/none" not in found
    assert "authorships" in site.asked[0][2]["select"]


def test_of_two_works_with_one_doi_the_more_cited_is_the_paper(alex):
    assert alex.works(["10.48550/arxiv.2601.00002"])["10.48550/arxiv.2601.00002"].id == "W4400000002"


def test_a_key_that_is_not_taken_is_refused_and_not_told(site):
    with pytest.raises(Refused, match="API key is invalid") as caught:
        OpenAlex(polite(), site.at("openalex"), "secret-key").works(["10.1000/x"])
    assert "secret-key" not in str(caught.value)


@pytest.mark.parametrize("fault", [page, broken, down, lambda _: told([]), lambda _: told({"results": None})])
def test_an_answer_that_is_none_is_trouble_upstream_and_tells_no_key(alex, site, fault):
    site.faults = [fault]
    with pytest.raises(BroadsheetError) as caught:
        alex.works(["10.1000/x"])
    assert isinstance(caught.value, Upstream)
    assert "made-up" not in str(caught.value)


def test_a_day_that_is_spent_closes_the_gate_until_midnight_and_tells_no_key(site):
    gates = Gates()
    spent = {"X_RateLimit_Remaining": "0", "X_RateLimit_Reset": "7200"}
    site.faults = [lambda _: told({"error": "Rate limit exceeded", "message": "spent_for_today"}, 429, **spent)]
    with pytest.raises(Upstream, match="asks to wait 7200 s") as caught:
        OpenAlex(polite(gates=gates), site.at("openalex"), "made-up").works(["10.1000/x"])
    assert "made-up" not in str(caught.value)
    assert 7100 < gates.held["127.0.0.1"] - time.time() <= 7200
