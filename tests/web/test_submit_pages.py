"""The pages of submitting, claiming, links, organisations and authors, as forms without JavaScript."""

import re
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from tests import cast

from broadsheet.accounts import limits, organizations
from broadsheet.accounts.models import Membership, Organization
from broadsheet.community import claims, paper_links
from broadsheet.community.models import Claim, Comment, ModerationEntry, Submission
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db

WEDNESDAY = datetime(2026, 1, 7, 15, tzinfo=UTC)
SCRIPT = "<script>alert(1)</script>"


@pytest.fixture(autouse=True)
def _a_wednesday():
    cache.clear()
    limits.forget()
    with time_machine.travel(WEDNESDAY, tick=True):
        yield


@pytest.fixture
def page(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def author(ada, paper):
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="moderator", state="verified")
    return ada


# --- Submitting -----------------------------------------------------------------------------------------------------


def test_the_form_is_filled_in_from_the_address_and_tells_the_rules(page):
    text = page.get("/papers/submit?paperId=2601.00001").text
    assert 'value="2601.00001"' in text
    assert "within 14 days" in text
    assert "Not on Saturdays and Sundays" in text
    assert "5 papers in 24 hours" in text
    assert "the edition of Wednesday, 7 January 2026" in text
    assert "It works again" not in text


def test_on_a_weekend_the_page_says_from_when_on_it_works(page, paper):
    with time_machine.travel(datetime(2026, 1, 10, 15, tzinfo=UTC)):
        assert "It works again from Monday, 2026-01-12 05:00 UTC on." in page.get("/papers/submit").text
        answer = page.post("/papers/submit", {"paperId": paper.key, "comment": "Kept."})
    assert answer.status_code == 403
    assert 'role="alert"' in answer.text
    assert "Kept." in answer.text, "what was typed is not lost"


