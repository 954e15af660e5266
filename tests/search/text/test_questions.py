"""Queries that are questions lose the words that only ask; others keep all of theirs."""

import pytest

from broadsheet.search.text.questions import bare


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("What has been done on wings?", "on wings?"),
        ("can language models reason", "language models reason"),
        ("scaling laws: where do they end?", "scaling laws: they end?"),
        ("attention when pooling may fail", "attention when pooling may fail"),
        ("how?", "how?"),
        ("which", "which"),
        ("", ""),
    ],
)
def test_only_questions_lose_words_and_never_all_of_them(typed, asked):
    assert bare(typed) == asked
