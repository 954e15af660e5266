"""Two rows that are one paper: what readers did goes along, and comes back when they are parted."""

import threading
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import User
from broadsheet.community import claims, closing, discussion, duplicates, lists, log, marks, merging, reports, votes
from broadsheet.community.models import (
    Claim,
    ClaimState,
    Comment,
    DiscussionLock,
    LinkChange,
    ListItem,
    Mark,
    ModerationEntry,
    Notification,
    Report,
    Submission,
    Vote,
)
from broadsheet.errors import BadInput, Conflict, NotFound, Refused, SignInNeeded
from broadsheet.papers import scores
from broadsheet.papers.actions import store, withdraw
from broadsheet.papers.models import Counter, Identifier, Merging, Paper, Resemblance, VotesSeen
from broadsheet.papers.titles import title_key
from broadsheet.ranking import lists as ranked
from broadsheet.sources.record import Record, Withdrawal

pytestmark = pytest.mark.django_db
TITLE = "Scaling Laws for Small Papers"
ABSTRACT = "We measure how short papers grow over the years, in twelve fields, with a hundred thousand of them."
READERS = (Vote, Comment, DiscussionLock, Notification, Submission, Claim, LinkChange, ListItem, Mark, Report)


@pytest.fixture
def twin(paper):
    """The same paper, as the proceedings have it."""
    Paper.objects.filter(pk=paper.pk).update(abstract=ABSTRACT)
    paper.refresh_from_db()
    return cast.paper(
        "acl:2026.acl-long.1",
        TITLE,
        abstract=ABSTRACT,
        authors=["A. Example", "B. Sample"],
        source="acl",
        text_source="acl",
        announced=None,
        doi="10.18653/v1/2026.acl-long.1",
        journal_ref="Proceedings of Examples",
        published=datetime(2026, 7, 1, tzinfo=UTC),
        day=date(2026, 7, 1),
        version=None,
    )


def standing() -> dict[str, list[dict[str, object]]]:
    """All that readers did, row by row, and what stands beside the papers."""
    rows = {model.__name__: list(model._default_manager.order_by("pk").values()) for model in READERS}
    hidden = ("stamp",)
    papers = [
        {key: value for key, value in row.items() if key not in hidden} for row in Paper.objects.order_by("pk").values()
    ]
    return rows | {"papers": papers}


def acted_on(ada: User, bo: User, mo: User, paper: Paper, twin: Paper) -> None:
    """Let readers do all there is on both rows, some of it the same."""
    for one in (paper, twin):
        votes.cast(ada, one)
        lists.save(ada, one)
        marks.mark(ada, one, Mark.READ)
        discussion.comment(bo, one, f"On {one.key}.")
        reports.report(ada, one, "spam")
    votes.cast(bo, twin)
    votes.cast(bo, paper)
    votes.take_back(bo, paper)
    lists.save(bo, twin)
    Claim.objects.create(paper=twin, reader=ada, author_name="A. Example", proof="orcid", state=ClaimState.VERIFIED)
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="moderator")
    Claim.objects.create(paper=twin, reader=bo, author_name="B. Sample", proof="moderator")
    Submission.objects.create(paper=twin, reader=bo, day=date(2026, 7, 1))
    LinkChange.objects.create(paper=twin, reader=bo, field="code", after="https://example.org", by="author")
    Notification.objects.create(reader=ada, kind="comment", paper=twin)
    DiscussionLock.objects.create(paper=twin, reason="calm down")
    votes.rescore([paper.pk, twin.pk])  # a vote by an author weighs nothing


def test_what_readers_did_goes_along_and_counts_once(ada, bo, mo, paper, twin):
    acted_on(ada, bo, mo, paper, twin)

    made = merging.merge(paper, twin, "id")

    assert made is not None
    paper.refresh_from_db()
    twin.refresh_from_db()
    assert (paper.reader_votes, paper.reader_comments) == (2, 2)
    assert paper.trending is not None
    assert (twin.same_as_id, twin.day, twin.reader_votes, twin.reader_comments, twin.trending) == (
        paper.pk, None, 0, 0, None,
    )  # fmt: skip
    assert {vote.reader_id for vote in Vote.objects.standing().filter(paper=paper)} == {ada.pk, bo.pk}
    assert not any(model._default_manager.filter(paper=twin).exists() for model in READERS)
    assert (ListItem.objects.count(), Mark.objects.count(), Report.objects.filter(closed=None).count()) == (2, 1, 1)
    claim = Claim.objects.get(reader=ada)
    assert (claim.state, claim.author_name) == (ClaimState.VERIFIED, "Ada Example")
    assert claims.is_author(ada, paper)
    assert DiscussionLock.objects.filter(paper=paper).exists()


