"""Summaries by a model: whose, how many a day, what happens to bad answers, new texts and people's corrections."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.utils import timezone
from tests import cast
from tests.facts_site import FactsSite, page, told
from tests.gates import polite

from broadsheet.enrich import facts
from broadsheet.enrich.models import Fact
from broadsheet.enrich.run import run
from broadsheet.enrich.summaries import Summaries
from broadsheet.errors import Refused
from broadsheet.hub import paper_markdown
from broadsheet.papers.models import Counter, Paper
from broadsheet.sources.openai_chat import Chat

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
GOOD = "The paper measures how short papers grow. It finds that they grow slowly."


@pytest.fixture
def now(time_machine):
    cache.clear()
    time_machine.move_to(NOW, tick=False)
    return time_machine


@pytest.fixture
def site(now) -> Iterator[FactsSite]:
    site = FactsSite()
    site.says = lambda _: GOOD
    yield site
    site.close()


def kind(site: FactsSite, model: str = "example-small", per_day: int = 100) -> Summaries:
    return Summaries(Chat(polite(), site.at("model"), model), per_day)


def test_a_summary_is_kept_with_its_model_and_the_abstract_stays(site, paper):
    assert run([kind(site)]) == "Papers looked at: 1 for summaries."
    shown = facts.of(paper)[0]
    assert (shown.text, shown.source, shown.date) == (GOOD, "example-small", NOW)
    assert "example-small" in shown.origin
    paper.refresh_from_db()
    assert (paper.abstract, paper.machine_summary) == ("We measure how short papers grow.", "")


def test_what_has_no_abstract_of_its_authors_is_not_summarised(site):
    cast.paper("2601.00001", abstract="")
    cast.paper("2601.00002", abstract_kind="description")
    cast.paper("2601.00003", withdrawn=NOW)
    run([kind(site)])
    assert site.asked == []


def test_a_day_has_its_number_and_the_newest_and_most_voted_come_first(site, now):
    for number in range(4):
        cast.paper(f"2601.0000{number}", imported_votes=number)
    run([kind(site, per_day=2)])
    run([kind(site, per_day=2)])
    assert len(site.asked) == 2
    assert set(Fact.objects.values_list("paper__key", flat=True)) == {"2601.00003", "2601.00002"}
    now.move_to(NOW + timedelta(days=1), tick=False)
    run([kind(site, per_day=2)])
    assert Fact.objects.count() == 4


def test_questions_that_failed_and_those_to_another_model_count_for_the_day(site, paper, now):
    cast.paper("2601.00009")
    site.faults = [page]
    run([kind(site, per_day=2)])
    now.move_to(NOW + timedelta(hours=2), tick=False)
    run([kind(site, "example-large", per_day=2)])
    assert len(site.asked) == 2
    now.move_to(NOW + timedelta(days=1), tick=False)
    run([kind(site, "example-large", per_day=2)])
    assert len(site.asked) > 2
    assert Counter.objects.filter(name__startswith="summaries ").count() == 1


def test_a_change_of_something_else_asks_nobody_and_a_new_text_does(site, paper):
    run([kind(site)])
    Paper.objects.update(stamp=50)
    run([kind(site)])
    assert len(site.asked) == 1
    assert Fact.objects.get().stamp == 50
    Paper.objects.update(stamp=60, abstract="We measure something else.")
    site.says = lambda _: GOOD.replace("slowly", "quickly")
    run([kind(site, "example-large")])
    assert [(fact.source, fact.text[-8:]) for fact in facts.of(paper)] == [("example-large", "quickly.")]


def test_an_answer_that_is_no_summary_is_put_off_and_shown_nowhere(site, paper):
    site.says = lambda _: "I'm sorry, I cannot help with that."
    run([kind(site)])
    fact = Fact.objects.get()
    assert (fact.value, fact.trouble, fact.next_at) == ({}, "The model refused.", NOW + timedelta(days=30))
    run([kind(site)])
    assert len(site.asked) == 1
    assert facts.of(paper) == []


def test_trouble_with_the_endpoint_is_tried_again_with_growing_pauses(site, paper, now):
    site.faults = [page]
    run([kind(site)])
    assert Fact.objects.get().next_at == NOW + timedelta(hours=1)
    now.move_to(NOW + timedelta(hours=1), tick=False)
    run([kind(site)])
    assert facts.of(paper)[0].text == GOOD


def test_a_key_that_is_not_taken_ends_the_run(site, paper):
    site.faults = [lambda _: told({"error": {"message": "Incorrect API key provided."}}, 401)]
    with pytest.raises(Refused, match="Incorrect API key"):
        run([kind(site)])
    assert not Fact.objects.exists()


def test_what_a_person_wrote_is_not_written_anew(site, paper, mo):
    run([kind(site)])
    own = {"text": "It measures short papers, and they grow."}
    Fact.objects.update(corrected=own, corrected_by=mo, corrected_at=timezone.now())
    Paper.objects.update(stamp=60, abstract="We measure something else.")
    run([kind(site)])
    assert len(site.asked) == 1
    assert facts.of(paper)[0].text == own["text"]


def test_the_page_escapes_whatever_a_model_says(site, paper, client):
    site.says = lambda _: 'It finds that a < b and "c" & d hold in nearly all of them.'
    run([kind(site)])
    text = client.get(f"/papers/{paper.key}").text
    assert "a &lt; b and &quot;c&quot; &amp; d hold" in text


def test_the_markdown_tells_the_summary_with_its_model(site, paper):
    run([kind(site)])
    assert f"## Summary\n\n{GOOD}\n\n_written by the model example-small" in paper_markdown(paper)
