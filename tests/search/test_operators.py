"""The operators of the search box, from what is typed to what is found, on a real index."""

import random
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.records import record
from tests.soak.nasty_queries import NASTY

from broadsheet.errors import BadInput
from broadsheet.papers.actions import store
from broadsheet.papers.models import Paper
from broadsheet.search import highlight, hybrid, orders
from broadsheet.search.keeping import upkeep
from broadsheet.search.query import parse

LIBRARY = [
    record(
        "2501.00001",
        title="Graph Networks for Proteins",
        abstract="We fold. The code is at https://github.com/example/fold for all.",
        authors=("Ann van der Example", "Bo Sample"),
        categories=("q-bio.BM", "cs.LG"),
        announced=date(2025, 1, 2),
        votes=3,
    ),
    record(
        "2501.00002",
        title="Networks of Graphs",
        abstract="A survey of graph networks.",
        authors=("A. Example",),
        categories=("cs.LG",),
        announced=date(2025, 2, 3),
        votes=9,
    ),
    record(
        "2601.00003",
        title="Proteins",
        abstract="Nothing of graphs.",
        authors=("Zoë Müller",),
        categories=("cs.CL",),
        announced=date(2026, 1, 2),
    ),
]


@pytest.fixture
def library(db, index):
    store(LIBRARY)
    upkeep.catch_up(index)
    return index


def search(text, *, limit=10, **options):
    return hybrid.search(parse(text), limit=limit, **options)


def keys(found):
    papers = Paper.objects.in_bulk([hit.paper_id for hit in found.hits])
    return [papers[hit.paper_id].key for hit in found.hits]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('"graph networks"', {"2501.00001", "2501.00002"}),
        ('ti:"graph networks"', {"2501.00001"}),
        ("graph -survey", {"2501.00001", "2601.00003"}),
        ('graph -"graph networks"', {"2601.00003"}),
        ("ti:graph", {"2501.00001", "2501.00002"}),
        ("abs:graphs", {"2501.00002", "2601.00003"}),
        ('au:"ann example"', {"2501.00001", "2501.00002"}),
        ("au:muller", {"2601.00003"}),
        ("cat:cs", {"2501.00001", "2501.00002", "2601.00003"}),
        ("cat:cs -cat:q-bio -cat:cs.CL", {"2501.00002"}),
        ("has:code", {"2501.00001"}),
        ("graph -has:code", {"2501.00002", "2601.00003"}),
        ("year:2025", {"2501.00001", "2501.00002"}),
        ("since:2025-02 until:2025", {"2501.00002"}),
        ("-graph", set()),
        ("id:2501.00001 id:2601.00003 graph", {"2501.00001", "2601.00003"}),
    ],
)
def test_an_operator_holds_for_every_hit(library, text, wanted):
    for order in ("relevance", "date", "votes"):
        assert set(keys(search(f"{text} sort:{order}"))) == wanted, order


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("abs:learning", {"2501.00012", "2501.00014"}),
        ("abs:learned", {"2501.00012", "2501.00014"}),
        ("abs:young", {"2501.00012"}),
        ("abs:economies", {"2501.00013"}),
        ("-learn", {"2501.00013"}),
        ("-abs:learn", {"2501.00011", "2501.00013"}),
        ("-the", {"2501.00011", "2501.00012", "2501.00014"}),
        ("ti:économie", {"2501.00013"}),
    ],
)
def test_a_word_of_the_abstract_is_told_from_the_same_in_title_and_names(db, index, text, wanted):
    store(
        [
            record("2501.00011", title="Learning Machines", abstract="Nothing.", authors=("Bo Young",)),
            record("2501.00012", title="A Learner", abstract="It learns young.", authors=("Bo Young",)),
            record("2501.00013", title="Économies", abstract="On the Économie.", authors=("Bo Sample",)),
            record("2501.00014", title="Learning", abstract="What was LEARNED.", authors=("Ann Learning",)),
        ]
    )
    upkeep.catch_up(index)
    assert set(keys(search(text, exact=True))) == wanted


def test_an_id_with_its_operator_is_a_jump(library):
    assert search("id:2501.00002v3").jump == "2501.00002"


def test_hits_come_by_day_or_by_votes_where_that_is_asked_for(library):
    assert keys(search("graph sort:date")) == ["2601.00003", "2501.00002", "2501.00001"]
    assert keys(search("graph sort:votes")) == ["2501.00002", "2501.00001", "2601.00003"]
    assert keys(search("cat:cs")) == ["2601.00003", "2501.00002", "2501.00001"]


def test_an_order_by_day_wants_all_words_and_falls_back_to_the_nearest(library):
    assert keys(search("graph proteins sort:date")) == ["2601.00003", "2501.00001"]
    found = search("survey muller zebra sort:date")
    assert set(keys(found)) == {"2501.00002", "2601.00003"}
    assert any("these are the nearest" in note for note in found.notes)


