"""Every address as everybody: the table of tests/permissions.py against the site, and the site against the table."""

import json
import re
import time
from types import SimpleNamespace
from urllib.parse import urlencode

import pytest
from django.conf import settings
from django.core import signing
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from tests import cast, permissions
from tests.permissions import API, PAGES, ROLES, Row

from broadsheet.accounts import devices, feed_keys, limits, links, organizations, tokens
from broadsheet.accounts.models import LinkKind, Role, User
from broadsheet.community import discussion, lists, moderation, notifications
from broadsheet.community.models import Claim, ClaimState, Submission
from broadsheet.mail import subscriptions
from broadsheet.mail import tokens as mail_tokens
from broadsheet.mail.preferences import Preferences
from broadsheet.papers.models import Paper
from broadsheet.ranking.listings import Listing
from broadsheet.search import current

pytestmark = pytest.mark.django_db
NAMES = {"nobody": None, "reader": "bo", "suspended": "sue", "owner": "ada", "moderator": "mo", "admin": "al"}
WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE)\b.*?\"(\w+)\"", re.IGNORECASE | re.DOTALL)
NO_CHANGE = {"accounts_session", "accounts_apitoken", "accounts_bucket", "community_glance"}
NO_CHANGE |= {"ranking_rankedlist", "ranking_entry"}
"""Tables that reading writes: when a session or a token was used last, limits, how often a paper was shown, and what
entered a ranked list that somebody follows by feed."""


@pytest.fixture(autouse=True)
def _calm(db, settings, tmp_path):
    current.release()
    settings.INDEX_DIR = tmp_path / "index"
    current.own()  # else what searches would be told to wait for it
    settings.PAGE_RATE = settings.API_RATE = 0
    settings.SUBMIT_DAYS, settings.SUBMIT_WEEKENDS = 0, True
    settings.ALLOWED_HOSTS = ["testserver"]
    cache.clear()
    limits.forget()
    yield
    current.release()


@pytest.fixture
def world(db):
    """One of everything, all of it ada's."""
    people = {name: cast.reader(name) for name in ("ada", "bo", "sue")}
    people |= {
        "mo": cast.reader("mo", Role.MODERATOR),
        "al": cast.reader("al", Role.ADMIN),
        "zoe": cast.reader("zoe", Role.ADMIN),
    }
    ada = people["ada"]
    User.objects.filter(pk=ada.pk).update(public_votes=True)
    people["sue"] = moderation.suspend(people["mo"], people["sue"], 5, "against the rules")
    paper = cast.paper()
    other = cast.paper("2601.00002", "Another Paper", authors=["Ada Example", "Cy Third"])
    cast.paper("2601.00003", "A Third Paper", authors=["Ada Example", "Cy Third"])
    Claim.objects.create(paper=paper, reader=ada, author_name="Ada Example", proof="orcid", state=ClaimState.VERIFIED)
    claim = Claim.objects.create(paper=other, reader=ada, author_name="Ada Example", proof="moderator")
    Submission.objects.create(paper=paper, reader=ada, day=paper.day)
    comment = discussion.comment(ada, paper, "First word.")
    held = lists.create(ada, "To read")
    lists.add(ada, held, paper)
    token, _ = tokens.issue(ada, "a program")
    organizations.found(ada, "lab", "The Lab")
    browser = Client()
    browser.force_login(ada)
    expires = {
        kind: links.make(kind, ada, "ada@example.org")
        for kind in (LinkKind.SIGN_IN, LinkKind.RESET, LinkKind.CONFIRM, LinkKind.INVITE)
    }
    begun = devices.begin("a program")
    by_mail, waiting = (
        subscriptions.subscribe(ada, address, Listing("day"), Preferences(), client_address="192.0.2.1")
        for address in ("ada@example.org", "cy@example.org")
    )
    found = SimpleNamespace(
        people=people,
        names={
            "key": paper.key,
            "paper_id": paper.key,
            "other": other.key,
            "third": "2601.00003",
            "public_id": comment.public_id,
            "comment": comment.public_id,
            "comment_id": comment.public_id,
            "claim": claim.pk,
            "list": held.public_id,
            "slug": held.slug,
            "item": held.items.get().public_id,
            "item_id": held.items.get().public_id,
            "kind": "bib",
            "name": "ada",
            "namespace": "ada",
            "api_token": token.public_id,
            "session": ada.sessions.get().public_id,
            "token": notifications.stop_token(ada, "reply"),
            "form": "atom",
            "feed_token": feed_keys.token(ada, f"following:{ada.public_id}"),
            "mail": mail_tokens.token(by_mail),
            "mail_confirm": mail_tokens.confirm_token(waiting),
            "code": begun.grant.user_code,
            "device_code": begun.device_code,
            "sign_in": expires[LinkKind.SIGN_IN],
            "reset": expires[LinkKind.RESET],
            "confirm": expires[LinkKind.CONFIRM],
            "invite": expires[LinkKind.INVITE],
            "stamp": signing.dumps([int(time.time() * 1000) - 10_000, "x"], salt="sign-up"),
            "organization": "lab",
            "password": cast.PASSWORD,
            "me": "ada",
            "file": SimpleUploadedFile("list.bib", b"@article{a, title={Another Paper}, eprint={2601.00002}}"),
        },
        sessions={},
    )
    for name, reader in people.items():
        browser = Client()
        browser.force_login(reader)
        found.sessions[name] = browser.cookies[settings.SESSION_COOKIE_NAME].value
    return found


