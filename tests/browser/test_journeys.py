"""What readers do, in Chromium on a site that is open to the world: from signing up to closing the account.

Each journey goes through forms as a reader does, on a phone and on a desk, and every page on the way is checked for
accessibility, script errors and requests to others.
"""

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.arxiv_imitation import Imitation
from tests.browser.conftest import Reader, Windows
from tests.cast import PASSWORD
from tests.conftest import Site, in_turn, lay_day, start_site

pytestmark = pytest.mark.browser

OPEN = {
    "BROADSHEET_MODEL": "none",
    "BROADSHEET_MODE": "open",
    "BROADSHEET_API_RATE": "0",
    "BROADSHEET_ACT_RATE": "0",
    "BROADSHEET_PAGE_RATE": "0",
    "BROADSHEET_SIGN_UPS_PER_DAY": "1000",
    "BROADSHEET_NEW_DAYS": "0",
    "BROADSHEET_SUBMIT_DAYS": "0",
    "BROADSHEET_SUBMIT_WEEKENDS": "yes",
    "BROADSHEET_OFFLINE": "no",
    "BROADSHEET_ARXIV_DELAY_SECONDS": "0",
}
PAPER = "/papers/2601.00003"
READERS = [f"reader-{number}" for number in range(1, 17)]
"""One for each that comes in, of two sizes each."""


