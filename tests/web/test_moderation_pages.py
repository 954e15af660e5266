"""Reporting, the queue, the acts, the public log and the admin, through the browser's door."""

import re

import pytest
from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.test import Client
from tests import cast

from broadsheet.accounts import tokens
from broadsheet.accounts.models import ApiToken, Session, User
from broadsheet.community import discussion, moderation, reports, votes
from broadsheet.community.models import Claim, Comment, ModerationEntry, Report
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db
WHY = "against the rules"


@pytest.fixture(autouse=True)
def _no_kept_pages():
    cache.clear()


def signed_in(reader):
    client = Client()
    client.force_login(reader)
    return client


@pytest.fixture
def comment(ada, paper):
    return discussion.comment(ada, paper, "Look at <b>my</b> shop.")


def test_a_reader_reports_a_comment_by_the_form(bo, comment):
    client = signed_in(bo)
    page = client.get(f"/report?comment={comment.public_id}")
    assert "Report a comment" in page.text
    done = client.post("/report", {"comment": comment.public_id, "reason": "spam", "note": "an <i>advert</i>"})
    assert "Moderators will look at it" in done.text
    client.post("/report", {"comment": comment.public_id, "reason": "spam"})
    assert Report.objects.count() == 1


def test_a_report_without_a_reason_shows_the_form_again_with_what_was_typed(bo, paper):
    page = signed_in(bo).post("/report", {"paper": paper.key, "reason": "", "note": "typed <so> far"})
    assert page.status_code == 400
    assert "typed &lt;so&gt; far" in page.text
    assert 'aria-describedby="wrong"' in page.text


@pytest.mark.parametrize("query", ["", "comment=nothing", "paper=x&account=ada", "account=nobody-here", "paper=%00"])
def test_a_report_is_about_one_thing_that_there_is(query, bo, ada):
    assert signed_in(bo).get(f"/report?{query}").status_code in (400, 404)


def test_the_queue_shows_what_was_reported_as_text_and_takes_the_decision(ada, bo, mo, paper, comment):
    reports.report(bo, comment, "other", "please <script>look</script>")
    reports.report(bo, ada, "spam")
    reports.report(bo, paper, "not-a-paper")
    client = signed_in(mo)
    page = client.get("/moderation")
    assert "<script>look" not in page.text
    assert "&lt;script&gt;look" in page.text
    seen = re.search(rf'value="{comment.public_id}">\s*<input type="hidden" name="seen" value="(\d+)"', page.text)[1]
    act = {"comment": comment.public_id, "act": "hide", "reason": WHY, "seen": seen}
    assert client.post("/moderation/act", act)["Location"] == "/moderation"
    assert Comment.objects.get().hidden_reason == WHY
    again = client.post("/moderation/act", act | {"act": "restore"})
    assert again.status_code == 409
    assert "quicker" in again.text
    assert len(reports.cases()) == 2


@pytest.mark.parametrize(
    ("act", "more"),
    [("warn", {}), ("suspend", {"days": "3"}), ("void-votes", {}), ("undo-all", {}), ("dismiss", {})],
)
def test_every_act_on_an_account_is_done_by_its_button(act, more, ada, bo, mo, paper):
    votes.cast(ada, paper)
    reports.report(bo, ada, "spam")
    answer = signed_in(mo).post("/moderation/act", {"account": "ada", "act": act, "reason": WHY, **more})
    assert answer.status_code == 302
    assert ModerationEntry.objects.get().verb == act
    assert not reports.cases()


def test_acts_are_taken_back_by_their_buttons(ada, mo, al, paper):
    client = signed_in(mo)
    votes.cast(ada, paper)
    for act in ("suspend", "lift", "void-votes", "unvoid-votes", "undo-all", "restore-all"):
        answer = client.post("/moderation/act", {"account": "ada", "act": act, "reason": WHY, "days": "3"})
        assert answer.status_code == 302, act
    for act in ("lock", "unlock"):
        assert client.post("/moderation/act", {"paper": paper.key, "act": act, "reason": WHY}).status_code == 302
    assert Paper.objects.get().votes == 1
    admin = signed_in(al)
    page = admin.get("/moderation/about?account=ada")
    assert "Set the role" in page.text
    assert "Set the role" not in client.get("/moderation/about?account=ada").text
    admin.post("/moderation/act", {"account": "ada", "act": "set-role", "role": "trusted", "reason": WHY})
    assert User.objects.get(username="ada").role == "trusted"


@pytest.mark.parametrize(
    "sent", [{"act": "explode"}, {"act": "hide"}, {"act": "suspend", "days": "soon"}, {"act": "warn", "seen": "-1"}, {}]
)
def test_what_is_no_act_is_refused(sent, ada, mo):
    assert signed_in(mo).post("/moderation/act", {"account": "ada", "reason": WHY, **sent}).status_code == 400
    assert not ModerationEntry.objects.exists()


def test_a_claim_is_decided_in_the_queue(ada, mo, paper):
    claim = Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="moderator")
    client = signed_in(mo)
    assert "says to be <b>Ada Example</b>" in client.get("/moderation").text
    client.post("/moderation/claims", {"claim": claim.pk, "decision": "maybe", "reason": WHY})
    client.post("/moderation/claims", {"claim": claim.pk, "decision": "verify", "reason": "known from the lab"})
    claim.refresh_from_db()
    assert claim.state == "verified"
    assert client.post("/moderation/claims", {"claim": "0", "decision": "verify", "reason": WHY}).status_code == 404


