"""Pages of lists, marks and follows, as forms without JavaScript use them."""

import html
import json
import re

import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests import cast

from broadsheet.accounts import limits
from broadsheet.community import follows, lists, marks
from broadsheet.community.models import Follow, Mark, ReadingList
from broadsheet.errors import NotFound

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh(settings):
    cache.clear()
    limits.forget()
    settings.ALLOWED_HOSTS = ["testserver"]


@pytest.fixture
def as_ada(ada):
    browser = Client()
    browser.force_login(ada)
    return browser


@pytest.fixture
def as_bo(bo):
    browser = Client()
    browser.force_login(bo)
    return browser


@pytest.fixture
def made(ada):
    made = lists.create(ada, "Small models", description="What <they> can", public=True)
    for number in range(1, 4):
        lists.add(ada, made, cast.paper(f"2601.0000{number}", f"Paper {number}"), f"note <b>{number}</b>")
    return made


def titles(text: str) -> list[str]:
    return [html.unescape(title) for title in re.findall(r'<a class="titled"[^>]*>(.*?)</a>', text)]


def test_a_list_is_made_by_its_form_with_the_paper_it_was_begun_from(as_ada, ada, paper):
    form = as_ada.get("/lists/new", {"paper": paper.key})
    assert f'name="paper" value="{paper.key}"' in form.text
    answer = as_ada.post(
        "/lists/new", {"title": "Small models", "description": "x", "public": "yes", "paper": paper.key}
    )
    assert answer.headers["Location"] == "/readers/ada/lists/small-models"
    made = ReadingList.objects.get()
    assert (made.public, made.description, made.items.get().paper) == (True, "x", paper)
    refused = as_ada.post("/lists/new", {"title": "  ", "description": "kept", "paper": paper.key})
    assert refused.status_code == 400
    assert "A title is needed" in refused.text
    assert "kept" in refused.text
    assert 'aria-describedby="error"' in refused.text


def test_a_public_list_is_for_everybody_and_a_private_one_is_not_there(as_ada, as_bo, ada, made):
    for browser in (Client(), as_bo, as_ada):
        answer = browser.get("/readers/ada/lists/small-models")
        assert titles(answer.text) == ["Paper 1", "Paper 2", "Paper 3"]
        assert "note &lt;b&gt;1&lt;/b&gt;" in answer.text
        assert "no-store" in answer.headers["Cache-Control"]
    lists.edit(ada, made, public=False)
    missing = Client().get("/readers/ada/lists/nothing").status_code
    for browser in (Client(), as_bo):
        for path in ("", ".bib", ".ris", ".json"):
            assert browser.get(f"/readers/ada/lists/small-models{path}").status_code == missing == 404
    assert as_ada.get("/readers/ada/lists/small-models").status_code == 200


def test_only_the_owner_sees_the_ways_to_change(as_ada, as_bo, made):
    assert "/lists/small-models/change" in as_ada.get("/readers/ada/lists/small-models").text
    assert "/lists/small-models" not in as_bo.get("/readers/ada/lists/small-models").text.replace("ada/lists", "")


def test_a_reader_changes_a_list_by_its_forms(as_ada, made):
    def do(which, **what):
        item = lists.items(made)[which]
        answer = as_ada.post("/lists/small-models/change", {"item": item.public_id, **what})
        assert answer.status_code == 302, answer.text
        assert answer.headers["Location"].endswith(f"#item-{item.public_id}")
        return titles(as_ada.get("/readers/ada/lists/small-models").text)

    assert do(0, do="down") == ["Paper 2", "Paper 1", "Paper 3"]
    assert do(2, do="up") == ["Paper 2", "Paper 3", "Paper 1"]
    assert do(0, do="up") == ["Paper 2", "Paper 3", "Paper 1"]
    assert do(2, do="place", place="1") == ["Paper 1", "Paper 2", "Paper 3"]
    assert do(1, do="remove") == ["Paper 1", "Paper 3"]
    do(0, do="note", note="read twice")
    assert lists.items(made)[0].note == "read twice"
    item = lists.items(made)[0].public_id
    for wrong in ({"do": "x"}, {"do": "place", "place": "-1"}, {"do": "note", "note": "x" * 501}):
        assert as_ada.post("/lists/small-models/change", {"item": item, **wrong}).status_code == 400
    assert as_ada.post("/lists/small-models/change", {"item": "0" * 24, "do": "up"}).status_code == 404