def test_parting_gives_back_exactly_what_was_there(ada, bo, mo, paper, twin):
    acted_on(ada, bo, mo, paper, twin)
    before = standing()

    made = merging.merge(paper, twin, "id")
    assert made is not None
    assert standing() != before
    merging.part(made)

    after = standing()
    for kind, rows in before.items():
        for row, was in zip(after[kind], rows, strict=True):
            assert [(name, row[name], was[name]) for name in was if row[name] != was[name]] == []


def test_what_was_added_after_the_merge_stays_with_the_kept_paper(ada, bo, paper, twin):
    votes.cast(ada, twin)
    made = merging.merge(paper, twin, "id")
    votes.cast(bo, Paper.objects.get(pk=paper.pk))
    discussion.comment(bo, paper, "A late word.")

    merging.part(made)

    paper.refresh_from_db()
    twin.refresh_from_db()
    assert (paper.reader_votes, paper.reader_comments) == (1, 1)
    assert (twin.reader_votes, twin.reader_comments) == (1, 0)
    assert twin.day == date(2026, 7, 1)


def test_missing_facts_are_filled_in_and_taken_back(paper, twin):
    made = merging.merge(paper, twin, "doi")
    paper.refresh_from_db()
    assert (paper.journal_ref, paper.doi) == ("Proceedings of Examples", "10.18653/v1/2026.acl-long.1")
    assert (paper.title, paper.text_source, paper.day) == (TITLE, "arxiv", date(2026, 1, 5))
    assert made.moved["facts"]["journal_ref"] == ["", "Proceedings of Examples"]

    merging.part(made)

    paper.refresh_from_db()
    assert (paper.journal_ref, paper.doi) == ("", "")


def test_counts_that_a_source_showed_of_the_other_row_are_scored_with_the_paper(paper, twin):
    day = date(2026, 1, 6)
    Paper.objects.filter(pk=twin.pk).update(imported_votes=40)
    VotesSeen.objects.create(paper=twin, day=day, votes=40)
    VotesSeen.objects.create(paper=paper, day=day + timedelta(days=1), votes=3)

    made = merging.merge(paper, twin, "id")

    paper.refresh_from_db()
    assert paper.votes == 40
    assert paper.trending == scores.trending([(day, 40)], paper.day, ())
    merging.part(made)
    paper.refresh_from_db()
    assert paper.trending == scores.trending([(day + timedelta(days=1), 3)], paper.day, ())


def test_a_withdrawal_stays_with_the_row_whose_source_told_it(paper, twin):
    made = merging.merge(paper, twin, "id")
    withdraw([Withdrawal(twin.key, datetime(2026, 8, 1, tzinfo=UTC))])
    store([Record(paper.key, TITLE, "arxiv", abstract="A newer abstract.", version=2)])
    assert Paper.objects.get(pk=paper.pk).withdrawn is None

    merging.part(made)

    assert Paper.objects.get(pk=twin.pk).withdrawn == datetime(2026, 8, 1, tzinfo=UTC)


def test_a_chain_is_parted_link_by_link(ada, paper, twin):
    third = cast.paper("doi:10.1000/1", TITLE, announced=None, journal_ref="Journal")
    votes.cast(ada, third)
    first = merging.merge(twin, third, "doi")
    second = merging.merge(paper, twin, "id")
    assert set(Paper.objects.exclude(same_as=None).values_list("same_as", flat=True)) == {paper.pk}
    assert Paper.objects.named("10.1000/1") == paper

    merging.part(second)
    assert Paper.objects.get(pk=third.pk).same_as_id == twin.pk
    assert Paper.objects.get(pk=paper.pk).journal_ref == ""
    assert Vote.objects.get().paper_id == twin.pk

    merging.part(first)
    assert Paper.objects.standing().count() == 3
    assert Vote.objects.get().paper_id == third.pk


