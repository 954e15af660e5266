"""What visitors with bad intent try: redirects elsewhere, fields that are not theirs, guessed ids, fixed sessions."""

import io
import re
import zipfile

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests import cast, permissions
from tests.web.test_permissions import FORMS, PLAIN, _calm, ask, fill, world  # noqa: F401  # fixtures and the table

from broadsheet.accounts.models import Role, User
from broadsheet.community import lists
from broadsheet.community.models import ReadingList
from broadsheet.papers.models import Paper

pytestmark = pytest.mark.django_db

ELSEWHERE = (
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "/\\elsewhere.example",
    "\\\\elsewhere.example",
    "///elsewhere.example",
    "http:elsewhere.example",
    "javascript:alert(1)",
    " //elsewhere.example",
    "/\t/elsewhere.example",
    "https:///elsewhere.example",
    "//testserver@elsewhere.example",
)


def signed_in(reader):
    client = Client()
    client.force_login(reader)
    return client


@pytest.mark.once
@pytest.mark.parametrize("target", ELSEWHERE[:4])
def test_no_form_leads_to_another_site(target, world):  # noqa: F811
    for row in FORMS:
        for role in ("nobody", "admin" if row.path.startswith("/moderation") else "owner"):
            sent = permissions.Row("POST", row.path, row.answers, row.sends | {"next": target}, row.query)
            found = ask(sent, role, world)
            location = found.headers.get("Location", "/") + found.headers.get("HX-Redirect", "")
            assert re.match(r"/(?![/\\\s])", location), (row.path, role, location)
            cache.clear()


@pytest.mark.once
@pytest.mark.parametrize("target", ELSEWHERE)
def test_signing_in_leads_to_no_other_site(target, ada):
    for address in ("/sign-in", "/sign-up", "/sign-in/mail"):
        page = Client().get(address, {"next": target})
        assert "elsewhere" not in page.text.partition("<main")[2].replace("value=", ""), address
    client = Client()
    answer = client.post("/sign-in", {"name": "ada", "password": cast.PASSWORD, "next": target})
    assert re.match(r"/(?![/\\\s])", answer["Location"])
    assert re.match(r"/(?![/\\\s])", client.get("/sign-in", {"next": target})["Location"])


TOO_MUCH = {
    "role": "admin",
    "is_staff": "on",
    "is_superuser": "on",
    "is_active": "",
    "username": "root-ed",
    "email_verified": "on",
    "orcid_verified": "on",
    "suspended_until": "",
    "public_id": "0" * 24,
    "reader": "1",
    "author": "Ada Example",
    "void": "on",
    "owner": "1",
    "votes": "999",
    "reader_votes": "999",
    "imported_votes": "999",
    "hidden": "",
    "verified": "on",
    "state": "verified",
    "proof": "orcid",
}


def test_no_form_takes_fields_that_it_does_not_show(world):  # noqa: F811
    bo = world.people["bo"]
    kept = ("role", "is_staff", "is_superuser", "username", "email", "email_verified", "orcid_verified", "public_id")
    before = {name: getattr(bo, name) for name in kept}
    for row in FORMS:
        if row.path in ("/settings/close", "/settings/account", "/sign-out", "/password/reset/{secret}"):
            continue  # what these change is meant, and they end the session
        if row.path.startswith(("/sign-in", "/confirm", "/invitation", "/sign-up", "/settings/organizations")):
            continue  # these are about another account or an organisation of one's own
        ask(permissions.Row("POST", row.path, row.answers, TOO_MUCH | row.sends, row.query), "reader", world)
    bo = User.objects.get(pk=bo.pk)
    assert {name: getattr(bo, name) for name in kept} == before
    assert not bo.claims.filter(state="verified").exists()
    assert Paper.objects.order_by("-imported_votes").first().imported_votes == 0
    assert set(ReadingList.objects.filter(slug="to-read").values_list("owner__username", flat=True)) == {"ada"}


def test_signing_up_makes_a_reader_and_nothing_more(world):  # noqa: F811
    row = next(row for row in FORMS if row.path == "/sign-up")
    ask(permissions.Row("POST", row.path, row.answers, TOO_MUCH | row.sends), "nobody", world)
    made = User.objects.get(username="new-one")
    assert (made.role, made.is_staff, made.is_superuser, made.email_verified) == (Role.READER, False, False, False)


def test_guessed_ids_are_unknown_whether_they_exist_or_not(world):  # noqa: F811
    """The answer about somebody else's thing is the answer about nothing."""
    client = signed_in(world.people["bo"])
    names = world.names
    for address, sends in (
        ("/settings/sessions", {"end": names["session"]}),
        ("/settings/tokens", {"revoke": names["api_token"]}),
        ("/settings/papers", {"withdraw": str(names["claim"])}),
    ):
        (field, value) = next(iter(sends.items()))
        real = client.post(address, sends)
        none = client.post(address, {field: "9" * min(len(value), 12)})
        assert (real.status_code, none.status_code) == (404, 404), address
        assert _plain(real, value) == _plain(none, "9" * min(len(value), 12)), address
    for real, none in (
        (f"/readers/ada/lists/{names['slug']}", "/readers/ada/lists/nothing"),
        (f"/lists/{names['slug']}/edit", "/lists/nothing/edit"),
    ):
        first, second = client.get(real), client.get(none)
        assert (first.status_code, second.status_code) == (404, 404)
        assert _plain(first, names["slug"]) == _plain(second, "nothing")


def _plain(answer, name: str) -> str:
    main = answer.text.partition("<main")[2].partition("</main")[0]
    return main.replace(name, "NAME")