def test_title_and_privacy_change_and_a_list_is_deleted(as_ada, made):
    answer = as_ada.post("/lists/small-models/edit", {"title": "Large", "description": ""})
    assert answer.headers["Location"] == "/readers/ada/lists/small-models"
    made.refresh_from_db()
    assert (made.title, made.description, made.public) == ("Large", "", False)
    assert as_ada.post("/lists/small-models/edit", {"title": ""}).status_code == 400
    assert "Large" in as_ada.get("/lists").text
    assert as_ada.post("/lists/small-models/delete").headers["Location"] == "/lists"
    assert not ReadingList.objects.exists()


def test_another_readers_list_is_not_changed_by_any_form(as_bo, made, paper_of_the_day):
    item = lists.items(made)[0].public_id
    forms = {
        "edit": {"title": "Mine now"},
        "delete": {},
        "change": {"item": item, "do": "remove"},
        "import": {"text": "@misc{a, title={Paper 9}}"},
        "zotero": {"kind": "user", "library": "1"},
        "fetch": {"key": "2601.00009"},
    }
    for name, typed in forms.items():
        assert as_bo.post(f"/lists/small-models/{name}", typed).status_code == 404
        nobody = Client().post(f"/lists/small-models/{name}", typed)
        assert nobody.status_code == 302
        assert nobody.headers["Location"].startswith("/sign-in")
    answer = as_bo.post("/lists/add", {"list": "small-models", "paper": paper_of_the_day.key})
    assert answer.status_code == 404
    made.refresh_from_db()
    assert (made.title, made.items.count()) == ("Small models", 3)


@pytest.fixture
def paper_of_the_day(db):
    return cast.paper("2601.00009", "Paper 9")


def test_a_form_without_its_token_changes_nothing_and_reading_changes_nothing(ada, made, paper_of_the_day):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ada)
    for path in ("edit", "delete", "change", "import", "zotero", "fetch"):
        assert strict.post(f"/lists/small-models/{path}", {"title": "x"}).status_code == 403
    for path in ("/lists/new", "/lists/add", "/follow", "/following/seen"):
        assert strict.post(path, {"title": "x", "paper": paper_of_the_day.key}).status_code == 403
    for path in (
        "/lists/small-models/delete",
        "/lists/small-models/change",
        "/lists/add",
        "/follow",
        "/following/seen",
    ):
        assert strict.get(path).status_code == 405
    assert ReadingList.objects.get().items.count() == 3


def test_a_paper_is_added_from_its_page(as_ada, ada, made, paper_of_the_day):
    page = as_ada.get(f"/papers/{paper_of_the_day.key}").text
    assert '<option value="small-models">Small models</option>' in page
    assert "Add to a list" not in Client().get(f"/papers/{paper_of_the_day.key}").text
    answer = as_ada.post(
        "/lists/add",
        {"list": "small-models", "paper": paper_of_the_day.key, "next": f"/papers/{paper_of_the_day.key}"},
        follow=True,
    )
    assert "Added to “Small models”." in answer.text
    assert '<option value="small-models">' not in answer.text
    assert 'In <a href="/readers/ada/lists/small-models">' in answer.text
    elsewhere = as_ada.post(
        "/lists/add", {"list": "saved", "paper": paper_of_the_day.key, "next": "https://evil.example"}
    )
    assert elsewhere.headers["Location"] == f"/papers/{paper_of_the_day.key}"
    assert lists.saved_of(ada) is not None
    begun = as_ada.post("/lists/add", {"list": "", "paper": paper_of_the_day.key})
    assert begun.headers["Location"] == f"/lists/new?paper={paper_of_the_day.key}"


