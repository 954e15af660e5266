"""Ranked lists as feeds: what enters stays where it is, however votes change."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from broadsheet.accounts.models import User
from broadsheet.community import lists, merging, votes
from broadsheet.community.models import ReadingList
from broadsheet.ranking import entries, entry_log
from broadsheet.ranking.entries import Covered
from broadsheet.ranking.listings import Listing, listing
from broadsheet.ranking.models import Entry, RankedList

pytestmark = pytest.mark.django_db


def keys(found):
    return [entry.paper.key[-2:] for entry in found]


def test_what_was_trending_first_stays_where_it_entered(day_of, clock, ada, bo):
    first, second, third = day_of(0, 1, 2, 3)
    votes.cast(ada, first)
    assert keys(entries.on_list(Listing("trending"))) == ["01"]
    clock.shift(timedelta(hours=1))
    votes.cast(ada, second)
    votes.cast(bo, second)
    before = entries.on_list(Listing("trending"))
    assert keys(before) == ["02", "01"]
    assert before[0].at == timezone.now()
    clock.shift(timedelta(hours=1))
    votes.cast(bo, first)
    votes.cast(ada, third)
    after = entries.on_list(Listing("trending"))
    assert keys(after) == ["03", "02", "01"]
    assert [entry.at for entry in after[1:]] == [entry.at for entry in before]


def test_a_paper_that_falls_out_of_the_list_stays_in_its_log(day_of, clock, ada):
    first, second = day_of(0, 1, 2)
    votes.cast(ada, first)
    entries.on_list(Listing("trending"))
    votes.take_back(ada, first)
    votes.cast(ada, second)
    assert keys(entries.on_list(Listing("trending"))) == ["02", "01"]


def test_what_stood_there_before_anybody_asked_entered_with_its_edition(day_of, clock, ada):
    first, second = day_of(0, 1, 2)
    votes.cast(ada, first)
    votes.cast(ada, second)
    clock.shift(timedelta(days=5))
    assert [entry.at for entry in entries.on_list(Listing("trending"))] == [second.added, first.added]


def test_a_paper_enters_once_it_has_the_votes_that_are_asked_for(day_of, clock, ada, bo):
    first, second = day_of(0, 1, 2)
    votes.cast(ada, first)
    votes.cast(bo, first)
    votes.cast(ada, second)
    popular = Listing("category", "cs")
    assert keys(entries.on_list(popular, least_votes=2)) == ["01"]
    clock.shift(timedelta(days=1))
    covered = entries.covered_now(timezone.now())
    assert entries.since(popular, covered, least_votes=2) == []
    clock.shift(timedelta(days=1))
    votes.cast(bo, second)
    found = entries.since(popular, covered, least_votes=2)
    assert keys(found) == ["02"]
    assert found[0].at == timezone.now()
    assert keys(entries.on_list(popular, least_votes=2)) == ["02", "01"]
    assert keys(entries.on_list(popular, least_votes=2, days=1)) == ["02"]


def test_the_first_on_a_list_that_was_empty_enters_when_it_is_seen(day_of, clock, ada):
    first, _ = day_of(0, 1, 2)
    popular = Listing("category", "cs")
    assert entries.on_list(popular, least_votes=1) == []
    covered = entries.covered_now(timezone.now())
    clock.shift(timedelta(days=3))
    votes.cast(ada, first)
    found = entries.since(popular, covered, least_votes=1)
    assert keys(found) == ["01"]
    assert found[0].at == timezone.now()


def test_what_is_taken_off_a_list_that_somebody_makes_leaves_its_log_too(day_of, clock, ada, bo):
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    first, second = day_of(0, 1, 2)
    held = lists.create(ada, "To read", public=True)
    for paper in (first, second):
        votes.cast(bo, paper)
        votes.cast(ada, paper)
        lists.add(ada, held, paper)
    for listed in (Listing("reader", "ada"), Listing("list", held.public_id)):
        assert sorted(keys(entries.on_list(listed, least_votes=1))) == ["01", "02"]
    votes.take_back(ada, first)
    lists.remove(ada, held, first)
    for listed in (Listing("reader", "ada"), Listing("list", held.public_id)):
        assert keys(entries.on_list(listed, least_votes=1)) == ["02"]


def test_the_hourly_look_keeps_the_log_of_a_private_list(day_of, clock, ada):
    (paper,) = day_of(0, 1)
    held = Listing("list", lists.create(ada, "Mine").public_id)
    lists.add(ada, ReadingList.objects.get(), paper)
    assert entries.on_list(held, viewer=ada, least_votes=1) == []
    votes.cast(ada, paper)
    clock.shift(timedelta(hours=1))
    entered = timezone.now()
    assert entries.record_ranked(entered) == 1
    clock.shift(timedelta(hours=1))
    assert [entry.at for entry in entries.on_list(held, viewer=ada, least_votes=1)] == [entered]
    ReadingList.objects.all().delete()
    assert entries.record_ranked(timezone.now()) == 0


def test_the_hourly_look_notes_what_nobody_asked_for_meanwhile(day_of, clock, ada):
    first, second = day_of(0, 1, 2)
    entries.remember(Listing("trending"))
    entries.remember(Listing("day"))
    assert [log.key for log in RankedList.objects.all()] == ["0 trending:"]
    votes.cast(ada, first)
    clock.shift(timedelta(hours=1))
    moment = timezone.now()
    assert entries.record_ranked(moment) == 1
    votes.take_back(ada, first)
    votes.cast(ada, second)
    clock.shift(timedelta(hours=1))
    entries.record_ranked(timezone.now())
    found = entries.since(Listing("trending"), Covered(None, 0, moment))
    assert keys(found) == ["02"]
    assert keys(entries.on_list(Listing("trending"))) == ["02", "01"]


def test_the_hourly_look_reads_every_kind_of_list_back_from_its_key(day_of, clock, ada):
    day_of(0, 1)
    for listed in (Listing("week", "2026-W02"), listing("for-me", "", ada), Listing("author", "Ada: Example")):
        entries.remember(listed, viewer=ada, least_votes=3)
    assert entries.record_ranked(timezone.now()) == 3


def test_a_list_that_is_gone_is_forgotten_with_its_entries(day_of, clock, ada, bo):
    (paper,) = day_of(0, 1)
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    votes.cast(ada, paper)
    assert keys(entries.on_list(Listing("reader", "ada"), least_votes=1)) == ["01"]
    User.objects.filter(pk=ada.pk).update(public_votes=False)
    assert entries.record_ranked(timezone.now()) == 0
    assert not RankedList.objects.exists()
    assert not Entry.objects.exists()


def test_a_list_that_nobody_asks_for_in_a_month_is_forgotten(day_of, clock):
    day_of(0, 1)
    entries.on_list(Listing("week"))
    entries.on_list(Listing("month"))
    clock.shift(timedelta(days=20))
    entries.on_list(Listing("week"))
    clock.shift(timedelta(days=20))
    entries.record_ranked(timezone.now())
    assert [log.key for log in RankedList.objects.all()] == ["0 week:"]


def test_beyond_the_most_lists_others_are_told_as_they_stand(day_of, clock, ada, monkeypatch):
    (paper,) = day_of(0, 1)
    votes.cast(ada, paper)
    monkeypatch.setattr(entry_log, "MOST_LISTS", 1)
    entries.on_list(Listing("category", "cs"), least_votes=1)
    assert keys(entries.on_list(Listing("author", "Ada Example"), least_votes=1)) == ["01"]
    assert keys(entries.on_list(Listing("trending"))) == ["01"]
    assert sorted(log.key for log in RankedList.objects.all()) == ["0 trending:", "1 category:cs"]
    # Mails are remembered all the same, up to a number of their own.
    later = Covered(None, 0, datetime(2027, 1, 1, tzinfo=UTC))
    assert entries.since(Listing("author", "Ada Example"), later, least_votes=1) == []
    assert RankedList.objects.count() == 3
    monkeypatch.setattr(entry_log, "MOST_OF_READERS", 3)
    assert entries.since(Listing("author", "Ada Example"), later, least_votes=2) == []
    assert RankedList.objects.count() == 3


def test_weeks_without_papers_are_not_remembered_however_many_are_asked_for(day_of):
    day_of(0, 1)
    for label in ("1999-W01", "2026-W01", "2026-W02"):
        entries.on_list(Listing("week", label))
    assert [log.key for log in RankedList.objects.all()] == ["0 week:2026-W02"]


def test_a_log_keeps_its_newest_entries_and_what_stands_on_the_list(day_of, clock, monkeypatch):
    monkeypatch.setattr(entry_log, "MOST_ENTRIES", 3)
    day_of(0, 1, 2, 3, 4, 5)
    week = Listing("week")
    assert keys(entries.on_list(week)) == ["05", "04", "03", "02", "01"]
    day_of(7, 6, 7)
    assert keys(entries.on_list(week)) == ["07", "06", "05"]


def test_what_is_noted_twice_leaves_one_entry(day_of, clock, ada):
    (paper,) = day_of(0, 1)
    votes.cast(ada, paper)
    standing = entries.on_list(Listing("trending"))
    log = RankedList.objects.get()
    Entry.objects.all().delete()
    entry_log.note(log, standing)
    entry_log.note(log, standing)
    assert [entry.paper for entry in Entry.objects.all()] == [paper]


def test_a_paper_that_was_another_one_is_told_once_since_the_first_of_them_entered(day_of, clock, ada, bo):
    kept, other = day_of(0, 1, 2)
    votes.cast(ada, other)
    before = entries.on_list(Listing("trending"))
    assert keys(before) == ["02"]
    clock.shift(timedelta(hours=1))
    votes.cast(bo, kept)
    assert keys(entries.on_list(Listing("trending"))) == ["01", "02"]

    made = merging.merge(kept, other, "hand")

    assert [(entry.paper, entry.at) for entry in entries.on_list(Listing("trending"))] == [(kept, before[0].at)]
    since = Covered(None, 0, before[0].at)
    assert entries.since(Listing("trending"), since) == []
    merging.part(made)
    assert keys(entries.on_list(Listing("trending"))) == ["01", "02"]


def test_a_paper_enters_no_list_again_under_its_other_id(day_of, clock, ada):
    kept, other = day_of(0, 1, 2)
    votes.cast(ada, other)
    before = entries.on_list(Listing("trending"))
    clock.shift(timedelta(hours=1))
    merging.merge(kept, other, "hand")

    after = entries.on_list(Listing("trending"))

    assert [(entry.paper, entry.at) for entry in after] == [(kept, before[0].at)]
    assert Entry.objects.count() == 1