@pytest.fixture
def scheme() -> str:
    return "light"


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An open site with a moderator, whose arXiv is an imitation and whose mail goes into files."""
    home = tmp_path_factory.mktemp("world") / "home"
    lay_day(home)
    arxiv = Imitation(0)
    settings = OPEN | {"BROADSHEET_ARXIV_API": arxiv.url}
    secret = home.parent / "password"
    secret.write_text(PASSWORD)
    known = ("--password-file", str(secret))
    in_turn(
        home,
        ("reader", "add", "mo", "--email", "mo@example.org", "--role", "moderator", *known),
        *(("reader", "add", name, "--email", f"{name}@example.org", *known) for name in READERS),
        **settings,
    )
    site = start_site(home, **settings)
    yield site
    assert site.stop() == 0
    arxiv.shutdown()
    arxiv.server_close()


@pytest.fixture
def somebody(windows: Windows, browser_context_args: dict[str, Any], world: Site) -> Iterator[Callable[[], Reader]]:
    """Makes visitors of the open site, each with a window of their own."""
    visitors: list[Reader] = []
    with ExitStack() as opened:

        def new() -> Reader:
            visitors.append(Reader(opened.enter_context(windows.one(browser_context_args)), world.url))
            return visitors[-1]

        yield new
        for visitor in visitors:
            assert visitor.troubles == []


_counter = iter(range(1, 10_000))
_new = iter(READERS)


def come_in(reader: Reader) -> str:
    """Sign in as a reader that nobody was before; return the name. How one signs up is a journey of its own."""
    name = next(_new)
    sign_in(reader, name)
    return name


def sign_in(reader: Reader, name: str) -> Page:
    page = reader.open("/sign-in")
    page.get_by_label("Name or e-mail").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Yours")).to_contain_text("Sign out")
    return page


def mailed_link(site: Site, address: str) -> str:
    """Return the path of the link in the newest mail to an address, waiting for it as a reader does."""
    until = time.monotonic() + 15
    while time.monotonic() < until:
        for path in sorted((site.home / "mail").glob("*"), key=lambda file: file.stat().st_mtime, reverse=True):
            for part in re.split(rb"\n-{70,}\n", path.read_bytes()):
                mail = message_from_bytes(part.lstrip(), policy=policy.default)
                if mail["To"] == address:
                    found = re.search(r"https?://[^/\s]+(/\S+)", mail.get_content())
                    assert found, mail.get_content()
                    return found[1]
        time.sleep(0.1)
    pytest.fail(f"no mail to {address} came")


def test_a_visitor_who_votes_signs_up_and_finds_the_vote_done(somebody, world):
    visitor = somebody()
    page = visitor.open(PAPER)
    visitor.check()
    before = votes(page)
    page.get_by_role("main").get_by_role("link", name=re.compile("Sign in to vote")).first.click()
    expect(page.get_by_role("main")).to_contain_text("You will vote for")
    visitor.check()
    page.get_by_role("link", name="Sign up").click()
    name = f"voter-{next(_counter)}"
    page.get_by_label("Name").fill(name)
    page.get_by_label("E-mail").fill(f"{name}@example.org")
    page.get_by_label("Password").fill(PASSWORD)
    page.wait_for_timeout(2200)
    page.get_by_role("button", name="Sign up").click()
    visitor.open(mailed_link(world, f"{name}@example.org"))
    page.locator("main").get_by_role("button").first.click()
    if page.get_by_label("Name or e-mail").count():
        page.get_by_label("Name or e-mail").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile(re.escape(PAPER)))
    assert votes(page) == before + 1
    button = page.get_by_role("button", name=re.compile("Vote for")).first
    expect(button).to_have_attribute("aria-pressed", "true")
    visitor.check()
    button.click()
    expect(page.get_by_role("button", name=re.compile("Vote for")).first).to_have_attribute("aria-pressed", "false")
    assert votes(page) == before
    visitor.check()


def votes(page: Page) -> int:
    found = re.search(r"(\d+)", page.locator(".facts .vote, .facts .votes").first.inner_text())
    assert found
    return int(found[1])


def test_readers_comment_reply_and_hear_of_it(somebody, world):
    ada, bo = somebody(), somebody()
    come_in(ada)
    bo_name = come_in(bo)
    page = ada.open(PAPER)
    said = f"A clear result, and $x^2$ reads well ({next(_counter)})."
    page.get_by_label("Your comment").fill(said)
    page.get_by_role("button", name="Preview").first.click()
    ada.check()
    page.get_by_role("button", name="Comment", exact=True).click()
    comment = page.locator("article.said").filter(has_text="A clear result").last
    expect(comment).to_be_visible()
    ada.check()

    page = bo.open(PAPER)
    comment = page.locator("article.said").filter(has_text="A clear result").last
    comment.get_by_text("Reply").first.click()
    comment.get_by_label("Your reply").fill("Which data did you look at?")
    comment.get_by_role("button", name="Reply").click()
    expect(page.locator(".replies").last).to_contain_text("Which data")
    comment = page.locator("article.said").filter(has_text="A clear result").last
    comment.get_by_role("button").first.click()
    bo.check()

    page = ada.open("/notifications")
    expect(page.get_by_role("main")).to_contain_text("replied to you")
    expect(page.get_by_role("main")).to_contain_text(bo_name)
    ada.check()


def test_a_reader_submits_a_paper_that_was_not_here(somebody, world):
    ada = somebody()
    name = come_in(ada)
    page = ada.open("/papers/submit")
    ada.check()
    key = f"2305.{12000 + next(_counter):05}"
    page.get_by_role("main").get_by_role("textbox").first.fill(f"https://arxiv.org/abs/{key}v1")
    page.get_by_role("main").get_by_role("button", name="Submit").click()
    expect(page).to_have_url(re.compile(re.escape(key)))
    expect(page.get_by_role("main")).to_contain_text(name)
    ada.check()


def test_a_reader_keeps_a_list_and_takes_it_along(somebody, world):
    ada = somebody()
    come_in(ada)
    page = ada.open("/lists/new")
    ada.check()
    page.get_by_label("Title").fill("Small networks")
    page.get_by_role("main").get_by_role("button").first.click()
    ada.check()
    page = ada.open(PAPER)
    page.locator("summary", has_text="lists").click()
    page.get_by_label("Add to a list").select_option(label="Small networks")
    page.get_by_role("button", name=re.compile(r"^(Add|Put)")).first.click()
    ada.check()
    page = ada.open("/lists")
    page.get_by_role("link", name="Small networks").first.click()
    expect(page.get_by_role("main")).to_contain_text("A Plain Baseline for Speech Recognition")
    ada.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="BibTeX").first.click()
    assert "2601.00003" in Path(download.value.path()).read_text()


def test_a_report_reaches_a_moderator_whose_act_is_public(somebody, world):
    ada, bo, mo = somebody(), somebody(), somebody()
    come_in(ada)
    come_in(bo)
    marker = f"Cheap pills {next(_counter)}"
    page = ada.open("/papers/2601.00005")
    page.get_by_label("Your comment").fill(marker)
    page.get_by_role("button", name="Comment", exact=True).click()
    page = bo.open("/papers/2601.00005")
    page.locator("article.said").filter(has_text=marker).get_by_role("link", name=re.compile("Report")).click()
    bo.check()
    page.get_by_label("Spam", exact=False).first.check()
    page.get_by_role("main").get_by_role("button", name="Report").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you")
    bo.check()

    page = sign_in(mo, "mo")
    mo.open("/moderation")
    mo.check()
    case = page.locator("section.case").filter(has_text=marker)
    case.get_by_label("Reason, which is public").fill("Advertising")
    case.get_by_role("button", name="Hide").click()
    mo.check()
    page = bo.open("/papers/2601.00005")
    expect(page.get_by_role("main")).not_to_contain_text(marker)
    expect(page.get_by_role("main")).to_contain_text("Hidden by a moderator: Advertising")
    page = bo.open("/moderation/log")
    expect(page.get_by_role("main")).to_contain_text("Advertising")
    bo.check()


def test_a_reader_takes_everything_along_and_closes_the_account(somebody, world):
    ada = somebody()
    name = come_in(ada)
    page = ada.open(PAPER)
    words = f"Gone soon {next(_counter)}"
    page.get_by_label("Your comment").fill(words)
    page.get_by_role("button", name="Comment", exact=True).click()
    page = ada.open("/settings")
    ada.check()
    ada.open("/settings/close")
    ada.check()
    with page.expect_download() as download:
        page.get_by_role("link", name="Take your data along").click()
    kept = json.loads(Path(download.value.path()).read_text())
    assert words in json.dumps(kept)
    page.get_by_label(re.compile("Type your name")).fill(name)
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Close my account").click()
    ada.check()
    page = ada.open(PAPER)
    expect(page.get_by_role("main")).to_contain_text(words)
    expect(page.locator("article.said").filter(has_text=words)).to_contain_text("a closed account")
    expect(page.get_by_role("main")).not_to_contain_text(name)
    ada.check()


EVERYWHERE = [
    "/", PAPER, "/papers/week", "/papers/trending", "/papers/new", "/papers?q=networks", "/authors/A.%20Example",
    "/organizations", "/readers/mo", "/moderation/log", "/status", "/papers/none",
]  # fmt: skip
SIGNED_OUT = ["/sign-in", "/sign-in/mail", "/sign-up", "/password/forgot"]
SIGNED_IN = [
    "/settings", "/settings/account", "/settings/sessions", "/settings/tokens", "/settings/invitations",
    "/settings/notifications", "/settings/papers", "/settings/organizations", "/settings/close", "/saved", "/lists",
    "/lists/new", "/lists/saved/import", "/following", "/marks", "/notifications", "/papers/submit", f"{PAPER}/claim",
    f"{PAPER}/links", "/report?paper=2601.00003", "/device", "/moderation", "/moderation/about?account=mo",
]  # fmt: skip


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_every_page_has_a_title_of_its_own_and_fits_the_narrowest_window(somebody, world, size):
    visitor, mo = somebody(), somebody()
    sign_in(mo, "mo")
    for reader, paths in ((visitor, EVERYWHERE + SIGNED_OUT), (mo, EVERYWHERE + SIGNED_IN)):
        reader.page.set_viewport_size({"width": 320, "height": 640})
        titles = {}
        for path in paths:
            page = reader.open(path)
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= 320, f"{path} is {wide} px wide"
            assert page.get_by_role("heading", level=1).count() == 1, f"{path} has no heading"
            assert page.title() not in titles, f"{path} bears the title of {titles.get(page.title())}"
            titles[page.title()] = path
    for one in (visitor, mo):  # the browser itself notes the page that is not there
        one.troubles = [trouble for trouble in one.troubles if "status of 404" not in trouble]
