"""Semantic Scholar's batches: names of papers, keys of references, unknown papers, keys, refusals, broken answers."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.facts_site import FactsSite, broken, down, page, told
from tests.gates import Clock, polite

from broadsheet.errors import Refused, Upstream
from broadsheet.sources.semantic_scholar import SemanticScholar, name_of

ANSWERS = json.loads((Path(__file__).parents[1] / "data" / "facts" / "scholar.json").read_bytes())


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.scholar = ANSWERS
    yield site
    site.close()


@pytest.fixture
def scholar(site):
    return SemanticScholar(polite(), site.at("scholar"), "made-up")


@pytest.mark.parametrize(
    ("key", "doi", "name"),
    [
        ("2601.00001", "10.1000/x", "ARXIV:2601.00001"),
        ("cs/0601001", "", "ARXIV:cs/0601001"),
        ("acl:2025.acl-long.1", "", "ACL:2025.acl-long.1"),
        ("doi:10.1000/x", "", "DOI:10.1000/x"),
        ("openreview:abcd", "10.1000/y", "DOI:10.1000/y"),
        ("openreview:abcd", "", ""),
        ("doi-digest:10.1000/abc", "", ""),
    ],
)
def test_a_paper_is_asked_for_by_the_name_it_has_there(key, doi, name):
    assert name_of(key, doi) == name


def test_counts_and_references_are_told_for_each_and_what_is_unknown_is_none(scholar, site):
    first, nobody, second = scholar.batch(["ARXIV:2601.00001", "DOI:10.1000/none", "ARXIV:2601.00002"])
    assert (first.citations, first.influential, first.reference_count) == (42, 3, 31)
    assert first.references == ("2601.00002", "doi:10.5555/example.1", "acl:2025.acl-long.1")
    assert nobody is None
    assert (second.citations, second.references) == (1, ())
    method, path, query, headers, sent = site.asked[0]
    assert (method, path) == ("POST", "/scholar/graph/v1/paper/batch")
    assert "citationCount" in query["fields"]
    assert headers["x-api-key"] == "made-up"
    assert len(sent["ids"]) == 3


def test_none_known_is_none_for_each(scholar):
    assert scholar.batch(["DOI:10.1000/none", "DOI:10.1000/no"]) == [None, None]


@pytest.mark.parametrize("fault", [page, broken, down, lambda _: told([]), lambda _: told({"data": []})])
def test_an_answer_that_is_none_is_trouble_upstream(scholar, site, fault):
    site.faults = [fault]
    with pytest.raises(Upstream):
        scholar.batch(["ARXIV:2601.00001"])


def test_a_key_that_is_not_taken_is_refused(scholar, site):
    site.faults = [lambda _: told({"message": "Forbidden"}, 403)]
    with pytest.raises(Refused) as caught:
        scholar.batch(["ARXIV:2601.00001"])
    assert "BROADSHEET_SEMANTIC_SCHOLAR_KEY" in caught.value.hint


def test_a_question_that_came_too_soon_is_asked_again_after_the_pause_it_is_told(site):
    clock = Clock()
    site.faults = [lambda _: told({"message": "Too Many Requests", "code": "429"}, 429, Retry_After="20")]
    asked_again = SemanticScholar(polite(clock=clock), site.at("scholar")).batch(["ARXIV:2601.00001"])
    assert asked_again[0].citations == 42
    assert len(site.asked) == 2
    assert sum(clock.slept) >= 20
