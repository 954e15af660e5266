"""The discussion below a paper and the page of notifications, through the browser's door: forms, history, links."""

import html
import re
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from tests import cast

from broadsheet.accounts.models import User
from broadsheet.community import discussion, notifications
from broadsheet.community.models import Claim, Comment, DiscussionLock

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_kept_pages():
    cache.clear()  # the database of each test begins anew, and so do the numbers that kept pages go by


@pytest.fixture
def as_ada(ada):
    client = Client()
    client.force_login(ada)
    return client


@pytest.fixture
def as_bo(bo):
    client = Client()
    client.force_login(bo)
    return client


def page(client, paper):
    answer = client.get(f"/papers/{paper.key}")
    assert answer.status_code == 200
    return answer.content.decode() if not answer.has_header("Content-Encoding") else ""


def write(client, paper, text, **more):
    return client.post("/comments", {"paper": paper.key, "text": text, **more})


def test_a_comment_written_on_the_page_stands_there(as_ada, paper):
    answer = write(as_ada, paper, "**Fine** work")
    made = Comment.objects.get()
    assert answer.status_code == 302
    assert answer["Location"] == f"/papers/{paper.key}#comment-{made.public_id}"
    shown = page(as_ada, paper)
    assert f'id="comment-{made.public_id}"' in shown
    assert "<strong>Fine</strong> work" in shown


def test_a_visitor_sees_the_discussion_new_after_each_comment(as_ada, client, paper):
    assert "Nobody has written" in page(client, paper)
    write(as_ada, paper, "first words")
    assert "first words" in page(client, paper)
    assert "<textarea" not in page(client, paper)
    assert f"?next=/papers/{paper.key}" in page(client, paper)


def test_a_visitor_who_writes_is_led_to_signing_in(client, paper):
    answer = write(client, paper, "hello")
    assert answer.status_code == 302
    assert "sign-in" in answer["Location"]
    assert not Comment.objects.exists()


def test_a_form_without_its_token_is_refused(ada, paper):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    made = discussion.comment(ada, paper, "stays")
    for path in (
        "/comments",
        *(f"/comments/{made.public_id}/{act}" for act in ("edit", "delete", "react")),
        "/notifications/read",
    ):
        assert strict.post(path, {"paper": paper.key, "text": "x", "put": "👍"}).status_code == 403, path
    assert Comment.objects.get().text == "stays"


def test_nothing_changes_by_a_get(as_ada, ada, paper):
    made = discussion.comment(ada, paper, "stays")
    for path in (
        "/comments",
        f"/comments/{made.public_id}/delete",
        f"/comments/{made.public_id}/react",
        "/notifications/read",
    ):
        assert as_ada.get(path, {"put": "👍"}).status_code == 405, path


def test_a_preview_shows_the_text_and_keeps_nothing(as_ada, paper):
    cast.paper("2601.00002", "A Second Paper")
    answer = write(as_ada, paper, "$x^2$ in 2601.00002 </textarea>", preview="1")
    shown = answer.content.decode()
    assert answer.status_code == 200
    assert "<msup>" in shown
    assert "A Second Paper" in shown
    assert "&lt;/textarea&gt;</textarea>" in shown
    assert not Comment.objects.exists()


def test_what_is_wrong_is_said_above_the_text_that_was_written(as_ada, paper):
    answer = write(as_ada, paper, "   ")
    assert answer.status_code == 400
    assert "The comment is empty." in answer.content.decode()
    DiscussionLock.objects.create(paper=paper, reason="it ran hot")
    answer = write(as_ada, paper, "my long work")
    assert answer.status_code == 403
    assert "it ran hot" in answer.content.decode()
    assert "my long work</textarea>" in answer.content.decode()


def test_too_many_comments_say_when_it_works_again(as_ada, paper, settings):
    settings.COMMENTS_PER_HOUR = 1
    write(as_ada, paper, "one")
    answer = write(as_ada, paper, "two")
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) > 0
    assert "two</textarea>" in answer.content.decode()


