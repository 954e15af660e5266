"""How texts are put into HTML."""

import html

import pytest

from broadsheet.papers.escaping import escape


@pytest.mark.parametrize("text", ["", "plain words", "<b>&amp;</b>", "\"quoted\" and 'so'", "a < b > c & d", "α’—\n\t"])
def test_texts_are_escaped_as_python_escapes_them(text: str) -> None:
    assert escape(text) == html.escape(text)


def test_every_sign_is_escaped_wherever_it_stands() -> None:
    for sign in map(chr, range(256)):
        for text in (sign, f"{sign}a", f"a{sign}", f"{sign}&{sign}<{sign}"):
            assert escape(text) == html.escape(text)
