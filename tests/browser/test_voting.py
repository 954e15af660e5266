"""Voting, saving and marking in Chromium: in place, by keys, and without JavaScript, within the page's policy."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import both_looks

pytestmark = pytest.mark.browser

# One look suffices where it is not the look that is tried.
light = pytest.mark.parametrize("scheme", ["light"], indirect=True)

DAY = "/papers/date/2026-01-05"


def buttons(page, place=0):
    card = page.get_by_role("article").nth(place)
    return card, card.locator("button.vote"), card.locator("details.more > summary"), card.locator("button.save")


def as_it_was(page, place=0):
    """Begin without a vote and unsaved, whatever the test before left."""
    _, vote, menu, save = buttons(page, place)
    if vote.get_attribute("aria-pressed") == "true":
        vote.click()
        expect(vote).to_have_attribute("aria-pressed", "false")
    if save.get_attribute("aria-pressed") == "true":
        menu.click()
        save.click()
        expect(save).to_have_attribute("aria-pressed", "false")


@both_looks
def test_a_vote_counts_in_place_and_is_taken_back(reader):
    page = reader.open(DAY)
    as_it_was(page)
    _, vote, _, _ = buttons(page)
    before = int(vote.inner_text().split()[1])
    reader.check_colours()
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    expect(vote).to_contain_text(f"▲ {before + 1}")
    expect(vote).to_be_focused()
    assert page.url.endswith(DAY), "the page stayed"
    assert "1 here" in vote.get_attribute("title")
    reader.check_colours()
    page.reload()
    expect(buttons(page)[1]).to_have_attribute("aria-pressed", "true")
    buttons(page)[1].dblclick()
    expect(buttons(page)[1]).to_contain_text(f"▲ {before}")
    as_it_was(page)
    reader.check_colours()


@light
def test_keys_vote_and_save_the_paper_in_focus(reader):
    page = reader.open(DAY)
    as_it_was(page, 1)
    _, vote, menu, save = buttons(page, 1)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("v")
    expect(vote).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("s")
    expect(save).to_have_attribute("aria-pressed", "true")
    expect(menu).to_contain_text("saved")
    reader.check()
    page.keyboard.press("v")
    expect(vote).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("s")
    expect(save).to_have_attribute("aria-pressed", "false")


@light
def test_a_paper_of_no_interest_leaves_the_list_and_comes_back(reader):
    page = reader.open(DAY)
    title = page.get_by_role("article").nth(2).get_by_role("heading").inner_text()
    card = page.get_by_role("article").nth(2)
    card.locator("details.more > summary").click()
    reader.check()
    card.get_by_role("button", name="Not interested").click()
    expect(card.get_by_text("leave this paper out")).to_be_visible()
    reader.check()
    page.reload()
    expect(page.get_by_text("1 paper you are not interested in is hidden")).to_be_visible()
    assert title not in page.get_by_role("heading").all_inner_texts()
    page.get_by_role("link", name="show", exact=True).click()
    expect(page.get_by_text("shown here")).to_be_visible()
    again = page.locator("article", has=page.locator('[data-mark="not-interested"]'))
    again.locator("details.more > summary").click()
    again.get_by_role("button", name="Not interested").click()
    expect(again).to_have_count(0)  # else leaving the page may overtake the click
    page.goto(reader.url + DAY)
    expect(page.get_by_text("not interested in")).to_have_count(0)


@light
def test_the_papers_own_page_has_the_vote_too(reader):
    page = reader.open("/papers/2601.00001")
    vote = page.locator("button.vote")
    if vote.get_attribute("aria-pressed") == "true":
        vote.click()
        expect(vote).to_have_attribute("aria-pressed", "false")
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "true")
    reader.check()
    vote.click()
    expect(vote).to_have_attribute("aria-pressed", "false")


def test_without_javascript_a_vote_comes_back_to_its_paper(browser, live):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(live.url + DAY)
    _, vote, _, _ = buttons(page, 3)
    if vote.get_attribute("aria-pressed") == "true":
        vote.click()
    buttons(page, 3)[1].click()
    assert "#paper-" in page.url
    _, vote, menu, save = buttons(page, 3)
    expect(vote).to_have_attribute("aria-pressed", "true")
    menu.click()
    save.click()
    _, vote, menu, save = buttons(page, 3)
    expect(save).to_have_attribute("aria-pressed", "true")
    menu.click()
    save.click()
    buttons(page, 3)[1].click()
    expect(buttons(page, 3)[1]).to_have_attribute("aria-pressed", "false")
    context.close()


@light
def test_an_act_that_is_refused_says_why_on_a_page_of_its_own(reader):
    page = reader.open(DAY)
    page.locator("button.vote").first.evaluate("button => { button.value = 'maybe'; }")
    page.locator("button.vote").first.click()
    expect(page.get_by_text("it takes yes or no")).to_be_visible()
    reader.troubles = [trouble for trouble in reader.troubles if "status of 400" not in trouble]
