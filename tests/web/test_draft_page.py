"""The page of related work: what comes in by its form, what is shown, and that nothing of a draft stays."""

import logging
from io import BytesIO

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from tests import cast
from tests.sources.tiny_pdf import encrypted, pdf

from broadsheet.accounts import limits
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep
from broadsheet.sources import draft_files
from broadsheet.web.views import draft

pytestmark = pytest.mark.django_db
SECRET = "Unheard-of seizure detectors"
ABSTRACT = "Our detectors find seizures by a replay buffer of past patients."


@pytest.fixture(autouse=True)
def library(db, tmp_path, settings):
    """Some papers, searched by words."""
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    current.forget_model()
    for number in range(9):
        cast.paper(
            f"2601.0000{number}",
            f"Seizure detectors & <b>number</b> {number}",
            abstract="The replay buffer holds past patients.",
        )
    upkeep.catch_up(current.own())
    yield
    current.release()
    state.read(now=True)


def text_of(answer):
    return answer.content.decode()


def test_the_form_shows_without_anything_asked(client):
    page = text_of(client.get("/draft"))
    assert 'enctype="multipart/form-data"' in page
    assert "Nothing of your draft is kept" in page


def test_title_and_abstract_give_papers_in_groups_with_what_they_share(client):
    answer = client.post("/draft", {"title": SECRET, "abstract": ABSTRACT})
    page = text_of(answer)
    assert answer.status_code == 200
    assert "Very close: read these first" in page
    assert "Seizure detectors &amp; &lt;b&gt;number&lt;/b&gt; 8" in page
    assert "replay buffer" in page
    assert "“The replay buffer holds past patients.”" in page
    assert 'name="q" type="search" value=""' in page  # the draft is not put into the box of search


def test_a_file_of_references_shows_what_is_not_cited_first(client):
    bib = b"@misc{a, eprint={2601.00000}, title={x}, archivePrefix={arXiv}}\n@misc{b, title={Nowhere to be found}}"
    page = text_of(client.post("/draft", {"file": SimpleUploadedFile("mine.bib", bib)}))
    assert "Of the 2 works that your file cites 1 is here." in page
    assert page.index("2601.00001") < page.index("cited by you")
    assert "<li>Nowhere to be found</li>" in page


def test_a_pdf_is_read_and_its_text_can_be_set_right(client):
    made = pdf([(SECRET, 18.0), ("Abstract", 12.0), (ABSTRACT, 10.0), ("1 Introduction", 12.0)])
    page = text_of(client.post("/draft", {"file": SimpleUploadedFile("mine.pdf", made)}))
    assert f"Near to “{SECRET}”." in page
    assert f">{ABSTRACT}</textarea>" in page


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({}, "too little to go by"),
        ({"title": SECRET, "categories": "???"}, "is not a category"),
        ({"file": b"%PDF-1.4 and nothing more"}, "The PDF is broken"),
        ({"file": encrypted(pdf([(SECRET, 18.0)]), "x")}, "The PDF is encrypted"),
        ({"file": b" "}, "The file is empty"),
    ],
)
def test_what_cannot_be_read_is_told_above_the_form_which_keeps_what_was_typed(client, sent, said):
    if "file" in sent:
        sent = {"abstract": ABSTRACT, "file": SimpleUploadedFile("mine", sent["file"])}
    answer = client.post("/draft", sent)
    assert answer.status_code == 400
    assert said in text_of(answer)
    assert sent.get("abstract", "") in text_of(answer)


def test_a_file_that_is_too_large_is_not_taken_in(client, monkeypatch):
    monkeypatch.setattr(draft_files, "MOST_BYTES", 1_000)
    answer = client.post("/draft", {"file": SimpleUploadedFile("mine.pdf", b"%PDF-" + b"x" * 200_000)})
    assert answer.status_code == 400
    assert "larger than" in text_of(answer)


def test_a_form_that_says_it_is_too_large_is_not_read_at_all(rf):
    class Unread(BytesIO):
        def read(self, *_):
            raise AssertionError("it was read")

    asked = rf.post("/draft", CONTENT_LENGTH=str(draft.MOST_SENT + 1), **{"wsgi.input": Unread()})
    answer = draft.page(asked)
    assert answer.status_code == 413
    assert "larger than 10 MB" in text_of(answer)


def test_nothing_of_a_draft_is_stored_cached_or_logged(client, caplog):
    cache.clear()
    with (
        caplog.at_level(logging.DEBUG),
        CaptureQueriesContext(
            connection,
        ) as queries,
    ):
        client.post("/draft", {"title": SECRET, "abstract": ABSTRACT})
    written = [query["sql"] for query in queries if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))]
    assert written == []
    told = [record.getMessage() for record in caplog.records if not record.name.startswith("django.db")]
    assert not [line for line in told if "Unheard" in line]
    assert "no-store" in client.post("/draft", {"title": SECRET})["Cache-Control"]


def test_a_draft_comes_from_a_form_of_this_site_alone():
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.post("/draft", {"title": SECRET}).status_code == 403
    page = stranger.get("/draft")
    token = text_of(page).split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    assert stranger.post("/draft", {"title": SECRET, "csrfmiddlewaretoken": token}).status_code == 200


def test_what_was_found_can_be_taken_along_as_bibtex(client):
    answer = client.post("/draft", {"paper": ["2601.00003", "2601.00001", "no-such", "x" * 100]})
    assert answer["Content-Disposition"] == 'attachment; filename="related-work.bib"'
    entries = text_of(answer)
    assert entries.index("2601.00003") < entries.index("2601.00001")
    assert entries.count("@misc") == 2


def test_a_sign_that_no_text_holds_harms_nothing(client):
    assert client.post("/draft", {"title": "Seizure\0 detectors at home"}).status_code == 200
    assert client.post("/draft", {"title": SECRET, "categories": "cs\0LG"}).status_code == 400
    assert client.post("/draft", {"paper": ["2601\0.00001"]}).status_code == 200


def test_drafts_count_as_searches(client, settings):
    settings.PAGE_RATE = 4
    limits.forget()
    for _ in range(2):
        assert client.get("/draft").status_code == 200
    assert client.post("/draft", {"title": SECRET}).status_code == 200
    assert client.post("/draft", {"title": SECRET}).status_code == 429


def test_a_query_that_reads_like_an_abstract_leads_to_the_draft(client):
    short, long = client.get("/papers", {"q": "seizure"}), client.get("/papers", {"q": "seizure detectors " * 25})
    assert "reads like an abstract" not in text_of(short)
    assert "reads like an abstract" in text_of(long)
    assert 'href="/draft"' in text_of(client.get("/papers", {"q": " "}))
