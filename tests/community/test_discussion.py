"""Comments, replies, edits, deletion and reactions, through the verbs."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import User
from broadsheet.community import discussion, notifications
from broadsheet.community.models import Claim, Comment, DiscussionLock, Edit, Notification, Reaction, Submission
from broadsheet.errors import BadInput, BroadsheetError, NotFound, Refused, SignInNeeded, TooMany
from broadsheet.papers.models import Counter, Paper

pytestmark = pytest.mark.django_db


def activity():
    return sum(Counter.objects.filter(name="activity").values_list("value", flat=True))


def counted(paper):
    return Paper.objects.get(pk=paper.pk).reader_comments


def test_a_comment_stands_in_the_thread_and_counts(ada, paper):
    before = activity()
    made = discussion.comment(ada, paper, "  **Well** said.\r\n")
    (said,) = discussion.thread(paper, AnonymousUser())
    assert made.text == "**Well** said."
    assert said.html == "<p><strong>Well</strong> said.</p>\n"
    assert (said.author, said.mine, said.by_author, said.edits) == (ada, False, False, 0)
    assert counted(paper) == paper.reader_comments == 1
    assert activity() == before + 1


def test_a_visitor_and_a_suspended_reader_cannot_write(ada, paper):
    with pytest.raises(SignInNeeded):
        discussion.comment(AnonymousUser(), paper, "hello")
    ada.suspended_until = timezone.now() + timedelta(days=1)
    with pytest.raises(Refused, match="cannot write a comment"):
        discussion.comment(ada, paper, "hello")
    assert counted(paper) == 0


@pytest.mark.parametrize("text", ["", " \n\t ", "\x00\x1b", "x" * 65_537])
def test_an_empty_or_endless_comment_is_refused(ada, paper, text):
    with pytest.raises(BadInput):
        discussion.comment(ada, paper, text)


def test_the_longest_comment_is_taken(ada, paper):
    assert len(discussion.comment(ada, paper, "x" * 65_536).text) == 65_536


def test_a_reply_to_a_reply_stands_below_the_same_comment(ada, bo, paper):
    first = discussion.comment(ada, paper, "one")
    reply = discussion.comment(bo, paper, "two", first)
    discussion.comment(ada, paper, "three", reply)
    (said,) = discussion.thread(paper, ada)
    assert [one.raw for one in said.replies] == ["two", "three"]
    assert {one.comment.parent_id for one in said.replies} == {first.pk}


def test_a_reply_needs_a_comment_of_this_paper_that_can_be_read(ada, mo, paper):
    elsewhere = discussion.comment(ada, cast.paper("2601.00002", "Another"), "there")
    with pytest.raises(NotFound):
        discussion.comment(ada, paper, "here", elsewhere)
    gone = discussion.comment(ada, paper, "soon gone")
    discussion.delete(ada, gone)
    with pytest.raises(NotFound):
        discussion.comment(ada, paper, "here", gone)
    hidden = discussion.comment(ada, paper, "hidden")
    Comment.objects.filter(pk=hidden.pk).update(hidden=timezone.now())
    with pytest.raises(Refused, match="hidden"):
        discussion.comment(ada, paper, "here", hidden)


def test_a_double_click_is_one_comment(ada, bo, paper):
    first = discussion.comment(ada, paper, "twice")
    assert discussion.comment(ada, paper, " twice ").pk == first.pk
    assert discussion.comment(bo, paper, "twice").pk != first.pk
    Comment.objects.filter(pk=first.pk).update(posted=timezone.now() - timedelta(minutes=2))
    assert discussion.comment(ada, paper, "twice").pk != first.pk
    assert counted(paper) == 3


def test_a_reader_writes_so_many_comments_an_hour_and_a_new_one_a_tenth(ada, paper, settings):
    settings.COMMENTS_PER_HOUR = 20
    fresh = cast.reader("fresh", days=0)
    for number in range(2):
        discussion.comment(fresh, paper, f"fresh {number}")
    with pytest.raises(TooMany) as caught:
        discussion.comment(fresh, paper, "one more")
    assert caught.value.wait > 0
    assert discussion.comment(fresh, paper, "fresh 0").text == "fresh 0", "a double click costs nothing"
    for number in range(20):
        discussion.comment(ada, paper, f"ada {number}")
    with pytest.raises(TooMany):
        discussion.comment(ada, paper, "one more")


def test_a_closed_discussion_can_be_read_and_no_more(ada, paper):
    made = discussion.comment(ada, paper, "before")
    DiscussionLock.objects.create(paper=paper, reason="it ran hot")
    for act in (
        lambda: discussion.comment(ada, paper, "after"),
        lambda: discussion.edit(ada, made, "after"),
        lambda: discussion.react(ada, made, "👍"),
    ):
        with pytest.raises(Refused, match="it ran hot"):
            act()
    assert len(discussion.thread(paper, ada)) == 1
    discussion.delete(ada, made)


def test_an_edit_keeps_the_former_text(ada, paper):
    made = discussion.comment(ada, paper, "first")
    discussion.edit(ada, made, "second")
    discussion.edit(ada, made, "second")
    (said,) = discussion.thread(paper, ada)
    assert (said.raw, said.edits) == ("second", 1)
    assert said.comment.edited
    assert [edit.text for edit in made.edits.all()] == ["first"]


def test_only_its_author_edits_and_deletes_a_comment(ada, bo, mo, al, paper):
    made = discussion.comment(ada, paper, "mine")
    for other in (bo, mo, al):
        with pytest.raises(Refused, match="by who wrote it"):
            discussion.edit(other, made, "not mine")
        with pytest.raises(Refused, match="by who wrote it"):
            discussion.delete(other, made)
    with pytest.raises(SignInNeeded):
        discussion.edit(AnonymousUser(), made, "nobody's")
    assert Comment.objects.get().text == "mine"


def test_a_hidden_comment_cannot_be_edited_and_shows_to_moderators_alone(ada, bo, mo, paper):
    made = discussion.comment(ada, paper, "rude")
    Comment.objects.filter(pk=made.pk).update(hidden=timezone.now(), hidden_reason="rude words")
    discussion.recount(paper)
    with pytest.raises(Refused, match="hidden"):
        discussion.edit(ada, made, "polite")
    for visitor in (AnonymousUser(), ada, bo):
        (said,) = discussion.thread(paper, visitor)
        assert (said.raw, said.html, said.readable, said.reactions) == ("", "", False, [])
    assert discussion.thread(paper, mo)[0].raw == "rude"
    assert counted(paper) == 0


def test_a_deleted_comment_vanishes_or_leaves_a_mark_above_its_replies(ada, bo, paper):
    lone = discussion.comment(ada, paper, "lone")
    discussion.edit(ada, lone, "lone still")
    answered = discussion.comment(ada, paper, "answered")
    discussion.react(bo, answered, "👍")
    reply = discussion.comment(bo, paper, "answer", answered)
    discussion.delete(ada, lone)
    discussion.delete(ada, answered)
    assert not Edit.objects.exists()
    assert not Reaction.objects.exists()
    assert set(Comment.objects.exclude(pk=reply.pk).values_list("text", flat=True)) == {""}
    (said,) = discussion.thread(paper, bo)
    assert (said.comment.pk, said.raw, [one.raw for one in said.replies]) == (answered.pk, "", ["answer"])
    assert counted(paper) == 1
    discussion.delete(bo, reply)
    assert discussion.thread(paper, bo) == []
    with pytest.raises(NotFound):
        discussion.delete(bo, reply)


def test_a_reaction_is_given_and_taken_back(ada, bo, paper):
    made = discussion.comment(ada, paper, "good?")
    assert discussion.react(bo, made, "👍")
    assert discussion.react(bo, made, "👍", stand=True), "a double click changes nothing"
    assert discussion.react(ada, made, "👍")
    (said,) = discussion.thread(paper, bo)
    thumb = said.reactions[0]
    assert (thumb.sign, thumb.count, thumb.names, thumb.mine) == ("👍", 2, ["bo", "ada"], True)
    assert not discussion.react(bo, made, "👍")
    assert not discussion.react(bo, made, "👍", stand=False)
    assert discussion.thread(paper, bo)[0].reactions[0].names == ["ada"]
    with pytest.raises(BadInput, match="no reaction"):
        discussion.react(bo, made, "<script>")
    with pytest.raises(SignInNeeded):
        discussion.react(AnonymousUser(), made, "👍")


def test_verified_authors_are_marked_and_others_are_not(ada, bo, paper):
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="orcid", state="verified")
    Claim.objects.create(paper=paper, reader=bo, author_name="Bo Sample", proof="moderator", state="pending")
    discussion.comment(ada, paper, "I wrote it")
    discussion.comment(bo, paper, "so did I")
    assert [said.by_author for said in discussion.thread(paper, bo)] == [True, False]


def test_papers_that_are_known_here_become_cards_at_most_five(ada, paper):
    for number in range(2, 10):
        cast.paper(f"2601.0000{number}", f"Paper {number}")
    text = "2601.00001 is this one; see https://arxiv.org/abs/2601.00002v3, arXiv:2601.00003, 2601.99999 and "
    text += "[here](/papers/2601.00004) https://huggingface.co/papers/2601.00005 2601.00006 2601.00007 2601.00008"
    discussion.comment(ada, paper, text)
    (said,) = discussion.thread(paper, ada)
    assert [card.key for card in said.cards] == [f"2601.0000{number}" for number in range(2, 7)]


def test_names_of_readers_become_links_and_unknown_ones_stay_text(ada, bo, paper):
    discussion.comment(ada, paper, "@bo and @nobody")
    (said,) = discussion.thread(paper, ada)
    assert 'href="/readers/bo"' in said.html
    assert "@nobody" in said.html
    assert "/readers/nobody" not in said.html


def test_a_thread_costs_the_same_number_of_queries_however_long_it_is(ada, bo, paper):
    def queries():
        with CaptureQueriesContext(
            connection,
        ) as caught:
            discussion.thread(paper, bo)
        return len(caught)

    first = discussion.comment(ada, paper, "one @bo 2601.00002")
    discussion.comment(bo, paper, "reply", first)
    few = queries()
    for number in range(12):
        made = discussion.comment(ada, paper, f"{number} @ada @bo 2601.0000{number}")
        discussion.comment(bo, paper, f"reply {number}", made)
        discussion.react(bo, made, "🔥")
    assert queries() == few <= 6


def test_a_closed_account_leaves_its_comments_without_a_name(ada, paper):
    discussion.comment(ada, paper, "I was here")
    User.objects.filter(pk=ada.pk).delete()
    (said,) = discussion.thread(paper, AnonymousUser())
    assert (said.author, said.raw) == (None, "I was here")


def test_whom_a_comment_concerns_is_told_once(ada, bo, mo, al, paper):
    Claim.objects.create(paper=paper, reader=mo, author_name="Ada Example", proof="orcid", state="verified")
    Submission.objects.create(paper=paper, reader=al, day="2026-01-05")
    first = discussion.comment(ada, paper, "hello @ada @nobody")
    assert {(one.reader, one.kind) for one in Notification.objects.all()} == {(mo, "comment"), (al, "comment")}
    Notification.objects.all().delete()
    second = discussion.comment(bo, paper, "@ada @mo `@al` look", first)
    told = {(one.reader, one.kind) for one in Notification.objects.all()}
    assert told == {(ada, "reply"), (mo, "mention"), (al, "comment")}
    Notification.objects.all().delete()
    discussion.comment(al, paper, "to you both", second)
    told = {(one.reader, one.kind) for one in Notification.objects.all()}
    assert told == {(bo, "reply"), (ada, "reply"), (mo, "comment")}


def test_an_edit_tells_only_who_is_newly_named(ada, bo, mo, paper):
    made = discussion.comment(ada, paper, "@bo")
    discussion.edit(ada, made, "@bo @mo")
    assert [one.reader for one in Notification.objects.order_by("pk")] == [bo, mo]


def test_at_most_ten_names_of_one_comment_are_told(ada, paper):
    for number in range(12):
        cast.reader(f"crowd{number}")
    discussion.comment(ada, paper, " ".join(f"@crowd{number}" for number in range(12)))
    assert Notification.objects.filter(kind="mention").count() == discussion.MOST_MENTIONS == 10


def test_what_was_deleted_is_no_longer_told(ada, bo, paper):
    made = discussion.comment(ada, paper, "@bo")
    assert notifications.unread(bo) == 1
    discussion.delete(ada, made)
    assert notifications.unread(bo) == 0


def at_once(acts):
    """Run acts in threads of their own and return what each gave or raised."""

    def run(act):
        try:
            return act()
        except BroadsheetError as error:
            return error
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(run, acts))


@pytest.mark.django_db(transaction=True)
def test_comments_at_once_are_all_kept_and_counted_and_double_clicks_are_one():
    ada, bo, paper = cast.reader("ada"), cast.reader("bo"), cast.paper()
    same = at_once([lambda: discussion.comment(ada, paper, "the same")] * 8)
    assert len({made.pk for made in same}) == 1
    many = at_once([lambda text=f"number {n}": discussion.comment(bo, paper, text) for n in range(12)])
    assert len({made.pk for made in many}) == 12
    at_once([lambda one=made: discussion.delete(bo, one) for made in many[:4]])
    assert counted(paper) == Comment.objects.filter(deleted=None).count() == 9


@pytest.mark.django_db(transaction=True)
def test_one_sign_pressed_at_once_stands_once():
    ada, bo, paper = cast.reader("ada"), cast.reader("bo"), cast.paper()
    made = discussion.comment(ada, paper, "good")
    assert at_once([lambda: discussion.react(bo, made, "👍", stand=True)] * 8) == [True] * 8
    assert Reaction.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_limit_holds_for_comments_at_once(settings):
    settings.COMMENTS_PER_HOUR = 5
    ada, paper = cast.reader("ada"), cast.paper()
    given = at_once([lambda text=f"number {n}": discussion.comment(ada, paper, text) for n in range(10)])
    assert sum(isinstance(one, TooMany) for one in given) == 5
    assert counted(paper) == 5
