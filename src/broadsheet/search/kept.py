"""The vectors by which papers are compared with each other: the model's own as they are kept, else the index's."""

from collections.abc import Collection

import numpy as np
from django.conf import settings

from broadsheet.errors import BroadsheetError
from broadsheet.search import current
from broadsheet.search.encoders import choice
from broadsheet.search.index import Searcher, Vector
from broadsheet.search.models import Embedding

FIRST_TIER = 0.95
"""Length of vectors that are not the model's own. They are nearer to each other than the model's are, so that papers
would count as alike that are not: docs/ranking has how many."""


def vectors_of(pks: Collection[int], searcher: Searcher | None = None) -> dict[int, Vector]:
    """Return vectors of papers by primary key, all of one space; those that have none are left out.

    What the model has read has a vector of unit length. Else it is the index's, which is the student's or mapped from
    another model's, and is ``FIRST_TIER`` long.
    searcher: the index that is asked for all else; None for the one that searches ask now. Where that cannot be asked
    the kept ones alone are returned. Nothing is returned where meaning is switched off.
    """
    if not pks or settings.MODEL == "none":
        return {}
    searcher = searcher or _searcher()
    space = searcher.space if searcher else choice.mark()
    found = read_by_model(pks, space)
    if searcher is not None and (rest := [pk for pk in pks if pk not in found]):
        roughly = searcher.vectors_of(rest).items()
        found |= {pk: vector * (FIRST_TIER / np.linalg.norm(vector)) for pk, vector in roughly if vector.any()}
    return found


def read_by_model(pks: Collection[int], space: str) -> dict[int, Vector]:
    """Return the kept vectors of papers by the model of a space, by primary key; of papers that it has read."""
    kept = dict(Embedding.objects.filter(model=space, paper__in=pks).values_list("paper", "vector"))
    if not kept:
        return {}
    rows = np.frombuffer(b"".join(bytes(vector) for vector in kept.values()), dtype="<f2").astype(np.float32)
    return dict(zip(kept, rows.reshape(len(kept), -1), strict=True))


def _searcher() -> Searcher | None:
    try:
        return current.searcher()
    except BroadsheetError:
        return None
