"""What every index promises (the contract, for each way of opening one), and what the one of words and vectors adds."""

import json
import math
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
import tantivy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from broadsheet.errors import BadInput, BroadsheetError, Conflict
from broadsheet.search import whole
from broadsheet.search.index import Document, Filters, Index, Scored, Tally, Term
from broadsheet.search.lexicon_terms import MOST_WORDS
from broadsheet.search.trouble import IndexStale
from broadsheet.search.whole import WholeIndex

INDEXES: dict[str, Callable[[Path], Index]] = {"whole": WholeIndex.open}
"""Every way of opening an index in a folder; the contract holds for each."""

EVERYTHING = Filters()
FIRST = date(2026, 1, 1)


@pytest.fixture(params=INDEXES)
def open_index(request) -> Callable[[Path], Index]:
    return INDEXES[request.param]


@pytest.fixture
def index(open_index, tmp_path) -> Iterator[Index]:
    index = open_index(tmp_path / "index")
    yield index
    index.close()


def paper(pk: int, title: str = "", abstract: str = "", authors: str = "", **more) -> Document:
    return Document(pk, title, abstract, authors, **more)


def put(index: Index, documents: Sequence[Document]) -> None:
    """Add papers and have them found."""
    index.add(documents)
    index.flush()


def ids(hits: Sequence[Scored]) -> list[int]:
    return [hit.id for hit in hits]


def words(index: Index, text: str, limit: int = 10, filters: Filters = EVERYTHING) -> list[int]:
    return ids(index.words(text, limit=limit, filters=filters))


def vectors(count: int, seed: int = 1) -> np.ndarray:
    """Unit vectors in clumps, as those of papers are."""
    rng = np.random.default_rng(seed)
    middles = rng.standard_normal((50, 384))
    made = middles[rng.integers(0, 50, count)] + rng.standard_normal((count, 384))
    return (made / np.linalg.norm(made, axis=1, keepdims=True)).astype(np.float32)


# --- The contract: what is in it ----------------------------------------------------------------------------------


def test_a_paper_is_found_at_once_by_title_abstract_author_and_source(index):
    put(
        index,
        [
            paper(
                1, "Sparse gates", "We route tokens.", "A. Example, Zoë Müller", source_text=r"We route $\tau$okens."
            ),
            paper(2, "Dense rooms", "Nothing alike.", "B. Example"),
        ],
    )
    assert words(index, "gates") == words(index, "ROUTING") == words(index, "muller") == words(index, "okens") == [1]
    assert sorted(words(index, "example")) == [1, 2]


def test_a_hit_holds_at_least_one_of_the_words(index):
    put(index, [paper(1, "alpha beta"), paper(2, "beta gamma"), paper(3, "delta")])
    assert sorted(words(index, "alpha gamma")) == [1, 2]
    assert words(index, "epsilon") == []


def test_a_replaced_paper_is_found_by_its_new_words_and_without_its_old_vector(index):
    one = vectors(1)[0]
    put(index, [paper(1, "aardvark", vector=one)])
    put(index, [paper(1, "zebra")])
    assert words(index, "aardvark") == []
    assert words(index, "zebra") == [1]
    assert index.meaning(one, limit=5, filters=EVERYTHING) == []
    assert index.size() == 1


def test_the_last_of_two_papers_with_one_id_in_one_batch_counts(index):
    put(index, [paper(1, "aardvark"), paper(2, "other"), paper(1, "zebra")])
    assert (words(index, "aardvark"), words(index, "zebra"), index.size()) == ([], [1], 2)


def test_a_removed_paper_is_gone_and_an_unknown_one_is_no_matter(index):
    put(index, [paper(1, "alpha"), paper(2, "alpha")])
    index.remove([1, 77])
    index.flush()
    assert words(index, "alpha") == [2]
    assert index.size() == 1


def test_nothing_to_do_is_nothing_done(index):
    put(index, [])
    index.remove([])
    index.set_vectors({})
    index.optimize()
    index.flush()
    assert index.size() == 0
    assert words(index, "anything") == []
    assert index.meaning(vectors(1)[0], limit=3, filters=EVERYTHING) == []


