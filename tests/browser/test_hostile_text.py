"""Every payload of the corpus in every field, loaded in Chromium: nothing runs, and nothing foreign is in the page."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import Reader
from tests.conftest import broadsheet, environment, start_site
from tests.payloads import payloads

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize("size", ["desktop"], indirect=True),
    pytest.mark.parametrize("scheme", ["light"], indirect=True),
]
SETTINGS = {
    "BROADSHEET_MODEL": "none",
    "BROADSHEET_PAGE_RATE": "0",
    "BROADSHEET_PAGE_SIZE": "120",
    "BROADSHEET_COMMENTS_PER_HOUR": "1000",
}
# What no page of the site holds unless somebody's text became markup.
LOOK = """() => {
  const bad = [];
  for (const element of document.querySelectorAll("*")) {
    const name = element.localName;
    if (["iframe", "object", "embed", "base", "style", "template", "noscript", "video", "audio", "marquee", "xss",
         "mglyph", "annotation-xml", "maction", "foreignobject", "frameset", "applet"].includes(name)) bad.push(name);
    if (name === "script" && !(element.getAttribute("src") || "").startsWith("/static/")) bad.push(element.outerHTML);
    if (name === "meta" && element.httpEquiv) bad.push(element.outerHTML);
    for (const { name: key, value } of element.attributes) {
      if (/^on/i.test(key) || key === "style" || key === "srcdoc") bad.push(`${name} ${key}=${value}`);
      if (/^(href|src|action|formaction|xlink:href|data)$/.test(key) &&
          /^[\\s\\0-\\x1f]*(javascript|vbscript|data|feed|jar|file):/i.test(value)) bad.push(`${name} ${key}=${value}`);
    }
  }
  if (window.__executed) bad.push("a script ran");
  return bad;
}"""


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A home full of payloads, and the pages that show them."""
    home = tmp_path_factory.mktemp("hostile")
    taken = broadsheet(home, "ingest", "sample", **SETTINGS)
    assert taken.returncode == 0, taken.stderr
    root = Path(__file__).parents[2]
    seeded = subprocess.run(
        [sys.executable, "-W", "error", str(Path(__file__).with_name("hostile_seed.py"))],
        env=environment(home, PYTHONPATH=f"{root}:{root / 'src'}", **SETTINGS),
        capture_output=True,
        text=True,
        check=False,
    )
    assert seeded.returncode == 0, seeded.stderr
    return home, json.loads(seeded.stdout)


def read_all(context, url, paths):
    """Open every page and return what was wrong, page by page."""
    reader = Reader(context.new_page(), url)
    found = {}
    for path in paths:
        answer = reader.page.goto(url + path, wait_until="domcontentloaded")
        assert answer.status == 200, f"{path}: {answer.status}"
        troubles = [*reader.page.evaluate(LOOK), *reader.troubles]
        reader.troubles.clear()
        if troubles:
            found[path] = troubles
    return found


# Of the pages beside a paper's own, which are of three kinds in turn, each fourth; all of them in the long run.
@pytest.mark.parametrize("each", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_no_payload_runs_where_a_visitor_reads(context, hostile, each):
    home, paths = hostile
    site = start_site(home, **SETTINGS, BROADSHEET_MODE="open")
    assert len(paths["public"]) > len(payloads())
    try:
        assert read_all(context, site.url, [*paths["public"], *paths["rarer"][::each]]) == {}
    finally:
        assert site.stop() == 0


def test_no_payload_runs_where_the_administrator_reads_and_writes(context, hostile):
    home, paths = hostile
    site = start_site(home, **SETTINGS, BROADSHEET_MODE="single")
    try:
        # A part of the pages: what differs from a visitor's is the frame and the forms around the text.
        assert read_all(context, site.url, paths["private"]) == {}
        reader = Reader(context.new_page(), site.url)
        for number, payload in enumerate(payloads()[::12]):
            page = reader.open(f"/papers/2602.{number * 12 + 1:05}")
            page.locator("#write").fill(payload)
            page.locator("#discussion > form").get_by_role("button", name="Preview").click()
            if payload.strip("\0\x01\x02 "):
                expect(page.get_by_role("heading", name="Preview")).to_be_visible()
            assert page.evaluate(LOOK) == []
            assert reader.troubles == []
    finally:
        assert site.stop() == 0