def test_unknown_papers_and_comments_are_not_found(as_ada, paper):
    assert as_ada.post("/comments", {"paper": "2699.1", "text": "x"}).status_code == 404
    assert as_ada.post("/comments", {"paper": "\0", "text": "x"}).status_code == 404
    assert as_ada.post("/comments", {"paper": paper.key, "text": "x", "parent": "f" * 24}).status_code == 404
    assert as_ada.get("/comments/%00").status_code == 404
    for path in ("", "/history", "/edit"):
        assert as_ada.get(f"/comments/{'f' * 24}{path}").status_code == 404
    for act in ("delete", "react", "edit"):
        assert as_ada.post(f"/comments/{'f' * 24}/{act}", {"text": "x", "put": "👍"}).status_code == 404


def test_a_reply_stands_below_its_comment(as_ada, as_bo, ada, paper):
    first = discussion.comment(ada, paper, "question")
    write(as_bo, paper, "answer", parent=first.public_id)
    shown = page(as_ada, paper)
    assert shown.index("question") < shown.index('class="replies"') < shown.index("answer")


def test_an_edit_and_its_history_are_public(as_ada, as_bo, ada, client, paper):
    made = discussion.comment(ada, paper, "first *version*")
    path = f"/comments/{made.public_id}"
    assert "first *version*</textarea>" in as_ada.get(path + "/edit").content.decode()
    assert as_ada.post(path + "/edit", {"text": "second version"}).status_code == 302
    assert f'href="{path}/history"' in page(client, paper)
    history = client.get(path + "/history").content.decode()
    assert "second version" in history
    assert "first <em>version</em>" in history
    assert as_bo.get(path + "/edit").status_code == 403
    assert as_bo.post(path + "/edit", {"text": "third"}).status_code == 403
    assert client.get(path + "/edit").status_code == 302
    assert Comment.objects.get().text == "second version"


def test_only_its_author_is_offered_to_edit_and_delete(as_ada, as_bo, ada, paper):
    made = discussion.comment(ada, paper, "mine")
    assert f"/comments/{made.public_id}/delete" in page(as_ada, paper)
    assert f"/comments/{made.public_id}/delete" not in page(as_bo, paper)
    assert f"/report?comment={made.public_id}" in page(as_bo, paper)
    assert as_bo.post(f"/comments/{made.public_id}/delete").status_code == 403
    assert as_ada.post(f"/comments/{made.public_id}/delete").status_code == 302
    assert "mine" not in page(as_ada, paper)
    assert as_ada.get(f"/comments/{made.public_id}").status_code == 404


def test_a_hidden_comment_shows_its_reason_to_all_and_its_text_to_moderators(as_bo, client, ada, mo, paper):
    made = discussion.comment(ada, paper, "first rudeness")
    discussion.edit(ada, made, "second rudeness")
    Comment.objects.filter(pk=made.pk).update(hidden=timezone.now(), hidden_reason="rude words")
    discussion.recount(paper)
    for who in (client, as_bo):
        shown = page(who, paper)
        assert "Hidden by a moderator: rude words" in shown
        assert "rudeness" not in shown
        assert who.get(f"/comments/{made.public_id}/history").status_code == 404
    as_mo = Client()
    as_mo.force_login(mo)
    assert "second rudeness" in page(as_mo, paper)
    assert "first rudeness" in as_mo.get(f"/comments/{made.public_id}/history").content.decode()


def test_a_reaction_is_a_button_that_says_whether_it_is_pressed(as_ada, as_bo, ada, client, paper):
    made = discussion.comment(ada, paper, "good")
    path = f"/comments/{made.public_id}/react"
    for _ in range(2):
        answer = as_bo.post(path, {"put": "👍"})
        assert answer["Location"].endswith(f"#comment-{made.public_id}")
    pressed = re.search(
        r'<button [^>]*name="take" value="👍" aria-pressed="true"[^>]*>.*?</button>', page(as_bo, paper)
    )
    assert "agree" in pressed[0]
    assert pressed[0].endswith(" 1</button>")
    assert 'name="put" value="👍" aria-pressed="false"' in page(as_ada, paper)
    assert re.search(r'<li title="agree">.*? 1</li>', page(client, paper))
    as_bo.post(path, {"take": "👍"})
    assert 'name="put" value="👍" aria-pressed="false"' in page(as_bo, paper)
    assert as_bo.post(path, {"put": "💣"}).status_code == 400
    assert client.post(path, {"put": "👍"}).status_code == 302


