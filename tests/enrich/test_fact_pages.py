"""Facts on the paper's page, in its Markdown, in the API and on the page where they are corrected."""

import pytest
from django.urls import reverse
from django.utils import timezone
from tests import cast

from broadsheet.enrich import facts

HOSTILE = '"><script>alert(1)</script>'


@pytest.fixture
def told(paper):
    """A paper with facts."""
    now = timezone.now()
    facts.write(paper, "venue", "comment", {"name": "ICML 2026", "note": "oral"}, now)
    facts.write(paper, "phrases", "corpus", {"phrases": ["score matching", HOSTILE]}, now)
    facts.write(paper, "extract", "abstract", {"sentences": ["One is here.", "Two is."], "by": "letters"}, now)
    return paper


def page_of(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_facts_with_source_and_marks_the_extract(client, told):
    page = page_of(client, reverse("paper", args=[told.key]))
    assert "ICML 2026 (oral)" in page
    assert "from the authors’ comment" in page
    assert f"Extract: two sentences of the abstract, chosen by letters, {timezone.now():%Y-%m-%d}." in page
    assert "?q=%22score%20matching%22" in page
    assert HOSTILE not in page


def test_where_a_source_brought_key_phrases_ours_are_left_out(client, db):
    paper = cast.paper("2601.00002", keywords=["their phrase"])
    facts.write(paper, "phrases", "corpus", {"phrases": ["score matching"]}, timezone.now())
    page = page_of(client, reverse("paper", args=[paper.key]))
    assert "their phrase" in page
    assert "score matching" not in page


def test_the_markdown_and_the_api_tell_them(client, told):
    assert "- Venue: ICML 2026 (oral) (from the authors’ comment, " in page_of(client, f"/papers/{told.key}.md")
    found = {one["kind"]: one for one in client.get(f"/api/papers/{told.key}/facts").json()}
    assert found["venue"]["text"] == "ICML 2026 (oral)"
    assert found["extract"]["origin"] == "chosen by letters"
    assert "ai_keywords" not in client.get(f"/api/papers/{told.key}").json()


def test_a_moderator_corrects_hides_and_puts_back_by_a_form(client, told, mo):
    client.force_login(mo)
    address = reverse("facts", args=[told.key])
    number = next(one.number for one in facts.of(told) if one.kind == "venue")
    client.post(address, {"fact": number, "do": "correct", "value": "ACL 2026"})
    assert "What was found: ICML 2026 (oral)" in page_of(client, address)
    client.post(address, {"fact": number, "do": "hide"})
    assert "ICML" not in page_of(client, reverse("paper", args=[told.key]))
    client.post(address, {"fact": number, "do": "back"})
    page = page_of(client, address)
    assert "Venue taken back: nothing became ICML 2026 (oral)" in page


def test_what_cannot_be_read_stands_beside_its_field(client, told, mo):
    client.force_login(mo)
    number = next(one.number for one in facts.of(told) if one.kind == "phrases")
    answer = client.post(reverse("facts", args=[told.key]), {"fact": number, "do": "correct", "value": ", ,"})
    assert answer.status_code == 400
    assert "Part them by commas" in answer.content.decode()


def test_visitors_see_where_facts_come_from_and_no_form(client, told):
    page = page_of(client, reverse("facts", args=[told.key]))
    assert "may be wrong" in page
    assert '<button type="submit" name="do"' not in page