def sign_in(client: Client, reader: User, world: SimpleNamespace) -> None:
    """Give a client the session that a reader of this world has; to begin one for each request takes long."""
    client.cookies[settings.SESSION_COOKIE_NAME] = world.sessions[reader.username]


def fill(path: str, world: SimpleNamespace, row: Row) -> str:
    """Return the address of a row; some names mean another thing here and there."""
    here = dict(world.names)
    if row.path.startswith(("/papers/date/", "/papers/week/", "/papers/month/", "/status/days/")):
        kinds = {"date": "2026-01-05", "week": "2026-W02", "month": "2026-01", "days": "2026-01-05"}
        here["label"] = kinds[row.path.split("/")[2]]
    for start, name in SECRETS.items():
        if row.path.startswith(start):
            here["secret"] = here["token"] = world.names[name]
    if row.path.startswith(("/api/organizations", "/organizations", "/settings/organizations")):
        here["name"] = here["slug"] = "lab"
    if row.path.startswith("/authors/"):
        here["name"] = "Ada Example"
    if row.path.startswith("/categories/"):
        here["name"] = "cs.CL"
    if row.path.startswith("/jobs/"):
        here["name"] = "tidy"
    if row.path.endswith("/claim"):
        here["key"] = here["third"]
    if row.path.startswith("/api/collections/"):
        here["slug"] = f"to-read-{here['list']}"
    return re.sub(r"\{(\w+)\}", lambda found: str(here[found[1]]), path)


SECRETS = {
    "/sign-in/link": "sign_in",
    "/password/reset": "reset",
    "/confirm": "confirm",
    "/invitation": "invite",
    "/feeds/": "feed_token",
}
SECRETS |= {"/mail/": "mail", "/mail/confirm/": "mail_confirm"}


def filled(value: object, world: SimpleNamespace) -> object:
    if isinstance(value, dict):
        return {key: filled(inner, world) for key, inner in value.items()}
    if value == "{file}":
        world.names["file"].seek(0)
        return world.names["file"]
    return value.format(**world.names) if isinstance(value, str) else value


def ask(
    row: Row, role: str, world: SimpleNamespace, *, client: Client | None = None, scope: str = "write", **headers: str
):
    """Send a row's request as a role."""
    client = client or Client()
    reader = world.people.get(NAMES[role]) if NAMES[role] else None
    world.names["me"] = NAMES[role] or ""
    address = fill(row.path, world, row) + (f"?{filled(row.query, world)}" if row.query else "")
    sends = filled(row.sends, world)
    if not row.path.startswith(("/api/", "/oauth/")):
        if reader:
            sign_in(client, reader, world)
        return (
            client.generic(row.method, address, headers=headers)
            if row.method not in ("GET", "POST")
            else (
                client.post(address, sends, headers=headers)
                if row.method == "POST"
                else client.get(address, headers=headers)
            )
        )
    if reader:
        headers["Authorization"] = f"Bearer {tokens.issue(reader, 'table', scope)[1]}"
    if row.path.startswith("/oauth/"):
        return client.post(address, sends, headers=headers)
    if row.method == "GET":
        return client.get(address, headers=headers)
    return client.generic(row.method, address, _json(sends), content_type="application/json", headers=headers)