def test_verified_authors_and_closed_accounts_are_told_apart(as_bo, ada, mo, paper):
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="orcid", state="verified")
    discussion.comment(ada, paper, "I wrote this")
    discussion.comment(mo, paper, "I left")
    User.objects.filter(pk=mo.pk).delete()
    shown = page(as_bo, paper)
    assert shown.count("author of the paper") == 1
    assert "a closed account" in shown


def test_comments_at_the_source_are_told_apart(client, paper):
    paper.imported_comments = 3
    paper.save()
    assert "3 comments at the source" in page(client, paper)


def test_a_permalink_leads_to_the_comment(client, ada, paper):
    made = discussion.comment(ada, paper, "here")
    assert client.get(f"/comments/{made.public_id}")["Location"] == f"/papers/{paper.key}#comment-{made.public_id}"


def test_names_and_reasons_are_escaped(as_bo, ada, paper):
    ada.name = ada.affiliation = '"><script>x</script>'
    ada.save()
    made = discussion.comment(ada, paper, "hello")
    discussion.comment(ada, paper, "hidden")
    Comment.objects.exclude(pk=made.pk).update(hidden=timezone.now(), hidden_reason="<script>y</script>")
    DiscussionLock.objects.create(paper=paper, reason="<script>z</script>")
    shown = page(as_bo, paper)
    assert "<script>" not in shown
    assert html.escape("<script>z</script>") in shown


def test_notifications_are_listed_and_marked_as_read(as_ada, as_bo, ada, bo, paper):
    made = discussion.comment(bo, paper, "look, @ada")
    shown = as_ada.get("/notifications").content.decode()
    assert f'<a href="/comments/{made.public_id}">Bo mentioned you: {paper.title}</a>' in shown
    assert "1 unread" in shown
    assert notifications.unread(ada) == 1, "to look changes nothing"
    assert as_ada.post("/notifications/read").status_code == 302
    assert "unread" not in as_ada.get("/notifications").content.decode()
    assert "mentioned" not in as_bo.get("/notifications").content.decode()


def test_notifications_are_for_readers_and_have_pages(client, as_ada, ada, bo):
    assert client.get("/notifications").status_code == 302
    assert client.post("/notifications/read").status_code == 302
    for number in range(35):
        notifications.tell(ada, "comment", actor=bo, text=f"News {number}.")
    assert "News 34." in as_ada.get("/notifications").content.decode()
    second = as_ada.get("/notifications?p=2").content.decode()
    assert "News 4." in second
    assert "News 34." not in second


def test_the_link_of_a_mail_shows_a_button_and_works_for_whoever_holds_it(ada):
    strict = Client(enforce_csrf_checks=True)
    path = f"/notifications/stop/{notifications.stop_token(ada, 'claim')}"
    answer = strict.get(path)
    assert "Send no more of these" in answer.content.decode()
    ada.refresh_from_db()
    assert notifications.way(ada, "claim") == "mail"
    assert strict.post(path).status_code == 200
    ada.refresh_from_db()
    assert notifications.way(ada, "claim") == "page"
    assert strict.post(path + "x").status_code == 404


def test_a_suspended_reader_reads_and_writes_nothing(as_ada, ada, paper):
    made = discussion.comment(ada, paper, "before")
    ada.suspended_until = timezone.now() + timedelta(days=1)
    ada.save()
    assert write(as_ada, paper, "after").status_code == 403
    assert as_ada.post(f"/comments/{made.public_id}/react", {"put": "👍"}).status_code == 403
    assert as_ada.get("/notifications").status_code == 200
    assert "before" in page(as_ada, paper)
