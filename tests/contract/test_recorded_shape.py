"""Our items beside items of the original: every key that it always sends is there, with a value of the same kind."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.contract.conftest import PAPERS

from broadsheet.hub import list_item
from broadsheet.papers.merge import new_paper

TWIN = Path(__file__).parents[1] / "data" / "hub-daily.json"


def kinds(value: Any) -> Any:
    """Return a value with what it says taken out: kinds of values under their keys, lists by their first entry."""
    if isinstance(value, dict):
        return {key: kinds(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [kinds(value[0])] if value else []
    return type(value).__name__


def assert_within(theirs: Any, ours: Any, place: str = "item") -> None:
    if isinstance(theirs, dict):
        for key, kind in theirs.items():
            assert key in ours, f"{place}.{key} is missing"
            assert_within(kind, ours[key], f"{place}.{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, list), place
        if theirs and ours:
            assert_within(theirs[0], ours[0], f"{place}[]")
    else:
        assert theirs == ours, place


def common(items: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what all of some dictionaries have, down to the last level."""
    first, *others = items
    found = {}
    for key, value in first.items():
        if all(key in other for other in others):
            inner = [item[key] for item in items]
            found[key] = common(inner) if all(isinstance(one, dict) for one in inner) else value
    return found


def ours() -> Any:
    return kinds(list_item(new_paper(PAPERS[0])))


def test_a_whole_item_has_all_that_a_whole_item_of_the_original_has():
    theirs = json.loads(TWIN.read_text())[0]
    # Told only for code that was found in the abstract: elsewhere sources do not say who added it.
    del theirs["paper"]["githubRepoAddedBy"]
    assert_within(kinds(theirs), ours())


@pytest.mark.shared
@pytest.mark.parametrize("day", ["2025-10-01", "2025-12-25", "2026-02-19", "2026-08-21"])
def test_what_the_original_has_always_sent_is_there(shared_data: Callable[[str], Path], day: str):
    items = [item for item in json.loads(shared_data(f"feeds/hf-api/{day}.json").read_text()) if isinstance(item, dict)]
    assert_within(kinds(common(items)), ours())
