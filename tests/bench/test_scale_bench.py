"""Papers made of real ones, and what is measured on them: bench scale in small."""

import json
import os
import random
import re
import time
from datetime import date

import click
import numpy as np
import pytest

from broadsheet import pipeline
from broadsheet.bench import (
    scale_asking,
    scale_baselines,
    scale_papers,
    scale_pool,
    scale_queries,
    scale_report,
    watched,
)
from broadsheet.bench.scale_pool import Real
from broadsheet.cli import bench_scale, start
from broadsheet.cli.bench_scale import read_sizes
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.places import open_place
from broadsheet.search import current
from broadsheet.search.keeping import upkeep
from broadsheet.sources import arxiv_ids

PAPERS, LAST = 300, date(2026, 10, 22)
FIELDS = {"cs.CV": "image pixel camera scene object", "math.AG": "scheme curve sheaf moduli bundle"}


def real(number):
    """Papers of two fields, each with words of its field, common ones, and one that no other paper has."""
    drawn = random.Random(number)
    field, words = list(FIELDS.items())[number % 2]
    pool = words.split()

    def sentence(place):
        said = " ".join(drawn.choices(pool, k=6))
        strange = "".join(drawn.choices("bcdfgklmnprst", k=9))
        return f"We study {said} {strange if place == 1 else 'again'} and show results."

    abstract = " ".join(sentence(place) for place in range(5))
    title = f"On the {drawn.choice(pool)} of every {drawn.choice(pool)} with {drawn.choice(pool)}"
    return Real(title, abstract, (f"Ada Author{number}", f"Bo Writer{number}"), (field,))


@pytest.fixture(scope="module")
def pool():
    return scale_pool.read([real(number) for number in range(200)], seed=1)


@pytest.fixture
def corpus(pool, tmp_path):
    path = tmp_path / "papers.jsonl"
    maker = scale_papers.Maker(pool, PAPERS, LAST, seed=1)
    assert scale_papers.write(path, maker, PAPERS, report=lambda done, total: None, stop=lambda: False)
    return path


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_topic_is_of_one_field_and_not_too_large(pool):
    for begin, end in zip(pool.topics, pool.topics[1:], strict=False):
        assert len({paper.categories for paper in pool.papers[begin:end]}) == 1
        assert 0 < end - begin <= scale_pool.TOPIC
    assert pool.topics[-1] == len(pool.papers) == 200


def test_too_few_papers_are_told_with_the_way_out():
    with pytest.raises(BadInput, match="There are 10 papers") as caught:
        scale_pool.read(map(real, range(10)), seed=1)
    assert "--from" in caught.value.hint


def test_made_papers_keep_fields_and_lengths_and_have_no_id_of_arxiv(pool, corpus):
    made = rows(corpus)
    assert len({row["id"] for row in made}) == PAPERS
    assert not any(arxiv_ids.find(row["id"]) for row in made)
    for row in made[:50]:
        foreign = next(words for field, words in FIELDS.items() if [field] != row["categories"])
        assert not set(foreign.split()) & set(scale_pool.words_of(row["abstract"])), "sentences stay in their field"
    mean = np.mean([len(row["abstract"].split()) for row in made])
    assert mean == pytest.approx(np.mean([len(paper.abstract.split()) for paper in pool.papers]), rel=0.05)


def test_words_are_coined_as_the_number_of_papers_asks(pool):
    assert 0 <= pool.coined(1_000_000) < pool.coined(400) <= 1, "what was drawn often is known"
    assert 0 < pool.coined(400) <= 1
    known = {word for paper in pool.papers for word in scale_pool.words_of(f"{paper.title} {paper.abstract}")}
    made = [json.loads(line) for line in scale_papers.Maker(pool, 800, LAST, seed=1).lines(0)]
    words = {word for row in made for word in scale_pool.words_of(f"{row['title']} {row['abstract']}")}
    assert len(words) == pytest.approx(len(known) * 4**pool.growth, rel=0.1), "as Heaps' law has it"


def test_the_newest_month_has_a_hundredth_of_the_papers():
    ages = [scale_papers.age(place, 20_000) for place in range(20_000)]
    assert ages == sorted(ages, reverse=True)
    assert sum(age < 30 for age in ages) / 20_000 == pytest.approx(0.0103, abs=0.0005)
    assert ages[0] <= 366 * scale_papers.YEARS
    assert ages[-1] == 0


