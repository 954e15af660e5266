"""The index in files: who owns it, what a damaged one is told as, how well its words find. Its port: the contract."""

import json
import math
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pytest
import tantivy
from tests.search.asking import EVERYTHING, ids, paper, put, vectors, words

from broadsheet.errors import Conflict
from broadsheet.search.index import SCHEMA
from broadsheet.search.machine.trouble import IndexStale, NoRoom
from broadsheet.search.whole import WholeIndex

# --- The owner ---------------------------------------------------------------------------------------


def run(script: str, *arguments: object) -> subprocess.Popen[str]:
    """Start a real second process on a script that may use WholeIndex, paper and Path."""
    head = (
        "import os, sys; from pathlib import Path; from broadsheet.search.whole import WholeIndex\n"
        "from broadsheet.search.index import Document, Filters\n"
    )
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", head + script, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PATH": ""},
    )


def test_an_index_that_another_process_owns_cannot_be_opened(tmp_path):
    script = "index = WholeIndex.open(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    with run(script, tmp_path) as owner:
        assert owner.stdout.readline() == "open\n"
        for opening in (WholeIndex.open, WholeIndex.anew):
            with pytest.raises(Conflict, match="in use"):
                opening(tmp_path)
        owner.stdin.close()
        assert owner.wait(20) == 0
    WholeIndex.open(tmp_path).close()


def test_an_index_that_this_process_owns_cannot_be_opened_again(tmp_path):
    index = WholeIndex.open(tmp_path)
    with pytest.raises(Conflict, match="in use"):
        WholeIndex.open(tmp_path)
    index.close()
    WholeIndex.open(tmp_path).close()


def test_a_forked_process_is_told_that_it_owns_nothing(tmp_path):
    script = """
index = WholeIndex.open(Path(sys.argv[1]))
if os.fork() == 0:
    try:
        index.words("alpha", limit=3, filters=Filters())
    except Exception as error:
        print(type(error).__name__, error, flush=True)
    os._exit(0)
os.wait()
"""
    with run(script, tmp_path) as owner:
        assert "Conflict The search index belongs to the process that opened it" in owner.communicate(timeout=20)[0]


@pytest.mark.parametrize("after", [0.15, 0.4])
def test_what_was_flushed_outlives_a_killed_owner(tmp_path, after):
    script = """
index = WholeIndex.open(Path(sys.argv[1]))
for start in range(0, 1_000_000, 200):
    index.add([Document(pk, f"number{pk}", "common words " * 40, "") for pk in range(start, start + 200)])
    index.flush()
    print(start + 200, flush=True)
"""
    with run(script, tmp_path) as owner:
        assert owner.stdout.readline() == "200\n"
        time.sleep(after)
        owner.send_signal(signal.SIGKILL)
        flushed = max([200, *map(int, re.findall(r"(\d+)\n", owner.stdout.read()))])
        owner.wait()
    index = WholeIndex.open(tmp_path)
    index.flush()  # takes out what only one half of the words has
    assert index.size() >= flushed
    assert len(words(index, "common", 10**6)) == index.size()
    assert words(index, f"number{flushed - 1}") == [flushed - 1]
    put(index, [paper(flushed + 5000, "afterwards")])
    assert words(index, "afterwards") == [flushed + 5000]
    index.close()


@pytest.mark.parametrize("flushed", ["lexicon", "vectors"])
def test_an_owner_killed_between_words_and_vectors_is_made_good_by_adding_again(tmp_path, flushed):
    script = """
import numpy as np, signal
index = WholeIndex.open(Path(sys.argv[1]))
def papers(word):
    return [Document(pk, word, "", "", vector=np.eye(384)[pk]) for pk in range(300)]
index.add(papers("before"))
index.flush()
index.remove([299])
index.add(papers("after")[:299])
getattr(index, sys.argv[2]).flush()
os.kill(os.getpid(), signal.SIGKILL)
"""
    with run(script, tmp_path, flushed) as owner:
        owner.wait(60)
    index = WholeIndex.open(tmp_path)
    index.remove([299])
    put(index, [paper(pk, "after", vector=np.eye(384)[pk]) for pk in range(299)])
    assert index.size() == len(words(index, "after", 1000)) == 299
    assert words(index, "before", 1000) == []
    assert sorted(ids(index.meaning(np.ones(384) / 384**0.5, limit=1000, filters=EVERYTHING))) == list(range(299))
    index.close()


# --- Damage ------------------------------------------------------------------------------------------


KINDS = ("fast", "fieldnorm", "idx", "pos", "store", "term")


