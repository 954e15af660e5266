"""The first pages of a PDF: its lines and their sizes, and files that cannot be read or shall not be."""

import pytest
from tests.sources.tiny_pdf import encrypted, pdf, swelling

from broadsheet.errors import BadInput, Conflict
from broadsheet.sources import pdf_pages

PAGE = [("A Title in Large Letters", 18.0), ("Ada Example", 10.0), ("Abstract", 12.0), ("We measure.", 10.0)]


def test_lines_come_in_their_order_with_the_size_of_their_letters():
    lines = pdf_pages.lines_of(pdf(PAGE))
    assert [(line.text, line.size) for line in lines] == PAGE


def test_three_pages_are_read_and_no_more():
    lines = pdf_pages.lines_of(pdf(*([(f"Page {number}", 10.0)] for number in range(5))))
    assert [(line.text, line.page) for line in lines] == [("Page 0", 0), ("Page 1", 1), ("Page 2", 2)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"%PDF-1.4\nnothing of a PDF follows", "broken"),
        (pdf(PAGE)[:200], "broken"),
        (pdf([]), "no text"),
        (encrypted(pdf(PAGE), "secret"), "encrypted"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_way_out(content, said):
    with pytest.raises(BadInput, match=said) as told:
        pdf_pages.lines_of(content)
    assert "Paste" in told.value.hint


def test_a_file_that_everybody_may_open_is_read_though_it_forbids_other_things():
    assert pdf_pages.lines_of(encrypted(pdf(PAGE), ""))[0].text == "A Title in Large Letters"


def test_a_file_that_swells_is_ended_and_not_waited_for():
    content = swelling(60)
    assert len(content) < 500_000
    with pytest.raises(BadInput, match="more time or memory"):
        pdf_pages.lines_of(content, seconds=1)


def test_a_page_of_very_much_text_is_cut_off():
    lines = pdf_pages.lines_of(pdf([("many words " * 9_000, 10.0), ("and more", 10.0)], compressed=True))
    assert sum(len(line.text) for line in lines) == pdf_pages.MOST_SIGNS


def test_what_the_library_itself_will_not_unpack_is_too_costly():
    with pytest.raises(BadInput, match="more time or memory"):
        pdf_pages.lines_of(swelling(100))


def test_the_process_that_reads_is_gone_when_its_time_is_up(monkeypatch):
    begun = []
    popen = pdf_pages.subprocess.Popen

    def remembered(*arguments, **more):
        begun.append(popen(*arguments, **more))
        return begun[-1]

    monkeypatch.setattr(pdf_pages.subprocess, "Popen", remembered)
    with pytest.raises(BadInput, match="more time or memory"):
        pdf_pages.lines_of(swelling(60), seconds=0.1)
    assert begun[0].returncode is not None
    assert begun[0].returncode != 0


def test_more_files_than_are_read_at_once_wait_only_so_long(monkeypatch):
    monkeypatch.setattr(pdf_pages, "_free", pdf_pages.threading.BoundedSemaphore(1))
    pdf_pages._free.acquire()
    with pytest.raises(Conflict, match="being read right now"):
        pdf_pages.lines_of(pdf(PAGE), seconds=0.01)