def test_a_file_that_was_cut_off_goes_on_and_becomes_the_same(pool, tmp_path, monkeypatch):
    monkeypatch.setattr(scale_papers, "BLOCK", 100)
    whole, cut = tmp_path / "whole.jsonl", tmp_path / "cut.jsonl"
    maker = scale_papers.Maker(pool, 350, LAST, seed=2)
    said = []
    scale_papers.write(whole, maker, 350, report=lambda done, total: said.append((done, total)), stop=lambda: False)
    assert said[-1] == (350, 350)
    asked = iter([False, False, True])
    assert not scale_papers.write(cut, maker, 350, report=lambda *_: None, stop=lambda: next(asked))
    with cut.with_suffix(".new").open("a") as file:
        file.write('{"id": "half a li')
    assert scale_papers.write(cut, maker, 350, report=lambda *_: None, stop=lambda: False)
    assert cut.read_bytes() == whole.read_bytes()


def test_a_day_that_is_added_is_newer_than_all_and_of_other_papers(pool, corpus):
    maker = scale_papers.Maker(pool, PAPERS, LAST, seed=1)
    first, second = ([json.loads(line) for line in maker.day(number, 20)] for number in (1, 2))
    assert {row["announced"] for row in first} == {"2026-10-23"}
    assert not {row["id"] for row in first} & {row["id"] for row in [*second, *rows(corpus)]}


def test_a_title_begins_as_one_and_ends_as_another():
    assert scale_papers.joined("Lanterns in the dark", "Counting stars with nets") == "Lanterns with nets"
    assert scale_papers.joined("Lanterns", "Counting stars with nets") == "Lanterns"


def test_queries_are_of_every_kind_and_the_same_for_the_same_seed(corpus):
    drawn = scale_queries.drawn(corpus, PAPERS, 70, seed=3)
    assert drawn == scale_queries.drawn(corpus, PAPERS, 70, seed=3)
    assert {one.kind for one in drawn.queries} == set(scale_queries.KINDS)
    assert len(drawn.queries) == len(drawn.titles) == 70
    texts = {one.kind: one.text for one in drawn.queries}
    assert re.fullmatch(r'"\w+ \w+ \w+"', texts["phrase"])
    assert " au:" in texts["author"]
    assert " cat:" in texts["category"]


@pytest.mark.django_db
def test_everything_is_measured_in_a_small_corpus(corpus, tmp_path, settings):
    settings.INDEX_DIR = tmp_path / "index"
    current.release()
    try:
        opened = open_place(str(corpus))
        pipeline.take_in(opened.source, place="made", fingerprint=opened.fingerprint)
        upkeep.catch_up(current.own())
        current.release()
        assert Paper.objects.filter(day__lte=LAST, key__startswith="made:").count() == PAPERS
        drawn = scale_queries.drawn(corpus, PAPERS, 21, seed=3)
        asked = scale_asking.searched(drawn.queries, silent)
        assert asked["hybrid"]["queries"] == asked["words"]["queries"] == 21
        assert set(asked["kinds"]["hybrid"]) == set(scale_queries.KINDS)
        assert scale_asking.nearest(drawn.titles, silent)["recall"] > 0.9
        held = scale_asking.filtered(drawn.titles, PAPERS, silent)
        assert held["recall"] == 1
        assert held["filters"] == 2
        assert scale_asking.costs()["vectors_us"] > 0
        current.release()
        steps = scale_asking.opened("image scene", "On the scene of every image")
        assert 0 < steps["open"] < steps["first_words"] < steps["first_hybrid"]
        assert scale_baselines.fts5(corpus, tmp_path, PAPERS, drawn.queries, silent)["queries"] > 0
        assert scale_baselines.tantivy(corpus, tmp_path, PAPERS, drawn.queries, silent)["disk"] > 0
        assert scale_baselines.exact(drawn.titles, silent)["queries"] == 21
        assert not list(tmp_path.glob("fts5*"))
    finally:
        current.release()


def silent(done, total):
    """Report to nobody."""


def test_recall_counts_what_is_as_near_as_the_last(monkeypatch):
    vectors = {1: np.array([1.0, 0.0]), 2: np.array([0.9, 0.0]), 3: np.array([0.9, 0.1]), 4: np.array([0.1, 0.9])}
    monkeypatch.setattr(scale_asking, "DEPTH", 2)
    monkeypatch.setattr(scale_asking, "_vectors", lambda ids: {pk: vectors[pk] for pk in ids})
    query = np.array([1.0, 0.0])

    def hits(*ids):
        return [scale_asking.Scored(pk, 0.0) for pk in ids]

    assert scale_asking.recall(query, hits(1, 3), {1, 2, 3, 4}) == 1, "2 and 3 are as near"
    assert scale_asking.recall(query, hits(1, 4), {1, 2, 3, 4}) == 0.5


