"""What an edition of a digest holds: shared by those with the same wishes, frozen, and never the same paper twice."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from filelock import FileLock
from tests import cast

from broadsheet.community import merging
from broadsheet.ledger import keeping
from broadsheet.mail import choosing, history, message
from broadsheet.mail.models import Cadence, Choice, Delivery, Pick, State, Subscription
from broadsheet.mail.preferences import Preferences, preferences_key
from broadsheet.papers.models import Paper
from broadsheet.search import current
from broadsheet.search.keeping import upkeep

THURSDAY, FRIDAY = date(2026, 11, 19), date(2026, 11, 20)
NOW = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)

pytestmark = pytest.mark.django_db


def subscription(address="ada@example.org", kind="day", value="", *, reader=None, covered=THURSDAY, paper=0, **wishes):
    preferences = Preferences(**({"cadence": Cadence.DAILY} | wishes))
    return Subscription.objects.create(
        address=address,
        kind=kind,
        value=value,
        reader=reader,
        preferences=preferences_key(kind, value, preferences),
        state=State.ACTIVE,
        due=NOW,
        covered_day=covered,
        covered_paper=paper,
        covered_until=NOW - timedelta(days=1),
        **preferences.columns(),
    )


def paper(number, title=None, votes=0, **more):
    facts = {"day": FRIDAY, "announced": FRIDAY, "imported_votes": votes}
    return cast.paper(f"2611.{number:05}", title or f"Paper number {number}", **(facts | more))


def told(subscribed, choice):
    """What the sender does with a choice."""
    return Delivery.objects.create(subscription=subscribed, edition=choice.edition, choice=choice)


def keys(choice):
    return [pick.paper.key for pick in choice.picks.select_related("paper")]


def choose(subscribed, now=NOW):
    return choosing.choices_for([subscribed], now)[subscribed.pk]


def test_a_digest_holds_what_is_new_with_the_most_voted_first():
    known = paper(1, votes=1, day=THURSDAY)
    paper(2, votes=3)
    paper(3, votes=40)
    choice = choose(subscription(paper=known.pk))
    assert keys(choice) == ["2611.00003", "2611.00002"]
    assert choice.edition == "2026-11-20"
    assert choice.facts["chosen_from"] == 2


def test_each_paper_says_why_it_is_here():
    paper(1, votes=30)
    paper(2, votes=20, categories=["cs.CV"])
    paper(3, votes=5, categories=["cs.CV"])
    paper(4, categories=["math.CO"])
    paper(5, categories=[])
    why = dict(choose(subscription()).picks.values_list("paper__key", "why"))
    assert why == {
        "2611.00001": "most votes of all 5",
        "2611.00002": "most votes in cs.CV",
        "2611.00003": "new in cs.CV",
        "2611.00004": "new in math.CO",
        "2611.00005": "new",
    }


def test_where_there_is_more_to_choose_from_the_place_by_votes_is_told():
    for number in range(1, 6):
        paper(number, votes=10 - number)
    why = [pick.why for pick in choose(subscription(papers=2)).picks.all()]
    assert why == ["most votes of all 5", "2nd by votes of 5"]


def test_what_was_asked_for_is_the_reason():
    paper(1, "Retrieval with small models", authors=["Ada Example"])
    paper(2, "Vision", authors=["Ada Example"])
    choice = choose(subscription(authors=("a. example",), include=("small models",)))
    assert [pick.why for pick in choice.picks.all()] == ["by Ada Example; holds “small models”"]


def test_those_with_the_same_wishes_share_one_choice_whatever_their_hour():
    paper(1)
    ada, bo = subscription(hour=7), subscription("bo@example.org", hour=8, zone="Europe/Berlin")
    choices = choosing.choices_for([ada, bo], NOW)
    assert choices[ada.pk] == choices[bo.pk]
    assert Choice.objects.count() == 1


def test_those_with_other_wishes_get_their_own():
    paper(1, votes=5)
    paper(2, categories=["math.CO"])
    ada, bo = subscription(), subscription("bo@example.org", categories=("math",))
    choices = choosing.choices_for([ada, bo], NOW)
    assert keys(choices[ada.pk]) == ["2611.00001", "2611.00002"]
    assert keys(choices[bo.pk]) == ["2611.00002"]


def test_a_choice_stays_as_it_was_whatever_votes_come():
    first, second = paper(1, votes=5), paper(2, votes=4)
    before = choose(subscription())
    Paper.objects.filter(pk=second.pk).update(imported_votes=50)
    after = choose(subscription("bo@example.org"))
    assert after == before
    assert keys(after) == [first.key, second.key]


def test_who_comes_later_gets_what_came_in_between():
    paper(1)
    before = choose(subscription())
    paper(2)
    after = choose(subscription("bo@example.org"), NOW + timedelta(hours=8))
    assert after != before
    assert set(keys(after)) == {"2611.00001", "2611.00002"}


def test_no_paper_comes_twice_to_one_subscription_and_others_still_get_it():
    again = paper(1, votes=9, day=THURSDAY)
    ada, bo = subscription(covered=date(2026, 11, 18)), subscription("bo@example.org")
    told(ada, choosing.choice_for(ada, "2026-11-19", NOW - timedelta(days=1)))
    Subscription.objects.filter(pk=ada.pk).update(covered_day=THURSDAY)
    ada.refresh_from_db()
    Paper.objects.filter(pk=again.pk).update(day=FRIDAY)  # a new version that was submitted anew
    paper(2)
    choices = choosing.choices_for([ada, bo], NOW)
    assert keys(choices[ada.pk]) == ["2611.00002"]
    assert keys(choices[bo.pk]) == ["2611.00001", "2611.00002"]
    assert choosing.choices_for([ada, bo], NOW) == choices, "and it stays so when it is asked again"


def test_a_paper_that_was_told_under_another_id_is_not_told_again():
    first = paper(1, day=THURSDAY)
    ada, bo = subscription(covered=date(2026, 11, 18)), subscription("bo@example.org")
    told(ada, choosing.choice_for(ada, "2026-11-19", NOW - timedelta(days=1)))
    Subscription.objects.filter(pk=ada.pk).update(covered_day=THURSDAY)
    ada.refresh_from_db()
    kept = paper(2)
    merging.merge(kept, first, "hand")
    Paper.objects.filter(pk=kept.pk).update(day=FRIDAY)

    choices = choosing.choices_for([ada, bo], NOW)

    assert choices[ada.pk] is None
    assert keys(choices[bo.pk]) == ["2611.00002"]


def test_a_choice_that_was_frozen_before_a_merge_tells_the_one_paper_once():
    first, second, third = paper(1, "The kept title"), paper(2, "Another title"), paper(3, "A third title")
    ada = subscription()
    choice = choose(ada)
    assert choice.picks.count() == 3
    merging.merge(first, second, "hand")

    text = message.letter(choice, ada).text

    assert (text.count("The kept title"), text.count("Another title"), text.count("A third title")) == (1, 0, 1)
    assert third.key in text
    told(ada, choice)
    assert history.had([ada.pk], {first.pk, second.pk}, "2026-11-23") == {ada.pk: {first.pk}}


def test_who_was_told_of_all_of_it_is_told_nothing():
    again = paper(1, day=THURSDAY)
    ada = subscription(covered=date(2026, 11, 18))
    told(ada, choosing.choice_for(ada, "2026-11-19", NOW - timedelta(days=1)))
    Subscription.objects.filter(pk=ada.pk).update(covered_day=THURSDAY)
    ada.refresh_from_db()
    Paper.objects.filter(pk=again.pk).update(day=FRIDAY)
    assert choose(ada) is None


def test_an_empty_edition_is_none_and_asked_only_once():
    paper(1, day=THURSDAY)
    ada = subscription(paper=Paper.objects.get().pk)
    assert choose(ada) is None
    with CaptureQueriesContext(connection) as queries:
        assert choose(subscription("bo@example.org", paper=ada.covered_paper)) is None
    selected = [query["sql"] for query in queries if '"papers_paper"."abstract"' in query["sql"]]
    assert not selected, "the papers were looked through again"


def test_an_empty_edition_is_looked_at_again_when_papers_come():
    ada = subscription()
    assert choose(ada) is None
    paper(1)
    assert keys(choose(ada)) == ["2611.00001"]


def test_a_withdrawn_paper_is_not_recommended():
    paper(1, withdrawn=NOW)
    assert choose(subscription()) is None


def test_a_draft_shows_the_same_and_keeps_nothing():
    paper(1, votes=2)
    paper(2)
    ada = subscription()
    draft = choosing.draft(ada, "2026-11-20", NOW)
    assert [pick.paper.key for pick in draft.drafted] == ["2611.00001", "2611.00002"]
    assert [pick.why for pick in draft.drafted] == ["most votes of all 2", "new in cs.CL"]
    assert not Choice.objects.exists()
    assert not Pick.objects.exists()
    assert choosing.draft(subscription("bo@example.org", covered=FRIDAY, paper=2**40), "2026-11-20", NOW) is None


def test_a_weekly_digest_brings_the_week_in_numbers():
    paper(1, votes=7)
    paper(2, day=THURSDAY, categories=["math.CO"])
    weekly = subscription(covered=date(2026, 11, 13), cadence=Cadence.WEEKLY)
    choice = choose(weekly)
    assert choice.edition == "2026-W47"
    assert choice.facts["overview"]["voted"] == [["2611.00001", "Paper number 1", 7]]
    assert "overview" not in choose(subscription("bo@example.org", covered=date(2026, 11, 13))).facts


def test_a_private_list_is_chosen_for_its_reader_alone(ada, bo):
    paper(1, "Of Ada's category", categories=["math.CO"])
    from broadsheet.community import follows

    follows.follow(ada, "category", "math.CO")
    hers = subscription(kind="following", value=ada.public_id, reader=ada)
    his = subscription("bo@example.org", kind="following", value=bo.public_id, reader=bo)
    choices = choosing.choices_for([hers, his], NOW)
    assert keys(choices[hers.pk]) == ["2611.00001"]
    assert "which you follow" in choices[hers.pk].picks.get().why
    assert choices[his.pk] is None


def test_an_author_who_is_followed_is_not_lost_among_a_large_category(ada):
    from broadsheet.community import follows

    for number in range(1, 61):
        paper(number, f"A loved paper {number} of {number} other things", votes=60 - number, categories=["cs.LG"])
    paper(99, "What nobody voted for", authors=["Uma Author"], categories=["math.CO"])
    follows.follow(ada, "category", "cs.LG")
    follows.follow(ada, "author", "Uma Author")
    hers = subscription(kind="following", value=ada.public_id, reader=ada, papers=5)
    assert keys(choose(hers))[0] == "2611.00099"
    assert "most votes" in choose(hers).picks.get(place=1).why, "then what others made of the rest"


def test_a_batch_costs_few_queries_however_many_are_in_it():
    for number in range(1, 31):
        paper(number, votes=number)

    def cost(number, first):
        batch = [subscription(f"reader{first + place}@example.org", papers=5) for place in range(number)]
        with CaptureQueriesContext(connection) as queries:
            choosing.choices_for(batch, NOW)
        return len(queries)

    cost(1, 0)  # the choice is made once
    assert cost(2, 100) == cost(60, 200)


def test_choices_that_nobody_got_are_forgotten():
    paper(1)
    ada = subscription()
    told(ada, choose(ada))
    choose(subscription("bo@example.org", papers=3))
    assert choosing.forget_unused(datetime.now(UTC)) == 0, "somebody may ask for it still"
    assert choosing.forget_unused(datetime.now(UTC) + timedelta(days=3)) == 1
    assert Choice.objects.get().deliveries.get().subscription == ada


# --- When papers are late ---------------------------------------------------------------------------------------------


@pytest.fixture
def usual_fridays(db):
    """Three Fridays with eight papers each, that were here by six in the morning."""
    for back in (1, 2, 3):
        for number in range(8):
            made = paper(back * 100 + number, day=FRIDAY - timedelta(weeks=back))
            Paper.objects.filter(pk=made.pk).update(added=NOW - timedelta(weeks=back, hours=1))
    return Paper.objects.order_by("-pk").first().pk


def test_a_digest_waits_while_the_papers_of_the_day_are_missing(usual_fridays, settings):
    settings.DIGEST_WAIT = 3
    ada = subscription(paper=usual_fridays)
    assert choosing.must_wait(ada, NOW)
    assert choosing.must_wait(ada, NOW + timedelta(hours=2, minutes=59))
    assert not choosing.must_wait(ada, NOW + timedelta(hours=3))


def test_what_does_not_depend_on_the_day_does_not_wait(usual_fridays):
    trending = subscription(kind="trending")
    weekly = subscription("bo@example.org", cadence=Cadence.WEEKLY)
    had_it = subscription("mo@example.org", covered=FRIDAY)
    assert choosing.waiting([trending, weekly, had_it], NOW) == set()


def test_after_the_wait_a_digest_says_that_it_is_early(usual_fridays):
    made = paper(1)
    Paper.objects.filter(pk=made.pk).update(added=NOW)
    choice = choose(subscription(paper=usual_fridays), NOW + timedelta(hours=3))
    assert choice.early == (
        "Only 1 of about 8 papers of Friday, 20 November have come so far; the others follow in the next mail."
    )
    weekly = choose(subscription("bo@example.org", cadence=Cadence.WEEKLY), NOW + timedelta(hours=1))
    assert weekly.early == ""


def test_on_a_holiday_a_digest_does_not_wait(usual_fridays):
    """Friday after Thanksgiving: nothing is announced, and Thursday's papers are those of the newest edition."""
    friday = NOW + timedelta(weeks=1)
    ada = subscription(paper=usual_fridays, covered=date(2026, 11, 25))
    Subscription.objects.update(due=friday)
    ada.refresh_from_db()
    for number in range(1, 9):
        made = paper(number, day=date(2026, 11, 26), announced=date(2026, 11, 26))
        Paper.objects.filter(pk=made.pk).update(added=friday - timedelta(hours=24))
    assert not choosing.must_wait(ada, friday)
    assert choose(ada, friday).early == ""