def test_a_link_in_the_middle_can_be_parted_first(ada, paper, twin):
    third = cast.paper("doi:10.1000/1", TITLE, announced=None)
    votes.cast(ada, third)
    first = merging.merge(twin, third, "doi")
    second = merging.merge(paper, twin, "id")

    merging.part(first)
    merging.part(second)

    assert Paper.objects.standing().count() == 3
    assert Vote.objects.get().paper_id == third.pk


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_in_whatever_order_a_chain_is_parted_each_row_has_its_own_votes_again(ada, paper, twin, order):
    third = cast.paper("doi:10.1000/1", TITLE, announced=None)
    votes.cast(ada, third)
    votes.cast(ada, paper)
    made = [merging.merge(twin, third, "doi"), merging.merge(paper, twin, "id")]
    assert Vote.objects.get().paper == paper

    for place in order:
        merging.part(Merging.objects.get(pk=made[place].pk))

    assert {vote.paper for vote in Vote.objects.all()} == {paper, third}
    assert [Paper.objects.get(pk=one.pk).reader_votes for one in (paper, twin, third)] == [1, 0, 1]


def test_a_merged_row_is_on_no_list(paper, twin):
    votes.cast(cast.reader("cy"), twin)
    merging.merge(paper, twin, "id")

    assert list(ranked.added()) == [paper]
    assert list(ranked.trending()) == [paper]
    assert list(Paper.objects.newest()) == [paper]
    assert list(Paper.objects.by_author("A. Example")) == []


def test_two_at_once_merge_once(paper, twin):
    assert merging.merge(paper, twin, "id") is not None
    assert merging.merge(paper, twin, "hand") is None
    assert Merging.objects.count() == 1


def test_what_is_parted_twice_is_a_conflict(paper, twin):
    made = merging.merge(paper, twin, "id")
    merging.part(made)
    with pytest.raises(Conflict):
        merging.part(made)


def test_only_moderators_merge_and_part_and_the_log_tells(ada, mo, paper, twin):
    with pytest.raises(Refused):
        merging.make_one(ada, paper, twin)
    with pytest.raises(BadInput):
        merging.make_one(mo, paper, paper)
    made = merging.make_one(mo, twin, paper, "the proceedings' version")
    assert (made.kept, made.by, made.how) == (paper, "mo", "hand")
    with pytest.raises(Refused):
        merging.undo(ada, made)
    merging.undo(mo, made)

    assert [(entry.verb, entry.reason, entry.paper_key) for entry in log.entries()] == [
        ("part", "two different papers", paper.key),
        ("merge", "the proceedings' version", paper.key),
    ]
    assert merging.make_one(mo, paper, twin).kept == paper


def test_a_visitor_is_asked_to_sign_in(paper, twin):
    from django.contrib.auth.models import AnonymousUser

    with pytest.raises(SignInNeeded):
        merging.make_one(AnonymousUser(), paper, twin)


def test_who_closes_the_account_leaves_nothing_set_aside(ada, paper, twin):
    for one in (paper, twin):
        votes.cast(ada, one)
        lists.save(ada, one)
    made = merging.merge(paper, twin, "id")
    assert len(made.moved["aside"]) == 2

    closing.close(ada, "ada", cast.PASSWORD)

    made.refresh_from_db()
    assert made.moved["aside"] == []
    merging.part(made)
    assert not Vote.objects.exists()


def test_what_was_done_at_the_very_moment_is_gathered_later(ada, paper, twin):
    made = merging.merge(paper, twin, "id")
    Vote.objects.create(paper=twin, reader=ada, cast=datetime(2026, 7, 2, tzinfo=UTC))

    duplicates.find()

    assert Paper.objects.get(pk=paper.pk).reader_votes == 1
    merging.part(Merging.objects.get(pk=made.pk))
    assert Vote.objects.get().paper == twin


def test_a_merging_is_named_by_either_id(paper, twin):
    made = merging.merge(paper, twin, "id")
    assert merging.newest_of(twin.key) == merging.newest_of(paper.key) == made
    with pytest.raises(NotFound):
        merging.newest_of("2601.99999")


@pytest.mark.parametrize("name", ["https://aclanthology.org/2026.acl-long.1/", "acl:2026.acl-long.1"])
def test_of_several_mergings_the_address_of_a_row_names_its_own(paper, twin, name):
    made = merging.merge(paper, twin, "id")
    newer = merging.merge(paper, cast.paper("doi:10.1000/1", "Another title", announced=None), "id")

    assert merging.newest_of(name) == made
    assert merging.newest_of("https://arxiv.org/abs/2601.00001") == newer


# --- The finder -----------------------------------------------------------------------------------------------------


def test_the_finder_merges_what_is_surely_one_paper(paper, twin):
    assert duplicates.find() == "Looked at 2 papers: 1 were another one, 0 may be."

    made = Merging.objects.get()
    assert (made.kept, made.merged, made.how, made.by) == (paper, twin, "likeness", "")
    assert made.score is not None
    assert duplicates.find().endswith("0 were another one, 0 may be.")


