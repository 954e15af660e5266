"""The digest in Chromium: light and dark, phone and desktop, for eyes and for a screen reader; nothing is fetched."""

import pytest
from playwright.sync_api import expect
from tests.browser.test_reading import picture

pytestmark = pytest.mark.browser

PREVIEW = "/subscriptions/preview?kind=day&cadence=weekly"


def test_a_digest_reads_well_as_a_mail_program_shows_it(reader, scheme):
    # Set as a page without the preview's sandbox, in which the tools of this test could not run.
    page = reader.page
    page.set_content(page.request.get(reader.url + PREVIEW).text())
    expect(page.get_by_role("heading", level=1)).to_have_text("The papers of the day")
    expect(page.get_by_role("heading", level=2)).to_have_count(11)  # ten papers and the week
    ground = page.locator("body").evaluate("element => getComputedStyle(element).backgroundColor")
    assert ground == ("rgb(22, 23, 26)" if scheme == "dark" else "rgb(251, 249, 244)")
    reader.check()
    picture(reader, "digest")


def test_a_preview_fetches_nothing_and_its_titles_lead_to_their_papers(reader):
    asked = []
    reader.page.on("request", lambda request: asked.append(request.url))
    page = reader.open(PREVIEW)
    assert asked == [reader.url + PREVIEW]
    link = page.get_by_role("heading", level=2).first.get_by_role("link")
    title = link.inner_text()
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