def _json(sends: object) -> str:
    return json.dumps(sends) if sends else ""


def word(answer) -> str:
    """Return the table's word for an answer."""
    if answer.status_code in (301, 302, 303, 307):
        return "in" if re.match(r"/sign-in(\?|$)", answer["Location"]) else "on"
    return "ok" if 200 <= answer.status_code < 300 else str(answer.status_code)


def answers(row: Row, world: SimpleNamespace) -> dict[str, str]:
    found = {}
    for role in ROLES:
        cache.clear()
        limits.forget()
        with transaction.atomic():
            found[role] = word(ask(row, role, world))
            transaction.set_rollback(True)
    return found


def ids(row: Row) -> str:
    return f"{row.method} {row.path}"


FORMS = [row for row in permissions.rows(PAGES) if row.method == "POST" and "{anything}" not in row.path]
SIGNED = {"/notifications/stop/{token}", "/mail/{token}/unsubscribe"}
PLAIN = [row for row in permissions.rows(PAGES) if "{anything}" not in row.path]
ENDPOINTS = permissions.rows(API)


@pytest.mark.parametrize(
    "group",
    [*permissions.PAGES.values(), *permissions.API.values()],
    ids=[*(f"pages: {name}" for name in permissions.PAGES), *(f"api: {name}" for name in permissions.API)],
)
def test_addresses_answer_everybody_as_the_table_says(group, world):
    """A group shares one world, as each answer is undone before the next."""
    rows = [row for row in group if "{anything}" not in row.path]
    found = {ids(row): answers(row, world) for row in rows}
    assert found == {ids(row): row.expected() for row in rows}


# --- Nothing changes without being meant ----------------------------------------------------------------------------


@pytest.mark.once
def test_every_form_refuses_who_brings_no_token_of_its_page_or_a_foreign_one(world):
    foreign = Client(enforce_csrf_checks=True)
    foreign.get("/sign-in")
    stolen = foreign.cookies["broadsheet_csrf"].value
    client = Client(enforce_csrf_checks=True)
    sign_in(client, world.people["ada"], world)
    client.get("/sign-in/mail")
    assert client.cookies["broadsheet_csrf"].value != stolen
    for row in FORMS:
        for more in ({}, {"csrfmiddlewaretoken": "x" * 64}, {"csrfmiddlewaretoken": stolen}):
            sent = Row("POST", row.path, row.answers, row.sends | more, row.query)
            found = ask(sent, "owner", world, client=client)
            assert (found.status_code == 403) == (row.path not in SIGNED), (row.path, more, found.status_code)


def test_a_form_is_taken_with_the_token_of_its_page(world):
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.people["ada"])
    page = client.get("/settings")
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    row = next(row for row in FORMS if row.path == "/papers/{key}/vote")
    address = fill(row.path, world, row)
    assert client.post(address, {"vote": "yes", "csrfmiddlewaretoken": token}).status_code == 302
    elsewhere = {"Origin": "https://elsewhere.example"}
    assert client.post(address, {"vote": "no", "csrfmiddlewaretoken": token}, headers=elsewhere).status_code == 403
    assert Paper.objects.get(key=world.names["key"]).votes == 1


@pytest.mark.once
@pytest.mark.parametrize("role", ["nobody", "owner", "admin"])
def test_no_page_changes_anything_by_being_looked_at(role, world):
    Client().get("/status")  # the first page ever asks for the site's own number, which is kept from then on
    for row in PLAIN:
        if row.method != "GET":
            continue
        client = Client()
        if NAMES[role]:
            sign_in(client, world.people[NAMES[role]], world)
        address = fill(row.path, world, row)
        # What the form would send does nothing either when it comes as a query.
        for query in {row.query, urlencode(filled(form_of(row.path), world))}:
            with CaptureQueriesContext(connection) as seen:
                client.get(f"{address}?{filled(query, world)}")
            written = {found[2] for sql in seen if (found := WRITES.match(sql["sql"]))}
            assert written <= NO_CHANGE, (row.path, written)


def form_of(path: str) -> dict[str, object]:
    """Return what the form of a page sends, to try it as a query."""
    sends = next((row.sends for row in FORMS if row.path == path), {})
    return {name: value for name, value in sends.items() if value != "{file}"}


