"""The quality of search on a collection with judgments. Reading it is ``sources.beir``, asking it is ``asking``."""

from collections.abc import Sequence
from itertools import batched

from broadsheet.bench import measures
from broadsheet.bench.asking import Measured, Report, Score, ask
from broadsheet.bench.report import as_json, compared, table
from broadsheet.papers.models import Paper
from broadsheet.papers.titles import title_key
from broadsheet.search.query import LONGEST, literal
from broadsheet.sources.beir import GROUPS, Judgments, key_of

__all__ = ["LACKING", "MEASURES", "Measured", "as_json", "compared", "measure", "odd", "table"]

MEASURES: dict[str, Score] = {
    "nDCG@10": measures.ndcg,
    "linear nDCG@10": measures.linear_ndcg,
    "R@100": measures.recall,
    "MRR@10": measures.reciprocal_rank,
    "AP": measures.average_precision,
}

LACKING = "the collection does not say it of its queries."


def odd(judged: Judgments) -> list[str]:
    """Return sentences on judgments that bring every system points or none, whatever it finds."""
    known = set(Paper.objects.values_list("key", flat=True))
    lacking = {one for grades in judged.qrels.values() for one, grade in grades.items() if grade > 0}
    lacking = {document for document in lacking if key_of(document) not in known}
    idle = [query for query, grades in judged.qrels.items() if max(grades.values()) <= 0]
    wordless = [query for query, text in judged.queries.items() if not literal(text).text]
    without, long = judged.without_text, [query for query, text in judged.queries.items() if len(text) > LONGEST]
    said = {
        f"{len(without)} judged queries have no text in queries.jsonl and are left out": without,
        f"{len(wordless)} queries hold no words and count as 0 for every system": wordless,
        f"{len(lacking)} documents that count as relevant are not in the corpus, so nothing finds them": lacking,
        f"{len(idle)} queries have no relevant document and count as 0 for every system": idle,
        f"{len(long)} queries are longer than {LONGEST} characters, of which the first are asked for": long,
    }
    return [f"{sentence}, such as {min(some)!r}." for sentence, some in said.items() if some]


def measure(judged: Judgments, systems: Sequence[str], report: Report) -> Measured:
    """Ask every judged query of each system and score what comes; by field and year too, where it has them.

    systems: as ``tuning.named`` reads them. report: called with (done, total) queries.
    """
    names = {key_of(document): document for grades in judged.qrels.values() for document in grades}
    own = _own(judged)
    names |= {key_of(query): query for query in own}
    found = ask(judged.queries, judged.qrels, systems, MEASURES, report, names=names, but=own)
    found.groups |= judged.groups
    found.unknown = {kind: LACKING for kind in GROUPS if kind not in judged.groups}
    return found


def _own(judged: Judgments) -> dict[str, str]:
    """Return, of the queries that are documents of the corpus themselves, their names: none is an answer to itself.

    BEIR's own tools leave out whatever document has the name of the query. Where both are but numbered that would be
    another document, so that it has to have the query's words too.
    """
    found = {}
    for queries in batched(judged.queries, 500):  # databases bound how many values they take at once
        papers = {paper.key: paper for paper in Paper.objects.filter(key__in=map(key_of, queries))}
        for query in queries:
            paper = papers.get(key_of(query))
            if paper and judged.qrels[query].get(query, 0) <= 0:
                texts = (paper.title, paper.abstract, f"{paper.title} {paper.abstract}")
                if title_key(judged.queries[query]) in map(title_key, texts):
                    found[query] = query
    return found
