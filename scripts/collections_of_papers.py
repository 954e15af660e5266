# ruff: noqa: INP001 (a script, no package)
"""Makes collections in BEIR's layout from papers, to tune search on; they need no human judgments.

    python scripts/collections_of_papers.py FOLDER --data FROM [--papers 12000] [--queries 400] [--seed 77]

FROM is the home of a site, or a file of JSON lines as ``broadsheet ingest`` takes it. Each collection is measured with
``broadsheet bench beir FOLDER/NAME``, by field and year of the paper that asks where one does. Relevant is

- ``same-authors``: to a title, papers that share two of its authors; the paper itself is not in the corpus.
  ``same-authors-abstract``: to its abstract, the same.
- ``same-authors-within``: to title and abstract, the same; the paper itself is in the corpus, and no answer.
- ``categories``: to a title, papers of the same two or more categories; the paper itself is in the corpus, too.
- ``sentence``, ``half-abstracts``: to a part of an abstract, the paper, which lacks it.
- ``three-phrases``, ``two-phrases``: to key phrases of an abstract, the paper, which holds them.
- ``titles``: to a title, its paper; ``half-titles``: to half of its words; ``title-phrases``: to one to three words,
  the papers that have them side by side in their title. In these the corpus has no titles.

The corpora of the last three are the same, and those of the six before: one folder for ``--keep`` serves all of them.
"""

import argparse
import json
import os
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

PAPERS, QUERIES, SEED = 12_000, 400, 77
SHARED = 2
LONG = 200
"""Words of an abstract of which a half is asked."""
PHRASES = 3
COUNTED = 10_000
"""Papers in which phrases are counted, to know which are rare."""
PLAIN = frozenset(
    re.findall(r"\w+", "a an the of for and in on with to from via by is are using towards based at over")
)


class Row(NamedTuple):
    """What is read of a paper."""

    key: str
    title: str
    abstract: str
    authors: frozenset[str]
    categories: frozenset[str]
    field: str
    year: str


class Query(NamedTuple):
    """What is asked, and the papers that are relevant. of: the paper that it is made of, if it is of one."""

    text: str
    relevant: list[str]
    of: Row | None = None


class Collection(NamedTuple):
    """Papers, and the queries that are asked among them."""

    papers: list[Row]
    queries: dict[str, Query]


def main() -> None:
    """Read the papers, and write the collections."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--papers", type=int, default=PAPERS)
    parser.add_argument("--queries", type=int, default=QUERIES)
    parser.add_argument("--seed", type=int, default=SEED)
    asked = parser.parse_args()
    with TemporaryDirectory() as empty:
        os.environ["BROADSHEET_HOME"] = str(asked.data) if asked.data.is_dir() else empty
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.settings")
        import django

        django.setup()
        rows = of_site() if asked.data.is_dir() else of_file(asked.data)
    for name, collection in made(rows, asked.papers, asked.queries, asked.seed).items():
        write(asked.folder / name, collection)


def of_site() -> list[Row]:
    """Return what is read of all papers of this process's site."""
    from broadsheet.papers.models import Paper

    kept = Paper.objects.standing().exclude(abstract="").order_by("pk")
    values = kept.values_list("key", "title", "abstract", "authors", "categories", "day")
    return [_row(*value[:-1], str(value[-1].year) if value[-1] else "none") for value in values]


def of_file(path: Path) -> list[Row]:
    """Return what is read of the papers of a file."""
    from broadsheet.sources.jsonl import JsonLines
    from broadsheet.sources.record import Record

    records = (item.row for item in JsonLines(path).fetch())
    found = {one.id: one for one in records if isinstance(one, Record) and one.abstract}
    days = {one.id: one.featured or one.announced or one.published for one in found.values()}
    return [
        _row(
            one.id,
            one.title,
            one.abstract,
            one.authors,
            one.categories,
            str(day.year) if (day := days[key]) else "none",
        )
        for key, one in found.items()
    ]


