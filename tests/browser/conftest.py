"""Chromium of the system, and a page that remembers every error it met."""

import json
import shutil
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import DEFAULT_OPTIONS, Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}
# By day and by night nothing differs but colours (site.css), and these are axe's rules about them.
OF_COLOURS = DEFAULT_OPTIONS | {"runOnly": ["color-contrast", "link-in-text-block"]}

# Each size and each scheme once; the colours of the other scheme are looked at by ``violations_by_day_and_night``.
both_looks = pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("desktop", "dark")], indirect=True)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "Chromium is missing: install the package 'chromium' by your system's package manager"
    quiet = ("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update")
    return {"executable_path": found, "args": ["--no-sandbox", *(f"--{name}" for name in quiet)]}


class Windows:
    """The browser's windows, each for one reader at a time: to open another takes longer than most pages do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._free: defaultdict[str, list[BrowserContext]] = defaultdict(list)

    @contextmanager
    def one(self, looks: dict[str, Any]) -> Iterator[Page]:
        """Yield a page in a window of these looks that knows nothing of who was there before."""
        free = self._free[json.dumps(looks, sort_keys=True)]
        window = free.pop() if free else self._browser.new_context(**looks)
        page = window.new_page()
        yield page
        page.close()
        window.clear_cookies()
        window.clear_permissions()
        free.append(window)


@pytest.fixture(scope="session")
def windows(browser: Browser) -> Windows:
    return Windows(browser)


class Reader:
    """A page of the live site with what went wrong on it: console errors, failed requests, foreign hosts."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.troubles: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("request", self._asked)
        page.on("dialog", lambda dialog: (self.troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.troubles.append(f"third party: {request.url}")

    def open(self, path: str) -> Page:
        """Go to a path of the site."""
        self.page.goto(self.url + path)
        return self.page

    def check(self) -> None:
        """Fail on any trouble so far and on any accessibility violation of the open page."""
        self._check(violations(self.page))

    def check_colours(self) -> None:
        """Check the open page, and its colours by day and by night."""
        self._check(violations_by_day_and_night(self.page))

    def _check(self, problems: list[str]) -> None:
        assert self.troubles == []
        assert problems == []
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than its window"


def violations(page: Page, options: dict[str, Any] = DEFAULT_OPTIONS) -> list[str]:
    """Return what axe finds wrong on a page. options: axe's own."""
    return [
        f"{violation['id']}: {[node['html'][:120] for node in violation['nodes']][:3]}"
        for violation in Axe().run(page, options=options).response["violations"]
    ]


def violations_by_day_and_night(page: Page) -> list[str]:
    """Return what axe finds wrong on a page in its scheme, and of its colours in the other."""
    found = violations(page)
    other = "light" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "dark"
    page.emulate_media(color_scheme=other)
    found += [f"{other} {problem}" for problem in violations(page, OF_COLOURS)]
    page.emulate_media(color_scheme="dark" if other == "light" else "light")
    return found


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=list(SIZES))
def size(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def browser_context_args(size: str, scheme: str) -> dict[str, Any]:
    return {"viewport": SIZES[size], "color_scheme": scheme, "reduced_motion": "reduce"}


@pytest.fixture
def reader(windows: Windows, browser_context_args: dict[str, Any], live: Any) -> Iterator[Reader]:
    with windows.one(browser_context_args) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
        reader = Reader(page, live.url)
        yield reader
        assert reader.troubles == []
