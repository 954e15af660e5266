"""What every index promises: the same sentences for the one in files of this machine, and the one on a search server.

The latter is asked of an imitation of a server in this process (``imitated_server``); where BROADSHEET_TEST_QDRANT_URL
is the address of a real one (BROADSHEET_TEST_QDRANT_KEY: its key), of that too. What the imitation cannot hold is named
in ``UNABLE``, with the reason; a real server is asked for all of it.
"""

import math
import os
import random
import secrets
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient
from tests.search.asking import EVERYTHING, ids, paper, put, vectors, words

from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.search.cluster import ClusterIndex
from broadsheet.search.index import Document, Filters, Index, Scored, Tally, Term
from broadsheet.search.server.reader import Place
from broadsheet.search.terms import scoring
from broadsheet.search.terms.fields import MOST_WORDS
from broadsheet.search.text.compounds import Alike
from broadsheet.search.whole import WholeIndex
from broadsheet.search.words import fulfilling

SERVER = os.environ.get("BROADSHEET_TEST_QDRANT_URL", "")
SERVER_KEY = os.environ.get("BROADSHEET_TEST_QDRANT_KEY", "")
RUN = f"test-{secrets.token_hex(4)}"
"""Begins the names of what this run makes on a server."""

FIRST = date(2026, 1, 1)

CLOSE = 3e-3
"""How near a cosine is told: files keep 8 bits of each number of a vector."""

UNABLE = {
    "many": "It compares each paper with each question in Python: a tenth of the papers, so that tests end.",
    "approximate": "It compares exactly, so that its recall says nothing of the server's graph and 8-bit numbers.",
}
"""What the imitation cannot hold of the sentences below, and why."""


def at(address: str, key: str = "") -> Callable[[Path], Index]:
    """Return what opens an index at a server, whose names there are made of those of the folder."""

    def opened(folder: Path) -> Index:
        prefix = f"{RUN}-{zlib.crc32(str(folder).encode()):x}"
        return ClusterIndex.own(Place(address, folder, key, prefix), space="made-up/1", dim=384)

    return opened


KINDS = ("files", "imitation", *(["server"] if SERVER else []))
"""Every way of opening an index in a folder, where the same folder is the same index; the contract holds for each."""


@pytest.fixture(scope="session")
def openers(imitated) -> dict[str, Callable[[Path], Index]]:
    return {"files": WholeIndex.open, "imitation": at(imitated), "server": at(SERVER, SERVER_KEY)}


@pytest.fixture(scope="module", autouse=True)
def leave_nothing_behind() -> Iterator[None]:
    yield
    if SERVER:
        client = QdrantClient(url=SERVER, headers={"api-key": SERVER_KEY}, check_compatibility=False)
        for one in client.get_collections().collections:
            if one.name.startswith(RUN):
                client.delete_collection(one.name)
        client.close()


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def open_index(openers, kind) -> Callable[[Path], Index]:
    return openers[kind]


@pytest.fixture
def able(kind) -> Callable[[str], bool]:
    """Whether an index is asked for something: all but the imitation for what it cannot hold (``UNABLE``)."""

    def is_able(what: str) -> bool:
        assert what in UNABLE
        return kind != "imitation"

    return is_able


@pytest.fixture
def index(open_index, tmp_path) -> Iterator[Index]:
    index = open_index(tmp_path / "index")
    yield index
    index.close()


# --- What is in it --------------------------------------------------------------------------------------------------


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
    index.flush()
    index.flush()
    assert index.size() == 0
    assert words(index, "anything") == []
    assert index.meaning(vectors(1)[0], limit=3, filters=EVERYTHING) == []


def test_changes_among_many_papers_show_at_once(index, able):
    many = 6000 if able("many") else 600
    put(index, [paper(pk, f"common number{pk}") for pk in range(many)])
    put(index, [paper(7, "common changed")])
    index.remove([8])
    index.flush()
    one = vectors(1)[0]
    index.set_vectors({9: one})
    assert words(index, "number7") == words(index, "number8") == []
    assert words(index, "changed") == [7]
    assert words(index, "number9") == ids(index.meaning(one, limit=3, filters=EVERYTHING)) == [9]
    assert index.size() == many - 1


def test_everything_is_there_after_reopening(open_index, tmp_path):
    many = vectors(300)
    index = open_index(tmp_path)
    put(index, [paper(pk, f"paper number{pk}", categories=("cs.LG",), day=FIRST) for pk in range(300)])
    index.set_vectors(dict(enumerate(many)))
    put(index, [paper(300, "latecomer")])
    index.close()
    index = open_index(tmp_path)
    assert index.size() == 301
    assert words(index, "number123") == [123]
    assert words(index, "latecomer") == [300]
    assert len(words(index, "paper", 1000, Filters(("cs",), FIRST, FIRST))) == 300
    assert ids(index.meaning(many[42], limit=1, filters=EVERYTHING)) == [42]
    index.close()