@pytest.mark.once
def test_pages_know_no_other_methods(world):
    for row in PLAIN:
        for method in ("PUT", "PATCH", "DELETE"):
            client = Client()
            sign_in(client, world.people["al"], world)
            found = client.generic(method, fill(row.path, world, row))
            assert found.status_code == 405, (method, row.path)


# --- Tokens ---------------------------------------------------------------------------------------------------------

READ_BY_POST = ("/api/papers/draft",)
"""What only reads, and takes too much for an address."""
WRITING = [row for row in ENDPOINTS if row.method != "GET" and row.path.startswith("/api/")]
WRITING = [row for row in WRITING if row.path not in READ_BY_POST]


def test_what_writes_by_the_api_needs_a_token_that_may_write(world):
    for row in WRITING:
        client = Client()
        sign_in(client, world.people["al"], world)  # a cookie is nothing here
        assert ask(row, "nobody", world, client=client).status_code == 401, row.path
        assert ask(row, "owner", world, scope="read").status_code == 403, row.path
        wrong = ask(row, "nobody", world, Authorization="Bearer hf_" + "x" * 40)
        assert wrong.status_code == 401, row.path


def test_a_revoked_or_expired_token_is_none(world):
    ada = world.people["ada"]
    token, secret = tokens.issue(ada, "short", "write")
    headers = {"Authorization": f"Bearer {secret}"}
    assert Client().get("/api/whoami-v2", headers=headers).status_code == 200
    token.expires = timezone.now()
    token.save()
    assert Client().get("/api/whoami-v2", headers=headers).status_code == 401
    token.expires = None
    token.save()
    tokens.revoke(ada, token.public_id)
    assert Client().get("/api/whoami-v2", headers=headers).status_code == 401


# --- The admin --------------------------------------------------------------------------------------------------------


def admin_addresses() -> list[str]:
    resolver = next(one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "admin")
    found = _routes([resolver])
    return sorted({re.sub(r"<[^>]*>|\(\?P.*?\)", "1", route).replace("^", "").rstrip("$") for route in found})


@pytest.mark.parametrize("role", ROLES)
def test_every_page_of_the_admin_is_for_administrators(role, world):
    open_to_all = {"/admin/login/", "/admin/logout/"}
    addresses = admin_addresses()
    assert len(addresses) > 40
    for address in addresses:
        client = Client()
        if NAMES[role]:
            sign_in(client, world.people[NAMES[role]], world)
        found = client.get(address, follow=True)
        if role == "nobody":
            assert found.redirect_chain or address in open_to_all, address
            assert found.request["PATH_INFO"] == "/sign-in" or address == "/admin/logout/", address
        elif role == "admin":
            assert found.status_code in (200, 404, 405, 403), (address, found.status_code)
        else:
            assert found.status_code == 403, (address, found.status_code)


# --- The table is whole ---------------------------------------------------------------------------------------------


def _routes(patterns: list, before: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, here)
        else:
            found.append("/" + here)
    return found


def test_every_address_stands_in_the_table_with_every_method():
    missing = []
    for pattern in get_resolver().url_patterns:
        if getattr(pattern, "app_name", "") == "admin":
            continue
        one: list[URLPattern | URLResolver] = [pattern]
        for route in _routes(one):
            plain = re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)
            known = {row.method for row in [*permissions.rows(PAGES), *ENDPOINTS] if row.path == plain}
            missing += [f"{method} {plain}" for method in _methods(plain) - known]
    assert not missing, "tests/permissions.py does not know these"


def _methods(path: str) -> set[str]:
    if path == "/api/":
        return {"GET"}
    if not path.startswith(("/api/", "/oauth/")):
        return {"GET", "POST"}
    from broadsheet.api.routes import api, oauth

    found = set()
    for root, which in (("/api", api), ("/oauth", oauth)):
        for prefix, router in which._routers:
            for route, view in router.path_operations.items():
                if f"{root}{prefix}{route}".replace("path:", "") == path:
                    found |= {method for operation in view.operations for method in operation.methods}
    return found or {"GET"}


def test_the_docs_show_the_table():
    assert permissions.DOCS.read_text() == permissions.render(), "run: python -m tests.permissions"
