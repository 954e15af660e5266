"""``bench similar`` and ``bench like``: judgments made of authors and of keywords, against hand-made papers."""

import json
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from tests import cast

from broadsheet.bench import like, same_hands, similar, similar_systems
from broadsheet.errors import BadInput
from broadsheet.papers.models import Paper
from broadsheet.search import current, state
from broadsheet.search.keeping import upkeep


@pytest.fixture
def index(tmp_path, settings) -> Iterator[object]:
    settings.INDEX_DIR, settings.MODEL = tmp_path / "index", "none"
    current.release()
    current.forget_model()
    yield current.own()
    current.release()
    current.forget_model()
    state.read(now=True)


@pytest.fixture
def series(db, index):
    """Two papers by the same two authors, years and fields apart, one by one of them alone, one by others."""
    made = [
        cast.paper("2601.00001", "Sparse Graphs Grow", authors=["Ada Example", "Bo Sample"], day=date(2025, 5, 1)),
        cast.paper(
            "2601.00002",
            "Sparse Graphs for Walking Robots",
            authors=["Bo Sample", "Cy Di", "Ada Example"],
            categories=["cs.RO"],
        ),
        cast.paper("2601.00003", "Dense Trees", authors=["Ada Example", "Di Ed"]),
        cast.paper("2601.00004", "Walking Robots", authors=["Ed Fo", "Fo Gu"], categories=["cs.RO"]),
    ]
    index.add(upkeep.documents_of(list(Paper.objects.all())))
    index.flush()
    return made


@pytest.fixture
def either_half(monkeypatch):
    """Every paper in the half that is asked for, as four are too few to part."""
    monkeypatch.setattr(same_hands, "half_of", lambda key: "report")


def silent(done: int, total: int) -> None:
    """Report to nobody."""


def test_two_authors_in_common_make_papers_near_and_one_does_not(series):
    hands = same_hands.Hands()
    assert hands.near(series[0].pk) == {series[1].pk}
    assert hands.near(series[2].pk) == set()


def test_halves_are_told_by_the_key_and_each_paper_is_in_one(series):
    hands = same_hands.Hands()
    report, tuning = set(hands.drawn(1, "report")), set(hands.drawn(1, "tuning"))
    assert report | tuning == {paper.pk for paper in series}
    assert not report & tuning
    assert list(hands.drawn(1, "report")) == list(hands.drawn(1, "report"))
    with pytest.raises(BadInput):
        same_hands.half("both")


def test_keywords_judge_by_how_many_rare_ones_are_shared(series, either_half):
    keywords = {
        "2601.00001": frozenset({"graphs", "growth", "trees"}),
        "2601.00002": frozenset({"graphs", "growth"}),
        "2601.00003": frozenset({"trees"}),
        "2601.99999": frozenset({"graphs"}),
    }
    judged = similar.by_keywords(same_hands.Hands(), keywords, 9, 1, "report")
    assert judged.qrels[series[0].pk] == {"2601.00002": 2, "2601.00003": 1}
    assert judged.judged == {"2601.00001", "2601.00002", "2601.00003"}