def test_a_phrase_that_nobody_wrote_is_said_and_the_nearest_shown(library):
    found = search('"networks graph"')
    assert set(keys(found)) == {"2501.00001", "2501.00002", "2601.00003"}
    assert any(note.startswith("No paper holds “networks graph” exactly") for note in found.notes)
    assert "phrase" in search('"graph networks"').hits[0].why


def test_exact_wants_every_word(library):
    assert set(keys(search("graph survey"))) == {"2501.00001", "2501.00002", "2601.00003"}
    found = search("graph survey", exact=True)
    assert (keys(found), found.total) == (["2501.00002"], 1)
    assert keys(search("graph zebra", exact=True)) == []


def test_papers_with_all_of_it_are_counted_by_category_and_year(library):
    told = search("graph", tally=True).tally
    assert (told.total, dict(told.years)) == (3, {2025: 2, 2026: 1})
    assert dict(told.categories)["cs.LG"] == 2
    assert search('"for all"', tally=True).tally.total == 1  # though these words alone find nothing


def test_where_little_is_found_it_is_said_what_to_leave_out(library):
    ways = search("graph cat:math since:2025", tally=True).ways
    assert [(way.without, way.text, way.number) for way in ways] == [("cat:math", "graph since:2025", 3)]
    ways = search("survey proteins", tally=True).ways
    assert {(way.without, way.number) for way in ways} == {("survey", 2), ("proteins", 1)}
    assert search("graph", tally=True).ways == []


def test_a_title_that_reads_like_operators_is_found_as_it_is(db, index):
    store([record("2501.00009", title="-Omics: cat:dog and others", abstract="Short.")])
    upkeep.catch_up(index)
    found = search("-Omics: cat:dog and others")
    assert (keys(found), found.hits[0].why) == (["2501.00009"], ("title",))


@pytest.mark.parametrize("order", ["relevance", "date", "votes"])
@pytest.mark.parametrize("exact", [False, True])
def test_pages_behind_a_place_join_though_papers_come_in_meanwhile(db, index, order, exact):
    dice = random.Random(5)
    store(
        [
            record(
                f"2501.{n:05}",
                title=f"Study {n} of turbulence",
                abstract="turbulence " * dice.randint(1, 5),
                announced=date(2025, 1, 1) + timedelta(n % 7),
                votes=n % 4,
            )
            for n in range(1, 61)
        ]
    )
    upkeep.catch_up(index)
    query = parse(f"turbulence sort:{order}")
    seen, after = [], None
    while True:
        found = hybrid.search(query, limit=7, after=after, exact=exact)
        seen += keys(found)
        if not found.more:
            break
        after = orders.read(orders.written(found.hits[-1].place))
        if order == "date" and len(seen) == 7:
            store([record("2502.00001", title="Late turbulence", announced=date(2026, 1, 1))])
            upkeep.catch_up(index)
    assert len(seen) == len(set(seen)) == 60


@pytest.mark.parametrize(
    "text", ["", "1", "nan_1", "inf_1", "1_", "_1", "0x1p0_-3", "1_99999999999999999999", "x" * 99]
)
def test_a_place_that_was_not_written_here_is_refused(text):
    with pytest.raises(BadInput, match="no place"):
        orders.read(text)


HOSTILE = [
    "x" * 10_000, "a b " * 2500, '"' * 999, '"a" ' * 300, "ti:" * 500, "-a " * 500, "the of and", '"the of"', "ti:the",
    "cat:cs " * 300, "💥", "の論文 au:山田", "\x00\x1b[31m", ".*(a+)+$", "'; DROP TABLE papers;--", "au:| au:=a au:x|y",
    "au:" + "a" * 500, 'au:"' + "a " * 900 + '"', "since:2025 since:2026 until:1", "sort:date", "has:code sort:votes",
    "id:2501.00001 id:no", "-\"", "٣", "ﷺ" * 200,
]  # fmt: skip


@pytest.mark.parametrize("text", NASTY.values(), ids=NASTY)
def test_a_nasty_query_is_answered(library, text):
    found = search(text, tally=True)
    assert found.total >= len(found.hits)
    assert len(found.notes) <= 10


@given(
    st.sampled_from(HOSTILE)
    | st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            ["ti:", "abs:", "au:", "-", '"', "graph", " ", "cat:cs", "year:2025", "sort:date", "the", "中"]
        ),
        max_size=25,
    ).map("".join)
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=80)
def test_whatever_is_typed_is_answered(library, text):
    found = search(text, tally=True)
    assert found.total >= len(found.hits)
    for paper in Paper.objects.all():
        highlight.marked([(paper.title, paper.abstract)], highlight.pattern(parse(text).text))


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12].encode("unicode_escape").decode())
def test_whatever_is_typed_is_answered_exactly_too(library, text):
    found = search(text, tally=True, exact=True)
    assert found.total >= len(found.hits)
