"""What readers set for themselves, what others see of them, and the masthead."""

import pytest
from django.core.cache import cache
from django.test import Client
from tests import cast

from broadsheet.accounts import sessions, tokens
from broadsheet.accounts.models import ApiToken, OneTimeLink, Role, Session, User
from broadsheet.community.models import Comment, ReadingList, Vote

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nothing_kept():
    cache.clear()


@pytest.fixture
def as_ada(ada, client):
    client.force_login(ada)
    return client


# --- Masthead -----------------------------------------------------------------------------------------------------


def test_the_masthead_asks_a_visitor_to_sign_in_and_to_come_back(client, paper):
    text = client.get(f"/papers/{paper.key}").content.decode()
    assert f'href="/sign-in?next=/papers/{paper.key}"' in text
    assert "Sign out" not in text


def test_the_masthead_of_a_reader_leads_to_what_is_theirs(as_ada, paper):
    text = as_ada.get(f"/papers/{paper.key}").content.decode()
    assert 'href="/settings">Ada</a>' in text
    assert 'action="/sign-out"' in text
    assert "Sign in" not in text


def test_a_site_with_one_reader_has_no_sign_in_and_no_sign_out(client, settings, paper):
    settings.MODE = "single"
    text = client.get(f"/papers/{paper.key}").content.decode()
    assert "/settings" in text
    assert "Sign out" not in text
    assert "/sign-in" not in text


def test_a_site_with_one_reader_is_not_everybodys_through_a_proxy_that_nobody_told_of(client, settings, paper):
    settings.MODE = "single"
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        answer = client.get(f"/papers/{paper.key}", headers={name: "203.0.113.9"})
        assert answer.status_code == 403
        assert "BROADSHEET_BEHIND_PROXY" in answer.text
    settings.SECURE_PROXY = True
    assert client.get(f"/papers/{paper.key}", headers={"X-Forwarded-For": "203.0.113.9"}).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/sign-up", "/password/forgot", "/settings/account", "/settings/sessions", "/settings/invitations"],
)
def test_account_pages_of_a_site_with_one_reader_say_why_they_are_not_needed(client, settings, path):
    settings.MODE = "single"
    assert "one reader" in client.get(path).content.decode()
    assert client.post(path, {}).status_code == 403


def test_a_message_to_one_visitor_is_not_kept_for_the_next(client, ada, paper):
    client.force_login(ada)
    client.post("/sign-out")
    assert "You are signed out." in client.get(f"/papers/{paper.key}").content.decode()
    assert "You are signed out." not in Client().get(f"/papers/{paper.key}").content.decode()


# --- Profile ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "/settings",
        "/settings/account",
        "/settings/sessions",
        "/settings/tokens",
        "/settings/invitations",
        "/settings/notifications",
    ],
)
def test_settings_are_for_readers_and_never_kept(client, as_ada, path):
    assert Client().get(path).headers["Location"] == f"/sign-in?next={path.replace('/', '%2F')}"
    answer = as_ada.get(path)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def profile(**more):
    return {"name": "Ada", "affiliation": "", "about": "", "website": "", "orcid": ""} | more


def test_a_reader_changes_the_profile_and_others_see_it(as_ada):
    given = profile(name="Ada  B\u202e.", affiliation="Example Lab", orcid="https://orcid.org/0000-0002-1825-0097")
    assert as_ada.post("/settings", given).status_code == 302
    text = Client().get("/readers/ada").content.decode()
    assert "Ada B." in text
    assert "Example Lab" in text
    assert "https://orcid.org/0000-0002-1825-0097" in text


@pytest.mark.parametrize("orcid", ["0000-0002-1825-0098", "1234", "0000-0002-1825-009X", "<b>"])
def test_an_orcid_that_is_none_is_refused_at_its_field(as_ada, orcid):
    answer = as_ada.post("/settings", profile(orcid=orcid))
    assert answer.status_code == 400
    assert 'id="id_orcid_error"' in answer.content.decode()


def test_a_website_is_an_address_of_the_web(as_ada):
    assert as_ada.post("/settings", profile(website="javascript:alert(1)")).status_code == 400
    assert as_ada.post("/settings", profile(website="ftp://example.org/")).status_code == 400
    assert as_ada.post("/settings", profile(website="example.org")).status_code == 302
    assert User.objects.get(username="ada").website == "https://example.org"


