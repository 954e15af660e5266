"""Signing in by accounts elsewhere: a real server of ours, and an imitated provider that checks what it is sent."""

import json
import re
import sqlite3
from contextlib import closing
from html import unescape
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from tests.cast import PASSWORD
from tests.conftest import broadsheet, start_site
from tests.provider_imitation import CLIENT, SECRET, Provider

QUIET = {"BROADSHEET_MODEL": "none", "BROADSHEET_API_RATE": "0", "BROADSHEET_PAGE_RATE": "0"}
ZED = {
    "sub": "1001",
    "preferred_username": "Zed Elsewhere",
    "name": "Zed Example",
    "email": "zed@example.org",
    "email_verified": True,
}
ORCID = "0000-0002-1825-0097"


@pytest.fixture(scope="module")
def provider():
    made = Provider()
    yield made
    made.close()


def settings_for(provider, mode):
    known = {"SIGN_IN_WITH": "oidc, orcid github", "OIDC_NAME": "Example University", "MODE": mode}
    for word in ("OIDC", "ORCID", "GITHUB"):
        known |= {f"{word}_URL": provider.url, f"{word}_ID": CLIENT, f"{word}_SECRET": SECRET}
    return QUIET | {f"BROADSHEET_{name}": value for name, value in known.items()}


@pytest.fixture(scope="module")
def settings_open(provider):
    return settings_for(provider, "open")


