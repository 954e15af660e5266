"""Which papers pass the words, categories and authors that a subscription asks for."""

import pytest

from broadsheet.mail.filters import Read, Wanted
from broadsheet.mail.models import Subscription
from broadsheet.papers.models import Paper


def passes(paper=None, **wishes):
    held = {"title": "On fine-tuning C++ models", "abstract": "", "authors": [], "categories": ["cs.LG"]} | (
        paper or {}
    )
    return Wanted(Subscription(**wishes)).takes(Read(Paper(**held)))


@pytest.mark.parametrize(
    "phrase", ["fine-tuning", "fine tuning", "FINE TUNING", "Models", "c++", "on fine tuning c++ models"]
)
def test_words_and_phrases_are_found_whole_in_any_spelling(phrase):
    assert passes(include=[phrase])
    assert not passes(exclude=[phrase])


@pytest.mark.parametrize("phrase", ["tun", "model", "c", "c#", "tuning fine", "fine models", "tuning models", "–", "."])
def test_parts_of_words_and_words_in_another_order_are_not_found(phrase):
    assert not passes(include=[phrase])
    assert passes(exclude=[phrase])


def test_a_paper_holds_any_word_to_include_and_none_to_exclude():
    assert passes(include=["vision", "models"])
    assert not passes(include=["models"], exclude=["vision", "fine-tuning"])


def test_accents_and_mathematics_do_not_hide_a_word():
    paper = {"title": r"The Schr\"odinger equation", "abstract": r"for $\alpha$-stable laws of Łukasiewicz"}
    assert passes(paper, include=["Schrödinger equation"])
    assert passes(paper, include=["schrodinger"])
    assert passes(paper, include=["α-stable"])
    assert passes(paper, include=["lukasiewicz"])


def test_scripts_without_blanks_are_searched_within():
    assert passes({"title": "関係抽出のための学習"}, include=["学習"])
    assert not passes({"title": "関係抽出のための学習"}, include=["画像"])


@pytest.mark.parametrize(
    ("asked", "is_there"), [("cs.LG", True), ("cs", True), ("CS.lg", True), ("cs.L", False), ("math", False)]
)
def test_categories_are_classes_or_whole_archives(asked, is_there):
    assert passes(categories=[asked]) is is_there


@pytest.mark.parametrize(
    "asked",
    ["Jörg Müller", "jorg muller", "J. Müller", "Müller", "Müller, Jörg", "J Muller", "Jörg K. Müller"],
)
def test_an_author_is_found_with_initials_without_accents_and_in_any_order(asked):
    assert passes({"authors": ["Bo Sample", "Jörg Müller"]}, authors=[asked])


@pytest.mark.parametrize("asked", ["Jana Müller", "K. Müller", "Jörg Mull", "Jörg", "Sample Müller"])
def test_another_author_is_not_found(asked):
    assert not passes({"authors": ["Bo Sample", "Jörg Müller"]}, authors=[asked])


@pytest.mark.parametrize("asked", ["Ann van der Example", "A. Example", "van der Example", "ann VAN DER example"])
def test_a_particle_may_be_left_out(asked):
    assert passes({"authors": ["Ann van der Example"]}, authors=[asked])


def test_a_particle_that_differs_is_another_name():
    assert not passes({"authors": ["Ann van der Example"]}, authors=["Ann von Example"])


def test_names_written_in_tex_and_names_of_groups_are_found():
    assert passes({"authors": [r"Bj{\"o}rn {\O}stergaard"]}, authors=["Bjorn Ostergaard"])
    assert passes({"authors": ["The Example Collaboration"]}, authors=["the example collaboration"])


def test_papers_with_fewer_votes_do_not_pass():
    assert passes({"imported_votes": 2, "reader_votes": 1}, least_votes=3)
    assert not passes({"imported_votes": 2}, least_votes=3)
