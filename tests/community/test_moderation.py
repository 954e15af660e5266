"""Moderation through its verbs: who may act on whom, what each act changes, and that the log tells it."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import Role, User
from broadsheet.community import discussion, lists, log, moderation, reports, undoing, votes
from broadsheet.community.models import Comment, ModerationEntry, Notification, Reaction, Report, Vote
from broadsheet.errors import BadInput, Conflict, NotFound, Refused, SignInNeeded, TooMany
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db
WHY = "against the rules"


@pytest.fixture
def comment(ada, paper):
    return discussion.comment(ada, paper, "Look at *my* shop.")


def counted(paper):
    return Paper.objects.get(pk=paper.pk).reader_comments


# --- Reports ------------------------------------------------------------------------------------------------------


def test_a_reader_reports_a_comment_a_paper_and_an_account_once_each(ada, bo, paper, comment):
    first = reports.report(bo, comment, "spam")
    again = reports.report(bo, comment, "abuse", "sent twice")
    assert again.pk == first.pk
    reports.report(bo, paper, "not-a-paper")
    reports.report(bo, ada, "other", "Posts nothing but adverts.")
    assert [case.kind for case in reports.cases()] == ["comment", "paper", "account"]
    assert Report.objects.count() == 3


def test_a_report_needs_a_reason_that_is_known_and_a_note_where_it_says_nothing(ada, bo, comment):
    with pytest.raises(BadInput, match="no reason"):
        reports.report(bo, comment, "boring")
    with pytest.raises(BadInput, match="note"):
        reports.report(bo, comment, "other", "  ")
    with pytest.raises(BadInput, match="501 characters"):
        reports.report(bo, comment, "spam", "x" * 501)
    with pytest.raises(Refused):
        reports.report(ada, ada, "spam")
    with pytest.raises(SignInNeeded):
        reports.report(AnonymousUser(), comment, "spam")
    assert not Report.objects.exists()


def test_what_is_hidden_cannot_be_reported(bo, mo, comment):
    hidden = moderation.hide(mo, comment, WHY)
    with pytest.raises(NotFound):
        reports.report(bo, hidden, "spam")


def test_new_accounts_report_little(paper):
    new = cast.reader("cy", days=0)
    for number in range(2):
        reports.report(new, cast.paper(f"2601.1000{number}"), "spam")
    with pytest.raises(TooMany):
        reports.report(new, paper, "spam")
    assert Report.objects.count() == 2


def test_the_table_itself_refuses_a_report_about_two_things_and_an_open_one_twice(ada, bo, paper):
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(reporter=bo, paper=paper, account=ada, reason="spam")
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(reporter=bo, reason="spam")
    Report.objects.create(reporter=bo, paper=paper, reason="spam")
    with pytest.raises(IntegrityError), transaction.atomic():
        Report.objects.create(reporter=bo, paper=paper, reason="abuse")


def test_reports_are_grouped_and_settled_by_the_act(ada, bo, mo, comment):
    reports.report(bo, comment, "spam")
    reports.report(cast.reader("cy"), comment, "abuse")
    (case,) = reports.cases()
    assert len(case.reports) == 2
    moderation.hide(mo, comment, WHY, seen=case.seen)
    assert reports.cases() == []
    assert set(Report.objects.values_list("outcome", flat=True)) == {"hidden"}
    assert ModerationEntry.objects.get().detail["reports"] == 2


def test_a_moderator_dismisses_reports(bo, mo, al, comment):
    reports.report(bo, comment, "spam")
    with pytest.raises(Refused):
        reports.dismiss(bo, comment, WHY)
    assert reports.dismiss(mo, comment, "is no spam") == 1
    with pytest.raises(Conflict):
        reports.dismiss(al, comment, "is no spam")
    assert ModerationEntry.objects.get().verb == "dismiss"


def test_nobody_dismisses_reports_about_themselves(bo, mo):
    reports.report(bo, mo, "abuse")
    with pytest.raises(Refused):
        reports.dismiss(mo, mo, WHY)


# --- Comments and discussions -------------------------------------------------------------------------------------


def test_a_hidden_comment_counts_no_more_and_is_restored(ada, mo, paper, comment):
    assert counted(paper) == 1
    hidden = moderation.hide(mo, comment, WHY)
    assert (hidden.hidden_by, hidden.hidden_reason) == (mo, WHY)
    assert counted(paper) == 0
    with pytest.raises(Conflict):
        moderation.hide(mo, comment, WHY)
    moderation.restore(mo, comment, "was a mistake")
    assert counted(paper) == 1
    assert Comment.objects.get().hidden is None
    with pytest.raises(Conflict):
        moderation.restore(mo, comment, "was a mistake")
    assert list(ModerationEntry.objects.values_list("verb", flat=True)) == ["restore", "hide"]
    assert Notification.objects.filter(reader=ada, kind="moderation").count() == 2


@pytest.mark.parametrize("who", ["ada", "bo", "nobody"])
def test_only_moderators_act(who, ada, bo, paper, comment):
    visitor = {"ada": ada, "bo": bo, "nobody": AnonymousUser()}[who]
    other = cast.reader("cy")
    acts = [
        lambda: moderation.hide(visitor, comment, WHY),
        lambda: moderation.restore(visitor, comment, WHY),
        lambda: moderation.lock(visitor, paper, WHY),
        lambda: moderation.unlock(visitor, paper, WHY),
        lambda: moderation.warn(visitor, other, WHY),
        lambda: moderation.suspend(visitor, other, 3, WHY),
        lambda: moderation.lift(visitor, other, WHY),
        lambda: moderation.void_votes(visitor, other, WHY),
        lambda: moderation.unvoid_votes(visitor, other, WHY),
        lambda: moderation.undo_all(visitor, other, WHY),
        lambda: moderation.restore_all(visitor, other, WHY),
        lambda: moderation.set_role(visitor, other, "admin", WHY),
    ]
    for act in acts:
        with pytest.raises((Refused, SignInNeeded)):
            act()
    assert not ModerationEntry.objects.exists()


def test_a_suspended_moderator_does_not_act(al, mo, comment):
    mo = moderation.suspend(al, mo, 1, WHY)
    with pytest.raises(Refused):
        moderation.hide(mo, comment, WHY)


@pytest.mark.parametrize("reason", ["", "  x ", "y" * 301])
def test_no_act_without_a_reason(reason, mo, ada, comment, paper):
    for act in (
        lambda: moderation.hide(mo, comment, reason),
        lambda: moderation.lock(mo, paper, reason),
        lambda: moderation.warn(mo, ada, reason),
    ):
        with pytest.raises(BadInput, match="reason"):
            act()
    assert not ModerationEntry.objects.exists()


def test_a_locked_discussion_takes_no_comments(ada, mo, paper):
    moderation.lock(mo, paper, WHY)
    with pytest.raises(Refused):
        discussion.comment(ada, paper, "May I?")
    with pytest.raises(Conflict):
        moderation.lock(mo, paper, WHY)
    moderation.unlock(mo, paper, "calm again")
    assert discussion.comment(ada, paper, "May I?").pk
    with pytest.raises(Conflict):
        moderation.unlock(mo, paper, WHY)


# --- Accounts -----------------------------------------------------------------------------------------------------


def test_a_warning_is_told_on_page_and_by_mail(ada, mo, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        moderation.warn(mo, ada, "Please stay with the paper.")
    assert "Please stay with the paper." in Notification.objects.get(reader=ada).text
    assert [message.to for message in mail.outbox] == [["ada@example.org"]]
    assert "Please stay with the paper." in mail.outbox[0].body


def test_a_suspended_reader_reads_on_and_writes_nothing_until_it_is_lifted(ada, mo, paper):
    held = moderation.suspend(mo, ada, 7, WHY)
    assert timedelta(days=6, hours=23) < held.suspended_until - timezone.now() <= timedelta(days=7)
    with pytest.raises(Refused, match=WHY):
        votes.cast(held, paper)
    with pytest.raises(Conflict):
        moderation.suspend(mo, ada, 1, WHY)
    lifted = moderation.lift(mo, ada, "asked kindly")
    assert votes.cast(lifted, paper)
    with pytest.raises(Conflict):
        moderation.lift(mo, ada, "asked kindly")


@pytest.mark.parametrize("days", [0, -1, 3651])
def test_a_suspension_has_bounds(days, ada, mo):
    with pytest.raises(BadInput):
        moderation.suspend(mo, ada, days, WHY)


def test_moderators_act_on_readers_and_only_administrators_on_moderators(mo, al, ada):
    other = cast.reader("mia", Role.MODERATOR)
    for account in (other, al, mo):
        with pytest.raises(Refused):
            moderation.suspend(mo, account, 1, WHY)
        with pytest.raises(Refused):
            moderation.undo_all(mo, account, WHY)
    with pytest.raises(Refused):
        moderation.warn(al, al, WHY)
    assert moderation.suspend(al, other, 1, WHY).is_suspended


def test_a_moderator_does_not_restore_their_own_comment(mo, al, paper):
    own = discussion.comment(mo, paper, "Mine.")
    moderation.hide(al, own, WHY)
    with pytest.raises(Refused):
        moderation.restore(mo, own, WHY)


def test_votes_are_made_void_and_count_again(ada, bo, mo, paper):
    votes.cast(ada, paper)
    votes.cast(bo, paper)
    assert moderation.void_votes(mo, ada, "a ring") == 1
    paper.refresh_from_db()
    assert paper.votes == 1
    with pytest.raises(Conflict):
        moderation.void_votes(mo, ada, "a ring")
    moderation.unvoid_votes(mo, ada, "no ring")
    paper.refresh_from_db()
    assert paper.votes == 2
    assert Vote.objects.count() == 2


def test_administrators_give_roles_and_the_log_tells_it(al, mo, ada):
    moderation.set_role(al, ada, "moderator", "helps a lot")
    ada.refresh_from_db()
    assert ada.is_moderator
    with pytest.raises(Refused):
        moderation.set_role(mo, ada, "reader", WHY)
    with pytest.raises(Refused):
        moderation.set_role(al, al, "reader", WHY)
    with pytest.raises(BadInput):
        moderation.set_role(al, ada, "owner", WHY)
    with pytest.raises(Conflict):
        moderation.set_role(al, ada, "moderator", WHY)
    entry = ModerationEntry.objects.get()
    assert (entry.account, entry.detail) == ("ada", {"before": "reader", "after": "moderator"})


# --- Undoing everything -------------------------------------------------------------------------------------------


@pytest.fixture
def busy(ada, bo, paper):
    """A reader who has done something of everything."""
    discussion.comment(ada, paper, "One.")
    discussion.comment(ada, paper, "Two.")
    theirs = discussion.comment(bo, paper, "Three.")
    discussion.react(ada, theirs, next(iter(discussion.SIGNS)))
    votes.cast(ada, paper)
    reports.report(ada, bo, "spam")
    lists.edit(ada, lists.create(ada, "Adverts"), public=True)
    return ada


def test_everything_of_an_account_is_undone_in_one_act_and_restored(busy, mo, paper):
    counts = {"comments": 2, "votes": 1, "reactions": 1, "reports": 1, "lists": 1}
    assert moderation.undo_all(mo, busy, "spam") == counts
    paper.refresh_from_db()
    assert (paper.reader_comments, paper.votes) == (1, 0)
    assert not Reaction.objects.exists()
    assert not reports.cases()
    assert not busy.lists.filter(public=True).exists()
    with pytest.raises(Conflict):
        moderation.undo_all(mo, busy, "spam")
    assert moderation.restore_all(mo, busy, "was hijacked") == counts
    paper.refresh_from_db()
    assert (paper.reader_comments, paper.votes) == (3, 1)
    assert Reaction.objects.count() == len(reports.cases()) == busy.lists.filter(public=True).count() == 1
    with pytest.raises(Conflict):
        moderation.restore_all(mo, busy, "was hijacked")
    assert undoing.last_undo(busy) is None


def test_restoring_everything_leaves_what_was_hidden_for_itself(busy, mo, paper):
    first = busy.comments.order_by("pk").first()
    moderation.hide(mo, first, "rude")
    moderation.undo_all(mo, busy, "spam")
    reports_before = Report.objects.get(reporter=busy)
    Report.objects.create(reporter=busy, account=reports_before.account, reason="abuse")
    counts = moderation.restore_all(mo, busy, "was hijacked")
    assert (counts["comments"], counts["reports"]) == (1, 0)
    first.refresh_from_db()
    assert first.hidden_reason == "rude"


# --- The log ------------------------------------------------------------------------------------------------------


def test_entries_are_never_changed_or_deleted(mo, ada):
    entry = log.note(mo, "warn", WHY, account=ada)
    for attempt in (
        entry.save,
        entry.delete,
        ModerationEntry.objects.all().delete,
        lambda: ModerationEntry.objects.update(reason="nothing"),
        lambda: ModerationEntry.objects.bulk_update([entry], ["reason"]),
    ):
        with pytest.raises(TypeError), transaction.atomic():
            attempt()
    assert ModerationEntry.objects.get().reason == WHY


def test_an_entry_points_at_exactly_one_thing(mo, ada, paper, comment):
    with pytest.raises(TypeError):
        log.note(mo, "warn", WHY)
    entry = log.note(mo, "hide", WHY, comment=comment, paper=paper, account=ada)
    assert (entry.comment_id, entry.paper_key, entry.account) == (comment.public_id, "", "")
    assert entry.detail == {"paper": paper.key, "reader": "ada"}
    with pytest.raises(IntegrityError), transaction.atomic():
        ModerationEntry.objects.create(moderator="mo", verb="x", reason=WHY, account="ada", paper_key=paper.key)


def test_the_log_is_read_by_reader(mo, ada, bo, comment):
    moderation.hide(mo, comment, WHY)
    moderation.warn(mo, ada, WHY)
    moderation.warn(mo, bo, WHY)
    assert [entry.verb for entry in log.entries("ada")] == ["warn", "hide"]
    assert log.entries().count() == 3


def test_an_act_on_what_another_moderator_has_dealt_with_is_refused(mo, al, ada):
    seen = log.latest(ada)
    moderation.warn(mo, ada, "first", seen=seen)
    with pytest.raises(Conflict, match="quicker"):
        moderation.warn(al, ada, "second", seen=seen)
    assert ModerationEntry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_moderators_at_once_act_once(ada, paper):
    moderators = [cast.reader(f"mo{number}", Role.MODERATOR) for number in range(6)]
    said = discussion.comment(ada, paper, "Shop.")
    start = threading.Barrier(len(moderators))

    def act(moderator):
        start.wait()
        try:
            moderation.hide(moderator, said, WHY)
            moderation.warn(moderator, ada, WHY, seen=0)
        except Conflict:
            return 0
        finally:
            connection.close()
        return 1

    with ThreadPoolExecutor(len(moderators)) as pool:
        done = list(pool.map(act, moderators))
    assert sum(done) == 1
    assert sorted(ModerationEntry.objects.values_list("verb", flat=True)) == ["hide", "warn"]
    assert counted(paper) == 0
    assert not User.objects.get(pk=ada.pk).is_suspended