@pytest.fixture(scope="module")
def site(tmp_path_factory, settings_open):
    home = tmp_path_factory.mktemp("providers")
    assert broadsheet(home, "ingest", "sample", "--no-index", **settings_open).returncode == 0
    (home / "password").write_text(PASSWORD)
    for name in ("ada", "bo"):
        made = broadsheet(
            home, "reader", "add", name, "--email", f"{name}@example.org", "--password-file", str(home / "password"),
            **settings_open,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
    site = start_site(home, **settings_open)
    yield site
    assert site.stop() == 0


class Browser:
    """A browser: cookies, forms, and going where it is sent."""

    opened = []

    def __init__(self, url):
        self.client = httpx2.Client(base_url=url, timeout=20)
        self.opened.append(self.client)

    def form(self, page, address, **fields):
        """Send a form of a page."""
        text = self.client.get(page).text
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', text)[1]
        return self.client.post(address, data={"csrfmiddlewaretoken": token} | fields)

    def go(self, word, page="/sign-in", **fields):
        """Press the button of a provider and return where the browser is sent."""
        going = self.form(page, f"/sign-in/with/{word}", **fields)
        assert going.status_code == 200, going.text
        place = unescape(re.search(r'<a href="([^"]+)" rel="noreferrer"', going.text)[1])
        assert going.headers["Refresh"] == f"0; url={place}"
        return place

    def arrive(self, word, page="/sign-in", **fields):
        """Go to a provider and come back with its answer."""
        back = httpx2.get(self.go(word, page, **fields), follow_redirects=False)
        return self.client.get(back.headers["Location"])

    def sign_in(self, name):
        answer = self.form("/sign-in", "/sign-in", name=name, password=PASSWORD)
        assert answer.status_code == 302, answer.text

    def name(self):
        """Who is signed in."""
        answer = self.client.get("/settings/export")
        return answer.json()["profile"]["username"] if answer.status_code == 200 else None


@pytest.fixture(autouse=True)
def _closed():
    yield
    while Browser.opened:
        Browser.opened.pop().close()


@pytest.fixture
def browser(site):
    return Browser(site.url)


def test_signing_up_signing_in_again_and_landing_where_it_began(site, provider, browser):
    provider.person = ZED
    paper = json.loads(browser.client.get("/api/daily_papers?limit=1").text)[0]["paper"]["id"]
    landed = browser.arrive("oidc", f"/sign-in?next=/papers/{paper}", next=f"/papers/{paper}")
    assert (landed.status_code, landed.headers["Location"]) == (302, f"/papers/{paper}")
    told = browser.client.get("/settings/export").json()
    assert told["profile"]["username"] == "zed-elsewhere"
    assert (told["profile"]["email"], told["profile"]["email_verified"]) == ("zed@example.org", True)
    assert told["profile"]["name"] == "Zed Example"
    assert [(link["provider"], link["id"]) for link in told["connections"]] == [("oidc", "1001")]
    other = Browser(site.url)
    assert other.arrive("oidc").status_code == 302
    assert other.name() == "zed-elsewhere"
    provider.person = ZED | {"sub": "1002", "email": "second@example.org"}
    third = Browser(site.url)
    third.arrive("oidc")
    assert third.name() == "zed-elsewhere-2", "a name that is taken gets a number"


def test_the_session_gets_a_new_key_by_signing_in(provider, browser):
    provider.person = ZED | {"sub": "1003", "preferred_username": "fixed", "email": ""}
    place = browser.go("oidc")
    before = browser.client.cookies["broadsheet_session"]
    browser.client.get(httpx2.get(place).headers["Location"])
    assert browser.name() == "fixed"
    assert browser.client.cookies["broadsheet_session"] != before


def test_an_address_in_common_opens_nobodys_account(provider, browser):
    provider.person = ZED | {"sub": "666", "email": "ada@example.org"}
    answer = browser.arrive("oidc")
    assert answer.status_code == 409
    assert "then connect Example University" in answer.text
    assert browser.name() is None


def test_an_address_that_is_not_verified_is_not_kept(provider, browser):
    provider.person = ZED | {"sub": "1004", "preferred_username": "loose", "email": "ada@example.org"}
    provider.person["email_verified"] = False
    assert browser.arrive("oidc").status_code == 302
    told = browser.client.get("/settings/export").json()["profile"]
    assert (told["username"], told["email"]) == ("loose", "")


def test_connecting_and_disconnecting(site, provider, browser):
    browser.sign_in("ada")
    provider.person = ZED | {"sub": "2001", "preferred_username": "ada-elsewhere"}
    landed = browser.arrive("oidc", "/settings/connections", connect="yes")
    assert landed.headers["Location"] == "/settings/connections"
    page = browser.client.get("/settings/connections").text
    assert "ada-elsewhere" in page
    other = Browser(site.url)
    other.arrive("oidc")
    assert other.name() == "ada"
    thief = Browser(site.url)
    thief.sign_in("bo")
    assert thief.arrive("oidc", "/settings/connections", connect="yes").status_code == 409
    number = re.search(r'name="connection" value="(\d+)"', page)[1]
    assert thief.form("/settings/connections", "/settings/connections", connection=number).status_code == 404
    assert browser.form("/settings/connections", "/settings/connections", connection=number).status_code == 302
    gone = Browser(site.url)
    gone.arrive("oidc")
    assert gone.name() != "ada"


def test_the_last_way_to_sign_in_stays(provider, browser):
    provider.person = ZED | {"sub": "1005", "preferred_username": "only", "email": ""}
    browser.arrive("oidc")
    number = re.search(r'name="connection" value="(\d+)"', browser.client.get("/settings/connections").text)[1]
    refused = browser.form("/settings/connections", "/settings/connections", connection=number)
    assert refused.status_code == 403
    assert "only way to sign in" in refused.text


def test_orcid_proves_the_id(provider, browser):
    provider.person = {"sub": ORCID, "given_name": "Josiah", "family_name": "Example"}
    browser.arrive("orcid")
    told = browser.client.get("/settings/export").json()["profile"]
    assert (told["orcid"], told["orcid_verified"], told["username"]) == (ORCID, True, "josiah-example")


def test_github_tells_its_own_way(provider, browser):
    provider.person = ZED | {"sub": "77", "preferred_username": "octo", "email": "octo@example.org"}
    browser.arrive("github")
    told = browser.client.get("/settings/export").json()
    assert (told["profile"]["username"], told["profile"]["email"]) == ("octo", "octo@example.org")
    assert told["connections"][0]["id"] == "77"


def test_a_state_that_this_browser_does_not_know_is_refused(site, provider, browser):
    provider.person = ZED
    answer = httpx2.get(browser.go("oidc")).headers["Location"]
    stranger = Browser(site.url)
    refused = stranger.client.get(answer)
    assert refused.status_code == 403
    assert "does not belong to a question of this browser" in refused.text
    assert stranger.name() is None
    wrong = re.sub(r"state=\w+", "state=AAAAAAAAAAAAAAAA", answer)
    assert browser.client.get(wrong).status_code == 403
    assert browser.client.get("/sign-in/with/oidc/callback").status_code == 403
    assert browser.name() is None


def test_an_answer_works_once(provider, browser):
    provider.person = ZED
    answer = httpx2.get(browser.go("oidc")).headers["Location"]
    assert browser.client.get(answer).status_code == 302
    assert browser.client.get(answer).status_code == 403


def test_who_says_no_elsewhere_is_told_so(provider, browser):
    provider.person = {}
    refused = browser.arrive("oidc")
    assert refused.status_code == 403
    assert "told not to sign you in" in refused.text


def test_two_answers_of_two_people_are_refused(provider, browser):
    provider.person, provider.lie = ZED, {"sub": "somebody-else"}
    try:
        refused = browser.arrive("oidc")
    finally:
        provider.lie = {}
    assert refused.status_code == 403
    assert "contradict" in refused.text


def test_nothing_begins_by_get_or_without_the_forms_token(provider, browser):
    assert browser.client.get("/sign-in/with/oidc").status_code == 405
    assert browser.client.post("/sign-in/with/oidc").status_code == 403
    assert browser.form("/sign-in", "/sign-in/with/unknown").status_code == 404


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_no_other_site_is_gone_to_in_the_end(provider, browser, elsewhere):
    provider.person = ZED
    landed = browser.arrive("oidc", next=elsewhere)
    assert landed.headers["Location"].startswith("/papers") or landed.headers["Location"] == "/"


def test_what_is_asked_of_the_provider_cannot_be_chosen_by_the_address(provider, browser):
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.client.get("/sign-in").text)[1]
    going = browser.client.post(
        "/sign-in/with/oidc?scope=admin&auth_params=prompt%3Dnone&process=connect&next=https://evil.example",
        data={"csrfmiddlewaretoken": token},
    )
    asked = parse_qs(urlsplit(unescape(re.search(r'<a href="([^"]+)" rel="noreferrer"', going.text)[1])).query)
    assert set(asked["scope"][0].split()) == {"openid", "profile", "email"}
    assert "prompt" not in asked


