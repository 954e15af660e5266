"""A discussion in Chromium: write with a preview, react, reply, edit, look back, delete; and what one was told."""

import pytest
from playwright.sync_api import expect

pytestmark = [
    pytest.mark.browser,
    pytest.mark.parametrize(("size", "scheme"), [("phone", "light"), ("desktop", "dark")], indirect=True),
]

TEXT = """# What we tried

The loss is $\\frac{1}{n}\\sum_i x_i$ and **not** what [the paper](https://arxiv.org/abs/2601.00001) says.

| a | b |
|---|---|
| 1 | 2 |

```
run(everything)
```

> quoted

- one
- two
"""


def test_a_reader_writes_reacts_replies_edits_and_deletes(reader):
    page = reader.open("/papers/date/2026-01-05")
    page.get_by_role("article").first.get_by_role("heading", level=2).get_by_role("link").click()
    there = page.url
    reader.check()
    page.get_by_label("Your comment").fill(TEXT)
    page.locator("#discussion > form").get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", name="What we tried", level=4)).to_be_visible()
    reader.check()
    page.get_by_role("button", name="Comment", exact=True).click()
    page.wait_for_url("**#comment-*")
    said = page.locator(".thread > li > .said").last
    expect(said.locator("math")).to_be_visible()
    reader.check()
    said.get_by_role("button", name="exciting").click()
    pressed = page.locator(".thread > li > .said").last.get_by_role("button", name="exciting")
    expect(pressed).to_have_attribute("aria-pressed", "true")
    said.get_by_text("Reply").first.click()
    said.get_by_label("Your reply").fill("To myself: well **said**.")
    reader.check()
    said.get_by_role("button", name="Reply", exact=True).click()
    expect(page.locator(".replies .said").last).to_contain_text("To myself: well said.")
    reader.check()
    page.locator(".thread > li > .said").last.get_by_role("link", name="Edit").click()
    page.get_by_label("Your comment").fill("Shorter now.")
    page.get_by_role("button", name="Save").click()
    page.locator(".thread > li > .said").last.get_by_role("link", name="edited").click()
    expect(page.get_by_role("heading", name="What we tried")).to_be_visible()
    reader.check()
    page.goto(there)
    for gone in (".replies .said", ".thread > li > .said"):
        mine = page.locator(gone).last
        mine.get_by_text("Delete", exact=False).first.click()
        mine.get_by_role("button", name="Delete for good").click()
        page.wait_for_url("**#discussion")
    expect(page.get_by_text("Shorter now.")).to_have_count(0)


def test_the_page_of_notifications_reads_well(reader):
    page = reader.open("/notifications")
    expect(page.get_by_role("heading", level=1)).to_have_text("Notifications")
    reader.check()
