"""The vectors of what was asked lately: the next page of a search, and a letter taken back, ask the same again."""

import threading
from collections import OrderedDict
from weakref import WeakKeyDictionary

from broadsheet.search.encoders.student import Encoder
from broadsheet.search.index import Vector

MOST = 1000
"""Queries whose vectors are kept of each encoder, 2 kB each."""

TOKENS = 128
"""How much of a query the model reads: of a whole abstract, which takes 256 of a paper's, about the first half. That
takes 11 ms in place of 26, and 14 for 160, and finds as well, as all of its words are asked for anyway
(docs/search/quality.md)."""

_kept: WeakKeyDictionary[Encoder, OrderedDict[str, Vector]] = WeakKeyDictionary()
_lock = threading.Lock()


def forget() -> None:
    """Keep nothing of what was asked, as before a bench that tells how long a query takes."""
    with _lock:
        _kept.clear()


def vector_of(encoder: Encoder, text: str) -> Vector:
    """Return the vector of a query, read-only."""
    with _lock:
        vectors = _kept.setdefault(encoder, OrderedDict())
        if text in vectors:
            vectors.move_to_end(text)
            return vectors[text]
    vector = encoder.embed_query(text, tokens=TOKENS)
    vector.flags.writeable = False
    with _lock:
        vectors[text] = vector
        while len(vectors) > MOST:
            vectors.popitem(last=False)
    return vector
