"""The site in Chromium without JavaScript, in a narrow window."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_everything_works_without_javascript_and_at_320_pixels(browser, live):
    context = browser.new_context(java_script_enabled=False, viewport={"width": 320, "height": 640})
    page = context.new_page()
    page.goto(live.url + "/papers/date/2026-01-05")
    page.get_by_text("Whole abstract").first.click()
    expect(page.get_by_role("article").first.locator("details.unfold")).to_have_attribute("open", "")
    page.get_by_role("searchbox").fill("A Paper of the Following Day")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("article").first).to_contain_text("A Paper of the Following Day")
    context.close()
