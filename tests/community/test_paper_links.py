"""Code, project page and organisation of a paper as people set them, and who may overrule whom."""

import pytest
from django.contrib.auth.models import AnonymousUser
from hypothesis import given
from hypothesis import strategies as st
from tests import cast
from tests.records import record

from broadsheet.accounts import organizations
from broadsheet.community import claims, groups, paper_links
from broadsheet.community.models import Claim, LinkChange, ModerationEntry, Submission
from broadsheet.errors import BadInput, Conflict, NotFound, Refused, SignInNeeded
from broadsheet.hub.items import web_url
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db

CODE = "https://github.com/example/short-papers"


@pytest.fixture
def author(ada, paper):
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="moderator", state="verified")
    return ada


@pytest.fixture
def submitter(bo, paper):
    Submission.objects.create(paper=paper, reader=bo, day=paper.day)
    return bo


def test_an_author_sets_code_and_project_and_it_is_kept_who_did(author, paper):
    paper.code_stars = 7
    paper.save()
    paper_links.set_links(author, paper, code=f" {CODE} ", project="HTTPS://Example.ORG/")
    paper = Paper.objects.get()
    assert (paper.code_url, paper.code_by, paper.code_stars) == (CODE, "author", None)
    assert (paper.project_url, paper.project_by) == ("https://example.org", "author")
    assert [(row.field, row.before, row.after, row.by, row.reader) for row in paper_links.history(paper)] == [
        ("project", "", "https://example.org", "author", author),
        ("code", "", CODE, "author", author),
    ]


def test_submitters_and_moderators_set_links_too_and_nobody_else(submitter, mo, paper):
    paper_links.set_links(submitter, paper, code=CODE)
    assert Paper.objects.get().code_by == "submitter"
    paper_links.set_links(mo, paper, code=f"{CODE}2")
    assert Paper.objects.get().code_by == "moderator"
    with pytest.raises(Refused, match="Only its authors"):
        paper_links.set_links(cast.reader("cy"), paper, code=CODE)
    with pytest.raises(SignInNeeded):
        paper_links.set_links(AnonymousUser(), paper, code=CODE)


def test_a_claim_that_waits_sets_nothing(ada, paper):
    claims.claim(ada, paper, "Ada Example")
    with pytest.raises(Refused):
        paper_links.set_links(ada, paper, code=CODE)


def test_a_submitter_does_not_overrule_an_author_nor_an_author_a_moderator(author, submitter, mo, paper):
    paper_links.set_links(submitter, paper, code=f"{CODE}1")
    paper_links.set_links(author, paper, code=f"{CODE}2")
    with pytest.raises(Refused, match="set by an author"):
        paper_links.set_links(submitter, paper, code="")
    paper_links.set_links(mo, paper, code=f"{CODE}3")
    with pytest.raises(Refused, match="set by a moderator"):
        paper_links.set_links(author, paper, code=CODE, project="https://example.org")
    paper = Paper.objects.get()
    assert (paper.code_url, paper.project_url) == (f"{CODE}3", ""), "all of a change or nothing"


def test_nothing_given_or_the_same_again_changes_nothing(author, paper):
    paper_links.set_links(author, paper, code=CODE)
    paper_links.set_links(author, paper)
    paper_links.set_links(author, paper, code=CODE, project="", organization="")
    assert LinkChange.objects.count() == 1


def test_what_is_removed_comes_back_from_the_sources_when_they_are_read_again(author, paper):
    told = record(paper.key, title=paper.title, abstract=paper.abstract, code_url="https://example.org/told")
    store([told])
    paper_links.set_links(author, paper, code=CODE)
    store([told])
    assert Paper.objects.get().code_url == CODE
    paper_links.set_links(author, paper, code="")
    assert (Paper.objects.get().code_url, Paper.objects.get().code_by) == ("", "")
    store([told])
    assert Paper.objects.get().code_url == "https://example.org/told"


def test_what_only_a_source_says_is_replaced_and_not_removed(author, paper):
    store([record(paper.key, title=paper.title, abstract=paper.abstract, code_url="https://example.org/told")])
    paper_links.set_links(author, paper, code="")
    assert Paper.objects.get().code_url == "https://example.org/told"
    assert not LinkChange.objects.exists()


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("https://GitHub.com/Example/Code", "https://github.com/Example/Code"),
        ("http://example.org:80/a?b=c#d", "http://example.org/a?b=c#d"),
        ("https://example.org:8443/", "https://example.org:8443"),
        ("https://example.org/", "https://example.org"),
        ("https://bücher.example/über", "https://bücher.example/über"),
        ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ],
)
def test_addresses_come_to_one_form(given, normal):
    assert paper_links.normal_address(given) == normal
    assert paper_links.normal_address(normal) == normal


