"""The index and the model of this process: opened at first use, shared by its threads.

One process owns the index (the engine locks it); others ask the owner through its door. Who owns is decided here.
"""

import threading
from pathlib import Path

from django.conf import settings

from broadsheet.search import embed
from broadsheet.search.door import knock
from broadsheet.search.edge import EdgeIndex
from broadsheet.search.index import Index, Searcher

_lock = threading.RLock()
_owned: EdgeIndex | None = None
_asked: Searcher | None = None
_embedder: embed.Embedder | None = None
_no_model = ""


def own() -> Index:
    """Open the index for reading and writing; this process owns it until ``release``.

    Raises Conflict when another process owns it. A damaged index, or one of another schema, is put aside and begun
    anew: the papers are all in the database, and ``catch_up`` brings them back.
    """
    global _owned
    with _lock:
        if _owned is None:
            _owned = EdgeIndex.open(Path(settings.INDEX_DIR))
        return _owned


def searcher() -> Searcher:
    """Return an index to ask: the one this process owns, else its owner's, else it is opened here.

    Raises Conflict when another process holds the index and does not answer.
    """
    global _asked
    with _lock:
        if _owned is not None:
            return _owned
        if _asked is None:
            _asked = knock(Path(settings.INDEX_DIR)) or own()
        return _asked


def release() -> None:
    """Close what this process holds, so that another may own the index."""
    global _owned, _asked
    with _lock:
        for held in {id(index): index for index in (_owned, _asked) if index is not None}.values():
            held.close()
        _owned = _asked = None


def embedder(*, build: bool = False) -> embed.Embedder | None:
    """Return the model, loading it at first use; None where it is switched off, missing or not built yet.

    build: make the model's graph when it is not there, which takes some seconds. ``why_no_model`` tells the reason.
    """
    global _embedder, _no_model
    with _lock:
        if _embedder is not None:
            return _embedder
        models, name = Path(settings.MODELS_DIR), settings.MODEL
        if name == "none":
            _no_model = "the model is switched off (BROADSHEET_MODEL=none)."
            return None
        available, reason = embed.available(models, name)
        if available == "missing" or (available == "buildable" and not build):
            _no_model = reason
            return None
        _embedder = embed.load(models, name)
        _no_model = ""
        return _embedder


def why_no_model() -> str:
    """Return the sentence that says what is missing for search by meaning; empty when nothing is."""
    return _no_model