def test_the_table_tells_targets_growth_and_what_was_missed():
    def size(papers, p50):
        return {
            "papers": papers,
            "asking": {"hybrid": {"p50": p50, "p99": 9.0, "queries": 5}, "warm_up": 2},
            "nearest": {"recall": 0.97, "queries": 3},
        }

    answer = {"facts": {"command": "broadsheet bench scale"}, "sizes": [size(100, 2.0), size(1000, 8.0)]}
    told = scale_report.table(answer)
    line = next(line for line in told.splitlines() if line.startswith("hybrid search in process, p50"))
    assert line.split()[-9:] == ["2.00", "ms", "8.00", "ms", "x4.00", "<=", "5", "MISSED", "at", "1,000"][-9:]
    assert scale_report.missed(answer) == [
        "dense search, recall@20 (100)",
        "hybrid search in process, p50 (1,000)",
        "dense search, recall@20 (1,000)",
    ]
    assert "5 fused" in told


@pytest.mark.parametrize(
    ("busy", "busiest", "said"),
    [(0.95, 0.5, "the processors"), (0.5, 0.95, "its busiest thread"), (0.5, 0.5, "neither")],
)
def test_what_bounds_building_is_said(busy, busiest, said):
    assert scale_report.bound({"busy": busy, "busiest": busiest}).startswith(said)


def test_sizes_are_read_as_they_are_typed():
    assert read_sizes(None, 500) == (500,)
    assert read_sizes("100000, 1_000_000", 500) == (100_000, 1_000_000)
    with pytest.raises(click.UsageError, match="--sizes takes numbers"):
        read_sizes("many", 500)


def test_memory_and_threads_of_a_process_are_looked_at_from_outside():
    watch = watched.Watch(os.getpid())
    until = time.monotonic() + 20
    while not watch.busiest() and time.monotonic() < until:
        sum(range(100_000))
    watch.end()
    assert watch.memory[str(os.getpid())] > 10
    assert watch.processor(str(os.getpid())) >= watch.busiest() > 0
    assert watch.all_of_it >= watch.memory[str(os.getpid())]


def test_runs_of_building_are_told_together():
    run = {"papers": 1000, "seconds": 2.0, "processor": 3.0, "storing": 1.0, "busiest": 1.9}
    run |= {"storing_mb": 100.0, "filling_mb": 300.0}
    told = bench_scale._building([run, run | {"papers": 3000, "filling_mb": 500.0}], {"vectors_us": 200.0})
    assert told["rate"] == 1000
    assert told["processor_us"] == 1500
    assert (told["storing_us"], told["vectors_us"], told["words_us"]) == (500, 200, 800)
    assert (told["anonymous_mb"], told["runs"]) == (600, 2)


def test_a_folder_with_papers_of_another_seed_is_refused(tmp_path, capsys):
    (tmp_path / "made.json").write_text(json.dumps({"papers": 300, "seed": 1}))
    with pytest.raises(SystemExit):
        bench_scale._make(tmp_path, 300, bench_scale.Asked((300,), 14, 2, (), None, None))
    assert "holds papers made with seed 1" in capsys.readouterr().err


@pytest.mark.both
def test_a_process_apart_is_told_its_place_and_ours_is_as_before(tmp_path, monkeypatch):
    monkeypatch.setenv("BROADSHEET_SEARCH_URL", "http://search.example.org")
    home = os.environ["BROADSHEET_HOME"]
    with start.processes_in(tmp_path):
        assert (os.environ["BROADSHEET_HOME"], os.environ["BROADSHEET_SEARCH_URL"]) == (str(tmp_path), "")
    assert os.environ["BROADSHEET_HOME"] == home
    assert os.environ["BROADSHEET_SEARCH_URL"] == "http://search.example.org"
    assert "BROADSHEET_DATABASE" not in os.environ or os.environ["BROADSHEET_DATABASE"]


def test_all_files_of_a_folder_are_read_through(tmp_path):
    (tmp_path / "index").mkdir()
    (tmp_path / "store").write_bytes(b"x" * 5_000_000)
    (tmp_path / "index" / "codes").write_bytes(b"y" * 100)
    assert watched.read_through(tmp_path) == 5_000_100
