"""Lines of authors as arXiv prints them, with institutes, accents in TeX, collaborations and suffixes."""

import pytest

from broadsheet.sources.arxiv_authors import names_of


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("", []),
        ("Plato", ["Plato"]),
        ("A. Example, B. Other and C. Third", ["A. Example", "B. Other", "C. Third"]),
        ("A. Example, B. Other, and C. Third", ["A. Example", "B. Other", "C. Third"]),
        ("A. Example & B. Other", ["A. Example", "B. Other"]),
        ("A. Example\n  and\tB. Other", ["A. Example", "B. Other"]),
        ("Alexandra Andersand, B. Other", ["Alexandra Andersand", "B. Other"]),
        ("A. Example (Institute, Town), B. Other (1 and 2)", ["A. Example", "B. Other"]),
        ("A. Example (1), B. Other (2) ((1) Here, now (old), (2) There)", ["A. Example", "B. Other"]),
        ("A. Example (never closed, B. Other", ["A. Example"]),
        ("The EX Collaboration: G.Aad, B. Other, et al.", ["The EX Collaboration", "G. Aad", "B. Other"]),
        ("J. Doe, Jr., K. Doe III, L. Doe", ["J. Doe, Jr.", "K. Doe III", "L. Doe"]),
        ("C.-P. Example, Ph. de la Sample", ["C.-P. Example", "Ph. de la Sample"]),
        (r"C. Bal\'azs, K. G\"odel, M. \v{S}ample", ["C. Balázs", "K. Gödel", "M. Šample"]),
        (r"J. {\aa}s, \O rsted, \L ukasz, Stra{\ss}e, \AE sir", ["J. ås", "Ørsted", "Łukasz", "Straße", "Æsir"]),
        (r"Mart{\'\i}n, Gon\c calves, Nu\~nez, {\'E}mile", ["Martín", "Gonçalves", "Nuñez", "Émile"]),
        (r"S.~Example", ["S. Example"]),
        (r"E. P\'{e}rez, \^{A}ge, \=Oki, \.Zed, \k{a}b, \H{o}b", ["E. Pérez", "Âge", "Ōki", "Żed", "ąb", "őb"]),
        (r"A. \unknown B", [r"A. \unknown B"]),
        (", ; :", []),
    ],
)
def test_a_line_gives_its_names(line, names):
    assert names_of(line) == names


def test_a_line_made_to_be_slow_is_read_at_once():
    assert len(names_of("(" * 50_000 + "\\'" * 25_000 + "{" * 50_000)) == 0
    assert len(names_of("a. b, " * 15_000)) == 15_000
    assert len(names_of(" and" * 20_000)) <= 20_000
