"""The kinds of facts that ask hosts, as the settings have them: off, offline, not set up, and what each is made of."""

import time
from collections.abc import Iterator

import pytest
from django.core.exceptions import ImproperlyConfigured
from tests import cast
from tests.facts_site import FactsSite, Repo
from tests.gates import polite

from broadsheet import jobs, knobs, places, source_settings
from broadsheet.enrich import elsewhere
from broadsheet.enrich.models import Fact
from broadsheet.enrich.run import run, switched_on
from broadsheet.errors import Refused
from broadsheet.work.models import Gate

NAMES = {"stars", "hub", "citations", "orcid", "summaries"}


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    yield site
    site.close()


def test_none_is_on_without_being_asked_for(settings):
    settings.OFFLINE = False
    kinds = places.fact_kinds()
    assert set(kinds) >= NAMES
    assert not {kind.KIND for kind in switched_on(kinds.values())} & NAMES
    assert not {entry.name for entry in jobs.standing()} & NAMES


def test_one_that_is_on_has_its_job_unless_the_network_is_off(settings):
    settings.ENRICH = ["stars"]
    settings.OFFLINE = False
    assert {entry.name for entry in jobs.standing()} & NAMES == {"stars"}
    settings.OFFLINE = True
    assert not {entry.name for entry in jobs.standing()} & NAMES


@pytest.mark.django_db
@pytest.mark.parametrize("name", sorted(NAMES))
def test_none_asks_anybody_offline(settings, name, paper):
    settings.OFFLINE = True
    with pytest.raises(Refused, match="BROADSHEET_OFFLINE"):
        run([places.fact_kinds()[name]])


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "variable"), [("citations", "CITATIONS"), ("summaries", "SUMMARIES_URL")])
def test_one_that_is_not_set_up_says_what_to_set(settings, name, variable, paper):
    settings.OFFLINE = False
    with pytest.raises(Refused) as caught:
        run([places.fact_kinds()[name]])
    assert f"BROADSHEET_{variable}" in caught.value.hint


@pytest.mark.django_db
def test_each_asks_the_place_that_the_settings_name(settings, site, paper):
    settings.OFFLINE = False
    settings.GITHUB_API, settings.GITHUB_TOKEN, settings.HUB_API = site.at("github"), "made-up", site.at("hub")
    settings.CITATIONS, settings.ORCIDS = ("semanticscholar", "openalex"), ("orcid",)
    settings.SEMANTIC_SCHOLAR_API, settings.OPENALEX_API = site.at("scholar"), site.at("openalex")
    settings.ORCID_API, settings.SUMMARIES_URL, settings.SUMMARIES_MODEL = site.at("orcid"), site.at("model"), "small"
    site.says = lambda _: "The paper measures how short papers grow."
    site.repos["ada/deep"] = Repo(3)
    site.token = ""
    paces = []

    def client(delay: float, timeout: float):
        paces.append(delay)
        return polite()

    kinds = elsewhere.kinds(client)
    assert paces == []
    run([kinds[name] for name in ("hub", "citations", "orcid", "summaries")])
    assert {path.split("/")[1] for path in site.paths()} == {"hub", "scholar", "openalex", "orcid", "model"}
    assert max(paces) == 3.5
    assert set(Fact.objects.values_list("kind", flat=True)) == NAMES - {"stars"}


@pytest.mark.django_db
def test_a_job_asks_through_the_gates_of_the_site(settings, site):
    settings.OFFLINE, settings.ENRICH, settings.HOST_DELAY = False, ["stars"], 0
    settings.GITHUB_API = site.at("github")
    site.repos["ada/deep"] = Repo(3)
    site.left = 1
    cast.paper("2601.00001", code_url="https://github.com/ada/deep")
    assert jobs.entry("stars").function(lambda: False) == "Papers looked at: 1 for stars."
    cast.paper("2601.00002", code_url="https://github.com/bo/other")
    jobs.entry("stars").function(lambda: False)
    assert len(site.asked) == 1
    assert "asked for a pause" in Fact.objects.get(paper__key="2601.00002").trouble
    assert Gate.objects.get(host="127.0.0.1").held > time.time() + 1700


@pytest.mark.parametrize(
    ("read", "value", "said"),
    [
        (lambda: source_settings._place("HUB_API", "", "x"), "http://example.org", "https"),
        (lambda: source_settings._secret("GITHUB_TOKEN", "x"), "gehe\u00efm", "no header takes"),
        (lambda: source_settings._chosen("CITATIONS", "off", ("a", "b"), "x"), "everybody", "a, b, both or off"),
    ],
)
def test_a_setting_that_cannot_be_read_is_named(monkeypatch, read, value, said):
    known = list(knobs.KNOBS)
    monkeypatch.setattr(knobs.os.environ, "get", lambda *_: value)
    with pytest.raises(ImproperlyConfigured, match=said) as caught:
        read()
    monkeypatch.undo()
    knobs.KNOBS[:] = known
    assert "BROADSHEET_" in str(caught.value)
    assert "gehe" not in str(caught.value)