def test_none_of_allauths_own_pages_is_there(browser):
    for path in ("/accounts/login/", "/accounts/signup/", "/accounts/social/signup/", "/sign-in/with/oidc/login/"):
        assert browser.client.get(path).status_code == 404


def test_closing_takes_the_connection_along(site, provider, browser):
    provider.person = ZED | {"sub": "3001", "preferred_username": "leaver", "email": ""}
    browser.arrive("oidc")
    assert browser.form("/settings/close", "/settings/close", name="leaver").status_code == 200
    with closing(sqlite3.connect(site.home / "broadsheet.sqlite3")) as base:
        assert base.execute("SELECT COUNT(*) FROM socialaccount_socialaccount WHERE uid = '3001'").fetchone() == (0,)


def test_a_provider_that_is_away_is_told_plainly(tmp_path_factory, provider, settings_open):
    home = tmp_path_factory.mktemp("away")
    broken = settings_open | {"BROADSHEET_OIDC_URL": "http://127.0.0.1:9", "BROADSHEET_MODE": "closed"}
    assert broadsheet(home, "ingest", "sample", "--no-index", **broken).returncode == 0
    site = start_site(home, **broken)
    try:
        browser = Browser(site.url)
        away = browser.form("/sign-in", "/sign-in/with/oidc")
        assert away.status_code == 502
        assert "Example University does not answer" in away.text
        # The same site is closed: nobody comes in without an account or an invitation.
        provider.person = ZED | {"sub": "88", "preferred_username": "guest"}
        refused = browser.arrive("github")
        assert refused.status_code == 403
        assert "ask a reader of this site for an invitation" in refused.text
        assert browser.name() is None
        invited = broadsheet(home, "reader", "invite", **broken)
        path = urlsplit(invited.stdout.strip()).path
        landed = browser.arrive("github", path, invitation=path.rpartition("/")[2])
        assert landed.status_code == 302, landed.text
        assert browser.name() == "guest"
        second = Browser(site.url)
        provider.person = ZED | {"sub": "89", "preferred_username": "second", "email": "other@example.org"}
        used = second.go("github", "/sign-in", invitation=path.rpartition("/")[2])
        assert second.client.get(httpx2.get(used).headers["Location"]).status_code == 404, "an invitation works once"
    finally:
        assert site.stop() == 0


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"SIGN_IN_WITH": "orkid"}, ("orkid", "orcid, github, huggingface, oidc")),
        ({"SIGN_IN_WITH": "huggingface"}, ("BROADSHEET_HUGGINGFACE_ID", "BROADSHEET_HUGGINGFACE_SECRET")),
        ({"SIGN_IN_WITH": "oidc", "OIDC_ID": "x"}, ("BROADSHEET_OIDC_URL", "BROADSHEET_OIDC_SECRET")),
        (
            {"SIGN_IN_WITH": "oidc", "OIDC_ID": "x", "OIDC_SECRET": "y", "OIDC_URL": "http://id.example.org"},
            ("https://",),
        ),
    ],
)
def test_a_setting_that_is_wrong_is_named(tmp_path, change, words):
    given = {f"BROADSHEET_{name}": value for name, value in change.items()}
    answer = broadsheet(tmp_path, "status", **(QUIET | given))
    assert answer.returncode == 1
    for word in words:
        assert word in answer.stderr


def test_without_the_setting_nothing_of_it_is_there(tmp_path):
    assert broadsheet(tmp_path, "status", **QUIET).returncode == 0
    with closing(sqlite3.connect(tmp_path / "broadsheet.sqlite3")) as base:
        tables = {name for (name,) in base.execute("SELECT name FROM sqlite_master")}
    assert "accounts_user" in tables
    assert not {name for name in tables if name.startswith(("socialaccount", "account_"))}
