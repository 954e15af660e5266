"""An index made in parts: each is a small shard that any process may make, and then they are put together.

A paper that goes into a shard with fields is cut into words at once, and again when its segment is folded. A part has
no fields until all its papers are folded, so that each is cut once: that takes half the time, and every processor can
make a part of its own. The price is that nothing can be searched until a part is done.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import qdrant_edge as engine

from broadsheet.search.edge_layout import config, point
from broadsheet.search.edge_terms import fields
from broadsheet.search.index import Document

# The engine passes over a change whose number is not above that of the paper it changes. So the whole counts on from
# a number that no part has reached.
_NUMBERS = 1000
_NOBODY = 2**62


def build(path: Path, batches: Iterable[Sequence[Document]], step: Callable[[float], None] = lambda _: None) -> None:
    """Make a part of up to some hundred batches of papers, in an empty folder. Each paper may come once only.

    step: called when all papers are in, and after each field, with the share of the fields that is done.
    """
    shard = engine.EdgeShard.create(str(path), config(log=False))
    for documents in filter(None, batches):
        shard.update(engine.UpdateOperation.upsert_points([point(document) for document in documents]))
    shard.optimize()
    for done, (name, params) in enumerate(fields().items()):
        step(done / len(fields()))
        shard.update(engine.UpdateOperation.create_field_index(name, params))
    shard.flush()
    shard.close()


def join(shard: engine.EdgeShard, path: Path, parts: Sequence[Path]) -> engine.EdgeShard:
    """Return a shard of all papers in some parts, which are used up.

    shard: an empty one in the folder ``path``, with its fields. A paper that is in two parts is in the whole twice: it
    has to be removed, which removes both, and added again.
    """
    for _ in range(_NUMBERS):
        shard.update(engine.UpdateOperation.delete_points([_NOBODY]))
    shard.flush()
    shard.close()
    for part in parts:
        for segment in (part / "segments").iterdir():
            if json.loads((segment / "segment.json").read_text())["initial_version"] is not None:  # nor is it empty
                segment.rename(path / "segments" / segment.name)
    return engine.EdgeShard.load(str(path), config())
