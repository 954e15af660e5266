"""What is on a list and since when, and what came onto it after a moment."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import User
from broadsheet.community import lists, votes
from broadsheet.errors import BroadsheetError, NotFound
from broadsheet.papers.models import Paper
from broadsheet.ranking import entries
from broadsheet.ranking.entries import Covered
from broadsheet.ranking.listings import Listing, listing

pytestmark = pytest.mark.django_db
BEGIN = Covered(None, 0, datetime(2026, 1, 1, tzinfo=UTC))


def keys(found):
    return [entry.paper.key[-2:] for entry in found]


def test_the_newest_editions_come_first_and_votes_do_not_matter(day_of, ada):
    day_of(0, 1, 2)
    day_of(1, 3, 4)
    before = entries.on_list(Listing("day"))
    assert keys(before) == ["04", "03", "02", "01"]
    votes.cast(ada, Paper.objects.get(key="2601.00001"))
    assert [(entry.paper, entry.at) for entry in entries.on_list(Listing("day"))] == [
        (entry.paper, entry.at) for entry in before
    ]
    assert keys(entries.on_list(Listing("day", "2026-01-05"))) == ["02", "01"]
    assert keys(entries.on_list(Listing("day"), limit=3)) == ["04", "03", "02"]


def test_a_paper_enters_when_it_comes_and_old_stock_with_its_edition(day_of, clock):
    (on_time,) = day_of(0, 1)
    (late,) = day_of(1, 2, late=timedelta(days=3))
    (old,) = day_of(-60, 3, late=timedelta(days=90))
    (early,) = day_of(6, 4, late=timedelta(days=-3))
    (far,) = day_of(30, 5, late=timedelta(days=-26))
    at = {entry.paper.key: entry.at for entry in entries.on_list(Listing("day"))}
    assert at[on_time.key] == on_time.added
    assert at[late.key] == late.added
    assert at[old.key] == datetime(2025, 11, 6, tzinfo=UTC)
    assert at[early.key] == early.added
    assert at[far.key] == far.added
    clock.shift(timedelta(days=40))  # a date never changes once it has come
    later = {entry.paper.key: entry.at for entry in entries.on_list(Listing("day"))}
    assert later | {far.key: at[far.key]} == at


def test_a_paper_that_a_daily_list_features_keeps_its_date_unless_it_is_old(day_of, clock):
    (fresh,) = day_of(4, 1)
    (old,) = day_of(-40, 2)
    clock.shift(timedelta(days=80))
    Paper.objects.filter(pk__in=[fresh.pk, old.pk]).update(day=date(2026, 1, 12))
    at = {entry.paper.key: entry.at for entry in entries.on_list(Listing("day"))}
    assert at == {fresh.key: fresh.added, old.key: datetime(2026, 1, 12, tzinfo=UTC)}


def test_a_late_paper_comes_first_even_where_few_are_asked_for(day_of):
    day_of(0, 1)
    day_of(4, 2, 3)
    day_of(1, 4, late=timedelta(days=5))
    assert keys(entries.on_list(Listing("day"), limit=2)) == ["04", "03"]


def test_what_entered_long_ago_is_left_out_where_days_are_asked_for(day_of, clock):
    day_of(0, 1)
    day_of(2, 2)
    clock.shift(timedelta(days=2))
    assert keys(entries.on_list(Listing("day"), days=3)) == ["02"]
    assert keys(entries.on_list(Listing("new"), days=3)) == ["02"]
    assert keys(entries.on_list(Listing("week"), days=3)) == ["02"]


def test_new_papers_are_those_that_came_last_whatever_their_edition(day_of):
    day_of(1, 1)
    day_of(0, 2, late=timedelta(days=30))
    cast.paper("2601.00009", "Without an edition", day=None)
    assert keys(entries.on_list(Listing("new"))) == ["09", "02", "01"]
    upto = Covered(date(2026, 1, 6), Paper.objects.get(key="2601.00001").pk, timezone.now())
    assert keys(entries.since(Listing("new"), upto)) == ["09", "02"]


def test_categories_and_archives_hold_their_papers_and_no_others(day_of):
    day_of(0, 1, categories=["cs.CL", "math.CO"])
    day_of(0, 2, categories=["cs.CLX"])
    day_of(0, 3, categories=["csx.CL"])
    day_of(0, 4, categories=["hep-th"])
    assert keys(entries.on_list(Listing("category", "cs.CL"))) == ["01"]
    assert keys(entries.on_list(Listing("category", "cs"))) == ["02", "01"]
    assert keys(entries.on_list(Listing("category", "hep-th"))) == ["04"]
    assert keys(entries.since(Listing("category", "math"), BEGIN)) == ["01"]


def test_authors_and_organisations_have_their_papers(day_of):
    day_of(0, 1, authors=["Ada Example"], organization_slug="lab", organization="Lab")
    day_of(1, 2, authors=['Ada "A" Example', "Zoë Ünal"])
    assert keys(entries.on_list(Listing("author", "Ada Example"))) == ["01"]
    assert keys(entries.on_list(Listing("author", "Zoë Ünal"))) == ["02"]
    assert keys(entries.on_list(Listing("organization", "lab"))) == ["01"]
    assert keys(entries.since(Listing("organization", "lab"), BEGIN)) == ["01"]


def test_public_votes_enter_when_they_are_cast_and_leave_when_they_are_taken_back(day_of, clock, ada):
    first, second = day_of(0, 1, 2)
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    votes.cast(ada, second)
    clock.shift(3600)
    votes.cast(ada, first)
    shown = Listing("reader", "ada")
    assert keys(entries.on_list(shown)) == ["01", "02"]
    assert entries.on_list(shown)[0].at == timezone.now()
    assert keys(entries.since(shown, Covered(None, 0, timezone.now() - timedelta(minutes=5)))) == ["01"]
    votes.take_back(ada, first)
    assert keys(entries.on_list(shown)) == ["02"]
    User.objects.filter(pk=ada.pk).update(public_votes=False)
    with pytest.raises(NotFound):
        entries.on_list(shown)
    assert entries.since(shown, BEGIN) == []


def test_a_reading_list_tells_what_was_put_on_it_last_to_those_who_may_see_it(day_of, clock, ada, bo):
    first, second = day_of(0, 1, 2)
    held = lists.create(ada, "To read", public=True)
    lists.add(ada, held, second)
    clock.shift(60)
    lists.add(ada, held, first)
    shown = Listing("list", held.public_id)
    assert keys(entries.on_list(shown)) == ["01", "02"]
    assert keys(entries.since(shown, Covered(None, 0, timezone.now() - timedelta(seconds=30)))) == ["01"]
    lists.edit(ada, held, public=False)
    assert keys(entries.on_list(shown, viewer=ada)) == ["01", "02"]
    for other in (bo, None):
        with pytest.raises(NotFound):
            entries.on_list(shown, viewer=other)
        assert entries.since(shown, BEGIN, viewer=other) == []


def test_after_what_was_covered_come_later_editions_and_late_papers(day_of, clock):
    day_of(0, 1)
    day_of(1, 2)
    covered = entries.covered_now(timezone.now())
    newest = Paper.objects.get(key="2601.00002")
    assert covered == Covered(date(2026, 1, 6), newest.pk, timezone.now(), newest.stamp)
    assert entries.since(Listing("day"), covered) == []
    day_of(1, 3, late=timedelta(hours=5))  # the rest of the edition
    day_of(0, 4, late=timedelta(days=2))  # late for the one before
    day_of(-20, 5, late=timedelta(days=22))  # old stock
    day_of(2, 6)
    assert sorted(keys(entries.since(Listing("day"), covered))) == ["03", "04", "06"]
    assert sorted(keys(entries.since(Listing("category", "cs"), covered))) == ["03", "04", "06"]
    assert sorted(keys(entries.since(Listing("week"), covered))) == ["03", "04", "06"]
    assert entries.since(Listing("day"), entries.covered_now(timezone.now())) == []


def test_a_paper_that_moves_to_a_later_edition_is_told_with_it(day_of):
    (old,) = day_of(0, 1)
    day_of(1, 2)
    covered = entries.covered_now(timezone.now())
    Paper.objects.filter(pk=old.pk).update(day=date(2026, 1, 7))
    assert keys(entries.since(Listing("day"), covered)) == ["01"]


def test_before_the_first_paper_every_list_is_empty(db, ada):
    for kind in ("day", "week", "month", "trending", "new", "following", "for-me"):
        shown = listing(kind, "", ada)
        assert entries.on_list(shown, viewer=ada) == []
        assert entries.since(shown, BEGIN, viewer=ada) == []
    assert entries.covered_now(BEGIN.until) == BEGIN
    assert entries.on_list(Listing("search", "words")) == []


def test_a_search_tells_of_papers_that_hold_all_words_and_fulfil_its_conditions(day_of, indexed):
    day_of(0, 1, abstract="We train small models on proteins.", categories=["cs.LG"])
    day_of(0, 2, abstract="We train small models on poems.", categories=["cs.LG"])
    day_of(1, 3, abstract="A protein is modelled.", categories=["q-bio.BM"])
    day_of(1, 4, abstract="Nothing of the kind.", categories=["q-bio.BM"])
    indexed()
    assert sorted(keys(entries.on_list(Listing("search", "protein models")))) == ["01", "03"]
    assert keys(entries.on_list(Listing("search", "protein models cat:cs.LG"))) == ["01"]
    assert keys(entries.on_list(Listing("search", "models -protein"))) == ["02"]
    assert keys(entries.on_list(Listing("search", "cat:q-bio -protein"))) == ["04"]
    assert keys(entries.on_list(Listing("search", "2601.00002"))) == ["02"]
    assert entries.on_list(Listing("search", "models until:2020-01-01")) == []


def test_a_search_tells_only_what_came_after_what_was_covered(day_of, indexed):
    day_of(0, 1, abstract="Small proteins.")
    covered = entries.covered_now(timezone.now())
    day_of(1, 2, abstract="Large proteins.")
    day_of(0, 3, late=timedelta(days=1), abstract="Late proteins.")
    indexed()
    assert sorted(keys(entries.since(Listing("search", "proteins"), covered))) == ["02", "03"]


def test_what_a_search_tells_of_a_paper_does_not_depend_on_the_others(day_of, indexed):
    day_of(0, *range(1, 41), abstract="Proteins.")
    day_of(1, 50, abstract="A long text in which a protein is named but once, among a great many of other words.")
    indexed()
    assert keys(entries.on_list(Listing("search", "protein")))[0] == "50"
    assert len(entries.on_list(Listing("search", "protein"))) == 41


def test_a_search_whose_index_does_not_answer_says_so_and_is_not_taken_as_empty(day_of, index, monkeypatch):
    day_of(0, 1)

    def silent(*_args, **_kwargs):
        raise BroadsheetError("The search index is not open yet.")

    monkeypatch.setattr("broadsheet.search.current.searcher", silent)
    with pytest.raises(BroadsheetError):
        entries.since(Listing("search", "paper"), BEGIN)
