"""Collections with judgments in BEIR's layout: a folder with corpus.jsonl, queries.jsonl and qrels/NAME.tsv.

The corpus is a source like any other. Measuring with it is the bench's.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broadsheet.errors import BadInput
from broadsheet.sources.paper_ids import digest
from broadsheet.sources.record import Item, Record, Reject

GROUPS = ("field", "year")
"""What the metadata of a query may say of it, by which it is told apart from others."""
LAYOUT = "A folder holds corpus.jsonl, queries.jsonl and qrels/test.tsv."


HIGHEST = 100
"""The highest grade that a judgment may have."""
_TRECS = ("0", "Q0", "")
"""What stands between query and document in TREC's judgments."""


@dataclass(frozen=True, slots=True)
class Judgments:
    """The queries of a collection that are judged. qrels: grade of a document by query and by its id in the corpus.

    groups: the field and the year of each query, by ``field`` and ``year``; one that no query names is not there.
    without_text: queries that are judged and have no text, and are left out.
    """

    queries: dict[str, str]
    qrels: dict[str, dict[str, int]]
    groups: dict[str, dict[str, str]] = field(default_factory=dict)
    without_text: tuple[str, ...] = ()


class Corpus:
    """The documents of a collection as papers. done and total are bytes."""

    name = "beir"

    def __init__(self, folder: Path) -> None:
        self._path = folder / "corpus.jsonl"
        if not self._path.is_file():
            raise BadInput(f"There is no {self._path}.", LAYOUT)
        self.total: int | None = self._path.stat().st_size
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the documents after line ``after``."""
        with self._path.open("rb") as lines:
            for position, line in enumerate(lines, start=1):
                self.done += len(line)
                if position > after and line.strip():
                    yield Item(position, _document(line))


def key_of(document: str) -> str:
    """Return the key under which a document of a collection is kept here; ids of collections may be any text."""
    return f"beir:{digest(document)}"


def judgments(folder: Path, split: str = "test") -> Judgments:
    """Read the queries of a collection and what was judged of them.

    split: which file of qrels. Raises BadInput for a missing or broken file, naming the line.
    """
    qrels = _qrels(folder, split)
    queries: dict[str, str] = {}
    groups: dict[str, dict[str, str]] = {}
    for number, line in _lines(folder / "queries.jsonl"):
        row = _row(line)
        if row is None:
            raise BadInput(f"{folder / 'queries.jsonl'}, line {number}: {line[:80]!r} is no query.", LAYOUT)
        if (name := _id(row)) in qrels and isinstance(row.get("text"), str):
            queries[name] = row["text"]
            for kind, value in _groups(row):
                groups.setdefault(kind, {})[name] = value
    if not queries:
        raise BadInput(f"No query of {folder} is judged in qrels/{split}.tsv.", LAYOUT)
    told = {kind: {query: of.get(query, "none") for query in queries} for kind, of in groups.items()}
    without = tuple(query for query in qrels if query not in queries)
    return Judgments(queries, {query: qrels[query] for query in queries}, told, without)


def _qrels(folder: Path, split: str) -> dict[str, dict[str, int]]:
    """Read grades by query and document: of three columns, or of four with one between, as TREC's are."""
    path = folder / "qrels" / f"{split}.tsv"
    if not path.exists() and (others := sorted(one.stem for one in path.parent.glob("*.tsv"))):
        raise BadInput(f"There is no {path}.", f"--split takes {', '.join(others)}.")
    qrels: dict[str, dict[str, int]] = {}
    for number, line in _lines(path):
        if read := _judged(line):
            query, document, grade = read
            qrels.setdefault(query, {})[document] = grade
        elif number > 1 or re.search(r"\d", line.split()[-1]):  # the first may be a heading
            raise BadInput(f"{path}, line {number}: {line[:80]!r} is not query, document and grade.", LAYOUT)
    return qrels


def _judged(line: str) -> tuple[str, str, int] | None:
    """Read a query, a document and its grade, which may be written as 2.0; None for what is something else."""
    parts = [part.strip() for part in line.rstrip().split("\t")]
    if len(parts) not in (3, 4):
        parts = line.split()
    if len(parts) == 4 and parts.pop(1) not in _TRECS:
        return None
    try:
        grade = float(parts[-1])
    except ValueError:
        return None
    # Gains are powers of grades.
    return (parts[0], parts[1], int(grade)) if len(parts) == 3 and abs(grade) <= HIGHEST and grade % 1 == 0 else None


def _groups(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what the metadata of a query says of GROUPS in a word or a number."""
    told = row.get("metadata")
    metadata = told if isinstance(told, dict) else {}
    for name in GROUPS:
        value = metadata.get(name)
        said = "".join(sign for sign in str(value) if sign.isprintable()).strip()
        if isinstance(value, str | int) and said:
            yield name, said[:40]


def _document(line: bytes) -> Record | Reject:
    row = _row(line.decode("utf-8-sig", "replace"))
    if row is None:
        return Reject("The line is no JSON object with an _id.", line.decode("utf-8", "backslashreplace"))
    title, text = _text(row, "title"), _text(row, "text")
    if not title and not text:
        return Reject("The document has neither title nor text.", line.decode("utf-8", "backslashreplace"))
    # Some collections have no titles; a word put there would stand in each document's vector.
    return Record(id=key_of(_id(row)), title=title, abstract=text, source="beir")


def _row(line: str) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and "_id" in row else None


def _id(row: dict[str, Any]) -> str:
    return str(row["_id"]).strip()


def _text(row: dict[str, Any], name: str) -> str:
    """Return a text as every database can hold it: halves of surrogate pairs and NUL are no signs of any."""
    return str(row.get(name) or "").encode("utf-8", "replace").decode().replace("\0", " ").strip()


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the lines of a file that hold something, with their numbers."""
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as lines:
            yield from ((number, line) for number, line in enumerate(lines, start=1) if line.strip())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.", LAYOUT) from None
