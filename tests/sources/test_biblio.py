"""Files of references as papers: BibTeX with its TeX, RIS, CSL-JSON as Zotero and Crossref write it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.errors import BadInput
from broadsheet.sources import biblio
from broadsheet.sources.record import Record, Reject

PLACES = Path(__file__).parents[1] / "data" / "places"


def rows(name: str) -> list[Record | Reject]:
    return list(biblio.read((PLACES / name).read_bytes(), "mine"))


def one(text: str) -> Record | Reject:
    (row,) = biblio.read(text.encode(), "mine")
    return row


def test_an_entry_of_bibtex_is_read_whole():
    assert rows("references.bib")[0] == Record(
        id="doi:10.1000/example(2025).42",
        title=r"On BERTs and {\'E}coles: $n_{1}$ Examples at 5\% Cost",
        source="mine",
        abstract=r"We show that $n$ examples \& more suffice---at last.",
        authors=("Bo van der Instänce Jr.", "The Barnes and Case Team", "Ada Example"),
        categories=("cs.CL",),
        published=datetime(2025, 3, 9, tzinfo=UTC),
        doi="10.1000/EXAMPLE(2025).42",
        journal_ref="Annals of Examples 12(3), pages 45-67 (2025)",
        keywords=("parsing", "examples"),
    )


def test_an_entry_of_ris_is_read_whole():
    assert rows("references.ris")[0] == Record(
        id="doi:10.1000/ris.1",
        title="Examples, Kept as RIS",
        source="mine",
        abstract="What RIS says of it.",
        authors=("Ada Example", "Bo Instance Jr."),
        categories=("cs.LG",),
        published=datetime(2025, 3, 9, tzinfo=UTC),
        doi="10.1000/ris.1",
        journal_ref="Annals of Examples 12(3), pages 45-67 (2025)",
        keywords=("examples",),
    )


def test_an_item_of_csl_is_read_whole():
    assert rows("references.json")[0] == Record(
        id="doi:10.1000/csl.1",
        title="Examples of E. coli with p < 5",
        source="mine",
        abstract="What Crossref says.\nAnd more.",
        authors=("Ada Example", "The Case Team"),
        published=datetime(2025, 3, 9, tzinfo=UTC),
        doi="10.1000/csl.1",
        journal_ref="Annals of Examples 12(3), pages 45-67 (2025)",
    )


@pytest.mark.parametrize(
    ("name", "number", "key"),
    [("references.bib", 1, "2301.00001"), ("references.ris", 1, "2301.00002"), ("references.json", 1, "2301.00003")],
)
def test_arxivs_papers_are_known_as_such_and_keep_their_own_dates(name, number, key):
    row = rows(name)[number]
    assert isinstance(row, Record)
    assert (row.id, row.published, row.doi, row.journal_ref) == (key, None, "", "")


def test_a_paper_without_any_id_is_known_again_by_title_author_and_year():
    row = rows("references.bib")[2]
    assert isinstance(row, Record)
    assert row.id.startswith("bib:")
    assert (row.published, row.journal_ref) == (None, "Proceedings of a Meeting (1990)")
    assert row.project_url == "https://example.org/old/1990.html"
    again = one("@book{x, title={Known by nothing, but its TITLE}, author={Mo Case}, year=1990}")
    other = one("@book{x, title={Known by nothing but its title}, author={Mo Case}, year=1991}")
    assert isinstance(again, Record)
    assert isinstance(other, Record)
    assert again.id == row.id != other.id


def test_what_cannot_be_read_is_rejected_with_its_own_text():
    untitled, broken = rows("references.bib")[4:]
    assert isinstance(untitled, Reject)
    assert isinstance(broken, Reject)
    assert untitled.reason == "entry 5 (untitled): The row has no id."
    assert "@article{untitled" in untitled.raw
    assert broken.reason.startswith("entry 6 (line 43): it cannot be read: ")
    assert "Never closed" in broken.raw
    assert [row.reason for row in rows("references.json") if isinstance(row, Reject)] == [
        "entry 3 (csl3): The row has no title.",
        "entry 4: it is not an object.",
    ]


def test_notes_of_whoever_kept_the_file_are_not_taken_over():
    for name in ("references.bib", "references.ris", "references.json"):
        assert "A note of my own" not in repr([row for row in rows(name) if isinstance(row, Record)])


def test_an_eprint_of_another_archive_is_no_arxiv_id():
    row = one("@misc{x, title={T}, eprint={2301.00001}, eprinttype={hal}}")
    assert isinstance(row, Record)
    assert row.id.startswith("bib:")


@pytest.mark.parametrize(
    ("fields", "published"),
    [
        ("date={2024-05-09}", "2024-05-09"),
        ("date={2024-05}", "2024-05-01"),
        ("date={2024}", None),
        ("year=2024, month=sep", "2024-09-01"),
        ("year={2024}, month={September 3-5}", "2024-09-01"),
        ("year={forthcoming}", None),
    ],
)
def test_the_day_is_known_from_the_month_on(fields, published):
    row = one(f"@article{{x, title={{T}}, doi={{10.1000/1}}, {fields}}}")
    assert isinstance(row, Record)
    assert (row.published.date().isoformat() if row.published else None) == published


def test_a_key_that_this_site_wrote_is_taken_back():
    row = one("@misc{x, title={T}, broadsheetid={bib:0123456789abcdef}}")
    assert isinstance(row, Record)
    assert row.id == "bib:0123456789abcdef"


def test_a_file_of_no_known_format_is_refused():
    with pytest.raises(BadInput, match="none of BibTeX, RIS and CSL-JSON"):
        list(biblio.read(b"Dear all,", "mine"))
    with pytest.raises(BadInput, match="not UTF-8"):
        list(biblio.read(b"@misc{x, title={\xff}}", "mine"))


def test_a_file_in_utf_16_is_read():
    (row,) = biblio.read("@misc{x, title={Übung}}".encode("utf-16"), "mine")
    assert isinstance(row, Record)
    assert row.title == "Übung"


@pytest.mark.parametrize(
    ("value", "is_one"),
    [
        ([{"type": "article", "title": "T"}], True),
        ({"type": "article", "DOI": "10.1/1"}, True),
        ({"items": [{"type": "article", "title": "T"}]}, True),
        ([{"paper": {}}], False),
        ([], False),
        ({}, False),
        ([7], False),
    ],
)
def test_csl_is_told_by_its_first_item(value, is_one):
    assert biblio.is_csl(value) == is_one


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("{}\\@,=\"'$%&#~ \n\taäé1-():and"), max_size=80))
def test_no_field_of_bibtex_makes_more_than_a_row_or_a_reason(text):
    for row in biblio.read(f"@misc{{x, title = {{{text}}}, author = {{{text}}}, year = {{{text}}}}}".encode(), "mine"):
        assert isinstance(row, Record | Reject)