def _rewrite(name: str, content: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in folder.glob(name):
            path.write_text(content)

    return damage


def _cut(names: str) -> Callable[[Path], None]:
    def damage(folder: Path) -> None:
        for path in folder.glob(names):
            with path.open("r+b") as file:
                file.truncate(10)

    return damage


def _foreign(folder: Path) -> None:
    shutil.rmtree(folder / "words")
    (folder / "words").mkdir()
    made = tantivy.SchemaBuilder()
    made.add_text_field("other")
    tantivy.Index(made.build(), str(folder / "words")).writer().commit()


DAMAGES = {
    "another schema": _rewrite("schema.json", '{"schema": 0}'),
    "a schema without number": _rewrite("schema.json", "[]"),
    "a schema of junk": _rewrite("schema.json", "{"),
    "a schema without parts": _rewrite("schema.json", f'{{"schema": {SCHEMA}}}'),
    "no vectors": lambda folder: shutil.rmtree(folder / "vectors"),
    "no rows of vectors": lambda folder: (folder / "vectors" / "rows").unlink(),
    "cut rows of vectors": _cut("vectors/rows"),
    "a head of vectors of junk": _rewrite("vectors/head", "junk" * 100),
    "no words": lambda folder: shutil.rmtree(folder / "words"),
    "a list of words of junk": _rewrite("words/meta.json", "{"),
    "no files of words": lambda folder: [path.unlink() for path in folder.glob("words/*.*") if path.suffix != ".json"],
    **{f"cut {kind} of words": _cut(f"words/*.{kind}") for kind in KINDS},
    **{f"junk as {kind} of words": _rewrite(f"words/*.{kind}", "junk" * 100) for kind in KINDS},
    "another index of words": _foreign,
}


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_index_is_called_stale_and_can_be_made_anew(tmp_path, damage):
    index = WholeIndex.open(tmp_path)
    index.add([paper(1, "alpha beta", "gamma", vector=vectors(1)[0])])
    index.close()
    before = _files(tmp_path)
    DAMAGES[damage](tmp_path)
    assert _files(tmp_path) != before
    with pytest.raises(IndexStale, match="index") as raised:
        WholeIndex.open(tmp_path)
    assert "reindex" in raised.value.hint
    index = WholeIndex.anew(tmp_path)
    assert index.size() == 0
    put(index, [paper(2, "beta")])
    assert words(index, "alpha beta") == [2]
    index.close()


def test_an_index_that_cannot_be_flushed_is_left_to_others_all_the_same(tmp_path, monkeypatch):
    index = WholeIndex.open(tmp_path)
    monkeypatch.setattr(index.lexicon, "close", Mock(side_effect=NoRoom("The disk is full.")))
    with pytest.raises(NoRoom):
        index.close()
    index.close()
    WholeIndex.open(tmp_path).close()


def test_a_former_index_is_out_of_sight_before_any_of_it_is_deleted(tmp_path, monkeypatch):
    WholeIndex.open(tmp_path).close()
    reader, deleted = WholeIndex.read(tmp_path), []

    def rmtree(folder: Path, **_: object) -> None:
        deleted.append(folder.name)

    monkeypatch.setattr(shutil, "rmtree", rmtree)
    index = WholeIndex.anew(tmp_path)
    monkeypatch.undo()
    assert sum("-gone-" in name for name in deleted) == 2
    assert not {"words", "vectors"} & set(deleted)
    assert not (tmp_path / "vectors").exists()
    index.add([paper(1, "beta")])
    index.close()
    assert words(reader.fresh(), "beta") == [1]
    WholeIndex.open(tmp_path).close()
    assert not list(tmp_path.glob("*-gone-*"))


def test_an_index_whose_making_was_cut_short_is_made_again(tmp_path):
    WholeIndex.open(tmp_path).close()
    (tmp_path / "schema.json").unlink()
    _cut("words/*.term")(tmp_path)
    index = WholeIndex.open(tmp_path)
    assert index.size() == 0
    index.close()


# --- Quality -----------------------------------------------------------------------------------------


@pytest.mark.shared
def test_words_alone_reach_the_known_quality_on_cranfield(shared_data, tmp_path):
    folder = shared_data("cranfield")
    index = WholeIndex.open(tmp_path)
    documents = []
    for line in (folder / "corpus.jsonl").read_text().splitlines():
        row = json.loads(line)
        documents.append(paper(int(row["_id"]), row["title"], row["text"]))
    put(index, documents)
    gains: dict[str, dict[int, int]] = {}
    for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]:
        query, document, gain = line.split("\t")
        gains.setdefault(query, {})[int(document)] = int(gain)
    figures = []
    for line in (folder / "queries.jsonl").read_text().splitlines():
        row = json.loads(line)
        wanted = gains.get(row["_id"], {})
        best = _gain(sorted(wanted.values(), reverse=True))
        if best:
            figures.append(_gain([wanted.get(pk, 0) for pk in words(index, row["text"])]) / best)
    index.close()
    assert sum(figures) / len(figures) > 0.54


def _gain(gains: Sequence[int]) -> float:
    return sum((2**gain - 1) / math.log2(rank + 2) for rank, gain in enumerate(gains[:10]))
