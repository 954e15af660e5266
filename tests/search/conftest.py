"""An index and a model of the test's own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.search import imitated_server

from broadsheet.search import current, state
from broadsheet.search.encoders import embed
from broadsheet.search.index import Index


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the real model, built once; a skip that says so where its weights are not installed."""
    folder = tmp_path_factory.mktemp("models")
    available, reason = embed.available(folder, "all-MiniLM-L6-v2")
    if available == "missing":
        pytest.skip(reason)
    embed.load(folder, "all-MiniLM-L6-v2")
    return folder


@pytest.fixture(scope="session")
def imitated() -> Iterator[str]:
    """Address of what answers like a search server."""
    with imitated_server.running() as address:
        yield address


@pytest.fixture
def index(tmp_path, settings) -> Iterator[Index]:
    """The index of this process, empty, searched by words alone."""
    settings.INDEX_DIR = tmp_path / "index"
    settings.MODEL = "none"
    current.release()
    yield current.own()
    current.release()
    state.read(now=True)


@pytest.fixture
def embedder(db, models, settings) -> Iterator[embed.Embedder]:
    """The real model, switched on for this process."""
    settings.MODELS_DIR = models
    settings.MODEL = "all-MiniLM-L6-v2"
    current.forget_model()
    loaded = current.embedder()
    assert loaded is not None
    yield loaded
    current.forget_model()