def test_changes_to_folded_papers_show_at_once(index):
    put(index, [paper(pk, f"common number{pk}") for pk in range(6000)])
    index.optimize()
    put(index, [paper(7, "common changed")])
    index.remove([8])
    index.flush()
    one = vectors(1)[0]
    index.set_vectors({9: one})
    assert words(index, "number7") == words(index, "number8") == []
    assert words(index, "changed") == [7]
    assert words(index, "number9") == ids(index.meaning(one, limit=3, filters=EVERYTHING)) == [9]
    assert index.size() == 5999


def test_everything_is_there_after_reopening(open_index, tmp_path):
    many = vectors(300)
    index = open_index(tmp_path)
    put(index, [paper(pk, f"paper number{pk}", categories=("cs.LG",), day=FIRST) for pk in range(300)])
    index.set_vectors(dict(enumerate(many)))
    index.optimize()
    put(index, [paper(300, "latecomer")])
    index.close()
    index = open_index(tmp_path)
    assert index.size() == 301
    assert words(index, "number123") == [123]
    assert words(index, "latecomer") == [300]
    assert len(words(index, "paper", 1000, Filters(("cs",), FIRST, FIRST))) == 300
    assert ids(index.meaning(many[42], limit=1, filters=EVERYTHING)) == [42]
    index.close()


# --- The contract: words ------------------------------------------------------------------------------------------


def test_a_word_of_the_title_weighs_more_than_one_of_the_abstract(index):
    put(index, [paper(1, "other things", "about a zebra"), paper(2, "about a zebra", "other things")])
    assert words(index, "zebra") == [2, 1]


def test_scores_fall_and_the_limit_holds(index):
    put(index, [paper(pk, "word " * (1 + pk % 7), "filler " * pk) for pk in range(1, 40)])
    hits = index.words("word", limit=12, filters=EVERYTHING)
    assert len(hits) == 12
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert words(index, "word", 0) == words(index, "word", -1) == []


SPELLINGS = [
    ("Schrödinger", "schrodinger"), ("Poincare\u0301", "POINCARÉ"), ("eﬃcient", "efficient"), ("ＧＰＴ", "gpt"),
    ("naïve", "naive"), ("networks", "network"), ("k-means", "K means"), ("f(x)=y", "x"), ("中文学习", "中文学习"),
    ("हिन्दी", "हिन्दी"), ("state\u00a0space", "space"), ("a\ud800lpha", "alpha"),
]  # fmt: skip


@pytest.fixture(params=INDEXES, scope="module")
def library(request, tmp_path_factory) -> Iterator[Index]:
    """An index that is only read: the spellings, and a hundred short papers."""
    index = INDEXES[request.param](tmp_path_factory.mktemp("library"))
    put(index, [paper(1000 + row, text) for row, (text, _) in enumerate(SPELLINGS)])
    put(index, [paper(pk, f"the of and a b {pk}", vector=vectors(1)[0]) for pk in range(100)])
    yield index
    index.close()


@pytest.mark.parametrize("text", ["", "  \n", "the of and", "\x00\x07\x1b", "?!—…", "\ud800", "\u202e\u200b"])
def test_a_text_without_words_finds_nothing(library, text):
    assert words(library, text) == []


@pytest.mark.parametrize("row", range(len(SPELLINGS)), ids=[asked for _, asked in SPELLINGS])
def test_one_word_is_found_in_its_several_spellings(library, row):
    assert words(library, SPELLINGS[row][1]) == [1000 + row]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=400) | st.text(alphabet="ab \x00'\"\\(){}[]*?^~:+-|&!\ud800\u0300中", max_size=400))
def test_no_query_can_hurt(library, text):
    assert len(words(library, text)) <= 10


@pytest.mark.parametrize(
    "text", ["x" * 10_000, "a-b" * 5000, "中" * 10_000, "\x00" * 10_000, "the " * 5000, "é" * 9999]
)
def test_a_very_long_query_is_answered_soon(library, text):
    began = time.perf_counter()
    words(library, text)
    assert time.perf_counter() - began < 2


