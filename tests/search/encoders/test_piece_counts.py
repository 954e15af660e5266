"""Pieces of words counted quickly: they are those that the rules of the published tokenizer give."""

from collections import Counter
from importlib.resources import files
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from broadsheet.search.encoders import student
from broadsheet.search.encoders.piece_counts import PieceCounts
from broadsheet.search.encoders.wordpieces import WordPieces

PIECES = [
    "[UNK]",
    "[CLS]",
    "[",
    "]",
    "-",
    "#",
    "a",
    "b",
    "ab",
    "##a",
    "##b",
    "##ba",
    "é",
    "##é",
    "ö",
    "naive",
    "中",
    "##1",
    "2",
]
WORDS = WordPieces(PIECES)
COUNTS = PieceCounts(WORDS)
TEXTS = st.text(alphabet="abABé1276 -#[]\n\t\x0b\x7föÖ中ï\u0301", max_size=30) | st.sampled_from(
    [
        "[CLS] ab [UNK]",
        "[cls]",
        "",
        " ",
        "ab" * 51,
        "ab" * 50,
        "naïve naive NAIVE",
        "a" * 99 + "é",
        "zab ab",
        "abz",
        "\ud800a b",
    ]
)


def counted(counts):
    begins = [0, *counts.ends.tolist()]
    return [
        dict(zip(counts.ids[begin:end].tolist(), counts.times[begin:end].tolist(), strict=True))
        for begin, end in pairwise(begins)
    ]


@settings(deadline=None)  # the loops may have to be compiled
@given(st.lists(TEXTS, max_size=5), st.integers(1, 40))
def test_counts_are_those_of_the_published_rules(texts, most):
    found = counted(COUNTS.of(texts, most))
    wanted = [Counter(WORDS.ids(text)[:most]) for text in texts]
    assert found == wanted
    assert list(map(list, found)) == list(map(list, wanted))  # as they first stand there


def test_counts_of_real_words_are_those_of_the_published_rules():
    table = files("broadsheet.search.encoders").joinpath(student.TABLE)
    words = WordPieces(student.read(table.read_bytes(), student.TABLE).pieces)
    texts = [
        "Sparse attention for long documents\nWe train 12 transformers whose costs grow linearly (O(n)) with length.",
        "Schrödinger’s équation – naïve façade, αβγ and 中文 in 2-D; don't [MASK] e.g. x_1^2.",
        "honorificabilitudinitatibus floccinaucinihilipilification QED\x00.",
    ]
    assert counted(PieceCounts(words).of(texts, 254)) == [Counter(words.ids(text)) for text in texts]