def test_keywords_are_read_from_a_file_of_papers(tmp_path):
    path = tmp_path / "papers.jsonl"
    rows = [{"id": "2601.00001", "title": "A", "keywords": ["Big  Graphs"]}, {"id": "2601.00002", "title": "B"}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert similar.keywords_of(path) == {"2601.00001": {"big graphs"}}
    path.write_text(json.dumps(rows[1]) + "\n")
    with pytest.raises(BadInput, match="keywords"):
        similar.keywords_of(path)


def test_similar_papers_are_scored_by_the_same_hands(series, either_half):
    hands = same_hands.Hands()
    judged = similar.by_authors(hands, 9, 1, "report")
    assert set(judged.qrels) == {series[0].pk, series[1].pk}
    found = similar.measure(judged, hands, ["words", "meaning"], silent)
    assert found.scores["words"]["nDCG@10"]["2601.00001"] == 1.0
    assert found.scores["meaning"]["nDCG@10"]["2601.00001"] == 0.0  # nothing has a vector
    assert found.groups["field"] == {"2601.00001": "cs", "2601.00002": "cs"}
    assert found.groups["year"]["2601.00001"] == "2025"
    assert found.groups["near"] == {"2601.00001": "1", "2601.00002": "1"}
    assert found.groups["text"]["2601.00001"] == "1-100"


def test_a_paper_is_told_apart_by_the_words_of_its_text_and_by_how_many_are_near(series):
    long = cast.paper("2601.00005", "Long", abstract="word " * 150)
    near = {f"2601.0000{number}": 1 for number in range(1, 5)}
    found = similar.measure(similar.Judged("authors", {long.pk: near}), same_hands.Hands(), ["words"], silent)
    assert found.groups["text"] == {"2601.00005": "151-200"}
    assert found.groups["near"] == {"2601.00005": "3-5"}


def test_a_series_is_of_all_the_same_authors_within_a_month(db, either_half):
    day = date(2026, 1, 5)
    for number, (authors, days) in enumerate((("ab", 0), ("ba", 30), ("ab", 40), ("abc", 1), ("a", 0), ("a", 1)), 1):
        names = [f"{name.upper()} Example" for name in authors]
        cast.paper(f"2601.0000{number}", f"Paper {number}", authors=names, day=day + timedelta(days))
    judged = similar.JUDGES["series"](same_hands.Hands(), 9, 1, "report")
    assert {frozenset(near) for near in judged.qrels.values()} == {
        frozenset({"2601.00002"}),
        frozenset({"2601.00001", "2601.00003"}),
    }
    assert len(judged.qrels) == 3, "the first and the third have the second each"


def test_a_rare_set_of_two_categories_makes_papers_near_and_a_usual_one_does_not(db, either_half, monkeypatch):
    monkeypatch.setattr(similar, "RARE", 2)
    kinds = (["cs.LG", "q-bio.GN"], ["q-bio.GN", "cs.LG"], ["cs.CL"], ["cs.CL"], *[["cs.LG", "stat.ML"]] * 3)
    made = [cast.paper(f"2601.0000{number}", "A", categories=own) for number, own in enumerate(kinds)]
    judged = similar.JUDGES["categories"](same_hands.Hands(), 9, 1, "report")
    assert judged.qrels == {made[0].pk: {made[1].key: 1}, made[1].pk: {made[0].key: 1}}


def test_every_system_finds_and_none_counts_the_paper_itself(series):
    hands = same_hands.Hands()
    judged = similar.Judged("authors", {series[0].pk: {"2601.00002": 1}})
    found = similar.measure(judged, hands, list(similar_systems.SYSTEMS), silent)
    reached = {system: scores["nDCG@10"]["2601.00001"] for system, scores in found.scores.items()}
    by_vectors = {"cosine", "meaning"}  # nothing has one
    assert reached == {name: 0.0 if name in by_vectors else 1.0 for name in similar_systems.SYSTEMS}


def test_papers_that_nobody_judged_are_left_out_before_scoring(series):
    hands = same_hands.Hands()
    judged = similar.Judged("keywords", {series[1].pk: {"2601.00001": 1}}, frozenset({"2601.00001", "2601.00002"}))
    found = similar.measure(judged, hands, ["words"], silent)
    assert found.scores["words"]["nDCG@10"]["2601.00002"] == 1.0


def test_changes_are_what_some_near_paper_has_and_the_paper_has_not(series, either_half, monkeypatch):
    monkeypatch.setattr(like, "FEWEST", 1)
    hands = same_hands.Hands()
    made = {kind: like.changes(hands, kind, 9, 1, "report") for kind in like.KINDS}
    first = {kind: next(one for one in made[kind] if one.paper == series[0].pk) for kind in ("category", "year")}
    assert (first["category"].words, first["category"].targets) == ("for robotics", {"2601.00002"})
    assert (first["year"].words, first["year"].query) == ("from 2026", "since:2026")
    keyword = next(one for one in made["keyword"] if one.paper == series[0].pk)
    assert keyword.words == "about walking robots"
    assert made["without"] == []  # whatever its title names, every near paper holds


def test_like_this_but_is_asked_beside_the_paper_and_the_words_alone(series, either_half):
    hands = same_hands.Hands()
    change = like.Change("keyword", series[0].pk, "about robots", "robots", frozenset({"2601.00002"}))
    found = like.measure([change], hands, list(like.SYSTEMS), silent)
    recall = {system: scores["R@50"]["keyword 2601.00001"] for system, scores in found.scores.items()}
    assert recall == dict.fromkeys(like.SYSTEMS, 1.0)
    ranked = {system: scores["nDCG@10"]["keyword 2601.00001"] for system, scores in found.scores.items()}
    assert ranked["like"] == 1.0
    assert found.groups["change"] == {"keyword 2601.00001": "keyword"}
    assert found.groups["length"] == {"keyword 2601.00001": "1-3"}
    assert found.groups["year"] == {"keyword 2601.00001": "2025"}