def test_what_stands_in_no_form_is_not_set(as_ada, ada):
    more = {"role": "admin", "is_staff": "1", "is_superuser": "1", "email": "x@example.org", "username": "root"}
    given = profile() | more | {"email_verified": "1", "orcid_verified": "1", "suspended_until": "", "password": "x"}
    assert as_ada.post("/settings", given).status_code == 302
    now = User.objects.get(pk=ada.pk)
    for field in ("role", "is_staff", "is_superuser", "email", "username", "orcid_verified", "password"):
        assert getattr(now, field) == getattr(ada, field), field


def test_a_new_orcid_is_not_confirmed_any_more(as_ada, ada):
    User.objects.filter(pk=ada.pk).update(orcid="0000-0002-1825-0097", orcid_verified=True)
    as_ada.post("/settings", profile(orcid="0000-0002-1825-0097"))
    assert User.objects.get(pk=ada.pk).orcid_verified
    as_ada.post("/settings", profile(orcid="0000-0001-5109-3700"))
    assert not User.objects.get(pk=ada.pk).orcid_verified


# --- The public page ----------------------------------------------------------------------------------------------


def test_what_is_private_is_absent_from_the_public_page(client, ada, bo, paper):
    Vote.objects.create(reader=ada, paper=paper, cast=ada.date_joined)
    ReadingList.objects.create(owner=ada, slug="saved", title="Saved for later")
    text = client.get("/readers/ada").content.decode()
    assert "Voted for" not in text
    assert "Saved for later" not in text
    assert "ada@example.org" not in text
    client.force_login(bo)
    assert "Voted for" not in client.get("/readers/ada").content.decode()


def test_public_votes_lists_and_comments_are_shown(client, ada, paper):
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    Vote.objects.create(reader=ada, paper=paper, cast=ada.date_joined)
    ReadingList.objects.create(owner=ada, slug="small", title="Small papers", public=True)
    Comment.objects.create(author=ada, paper=paper, text="<script>alert(1)</script>")
    Comment.objects.create(author=ada, paper=paper, text="gone", hidden=ada.date_joined)
    text = client.get("/readers/ada").content.decode()
    assert "Voted for" in text
    assert "Small papers" in text
    assert "&lt;script&gt;" in text
    assert "<script>alert" not in text
    assert "gone" not in text


def test_unknown_and_unconfirmed_readers_are_not_there(client, ada):
    User.objects.filter(pk=ada.pk).update(is_active=False)
    for path in ("/readers/ada", "/readers/nobody", "/readers/ada/picture.svg"):
        assert client.get(path).status_code == 404


def test_the_picture_is_made_from_the_name_and_cannot_run_script(client, ada):
    User.objects.filter(pk=ada.pk).update(name="<Ada> Example")
    answer = client.get("/readers/ada/picture.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Content-Security-Policy"].endswith("sandbox")
    assert "max-age" in answer["Cache-Control"]
    text = answer.content.decode()
    assert "&lt;E</text>" in text
    assert "script" not in text


# --- Account ------------------------------------------------------------------------------------------------------


def test_a_changed_password_ends_the_other_sessions_and_keeps_this_one(ada, client, mailoutbox):
    other = Client()
    for browser in (client, other):
        assert browser.post("/sign-in", {"name": "ada", "password": cast.PASSWORD}).status_code == 302
    given = {"what": "password", "password-old": cast.PASSWORD, "password-password": "plain blue teapot"}
    assert client.post("/settings/account", given).status_code == 302
    assert client.get("/settings/account").status_code == 200
    assert other.get("/settings/account").status_code == 302
    assert sessions.of(ada).count() == 1
    assert User.objects.get(pk=ada.pk).check_password("plain blue teapot")


@pytest.mark.parametrize(("old", "new"), [("wrong", "plain blue teapot"), (cast.PASSWORD, "password123")])
def test_a_password_is_not_changed_without_the_old_one_nor_to_a_bad_one(as_ada, ada, old, new):
    given = {"what": "password", "password-old": old, "password-password": new}
    assert as_ada.post("/settings/account", given).status_code == 400
    assert User.objects.get(pk=ada.pk).check_password(cast.PASSWORD)