@pytest.mark.parametrize(
    "given",
    [
        "javascript:alert(1)",
        "JaVaScRiPt://example.org/%0aalert(1)",
        "data:text/html,hello",
        "ftp://example.org/x",
        "//example.org",
        "example.org/code",
        "https://",
        "https://localhost/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://[broken/x",
        "https://ada:secret@example.org",
        "https://example.org/a b",
        "https://example.org/\u0000",
        "https://example.org/\r\nSet-Cookie: a=b",
        'https://example.org/"><script>',
        "https://example.org:99999/x",
        "https://exa_mple..org",
        "https://example.org/" + "x" * 300,
    ],
)
def test_what_a_browser_should_not_be_sent_to_is_refused(author, paper, given):
    with pytest.raises(BadInput, match="not a web address"):
        paper_links.set_links(author, paper, project=given)
    assert Paper.objects.get().project_url == ""


@given(st.text(max_size=80).map(lambda text: f"https://example.org/{text}") | st.text(max_size=80))
def test_every_address_that_is_taken_is_one_that_is_shown_and_stays_as_it_is(text):
    try:
        normal = paper_links.normal_address(text)
    except BadInput:
        return
    assert web_url(normal) == normal == paper_links.normal_address(normal)


def test_an_organisation_is_given_by_its_members_and_by_moderators(author, mo, paper):
    group = organizations.found(author, "example-lab", "Example Lab")
    paper_links.set_links(author, paper, organization="Example-Lab")
    paper = Paper.objects.get()
    assert (paper.organization_slug, paper.organization, paper.organization_by) == (
        "example-lab",
        "Example Lab",
        "author",
    )
    assert list(groups.papers_of("example-lab")) == [paper]
    other = organizations.found(mo, "other-lab", "Other Lab")
    with pytest.raises(Refused, match="not a member of Other Lab"):
        paper_links.set_links(author, paper, organization=other.slug)
    with pytest.raises(NotFound, match="no organisation 'nowhere'"):
        paper_links.set_links(author, paper, organization="nowhere")
    paper_links.set_links(mo, paper, organization=group.slug)
    assert Paper.objects.get().organization_by == "author", "the same again changes nothing"
    paper_links.set_links(mo, paper, organization="other-lab")
    assert Paper.objects.get().organization_by == "moderator"


def test_papers_that_were_given_to_an_organisation_follow_its_name_and_others_do_not(author, paper):
    group = organizations.found(author, "example-lab", "Example Lab")
    paper_links.set_links(author, paper, organization="example-lab")
    told = cast.paper("2601.00002", organization_slug="example-lab", organization="As the source has it")
    groups.describe(author, group, name="Example Laboratory")
    paper.refresh_from_db()
    told.refresh_from_db()
    assert (paper.organization, told.organization) == ("Example Laboratory", "As the source has it")


def test_a_moderator_verifies_an_organisation_in_the_public_log_and_a_new_name_must_be_looked_at_again(ada, mo):
    group = organizations.found(ada, "example-lab", "Example Lab")
    with pytest.raises(Refused):
        groups.verify(ada, group, verified=True, reason="It is mine.")
    groups.verify(mo, group, verified=True, reason="Their own site names it.")
    entry = ModerationEntry.objects.get()
    assert (entry.verb, entry.account, entry.detail) == ("verify-group", "ada", {"organization": "example-lab"})
    with pytest.raises(Conflict):
        groups.verify(mo, group, verified=True, reason="Their own site names it.")
    group.refresh_from_db()
    assert group.verified
    assert groups.describe(ada, group, name="Example Lab", about="We write.").verified
    assert not groups.describe(ada, group, name="Another Lab").verified


def test_organisations_that_only_papers_name_are_known(ada):
    cast.paper("2601.00002", organization_slug="far-lab", organization="Far Lab")
    organizations.found(ada, "example-lab", "Example Lab")
    assert [(one.slug, one.name, one.papers) for one in groups.groups()] == [
        ("far-lab", "Far Lab", 1),
        ("example-lab", "Example Lab", 0),
    ]
    assert groups.group("far-lab").founded is None
    assert groups.group("example-lab").papers == 0
    for unknown in ("nowhere", "", "a\0b"):
        with pytest.raises(NotFound):
            groups.group(unknown)