def test_the_hour_is_that_of_utc_whatever_the_zone_of_the_pages(page, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    with time_machine.travel(datetime(2026, 1, 10, 15, tzinfo=UTC)):
        assert "2026-01-12 05:00 UTC on." in page.get("/papers/submit").text


def test_the_one_reader_of_a_site_without_sign_in_does_all_of_it(client, paper, settings):
    settings.MODE = "single"
    assert client.post("/papers/submit", {"paperId": paper.key, "comment": "Mine."}).status_code == 302
    assert client.post(f"/papers/{paper.key}/claim", {"author": "Ada Example"}).status_code == 302
    assert client.post(f"/papers/{paper.key}/links", {"code": "https://example.org/code"}).status_code == 302
    assert client.post("/settings/organizations", {"name": "Mine", "slug": "mine"}).status_code == 302
    assert client.get("/settings/papers").status_code == client.get("/organizations/mine").status_code == 200
    assert Paper.objects.get().code_by == "submitter"


def test_a_paper_is_submitted_by_the_form_and_shown_with_who_did_it(page, ada, paper):
    answer = page.post("/papers/submit", {"paperId": f"arXiv:{paper.key}", "comment": "A first word."}, follow=True)
    assert answer.redirect_chain == [(f"/papers/{paper.key}", 302)]
    assert "submitted to the edition of 2026-01-07" in answer.text
    assert re.search(r'Submitted by <a href="/readers/ada">Ada</a> on 7 Jan 2026', answer.text)
    assert Comment.objects.get().author == ada


def test_a_second_submission_leads_to_the_paper_and_says_who_was_first(page, bo, paper):
    other = Client()
    other.force_login(bo)
    other.post("/papers/submit", {"paperId": paper.key})
    answer = page.post("/papers/submit", {"paperId": paper.key})
    assert answer.status_code == 409
    assert "submitted by bo on 2026-01-07" in answer.text
    assert f'<a href="/papers/{paper.key}">' in answer.text


@pytest.mark.parametrize(("typed", "status"), [("", 400), ("no id", 400), (SCRIPT, 400), ("2601.99999", 403)])
def test_what_cannot_be_submitted_is_told_on_the_page(page, typed, status):
    answer = page.post("/papers/submit", {"paperId": typed})
    assert answer.status_code == status
    assert 'role="alert"' in answer.text
    assert SCRIPT not in answer.text


def test_visitors_are_led_to_signing_in_and_back(client, paper):
    for place in ("/papers/submit?paperId=1", f"/papers/{paper.key}/claim", "/settings/papers"):
        answer = client.get(place)
        assert answer.status_code == 302
        assert answer["Location"].startswith("/sign-in?next=%2F")
    assert client.post("/papers/submit", {"paperId": paper.key}).status_code == 302
    assert not Submission.objects.exists()


def test_no_form_is_taken_without_its_token(ada, paper):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    places = ["/papers/submit", "/papers/index", f"/papers/{paper.key}/claim", f"/papers/{paper.key}/links"]
    for place in [*places, "/settings/papers", "/settings/organizations", "/organizations/example-lab"]:
        assert strict.post(place, {"paperId": paper.key, "do": "join"}).status_code == 403, place
    assert not Submission.objects.exists()


# --- Bringing a paper here --------------------------------------------------------------------------------------------


def test_the_page_that_brings_a_paper_here_shows_one_that_is_known(client, paper):
    answer = client.get(f"/papers/index?arxivId={paper.key}v2")
    assert (answer.status_code, answer["Location"]) == (302, f"/papers/{paper.key}")


def test_nothing_is_fetched_by_looking_at_the_page(page, settings):
    settings.OFFLINE = False
    text = page.get("/papers/index?arxivId=2601.99999").text
    assert "Bring 2601.99999 here" in text
    assert not Paper.objects.exists()
    settings.OFFLINE = True
    assert "does not ask the network" in page.get("/papers/index?arxivId=2601.99999").text
    assert page.post("/papers/index", {"arxivId": "2601.99999"}).status_code == 403
    assert page.get(f"/papers/index?arxivId={SCRIPT}").status_code == 400


def test_only_readers_bring_papers_here(client):
    assert client.get("/papers/index?arxivId=2601.99999")["Location"].startswith("/sign-in")
    assert client.post("/papers/index", {"arxivId": "2601.99999"})["Location"].startswith("/sign-in")


# --- Authors ----------------------------------------------------------------------------------------------------------


def test_a_reader_claims_a_paper_by_a_name_of_its_list(page, ada, paper):
    text = page.get(f"/papers/{paper.key}/claim").text
    assert '<option value="Ada Example">' in text
    answer = page.post(f"/papers/{paper.key}/claim", {"author": "Ada Example", "note": SCRIPT}, follow=True)
    assert "A moderator will look at your claim." in answer.text
    assert Claim.objects.get().state == "pending"
    again = page.get(f"/papers/{paper.key}/claim").text
    assert "Withdraw the claim" in again
    assert page.post(f"/papers/{paper.key}/claim", {"author": "Bo Sample"}).status_code == 400
    assert page.post(f"/papers/{paper.key}/claim", {"author": "Cy Nobody"}).status_code == 400


def test_a_verified_author_is_marked_beside_the_name(client, author, paper):
    text = client.get(f"/papers/{paper.key}").text
    assert re.search(r'Ada Example</a> <a class="mark" href="/readers/ada" title="A verified author">', text)
    assert 'href="/authors/Bo%20Sample"' in text
    assert "I wrote this" in text


def test_the_page_for_visitors_is_made_anew_once_an_author_is_verified(client, ada, mo, paper):
    made = claims.claim(ada, paper, "Ada Example")
    assert "A verified author" not in client.get(f"/papers/{paper.key}").text
    claims.decide(mo, made, True, "It looks right.")
    assert "A verified author" in client.get(f"/papers/{paper.key}").text


def test_a_claim_is_hidden_shown_and_withdrawn_by_the_settings_of_its_reader_alone(page, author, bo, paper):
    number = Claim.objects.get().pk
    stranger = Client()
    stranger.force_login(bo)
    for act in ("withdraw", "hide", "show"):
        assert stranger.post("/settings/papers", {act: number}).status_code == 404
    assert "Hide from my page" in page.get("/settings/papers").text
    page.post("/settings/papers", {"hide": number})
    assert Claim.objects.get().hidden
    page.post("/settings/papers", {"show": number})
    assert not Claim.objects.get().hidden
    page.post("/settings/papers", {"withdraw": number})
    assert not Claim.objects.exists()
    for wrong in ("x", "9" * 30, "", "²"):
        assert page.post("/settings/papers", {"withdraw": wrong}).status_code == 404


def test_an_author_has_a_page_with_the_papers_of_exactly_this_name(client):
    cast.paper("2601.00001", authors=["José Ünal", "Bo Sample"])
    cast.paper("2601.00002", "Another Paper", authors=["José Ünal Jr."])
    cast.paper("2601.00003", "A Third Paper", authors=['José "Joe" Ünal', "Back\\slash"])
    text = client.get("/authors/José Ünal").text
    assert 'href="/papers/2601.00001"' in text
    assert "2601.00002" not in text
    assert "A Third Paper" in client.get('/authors/José "Joe" Ünal').text
    assert "A Third Paper" in client.get("/authors/Back\\slash").text
    for unknown in ("José", "%", "Nobody", "a%00b", SCRIPT):
        assert client.get(f"/authors/{unknown}").status_code == 404


def test_an_authors_page_says_that_it_shows_the_newest(client, monkeypatch):
    monkeypatch.setattr("broadsheet.web.views.organizations.AUTHORS_PAPERS", 2)
    for number in range(3):
        cast.paper(f"2601.0000{number}", f"Paper {number}", day=date(2026, 1, number + 1))
    text = client.get("/authors/Ada Example").text
    assert "The newest 2 papers" in text
    assert "2601.00002" in text
    assert "2601.00000" not in text


# --- Links ------------------------------------------------------------------------------------------------------------


def test_an_author_sets_links_and_everybody_sees_who_did(page, client, author, paper):
    form = page.get(f"/papers/{paper.key}/links").text
    assert 'name="code"' in form
    answer = page.post(f"/papers/{paper.key}/links", {"code": "https://github.com/example/code"}, follow=True)
    assert "Code set by an author" in answer.text
    shown = Client().get(f"/papers/{paper.key}/links").text
    assert "nothing became https://github.com/example/code" in re.sub(r"\s+", " ", shown)
    assert 'name="code"' not in shown


def test_where_links_come_from_is_told(client):
    found = cast.paper(abstract="Our code: https://github.com/example/found.", project_url="https://example.org/told")
    text = client.get(f"/papers/{found.key}").text
    assert "Code found in the abstract" in text
    assert "Project page from the source" in text


def test_an_address_that_cannot_be_shown_stands_with_its_error(page, author, paper):
    answer = page.post(f"/papers/{paper.key}/links", {"code": "javascript:alert(1)"})
    assert answer.status_code == 400
    assert "is not a web address" in answer.text
    assert Paper.objects.get().code_url == ""


def test_an_address_of_a_source_that_was_not_touched_is_not_checked(page, author, paper):
    Paper.objects.update(project_url="odd address of a source")
    form = {"project": "odd address of a source", "code": "https://example.org/code"}
    assert page.post(f"/papers/{paper.key}/links", form).status_code == 302
    assert Paper.objects.get().code_url == "https://example.org/code"


def test_who_did_not_write_or_submit_a_paper_cannot_set_its_links(page, paper):
    answer = page.post(f"/papers/{paper.key}/links", {"code": "https://example.org"})
    assert answer.status_code == 403
    assert Client().post(f"/papers/{paper.key}/links", {"code": "https://example.org"}).status_code == 302
    assert Paper.objects.get().code_url == ""


def test_a_member_gives_a_paper_to_an_organisation_and_a_moderator_to_any(page, author, mo, paper):
    organizations.found(author, "example-lab", "Example Lab")
    organizations.found(mo, "other-lab", "Other Lab")
    assert page.post(f"/papers/{paper.key}/links", {"organization": "other-lab"}).status_code == 400
    answer = page.post(f"/papers/{paper.key}/links", {"organization": "example-lab"}, follow=True)
    assert '<a href="/organizations/example-lab">Example Lab</a>' in answer.text
    moderator = Client()
    moderator.force_login(mo)
    moderator.post(f"/papers/{paper.key}/links", {"organization": "other-lab"})
    assert [row.after for row in paper_links.history(paper)] == ["other-lab", "example-lab"]


def test_unknown_papers_have_none_of_these_pages(page):
    for act in ("claim", "links"):
        assert page.get(f"/papers/2601.99999/{act}").status_code == 404


# --- Organisations ----------------------------------------------------------------------------------------------------


def test_a_reader_founds_an_organisation_another_asks_and_is_admitted(page, ada, bo):
    founded = page.post("/settings/organizations", {"name": f"Lab {SCRIPT}", "slug": "example-lab"}, follow=True)
    assert founded.redirect_chain == [("/organizations/example-lab", 302)]
    assert SCRIPT not in founded.text
    other = Client()
    other.force_login(bo)
    assert "Ask to join" in other.get("/organizations/example-lab").text
    other.post("/organizations/example-lab", {"do": "join"})
    assert "Take it back" in other.get("/organizations/example-lab").text
    assert other.post("/organizations/example-lab", {"do": "admit", "reader": "bo"}).status_code == 403
    assert "Who asks to join" not in other.get("/organizations/example-lab").text
    assert "Who asks to join" in page.get("/organizations/example-lab").text
    assert "1 asks to join" in page.get("/settings/organizations").text
    page.post("/organizations/example-lab", {"do": "admit", "reader": "bo"})
    page.post("/organizations/example-lab", {"do": "own", "reader": "bo"})
    assert Membership.objects.filter(owner=True).count() == 2
    other.post("/organizations/example-lab", {"do": "dismiss", "reader": "ada"})
    assert other.post("/organizations/example-lab", {"do": "leave"}).status_code == 409
    assert [row.reader for row in Membership.objects.all()] == [bo]


def test_owners_describe_it_and_others_do_not(page, ada, bo):
    organizations.found(ada, "example-lab", "Example Lab")
    place = "/settings/organizations/example-lab"
    page.post(place, {"name": "Example Lab", "about": "We write.", "website": "https://example.org"})
    assert "We write." in page.get("/organizations/example-lab").text
    assert page.post(place, {"name": "X", "website": "javascript:alert(1)"}).status_code == 400
    other = Client()
    other.force_login(bo)
    assert other.get(place).status_code == 403
    assert other.post(place, {"name": "Mine"}).status_code == 403
    assert Organization.objects.get().name == "Example Lab"


def test_a_moderator_verifies_with_a_reason_that_is_public(client, ada, mo):
    organizations.found(ada, "example-lab", "Example Lab")
    assert "not verified" in client.get("/organizations/example-lab").text
    moderator = Client()
    moderator.force_login(mo)
    assert moderator.post("/organizations/example-lab", {"do": "verify"}).status_code == 400
    moderator.post("/organizations/example-lab", {"do": "verify", "reason": "Their own site names it."})
    assert ModerationEntry.objects.get().verb == "verify-group"
    assert "not verified" not in client.get("/organizations/example-lab").text
    asker = Client()
    asker.force_login(ada)
    moderator.post("/organizations/example-lab", {"do": "doubt", "reason": "It has changed hands."})
    answer = asker.post("/organizations/example-lab", {"do": "verify", "reason": "It is mine."})
    assert answer.status_code == 403


def test_an_organisation_that_only_papers_name_has_its_page_and_nothing_to_join(client, page):
    cast.paper(organization_slug="far/lab", organization="Far Lab")
    assert "Named by papers" in client.get("/organizations/far/lab").text
    assert '<a href="/organizations/far/lab">Far Lab</a>' in client.get("/organizations").text
    assert page.post("/organizations/far/lab", {"do": "join"}).status_code == 404
    assert client.get("/organizations/nowhere").status_code == 404


def test_a_form_that_says_nothing_changes_nothing(page, ada):
    organizations.found(ada, "example-lab", "Example Lab")
    assert page.post("/organizations/example-lab", {"do": "anything"}).status_code == 400
    assert page.post("/organizations/example-lab", {"do": "dismiss", "reader": "nobody"}).status_code == 404


def test_a_name_that_is_taken_is_told_at_its_field(page, bo):
    answer = page.post("/settings/organizations", {"name": "The Lab", "slug": "bo"})
    assert answer.status_code == 400
    assert "The name bo is taken" in answer.text
