"""Stars at GitHub: addresses, ETags, renamed and missing repositories, limits, a hundred at once, broken answers."""

import time
from collections.abc import Iterator

import pytest
from tests.facts_site import FactsSite, Repo, broken, down, page, slow, told
from tests.gates import Gates, polite

from broadsheet.errors import Refused, Upstream
from broadsheet.sources.github import GitHub, Seen, name_of


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.repos = {"ada/deep": Repo(120), "bo/old": Repo(0, renamed="ada/deep"), "mo/shelf": Repo(7, archived=True)}
    yield site
    site.close()


@pytest.fixture
def github(site):
    return GitHub(polite(), site.at("github"))


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("https://github.com/Ada/Deep", "ada/deep"),
        ("http://www.github.com/ada/deep.git", "ada/deep"),
        ("https://github.com/ada/deep/tree/main/src?tab=readme#top", "ada/deep"),
        ("https://github.com/ada/deep.", "ada/deep"),
        ("https://github.com/ada/my.pages_1/", "ada/my.pages_1"),
        ("https://github.com/ada", ""),
        ("https://github.com/orgs/ada", ""),
        ("https://github.com/ada/..", ""),
        ("https://github.com/-ada/deep", ""),
        ("https://github.com/ada/de ep", ""),
        ("https://gitlab.com/ada/deep", ""),
        ("https://github.com.example.org/ada/deep", ""),
        ("ftp://github.com/ada/deep", ""),
        ("https://[github.com/ada/deep", ""),
        ("", ""),
    ],
)
def test_an_address_names_a_repository_or_none(address, name):
    assert name_of(address) == name


def test_stars_are_told_with_an_etag(github):
    seen = github.one("ada/deep")
    assert (seen.name, seen.stars, seen.archived, seen.gone) == ("ada/deep", 120, False, False)
    assert seen.etag.startswith('W/"')


def test_what_has_not_changed_is_not_told_again(github, site):
    etag = github.one("ada/deep").etag
    assert github.one("ada/deep", etag) == Seen("ada/deep", etag=etag)
    site.repos["ada/deep"].stars = 121
    assert github.one("ada/deep", etag).stars == 121


def test_a_renamed_repository_is_followed_to_its_new_name(github):
    seen = github.one("bo/old")
    assert (seen.name, seen.stars) == ("ada/deep", 120)


def test_a_missing_one_is_gone_and_an_archived_one_says_so(github):
    assert github.one("bo/nothing") == Seen("bo/nothing", gone=True)
    assert github.one("mo/shelf").archived


def test_one_that_was_taken_down_is_gone(github, site):
    site.faults = [lambda _: told({"message": "Repository access blocked"}, 451)]
    assert github.one("ada/deep").gone


def test_the_last_answer_of_the_hour_closes_the_gate_until_it_is_over(site):
    gates = Gates()
    github = GitHub(polite(gates=gates), site.at("github"))
    site.left = 1
    assert github.one("ada/deep").stars == 120
    assert 1700 < gates.held["127.0.0.1"] - time.time() < 1801
    with pytest.raises(Upstream, match="asked for a pause"):
        github.one("mo/shelf")
    assert len(site.asked) == 1


def test_who_comes_after_the_last_answer_is_told_so(site):
    gates = Gates()
    site.left = 0
    with pytest.raises(Refused, match=r"GitHub refused to answer \(403\): API rate limit exceeded") as caught:
        GitHub(polite(gates=gates), site.at("github")).one("ada/deep")
    assert "BROADSHEET_GITHUB_TOKEN" in caught.value.hint
    assert gates.held["127.0.0.1"] > time.time() + 1700


def test_the_second_limit_is_heeded_by_its_retry_after(site):
    gates = Gates()
    message = "You have exceeded a secondary rate limit."
    site.faults = [lambda _: told({"message": message}, 403, Retry_After="90")]
    with pytest.raises(Refused, match="secondary rate limit"):
        GitHub(polite(gates=gates), site.at("github")).one("ada/deep")
    assert 85 < gates.held["127.0.0.1"] - time.time() <= 90


@pytest.mark.parametrize("fault", [page, broken, down, lambda _: told([]), lambda _: told({"stargazers_count": -1})])
def test_an_answer_that_is_none_is_trouble_upstream(github, site, fault):
    site.faults = [fault]
    with pytest.raises(Upstream):
        github.one("ada/deep")


def test_an_answer_in_drops_is_read_to_its_end(github, site):
    site.faults = [slow]
    assert github.one("ada/deep").stars == 120


def test_with_a_token_many_are_asked_for_at_once(site):
    site.token = "made-up"
    github = GitHub(polite(), site.at("github"), "made-up")
    found = github.many(["ada/deep", "bo/old", "bo/nothing", "mo/shelf"])
    assert found == {
        "ada/deep": Seen("ada/deep", 120),
        "bo/old": Seen("ada/deep", 120),
        "bo/nothing": Seen("bo/nothing", gone=True),
        "mo/shelf": Seen("mo/shelf", 7, archived=True),
    }
    assert site.paths() == ["/github/graphql"]


def test_names_are_no_part_of_the_question(site):
    site.token = "made-up"
    GitHub(polite(), site.at("github"), "made-up").many(['ada/x")evil'])
    sent = site.asked[0][4]
    assert "evil" not in sent["query"]
    assert sent["variables"]["n0"] == 'x")evil'


def test_a_token_that_is_not_taken_is_refused_by_name(site):
    site.token = "another"
    with pytest.raises(Refused, match="Bad credentials") as caught:
        GitHub(polite(), site.at("github"), "made-up").many(["ada/deep"])
    assert "made-up" not in str(caught.value)


@pytest.mark.parametrize("answer", [{"errors": [{"message": "Something went wrong"}]}, {"data": None}, []])
def test_an_answer_without_data_is_trouble_upstream(site, answer):
    site.token = "made-up"
    site.faults = [lambda _: told(answer)]
    with pytest.raises(Upstream, match="no data"):
        GitHub(polite(), site.at("github"), "made-up").many(["ada/deep"])
