"""Names of authors, kept and asked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadsheet.search.text import people


def found(asked: str, *authors: str) -> bool:
    kept = set(people.kept(authors).split())
    return any(all(kept & set(some.split()) for some in way) for way in people.wanted(asked))


@pytest.mark.parametrize(
    ("asked", "author"),
    [
        ("example", "Ann van der Example"),
        ("van der Example", "Ann van der Example"),
        ("Ann Example", "Ann van der Example"),
        ("example, ann", "Ann van der Example"),
        ("A. Example", "Ann van der Example"),
        ("example a", "Ann van der Example"),
        ("Ann Example", "A. van der Example"),
        ("Ann Maria Example", "Ann M. Example"),
        ("J.-L. Sample", "Jean-Luc Sample"),
        ("MÜLLER", "Zoë Müller"),
        ("mueller", "Zoë Müller"),
        ("zoe muller", "Zoë Müller"),
        ("Garcia Marquez", "Ada García Márquez"),
        ("o'brien", "Bo O’Brien"),
        ("Sørensen", "Bo Sorensen"),
        ("Li Wei", "Wei Li"),
        ("Wei Li", "Li, Wei"),
        ("李", "李 明"),
        ("Great Sky Collaboration", "The Great Sky Collaboration"),
        ("Bo Du", "Bo Du"),
        ("du, bo", "Bo Du"),
        ("Du Bo", "Bo du"),
        ("Ann De", "Ann De"),
        ("Ann E", "Ann E"),
        ("Ann Example II", "Ann Example II"),
        ("Ann Example", "Ann Example III"),
        ("Ann B. Example-Example", "Ann B. Example-Example"),
        ("Ann B. C. D. E. F. van Example", "Ann B. C. D. E. F. van Example"),
        ("Li Li", "Li Li"),
    ],
)
def test_a_name_is_known_as_people_write_it(asked, author):
    assert found(asked, "Somebody Else", author)


@pytest.mark.parametrize(
    ("asked", "authors"),
    [
        ("Ann Sample", ["Ann Example", "Bo Sample"]),
        ("B. Example", ["Ann Example", "Bo Sample"]),
        ("Bea Example", ["Bo Example"]),
        ("van Example", ["Ann Example"]),
        ("Ann", ["Hanna Example"]),
        ("", ["Ann Example"]),
        ("?!", ["Ann Example"]),
    ],
)
def test_another_name_is_not(asked, authors):
    assert not found(asked, *authors)


@given(st.text(max_size=60), st.lists(st.text(max_size=40), max_size=4))
def test_no_name_can_hurt(asked, authors):
    people.kept(authors)
    assert all(way and all(way) for way in people.wanted(asked))


@given(st.lists(st.sampled_from(["Bo", "C.", "van", "Müller", "Li", "Du", "II"]), max_size=7))
def test_whoever_has_a_name_is_found_by_the_whole_of_it(middle):
    for last in ("Example", "De", "E"):
        name = " ".join(["Ann", *middle, last])
        assert found(name, name)
