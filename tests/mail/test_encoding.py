"""Open places in quoted-printable: filled by a join, read back as they were written."""

import quopri

from hypothesis import given
from hypothesis import strategies as st

from broadsheet.mail.encoding import Marks, filled, form, joined, quoted, value

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


def decoded(raw: bytes) -> str:
    return quopri.decodestring(raw).decode().replace("\r\n", "\n")


def plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@given(TEXT)
def test_any_text_is_read_back_as_it_was_from_short_ascii_lines(text):
    raw = quoted(text)
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert decoded(raw) == plain(text)


@given(TEXT, TEXT, TEXT, TEXT)
def test_a_filled_form_reads_as_if_it_had_been_written_whole(before, put, between, after):
    marks = Marks()
    parts = joined(form(f"{before}{marks.mark('one')}{between}{marks.mark('two')}{after}", marks))
    raw = filled(parts, {"one": value(put), "two": b"token"})
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 76
    assert decoded(raw) == plain(before) + plain(put) + plain(between) + "token" + plain(after)


def test_nobody_who_writes_a_title_can_write_a_mark():
    marks, others = Marks(), Marks()
    text = f"one {others.mark('token')} two"
    assert marks.split(text) == [text]
    assert joined(form(text, marks)) == [quoted(text)]


def test_what_stands_between_places_is_one_piece():
    marks = Marks()
    parts = joined([b"a", b"b", *form(f"c{marks.mark('x')}d", marks), b"e"])
    assert [isinstance(part, bytes) for part in parts] == [True, False, True]
