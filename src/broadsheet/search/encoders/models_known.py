"""What there is to say of each embedding model that is known. Which are: ``weights``; which is used: ``choice``."""

from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db.models import Count

from broadsheet.search.encoders import choice, embed, weights
from broadsheet.search.models import Embedding


class Known(NamedTuple):
    """A model: whether it is here, and if not, why not and how to get it; its shape; what it did here.

    tokens: the most it reads. megabytes: of its file of weights. rate: papers a second and processor, where measured.
    used: search asks its vectors. papers: read by it.
    """

    name: str
    state: str
    reason: str
    dim: int
    tokens: int
    megabytes: int
    licence: str
    rate: float | None
    pooling: str
    query_prefix: str
    passage_prefix: str
    used: bool
    papers: int


def all_of() -> list[Known]:
    """Return what is known of all models, the published ones first."""
    models = Path(settings.MODELS_DIR)
    read = dict(Embedding.objects.values_list("model").annotate(papers=Count("pk")))
    used = choice.mark()
    rows = []
    for name in weights.names(models):
        model = weights.known(models, name)
        state, reason = embed.available(models, name)
        rows.append(
            Known(
                name,
                state,
                reason,
                model.dim,
                model.tokens,
                round(model.weights.size / 1e6),
                model.licence,
                model.rate,
                model.pooling,
                model.query_prefix,
                model.passage_prefix,
                model.mark == used,
                read.get(model.mark, 0),
            )
        )
    return rows
