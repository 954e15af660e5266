"""Collections made of papers, on which search is tuned: what asks is not what is found."""

import random

import pytest
from scripts import collections_of_papers as collections

from broadsheet.sources import beir
from broadsheet.sources.record import Record

SYLLABLES = ("ba", "co", "di", "fu", "ga", "hel", "jo", "kri", "lum", "mor", "nes", "pra", "quo", "rit", "sal", "tu")


def row(number: int) -> collections.Row:
    """A paper of made-up words; each ten in a row are by the same two authors."""
    draw = random.Random(number)
    words = iter(["".join(draw.choices(SYLLABLES, k=3)) for _ in range(240)])
    sentences = [" ".join(next(words) for _ in range(12)).capitalize() + "." for _ in range(18)]
    title = " ".join(next(words) for _ in range(7))
    hands = frozenset({f"A. of {number // 10}", f"B. of {number // 10}"})
    kinds = frozenset({"cs.IR", f"math.{number % 10}"})
    return collections.Row(f"2601.{number:05}", title, " ".join(sentences), hands, kinds, "cs", "2026")


@pytest.fixture(scope="module")
def made() -> dict[str, collections.Collection]:
    return collections.made(list(map(row, range(60))), papers=50, queries=5)


@pytest.mark.parametrize("name", ["sentence", "half-abstracts"])
def test_a_paper_lacks_the_part_of_it_that_asks(made, name):
    texts = {one.key: one.abstract for one in made[name].papers}
    assert len(made[name].queries) == 5
    for query in made[name].queries.values():
        (asked_for,) = query.relevant
        assert query.of is not None
        assert query.text in query.of.abstract
        assert texts[asked_for]
        assert query.text not in texts[asked_for]


def test_key_phrases_stand_in_the_paper_that_they_ask_for(made):
    texts = {one.key: one.abstract for one in made["three-phrases"].papers}
    for key, query in made["three-phrases"].queries.items():
        assert query.text.startswith(made["two-phrases"].queries[key].text)
        assert all(word in texts[key] for word in query.text.split())


def test_papers_ask_for_others_of_their_authors(made):
    for name in ("same-authors", "same-authors-abstract", "same-authors-within"):
        hands = {one.key: one.authors for one in made[name].papers}
        for key, query in made[name].queries.items():
            assert (key in hands) == (name == "same-authors-within")
            assert key not in query.relevant
            assert query.of is not None
            assert all(hands[found] == query.of.authors for found in query.relevant)


def test_titles_ask_where_no_paper_has_one(made):
    for name in ("titles", "half-titles", "title-phrases"):
        assert not any(one.title for one in made[name].papers)
    for key, query in made["half-titles"].queries.items():
        assert set(query.text.split()) < set(made["titles"].queries[key].text.split())


def test_collections_of_one_corpus_are_written_alike_and_read_as_any_other(made, tmp_path):
    for name in ("categories", "sentence"):
        collections.write(tmp_path / name, made[name])
    assert (tmp_path / "categories/corpus.jsonl").read_bytes() == (tmp_path / "sentence/corpus.jsonl").read_bytes()
    judged = beir.judgments(tmp_path / "sentence")
    assert set(judged.qrels) == set(made["sentence"].queries)
    assert set(judged.groups["field"].values()) == {"cs"}
    assert all(isinstance(item.row, Record) for item in beir.Corpus(tmp_path / "sentence").fetch())


def test_the_same_seed_draws_the_same_again(made):
    again = collections.made(list(map(row, range(60))), papers=50, queries=5)
    assert again == made
