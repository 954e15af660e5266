"""Rankings by name and by their settings."""

import pytest

from broadsheet.errors import BadInput
from broadsheet.search.tuning import DEFAULT, MEANING, SYSTEMS, WORDS, Ranking, named


def test_what_is_said_of_a_ranking_names_it():
    for ranking in (
        DEFAULT,
        WORDS,
        MEANING,
        Ranking(fusion="rrf", rrf_k=10, maxsim=30, feedback="rm3", by_length=False),
    ):
        assert named(str(ranking)) == ranking


def test_the_systems_have_names():
    assert {name: named(name) for name in SYSTEMS} == SYSTEMS
    assert named("default") == DEFAULT


def test_settings_stand_between_blanks_or_commas():
    assert named("weight=0.4,fusion=weighted by_length=no") == Ranking("weighted", 0.4, by_length=False)
    assert named("weight=none titles=no all_words=no") == Ranking(titles=False, all_words=False)


@pytest.mark.parametrize(
    "text", ["speed=9", "weight=2", "weight=nan", "fusion=sum", "depth=1e9", "acronyms=perhaps", "fast"]
)
def test_what_is_no_ranking_is_said(text):
    with pytest.raises(BadInput) as said:
        named(text)
    assert said.value.hint


@pytest.mark.parametrize(
    ("text", "alone"),
    [("words", True), ("weight=0 depth=5 feedback=rm3", True), ("fused", False), ("weight=0 maxsim=10", False)],
)
def test_words_alone_need_no_model(text, alone):
    assert named(text).words_alone is alone