def test_saved_papers_have_a_page_and_are_private(as_ada, as_bo, ada, paper_of_the_day):
    assert "Nothing yet" in as_ada.get("/saved").text
    assert not ReadingList.objects.exists()
    lists.save(ada, paper_of_the_day)
    assert titles(as_ada.get("/saved").text) == ["Paper 9"]
    assert as_bo.get("/readers/ada/lists/saved").status_code == 404
    for path in ("/saved", "/lists", "/lists/new", "/marks", "/following", "/lists/saved/import"):
        assert Client().get(path).headers["Location"].startswith("/sign-in")
    assert as_ada.post("/lists/saved/edit", {"title": "S", "public": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("kind", "begins", "content_type"),
    [
        ("bib", "@misc{example2026paper,", "application/x-bibtex; charset=utf-8"),
        ("ris", "TY  - UNPB\r\n", "application/x-research-info-systems; charset=utf-8"),
        ("csl.json", "[\n {", "application/vnd.citationstyles.csl+json; charset=utf-8"),
    ],
)
def test_a_list_is_a_file_and_comes_back_from_it(as_ada, as_bo, ada, made, kind, begins, content_type):
    answer = as_bo.get(f"/readers/ada/lists/small-models.{kind}")
    assert answer.headers["Content-Type"] == content_type
    assert answer.headers["Content-Disposition"] == f'attachment; filename="small-models.{kind}"'
    assert answer.text.startswith(begins)
    lists.create(ada, "Copy")
    upload = SimpleUploadedFile(f"x.{kind}", answer.content)
    brought = as_ada.post("/lists/copy/import", {"file": upload})
    assert "3 added." in brought.text
    copy = lists.find(ada, "ada", "copy")
    assert [(i.paper_id, i.note) for i in lists.items(copy)] == [(i.paper_id, i.note) for i in lists.items(made)]
    assert as_bo.get("/readers/ada/lists/small-models.xml").status_code == 404


def test_what_an_import_does_not_find_is_offered_to_be_fetched(as_ada, made):
    text = (
        "@misc{a, title={<b>Unknown</b>}, eprint={2602.00002}, annote={why <x>}}\n@misc{b, title={Other}, doi={10.1/x}}"
    )
    answer = as_ada.post("/lists/small-models/import", {"text": text})
    assert "0 added, 2 not here." in answer.text
    assert "arXiv:2602.00002 is not here yet" in answer.text
    assert "no paper here has this title" in answer.text
    assert '<input type="hidden" name="key" value="2602.00002">' in answer.text
    assert "<b>Unknown" not in answer.text
    refused = as_ada.post("/lists/small-models/fetch", {"key": "2602.00002"})
    assert refused.status_code == 403  # the suite asks no network, and says so
    assert "BROADSHEET_OFFLINE" in refused.text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Zoë".encode("latin-1"), "is not UTF-8"),
        (b"%PDF-1.7 \x00", "not a text"),
        (b"GIF89a", "none of BibTeX"),
        (b"x" * 5_000_001, "5,000,001 bytes"),
    ],
)
def test_a_file_that_is_none_is_refused_beside_its_field(as_ada, made, content, said):
    answer = as_ada.post("/lists/small-models/import", {"file": SimpleUploadedFile("../../x.bib", content)})
    assert answer.status_code == 400
    assert said in answer.text
    assert 'aria-describedby="error"' in answer.text
    assert as_ada.post("/lists/small-models/import", {}).status_code == 400


def test_zotero_is_refused_beside_its_form_and_the_key_is_not_shown(as_ada, made):
    key = "P9NiFoyLeZu2bZNvvuQPDWsd"
    for typed in ({"kind": "user", "library": "x"}, {"kind": "group", "library": "1"}):
        answer = as_ada.post("/lists/small-models/zotero", {**typed, "key": key})
        assert answer.status_code == 400
        assert 'id="zotero-error"' in answer.text
        assert key not in answer.text


