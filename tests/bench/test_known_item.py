"""Known items: what is asked for, what is masked, and what a prepared folder gives."""

import json

import pytest
from tests.cast import paper as make

from broadsheet.bench import known_item, known_item_papers
from broadsheet.errors import BadInput

ABSTRACT = (
    "Lanterns were lit along the coast, e.g. on every second tower, for several centuries. "
    "We count which of them were seen by ships that came from the open sea at night. "
    "Most of them were lit too late in winter, as the logs of the keepers show."
)


@pytest.fixture
def lanterns(db):
    return make("2601.00007", r"Lanterns of the $\alpha$ Coast", abstract=ABSTRACT, categories=["physics.hist-ph"])


def test_a_title_is_asked_for_as_it_is_shown(lanterns):
    (item,) = known_item.titles([lanterns])
    assert (item.query, item.key, item.field, item.year) == (
        "Lanterns of the α Coast",
        "2601.00007",
        "physics",
        "2026",
    )
    assert item.masked is None


@pytest.mark.parametrize("seed", range(6))
def test_the_sentence_that_is_asked_for_stands_no_longer_in_the_abstract(lanterns, seed):
    (item,) = known_item.sentences([lanterns], seed)
    assert item.query in ABSTRACT
    assert item.masked is not None
    assert item.query not in item.masked
    kept = [one for one in ABSTRACT.replace("e.g. ", "e.g.~").split(". ") if one.replace("~", " ") not in item.query]
    assert all(one.replace("~", " ").rstrip(".") in item.masked for one in kept), "the other sentences are all there"


def test_another_seed_asks_for_another_sentence_and_the_same_for_the_same(lanterns):
    asked = {known_item.sentences([lanterns], seed)[0].query for seed in range(12)}
    assert len(asked) == 3
    assert known_item.sentences([lanterns], 5) == known_item.sentences([lanterns], 5)


def test_a_sentence_that_stands_twice_is_masked_twice(lanterns):
    lanterns.abstract = f"{ABSTRACT} {ABSTRACT}"
    (item,) = known_item.sentences([lanterns])
    assert item.query not in item.masked


def test_an_abstract_of_one_sentence_is_not_asked_for(lanterns):
    lanterns.abstract = "We count which of them were seen by ships that came from the open sea at night."
    assert known_item.sentences([lanterns]) == []


def test_three_key_phrases_of_the_abstract_are_asked_for(lanterns):
    (item,) = known_item.keywords([lanterns], 1000, lambda names: [20 for _ in names])
    assert 3 <= len(item.query.split()) <= 12
    assert all(word.lower() in ABSTRACT.lower() for word in item.query.split())
    lanterns.abstract = "Lanterns."
    assert known_item.keywords([lanterns], 1000, lambda names: [20 for _ in names]) == []


def test_items_become_queries_with_one_relevant_paper_each(lanterns):
    judged = known_item.judged(known_item.titles([lanterns]))
    assert judged.queries == {"2601.00007": "Lanterns of the α Coast"}
    assert judged.qrels == {"2601.00007": {"2601.00007": 1}}
    assert judged.groups == {"field": {"2601.00007": "physics"}, "year": {"2601.00007": "2026"}}


class TestAPreparedFolder:
    @pytest.fixture
    def folder(self, tmp_path):
        found = [known_item.Item(f"query {n}", f"k{n}", "cs", "2026") for n in range(10)]
        known_item.write(tmp_path, 4, 12, {"title": found, "sentence": [], "keywords": []})
        return tmp_path

    def test_gives_its_items_or_fewer_spread_over_all(self, folder):
        assert [item.key for item in known_item.items("title", home=folder)] == [f"k{n}" for n in range(10)]
        assert [item.key for item in known_item.items("title", 5, 4, folder)] == ["k0", "k2", "k4", "k6", "k8"]

    def test_gives_what_there_is_where_as_many_were_wanted(self, folder):
        assert len(known_item.items("title", 12, home=folder)) == 10

    def test_says_what_it_does_not_have(self, folder, tmp_path):
        with pytest.raises(BadInput, match="prepared with 12 items, not 13"):
            known_item.items("title", 13, home=folder)
        with pytest.raises(BadInput, match="seed 4, not 1"):
            known_item.items("title", 5, 1, folder)
        with pytest.raises(BadInput, match="holds no known items"):
            known_item.items("title", home=tmp_path / "elsewhere")

    def test_a_broken_file_is_told(self, folder):
        (folder / known_item.FILE).write_text(json.dumps({"seed": 1}))
        with pytest.raises(BadInput, match="holds no known items"):
            known_item.items("title", home=folder)


class TestThePapers:
    @pytest.fixture(autouse=True)
    def store(self, db, monkeypatch):
        """The site's own store is this very database here."""
        monkeypatch.setattr(known_item_papers, "STORE", "default")
        for number in range(90):
            field = "math.CO" if number % 9 == 0 else "cs.CL"
            make(f"2601.{number:05}", f"Paper {number}", abstract=ABSTRACT, categories=[field])

    def test_each_task_is_drawn_from_papers_of_its_own(self):
        drawn = known_item_papers.drawn(8, 1, lambda done, total: None)
        keys = [{item.key for item in drawn[task]} for task in known_item.TASKS]
        assert [len(one) for one in keys] == [8, 8, 8]
        assert len(set.union(*keys)) == 24

    def test_the_same_seed_draws_the_same_and_fields_keep_their_share(self):
        drawn = known_item_papers.drawn(15, 1, lambda done, total: None)
        assert drawn == known_item_papers.drawn(15, 1, lambda done, total: None)
        assert drawn != known_item_papers.drawn(15, 2, lambda done, total: None)
        assert 1 <= sum(item.field == "math" for item in drawn["title"]) <= 4

    def test_papers_are_copied_with_their_own_abstracts_or_the_masked_ones(self):
        source = known_item_papers.Copied({"2601.00002": "Masked."})
        rows = {item.row.id: item.row for item in source.fetch()}
        assert (len(rows), source.done, source.total) == (90, 90, 90)
        assert rows["2601.00002"].abstract == "Masked."
        assert rows["2601.00003"].abstract == ABSTRACT

    def test_a_copy_goes_on_behind_the_last_paper(self):
        positions = [item.position for item in known_item_papers.Copied({}).fetch()]
        rest = known_item_papers.Copied({})
        assert [item.position for item in rest.fetch(after=positions[80])] == positions[81:]
        assert rest.done == 90
        few = known_item_papers.Copied({}, only=positions[:4])
        assert [item.position for item in few.fetch(after=positions[1])] == positions[2:4]
        assert few.done == 4