def test_whether_there_is_an_account_is_not_told(ada, mailoutbox):
    for address in ("/sign-in/mail", "/password/forgot"):
        known = Client().post(address, {"email": "ada@example.org"})
        unknown = Client().post(address, {"email": "eve@example.org"})
        assert known.status_code == unknown.status_code == 200
        assert _plain(known, "ada@") == _plain(unknown, "eve@"), address
    wrong = Client().post("/sign-in", {"name": "ada", "password": "not this one"})
    nobody = Client().post("/sign-in", {"name": "eve", "password": "not this one"})
    assert wrong.status_code == nobody.status_code == 400
    token = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')
    assert token.sub("", _plain(wrong, "ada")) == token.sub("", _plain(nobody, "eve"))


def test_a_session_known_before_signing_in_is_worth_nothing_after(ada):
    client = Client()
    client.cookies["broadsheet_session"] = "a" * 32
    client.post("/sign-in", {"name": "ada", "password": cast.PASSWORD})
    key = client.cookies["broadsheet_session"].value
    assert key != "a" * 32
    other = Client()
    other.cookies["broadsheet_session"] = "a" * 32
    assert other.get("/notifications").status_code == 302
    client.post("/sign-out")
    late = Client()
    late.cookies["broadsheet_session"] = key
    assert late.get("/notifications").status_code == 302


SHOWS_A_MAIL = {"/mail/{token}/preview", "/subscriptions/preview"}


@pytest.mark.once
@pytest.mark.parametrize("role", ["nobody", "owner", "admin"])
def test_every_page_carries_the_policy_and_no_script_or_style_inside(role, world):  # noqa: F811
    for row in [*(row for row in PLAIN if row.method == "GET"), permissions.Row("GET", "/admin/", "on"), *ADMIN]:
        found = ask(row, role, world)
        policy = found.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, row.path
        assert found.headers["X-Content-Type-Options"] == "nosniff", row.path
        if row.path in SHOWS_A_MAIL and found.status_code == 200:
            # A mail has its styles inside; nothing else may run, load or be sent from where it is shown.
            assert policy.replace("style-src 'unsafe-inline'", "").count("unsafe") == 0
            assert "sandbox" in policy
            assert not re.search("script-src|allow-scripts|allow-same-origin", policy)
            continue
        assert "unsafe" not in policy, row.path
        if "text/html" in found.headers.get("Content-Type", "") and not found.streaming:
            bare = re.search(
                r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")|<style|\sstyle=|\son\w+=\"", found.text
            )
            assert bare is None, (row.path, bare)


ADMIN = [
    permissions.Row("GET", f"/admin/{where}", "on")
    for where in ("accounts/user/", "community/comment/", "community/moderationentry/", "papers/paper/")
]


@pytest.mark.parametrize("host", ["elsewhere.example", "testserver.elsewhere.example", "testserver@elsewhere.example"])
def test_a_host_that_is_not_ours_is_refused(host, ada, mailoutbox):
    client = Client()
    assert client.get("/sign-in", headers={"Host": host}).status_code == 400
    assert client.post("/password/forgot", {"email": "ada@example.org"}, headers={"Host": host}).status_code == 400
    client.post("/password/forgot", {"email": "ada@example.org"}, headers={"X-Forwarded-Host": host})
    assert len(mailoutbox) == 1
    assert "elsewhere" not in mailoutbox[0].body


def _zipped() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("list.bib", b"@article{a,}" + b" " * 20_000_000)
    return packed.getvalue()


UPLOADS = {
    "a packed bomb": ("list.bib", _zipped),
    "a picture": ("list.bib", lambda: b"\x89PNG\r\n\x1a\n" + bytes(2000)),
    "more than is taken": ("list.bib", lambda: b"@article{a, title={x}}\n" * 1_000_000),
    "braces without end": ("list.bib", lambda: b"@article{a, title={" + b"{" * 100_000),
    "JSON without end": ("list.json", lambda: b"[" * 100_000),
    "a name that climbs": ("../../../etc/cron.d/list.bib", lambda: b"nothing"),
    "nothing": ("list.bib", lambda: b""),
}


@pytest.mark.parametrize("trick", UPLOADS)
def test_an_upload_that_is_no_list_breaks_nothing(trick, ada):
    name, content = UPLOADS[trick]
    held = lists.create(ada, "To read")
    answer = signed_in(ada).post(f"/lists/{held.slug}/import", {"file": SimpleUploadedFile(name, content())})
    assert answer.status_code in (200, 400, 413), answer.status_code
    assert not held.items.exists()


def test_what_an_uploaded_list_says_is_shown_as_text(ada):
    cast.paper("2601.00002", "Another Paper")
    held = lists.create(ada, "To read")
    bib = b"@article{a, title={<script>alert(1)</script>}, author={<img src=x onerror=alert(1)>}, note={<b>}}"
    client = signed_in(ada)
    answer = client.post(f"/lists/{held.slug}/import", {"file": SimpleUploadedFile("<script>.bib", bib)})
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


def test_addresses_of_the_table_that_do_not_exist_are_unknown(world):  # noqa: F811
    client = signed_in(world.people["al"])
    for row in PLAIN:
        if (
            row.method != "GET"
            or row.answers == "405"
            or "{" not in row.path
            or row.path.startswith(("/authors", "/papers/{key}.md"))
        ):
            continue
        unknown = re.sub(r"\{(\w+)\}", "no-such-thing", row.path)
        assert client.get(unknown).status_code in (302, 400, 404), row.path
        assert fill(row.path, world, row) != unknown
