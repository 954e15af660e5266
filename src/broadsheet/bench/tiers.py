"""How good search is while the model has read only some of the papers, and the student all others."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.bench import measures
from broadsheet.bench.asking import Report, Score, ask
from broadsheet.bench.known_item_papers import of_store
from broadsheet.errors import Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current, embed, state
from broadsheet.search.documents import first_tier, text_of, vector_of
from broadsheet.search.index import Filters, Index, Vector
from broadsheet.search.models import Embedding
from broadsheet.sources.beir import Judgments

NEAREST = 20
"""Papers nearest to a query of which it is counted how many are found."""

BATCH = 1000
SEED = 1

SYSTEMS = {"words": "weight=0", "meaning": "weight=1", "fused": "default"}
MEASURES: dict[str, Score] = {"nDCG@10": measures.ndcg, "MRR@10": measures.reciprocal_rank}


class Tier(NamedTuple):
    """What was measured at one share. recall: of the papers nearest by the model's vectors of all of them.

    cosine: mean, of the papers' vectors with the model's own. weight: of meaning. scores: by system and measure.
    """

    share: float
    recall: float
    cosine: float
    weight: float
    scores: dict[str, dict[str, float]]


class Held(NamedTuple):
    """The papers of an index with the vectors of both tiers, row by row."""

    ids: NDArray[np.int64]
    first: NDArray[np.float32]
    own: NDArray[np.float32]


def read(embedder: embed.Embedder, report: Report, stop: Callable[[], bool]) -> None:
    """Have the model read every paper that it has not read yet, so that all shares can be measured."""
    missing = Embedding.objects.lacking(Paper.objects.standing(), embedder.mark)
    waiting = list(missing.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(waiting), 32):
        if stop():
            return
        texts = {one.pk: text_of(one) for one in Paper.objects.filter(pk__in=waiting[start : start + 32])}
        vectors = embedder.embed(list(texts.values()), tokens=settings.EMBED_TOKENS)
        digests = map(embed.digest, texts.values())
        Embedding.objects.keep(embedder.mark, zip(texts, digests, vectors, strict=True))
        report(start + len(texts), len(waiting))


def drawn(papers: int) -> list[int]:
    """Return the primary keys of some of the site's papers with an abstract, drawn by chance, the same every time."""
    pks = list(of_store().exclude(abstract="").order_by("pk").values_list("pk", flat=True))
    return [pks[place] for place in np.random.default_rng(SEED).permutation(len(pks))[:papers]]


def held(space: str, report: Report) -> Held:
    """Return the papers that the model has read, with the vectors of both tiers.

    Raises Refused where the space has no student, or nothing was read.
    """
    student = first_tier(space)
    ids = sorted(Embedding.objects.filter(model=space, paper__same_as=None).values_list("paper_id", flat=True))
    if student is None or not ids:
        raise Refused(f"{space} has no student, or no paper a vector.", "Fit one: broadsheet model fit-static.")
    first, own = [], []
    for start in range(0, len(ids), BATCH):
        rows = Embedding.objects.filter(model=space, paper__in=ids[start : start + BATCH]).select_related("paper")
        papers = list(rows.order_by("paper_id"))
        first.append(student.embed([text_of(one.paper) for one in papers], tokens=settings.EMBED_TOKENS))
        own.append(np.stack([vector_of(one) for one in papers]))
        report(start + len(papers), len(ids))
    return Held(np.array(ids), np.concatenate(first), np.concatenate(own))


def measure(
    index: Index, papers: Held, judged: Judgments, shares: Sequence[float], names: Mapping[str, str], report: Report
) -> list[Tier]:
    """Ask the queries at each share of papers that have the model's own vector, drawn by chance and ever more of them.

    index: of these papers; its vectors are replaced. names: as of ``asking.ask``. report: told (done, total) shares.
    """
    encoder = current.encoder()
    if encoder is None:
        raise Refused(current.why_no_model(), "Meaning cannot be measured without the model.")
    asked = np.stack([encoder.embed_query(text) for text in judged.queries.values()])
    nearest = papers.ids[np.argsort(-(asked @ papers.own.T), axis=1)[:, :NEAREST]]
    order = np.random.default_rng(SEED).permutation(len(papers.ids))
    found = []
    for done, share in enumerate(shares, start=1):
        upgraded = np.isin(np.arange(len(order)), order[: round(share * len(order))])
        vectors = np.where(upgraded[:, None], papers.own, papers.first)
        index.set_vectors({int(pk): vector for pk, vector in zip(papers.ids, vectors, strict=True)})
        index.flush()
        known = replace(state.State(), papers=len(order), vectors=int(upgraded.sum()), static=True)
        with current.instead(index):
            told = state.instead.set(known)
            scores = ask(judged.queries, judged.qrels, list(SYSTEMS.values()), MEASURES, _silent, names=names).scores
            state.instead.reset(told)
        found.append(
            Tier(
                share,
                _recall(index, asked, nearest),
                float((vectors * papers.own).sum(axis=1).mean()),
                state.weight_of_meaning(known),
                {name: _means(scores[system]) for name, system in SYSTEMS.items()},
            )
        )
        report(done, len(shares))
    return found


def as_json(papers: Held, judged: Judgments, tiers: Sequence[Tier]) -> dict[str, Any]:
    """Return what was measured, for files."""
    return {"papers": len(papers.ids), "queries": len(judged.queries), "tiers": [tier._asdict() for tier in tiers]}


def table(answer: Mapping[str, Any]) -> str:
    """Return what was measured as a table for people, a line a share."""
    heads = ["upgraded", "cosine", f"recall@{NEAREST}", "weight", *(f"{m} {s}" for m in MEASURES for s in SYSTEMS)]
    lines = [f"{answer['papers']} papers, {answer['queries']} queries", "".join(f"{head:>16}" for head in heads)]
    for tier in answer["tiers"]:
        cells = [f"{tier['share']:.0%}", *(f"{tier[name]:.3f}" for name in ("cosine", "recall", "weight"))]
        cells += [f"{tier['scores'][system][measure]:.4f}" for measure in MEASURES for system in SYSTEMS]
        lines.append("".join(f"{cell:>16}" for cell in cells))
    return "\n".join(lines)


def _recall(index: Index, asked: NDArray[np.float32], nearest: NDArray[np.int64]) -> float:
    def of(vector: Vector, best: NDArray[np.int64]) -> float:
        hits = index.meaning(vector, limit=NEAREST, filters=Filters())
        return len({hit.id for hit in hits}.intersection(best.tolist())) / len(best)

    return float(np.mean([of(vector, best) for vector, best in zip(asked, nearest, strict=True)]))


def _means(scores: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    return {name: float(np.mean(list(of.values()))) for name, of in scores.items()}


def _silent(done: int, total: int) -> None:
    """Report to nobody."""
