"""Stars of repositories as facts: who is asked, how often, what is kept, what fails, and what the page shows."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from tests import cast
from tests.facts_site import FactsSite, Repo, down, page
from tests.gates import polite

from broadsheet.enrich import facts, stars
from broadsheet.enrich.models import Fact, Repository, StarsSeen
from broadsheet.enrich.run import run
from broadsheet.errors import Refused, Upstream
from broadsheet.sources.github import GitHub

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)


@pytest.fixture
def site() -> Iterator[FactsSite]:
    site = FactsSite()
    site.repos = {"ada/deep": Repo(120), "bo/old": Repo(0, renamed="ada/deep")}
    yield site
    site.close()


@pytest.fixture
def now(time_machine):
    time_machine.move_to(NOW, tick=False)
    return time_machine


def kind(site: FactsSite) -> stars.Stars:
    return stars.Stars(GitHub(polite(), site.at("github"), site.token))


def value(paper):
    return Fact.objects.get(paper=paper, kind="stars").value


def test_the_stars_of_a_papers_repository_are_kept_with_their_day(site, now):
    paper = cast.paper(code_url="https://github.com/Ada/Deep.git", code_stars=500)
    assert run([kind(site)]) == "Papers looked at: 1 for stars."
    assert value(paper) == {"asked": "ada/deep", "repository": "ada/deep", "stars": 120, "archived": False}
    assert list(StarsSeen.objects.values_list("day", "stars")) == [(NOW.date(), 120)]
    paper.refresh_from_db()
    assert paper.code_stars == 120


def test_a_repository_that_only_the_abstract_names_is_read_too(site, now):
    paper = cast.paper(abstract="Our code is at https://github.com/ada/deep .")
    run([kind(site)])
    assert value(paper)["stars"] == 120
    paper.refresh_from_db()
    assert paper.code_stars is None


def test_nobody_is_asked_twice_before_it_is_time(site, now):
    cast.paper(code_url="https://github.com/ada/deep")
    run([kind(site)])
    run([kind(site)])
    assert len(site.asked) == 1


def test_a_repository_that_several_papers_name_is_asked_for_once(site, now):
    for number in range(3):
        cast.paper(f"2601.0000{number}", code_url="https://github.com/ada/deep")
    run([kind(site)])
    assert len(site.asked) == 1
    assert Fact.objects.filter(kind="stars", value__stars=120).count() == 3


def test_the_next_day_only_what_changed_is_told_and_every_day_has_its_count(site, now):
    cast.paper(code_url="https://github.com/ada/deep")
    run([kind(site)])
    now.move_to(NOW + timedelta(days=1), tick=False)
    run([kind(site)])
    assert site.asked[1][3]["if-none-match"].startswith('W/"')
    now.move_to(NOW + timedelta(days=2), tick=False)
    site.repos["ada/deep"].stars = 90
    run([kind(site)])
    assert list(StarsSeen.objects.order_by("day").values_list("stars", flat=True)) == [120, 120, 90]
    assert Repository.objects.get().stars == 90


def test_an_older_paper_is_read_weekly(site, now):
    paper = cast.paper(code_url="https://github.com/ada/deep", day=NOW.date() - timedelta(days=90))
    run([kind(site)])
    assert Fact.objects.get(paper=paper).next_at - NOW == timedelta(days=7, hours=-2)


def test_the_newest_and_most_voted_come_first(site, now):
    cast.paper("2601.00001", code_url="https://github.com/ada/deep", imported_votes=1)
    cast.paper("2601.00002", code_url="https://github.com/bo/old", imported_votes=9)
    cast.paper(
        "2601.00003", code_url="https://github.com/mo/older", day=NOW.date() - timedelta(days=9), imported_votes=99
    )
    keys = kind(site).wanted(NOW).values_list("key", flat=True)
    assert list(keys) == ["2601.00002", "2601.00001", "2601.00003"]


def test_a_renamed_repository_is_shown_by_its_new_name_and_a_missing_one_as_gone(site, now):
    renamed = cast.paper("2601.00001", code_url="https://github.com/bo/old")
    missing = cast.paper("2601.00002", code_url="https://github.com/bo/nothing", code_stars=7)
    run([kind(site)])
    assert value(renamed)["repository"] == "ada/deep"
    assert value(missing) == {"asked": "bo/nothing", "gone": True}
    missing.refresh_from_db()
    assert missing.code_stars == 7
    assert "not there any more" in facts.of(missing)[0].text


def test_an_account_is_no_repository_and_is_not_asked_for(site, now):
    paper = cast.paper(code_url="https://github.com/ada")
    run([kind(site)])
    assert value(paper) == {}
    assert site.asked == []


def test_with_a_token_all_are_asked_for_in_one_question(site, now):
    site.token = "made-up"
    for number, name in enumerate(("ada/deep", "bo/old", "bo/nothing")):
        cast.paper(f"2601.0000{number}", code_url=f"https://github.com/{name}")
    run([kind(site)])
    assert site.paths() == ["/github/graphql"]
    assert Repository.objects.filter(gone=True).count() == 1


def test_a_failure_is_kept_with_the_fact_and_the_pause_grows(site, now):
    paper = cast.paper(code_url="https://github.com/ada/deep")
    for tries, hours in ((1, 1), (2, 2), (3, 4)):
        site.faults = [page]
        run([kind(site)])
        fact = Fact.objects.get(paper=paper)
        assert (fact.tries, fact.next_at - stars.timezone.now()) == (tries, timedelta(hours=hours))
        assert "not JSON" in fact.trouble
        now.move_to(fact.next_at, tick=False)
    run([kind(site)])
    fact = Fact.objects.get(paper=paper)
    assert (fact.tries, fact.trouble, fact.value["stars"]) == (0, "", 120)


def test_a_repository_that_failed_is_put_off_for_all_papers(site, now):
    cast.paper("2601.00001", code_url="https://github.com/ada/deep")
    site.faults = [page]
    run([kind(site)])
    other = cast.paper("2601.00002", code_url="https://github.com/ada/deep")
    run([kind(site)])
    assert len(site.asked) == 1
    assert Fact.objects.get(paper=other).next_at == NOW + timedelta(hours=1)


def test_after_three_failures_in_a_row_the_place_is_left_alone(site, now):
    for number in range(9):
        cast.paper(f"2601.0000{number}", code_url=f"https://github.com/ada/r{number}")
    site.faults = [page] * 9
    with pytest.raises(Upstream):
        run([kind(site)])
    assert len(site.asked) == 3


def test_a_host_that_asks_for_a_long_pause_is_not_asked_meanwhile(site, now):
    cast.paper(code_url="https://github.com/ada/deep")
    site.faults = [down]
    run([kind(site)])
    assert len(site.asked) == 1
    assert "600 s" in Fact.objects.get().trouble


def test_a_refusal_ends_the_run_and_marks_no_paper(site, now):
    cast.paper(code_url="https://github.com/ada/deep")
    site.left = 0
    with pytest.raises(Refused, match="rate limit"):
        run([kind(site)])
    assert not Fact.objects.exists()


def test_a_stopped_run_is_carried_on_by_the_next(site, now):
    for number in range(4):
        site.repos[f"ada/r{number}"] = Repo(number)
        cast.paper(f"2601.0000{number}", code_url=f"https://github.com/ada/r{number}")
    asked = []

    def stop() -> bool:
        asked.append(1)
        return len(asked) > 4

    run([kind(site)], stop)
    first = len(site.asked)
    assert 0 < first < 4
    run([kind(site)])
    assert len(site.asked) == 4


def test_the_page_shows_the_line_with_words_and_a_table(site, now, client):
    cache.clear()
    paper = cast.paper(code_url="https://github.com/ada/deep")
    for day, count in enumerate((100, 140, 130)):
        now.move_to(NOW + timedelta(days=day), tick=False)
        site.repos["ada/deep"].stars = count
        run([kind(site)])
    text = client.get(f"/papers/{paper.key}").text
    assert 'points="2.0,46.0 120.0,2.0 238.0,13.0"' in text
    assert "Stars from 2026-01-06 to 2026-01-08: 100 became 130." in text
    assert text.count("<td>140</td>") == 1
    assert "<script" not in text[text.index("Stars over time") : text.index("Versions</h2>")]
