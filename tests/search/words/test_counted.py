"""What postings tell of numbers of papers is what the papers themselves tell."""

import random
from collections import Counter
from datetime import date, timedelta
from itertools import combinations
from unittest.mock import Mock

import pytest
from tests.search.asking import paper

from broadsheet.search.index import Filters, Term
from broadsheet.search.postings.postings import Postings
from broadsheet.search.words import counted, counting, filed, filed_loops
from broadsheet.search.words.lexicon import POSTINGS, Lexicon

WORDS = ("graph", "network", "deep", "model", "sample", "proof", "tensor")
CATEGORIES = (("cs.LG",), ("math.AG",), ("cs.LG", "stat.ML"), ())
FIRST = date(2023, 12, 1)
TAKEN_OUT = range(7, 300, 31)


def made_papers():
    dice = random.Random(5)
    for pk in range(1, 301):
        held = dice.sample(WORDS, dice.randint(1, 6))
        yield paper(
            pk,
            " ".join(held[:2]),
            " ".join(held),
            names=(f"Bo {dice.choice(('Stone', 'Field'))}",),
            categories=dice.choice(CATEGORIES),
            day=None if pk % 50 == 0 else FIRST + timedelta(pk % 64),
            code=pk % 9 == 0,
        )


PAPERS = {one.id: one for one in made_papers() if one.id not in TAKEN_OUT}


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory):
    made = Lexicon.anew(tmp_path_factory.mktemp("words") / "lexicon")
    papers = list(made_papers())
    for begin in (0, 150):
        made.add(papers[begin : begin + 150])
        made.flush()
    made.remove(list(TAKEN_OUT))
    made.flush()
    yield made
    made.close()


def holding(words, *, category="", since=None, surname="", code=False):
    """Return the papers that fulfil conditions, as they were given to the index."""
    return [
        one
        for one in PAPERS.values()
        if set(words) <= set(one.abstract.split())
        and (not category or any(name.startswith(category) for name in one.categories))
        and (since is None or (one.day is not None and one.day >= since))
        and (not surname or surname in one.names[0])
        and (not code or one.code)
    ]


def by_category(papers):
    return Counter(
        name for one in papers for name in {part for full in one.categories for part in (full, full.split(".")[0])}
    )


def filters_of(words, *, category="", since=None, surname="", code=False):
    terms = (Term("words", " ".join(words)), *([Term("authors", surname)] if surname else []))
    return Filters((category,) if category else (), since, terms=terms, has=("code",) if code else ())


CONDITIONS = (
    {},
    {"category": "cs"},
    {"category": "math.AG", "since": date(2024, 1, 1)},
    {"since": date(2024, 1, 10)},
    {"surname": "Stone"},
    {"category": "cs.LG", "surname": "Field", "code": True},
    {"category": "q-bio"},
)


@pytest.mark.parametrize("given", CONDITIONS, ids=repr)
@pytest.mark.parametrize("number", range(1, 6))
def test_papers_with_all_words_are_counted_by_category_and_by_year(lexicon, number, given):
    words = WORDS[1 : 1 + number]
    papers = holding(words, **given)
    told = lexicon.tally(filters=filters_of(words, **given), facets=True)
    assert (told.total, told.about, told.rough) == (len(papers), False, False)
    assert dict(told.categories) == by_category(papers)
    assert dict(told.years) == Counter(one.day.year for one in papers if one.day)
    assert [count for _, count in told.categories] == sorted(by_category(papers).values(), reverse=True)


@pytest.mark.parametrize("given", CONDITIONS, ids=repr)
def test_what_leaving_a_word_out_would_find_is_counted_along(lexicon, given):
    words = WORDS[:5]
    lexicon.tally(filters=filters_of(words, **given), facets=True)
    for fewer in combinations(words, 4):
        assert lexicon.tally(filters=filters_of(fewer, **given)).total == len(holding(fewer, **given))


