"""What a command that asks the index does first."""

from queue import Empty, Queue
from unittest.mock import Mock

import pytest
from numba.core.event import trigger_event
from tests import cast

from broadsheet.cli import indexing, start
from broadsheet.search import current
from broadsheet.search.keeping import upkeep

pytestmark = pytest.mark.django_db


def test_a_rebuild_that_was_begun_keeps_no_command_waiting_and_papers_that_came_do(monkeypatch, tmp_path, settings):
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    cast.paper()
    upkeep.catch_up(current.own())
    current.release()
    bring_up = Mock()
    monkeypatch.setattr(indexing, "bring_up", bring_up)
    upkeep.ask_for_rebuild()
    assert upkeep.behind() == 1
    indexing.ready_to_ask()
    bring_up.assert_not_called()
    cast.paper("2601.00002")
    indexing.ready_to_ask()
    bring_up.assert_called_once()
    current.release()


@pytest.fixture
def heard(monkeypatch, tmp_path, settings):
    """What is said of a search that takes long, which is any here."""
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    heard: Queue[str] = Queue()
    monkeypatch.setattr(indexing, "ready_to_ask", lambda: None)
    monkeypatch.setattr(start.click, "echo", lambda text, **_: heard.put(text))
    monkeypatch.setattr(start, "SAID_AFTER", 0.01)
    return heard


def test_a_search_for_which_loops_are_compiled_says_so_once(heard):
    with indexing.asking(), trigger_event("numba:compile"), trigger_event("numba:compile"):
        assert "compiled for this machine" in heard.get(timeout=10)
        with pytest.raises(Empty):
            heard.get(timeout=0.1)


def test_a_search_that_takes_long_for_anything_else_says_nothing_of_that(heard):
    with indexing.asking(), pytest.raises(Empty):
        heard.get(timeout=0.1)


@pytest.fixture
def said(monkeypatch, tmp_path, settings):
    """What bringing the index up to date says, and whether that is beside an answer."""
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "all-MiniLM-L6-v2"
    said: list[tuple[str, bool]] = []
    monkeypatch.setattr(indexing.click, "echo", lambda text, *, err=False: said.append((text, err)))
    yield said
    current.release()


def test_papers_that_were_indexed_are_told_and_that_none_were_is_not(said):
    cast.paper()
    indexing.bring_up()
    assert ["1 papers indexed" in text and "the model reads them" in text for text, _ in said] == [True]
    indexing.bring_up()
    assert len(said) == 1


def test_on_the_way_to_something_else_nothing_is_promised_of_the_model(said):
    cast.paper()
    indexing.bring_up(err=True)
    ((text, err),) = said
    assert err
    assert text.startswith("1 papers indexed in ")
    assert "model" not in text
