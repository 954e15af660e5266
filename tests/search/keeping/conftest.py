"""The index that the tests of its doctor damage."""

import pytest
from tests.search.keeping.damaged import PAPERS, Table, fill, read_by_the_model

from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.encoders import student
from broadsheet.search.keeping import upkeep
from broadsheet.search.machine import locks


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(student, "shipped", Table)


@pytest.fixture
def folder(tmp_path, settings, table):
    """The folder of an index of some papers with vectors, which nobody owns."""
    settings.INDEX_DIR = tmp_path / "index"
    current.release()
    fill()
    read_by_the_model(Paper.objects.all()[: PAPERS // 2])
    upkeep.catch_up(current.own())
    current.release()
    yield settings.INDEX_DIR
    current.release()
    state.read(now=True)


@pytest.fixture
def served(folder):
    """The index of a server, in the place of which this process keeps it."""
    with locks.held(locks.SERVING, within=5):
        yield current.own()
