"""What a command that asks the index does first."""

from threading import Event
from unittest.mock import Mock

import pytest
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


def test_a_search_that_takes_long_says_what_may_take_so_long_and_a_quick_one_nothing(monkeypatch, tmp_path, settings):
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    said, heard = list[str](), Event()
    monkeypatch.setattr(indexing, "ready_to_ask", lambda: None)
    monkeypatch.setattr(start.click, "echo", lambda text, *, err: (said.append(text), heard.set()))
    monkeypatch.setattr(start, "SAID_AFTER", 0.0)
    with indexing.asking():
        assert heard.wait(10)
    assert ["compiled for this machine" in text for text in said] == [True]
    monkeypatch.setattr(start, "SAID_AFTER", 600.0)
    with indexing.asking():
        pass
    assert len(said) == 1
