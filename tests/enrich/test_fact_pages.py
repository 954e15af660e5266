"""Facts on the paper's page, in its Markdown, in the API and on the page where they are corrected."""

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from tests import cast

from broadsheet.cli.enrich import _print_facts
from broadsheet.enrich import corrections, facts

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


def test_what_was_hidden_is_told_in_the_history_only_to_who_may_take_it_back(client, told, mo):
    number = next(one.number for one in facts.of(told) if one.kind == "venue")
    corrections.hide(mo, told, number)
    address = reverse("facts", args=[told.key])
    page = page_of(client, address)
    assert "Venue hidden" in page
    assert "ICML" not in page
    client.force_login(mo)
    assert "ICML 2026 (oral) became nothing" in page_of(client, address)


EVERY_KIND = {
    "venue": {"name": HOSTILE, "note": HOSTILE},
    "length": {"pages": 3},
    "doi": {"doi": f"10.1000/{HOSTILE}"},
    "offers": {"offers": [HOSTILE]},
    "links": {"code": "javascript:alert(1)", "project": f"https://example.org/{HOSTILE}"},
    "phrases": {"phrases": [HOSTILE]},
    "extract": {"sentences": [HOSTILE, HOSTILE], "by": HOSTILE},
    "summaries": {"text": HOSTILE},
    "citations": {"number": 3, "references": 4},
    "stars": {"asked": "a/b", "repository": f"a/{HOSTILE}", "stars": 3},
    "hub": {"models": {"number": 1, "more": False, "top": [{"id": HOSTILE, "likes": 3}]}},
    "orcid": {"authors": [[0, "Ada", HOSTILE]]},
}


def test_whatever_a_source_told_is_text_on_every_surface(client, paper, mo, capsys):
    for kind, value in EVERY_KIND.items():
        facts.write(paper, kind, f"a\x1b[31m{HOSTILE}"[:80], value, timezone.now())
    client.force_login(mo)
    for address in (reverse("paper", args=[paper.key]), reverse("facts", args=[paper.key])):
        page = page_of(client, address)
        assert "<script>alert" not in page
        assert 'href="javascript:' not in page
        assert "&lt;script&gt;alert(1)" in page
    assert "<script" not in page_of(client, f"/papers/{paper.key}.md").replace("\\<script", "")
    told = client.get(f"/api/papers/{paper.key}/facts")
    assert told["Content-Type"].startswith("application/json")
    # A length is no text, and of links that lead nowhere nothing is told.
    assert {one["kind"] for one in told.json()} == set(EVERY_KIND)
    _print_facts(paper, as_json=False)
    assert "\x1b" not in capsys.readouterr().out


def test_a_page_asks_for_its_facts_once(client, told):
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        page_of(client, reverse("paper", args=[told.key]))
    assert sum('FROM "enrich_fact"' in one["sql"] for one in asked) == 1
    with CaptureQueriesContext(connection) as asked:
        page_of(client, f"/papers/{told.key}.md")
    assert sum('FROM "enrich_fact"' in one["sql"] for one in asked) == 1


def test_visitors_see_where_facts_come_from_and_no_form(client, told):
    page = page_of(client, reverse("facts", args=[told.key]))
    assert "may be wrong" in page
    assert '<button type="submit" name="do"' not in page
