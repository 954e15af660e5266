# ruff: noqa: INP001 (a script, no package)
"""Makes collections in BEIR's layout from the papers of a site, to tune search on; they need no human judgments.

    python scripts/collections_of_papers.py FOLDER --data HOME [--papers 12000] [--seed 77]

``same-authors``: the title of a paper asks for others that share two of its authors; it is not among them itself.
``same-authors-abstract``: its abstract asks for the same. ``title-phrases``: a phrase of one to three words asks for
the papers that have it in their title; the titles are taken away. ``titles``: a title asks for its abstract.
Each is measured with ``broadsheet bench beir FOLDER/NAME``, by field and year of the paper that asks where one does.
"""

import argparse
import json
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

QUERIES = 400
SHARED = 2
PLAIN = frozenset(
    re.findall(r"\w+", "a an the of for and in on with to from via by is are using towards based at over")
)


class Row(NamedTuple):
    """What is read of a paper."""

    key: str
    title: str
    abstract: str
    authors: frozenset[str]
    field: str
    year: str


def main() -> None:
    """Read the papers, draw those that take part, and write the collections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--papers", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=77)
    asked = parser.parse_args()
    rows = papers(asked.data)
    draw = random.Random(asked.seed)  # noqa: S311 (a sample, no secret)
    draw.shuffle(rows)
    groups = by_authors(rows)
    taken = {row.key: row for row, others in groups for row in (row, *others)}
    for row in rows:
        if len(taken) >= asked.papers:
            break
        taken[row.key] = row
    some = sorted(taken.values())
    asking = {row.key for row, _ in groups}
    others = [row for row in some if row.key not in asking]
    relevant = {row.key: [one.key for one in found if one.key not in asking] for row, found in groups}
    judged = [row for row, _ in groups if relevant[row.key]]
    qrels = {row.key: relevant[row.key] for row in judged}
    write(asked.folder / "same-authors", others, {row.key: row.title for row in judged}, qrels, judged)
    write(asked.folder / "same-authors-abstract", others, {row.key: row.abstract for row in judged}, qrels, judged)
    bare = [row._replace(title="") for row in some]
    named = draw.sample(some, min(QUERIES, len(some)))
    own = {row.key: [row.key] for row in named}
    write(asked.folder / "titles", bare, {row.key: row.title for row in named}, own, named)
    phrases = by_phrase(some)
    drawn = draw.sample(sorted(phrases), min(QUERIES, len(phrases)))
    write(asked.folder / "title-phrases", bare, {text: text for text in drawn}, {text: phrases[text] for text in drawn})


def papers(home: Path) -> list[Row]:
    """Return what is read of all papers of a site."""
    os.environ["BROADSHEET_HOME"] = str(home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.settings")
    import django

    django.setup()
    from broadsheet.bench.known_item import field_of
    from broadsheet.papers.models import Paper
    from broadsheet.papers.tex import plain

    kept = Paper.objects.standing().exclude(abstract="").order_by("pk")
    values = kept.values_list("key", "title", "abstract", "authors", "categories", "day")
    return [
        Row(
            key, plain(title), plain(abstract), frozenset(names), field_of(categories), str(day.year) if day else "none"
        )
        for key, title, abstract, names, categories, day in values
    ]


def by_authors(rows: list[Row]) -> list[tuple[Row, list[Row]]]:
    """Return papers with two to twelve others that share two authors, and those."""
    of: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for name in row.authors:
            of[name].append(row)
    found = []
    for row in rows:
        shared = Counter(other for name in row.authors if len(of[name]) <= 60 for other in of[name])
        others = [other for other, times in shared.items() if times >= SHARED and other != row]
        if 2 <= len(others) <= 12:
            found.append((row, others))
        if len(found) == QUERIES:
            break
    return found


def by_phrase(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the papers that have a phrase in their title, for phrases of five to forty papers."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        words = re.findall(r"[^\W_]+", row.title.lower())
        runs = (words[at : at + length] for length in (1, 2, 3) for at in range(len(words) - length + 1))
        for phrase in {" ".join(run) for run in runs if not PLAIN & set(run) and all(len(word) > 2 for word in run)}:
            found[phrase].append(row.key)
    return {phrase: keys for phrase, keys in found.items() if 5 <= len(keys) <= 40}


def write(
    folder: Path,
    rows: Iterable[Row],
    queries: Mapping[str, str],
    qrels: Mapping[str, Iterable[str]],
    asking: Iterable[Row] = (),
) -> None:
    """Write one collection. asking: the papers that queries are made of, whose field and year these then name."""
    told = {row.key: {"metadata": {"field": row.field, "year": row.year}} for row in asking}
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as out:
        for row in rows:
            out.write(json.dumps({"_id": row.key, "title": row.title, "text": row.abstract}) + "\n")
    with (folder / "queries.jsonl").open("w", encoding="utf-8") as out:
        for query, text in queries.items():
            out.write(json.dumps({"_id": query, "text": text} | told.get(query, {})) + "\n")
    with (folder / "qrels" / "test.tsv").open("w", encoding="utf-8") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        for query, keys in qrels.items():
            out.writelines(f"{query}\t{key}\t1\n" for key in keys)


if __name__ == "__main__":
    main()