def _row(key: str, title: str, abstract: str, authors: Iterable[str], categories: Iterable[str], year: str) -> Row:
    from broadsheet.bench.known_item import field_of
    from broadsheet.papers.tex import plain

    listed = list(categories)
    return Row(key, plain(title), plain(abstract), frozenset(authors), frozenset(listed), field_of(listed), year)


def made(rows: list[Row], papers: int = PAPERS, queries: int = QUERIES, seed: int = SEED) -> dict[str, Collection]:
    """Draw papers, and return the collections by name. queries: of each, or as many as are found."""
    draw = random.Random(seed)  # noqa: S311 (a sample, no secret)
    rows = rows[:]
    draw.shuffle(rows)
    groups = by_authors(rows, queries)
    taken = {row.key: row for row, others in groups for row in (row, *others)}
    free = [row for row in rows if row.key not in taken][: max(0, papers - len(taken))]
    some = sorted([*taken.values(), *free])
    found = of_authors(groups, some) | of_titles(some, draw, queries)
    parts, held = of_parts(free, some, rows, queries)
    within = {
        row.key: Query(f"{row.title}\n{row.abstract}", [one.key for one in others], row) for row, others in groups
    }
    found["same-authors-within"] = Collection(held, within)
    found["categories"] = Collection(held, by_categories(some, draw, queries))
    return found | parts


def by_authors(rows: list[Row], queries: int) -> list[tuple[Row, list[Row]]]:
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
        if len(found) == queries:
            break
    return found


def of_authors(groups: list[tuple[Row, list[Row]]], some: list[Row]) -> dict[str, Collection]:
    """Return the collections in which papers ask for others of their authors, and are not there themselves."""
    asking = {row.key for row, _ in groups}
    corpus = [row for row in some if row.key not in asking]
    relevant = {row: [one.key for one in others if one.key not in asking] for row, others in groups}
    judged = {row: keys for row, keys in relevant.items() if keys}
    return {
        "same-authors": Collection(corpus, {row.key: Query(row.title, keys, row) for row, keys in judged.items()}),
        "same-authors-abstract": Collection(
            corpus, {row.key: Query(row.abstract, keys, row) for row, keys in judged.items()}
        ),
    }