def test_a_new_address_is_confirmed_and_the_old_one_told(as_ada, ada, mailoutbox):
    given = {"what": "email", "email-email": "New@Example.org", "email-old": cast.PASSWORD}
    assert as_ada.post("/settings/account", given).status_code == 302
    notice, asked = mailoutbox
    assert notice.to == ["ada@example.org"]
    assert asked.to == ["new@example.org"]
    path = cast.path_in(asked)
    assert User.objects.get(pk=ada.pk).email == "ada@example.org"
    assert Client().get(path).status_code == 200
    assert User.objects.get(pk=ada.pk).email == "ada@example.org"
    answer = Client().post(path)
    assert answer.headers["Location"] == "/sign-in"
    assert User.objects.get(pk=ada.pk).email == "new@example.org"
    assert as_ada.post(path).status_code == 404


def test_an_address_of_another_reader_is_not_told_to_be_one(as_ada, bo, mailoutbox):
    given = {"what": "email", "email-email": "bo@example.org", "email-old": cast.PASSWORD}
    assert as_ada.post("/settings/account", given).status_code == 302
    assert "has an account for it already" in mailoutbox[-1].body
    assert mailoutbox[-1].to == ["bo@example.org"]


# --- Sessions, tokens, invitations, notifications -----------------------------------------------------------------


def test_sessions_are_listed_and_one_is_ended(ada, client):
    other = Client(headers={"User-Agent": "Lynx <b>2</b>"})
    for browser in (client, other):
        browser.post("/sign-in", {"name": "ada", "password": cast.PASSWORD})
    text = client.get("/settings/sessions").content.decode()
    assert "Lynx &lt;b&gt;2" in text
    assert "127.0.0.1" in text
    session = Session.objects.get(agent__startswith="Lynx")
    assert session.session_key not in text
    assert client.post("/settings/sessions", {"end": session.public_id}).status_code == 302
    assert other.get("/settings").status_code == 302
    assert client.get("/settings").status_code == 200


def test_all_other_sessions_are_ended_at_once(ada, client):
    others = [Client(), Client()]
    for browser in (client, *others):
        browser.post("/sign-in", {"name": "ada", "password": cast.PASSWORD})
    client.post("/settings/sessions")
    assert [browser.get("/settings").status_code for browser in (client, *others)] == [200, 302, 302]


def test_nobody_ends_a_session_of_another(as_ada, bo, client):
    theirs = Client()
    theirs.post("/sign-in", {"name": "bo", "password": cast.PASSWORD})
    session = Session.objects.get(reader=bo)
    assert as_ada.post("/settings/sessions", {"end": session.public_id}).status_code == 404
    assert theirs.get("/settings").status_code == 200


def test_a_token_is_shown_once_and_revoked(as_ada, ada):
    answer = as_ada.post("/settings/tokens", {"name": "notebook", "scope": "read", "days": "30"})
    token = ApiToken.objects.get(reader=ada)
    text = answer.content.decode()
    assert "no-store" in answer["Cache-Control"]
    secret = text.split('<pre id="secret">')[1].split("<")[0]
    found = tokens.reader_of(secret)
    assert found is not None
    assert found.reader == ada
    assert secret not in as_ada.get("/settings/tokens").content.decode()
    as_ada.post("/settings/tokens", {"revoke": token.public_id})
    assert tokens.reader_of(secret) is None


def test_an_invitation_is_shown_once(as_ada):
    answer = as_ada.post("/settings/invitations", {"email": ""})
    assert "/invitation/" in answer.content.decode()


def test_an_invitation_is_mailed_without_a_word_of_the_reader_who_does_not_see_its_link(as_ada, mailoutbox):
    answer = as_ada.post("/settings/invitations", {"email": "Cy@example.org"})
    assert "on its way to cy@example.org" in answer.content.decode()
    assert "/invitation/" not in answer.content.decode().replace('href="/settings/invitations', "")
    assert OneTimeLink.objects.get().email == "cy@example.org"
    (invited,) = mailoutbox
    assert invited.to == ["cy@example.org"]
    assert "Ada" not in invited.body


def test_invitations_have_a_daily_limit(as_ada, settings):
    statuses = [as_ada.post("/settings/invitations", {"email": ""}).status_code for _ in range(11)]
    assert statuses == [200] * 10 + [429]


def test_how_a_reader_is_told_is_chosen(as_ada, ada):
    text = as_ada.get("/settings/notifications").content.decode()
    assert text.count("<fieldset") >= 4
    assert as_ada.post("/settings/notifications", {"reply": "off", "role": "admin"}).status_code == 302
    now = User.objects.get(pk=ada.pk)
    assert now.notify["reply"] == "off"
    assert now.role == Role.READER
    assert as_ada.post("/settings/notifications", {"reply": "shouting"}).status_code == 400
