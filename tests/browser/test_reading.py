"""A reader's morning in Chromium: the day, its pages, search, a paper; light and dark, phone and desktop."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import both_looks

pytestmark = [pytest.mark.browser, both_looks]

PICTURES = os.environ.get("BROADSHEET_PICTURES", "")


def picture(reader, name):
    """Keep a screenshot where someone asked for them; the README's picture is made this way."""
    if PICTURES:
        size = reader.page.viewport_size["width"]
        dark = reader.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        path = Path(PICTURES) / f"{name}-{size}-{'dark' if dark else 'light'}.png"
        reader.page.screenshot(path=path)


def test_the_day_reads_as_a_list_of_papers_and_turns_to_the_next_page(reader):
    page = reader.open("/papers/date/2026-01-05")
    expect(page.get_by_role("heading", level=1)).to_have_text("Monday, 5 January 2026")
    assert page.get_by_role("article").count() == 25
    assert page.get_by_role("article").first.get_by_role("heading", level=2).is_visible()
    reader.check_colours()
    picture(reader, "day")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Page 2").click()
    expect(page.get_by_role("article")).to_have_count(15)
    reader.check_colours()


def test_the_sample_edition_is_the_front_page_of_its_day(reader):
    page = reader.open("/papers/date/2025-12-12")
    expect(page.get_by_text("sample edition")).to_be_visible()
    expect(page.locator(".abstract .mark").first).to_be_visible()
    reader.check_colours()
    picture(reader, "sample")


def test_the_front_door_leads_to_the_newest_edition_and_back_through_the_days(reader):
    page = reader.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Wednesday, 7 January 2026")
    page.get_by_role("link", name="Previous day").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Monday, 5 January 2026")
    page.get_by_role("link", name="Next day").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Wednesday, 7 January 2026")
    for name, heading in (("Week", "Week of 5 January 2026"), ("Month", "January 2026"), ("Trending", "Trending")):
        page.get_by_role("navigation", name="Period").get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        reader.check_colours()


def test_a_day_without_an_edition_says_why(reader):
    page = reader.open("/papers/date/2026-01-10")
    expect(page.get_by_text("no papers on Saturdays and Sundays")).to_be_visible()
    reader.check_colours()
    page = reader.open("/papers/date/2126-01-10")
    expect(page.get_by_text("not out yet")).to_be_visible()


def test_search_finds_pages_on_and_keeps_its_filters(reader):
    page = reader.open("/")
    page.get_by_role("searchbox", name="Search papers").fill("benchmarks and baselines for networks")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Search", level=1)).to_be_visible()
    expect(page.get_by_text("matches your words").first).to_be_visible()
    reader.check_colours()
    picture(reader, "search")
    page.get_by_label("Category").fill("cs")
    page.get_by_label("From").fill("2026-01-05")
    page.get_by_label("To").fill("2026-01-05")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_label("Category")).to_have_value("cs")
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Page 2").click()
    assert "category=cs" in page.url
    assert "since=2026-01-05" in page.url
    expect(page.get_by_label("Category")).to_have_value("cs")
    for shown in page.locator("article .categories").all_text_contents():
        assert "cs." in shown


def test_a_paper_shows_all_of_itself_and_its_bibtex_can_be_copied(reader):
    page = reader.open("/papers/2601.00001")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sparse Graph Neural Networks")
    assert page.locator("h1 math").count() == 1
    assert page.get_by_role("list", name="Authors").get_by_role("listitem").count() == 7
    expect(page.get_by_role("link", name="PDF")).to_have_attribute("href", "https://arxiv.org/pdf/2601.00001")
    expect(page.get_by_role("link", name="Code", exact=True)).to_have_attribute(
        "href", "https://github.com/example/sparse"
    )
    reader.check_colours()
    picture(reader, "paper")
    page.get_by_role("button", name="Copy BibTeX").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert "A. Example and B. Instance and C. Sample" in page.evaluate("navigator.clipboard.readText()")
    page.get_by_role("heading", name="Similar papers").scroll_into_view_if_needed()
    page.locator(".similar a").first.click()
    expect(page.get_by_role("heading", name="Abstract")).to_be_visible()
    reader.check_colours()


def test_hostile_text_stays_text(reader):
    page = reader.open("/papers/2601.00002")
    expect(page.get_by_role("heading", level=1)).to_have_text('<script>alert(1)</script> in Titles & Other "Marks"')
    expect(page.get_by_text("<img src=x onerror=alert(2)>")).to_be_visible()
    assert page.locator("img").count() == 0
    reader.check_colours()


def test_keys_move_among_papers_and_an_abstract_unfolds_in_place(reader):
    page = reader.open("/papers/date/2025-12-12")
    page.keyboard.press("j")
    page.keyboard.press("j")
    second = page.get_by_role("article").nth(1)
    expect(second.get_by_role("link").first).to_be_focused()
    page.keyboard.press("u")
    expect(second.locator("details.unfold")).to_have_attribute("open", "")
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.get_by_role("heading", name="Description")).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_wrong_addresses_get_pages_in_the_sites_own_dress(reader):
    for path, sentence in (
        ("/papers/2599.99999", "No paper '2599.99999' is known here."),
        ("/no/such/page", "There is no such page here."),
        ("/papers/date/yesterday", "'yesterday' is not a day."),
    ):
        page = reader.open(path)
        expect(page.get_by_text(sentence)).to_be_visible()
        expect(page.get_by_role("link", name="Broadsheet", exact=True)).to_be_visible()
        # The browser itself notes an answer of 400 or 404 in its console.
        reader.troubles = [trouble for trouble in reader.troubles if "status of 40" not in trouble]
        reader.check_colours()


def test_the_status_page_and_the_api_reference_are_pages_too(reader):
    page = reader.open("/status")
    expect(page.get_by_role("heading", level=1)).to_have_text("Status")
    reader.check_colours()
    page = reader.open("/api/docs")
    expect(page.get_by_text("/api/daily_papers").first).to_be_visible()
    reader.check_colours()


def test_a_draft_gets_its_related_work(reader):
    page = reader.open("/draft")
    reader.check_colours()
    page.get_by_label("Title", exact=True).fill("A paper of the following day")
    page.get_by_role("button", name="Find related work").click()
    expect(page.get_by_role("heading", level=2).first).to_contain_text("Very close")
    reader.check_colours()


def test_like_this_but_goes_on_in_rounds(reader):
    page = reader.open("/papers/like")
    reader.check_colours()
    page.goto(reader.url + "/papers/date/2026-01-05")
    page.get_by_role("article").first.get_by_role("heading").get_by_role("link").click()
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Round 1")).to_be_visible()
    reader.check_colours()
    page.get_by_label("more like it").first.check()
    page.get_by_role("button", name="Next round").click()
    expect(page.get_by_text("kept:").first).to_be_visible()
    reader.check_colours()