def test_without_an_abstract_a_person_decides_and_is_asked_once(mo, paper, twin):
    Paper.objects.filter(pk=twin.pk).update(abstract="")
    assert duplicates.find().endswith("0 were another one, 1 may be.")
    pair = merging.proposals().get()

    merging.decide(mo, pair, False)

    assert not merging.proposals().exists()
    Counter.objects.filter(name="duplicates").delete()
    assert duplicates.find().endswith("0 were another one, 0 may be.")
    assert ModerationEntry.objects.get().verb == "not-same"
    with pytest.raises(Conflict):
        merging.decide(mo, pair, True)


def test_a_pair_that_is_one_paper_is_merged_by_the_decision(mo, paper, twin):
    Paper.objects.filter(pk=twin.pk).update(abstract="")
    duplicates.find()

    merging.decide(mo, merging.proposals().get(), True)

    assert Paper.objects.standing().get() == paper
    assert not merging.proposals().exists()
    assert Resemblance.objects.get().same is True


def test_two_arxiv_ids_of_one_text_are_only_proposed(paper):
    other = cast.paper("2602.00009", TITLE, abstract=ABSTRACT)
    Paper.objects.filter(pk=paper.pk).update(abstract=ABSTRACT)

    assert duplicates.find().endswith("0 were another one, 1 may be.")
    pair = merging.proposals().get()
    assert {pair.first, pair.second} == {paper, other}


@pytest.fixture
def retitled(twin):
    Paper.objects.filter(pk=twin.pk).update(title="Small Papers: Scaling Laws", title_key=title_key("Small Papers:"))
    return twin


def nearest(papers):
    return lambda asked: [one.pk for one in papers]


def test_a_paper_whose_title_was_changed_is_found_among_those_of_like_titles(paper, retitled):
    assert duplicates.find().endswith("0 were another one, 0 may be.")

    assert duplicates.find(near=nearest([paper, retitled])).endswith("1 were another one, 0 may be.")

    made = Merging.objects.get()
    assert (made.kept, made.merged, made.how) == (paper, retitled, "likeness")


def test_without_the_index_like_titles_wait_and_are_searched_for_later(paper, retitled):
    def closed(asked):
        raise Conflict("The search index is not open yet.")

    assert duplicates.find(near=closed).endswith("Like titles wait for the search index.")
    assert duplicates.find(near=nearest([paper])).endswith("1 were another one, 0 may be.")


def test_where_all_papers_are_arxivs_nothing_is_searched_for(paper):
    Paper.objects.update(day=timezone.now().date())
    asked: list[Paper] = []
    duplicates.find(near=lambda one: asked.append(one) or [])
    assert asked == []

    other = cast.paper("doi:10.1000/1", "Another title", announced=None)
    duplicates.find(near=lambda one: asked.append(one) or [])
    assert {one.pk for one in asked} == {paper.pk, other.pk}


def test_two_papers_of_arxiv_of_like_titles_are_no_pair(paper):
    cast.paper("doi:10.1000/1", "Another title", announced=None)
    Paper.objects.filter(pk=paper.pk).update(abstract=ABSTRACT, day=timezone.now().date())
    other = cast.paper("2602.00009", f"{TITLE} Again", abstract=ABSTRACT, day=timezone.now().date())

    assert duplicates.find(near=nearest([paper, other])).endswith("0 were another one, 0 may be.")
    assert not Resemblance.objects.exists()


def test_all_papers_are_looked_at_again_when_that_is_asked_for(paper, retitled):
    duplicates.find(near=nearest([]))
    duplicates.begin_again()

    assert duplicates.find(near=nearest([paper])).endswith("1 were another one, 0 may be.")


def test_an_erratum_is_not_even_proposed(db):
    for key, title in (("doi:10.1000/1", "On Growth 1"), ("doi:10.2000/2", "On growth, 1")):
        cast.paper(key, title, abstract=ABSTRACT)
    cast.paper("doi:10.3000/3", "Erratum: On Growth 1", abstract=ABSTRACT)

    duplicates.find()

    assert Paper.objects.standing().count() == 2
    assert not Resemblance.objects.exists()


def test_papers_that_were_here_before_ids_were_kept_are_found_by_their_doi(db):
    kept = cast.paper("2601.00004", "One Title", doi="10.1000/X")
    cast.paper("doi:10.1000/x", "Quite Another Title", doi="10.1000/x", announced=None)

    assert duplicates.find() == "Looked at 2 papers: 1 were another one, 0 may be."
    assert Paper.objects.standing().get() == kept
    assert Identifier.objects.get().key == "doi:10.1000/x"


