"""How good search is while the model has read only some of the papers, and the student all others.

Each number has a 95 % interval, and is told by length of the query, field and year too where these are known.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from broadsheet.bench import measures, subgroups
from broadsheet.bench.asking import Measured, Report, Score, ask
from broadsheet.bench.known_item_papers import of_store
from broadsheet.errors import Refused
from broadsheet.papers.models import Paper
from broadsheet.search import current, state, tuning
from broadsheet.search.encoders import embed
from broadsheet.search.index import Filters, Index, Vector
from broadsheet.search.keeping.documents import first_tier, text_of, vector_of
from broadsheet.search.models import Embedding
from broadsheet.sources.beir import Judgments

NEAREST = 20
"""Papers nearest to a query of which it is counted how many are found."""

BATCH = 1000
SEED = 1

MEASURES: dict[str, Score] = {"nDCG@10": measures.ndcg, "MRR@10": measures.reciprocal_rank}
FIRST = next(iter(MEASURES))
RECALL = f"recall@{NEAREST}"
"""Of ``meaning``: share of the papers nearest by the model's vectors of all of them that is found."""


class Tier(NamedTuple):
    """What was measured at one share.

    cosine: mean, of the papers' vectors with the model's own. weight: of meaning. means: by system and measure.
    groups: of each system, as ``subgroups.of_systems`` tells them.
    """

    share: float
    cosine: float
    weight: float
    means: dict[str, dict[str, measures.Interval]]
    groups: dict[str, dict[str, list[dict[str, Any]]]]


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
    index: Index,
    papers: Held,
    judged: Judgments,
    shares: Sequence[float],
    names: Mapping[str, str],
    report: Report,
    rankings: Sequence[str] = (),
) -> list[Tier]:
    """Ask the queries at each share of papers that have the model's own vector, drawn by chance and ever more of them.

    index: of these papers; its vectors are replaced. names: as of ``asking.ask``. report: told (done, total) shares.
    rankings: asked besides words, meaning and fused, as ``tuning.named`` reads them. Raises Refused without the model,
    and BadInput for a ranking that is none.
    """
    systems = [*tuning.SYSTEMS, *rankings]
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
            answers = ask(judged.queries, judged.qrels, systems, MEASURES, _silent, names=names)
            state.instead.reset(told)
        recalls = dict(zip(judged.queries, _recalls(index, asked, nearest), strict=True))
        cosine = float((vectors * papers.own).sum(axis=1).mean())
        found.append(Tier(share, cosine, state.weight_of_meaning(known), *_told(answers, recalls, judged)))
        report(done, len(shares))
    return found


def as_json(papers: Held, judged: Judgments, tiers: Sequence[Tier]) -> dict[str, Any]:
    """Return what was measured, for files."""
    rows = [
        {"share": tier.share, "cosine": tier.cosine, "weight": tier.weight}
        | {"systems": {name: {"means": _dicts(means)} | tier.groups[name] for name, means in tier.means.items()}}
        for tier in tiers
    ]
    return {"papers": len(papers.ids), "queries": len(judged.queries), "measure": FIRST, "tiers": rows}


def table(answer: Mapping[str, Any]) -> str:
    """Return what was measured as tables for people: a column a share; then the groups of each system."""
    tiers, wide = answer["tiers"], 24
    first = max([20, *(len(f"{name}, {FIRST}") for tier in tiers for name in tier["systems"])])
    lines = [f"{answer['papers']} papers, {answer['queries']} queries; in brackets 95 % intervals"]
    lines.append(f"{'upgraded':<{first}}" + "".join(f"{tier['share']:>{wide}.0%}" for tier in tiers))
    told_of_all = ("cosine", "weight")
    lines += [f"{name:<{first}}" + "".join(f"{tier[name]:>{wide}.3f}" for tier in tiers) for name in told_of_all]
    for system, own in tiers[0]["systems"].items() if tiers else ():
        for measure in own["means"]:
            cells = (subgroups.shown(tier["systems"][system]["means"][measure]) for tier in tiers)
            lines.append(f"{f'{system}, {measure}':<{first}}" + "".join(f"{cell:>{wide}}" for cell in cells))
        for kind in (name for name in own if name.startswith("by_")):
            lines.append(f"{answer['measure']} of {system} {subgroups.title_of(kind.removeprefix('by_'))}:")
            rows = {f"{tier['share']:.0%}": tier["systems"][system][kind] for tier in tiers}
            lines += subgroups.grid(rows, subgroups.column_of(kind.removeprefix("by_")))
    return "\n".join(lines)


def _told(answers: Measured, recalls: dict[str, float], judged: Judgments) -> tuple[Any, Any]:
    """Return the means of each system with their intervals, and what is told of the groups of queries."""
    scores = {name: dict(own) for name, own in answers.scores.items()}
    scores["meaning"][RECALL] = recalls
    times = {name: dict(zip(answers.queries, own, strict=True)) for name, own in answers.milliseconds.items()}
    means = {
        name: dict(zip(own, measures.intervals([list(of.values()) for of in own.values()]), strict=True))
        for name, own in scores.items()
    }
    return means, subgroups.of_systems(answers.groups | judged.groups, scores, FIRST, times)


def _dicts(means: Mapping[str, measures.Interval]) -> dict[str, dict[str, float]]:
    return {name: one._asdict() for name, one in means.items()}


def _recalls(index: Index, asked: NDArray[np.float32], nearest: NDArray[np.int64]) -> list[float]:
    def of(vector: Vector, best: NDArray[np.int64]) -> float:
        hits = index.meaning(vector, limit=NEAREST, filters=Filters())
        return len({hit.id for hit in hits}.intersection(best.tolist())) / len(best)

    return [of(vector, best) for vector, best in zip(asked, nearest, strict=True)]


def _silent(done: int, total: int) -> None:
    """Report to nobody."""