def test_of_a_very_long_query_the_beginning_counts(index):
    put(index, [paper(1, "first"), paper(2, "last")])
    middle = " ".join(f"w{number}" for number in range(MOST_WORDS))
    assert words(index, f"first {middle} last") == [1]
    assert sorted(words(index, "first " + "gadget " * 2 * MOST_WORDS + "last")) == [1, 2]


def bm25(texts: dict[int, str], query: str) -> dict[int, float]:
    """Robertson and Zaragoza (2009), k1 1.2 and b 0.75, with the idf that cannot fall below zero."""
    bags = {pk: Counter(text.split()) for pk, text in texts.items()}
    mean = sum(bag.total() for bag in bags.values()) / len(bags)
    scores: dict[int, float] = {}
    for word in set(query.split()):
        holding = [pk for pk, bag in bags.items() if word in bag]
        idf = math.log(1 + (len(bags) - len(holding) + 0.5) / (len(holding) + 0.5))
        for pk in holding:
            bag = bags[pk]
            weight = bag[word] * 2.2 / (bag[word] + 1.2 * (0.25 + 0.75 * bag.total() / mean))
            scores[pk] = scores.get(pk, 0) + idf * weight
    return scores


@pytest.mark.parametrize("folded", ["nothing", "some"])
def test_words_are_ranked_as_a_plain_bm25_ranks_them(index, folded):
    dice = random.Random(7)
    vocabulary = [f"qz{number}" for number in range(60)]
    count = 6000 if folded == "some" else 300
    texts = {
        pk: " ".join(dice.choices(vocabulary, [1 / (1 + rank) for rank in range(60)], k=dice.randint(3, 40)))
        for pk in range(count)
    }
    documents = [paper(pk, "", text) for pk, text in texts.items()]
    put(index, documents[: count * 9 // 10])
    if folded == "some":
        index.optimize()
    put(index, documents[count * 9 // 10 :])
    for _ in range(20):
        query = " ".join(dice.sample(vocabulary, dice.randint(1, 6)))
        # Words just as they were typed count once more, for 0.3 in an abstract.
        wanted = {pk: 1.3 * score for pk, score in bm25(texts, query).items()}
        hits = index.words(query, limit=50, filters=EVERYTHING)
        best = sorted(wanted.values(), reverse=True)[:50]
        assert [hit.score for hit in hits] == pytest.approx(best, rel=1e-4), query
        assert all(hit.score == pytest.approx(wanted[hit.id], rel=1e-4) for hit in hits)


# --- The contract: filters and meaning ----------------------------------------------------------------------------

CATEGORIES = ["cs.LG", "cs.CL", "stat.ML", "math-ph", "hep-th", "math.PR", "q-bio.NC"]


def fulfils(document: Document, filters: Filters) -> bool:
    named = {name for category in document.categories for name in (category, category.split(".")[0])}
    if filters.categories and not named & set(filters.categories):
        return False
    if (filters.since or filters.until) and document.day is None:
        return False
    day = document.day or FIRST
    return (filters.since or day) <= day <= (filters.until or day)


@pytest.mark.parametrize("folded", [False, True])
def test_filters_are_exact_for_words_and_for_meaning(index, folded):
    dice = random.Random(3)
    made = vectors(700)
    documents = [
        paper(
            pk,
            "common",
            categories=tuple(dice.sample(CATEGORIES, dice.randint(0, 3))),
            day=FIRST + timedelta(dice.randint(0, 30)) if dice.random() > 0.1 else None,
            vector=made[pk],
        )
        for pk in range(700)
    ]
    put(index, documents)
    if folded:
        index.optimize()
    for _ in range(40):
        first, last = sorted(dice.choices(range(-2, 33), k=2))
        filters = Filters(
            tuple(dice.sample([*CATEGORIES, "cs", "math", "stat", "no.SUCH"], dice.randint(0, 3))),
            FIRST + timedelta(first) if dice.random() > 0.5 else None,
            FIRST + timedelta(last) if dice.random() > 0.5 else None,
        )
        wanted = {document.id for document in documents if fulfils(document, filters)}
        assert set(words(index, "common", 1000, filters)) == wanted, filters
        assert set(ids(index.meaning(made[0], limit=1000, filters=filters))) == wanted, filters


def test_a_range_that_ends_before_it_begins_finds_nothing(index):
    put(index, [paper(1, "alpha", day=FIRST)])
    assert words(index, "alpha", filters=Filters(since=FIRST + timedelta(2), until=FIRST)) == []


def test_the_nearest_papers_are_found_among_many(index):
    made = vectors(8000)
    days = [FIRST + timedelta(pk % 50) for pk in range(8000)]
    put(index, [paper(pk, f"number{pk}", day=days[pk], vector=made[pk]) for pk in range(8000)])
    index.optimize()
    asked = made[:8000:200] + 0.5 * vectors(40, seed=2)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    week = Filters(since=FIRST, until=FIRST + timedelta(6))
    in_week = np.array([FIRST <= day <= FIRST + timedelta(6) for day in days])
    for filters, allowed in ((EVERYTHING, np.ones(8000, dtype=bool)), (week, in_week)):
        found = 0
        for vector in asked:
            cosines = np.where(allowed, made @ vector, -2)
            hits = index.meaning(vector, limit=20, filters=filters)
            found += len(set(ids(hits)) & set(np.argsort(-cosines)[:20].tolist()))
            assert [hit.score for hit in hits] == pytest.approx([cosines[hit.id] for hit in hits], abs=1e-4)
        assert found / (20 * len(asked)) > 0.95, filters


def test_papers_get_their_vectors_later(index):
    made = vectors(20)
    put(index, [paper(pk, f"number{pk}", vector=made[pk] if pk < 5 else None) for pk in range(20)])
    assert sorted(ids(index.meaning(made[0], limit=20, filters=EVERYTHING))) == [0, 1, 2, 3, 4]
    index.set_vectors({999: made[0], **{pk: made[pk] for pk in range(5, 15)}})
    assert sorted(ids(index.meaning(made[0], limit=20, filters=EVERYTHING))) == list(range(15))
    assert ids(index.meaning(made[9], limit=1, filters=EVERYTHING)) == words(index, "number9") == [9]
    assert index.size() == 20


@pytest.mark.parametrize("vector", [np.zeros(3), np.full(384, np.nan), np.full(384, np.inf), np.zeros((1, 384))])
def test_a_vector_that_is_none_is_refused(library, vector):
    with pytest.raises(BadInput, match="vector"):
        library.meaning(vector, limit=3, filters=EVERYTHING)
    with pytest.raises(BadInput, match="vector"):
        library.set_vectors({1: vector})


# --- The contract: conditions on words ----------------------------------------------------------------------------

SHELF = [
    paper(1, "Graph Networks in the Wild", "We train networks of graphs. Alpha beta.", "Ann van der Example",
          names=("Ann van der Example",), categories=("cs.LG",), day=FIRST, code=True),
    paper(2, "Networking the graph", "Not a graph networks paper at all.", "Ada Müller, Bo Sample",
          names=("Ada Müller", "Bo Sample"), categories=("cs.CL", "stat.ML"), day=FIRST + timedelta(1)),
    paper(3, "Other matters", "Beta alpha, k-means, and in the wild.", "A. Example",
          names=("A. Example",), categories=("math.AG",), day=date(2025, 12, 31)),
    paper(4, "Schrödinger bridges", "中文学习 of a state.", "The Great Collaboration",
          names=("The Great Collaboration",)),
]  # fmt: skip


@pytest.fixture(params=INDEXES, scope="module")
def shelf(request, tmp_path_factory) -> Iterator[Index]:
    index = INDEXES[request.param](tmp_path_factory.mktemp("shelf"))
    put(index, SHELF)
    yield index
    index.close()


def held(index: Index, *terms: Term, **filters) -> set[int]:
    """Which of the four fulfil the terms, by counting each."""
    return {pk for pk in (1, 2, 3, 4) if index.tally(filters=Filters(terms=tuple(terms), ids=(pk,), **filters)).total}


@pytest.mark.parametrize(
    ("term", "wanted"),
    [
        (Term("any", "graph networks", exact=True), {1, 2}),
        (Term("title", "graph networks", exact=True), {1}),
        (Term("abstract", "graph networks", exact=True), {2}),
        (Term("any", "graph network", exact=True), set()),
        (Term("any", "networks graph", exact=True), set()),
        (Term("any", "wild we", exact=True), set()),
        (Term("any", "in the wild", exact=True), {1, 3}),
        (Term("any", "GRAPHS. alpha", exact=True), {1}),
        (Term("any", "schrodinger", exact=True), {4}),
        (Term("any", "中文学习", exact=True), {4}),
        (Term("title", "network"), {1, 2}),
        (Term("abstract", "graphs"), {1, 2}),
        (Term("abstract", "k-means"), {3}),
        (Term("abstract", "means-k"), set()),
        (Term("title", "the"), {1, 2}),
        (Term("words", "alpha beta"), {1, 3}),
        (Term("words", "the alpha of sample"), set()),
        (Term("words", "network sample"), {2}),
        (Term("authors", "example"), {1, 3}),
        (Term("authors", "ann example"), {1, 3}),
        (Term("authors", "van der example"), {1}),
        (Term("authors", "mueller ada"), {2}),
        (Term("authors", "ada sample"), set()),
        (Term("any", "bo sample", exact=True), {2}),
        (Term("authors", "great collaboration"), {4}),
        (Term("any", "?!"), {1, 2, 3, 4}),
    ],
    ids=str,
)
def test_a_term_is_held_where_it_should_be(shelf, term, wanted):
    assert held(shelf, term) == wanted
    if term.text != "?!":
        assert {pk for pk in (1, 2, 3, 4) if shelf.tally(filters=Filters(without=(term,), ids=(pk,))).total} == {
            1,
            2,
            3,
            4,
        } - wanted


def test_all_terms_and_facts_count_together(shelf):
    assert held(shelf, Term("any", "graph"), Term("authors", "example")) == {1}
    assert held(shelf, has=("code",)) == {1}
    assert held(shelf, lacks=("code",)) == {2, 3, 4}
    assert held(shelf, not_categories=("cs",)) == {3, 4}
    assert held(shelf, not_categories=("stat.ML", "math")) == {1, 4}
    assert ids(shelf.words("graph", limit=9, filters=Filters(without=(Term("any", "wild"),)))) == [2]


def test_papers_are_listed_from_the_newest(shelf):
    assert shelf.newest(limit=9, filters=EVERYTHING) == [
        Scored(2, (FIRST + timedelta(1)).toordinal()),
        Scored(1, FIRST.toordinal()),
        Scored(3, date(2025, 12, 31).toordinal()),
    ]
    assert ids(shelf.newest(limit=1, filters=EVERYTHING)) == [2]
    assert ids(shelf.newest(limit=9, filters=Filters(categories=("cs.LG", "math")))) == [1, 3]
    assert shelf.newest(limit=0, filters=EVERYTHING) == []


def test_papers_are_counted_by_category_and_year(shelf):
    told = shelf.tally(filters=EVERYTHING, facets=True)
    assert (told.total, dict(told.years)) == (4, {2026: 2, 2025: 1})
    assert dict(told.categories) == {"cs": 2, "cs.LG": 1, "cs.CL": 1, "stat": 1, "stat.ML": 1, "math": 1, "math.AG": 1}
    assert shelf.tally(filters=EVERYTHING) == Tally(4)
    assert shelf.tally(filters=Filters(ids=()), facets=True) == Tally(0)


def test_counts_and_order_hold_among_many_and_after_changes(index):
    days = {pk: FIRST + timedelta(pk * 7 % 50) for pk in range(7000)}
    kinds = ("cs.LG", "math.AG", "hep-th")
    put(index, [paper(pk, "common", categories=(kinds[pk % 3],), day=days[pk]) for pk in range(7000)])
    index.optimize()
    index.remove(list(range(700)))
    index.flush()
    put(index, [paper(pk, "changed", categories=("cs.CL",), day=days[pk]) for pk in range(700, 800)])
    left = range(800, 7000)
    filters = Filters(terms=(Term("words", "common"),))
    told = index.tally(filters=filters, facets=True)
    assert told.total == len(left)
    assert dict(told.categories)["cs.LG"] == sum(pk % 3 == 0 for pk in left)
    assert "cs.CL" not in dict(told.categories)
    newest = sorted((days[pk].toordinal() for pk in left), reverse=True)
    assert [hit.score for hit in index.newest(limit=500, filters=filters)] == newest[:500]
    assert set(ids(index.newest(limit=9000, filters=filters))) == set(left)


@pytest.mark.parametrize("few", [whole.FEW, 10], ids=["all compared", "the nearest asked"])
def test_meaning_heeds_conditions_on_words(index, monkeypatch, few):
    monkeypatch.setattr(whole, "FEW", few)
    many = vectors(600)
    index.add(
        [paper(pk, f"{'even' if pk % 2 == 0 else 'odd'} {'rare' if pk % 40 == 0 else 'usual'} thing", "ada bo",
               categories=("cs.LG" if pk % 3 else "math.AG",), vector=many[pk]) for pk in range(600)]
    )  # fmt: skip
    index.flush()
    cosines = many @ many[0]
    for terms, without, categories, allowed in (
        ((Term("title", "evens"),), (), (), lambda pk: pk % 2 == 0),
        ((Term("any", "rare thing", exact=True),), (), (), lambda pk: pk % 40 == 0),
        ((), (Term("any", "odd"),), ("cs",), lambda pk: pk % 2 == 0 and pk % 3),
        ((Term("any", "usual"),), (Term("any", "even"),), ("math",), lambda pk: pk % 2 and pk % 3 == 0),
        ((Term("any", "nowhere"),), (), (), lambda pk: False),
    ):
        filters = Filters(categories, terms=terms, without=without)
        best = sorted((pk for pk in range(600) if allowed(pk)), key=lambda pk: -cosines[pk])
        found = ids(index.meaning(many[0], limit=10, filters=filters))
        assert len(found) == min(10, len(best))
        assert len(set(found) & set(best[:10])) >= 9 * len(found) // 10, filters
        assert set(ids(index.meaning(many[0], limit=1000, filters=filters))) == set(best), filters
    with pytest.raises(BadInput, match="vector"):
        index.meaning(np.zeros(3), limit=3, filters=Filters(terms=(Term("any", "odd"),)))
    assert index.meaning(many[0], limit=0, filters=Filters(terms=(Term("any", "odd"),))) == []


# --- The contract: threads and ends -------------------------------------------------------------------------------


def test_many_threads_search_while_one_writes(index):
    put(index, [paper(pk, "common") for pk in range(50)])
    wrong: list[object] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            try:
                found = len(words(index, "common", 5000))
                if found < 50:
                    wrong.append(found)
            except BroadsheetError as error:
                wrong.append(error)

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for start in range(50, 2000, 50):
        put(index, [paper(pk, "common", vector=None) for pk in range(start, start + 50)])
    index.optimize()
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(words(index, "common", 5000)) == 2000


def test_a_closed_index_says_so_and_may_be_closed_again(open_index, tmp_path):
    index = open_index(tmp_path)
    index.close()
    index.close()
    with pytest.raises(BroadsheetError, match="closed"):
        index.words("alpha", limit=3, filters=EVERYTHING)
    with pytest.raises(BroadsheetError, match="closed"):
        put(index, [paper(1, "alpha")])


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
    if start == 6000:
        index.optimize()
    print(start + 200, flush=True)
"""
    with run(script, tmp_path) as owner:
        assert owner.stdout.readline() == "200\n"
        time.sleep(after)
        owner.send_signal(signal.SIGKILL)
        flushed = max([200, *map(int, re.findall(r"(\d+)\n", owner.stdout.read()))])
        owner.wait()
    index = WholeIndex.open(tmp_path)
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
    "no vectors": lambda folder: shutil.rmtree(folder / "vectors"),
    "no segments of vectors": lambda folder: shutil.rmtree(folder / "vectors" / "segments"),
    "segments of vectors of junk": _rewrite("vectors/segments/*/segment.json", "junk"),
    "cut files of vectors": _cut("vectors/segments/*/**/*.dat"),
    "a configuration of junk": _rewrite("vectors/edge_config.json", "{"),
    "a log of junk": _rewrite("vectors/wal/open-*", "junk" * 100),
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
