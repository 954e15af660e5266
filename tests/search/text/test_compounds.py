"""Words written in several ways: what a paper is found by besides its own, and what a query asks for besides."""

import pytest

from broadsheet.search.text.compounds import HYPHENED, NAME, PAIR, Form, forms, joined


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Self-supervised learning", ["Selfsupervised"]),
        ("state-of-the-art and k-means", ["stateoftheart", "kmeans"]),
        ("as fine-tuning is, (fine-tuning), too", ["finetuning", "(finetuning),"]),
        ("pre-\ntraining\nof x-rays", ["xrays"]),
        ("a dash - or -5 or trailing- or --", []),
        ("self\u2010supervised β decay", ["beta", "selfsupervised"]),
        ("Cu_xBi2Se3 and high T_c", ["CuxBi2Se3", "Tc"]),
        ("bulk La_(3-x)Nd_xNi2O7", ["La3-xNdxNi2O7", "La3xNdxNi2O7", "La_(3x)Nd_xNi2O7"]),
        ("_ or __init__ or a_", ["init", "a"]),
        ("in C++ and C#", ["cplusplus", "csharp"]),
        ("no compound at all", []),
        ("", []),
    ],
)
def test_a_paper_is_found_by_its_compounds_as_one_word_and_by_its_letters_names(text, words):
    assert joined(text) == words


def test_a_query_asks_for_what_was_typed_apart_as_one_word_at_little_weight():
    assert forms("data set") == [Form("dataset", PAIR)]
    assert forms("self supervised learning") == [Form("selfsupervised", PAIR), Form("supervisedlearning", PAIR)]


def test_a_compound_with_hyphens_is_asked_for_as_one_word():
    assert Form("selfsupervised", HYPHENED) in forms("Self-Supervised learning")
    assert Form("stateoftheart", HYPHENED) in forms("state-of-the-art")


def test_what_tells_most_comes_first_as_not_all_forms_of_a_whole_text_are_asked_for():
    asked = forms("one and then another of the many words Cu_xBi2Se3 self-supervised β-decay C++")
    assert {form.word for form in asked[:5]} == {"cuxbi2se3", "selfsupervised", "βdecay", "beta", "cplusplus"}
    assert [form.weight for form in asked[5:]] == [PAIR] * len(asked[5:])


def test_a_formula_is_asked_for_as_one_word():
    assert forms("T_c") == [Form("tc", HYPHENED)]
    assert Form("cuxbi2se3", HYPHENED) in forms("Cu_xBi2Se3 films")


def test_letters_are_asked_for_by_name_and_languages_by_theirs():
    assert forms("β") == [Form("beta", NAME)]
    assert forms("Λ") == [Form("lambda", NAME)]
    assert forms("C++") == [Form("cplusplus", 1.0)]


def test_nothing_is_asked_for_twice_and_short_words_do_not_join():
    assert forms("is it on") == []
    assert forms("dataset data set") == [Form("datasetdata", PAIR)]