def test_marks_are_shown_to_their_reader_and_undone(as_ada, as_bo, ada, paper_of_the_day):
    marks.mark(ada, paper_of_the_day, "not-interested")
    assert "Paper 9" in as_ada.get("/marks").text
    assert "Paper 9" in as_ada.get("/marks?kind=not-interested").text
    assert "Paper 9" not in as_ada.get("/marks?kind=read").text
    assert "Paper 9" not in as_bo.get("/marks").text
    undone = as_ada.post(f"/papers/{paper_of_the_day.key}/mark", {"mark": "", "next": "/marks"})
    assert undone.headers["Location"].startswith("/marks")
    assert not Mark.objects.exists()


def test_a_list_is_followed_from_its_page_and_its_news_are_shown(as_bo, bo, ada, made, paper_of_the_day):
    page = as_bo.get("/readers/ada/lists/small-models").text
    assert f'name="value" value="{made.public_id}"' in page
    followed = {"kind": "list", "value": made.public_id, "next": "/readers/ada/lists/small-models"}
    answer = as_bo.post("/follow", {**followed, "do": "follow"}, follow=True)
    assert 'aria-pressed="true">Following' in answer.text
    lists.add(ada, made, paper_of_the_day)
    shown = as_bo.get("/following").text
    assert "1 new" in shown
    assert "Paper 9" in shown
    assert "/readers/ada/lists/small-models" in shown
    as_bo.post("/following/seen")
    assert "0 new since" in as_bo.get("/following").text
    as_bo.post("/follow", {**followed, "do": "unfollow"})
    assert not Follow.objects.exists()


def test_following_knows_every_kind(as_ada, bo, paper_of_the_day, monkeypatch):
    for kind, value in [("author", "Ada Example"), ("category", "cs.CL"), ("search", "paper <b>"), ("reader", "bo")]:
        assert (
            as_ada.post("/follow", {"kind": kind, "value": value, "do": "follow"}).headers["Location"] == "/following"
        )
    shown = as_ada.get("/following").text
    assert shown.count("Paper 9") >= 2
    assert "paper &lt;b&gt;" in shown
    assert "/readers/bo" in shown
    for wrong in ({"kind": "x", "value": "y", "do": "follow"}, {"kind": "author", "value": "y", "do": "x"}):
        assert as_ada.post("/follow", wrong).status_code == 400
    assert as_ada.post("/follow", {"kind": "reader", "value": "nobody", "do": "follow"}).status_code == 404
    evil = {"kind": "author", "value": "y", "do": "follow", "next": "//evil.example/x"}
    assert as_ada.post("/follow", evil).headers["Location"] == "/following"


def test_a_private_list_cannot_be_followed_by_its_id(as_bo, bo, ada):
    private = lists.create(ada, "Private")
    assert as_bo.post("/follow", {"kind": "list", "value": private.public_id, "do": "follow"}).status_code == 404
    with pytest.raises(NotFound):
        follows.follow(bo, "list", private.public_id)


def test_a_long_list_is_paged_in_few_queries(as_ada, ada, django_assert_max_num_queries):
    made = lists.create(ada, "Long")
    papers = [cast.paper(f"2602.{n:05}", f"Paper {n}") for n in range(120)]
    lists.add_all(ada, made, [(one, "") for one in papers])
    with django_assert_max_num_queries(9):
        page = as_ada.get("/readers/ada/lists/long?p=3").text
    assert titles(page) == [f"Paper {n}" for n in range(100, 120)]
    assert 'start="101"' in page
    last = lists.items(made)[100]
    moved = as_ada.post("/lists/long/change", {"item": last.public_id, "do": "up"})
    assert moved.headers["Location"] == f"/readers/ada/lists/long?p=2#item-{last.public_id}"
    exported = json.loads(as_ada.get("/readers/ada/lists/long.csl.json").content)
    assert len(exported) == 120
