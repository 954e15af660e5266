"""BibTeX entries, byte for byte."""

from datetime import date

import pytest

from broadsheet.papers.bibtex import bibtex

DAY = date(2025, 1, 2)


def line(name: str, entry: str) -> str:
    return next(line.strip().rstrip(",") for line in entry.splitlines() if line.strip().startswith(f"{name} ="))


def test_an_entry_is_written_byte_for_byte():
    entry = bibtex(
        "2501.00001",
        "An Example of $\\ell_p$-Nets: 50\\% & more",
        ["Zoë Last", "Ann van der First", "B. Middle Jr."],
        DAY,
        "cs.CL",
        "10.48550/arXiv.2501.00001",
    )
    assert entry == (
        "@misc{last2025example,\n"
        "  title = {{An} {Example} of {$\\ell_p$}{-Nets}: 50\\% \\& more},\n"
        "  author = {Zoë Last and Ann van der First and Middle, Jr., B.},\n"
        "  year = {2025},\n"
        "  eprint = {2501.00001},\n"
        "  archivePrefix = {arXiv},\n"
        "  primaryClass = {cs.CL},\n"
        "  url = {https://arxiv.org/abs/2501.00001},\n"
        "  doi = {10.48550/arXiv.2501.00001}\n"
        "}"
    )


def test_authors_keep_their_order():
    names = [f"A. Number{place}" for place in range(30)]
    assert line("author", bibtex("2501.00001", "T", names, DAY, "", "")) == f"author = {{{' and '.join(names)}}}"


@pytest.mark.parametrize(
    ("author", "written"),
    [
        ("A. Example Jr.", "Example, Jr., A."),
        ("A. Example, Jr.", "Example, Jr., A."),
        ("A. B. van der Example III", "van der Example, III, A. B."),
        ("Ludwig van Example", "Ludwig van Example"),
        ("Example, A.", "Example, A."),
        ("The Example Collaboration", "{The Example Collaboration}"),
        ("Institute of Art and Example", "{Institute of Art and Example}"),
        (r"Fr\'ed\'eric {Example}", "Frédéric Example"),
        ("A & B_Example {x", r"A \& B\_Example \textbraceleft{}x"),
        ("Jr.", "Jr."),
        ("  A.   Example ", "A. Example"),
        ("李 明", "李 明"),
    ],
)
def test_a_name_is_set_so_that_bibtex_finds_the_surname(author, written):
    assert line("author", bibtex("2501.00001", "T", [author], DAY, "", "")) == f"author = {{{written}}}"


@pytest.mark.parametrize(
    ("author", "title", "key"),
    [
        ("A. Example", "The Nets", "example2025nets"),
        ("A. B. van der Example Jr.", "On Nets", "vanderexample2025on"),
        ("Example, A.", "GPT-4: more", "example2025gpt"),
        ("Jürgen Øßtergård", "Étude", "osstergard2025etude"),
        ("李 明", "深度 nets", "paper2025nets"),
        ("", "", "paper2025"),
    ],
)
def test_the_key_is_surname_year_and_first_word_in_ascii(author, title, key):
    assert bibtex("2501.00001", title, [author] if author else [], DAY, "", "").startswith(f"@misc{{{key},\n")


@pytest.mark.parametrize("title", ["a {b", "a } b", "\\", "{{}}}", "$\\{x$", "100% #1 a_b ~c ^d & $5", "\\textbf{x"])
def test_no_title_unbalances_the_entry(title):
    entry = bibtex("2501.00001", title, ["A. Example"], DAY, "cs.CL", "10.1/{x}")
    assert entry.count("{") == entry.count("}")
    assert entry.endswith("\n}")


def test_what_is_unknown_is_left_out():
    entry = bibtex("conf-2025-17", "Nets", ["A. Example"], None, "cs.CL", "")
    assert entry == "@misc{examplenets,\n  title = {{Nets}},\n  author = {A. Example}\n}"


def test_an_old_style_id_is_arxivs_too():
    assert line("url", bibtex("cs/0601001", "T", [], DAY, "", "")) == "url = {https://arxiv.org/abs/cs/0601001}"
