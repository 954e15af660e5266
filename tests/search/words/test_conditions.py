"""Conditions that take long are put to the index in another way, and find the same."""

import random
from datetime import date, timedelta

import pytest
from tests.search.asking import ids, paper

from broadsheet.search.index import Filters, Term
from broadsheet.search.words import conditions, counting, filed, fulfilling
from broadsheet.search.words.lexicon import Lexicon

WORDS = ("the", "of", "graph", "graphs", "networks", "network", "ann", "sample", "deep", "model")
FIRST = date(2026, 1, 1)
PAPERS = 400


@pytest.fixture(scope="module")
def lexicon(tmp_path_factory):
    dice = random.Random(3)
    made = Lexicon.anew(tmp_path_factory.mktemp("words") / "lexicon")
    for begin in (0, PAPERS // 2):
        made.add(
            [
                paper(
                    pk,
                    " ".join(dice.choices(WORDS, k=4)),
                    " ".join(dice.choices(WORDS, k=12)),
                    names=(f"Bo {dice.choice(WORDS).title()}",),
                    categories=(dice.choice(("cs.LG", "math.AG")),),
                    day=FIRST + timedelta(pk % 64),
                )
                for pk in range(begin + 1, begin + PAPERS // 2 + 1)
            ]
        )
        made.flush()
    yield made
    made.close()


def heap_of_conditions(dice: random.Random) -> Filters:
    def terms(most):
        some = []
        for _ in range(dice.randint(0, most)):
            exact = dice.random() < 0.5
            text = " ".join(dice.choices(WORDS, k=dice.randint(1, 2)))
            some.append(Term(dice.choice(("words", "any", "title", "abstract", "authors")), text, exact))
        return tuple(some)

    category = dice.choice(((), ("cs",), ("math.AG",)))
    since = dice.choice((None, FIRST + timedelta(60)))
    return Filters(category, since, terms=terms(3), without=terms(2))


def forget(lexicon, monkeypatch):
    """Have the index look anew for what fulfils conditions."""
    known = lexicon._fulfilling
    monkeypatch.setattr(lexicon, "_fulfilling", type(known)(lexicon._searcher, known.view))


def answers(lexicon, filters):
    return (
        sorted(lexicon.matching(filters)),
        lexicon.which(range(1, 30), filters),
        lexicon.tally(filters=filters, facets=True),
        [hit.score for hit in lexicon.newest(limit=20, filters=filters)],
        {hit.id: round(hit.score, 3) for hit in lexicon.words("deep graph networks", limit=PAPERS, filters=filters)},
    )


@pytest.mark.parametrize("seed", range(40))
def test_conditions_find_the_same_in_whichever_way_they_are_asked_for(lexicon, monkeypatch, seed):
    filters = heap_of_conditions(random.Random(seed))
    found = answers(lexicon, filters)
    assert lexicon.holding(filters).ids.tolist() == found[0]
    for dear, look in ((counting.DEAR, 0), (counting.DEAR, 1e9), (-1, 0), (-1, 1e9)):
        monkeypatch.setattr(counting, "DEAR", dear)
        monkeypatch.setattr(conditions, "LOOK", look)
        monkeypatch.setattr(conditions, "LOOK_PHRASE", look)
        forget(lexicon, monkeypatch)
        assert answers(lexicon, filters) == found


ROOM = {"MANY": 1 << 40, "RARELY": 0, "MOST_TEXTS": 1 << 40, "MOST_DOUBTED": 1 << 40}


@pytest.mark.parametrize(
    "ways",
    [{"MANY": -1, "RARELY": 1 << 40}, {"MOST_TEXTS": -1}, {"MOST_DOUBTED": -1}],
    ids=["the best alone are looked at", "texts are too many", "doubts are too many"],
)
def test_papers_with_a_phrase_are_the_same_in_whichever_way_they_are_looked_for(lexicon, monkeypatch, ways):
    for quoted in ("deep model", "of the", "the graph of", "networks ann", "ann", "absent graph"):
        filters = Filters(
            ("cs",), terms=(Term("any", quoted, exact=True),), without=(Term("title", "deep model", True),)
        )
        for name, value in ROOM.items():
            monkeypatch.setattr(fulfilling, name, value)
        forget(lexicon, monkeypatch)
        wanted, best = lexicon.matching(filters), lexicon.words("deep graph", limit=9, filters=filters)
        for name, value in ways.items():
            monkeypatch.setattr(fulfilling, name, value)
        forget(lexicon, monkeypatch)
        assert [hit.id for hit in lexicon.words("deep graph", limit=9, filters=filters)] == [hit.id for hit in best]
        assert lexicon.which(range(1, PAPERS + 1), filters) == set(wanted.tolist())
        assert lexicon.holding(filters).ids.tolist() == sorted(wanted)


def test_the_best_that_fulfil_a_dear_condition_are_those_of_all(lexicon, monkeypatch):
    filters = Filters(without=(Term("any", "of the", exact=True),))
    whole = ids(lexicon.words("deep graph", limit=PAPERS, filters=filters))
    monkeypatch.setattr(counting, "DEAR", -1)
    monkeypatch.setattr(counting, "LEAST_PAPERS", 0)
    monkeypatch.setattr(counting, "LEAST_SEEN", 0)
    assert ids(lexicon.words("deep graph", limit=10, filters=filters)) == whole[:10]


def test_many_papers_are_counted_by_a_sample_which_is_told(lexicon, monkeypatch):
    common, quoted = Filters(terms=(Term("words", "graph"),)), Filters(terms=(Term("abstract", "of", exact=True),))
    exact, exact_of_quoted = (lexicon.tally(filters=filters, facets=True) for filters in (common, quoted))
    monkeypatch.setattr(filed, "MANY", 50)
    monkeypatch.setattr(filed, "SAMPLE", 50)
    monkeypatch.setattr(counting, "MANY", 50)
    monkeypatch.setattr(counting, "LEAST_PAPERS", 50)
    monkeypatch.setattr(counting, "LEAST_SEEN", 1)
    rough = lexicon.tally(filters=common, facets=True)
    assert (rough.total, rough.about, rough.rough) == (exact.total, False, True)
    assert dict(rough.categories)["cs"] == pytest.approx(dict(exact.categories)["cs"], rel=0.7)
    monkeypatch.setattr(counting, "DEAR", 200)
    monkeypatch.setattr(fulfilling, "FEW", 1)
    monkeypatch.setattr(fulfilling, "MOST_TEXTS", -1)
    forget(lexicon, monkeypatch)
    about = lexicon.tally(filters=quoted, facets=True)
    assert (about.about, about.rough, exact.about, exact.rough) == (True, True, False, False)
    assert about.total == pytest.approx(exact_of_quoted.total, rel=0.9)


def test_a_number_that_was_counted_is_no_estimate_however_long_it_took(lexicon, monkeypatch):
    quoted = Filters(terms=(Term("abstract", "of", exact=True),))
    exact = lexicon.tally(filters=quoted, facets=True)
    monkeypatch.setattr(counting, "DEAR", -1)
    monkeypatch.setattr(fulfilling, "FEW", 1)
    monkeypatch.setattr(fulfilling, "MOST_TEXTS", -1)
    forget(lexicon, monkeypatch)
    assert lexicon.tally(filters=quoted) == (exact.total, (), (), False, False)
    assert lexicon.tally(filters=quoted, facets=True) == exact


def test_papers_that_changed_or_went_are_counted_as_they_are_now(tmp_path):
    lexicon, quoted = Lexicon.anew(tmp_path / "lexicon"), Filters(terms=(Term("title", "graph"),))

    def put(pk, category, day):
        lexicon.add([paper(pk, "graph", categories=(category,), day=day)])

    for pk in range(6):
        put(pk, "cs.LG", FIRST)
    lexicon.flush()
    before = lexicon.tally(filters=quoted, facets=True)
    put(2, "math.AG", date(2024, 2, 29))
    lexicon.remove([3, 5])
    lexicon.flush()
    now = lexicon.tally(filters=quoted, facets=True)
    lexicon.close()
    assert (before.total, dict(before.categories), before.years) == (6, {"cs": 6, "cs.LG": 6}, ((2026, 6),))
    assert (now.total, now.years) == (4, ((2026, 3), (2024, 1)))
    assert dict(now.categories) == {"cs": 3, "cs.LG": 3, "math": 1, "math.AG": 1}


def test_a_word_longer_than_any_that_is_kept_is_held_by_no_paper(lexicon):
    assert lexicon.tally(filters=Filters(terms=(Term("words", "x" * 400),))).total == 0
    assert lexicon.tally(filters=Filters(without=(Term("any", "x" * 400),))).total == PAPERS
