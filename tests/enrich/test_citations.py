"""Citations and references from two places: counts with their source, papers here that cite each other, failures."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from tests import cast
from tests.facts_site import FactsSite, page, told
from tests.gates import polite

from broadsheet.community import marks
from broadsheet.enrich import facts
from broadsheet.enrich.citations import Citations, near
from broadsheet.enrich.models import Citation, Fact
from broadsheet.enrich.run import run
from broadsheet.errors import Refused
from broadsheet.papers.models import Identifier
from broadsheet.sources.openalex import OpenAlex
from broadsheet.sources.semantic_scholar import SemanticScholar

pytestmark = pytest.mark.django_db
DATA = Path(__file__).parents[1] / "data" / "facts"
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(time_machine):
    cache.clear()
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.scholar = json.loads((DATA / "scholar.json").read_bytes())
    site.works = json.loads((DATA / "openalex.json").read_bytes())
    yield site
    site.close()


@pytest.fixture
def two():
    """Two papers, of which the first cites the second."""
    return cast.paper("2601.00001", "The Citing One"), cast.paper("2601.00002", "The Cited One")


def both(site: FactsSite) -> Citations:
    return Citations(SemanticScholar(polite(), site.at("scholar")), OpenAlex(polite(), site.at("openalex")))


def test_each_place_counts_for_itself_and_is_named(site, two):
    run([both(site)])
    shown = [(fact.source, fact.text) for fact in facts.of(two[0])]
    assert shown == [
        ("OpenAlex", "cited 40 times; 2 references"),
        ("Semantic Scholar", "cited 42 times; 3 of them influential; 31 references"),
    ]
    assert len(site.asked) == 2


def test_papers_here_that_cite_each_other_are_known_once_whoever_told_it(site, two):
    run([both(site)])
    run([both(site)])
    assert len(site.asked) == 2
    first, second = two
    assert [paper.key for paper in near(first).cites] == [second.key]
    assert [paper.key for paper in near(second).cited_by] == [first.key]
    assert (near(second).cites_total, near(second).cited_by_total) == (0, 1)


def test_a_reference_that_is_no_longer_told_goes(site, two, time_machine):
    run([both(site)])
    time_machine.move_to(NOW.replace(month=3), tick=False)
    site.scholar["ARXIV:2601.00001"]["references"] = []
    run([both(site)])
    assert list(Citation.objects.values_list("source", flat=True)) == ["OpenAlex"]


def test_a_reference_by_another_id_of_a_paper_and_to_a_merged_one_lead_to_what_is_kept(site, two):
    kept = cast.paper("2601.00007", "Kept")
    Identifier.objects.create(key="doi:10.5555/example.1", paper=kept, source="acl")
    cast.paper("acl:2025.acl-long.1", "Merged", same_as=kept, day=None)
    run([Citations(SemanticScholar(polite(), site.at("scholar")))])
    assert {paper.key for paper in near(two[0]).cites} == {"2601.00002", "2601.00007"}


def test_papers_that_were_merged_later_are_still_found(site, two):
    run([both(site)])
    kept = cast.paper("2601.00007", "Kept")
    two[1].same_as, two[1].day = kept, None
    two[1].save()
    assert [paper.key for paper in near(two[0]).cites] == ["2601.00007"]
    assert [paper.key for paper in near(kept).cited_by] == ["2601.00001"]


def test_a_place_that_fails_does_not_keep_the_other_from_it(site, two):
    site.faults = [lambda _: told({"message": "Forbidden"}, 403)]
    assert run([both(site)]) == "Papers looked at: 2 for citations."
    assert {fact.source for fact in Fact.objects.all()} == {"OpenAlex"}


def test_when_both_refuse_the_run_says_so(site, two):
    site.faults = [lambda _: told({"message": "Forbidden"}, 403)] * 2
    with pytest.raises(Refused):
        run([both(site)])
    assert not Fact.objects.exists()


def test_trouble_is_kept_with_each_paper_of_the_question(site, two):
    site.faults = [page]
    run([Citations(SemanticScholar(polite(), site.at("scholar")))])
    assert Fact.objects.filter(tries=1, trouble__contains="not JSON").count() == 2


def test_a_paper_that_no_place_can_be_asked_about_is_looked_at_once(site):
    cast.paper("openreview:abcd")
    run([both(site)])
    assert site.asked == []
    assert Fact.objects.filter(value={}).count() == 2


def test_what_a_reader_set_aside_is_counted_but_not_shown(site, two, client, ada):
    run([both(site)])
    marks.mark(ada, two[1], "not-interested")
    client.force_login(ada)
    assert "<h2>Cites</h2>" not in client.get(f"/papers/{two[0].key}").text
    assert "<h2>Cites</h2>" in client.get(f"/papers/{two[0].key}?hidden=1").text
    client.logout()
    assert "<h2>Cites</h2>" in client.get(f"/papers/{two[0].key}").text


def test_the_page_shows_both_directions(site, two, client):
    run([both(site)])
    first, second = (client.get(f"/papers/{paper.key}").text for paper in two)
    assert "<h2>Cites</h2>" in first
    assert "1 of its references is a paper here, as OpenAlex and Semantic Scholar tell." in first
    assert "<h2>Cited by</h2>" in second
    assert "1 paper here cites it." in second
