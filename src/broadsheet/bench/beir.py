"""The quality of search on a collection with judgments. Reading it is ``sources.beir``, asking it is ``asking``."""

from collections.abc import Sequence

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured, Report, Score, ask
from broadsheet.bench.report import as_json, compared, table
from broadsheet.sources.beir import GROUPS, Judgments, key_of

__all__ = ["LACKING", "MEASURES", "Measured", "as_json", "compared", "measure", "table"]

MEASURES: dict[str, Score] = {
    "nDCG@10": measures.ndcg,
    "linear nDCG@10": measures.linear_ndcg,
    "R@100": measures.recall,
    "MRR@10": measures.reciprocal_rank,
    "AP": measures.average_precision,
}

LACKING = "the collection does not say it of its queries."


def measure(judged: Judgments, systems: Sequence[str], report: Report) -> Measured:
    """Ask every judged query of each system and score what comes; by field and year too, where it has them.

    systems: as ``tuning.named`` reads them. report: called with (done, total) queries.
    """
    names = {key_of(document): document for grades in judged.qrels.values() for document in grades}
    found = ask(judged.queries, judged.qrels, systems, MEASURES, report, names=names)
    found.groups |= judged.groups
    found.unknown = {kind: LACKING for kind in GROUPS if kind not in judged.groups}
    return found
