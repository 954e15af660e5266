"""How like two papers are: the same work under another spelling, and works that only look alike."""

import pytest

from broadsheet.papers.likeness import (
    PERHAPS,
    SURE,
    Text,
    abstract_likeness,
    authors_likeness,
    kindred,
    likeness,
    same_name,
    title_likeness,
)

ABSTRACT = (
    "We measure how short papers grow over the years. Our corpus holds a hundred thousand papers of twelve fields. "
    "Growth is slow in all of them. We find that reviewers ask for more pages than authors remove. "
    "A simple model explains four fifths of the growth, and predicts the length of the papers of next year."
)
PAPER = Text("Scaling Laws for Short Papers: A Measurement", ("Ada Example", "Bo van der Sample"), ABSTRACT, 2026)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Ada Example", "A. Example", True),
        ("Ada B. Example", "Example, Ada", True),
        ("Zoë Ångström", "Zoe Angstrom", True),
        ("Jörg Müller", "Joerg Mueller", False),
        ("J. Müller", "J. Mueller", True),
        ("Bo van der Sample", "B. Sample", True),
        ("Example Ada", "Ada Example", True),
        ("Ada Example Jr.", "Ada Example", True),
        ("Ada Example", "Adam Example", True),
        ("Ada Example", "Bea Example", False),
        ("Ada Example", "Ada Instance", False),
    ],
)
def test_names_of_one_author_are_known_again(one, other, expected):
    assert same_name(one, other) is expected
    assert same_name(other, one) is expected


def test_a_paper_is_wholly_like_itself_in_other_spelling():
    other = Text(
        "SCALING laws for short papers - a measurement", ("Sample, B.", "Example, A."), ABSTRACT.replace(" ", "\n")
    )

    found = likeness(PAPER, other)

    assert (found.score, found.title, found.authors, found.abstract) == (1.0, 1.0, 1.0, 1.0)
    assert likeness(other, PAPER) == found


def test_a_revised_paper_is_the_same_and_other_peoples_paper_of_that_title_is_not():
    revised = Text(PAPER.title, ("A. Example", "B. Sample", "Cy Third"), ABSTRACT.partition("We find")[0] + "New end.")
    others = Text(
        PAPER.title, ("Cy Third", "Di Fourth"), "Something about lengths of texts that says it otherwise. " * 3
    )

    assert likeness(PAPER, revised).score >= SURE
    assert likeness(PAPER, others).score < PERHAPS


def test_a_title_alone_makes_nothing_sure():
    assert likeness(Text(PAPER.title), Text(PAPER.title)).score < PERHAPS
    assert PERHAPS <= likeness(PAPER, Text(PAPER.title, PAPER.authors)).score < SURE


def test_what_is_not_known_says_nothing():
    found = likeness(PAPER, Text(PAPER.title, (), "Too short."))

    assert (found.authors, found.abstract) == (None, None)


def test_many_years_between_two_papers_speak_against_them():
    later = Text(PAPER.title, PAPER.authors, PAPER.abstract, 2035)

    assert likeness(PAPER, later).score < likeness(PAPER, Text(PAPER.title, PAPER.authors, PAPER.abstract, 2027)).score


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("On Short Papers, Part I", "On Short Papers, Part II"),
        ("On Short Papers 1", "On Short Papers 2"),
        ("On Short Papers", "On Short Papers II"),
        ("On Short Papers", "Erratum: On Short Papers"),
        ("On Short Papers", "Correction to: On Short Papers"),
        ("On Short Papers", "Reply to “On Short Papers”"),
        ("On Short Papers", "Comment on On Short Papers"),
        ("On Short Papers", "On Short Papers (Extended Abstract)"),
        ("Part 1: Growth of Papers", "Part 2: Length of Papers"),
    ],
)
def test_parts_errata_and_replies_are_kindred(one, other):
    assert kindred(one, other)
    assert kindred(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("On Short Papers", "On short papers."),
        ("On Short Papers", "Short Papers: A Study"),
        ("Reply to “On Short Papers”", "Reply to On Short Papers"),
        ("A Review of Papers", "Review of Papers"),
    ],
)
def test_other_titles_are_not(one, other):
    assert not kindred(one, other)


def test_titles_authors_and_abstracts_without_words_are_like_nothing():
    assert title_likeness("", "") == 0.0
    assert title_likeness("???", "On Short Papers") == 0.0
    assert authors_likeness([], ["Ada Example"]) is None
    assert abstract_likeness("", ABSTRACT) is None


def test_a_list_of_authors_that_was_cut_is_still_like():
    many = [f"Ada{number} Example{number}" for number in range(20)]

    cut = authors_likeness(many, many[:3])

    assert cut is not None
    assert 0.7 < cut < 1.0
    assert authors_likeness(many, ["Cy Third"]) == 0.0