def test_half_a_day_is_waited_for_by_arxivs_own_number_and_then_told_of(usual_fridays, settings):
    settings.DIGEST_WAIT = 3
    for number in range(1, 9):
        made = paper(number)
        Paper.objects.filter(pk=made.pk).update(added=NOW - timedelta(hours=1))
    Paper.objects.exclude(day=FRIDAY).update(announced=None)
    keeping.note_total(FRIDAY, "", 16)
    ada = subscription(paper=usual_fridays)
    assert choosing.must_wait(ada, NOW)
    later = NOW + timedelta(hours=3)
    assert not choosing.must_wait(ada, later)
    assert choose(ada, later).early.startswith("Only 8 of 16 papers of Friday, 20 November have come so far")


def test_nothing_is_early_when_the_papers_are_here(usual_fridays):
    for number in range(8):
        paper(number)
    Paper.objects.filter(day=FRIDAY).update(added=NOW - timedelta(hours=1))
    ada = subscription(paper=usual_fridays)
    assert not choosing.must_wait(ada, NOW)
    assert choose(ada).early == ""


# --- When a search is not answered -----------------------------------------------------------------------------------


@pytest.fixture
def elsewhere(tmp_path, settings):
    """A search index that belongs to a process which does not answer."""
    current.release()
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    settings.INDEX_DIR.mkdir()
    lock = FileLock(settings.INDEX_DIR / "owner.lock")
    with lock:
        yield lock
    current.release()


def test_a_search_that_is_not_answered_is_asked_again_and_nothing_is_frozen(elsewhere):
    made = paper(1, "Colouring planar graphs")
    ada = subscription(kind="search", value="graphs")
    assert choosing.choices_for([ada], NOW) == {}, "which is not the same as having nothing to say"
    assert choosing.draft(ada, "2026-11-20", NOW) is None
    assert not Choice.objects.exists()
    elsewhere.release()
    upkeep.catch_up(current.own())
    choice = choose(ada)
    assert keys(choice) == [made.key]
    assert choice.picks.get().why == "matches your search “graphs”"
