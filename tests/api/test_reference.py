"""The description of the API: for programs, and as a page without scripts of others."""

import re
from html.parser import HTMLParser
from typing import Any

import pytest

ADDRESSES = {
    "/api/daily_papers",
    "/api/papers/search",
    "/api/papers/like",
    "/api/papers/draft",
    "/api/papers",
    "/api/papers/{paper_id}",
    "/api/papers/{paper_id}/vote",
    "/api/papers/{paper_id}/comment",
    "/api/papers/{paper_id}/comment/{comment_id}",
    "/api/papers/{paper_id}/comment/{comment_id}/edit",
    "/api/papers/{paper_id}/comment/{comment_id}/hide",
    "/api/papers/{paper_id}/comment/{comment_id}/react",
    "/api/papers/{paper_id}/comment/{comment_id}/reply",
    "/api/papers/{paper_id}/links",
    "/api/papers/index",
    "/api/papers/submit",
    "/api/settings/papers/claim",
    "/api/reports",
    "/api/users/{name}/overview",
    "/api/users/{name}/followers",
    "/api/users/{name}/following",
    "/api/organizations/{name}/overview",
    "/api/organizations/{name}/members",
    "/api/organizations/{name}/followers",
    "/api/collections",
    "/api/collections/{namespace}/{slug}",
    "/api/collections/{namespace}/{slug}/items",
    "/api/collections/{namespace}/{slug}/items/{item_id}",
    "/api/papers/{paper_id}/facts",
    "/api/arxiv/{paper_id}/repos",
    "/api/agent-harnesses",
    "/api/whoami-v2",
    "/oauth/device",
    "/oauth/token",
}


class Loaded(HTMLParser):
    """What a page loads, and what a strict policy would stop."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.addresses: list[str] = []
        self.inline: list[str] = []
        self._in = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self._in = tag if tag in ("script", "style") and "src" not in known else ""
        self.inline += [name for name in known if name == "style" or name.startswith("on")]
        if tag in ("script", "img", "iframe"):
            self.addresses.append(known.get("src") or "")
        if tag == "link":
            self.addresses.append(known.get("href") or "")

    def handle_data(self, data: str) -> None:
        if self._in and data.strip():
            self.inline.append(data)


def test_the_description_names_every_address(get: Any):
    description = get("openapi.json").json()
    assert set(description["paths"]) == ADDRESSES
    assert description["openapi"].startswith("3.")


def test_every_parameter_and_answer_of_the_description_is_on_the_page(get: Any):
    description, page = get("openapi.json").json(), get("docs").content.decode()
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            assert f"{method.upper()} {path}" in page
            for parameter in operation["parameters"]:
                assert f"<code>{parameter['name']}</code>" in page
    for name, schema in description["components"]["schemas"].items():
        assert f'id="shape-{name}"' in page
        for key in schema.get("properties", {}):
            assert f"<code>{key}</code>" in page


def test_bounds_and_defaults_are_said_in_words(get: Any):
    page = get("docs").content.decode()
    for said in (
        '<code>limit</code> <span class="quiet">whole number 1 to 100; else 50</span>',
        '<code>q</code> <span class="quiet">text, at most 250 characters</span>',
        '<code>sort</code> <span class="quiet">publishedAt or trending; else publishedAt</span>',
        "Example: <code>2305.12102</code>, <code>cs/0601001</code>.",
    ):
        assert said in page


def test_links_on_the_page_lead_somewhere_on_it(get: Any):
    page = get("docs").content.decode()
    ids = set(re.findall(r'id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_the_page_needs_no_script_of_its_own_and_nothing_from_elsewhere(get: Any):
    answer = get("docs")
    loaded = Loaded(answer.content.decode())
    assert loaded.inline == []
    assert loaded.addresses
    assert [one for one in loaded.addresses if not one.startswith("/static/")] == []
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy


@pytest.mark.parametrize("name", ["ListItem", "PaperObject", "SearchItem"])
def test_shapes_have_the_keys_that_clients_read(get: Any, name: str):
    keys = get("openapi.json").json()["components"]["schemas"][name]["properties"]
    assert {"title", "summary", "upvotes", "numComments"} <= keys.keys()
    assert "_id" in get("openapi.json").json()["components"]["schemas"]["Account"]["properties"]


def test_what_changes_something_says_that_it_needs_a_token(get: Any):
    description = get("openapi.json").json()
    assert description["components"]["securitySchemes"]["Bearer"]["scheme"] == "bearer"
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            asks = method == "get" or path == "/api/papers/draft"  # a draft is too long for an address
            needs = (not asks and path.startswith("/api/")) or path == "/api/whoami-v2"
            assert ("security" in operation) == needs, path