def test_a_rubric_is_no_title_to_compare_by(db):
    for number in range(duplicates.MOST_OF_A_TITLE + 1):
        cast.paper(f"doi:10.{1000 + number}/1", "Preface", abstract=ABSTRACT)

    assert duplicates.find().endswith("0 were another one, 0 may be.")


def test_the_finder_goes_on_where_it_was_stopped(paper, twin, monkeypatch):
    monkeypatch.setattr(duplicates, "BATCH", 1)
    asked = iter([False, True])

    assert duplicates.find(lambda: next(asked)).startswith("Looked at 1 papers")
    assert duplicates.find().startswith("Looked at ")
    assert Paper.objects.standing().get() == paper


def test_parted_papers_stay_two_for_the_finder(paper, twin):
    duplicates.find()
    merging.part(Merging.objects.get())
    Counter.objects.filter(name="duplicates").delete()

    assert duplicates.find().endswith("0 were another one, 0 may be.")


def test_storing_while_readers_hold_comments_keeps_them(ada, db):
    acl = Record("acl:2026.acl-long.7", TITLE, "acl", doi="10.1000/7")
    store([acl])
    here = Paper.objects.get()
    discussion.comment(ada, here, "Seen at the conference.")

    merging.settle(store([Record("2601.00007", TITLE, "arxiv", doi="10.1000/7")]).same)

    kept = Paper.objects.standing().get()
    assert (kept.key, kept.reader_comments) == ("2601.00007", 1)


def at_once(*acts) -> list[str]:
    """Do each of some things four times, each in a thread of its own; return what went wrong but for who was late."""
    start = threading.Barrier(len(acts), timeout=30)
    wrong: list[str] = []

    def run(act):
        try:
            start.wait()
            for _ in range(4):
                try:
                    act()
                except (Conflict, BadInput, NotFound):
                    continue
        except Exception as error:  # noqa: BLE001 (told below, from the thread)
            wrong.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return wrong


@pytest.mark.django_db(transaction=True)
def test_readers_and_moderators_act_at_once(ada, bo, mo, paper, twin):
    def merge_and_part():
        merging.make_one(mo, Paper.objects.get(pk=paper.pk), Paper.objects.get(pk=twin.pk))
        merging.undo(mo, merging.newest_of(twin.key))

    assert at_once(merge_and_part, merge_and_part, lambda: votes.cast(ada, Paper.objects.named(twin.key))) == []

    merging.gather()
    for one in Paper.objects.all():
        assert one.reader_votes == Vote.objects.standing().filter(paper=one).count()
    assert Merging.objects.filter(parted_at=None).count() == Paper.objects.exclude(same_as=None).count()


@pytest.mark.django_db(transaction=True)
def test_moderators_merge_from_both_sides_while_records_come_in_and_a_reader_leaves(ada, mo, al, paper, twin):
    votes.cast(ada, paper)
    votes.cast(ada, twin)
    before = (paper.journal_ref, paper.doi, paper.day)
    numbers = iter(range(2, 100))

    def come_in():
        number = next(numbers)
        store(
            [
                Record(twin.key, f"{TITLE} {number}", "acl", abstract=ABSTRACT, version=number),
                Record(paper.key, TITLE, "arxiv", abstract=f"{ABSTRACT} {number}", version=number),
            ]
        )

    assert (
        at_once(
            lambda: merging.make_one(mo, Paper.objects.get(pk=paper.pk), Paper.objects.get(pk=twin.pk)),
            lambda: merging.make_one(al, Paper.objects.get(pk=twin.pk), Paper.objects.get(pk=paper.pk)),
            lambda: merging.undo(mo, merging.newest_of(twin.key)),
            come_in,
            lambda: closing.close_for(al, ada) if User.objects.filter(pk=ada.pk).exists() else None,
        )
        == []
    )

    for one in Merging.objects.filter(parted_at=None):
        assert (one.kept, one.merged) == (paper, twin)
        merging.part(one)
    assert Paper.objects.standing().count() == 2
    assert not Vote.objects.exists()
    assert not any(one.moved for one in Merging.objects.all())
    paper.refresh_from_db()
    assert (paper.journal_ref, paper.doi, paper.day) == before
    assert paper.version == Paper.objects.get(pk=twin.pk).version == 5
