"""Facts: written with source and date, read anew with the paper, corrected by people, run over all papers."""

from datetime import timedelta

import pytest
from django.utils import timezone
from tests import cast

from broadsheet.community import merging
from broadsheet.community.models import Claim, ClaimState
from broadsheet.enrich import corrections, facts, from_text, run
from broadsheet.enrich.models import Fact, FactChange
from broadsheet.errors import BadInput, NotFound, Refused, SignInNeeded
from broadsheet.papers.actions import fill_links, store
from broadsheet.papers.links import Links
from broadsheet.papers.models import Paper
from broadsheet.search.keeping.upkeep import document_of
from broadsheet.sources.record import Record

COMMENT = "Accepted at ICML 2026 (oral). 12 pages, 3 figures. Code: https://github.com/example/growth"
VENUE = {"name": "ICML 2026", "note": "oral"}


@pytest.fixture
def told(paper):
    """The paper with a comment that was read."""
    Paper.objects.filter(pk=paper.pk).update(comment=COMMENT)
    paper.refresh_from_db()
    run.run([from_text])
    paper.refresh_from_db()
    return paper


def kinds(paper):
    return {one.kind: one.text for one in facts.of(paper)}


def venue_of(paper):
    return next(one for one in facts.of(paper, hidden=True) if one.kind == "venue")


def verified(reader, paper):
    Claim.objects.create(paper=paper, reader=reader, author_name=paper.authors[0], state=ClaimState.VERIFIED)
    return reader


def test_a_comment_gives_venue_length_and_links_with_source(told):
    assert kinds(told) == {
        "venue": "ICML 2026 (oral)",
        "length": "12 pages, 3 figures",
        "links": "github.com/example/growth",
    }
    assert venue_of(told).origin == "from the authors’ comment"


def test_links_of_the_comment_become_the_papers_and_search_sees_them(told):
    assert (told.code_url, told.code_by) == ("https://github.com/example/growth", "text")
    assert document_of(told).code


def test_a_link_that_a_source_tells_goes_before_one_that_was_read(told):
    store([Record(id=told.key, title=told.title, source="daily", code_url="https://github.com/example/other")])
    told.refresh_from_db()
    assert (told.code_url, told.code_by) == ("https://github.com/example/other", "")
    fill_links({told.pk: Links("https://github.com/example/growth", "")})
    told.refresh_from_db()
    assert told.code_url == "https://github.com/example/other"


def test_a_link_that_a_person_set_stays(paper):
    Paper.objects.filter(pk=paper.pk).update(code_url="https://example.org/mine", code_by="author")
    fill_links({paper.pk: Links("https://github.com/example/growth", "https://example.org/page")})
    paper.refresh_from_db()
    assert (paper.code_url, paper.code_by) == ("https://example.org/mine", "author")
    assert (paper.project_url, paper.project_by) == ("https://example.org/page", "text")


def test_a_paper_is_indexed_anew_only_where_search_finds_it_otherwise(db):
    code = "https://github.com/example/growth"
    abstract, comment, page = (
        cast.paper("2601.00011", abstract=f"Our code is at {code}"),
        cast.paper("2601.00012", comment=f"Code: {code}"),
        cast.paper("2601.00013", comment="Project page: https://example.org/page"),
    )
    run.run([from_text])
    after = {row.key: row.stamp for row in Paper.objects.all()}
    assert after[comment.key] > comment.stamp
    assert (after[abstract.key], after[page.key]) == (abstract.stamp, page.stamp)
    assert Paper.objects.get(pk=abstract.pk).code_url == code


def test_a_link_that_the_text_names_no_more_goes_away(told):
    fill_links({told.pk: Links()})
    told.refresh_from_db()
    assert (told.code_url, told.code_by) == ("", "")


def test_a_second_run_looks_at_nothing_and_a_changed_paper_is_read_anew(told):
    assert run.run([from_text]) == "Papers looked at: 0 for said."
    Paper.objects.filter(pk=told.pk).update(comment="9 pages", stamp=told.stamp + 1000)
    assert run.run([from_text]) == "Papers looked at: 1 for said."
    assert kinds(told) == {"length": "9 pages"}


def test_the_date_of_a_value_changes_only_with_the_value(paper):
    first = timezone.now() - timedelta(days=3)
    facts.write(paper, "venue", "comment", VENUE, first)
    facts.write(paper, "venue", "comment", VENUE, timezone.now())
    assert venue_of(paper).date == first
    facts.write(paper, "venue", "comment", {"name": "ACL 2026"}, timezone.now())
    assert venue_of(paper).date > first


def test_a_run_that_is_stopped_is_carried_on_newest_first(db, monkeypatch):
    monkeypatch.setattr(run, "PORTION", 1)
    for place in range(1, 4):
        cast.paper(f"2601.0000{place}", day=f"2026-01-0{place}", comment="5 pages")
    answers = iter([False, False, False, True, True, True])
    run.run([from_text], lambda: next(answers))
    assert list(Fact.objects.filter(kind="length").values_list("paper__key", flat=True)) == ["2601.00003"]
    run.run([from_text])
    assert Fact.objects.filter(kind="length").count() == 3


