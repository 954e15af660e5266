"""Authors' ORCID iDs: which author is meant where there is no doubt, what is kept, and what stands beside a name."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.cache import cache
from tests import cast
from tests.facts_site import FactsSite, page
from tests.gates import polite

from broadsheet.community.models import Claim
from broadsheet.enrich import facts
from broadsheet.enrich.models import Fact
from broadsheet.enrich.orcids import Bearer, Orcids, match, of_authors
from broadsheet.enrich.run import run
from broadsheet.sources.openalex import OpenAlex
from broadsheet.sources.orcid import Orcid

DATA = Path(__file__).parents[1] / "data" / "facts"
ADA = "0000-0002-1825-0097"
BO = "0000-0001-5109-3700"


@pytest.fixture(autouse=True)
def _now(time_machine):
    cache.clear()
    time_machine.move_to(datetime(2026, 1, 6, 12, tzinfo=UTC), tick=False)


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.works = json.loads((DATA / "openalex.json").read_bytes())
    site.holders["2601.00001"] = json.loads((DATA / "orcid.json").read_bytes())
    yield site
    site.close()


def both(site: FactsSite) -> Orcids:
    return Orcids(OpenAlex(polite(), site.at("openalex")), Orcid(polite(), site.at("orcid")))


@pytest.mark.parametrize(
    ("authors", "bearers", "matched"),
    [
        (["Ada Example"], [Bearer(ADA, ("A. Example",))], {0: ADA}),
        (["Ada Example"], [Bearer(ADA, ("Example, Ada",))], {0: ADA}),
        (["Ada M. Example"], [Bearer(ADA, ("Ada Example",))], {0: ADA}),
        (["Zoë Müller"], [Bearer(ADA, ("Zoe Muller",))], {0: ADA}),
        (["Ann van der Example"], [Bearer(ADA, ("A. van der Example",))], {0: ADA}),
        (["Ada Example"], [Bearer(ADA, ("Bo Example",))], {}),
        (["Ada Example"], [Bearer(ADA, ("Example",))], {}),
        (["Ada Example", "Anna Example"], [Bearer(ADA, ("A. Example",))], {}),
        (["Ada Example"], [Bearer(ADA, ("A. Example",)), Bearer(BO, ("Ada Example",))], {}),
        (["Ada Example", "Ada Example"], [Bearer(ADA, ("Ada Example",))], {}),
        (["Ada Example", "Bo Sample"], [Bearer(BO, ("Bo Sample",)), Bearer(ADA, ("Ada Example",))], {0: ADA, 1: BO}),
        (["Example Team"], [Bearer(ADA, ("Example Team",))], {0: ADA}),
        (["李 明"], [Bearer(ADA, ("李明",))], {0: ADA}),
        (["..."], [Bearer(ADA, ("",))], {}),
    ],
)
def test_an_id_goes_to_an_author_only_where_there_is_no_doubt(authors, bearers, matched):
    assert match(authors, bearers) == matched


@pytest.mark.django_db
def test_both_places_are_asked_and_each_answer_is_kept(site, paper):
    assert run([both(site)]) == "Papers looked at: 1 for orcid."
    values = {fact.source: fact.value for fact in Fact.objects.all()}
    assert values == {
        "OpenAlex": {"authors": [[0, "Ada Example", ADA]]},
        "ORCID": {"authors": [[0, "Ada Example", ADA]]},
    }
    assert of_authors(paper, facts.of(paper)) == {0: ADA}


@pytest.mark.django_db
def test_the_id_stands_beside_the_name_and_approves_no_claim(site, paper, client):
    run([both(site)])
    text = client.get(f"/papers/{paper.key}").text
    assert text.count(f'<a class="mark" href="https://orcid.org/{ADA}" rel="nofollow noopener"') == 1
    assert text.index("Ada Example</a>") < text.index(f"https://orcid.org/{ADA}") < text.index("Bo Sample</a>")
    assert not Claim.objects.exists()


@pytest.mark.django_db
def test_where_two_places_disagree_or_the_authors_changed_nothing_stands_there(paper):
    now = datetime.now(UTC)
    facts.write(paper, "orcid", "OpenAlex", {"authors": [[0, "Ada Example", ADA], [1, "Bo Sample", BO]]}, now)
    facts.write(paper, "orcid", "ORCID", {"authors": [[0, "Ada Example", BO]]}, now)
    assert of_authors(paper, facts.of(paper)) == {1: BO}
    paper.authors = ["Bo Sample", "Ada Example"]
    assert of_authors(paper, facts.of(paper)) == {}
    paper.authors = []
    assert of_authors(paper, facts.of(paper)) == {}


@pytest.mark.django_db
def test_a_failure_of_one_place_leaves_the_other(site, paper):
    site.faults = [page]
    run([both(site)])
    assert Fact.objects.get(source="OpenAlex").tries == 1
    assert Fact.objects.get(source="ORCID").value["authors"]


@pytest.mark.django_db
def test_nobody_with_an_id_is_looked_for_once(site):
    cast.paper("2601.00009")
    run([both(site)])
    run([both(site)])
    assert len(site.asked) == 2
