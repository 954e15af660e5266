"""The real clients of the hub keep collections of papers here: the Python one, and ``hf collections``."""

import json
import subprocess
import sys
from typing import Any

import pytest
from huggingface_hub import HfApi
from huggingface_hub.errors import BadRequestError, HfHubHTTPError
from tests import cast
from tests.conftest import environment

from broadsheet.accounts import tokens


@pytest.fixture
def signed_in(client: HfApi) -> HfApi:
    """The Python client with ada's token."""
    return HfApi(endpoint="http://testserver", token=tokens.issue(cast.reader("ada"), "test", "write")[1])


def keys(collection: Any) -> list[str]:
    return [item.item_id for item in collection.items]


def test_a_collection_lives_its_whole_life(signed_in: HfApi, client: HfApi):
    made = signed_in.create_collection("Small models", description="What they can", namespace="ada")
    assert made.slug.startswith("ada/small-models-")
    assert made.url == f"http://testserver/collections/{made.slug}"
    for key in ("2611.00001", "2611.00002", "cs/0601001"):
        grown = signed_in.add_collection_item(made.slug, key, "paper", note=f"on {key}")
    assert keys(grown) == ["2611.00001", "2611.00002", "cs/0601001"]
    assert grown.items[2].note == "on cs/0601001"

    last = grown.items[2].item_object_id
    signed_in.update_collection_item(made.slug, last, note="first of all", position=0)
    moved = signed_in.get_collection(made.slug)
    assert keys(moved) == ["cs/0601001", "2611.00001", "2611.00002"]
    assert [item.position for item in moved.items] == [0, 1, 2]
    assert moved.items[0].note == "first of all"

    signed_in.delete_collection_item(made.slug, last)
    signed_in.delete_collection_item(made.slug, last, missing_ok=True)
    assert keys(client.get_collection(made.slug)) == ["2611.00001", "2611.00002"]

    renamed = signed_in.update_collection_metadata(made.slug, title="Large models", theme="green", private=True)
    assert (renamed.title, renamed.theme, renamed.private) == ("Large models", "green", True)
    assert renamed.slug.startswith("ada/large-models-")
    with pytest.raises(HfHubHTTPError):
        client.get_collection(made.slug)

    signed_in.delete_collection(made.slug)
    signed_in.delete_collection(made.slug, missing_ok=True)
    assert list(signed_in.list_collections(owner="ada")) == []


def test_collections_are_listed_over_all_pages(signed_in: HfApi, client: HfApi):
    for number in range(23):
        made = signed_in.create_collection(f"List {number}", namespace="ada")
    signed_in.add_collection_item(made.slug, "2611.00001", "paper")
    assert len(list(client.list_collections(owner="ada"))) == 23
    assert len(list(client.list_collections(limit=3))) == 3
    (holding,) = client.list_collections(item="papers/2611.00001", sort="upvotes")
    assert (holding.slug, keys(holding), holding.upvotes) == (made.slug, ["2611.00001"], 0)
    assert list(client.list_collections(item="models/x", sort="trending")) == []


def test_what_is_there_already_is_understood(signed_in: HfApi):
    made = signed_in.create_collection("Mine", namespace="ada", private=True)
    assert signed_in.create_collection("Mine", namespace="ada", exists_ok=True).slug == made.slug
    with pytest.raises(HfHubHTTPError, match="409"):
        signed_in.create_collection("Mine", namespace="ada")
    signed_in.add_collection_item(made.slug, "2611.00001", "paper")
    with pytest.raises(HfHubHTTPError, match="already"):
        signed_in.add_collection_item(made.slug, "2611.00001", "paper")
    assert keys(signed_in.add_collection_item(made.slug, "2611.00001", "paper", exists_ok=True)) == ["2611.00001"]
    with pytest.raises(BadRequestError, match="lists hold papers"):
        signed_in.add_collection_item(made.slug, "x/y", "model")


TOKEN = """
import django
django.setup()
from broadsheet.accounts import readers, tokens
print(tokens.issue(readers.the_one_reader(), "hf", "write")[1])
"""


@pytest.fixture
def token(live: Any) -> str:
    """A token of the live site's one reader."""
    done = subprocess.run(
        [sys.executable, "-c", TOKEN],
        env=environment(live.home, DJANGO_SETTINGS_MODULE="broadsheet.settings"),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return done.stdout.strip()


def test_the_command_line_keeps_a_collection(hf: Any, token: str, live: Any):
    def run(*arguments: str) -> str:
        done = hf("collections", *arguments, "--token", token)
        assert done.returncode == 0, done.stderr
        return str(done.stdout)

    def info(slug: str) -> Any:
        return json.loads(run("info", slug, "--format", "json"))

    paper, other = json.loads(hf("papers", "ls", "--format", "json").stdout)[:2]
    slug = json.loads(run("create", "By command", "--description", "Made by a program", "--format", "json"))["slug"]
    run("add-item", slug, paper["id"], "paper", "--note", "one")
    run("add-item", slug, other["id"], "paper")
    run("add-item", slug, other["id"], "paper", "--exists-ok")
    shown = info(slug)
    assert [item["item_id"] for item in shown["items"]] == [paper["id"], other["id"]]
    assert shown["items"][0]["note"] == "one"
    run("update-item", slug, shown["items"][1]["item_object_id"], "--position", "0", "--note", "two")
    assert [item["item_id"] for item in info(slug)["items"]] == [other["id"], paper["id"]]
    run("update", slug, "--title", "Renamed by command", "--theme", "purple")
    listed = hf("collections", "ls", "--item", f"papers/{paper['id']}", "--format", "json")
    assert [one["title"] for one in json.loads(listed.stdout)] == ["Renamed by command"]
    run("delete-item", slug, shown["items"][0]["item_object_id"])
    assert [item["item_id"] for item in info(slug)["items"]] == [other["id"]]
    refused = hf("collections", "add-item", slug, "x/y", "model", "--token", token)
    assert refused.returncode != 0
    assert "lists hold papers" in refused.stderr + refused.stdout
    run("delete", slug)
    assert hf("collections", "info", slug, "--token", token).returncode != 0