def of_titles(some: list[Row], draw: random.Random, queries: int) -> dict[str, Collection]:
    """Return the collections in which titles ask, or words of them, and papers have none."""
    bare = [row._replace(title="") for row in some]
    named = draw.sample(some, min(queries, len(some)))
    phrases = by_phrase(some)
    drawn = draw.sample(sorted(phrases), min(queries, len(phrases)))
    halves = ((row, [word for word in row.title.split() if word.lower() not in PLAIN]) for row in named)
    halved = {row: draw.sample(words, len(words) // 2) for row, words in halves if len(words) >= 6}
    return {
        "titles": Collection(bare, {row.key: Query(row.title, [row.key], row) for row in named}),
        "half-titles": Collection(
            bare, {row.key: Query(" ".join(half), [row.key], row) for row, half in halved.items()}
        ),
        "title-phrases": Collection(bare, {text: Query(text, phrases[text]) for text in drawn}),
    }


def by_phrase(rows: Iterable[Row]) -> dict[str, list[str]]:
    """Return the papers that have a phrase in their title, for phrases of five to forty papers."""
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        words = re.findall(r"[^\W_]+", row.title.lower())
        runs = (words[at : at + length] for length in (1, 2, 3) for at in range(len(words) - length + 1))
        for phrase in {" ".join(run) for run in runs if not PLAIN & set(run) and all(len(word) > 2 for word in run)}:
            found[phrase].append(row.key)
    return {phrase: keys for phrase, keys in found.items() if 5 <= len(keys) <= 40}


def by_categories(rows: list[Row], draw: random.Random, queries: int) -> dict[str, Query]:
    """Return titles that ask for papers of the same categories, two or more, which three to 25 papers have."""
    of: dict[frozenset[str], list[Row]] = defaultdict(list)
    for row in rows:
        if len(row.categories) >= 2:
            of[row.categories].append(row)
    able = [row for row in rows if 3 <= len(of[row.categories]) <= 25]
    drawn = draw.sample(able, min(queries, len(able)))
    return {row.key: Query(row.title, [one.key for one in of[row.categories] if one != row], row) for row in drawn}


def of_parts(
    free: list[Row], some: list[Row], rows: list[Row], queries: int
) -> tuple[dict[str, Collection], list[Row]]:
    """Return the collections in which parts of abstracts ask, and the papers, those without what asks for them.

    free: papers of which each may be asked for by one part. rows: all papers, to learn which phrases are rare.
    """
    long = [row for row in free if len(row.abstract.split()) >= LONG][:queries]
    rest = iter([row for row in free if row not in long])
    halves = {row: halved(row.abstract, first=bool(number % 2)) for number, row in enumerate(long)}
    sentences = dict(islice(((row, parts) for row in rest if (parts := without_sentence(row.abstract))), queries))
    phrases = dict(islice(by_key_phrases(rest, rows), queries))
    left = {row.key: row._replace(abstract=text) for row, (_, text) in (halves | sentences).items()}
    held = [left.get(row.key, row) for row in some]
    asked = {
        "sentence": {row: text for row, (text, _) in sentences.items()},
        "half-abstracts": {row: text for row, (text, _) in halves.items()},
        "three-phrases": {row: " ".join(found) for row, found in phrases.items()},
        "two-phrases": {row: " ".join(found[:2]) for row, found in phrases.items()},
    }
    return {
        name: Collection(held, {row.key: Query(text, [row.key], row) for row, text in texts.items()})
        for name, texts in asked.items()
    }, held


def halved(abstract: str, *, first: bool) -> tuple[str, str]:
    """Return one half of the words of an abstract, and the other."""
    words = abstract.split()
    middle = len(words) // 2
    halves = " ".join(words[:middle]), " ".join(words[middle:])
    return halves if first else halves[::-1]


def without_sentence(abstract: str) -> tuple[str, str] | None:
    """Return the middle one of the sentences that may be asked, and the abstract without it; None where none may be."""
    from broadsheet.enrich import extracts

    held = extracts.sentences_of(abstract)
    places = extracts.usable(held)
    if len(held) < 2 or not places:
        return None
    place = places[len(places) // 2]
    return held[place], " ".join(held[:place] + held[place + 1 :])


def by_key_phrases(some: Iterable[Row], rows: list[Row]) -> Iterator[tuple[Row, list[str]]]:
    """Yield papers with three key phrases of their abstract."""
    from broadsheet.enrich.frequencies import Frequencies
    from broadsheet.papers import phrases

    known = Frequencies.empty()
    for row in rows[:COUNTED]:
        known.count(row.title, row.abstract)

    def frequency(names: list[str]) -> list[int]:
        return [round(seen * len(rows) / known.papers) for seen in known.of(names)]

    for row in some:
        found = phrases.choose("", row.abstract, len(rows), frequency, most=PHRASES)
        if len(found) == PHRASES:
            yield row, [one.text for one in found]


def write(folder: Path, collection: Collection) -> None:
    """Write one collection."""
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    with (folder / "corpus.jsonl").open("w", encoding="utf-8") as out:
        for row in collection.papers:
            out.write(json.dumps({"_id": row.key, "title": row.title, "text": row.abstract}) + "\n")
    with (folder / "queries.jsonl").open("w", encoding="utf-8") as out:
        for name, query in collection.queries.items():
            told = {"metadata": {"field": query.of.field, "year": query.of.year}} if query.of else {}
            out.write(json.dumps({"_id": name, "text": query.text} | told) + "\n")
    with (folder / "qrels" / "test.tsv").open("w", encoding="utf-8") as out:
        out.write("query-id\tcorpus-id\tscore\n")
        for name, query in collection.queries.items():
            out.writelines(f"{name}\t{key}\t1\n" for key in query.relevant)


if __name__ == "__main__":
    main()
