"""Collections by API: the readers' lists in the hub's shape, to be changed by their owners' tokens alone."""

import json
from typing import Any

import pytest
from django.test import Client
from tests import cast

from broadsheet.accounts import tokens
from broadsheet.api.routes import api
from broadsheet.community import follows, lists, votes
from broadsheet.community.models import ReadingList

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _hosts(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]


class Program:
    """Somebody's program: a client with a token, or without one."""

    def __init__(self, reader: Any = None, scope: str = "write") -> None:
        secret = tokens.issue(reader, "test", scope)[1] if reader else ""
        self.headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        self.client = Client()

    def __call__(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        ask = getattr(self.client, method)
        if method == "get":
            return ask(f"/api/collections{path}", query, headers=self.headers)
        return ask(
            f"/api/collections{path}",
            json.dumps(body) if body is not None else "",
            content_type="application/json",
            headers=self.headers,
        )


@pytest.fixture
def as_ada(ada):
    return Program(ada)


@pytest.fixture
def made(as_ada, paper):
    answer = as_ada("post", "", {"title": "Small models", "item": {"id": paper.key, "type": "paper"}})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_collection_is_made_with_the_keys_that_clients_need(made, paper, ada):
    kept = ReadingList.objects.get()
    assert made["slug"] == f"ada/small-models-{kept.public_id}"
    assert (made["title"], made["private"], made["theme"], made["upvotes"], made["position"]) == (
        "Small models",
        False,
        "blue",
        0,
        0,
    )
    assert made["owner"]["name"] == "ada"
    assert made["items"] == [
        {
            "_id": kept.items.get().public_id,
            "id": paper.key,
            "type": "paper",
            "position": 0,
            "title": paper.title,
            "upvotes": 0,
            "thumbnailUrl": "",
            "isUpvotedByUser": False,
            "publishedAt": "2026-01-02T12:00:00.000Z",
        }
    ]
    assert made["lastUpdated"].endswith("Z")


def test_the_description_holds_for_every_answer(as_ada, made):
    from broadsheet.api.collection_shapes import Collection, CollectionPreview

    Collection.model_validate(made)
    (listed,) = as_ada("get", "").json()
    assert "position" not in listed
    CollectionPreview.model_validate(listed)
    paths = api.get_openapi_schema()["paths"]
    assert {path: sorted(paths[path]) for path in paths if "collections" in path} == {
        "/api/collections": ["get", "post"],
        "/api/collections/{namespace}/{slug}": ["delete", "get", "patch"],
        "/api/collections/{namespace}/{slug}/items": ["post"],
        "/api/collections/{namespace}/{slug}/items/{item_id}": ["delete", "patch"],
    }


def test_lists_of_collections_show_public_ones_and_ones_own(as_ada, ada, bo, made, paper):
    private = lists.create(bo, "Private of Bo")
    lists.save(bo, paper)
    nobody, as_bo = Program(), Program(bo)

    def titles(program: Program, **asked: Any) -> list[str]:
        answer = program("get", "", **asked)
        assert answer.status_code == 200, answer.text
        return [one["title"] for one in answer.json()]

    assert titles(nobody) == ["Small models"]
    assert sorted(titles(as_bo)) == ["Private of Bo", "Saved for later", "Small models"]
    assert titles(nobody, owner="bo") == []
    assert titles(nobody, owner="ada") == ["Small models"]
    assert titles(nobody, item=f"papers/{paper.key}") == ["Small models"]
    assert titles(nobody, item="papers/2601.99999") == []
    assert titles(nobody, item="models/x") == []
    assert titles(nobody, q="MODELS small") == ["Small models"]
    assert titles(nobody, q="large") == []
    lists.edit(bo, private, public=True)
    assert titles(nobody, sort="lastModified") == ["Private of Bo", "Small models"]
    follows.follow(bo, "list", ReadingList.objects.get(title="Small models").public_id)
    for sort in ("upvotes", "trending"):
        assert titles(nobody, sort=sort) == ["Small models", "Private of Bo"]
    assert nobody("get", "", owner="ada").json()[0]["upvotes"] == 1


def test_lists_are_paged_and_cut_to_four_items(ada, django_assert_max_num_queries):
    papers = [cast.paper(f"2601.0000{n}", f"Paper {n}") for n in range(6)]
    for number in range(5):
        one = lists.create(ada, f"List {number}", public=True)
        lists.add_all(ada, one, [(paper, "") for paper in papers])
    with django_assert_max_num_queries(4):
        answer = Program()("get", "", limit=2, owner="ada")
    assert [len(one["items"]) for one in answer.json()] == [4, 4]
    assert [item["id"] for item in answer.json()[0]["items"]] == [paper.key for paper in papers[:4]]
    seen = [one["title"] for one in answer.json()]
    while "Link" in answer.headers:
        address = answer.headers["Link"].split(">")[0].lstrip("<")
        answer = Client().get(address.removeprefix("http://testserver"))
        seen += [one["title"] for one in answer.json()]
    assert seen == [f"List {number}" for number in (4, 3, 2, 1, 0)]


def test_a_collection_is_changed_and_deleted(as_ada, made):
    answer = as_ada("patch", f"/{made['slug']}", {"title": "Large", "theme": "green", "private": True, "position": 3})
    changed = answer.json()["data"]
    assert answer.headers["X-HF-Warning"].startswith("collections;")
    assert (changed["title"], changed["theme"], changed["private"]) == ("Large", "green", True)
    assert changed["slug"].rpartition("-")[2] == made["slug"].rpartition("-")[2]
    assert as_ada("get", f"/{made['slug']}").json()["title"] == "Large"
    assert as_ada("patch", f"/{made['slug']}", {"theme": "red"}).status_code == 400
    assert as_ada("delete", f"/{changed['slug']}").status_code == 200
    assert as_ada("get", f"/{made['slug']}").status_code == 404
    assert as_ada("delete", f"/{changed['slug']}").status_code == 404


def test_papers_are_added_noted_moved_and_taken_out(as_ada, made, paper):
    second = cast.paper("2601.00002", "Second")
    items = f"/{made['slug']}/items"
    answer = as_ada("post", items, {"item": {"id": f"{second.key}v2", "type": "paper"}, "note": "read first"})
    assert [(item["id"], item.get("note")) for item in answer.json()["items"]] == [
        (paper.key, None),
        (second.key, {"text": "read first"}),
    ]
    again = as_ada("post", items, {"item": {"id": second.key, "type": "paper"}, "note": "other"})
    assert (again.status_code, "already" in again.json()["error"]) == (409, True)
    place = f"{items}/{answer.json()['items'][1]['_id']}"
    assert as_ada("patch", place, {"position": 0, "note": "read"}).status_code == 200
    shown = as_ada("get", f"/{made['slug']}").json()["items"]
    assert [(item["id"], item["position"], item.get("note")) for item in shown] == [
        (second.key, 0, {"text": "read"}),
        (paper.key, 1, None),
    ]
    assert as_ada("delete", place).status_code == 200
    assert as_ada("delete", place).status_code == 404
    assert [item["id"] for item in as_ada("get", f"/{made['slug']}").json()["items"]] == [paper.key]


def test_what_is_voted_for_is_told_to_who_voted(as_ada, ada, made, paper):
    votes.cast(ada, paper)
    assert as_ada("get", f"/{made['slug']}").json()["items"][0]["isUpvotedByUser"] is True
    assert Program()("get", f"/{made['slug']}").json()["items"][0]["isUpvotedByUser"] is False


@pytest.mark.parametrize("kind", ["model", "dataset", "space", "collection", "bucket", "x"])
def test_other_things_than_papers_are_refused_with_the_reason(as_ada, made, kind):
    answer = as_ada("post", f"/{made['slug']}/items", {"item": {"id": "x/y", "type": kind}})
    assert (answer.status_code, "lists hold papers" in answer.json()["error"]) == (400, True)
    answer = as_ada("post", "", {"title": "New", "item": {"id": "x/y", "type": kind}})
    assert answer.status_code == 400
    assert not ReadingList.objects.filter(title="New").exists()


def test_an_unknown_paper_is_not_found(as_ada, made):
    answer = as_ada("post", f"/{made['slug']}/items", {"item": {"id": "2601.99999", "type": "paper"}})
    assert answer.status_code == 404


def test_a_title_twice_is_a_conflict_that_names_the_collection(as_ada, made):
    answer = as_ada("post", "", {"title": "Small models", "namespace": "ada"})
    assert (answer.status_code, answer.json()["slug"]) == (409, made["slug"])


def test_nobody_else_changes_a_collection_or_learns_of_a_private_one(as_ada, ada, bo, mo, al, made, paper):
    as_ada("post", "", {"title": "Private", "private": True, "item": {"id": paper.key, "type": "paper"}})
    private = as_ada("get", "", owner="ada", q="private").json()[0]
    writes = [
        ("patch", "", {"title": "x"}),
        ("delete", "", None),
        ("post", "/items", {"item": {"id": paper.key, "type": "paper"}}),
    ]
    for one, codes in ((made, (403, 401)), (private, (404, 401))):
        item = ("patch", f"/items/{one['items'][0]['_id']}", {"note": "x"})
        for method, path, body in [*writes, item, ("delete", item[1], None)]:
            for other in (bo, mo, al):
                assert Program(other)(method, f"/{one['slug']}{path}", body).status_code == codes[0]
            assert Program()(method, f"/{one['slug']}{path}", body).status_code == codes[1]
            assert Program(ada, "read")(method, f"/{one['slug']}{path}", body).status_code == 403
    for other in (Program(), Program(bo)):
        assert other("get", f"/{private['slug']}").status_code == 404
        wrong_name = made["slug"].replace("ada/", "bo/")
        assert other("get", f"/{wrong_name}").status_code == 404
    assert as_ada("post", "", {"title": "x", "namespace": "bo"}).status_code == 403
    assert sorted(ReadingList.objects.values_list("title", flat=True)) == ["Private", "Small models"]


def test_the_saved_papers_are_a_private_collection_for_ever(as_ada, ada, paper):
    lists.save(ada, paper)
    (saved,) = as_ada("get", "", owner="ada").json()
    assert saved["private"] is True
    assert as_ada("patch", f"/{saved['slug']}", {"private": False}).status_code == 403
    assert as_ada("delete", f"/{saved['slug']}").status_code == 403


@pytest.mark.parametrize("slug", ["ada/x", "ada/" + "0" * 24, "a%00b/" + "0" * 24, "ada/x-" + "g" * 24])
def test_names_that_are_none_are_not_found(slug, ada):
    assert Program()("get", f"/{slug}").status_code == 404


def test_a_cookie_is_no_token(ada, paper):
    browser = Client()
    browser.force_login(ada)
    answer = browser.post("/api/collections", json.dumps({"title": "x"}), content_type="application/json")
    assert answer.status_code == 401
    assert not ReadingList.objects.exists()
