"""By mail in Chromium, against a real mail server: subscribe, confirm, receive, change, and unsubscribe by one POST."""

import re
import sqlite3
import time
import urllib.request
from email import message_from_bytes, policy

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Reader
from tests.conftest import broadsheet, free_port, lay_day, start_site
from tests.mail_server import MailServer, Post

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def post():
    return Post()


@pytest.fixture(scope="module")
def site(tmp_path_factory, post):
    server = MailServer(post, free_port())
    server.start()
    more = {
        "BROADSHEET_MODEL": "none",
        "BROADSHEET_MODE": "open",
        "BROADSHEET_PAGE_RATE": "0",
        "BROADSHEET_SEND_DIGESTS": "no",
        "BROADSHEET_DIGEST_WAIT_HOURS": "0",
        "BROADSHEET_MAIL": f"smtp+plain://127.0.0.1:{server.port}",
    }
    home = lay_day(tmp_path_factory.mktemp("by-mail"))
    running = start_site(home, **more)
    running.more = more
    yield running
    assert running.stop() == 0
    server.stop()


def mails_to(post, address):
    return [message_from_bytes(one.raw, policy=policy.default) for one in post.mails if address in str(one.to)]


def arrives(post, address, number):
    """Return the mail of this number to an address, once it is there."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if len(found := mails_to(post, address)) >= number:
            return found[number - 1]
        time.sleep(0.1)
    return pytest.fail(f"no mail {number} came to {address}")


def send_what_is_due(site):
    """Put the moment of the next digest into the past, as waiting for the morning takes too long, and send."""
    with sqlite3.connect(site.home / "broadsheet.sqlite3") as rows:
        rows.execute("UPDATE mail_subscription SET due = '2026-01-06 07:00:00' WHERE due IS NOT NULL")
    rows.close()
    sent = broadsheet(site.home, "digest", "send", **site.more)
    assert sent.returncode == 0, sent.stderr
    return sent.stdout


@pytest.mark.parametrize(("size", "scheme"), [("phone", "dark"), ("desktop", "light")])
def test_a_visitor_subscribes_confirms_receives_changes_and_unsubscribes(context, site, post, size):
    address = f"cy-{size}@example.org"
    reader = Reader(context.new_page(), site.url)
    page = reader.open("/papers/date/2026-01-05")
    page.get_by_role("link", name="By mail").click()
    expect(page.get_by_role("link", name="The papers of the day")).to_be_visible()
    assert page.get_by_label("Time zone").input_value() == page.evaluate(
        "Intl.DateTimeFormat().resolvedOptions().timeZone"
    )
    reader.check()
    page.get_by_label("E-mail").fill(address)
    page.get_by_label("How often").select_option("daily")
    page.get_by_label("Time zone").fill("Mars/Olympus")
    page.get_by_text("Which papers").click()
    page.get_by_label("Without these words").fill("survey")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_text("'Mars/Olympus' is not a time zone.")).to_be_visible()
    reader.troubles.clear()  # the answer was 400, which the browser notes
    reader.check()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("button", name="Subscribe").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()

    confirmation = arrives(post, address, 1)
    link = re.search(r"http://\S+", confirmation.get_content())[0]
    page.goto(link)
    reader.check()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("Your subscription has begun.")).to_be_visible()
    reader.check()

    send_what_is_due(site)
    digest = arrives(post, address, 2)
    text = digest.get_body(["plain"]).get_content()
    assert "The papers of the day" in text
    assert f"{site.url}/papers/2601." in text
    send_what_is_due(site)
    assert len(mails_to(post, address)) == 2, "nothing new, so nothing is sent"

    page.get_by_label("How often").select_option("weekly")
    page.get_by_label("Day, if once a week").select_option("Friday")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("on Fridays at 7:00 (Europe/Berlin)")).to_be_visible()
    reader.check()

    one_click = re.search(r"<(http[^>]+)>", digest["List-Unsubscribe"])[1]
    assert digest["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    page.goto(one_click)
    expect(page.get_by_role("heading", name="Get no more of this?")).to_be_visible()
    reader.check()
    body = b"List-Unsubscribe=One-Click"
    with urllib.request.urlopen(urllib.request.Request(one_click, body), timeout=10) as answer:
        assert answer.status == 200
    page.reload()
    expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
    reader.check()