def test_failures_wait_longer_each_time_and_keep_the_last_value(paper):
    now = timezone.now()
    facts.write(paper, "venue", "place", VENUE, now)
    first = facts.failed(paper, "venue", "place", "It did not answer.", now)
    second = facts.failed(paper, "venue", "place", "It did not answer.", now)
    assert first - now == timedelta(hours=1)
    assert second - now == timedelta(hours=2)
    assert not run.lacking("venue", now).exists()
    assert run.lacking("venue", second + timedelta(seconds=1)).exists()
    assert venue_of(paper).value == VENUE


def test_a_kind_that_fails_does_not_keep_the_next_from_work(paper):
    class Broken:
        KIND = TITLE = "broken"

        def wanted(self, now):
            raise BadInput("It broke.")

        def look(self, papers, stop):
            raise BadInput("It broke.")

    with pytest.raises(BadInput, match="It broke"):
        run.run([Broken(), from_text])
    assert Fact.objects.filter(paper=paper, kind="said").exists()


def test_the_setting_says_which_kinds_are_on(db, settings):
    settings.ENRICH = ["phrases"]
    assert [kind.KIND for kind in run.named([])] == ["phrases"]
    settings.ENRICH = ["none"]
    assert run.named([]) == []
    with pytest.raises(BadInput, match="no kind of facts"):
        run.named(["nothing"])


def test_a_verified_author_corrects_and_the_correction_survives_the_next_reading(told, ada):
    verified(ada, told)
    corrections.correct(ada, told, venue_of(told).number, "ICML 2026 (poster)")
    facts.write(told, "venue", "comment", {"name": "ICML 2027"}, timezone.now())
    shown = venue_of(told)
    assert (shown.text, shown.corrected, shown.origin) == ("ICML 2026 (poster)", True, "set by ada")
    assert shown.original_text == "ICML 2027"


def test_what_is_hidden_is_shown_nowhere_and_taken_back_by_one_act(told, mo):
    number = venue_of(told).number
    corrections.hide(mo, told, number)
    assert "venue" not in kinds(told)
    assert venue_of(told).hidden
    corrections.take_back(mo, told, number)
    assert kinds(told)["venue"] == "ICML 2026 (oral)"
    assert [(one.done, one.by, one.reader.username) for one in corrections.history(told)] == [
        ("taken back", "moderator", "mo"),
        ("hidden", "moderator", "mo"),
    ]


def test_a_correction_stays_when_the_source_tells_nothing_more(told, mo):
    corrections.correct(mo, told, venue_of(told).number, "ACL 2026")
    Paper.objects.filter(pk=told.pk).update(comment="", stamp=told.stamp + 1000)
    run.run([from_text])
    assert kinds(told) == {"venue": "ACL 2026"}


def test_an_author_does_not_overrule_a_moderator(told, ada, mo):
    number = venue_of(told).number
    corrections.hide(mo, told, number)
    with pytest.raises(Refused, match="moderator"):
        corrections.take_back(verified(ada, told), told, number)


def test_others_correct_nothing(told, bo):
    from django.contrib.auth.models import AnonymousUser

    number = venue_of(told).number
    with pytest.raises(Refused):
        corrections.hide(bo, told, number)
    with pytest.raises(SignInNeeded):
        corrections.hide(AnonymousUser(), told, number)
    assert not FactChange.objects.exists()


def test_a_fact_of_another_paper_is_not_there(told, mo):
    other = cast.paper("2601.00002")
    with pytest.raises(NotFound):
        corrections.hide(mo, other, venue_of(told).number)


@pytest.mark.parametrize("typed", ["", "many pages", "x" * 400])
def test_words_that_cannot_be_read_are_refused(told, mo, typed):
    length = next(one for one in facts.of(told) if one.kind == "length")
    with pytest.raises(BadInput):
        corrections.correct(mo, told, length.number, typed)


def test_an_extract_can_only_be_hidden(paper, mo):
    facts.write(paper, "extract", "abstract", {"sentences": ["One.", "Two."], "by": "letters"}, timezone.now())
    shown = facts.of(paper)[0]
    assert shown.origin == "chosen by letters"
    with pytest.raises(BadInput, match="only be hidden"):
        corrections.correct(mo, paper, shown.number, "Mine.")


def test_what_only_the_other_row_was_told_is_shown_and_the_papers_own_goes_before(told, mo):
    other = cast.paper("doi:10.1000/1", "Its article", announced=None)
    now = timezone.now()
    facts.write(other, "venue", "comment", {"name": "Journal of Examples"}, now)
    facts.write(other, "citations", "openalex", {"number": 7}, now)
    facts.write(told, "citations", "openalex", {}, now)
    made = merging.merge(told, other, "doi")

    assert kinds(told)["venue"] == "ICML 2026 (oral)"
    assert "7" in kinds(told)["citations"]
    assert facts.value_of(told, "citations") == {"number": 7}
    borrowed = next(one for one in facts.of(told) if one.kind == "citations")
    corrections.hide(mo, told, borrowed.number)
    assert "citations" not in kinds(told)
    assert corrections.history(told).get().done == "hidden"

    merging.part(made)
    assert facts.value_of(told, "citations") == {}