def test_the_log_is_public_and_tells_no_hidden_text(client, ada, bo, mo, comment):
    moderation.hide(mo, comment, "an <advert>")
    moderation.warn(mo, bo, WHY)
    page = client.get("/moderation/log")
    assert "an &lt;advert&gt;" in page.text
    assert "shop" not in page.text
    assert "example.org" not in page.text.partition("<main")[2].partition("</main")[0]
    only = client.get("/moderation/log?reader=ada").text
    assert "of ada" in only
    assert WHY not in only


def test_the_log_is_turned_by_pages(client, ada, mo):
    for number in range(51):
        moderation.note(mo, "warn", f"reason {number:02}", account=ada)
    assert "reason 00" not in client.get("/moderation/log").text
    second = client.get("/moderation/log?p=2&reader=ada").text
    assert "reason 00" in second
    assert "?p=1&amp;reader=ada" in second


# --- The admin ------------------------------------------------------------------------------------------------------


def test_the_admin_has_no_sign_in_of_its_own(client, al):
    assert client.get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/sign-in?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "al", "password": cast.PASSWORD})["Location"].startswith(
        "/sign-in"
    )
    assert signed_in(al).get("/admin/login/")["Location"] == "/admin/"


def test_the_admin_shows_no_secret(al, ada, paper):
    token, secret = tokens.issue(ada, "program", "write")
    signed_in(ada).get("/")
    client = signed_in(al)
    session = Session.objects.get(reader=ada)
    secrets = [ada.password, token.digest, secret, session.session_key, session.session_data]
    addresses = ["accounts/session/", "accounts/apitoken/", f"accounts/apitoken/{token.pk}/change/", "accounts/user/"]
    for address in [*addresses, f"accounts/user/{ada.pk}/change/", "accounts/user/?q=ada", "accounts/onetimelink/"]:
        page = client.get(f"/admin/{address}")
        assert page.status_code == 200, address
        assert not [hidden for hidden in secrets if hidden in page.text], address
    for question in ("user/?password__startswith=md5", "apitoken/?digest__startswith=a", "session/?session_data__gt=a"):
        assert client.get(f"/admin/accounts/{question}").status_code == 400, question
    assert client.get("/admin/community/vote/?reader__password__startswith=md5").status_code == 400
    assert client.get("/admin/accounts/user/?role__exact=reader").status_code == 200


def test_an_administrator_ends_a_session_and_revokes_a_token(al, ada):
    browser = signed_in(ada)
    token, _ = tokens.issue(ada, "program")
    client = signed_in(al)
    public_id = Session.objects.get(reader=ada).public_id
    assert client.get(f"/admin/accounts/session/{public_id}/end/").status_code == 405
    client.post(f"/admin/accounts/session/{public_id}/end/")
    assert browser.get("/notifications").status_code == 302
    client.post(f"/admin/accounts/apitoken/{token.pk}/delete/", {"post": "yes"})
    assert not ApiToken.objects.exists()
    assert LogEntry.objects.filter(user=al, action_flag=3).count() == 2


def test_an_account_deleted_in_the_admin_is_closed_and_logged(al, ada, paper):
    votes.cast(ada, paper)
    discussion.comment(ada, paper, "Stays without a name.")
    client = signed_in(al)
    assert "comments lose their name" in client.get(f"/admin/accounts/user/{ada.pk}/delete/").text
    client.post(f"/admin/accounts/user/{ada.pk}/delete/", {"post": "yes"})
    assert not User.objects.filter(username="ada").exists()
    assert Paper.objects.get().votes == 0
    assert Comment.objects.get().author is None
    assert ModerationEntry.objects.get().verb == "close-account"


def test_the_admin_changes_no_role_and_no_log(al, ada, mo):
    entry = moderation.note(mo, "warn", WHY, account=ada)
    client = signed_in(al)
    form = {"name": "Countess", "role": "admin", "is_superuser": "on", "password": "x", "is_active": "on"}
    assert client.post(f"/admin/accounts/user/{ada.pk}/change/", form).status_code == 302
    ada.refresh_from_db()
    assert (ada.name, ada.role, ada.is_superuser) == ("Countess", "reader", False)
    assert ada.check_password(cast.PASSWORD)
    address = f"/admin/community/moderationentry/{entry.pk}"
    assert client.post(f"{address}/change/", {"reason": "x"}).status_code == 403
    assert client.post(f"{address}/delete/", {"post": "yes"}).status_code == 403
    assert client.get("/admin/community/moderationentry/add/").status_code == 403


def test_a_paper_is_marked_withdrawn_in_the_admin_and_nothing_else(al, paper):
    form = {"withdrawn_0": "2026-01-06", "withdrawn_1": "12:00:00", "title": "Another"}
    answer = signed_in(al).post(f"/admin/papers/paper/{paper.pk}/change/", form)
    assert answer.status_code == 302
    changed = Paper.objects.get()
    assert changed.withdrawn is not None
    assert changed.title == paper.title
    assert changed.stamp > paper.stamp


def test_an_account_switched_off_in_the_admin_stands_in_the_public_log(al, ada):
    form = {"name": "Ada", "affiliation": "", "about": "", "website": ""}
    assert signed_in(al).post(f"/admin/accounts/user/{ada.pk}/change/", form).status_code == 302
    ada.refresh_from_db()
    assert not ada.is_active
    entry = ModerationEntry.objects.get()
    assert (entry.moderator, entry.verb, entry.account) == ("al", "switch-off", "ada")
    assert "switch-off" in Client().get("/moderation/log").text
