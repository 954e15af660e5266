"""Storing records: what is new, what changes, what is kept."""

import itertools
from datetime import UTC, date, datetime

import pytest
from tests.records import record

from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper, Version, VotesSeen

pytestmark = pytest.mark.django_db

EARLY = datetime(2025, 1, 1, tzinfo=UTC)
LATE = datetime(2025, 3, 1, tzinfo=UTC)


def facts(paper: Paper) -> dict[str, object]:
    return {field.attname: getattr(paper, field.attname) for field in Paper._meta.concrete_fields}


def test_a_new_record_becomes_a_paper_with_its_authors_in_their_order():
    stored = store([record(authors=("Z. Last", "A. First"))])
    paper = Paper.objects.get()
    assert (stored.added, stored.updated, stored.unchanged) == (1, 0, 0)
    assert paper.authors == ["Z. Last", "A. First"]
    assert paper.day == date(2025, 1, 2)


def test_the_same_record_twice_changes_nothing():
    given = [record(), record("2501.00002", votes_seen=((date(2025, 1, 3), 5),), comment_count=2)]
    store(given)
    before = [facts(paper) for paper in Paper.objects.order_by("pk")]
    stored = store(given)
    assert (stored.added, stored.updated, stored.unchanged) == (0, 0, 2)
    assert [facts(paper) for paper in Paper.objects.order_by("pk")] == before


def test_the_same_paper_twice_in_one_batch_is_one_paper():
    stored = store([record(), record(comment="12 pages")])
    assert (stored.added, stored.unchanged) == (1, 1)
    assert Paper.objects.get().comment == "12 pages"


def test_a_newer_version_updates_and_keeps_the_older():
    store([record(version=1, abstract="First text.")])
    stored = store([record(version=2, abstract="Second text.")])
    paper = Paper.objects.get()
    assert stored.updated == 1
    assert (paper.version, paper.abstract) == (2, "Second text.")
    assert [(old.number, old.abstract) for old in paper.earlier.all()] == [(1, "First text.")]


def test_an_older_version_that_comes_late_is_kept_as_older_once():
    store([record(version=3, abstract="Third text.")])
    late = record(version=1, abstract="First text.")
    store([late])
    store([late])
    assert Paper.objects.get().abstract == "Third text."
    assert [old.number for old in Version.objects.all()] == [1]


def test_a_text_updated_later_wins_whatever_comes_first():
    old, new = record(abstract="Old.", updated=EARLY), record(abstract="New.", updated=LATE, source="other")
    store([new])
    store([old])
    assert Paper.objects.get().abstract == "New."


def test_a_source_may_correct_its_own_text_and_reading_the_old_one_again_does_not_undo_it():
    store([record(title="A Tital")])
    store([record(title="A Title")])
    stored = store([record(title="A Tital"), record(title="A Title")])
    assert Paper.objects.get().title == "A Title"
    assert stored.unchanged == 2


def test_another_source_only_fills_in_what_is_missing():
    store([record(abstract="", comment="")])
    store([record(source="other", title="Another Title", abstract="A text.", comment="8 pages")])
    paper = Paper.objects.get()
    assert paper.abstract == "A text."
    assert paper.comment == "8 pages"
    store([record(source="third", abstract="A third text.", comment="9 pages")])
    paper.refresh_from_db()
    assert (paper.abstract, paper.comment) == ("A text.", "8 pages")


def test_the_authors_abstract_replaces_a_description_and_never_the_other_way_round():
    described = record(abstract="A description.", abstract_kind="description", source="sample")
    store([described])
    store([record(abstract="The abstract.", source="arxiv")])
    store([described])
    paper = Paper.objects.get()
    assert (paper.abstract, paper.abstract_kind) == ("The abstract.", "abstract")
    assert not paper.earlier.exists()


def test_two_sources_read_in_any_order_and_any_number_of_times_come_to_rest():
    listed = record(source="listed", announced=date(2025, 1, 2), comment_count=1)
    daily = record(
        source="daily", abstract="A twin.", featured=date(2025, 1, 5), votes=9, comment_count=3, code_stars=4
    )
    for order in itertools.permutations([listed, daily]):
        Paper.objects.all().delete()
        store(order[:1])
        store(order[1:])
        before = facts(Paper.objects.get())
        stored = store([*order, *order])
        assert stored.unchanged == 4
        assert facts(Paper.objects.get()) == before
        assert before["day"] == date(2025, 1, 5)
        assert before["imported_comments"] == 3


