"""An account in Chromium: signing up with a vote in mind, the mailed link, the settings, signing out."""

import re
import time
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Reader
from tests.conftest import lay_day, start_site

pytestmark = pytest.mark.browser

WORDS = {
    "BROADSHEET_MODEL": "none",
    "BROADSHEET_MODE": "open",
    "BROADSHEET_SIGN_UP_WORK": "12",
    "BROADSHEET_PAGE_RATE": "0",
}
PAPER = "2601.00003"
PASSWORD = "plain blue teapot"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    home = lay_day(tmp_path_factory.mktemp("accounts"))
    site = start_site(home, **WORDS)
    yield site
    assert site.stop() == 0


def mailed_link(site, address):
    until = time.monotonic() + 10
    while time.monotonic() < until:
        for mail in (site.home / "mail").glob("*"):
            read = message_from_bytes(mail.read_bytes(), policy=policy.default)
            found = re.search(r"http://\S+", str(read.get_content()))
            if read["To"] == address and found:
                return found[0]
        time.sleep(0.1)
    return pytest.fail("no mail came")


@pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("desktop", "dark")])
def test_a_visitor_signs_up_to_vote_and_looks_after_the_account(context, site, size, scheme):
    reader = Reader(context.new_page(), site.url)
    page = reader.open(f"/papers/{PAPER}")
    reader.check()
    page.get_by_role("link", name="Sign in", exact=True).click()
    reader.check()
    page = reader.open(f"/sign-in?vote={PAPER}")
    page.get_by_role("link", name="Sign up").click()
    expect(page.get_by_text("You will vote for")).to_be_visible()
    page.get_by_label("Name").fill("Ada Example")
    page.get_by_label("E-mail").fill(f"ada-{size}@example.org")
    page.get_by_label("Password").fill("short")
    reader.check_colours()
    time.sleep(2.1)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("alert")).to_be_visible()
    reader.troubles.clear()  # Chromium tells of every answer 400
    reader.check()
    page.get_by_label("Name").fill(f"ada-{size}")
    page.get_by_label("Password").fill(PASSWORD)
    time.sleep(2.1)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()
    reader.check_colours()
    link = mailed_link(site, f"ada-{size}@example.org")
    page.goto(link)
    reader.check_colours()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("status").first).to_contain_text("your vote is counted")
    assert page.url.endswith(f"/papers/{PAPER}")
    reader.check()

    page.get_by_role("link", name=f"ada-{size}", exact=True).first.click()
    page.get_by_label("Shown name").fill("Ada Example")
    page.get_by_label("Show what I voted for").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your profile is saved.")).to_be_visible()
    for name in ("Account", "Sessions", "Tokens", "Invitations", "Notifications", "Close account"):
        page.get_by_role("navigation", name="Settings").get_by_role("link", name=name, exact=True).click()
        reader.check()
        page.go_back()
    page.get_by_role("link", name="Tokens").click()
    page.get_by_label("What it is for").fill("notebook")
    page.get_by_role("button", name="Make a token").click()
    expect(page.locator("#secret")).to_contain_text("bs_")
    reader.check()
    page.get_by_role("link", name="Your page").click()
    expect(page.get_by_role("heading", name="Voted for")).to_be_visible()
    reader.check()

    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    page = reader.open("/sign-in?next=/settings/sessions")
    page.get_by_label("Name or e-mail").fill(f"ADA-{size}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("this browser")).to_be_visible()
    reader.check()