# --- Words ----------------------------------------------------------------------------------------------------------


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


@pytest.fixture(params=KINDS, scope="module")
def library(request, openers, tmp_path_factory) -> Iterator[Index]:
    """An index that is only read: the spellings, and a hundred short papers."""
    index = openers[request.param](tmp_path_factory.mktemp("library"))
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
    began = time.thread_time()
    assert len(words(library, text)) <= 10
    assert time.thread_time() - began < 2


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


def test_words_are_ranked_as_a_plain_bm25_ranks_them(index, able):
    dice = random.Random(7)
    vocabulary = [f"qz{number}" for number in range(60)]
    texts = {
        pk: " ".join(dice.choices(vocabulary, [1 / (1 + rank) for rank in range(60)], k=dice.randint(3, 40)))
        for pk in range(6000 if able("many") else 600)
    }
    documents = [paper(pk, "", text) for pk, text in texts.items()]
    put(index, documents[: len(texts) * 9 // 10])
    put(index, documents[len(texts) * 9 // 10 :])
    for _ in range(20 if able("many") else 5):
        query = " ".join(dice.sample(vocabulary, dice.randint(1, 6)))
        # Words just as they were typed count once more, for 0.3 in an abstract.
        wanted = {pk: 1.3 * score for pk, score in bm25(texts, query).items()}
        hits = index.words(query, limit=50, filters=EVERYTHING)
        best = sorted(wanted.values(), reverse=True)[:50]
        # What a word adds is kept in 8 bits.
        assert [hit.score for hit in hits] == pytest.approx(best, rel=1e-2), query
        assert all(hit.score == pytest.approx(wanted[hit.id], rel=1e-2) for hit in hits)


# --- Filters and meaning --------------------------------------------------------------------------------------------

CATEGORIES = ["cs.LG", "cs.CL", "stat.ML", "math-ph", "hep-th", "math.PR", "q-bio.NC"]


def fulfils(document: Document, filters: Filters) -> bool:
    named = {name for category in document.categories for name in (category, category.split(".")[0])}
    if filters.categories and not named & set(filters.categories):
        return False
    if (filters.since or filters.until) and document.day is None:
        return False
    day = document.day or FIRST
    return (filters.since or day) <= day <= (filters.until or day)


def test_filters_are_exact_for_words_and_for_meaning(index, able):
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
    for _ in range(40 if able("many") else 10):
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


def test_the_nearest_papers_are_found_among_many(index, able):
    many = 8000 if able("many") else 800
    made = vectors(many)
    days = [FIRST + timedelta(pk % 50) for pk in range(many)]
    put(index, [paper(pk, f"number{pk}", day=days[pk], vector=made[pk]) for pk in range(many)])
    asked = made[: many : many // 40] + 0.5 * vectors(40, seed=2)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    week = Filters(since=FIRST, until=FIRST + timedelta(6))
    in_week = np.array([FIRST <= day <= FIRST + timedelta(6) for day in days])
    for filters, allowed in ((EVERYTHING, np.ones(many, dtype=bool)), (week, in_week)):
        found = 0
        for vector in asked:
            cosines = np.where(allowed, made @ vector, -2)
            hits = index.meaning(vector, limit=20, filters=filters)
            found += len(set(ids(hits)) & set(np.argsort(-cosines)[:20].tolist()))
            assert [hit.score for hit in hits] == pytest.approx([cosines[hit.id] for hit in hits], abs=CLOSE)
        if able("approximate"):
            assert found / (20 * len(asked)) > 0.95, filters


def test_papers_get_their_vectors_later(index):
    made = vectors(20)
    put(index, [paper(pk, f"number{pk}", vector=made[pk] if pk < 5 else None) for pk in range(20)])
    assert sorted(ids(index.meaning(made[0], limit=20, filters=EVERYTHING))) == [0, 1, 2, 3, 4]
    index.set_vectors({999: made[0], **{pk: made[pk] for pk in range(5, 15)}})
    assert sorted(ids(index.meaning(made[0], limit=20, filters=EVERYTHING))) == list(range(15))
    assert ids(index.meaning(made[9], limit=1, filters=EVERYTHING)) == words(index, "number9") == [9]
    assert index.size() == 20


def test_vectors_of_papers_are_told_and_who_has_none_is_left_out(index):
    made = vectors(2)
    put(index, [paper(1, "aardvark", vector=made[0]), paper(2, "zebra", vector=made[1]), paper(3, "cat")])
    told = index.vectors_of([3, 2, 1, 999])
    assert sorted(told) == [1, 2]
    assert all(told[pk] @ made[pk - 1] > 1 - CLOSE for pk in told)
    assert index.vectors_of([]) == {}


@pytest.mark.parametrize("vector", [np.zeros(3), np.full(384, np.nan), np.full(384, np.inf), np.zeros((1, 384))])
def test_a_vector_that_is_none_is_refused(library, vector):
    with pytest.raises(BadInput, match="vector"):
        library.meaning(vector, limit=3, filters=EVERYTHING)
    with pytest.raises(BadInput, match="vector"):
        library.set_vectors({1: vector})


# --- Conditions on words --------------------------------------------------------------------------------------------

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


@pytest.fixture(params=KINDS, scope="module")
def shelf(request, openers, tmp_path_factory) -> Iterator[Index]:
    index = openers[request.param](tmp_path_factory.mktemp("shelf"))
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


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("alpha beta", [1, 3]),
        ("the alpha of sample", []),
        ("networks sample", [2]),
        ("could graphs be wild?", [1]),
        ("unheard graph", []),
        ("k-means", [3]),
        ("GN wild", [1]),
        ("schrödinger 中文学习", [4]),
    ],
)
def test_of_some_papers_those_that_hold_all_words_of_a_text_are_told(shelf, text, wanted):
    needs = scoring.needs(text, [Alike("GN", "graph networks")])
    for some in ([1, 2, 3, 4, 9], [2, 3], []):
        held = shelf.having(np.array(some, np.int64), needs)
        assert held.tolist() == [pk for pk in wanted if pk in some]


def test_however_many_papers_hold_all_words_they_are_told(index):
    put(index, [paper(pk, "Alpha", "and beta") for pk in range(1, 41)])
    assert index.having(np.arange(60), scoring.needs("alpha beta", [])).tolist() == list(range(1, 41))


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


def test_counts_and_order_hold_among_many_and_after_changes(index, able):
    many = 7000 if able("many") else 700
    days = {pk: FIRST + timedelta(pk * 7 % 50) for pk in range(many)}
    kinds = ("cs.LG", "math.AG", "hep-th")
    put(index, [paper(pk, "common", categories=(kinds[pk % 3],), day=days[pk]) for pk in range(many)])
    index.remove(list(range(many // 10)))
    index.flush()
    changed = range(many // 10, many // 10 + 100)
    put(index, [paper(pk, "changed", categories=("cs.CL",), day=days[pk]) for pk in changed])
    left = range(changed.stop, many)
    filters = Filters(terms=(Term("words", "common"),))
    told = index.tally(filters=filters, facets=True)
    assert told.total == len(left)
    assert dict(told.categories)["cs.LG"] == sum(pk % 3 == 0 for pk in left)
    assert "cs.CL" not in dict(told.categories)
    newest = sorted((days[pk].toordinal() for pk in left), reverse=True)
    assert [hit.score for hit in index.newest(limit=500, filters=filters)] == newest[:500]
    assert set(ids(index.newest(limit=9000, filters=filters))) == set(left)


@pytest.mark.parametrize(
    "ways",
    [{}, {"MOST_TEXTS": -1, "FEW": 10}, {"MANY": -1, "RARELY": 1 << 40}],
    ids=["all compared", "the nearest asked", "those that may have a phrase asked"],
)
def test_words_and_meaning_heed_conditions_on_words(index, monkeypatch, ways):
    for name, value in ways.items():
        monkeypatch.setattr(fulfilling, name, value)
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
        assert set(ids(index.words("a thing", limit=1000, filters=filters))) == set(best), filters
        assert index.words("something else", limit=1000, filters=filters) == [], filters
    with pytest.raises(BadInput, match="vector"):
        index.meaning(np.zeros(3), limit=3, filters=Filters(terms=(Term("any", "odd"),)))
    assert index.meaning(many[0], limit=0, filters=Filters(terms=(Term("any", "odd"),))) == []


def test_of_papers_told_by_their_ids_those_that_hold_the_words_are_near(index):
    many = vectors(20)
    put(index, [paper(pk, "cats" if pk % 2 else "dogs", vector=many[pk]) for pk in range(1, 20)])
    filters = Filters(terms=(Term("title", "cats"),), ids=(2, 3, 5))
    assert sorted(ids(index.meaning(many[1], limit=10, filters=filters))) == [3, 5]


# --- Threads and ends -----------------------------------------------------------------------------------------------


def test_many_threads_search_while_one_writes(index, able):
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
    many = 1000 if able("many") else 200
    for start in range(50, many, 50):
        put(index, [paper(pk, "common", vector=None) for pk in range(start, start + 50)])
    done.set()
    for reader in readers:
        reader.join()
    assert not wrong
    assert len(words(index, "common", 5000)) == many


def test_a_closed_index_says_so_and_may_be_closed_again(open_index, tmp_path):
    index = open_index(tmp_path)
    index.close()
    index.close()
    with pytest.raises(BroadsheetError, match="closed"):
        index.words("alpha", limit=3, filters=EVERYTHING)
    with pytest.raises(BroadsheetError, match="closed"):
        put(index, [paper(1, "alpha")])
