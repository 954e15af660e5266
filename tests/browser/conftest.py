"""Chromium of the system, and a page that remembers every error it met."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

SIZES = {"phone": {"width": 360, "height": 740}, "desktop": {"width": 1280, "height": 900}}


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    assert found, "Chromium is missing: install the package 'chromium' by your system's package manager"
    quiet = ("disable-gpu", "disable-quic", "no-first-run", "disable-background-networking", "disable-component-update")
    return {"executable_path": found, "args": ["--no-sandbox", *(f"--{name}" for name in quiet)]}


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
        found = Axe().run(self.page)
        problems = [
            f"{violation['id']}: {[node['html'][:120] for node in violation['nodes']][:3]}"
            for violation in found.response["violations"]
        ]
        assert self.troubles == []
        assert problems == []
        wide = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{self.page.url} is {wide} px wider than its window"


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
def reader(context: BrowserContext, live: Any) -> Iterator[Reader]:
    context.grant_permissions(["clipboard-read", "clipboard-write"], origin=live.url)
    reader = Reader(context.new_page(), live.url)
    yield reader
    assert reader.troubles == []