def test_an_absent_value_never_erases_a_known_one():
    store([record(doi="10.1/x", categories=("cs.LG",), code_url="https://example.org/code")])
    store([record(categories=(), authors=())])
    paper = Paper.objects.get()
    assert (paper.doi, paper.categories, paper.code_url) == ("10.1/x", ["cs.LG"], "https://example.org/code")
    assert paper.authors == ["A. Example", "B. Instance"]


def test_votes_are_those_of_the_newest_reading_and_their_history_is_kept():
    store([record(votes_seen=((date(2025, 1, 2), 3), (date(2025, 1, 4), 9)))])
    store([record(votes_seen=((date(2025, 1, 3), 5),), votes=5)])
    paper = Paper.objects.get()
    assert paper.votes == 9
    assert list(VotesSeen.objects.order_by("day").values_list("votes", flat=True)) == [3, 5, 9]


def test_every_change_gets_a_higher_stamp_and_an_unchanged_paper_keeps_its_own():
    store([record(), record("2501.00002")])
    first, second = Paper.objects.order_by("pk").values_list("stamp", flat=True)
    assert first < second
    store([record(), record("2501.00002", title="A New Title")])
    again, changed = Paper.objects.order_by("pk").values_list("stamp", flat=True)
    assert again == first
    assert changed > second


def test_a_newer_version_with_the_same_text_is_the_version():
    store([record(version=1, updated=EARLY)])
    assert store([record(version=2, updated=LATE)]).updated == 1
    paper = Paper.objects.get()
    assert (paper.version, paper.updated) == (2, LATE)


def test_both_versions_of_a_paper_read_again_and_again_change_nothing():
    both = [record(version=1, comment="8 pages", doi="10.1/a"), record(version=2, comment="9 pages", doi="10.1/b")]
    store(both)
    assert store(both).unchanged == 2
    assert Paper.objects.get().comment == "9 pages"


def test_a_higher_count_without_a_day_is_believed_and_a_lower_one_is_not():
    store([record(votes_seen=((date(2025, 1, 4), 10),))])
    store([record(votes=50)])
    assert Paper.objects.get().votes == 50
    store([record(votes=9)])
    assert Paper.objects.get().votes == 50


def test_a_paper_that_moves_to_another_day_is_scored_again():
    store([record(announced=None, votes=5)])
    paper = Paper.objects.get()
    assert store([record(announced=date(2025, 2, 3))]).voted == [paper.pk]


def test_links_that_a_person_set_are_not_overruled_nor_given_another_repositorys_stars():
    told = record(
        code_url="https://example.org/told",
        code_stars=9,
        project_url="https://example.org/page",
        organization=("far-lab", "Far Lab"),
    )
    store([told])
    own = {"code_url": "https://example.org/own", "project_url": "https://example.org", "organization_slug": "own-lab"}
    by = {"code_by": "author", "project_by": "submitter", "organization_by": "moderator", "organization": "Own Lab"}
    Paper.objects.update(**own, **by, code_stars=None)
    assert store([told]).unchanged == 1
    assert {**own, **by}.items() <= facts(Paper.objects.get()).items()
    assert Paper.objects.get().code_stars is None
    Paper.objects.update(code_by="", project_by="", organization_by="")
    store([told])
    paper = Paper.objects.get()
    assert (paper.code_url, paper.code_stars, paper.project_url, paper.organization) == (
        "https://example.org/told",
        9,
        "https://example.org/page",
        "Far Lab",
    )


def test_the_edition_for_which_a_new_version_was_submitted_stays():
    store([record(featured=date(2025, 1, 5))])
    Paper.objects.update(resubmitted=date(2025, 3, 4), day=date(2025, 3, 4))
    store([record(featured=date(2025, 1, 4))])
    assert Paper.objects.get().day == date(2025, 3, 4)