def test_words_of_a_long_text_are_looked_for_in_part_first(lexicon, monkeypatch):
    monkeypatch.setattr(counted, "_SPARED", 3)
    monkeypatch.setattr(counted, "_FIRST", 2)
    for words in (WORDS[:5], (*WORDS[:5], "nowhere")):
        told = lexicon.tally(filters=filters_of(words), facets=True)
        assert (told.total, dict(told.categories)) == (len(holding(words)), by_category(holding(words)))


@pytest.mark.parametrize("setting", [(counted, "READ"), (filed, "_MOST_NAMES")], ids=lambda one: one[1])
def test_where_postings_would_be_long_in_telling_the_engine_tells_the_same(lexicon, monkeypatch, setting):
    told = lexicon.tally(filters=filters_of(WORDS[:2], category="cs"), facets=True)
    monkeypatch.setattr(*setting, -1)
    monkeypatch.setattr(lexicon, "_counts", counted.Counts())
    again = lexicon.tally(filters=filters_of(WORDS[:2], category="cs"), facets=True)
    assert (again.total, dict(again.categories), dict(again.years)) == (
        told.total,
        dict(told.categories),
        dict(told.years),
    )


def test_of_many_papers_some_stand_for_all_by_category_and_year(lexicon, monkeypatch):
    monkeypatch.setattr(filed, "MANY", 20)
    monkeypatch.setattr(filed, "SAMPLE", 40)
    monkeypatch.setattr(counting, "LEAST_SEEN", 1)
    papers = holding(WORDS[:1])
    told = lexicon.tally(filters=filters_of(WORDS[:1]), facets=True)
    assert (told.total, told.about, told.rough) == (len(papers), False, True)
    assert dict(told.categories)["cs"] == pytest.approx(by_category(papers)["cs"], rel=0.5)


def test_a_condition_without_plain_words_that_all_papers_fulfil_is_counted(tmp_path):
    whole = Lexicon.anew(tmp_path / "lexicon")
    whole.add([paper(pk, "graph", categories=("cs.LG",), day=FIRST) for pk in range(1, 9)])
    whole.flush()
    told = whole.tally(filters=Filters(terms=(Term("title", "graph"),)), facets=True)
    whole.close()
    assert (told.total, told.categories, told.years) == (8, (("cs", 8), ("cs.LG", 8)), ((2023, 8),))


def test_what_papers_that_have_gone_were_filed_under_is_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(filed, "_MOST_NAMES", 9)
    lexicon, filing = Lexicon.anew(tmp_path / "lexicon"), filed.Filing()
    postings = Postings(tmp_path / "lexicon" / POSTINGS)
    for day in range(20):
        lexicon.remove([day])
        lexicon.add([paper(day + 1, "graph", categories=(f"c{day}.A", f"c{day}.B"), day=FIRST)])
        lexicon.flush()
        postings.refresh()
        told = filing.counted(postings.view, ["graph"], None, facets=True, most=100)
        assert told is not None
        assert told.categories == [(f"c{day}", 1), (f"c{day}.A", 1), (f"c{day}.B", 1)]
    lexicon.close()


def test_counts_are_right_where_reading_what_papers_are_filed_under_failed_once(tmp_path, monkeypatch):
    lexicon, filing = Lexicon.anew(tmp_path / "lexicon"), filed.Filing()
    postings = Postings(tmp_path / "lexicon" / POSTINGS)

    def put(pk, *categories):
        lexicon.add([paper(pk, "graph", categories=categories, day=FIRST)])
        lexicon.flush()
        postings.refresh()

    def told(view):
        return filing.counted(view, ["graph"], None, facets=True, most=100).categories

    put(1, "a.A", "b.B", "c.C")
    put(2, "z.Z")
    told(postings.view)
    lexicon.remove([1])
    lexicon.flush()
    postings.refresh()
    with monkeypatch.context() as patch:
        patch.setattr(filed_loops, "numbered", Mock(side_effect=MemoryError))
        with pytest.raises(MemoryError):
            told(postings.view)
    put(3, "y.Y")
    assert told(postings.view) == [("y", 1), ("y.Y", 1), ("z", 1), ("z.Z", 1)]
    lexicon.close()
