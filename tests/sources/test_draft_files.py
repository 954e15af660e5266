"""A draft in a file: what a PDF's first pages, a file of references and a text are read as."""

import pytest
from tests.sources.tiny_pdf import pdf

from broadsheet.errors import BadInput
from broadsheet.sources import draft_files
from broadsheet.sources.draft_files import Draft, from_lines, joined, read
from broadsheet.sources.pdf_pages import Line

BODY = [("We present a way to count", 10.0), ("small pap-", 10.0), ("ers. It works.", 10.0)]
END = [("1 Introduction", 12.0), ("Papers are many.", 10.0)]
TITLE = [("Counting Small Papers", 17.0), ("Without Reading Them", 17.0)]
NAMES = [("Ada Example and Bo Sample", 11.0), ("University of Examples", 9.0)]


def lines(*parts):
    return [Line(text, size, 0) for part in parts for text, size in part]


def test_a_pdf_gives_its_title_and_abstract():
    draft = read(pdf([*TITLE, *NAMES, ("Abstract", 12.0), *BODY, *END], compressed=True))
    assert draft.title == "Counting Small Papers Without Reading Them"
    assert draft.abstract == "We present a way to count small papers. It works."


@pytest.mark.parametrize(
    "heading",
    [[("Abstract", 12.0)], [("ABSTRACT", 9.0)], [("A B S T R A C T", 9.0)], [("Abstract.", 9.0)], [("Summary", 12.0)]],
)
@pytest.mark.parametrize("end", ["1 Introduction", "I. INTRODUCTION", "Keywords: papers", "Index Terms - counting"])
def test_headings_are_known_in_their_spellings(heading, end):
    draft = from_lines(lines(TITLE, NAMES, heading, BODY, [(end, 11.0), ("Papers are many.", 10.0)]))
    assert draft.abstract == "We present a way to count small papers. It works."


def test_an_abstract_may_begin_on_the_line_of_its_heading():
    draft = from_lines(lines(TITLE, [("Abstract - We count papers.", 10.0)], END))
    assert draft.abstract == "We count papers."


def test_the_head_of_a_journal_and_a_stamp_are_no_title():
    head = [("Proceedings of Examples", 22.0), ("arXiv:2601.00001v1 [cs.CL]", 21.0)]
    assert from_lines(lines(head, TITLE, [("Abstract", 12.0)], BODY)).title.startswith("Counting Small Papers")


def test_without_a_heading_the_text_below_the_title_is_taken_and_that_is_said():
    text = [("We present a way to count the words of small papers here.", 10.0)]
    draft = from_lines(lines(TITLE, NAMES, text, END))
    assert draft.abstract == "We present a way to count the words of small papers here."
    assert "No heading" in draft.notes[0]


def test_a_pdf_without_either_says_what_to_do():
    with pytest.raises(BadInput, match="Neither a title nor an abstract"):
        from_lines(lines([("12", 10.0)]))


def test_one_entry_with_an_abstract_is_the_draft_itself():
    draft = read(b"@misc{own, title={A Draft of Mine}, author={Example, Ada and Sample, Bo}, abstract={We count.}}")
    assert draft == Draft("A Draft of Mine", "We count.", ("Ada Example", "Bo Sample"))


def test_several_entries_are_what_a_draft_cites():
    draft = read(
        b"@article{a, title={One}, eprint={2601.00001}, archivePrefix={arXiv}}\n@article{b, title={Two}}\n@article{c,}"
    )
    assert [work.title for work in draft.works] == ["One", "Two"]
    assert draft.works[0].id == "2601.00001"
    assert (draft.title, draft.abstract) == ("", "")
    assert draft.notes == ("1 entry of the file could not be read.",)


def test_a_text_has_its_title_in_the_first_line():
    assert read(b"A Title\n\nAbstract: We count\nsmall papers.") == Draft("A Title", "We count small papers.")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"  \n", "empty"),
        (b"x" * (draft_files.MOST_TEXT + 1), "bytes"),
        (b"%PDF-" + b"x" * draft_files.MOST_BYTES, "bytes"),
        ("@misc{a, title={Größe}}".encode("latin-1"), "not UTF-8"),
        (b"PK\x03\x04 a file of another kind, whatever it is called", "neither a PDF nor a text"),
        (b"abc\0def, a text of some words", "neither a PDF nor a text"),
        (b"<!DOCTYPE html><title>Graphs</title>", "HTML"),
        (b"[" * 100_000, "not JSON"),
        (b'[{"type": "book"', "not JSON"),
        (b"@article{a, title={x}}" * (draft_files.MOST_WORKS + 1), "entries"),
    ],
)
def test_files_that_are_too_large_or_none_are_refused_in_words(content, said):
    with pytest.raises(BadInput, match=said):
        read(content)


def test_a_text_may_begin_with_a_bracket():
    assert read(b"[Draft] Counting Papers\nWe count.") == Draft("[Draft] Counting Papers", "We count.")
    assert read(b"<i>Candida</i> in small papers").title == "<i>Candida</i> in small papers"


def test_a_text_may_be_utf_16():
    assert read("Größe\nWe count.".encode("utf-16")) == Draft("Größe", "We count.")


def test_of_very_many_authors_the_first_are_read():
    names = " and ".join(f"Ada Example{number}" for number in range(draft_files.MOST_AUTHORS + 5))
    own = f"@misc{{own, title={{A Draft}}, author={{{names}}}, abstract={{We count.}}}}"
    assert len(read(own.encode()).authors) == draft_files.MOST_AUTHORS


def test_what_was_typed_counts_before_what_the_file_says():
    typed, filed = Draft("Typed", ""), Draft("Filed", "The abstract.", ("Ada Example",), notes=("A note.",))
    assert joined(typed, filed) == Draft("Typed", "The abstract.", ("Ada Example",), notes=("A note.",))
