"""What cuts a query in place of a model's own tokenizer: only where both cut alike."""

import pytest
from tests.search import tiny_model
from tokenizers import Tokenizer, models, normalizers

from broadsheet.search.encoders.wordpieces import of_ascii

MARKS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = [*MARKS, "cat", "dog", "sat", "##s", "-", "[", "]"]


def published(path, words=WORDS, marks=MARKS, **normal) -> Tokenizer:
    """Save a tokenizer as models have theirs, and return it."""
    made = tiny_model.tokenizer()
    made.no_truncation()
    made.no_padding()
    made.model = models.WordPiece({word: number for number, word in enumerate(words)}, unk_token="[UNK]")
    made.normalizer = normalizers.BertNormalizer(**{"lowercase": True} | normal)
    made.add_special_tokens(marks)
    made.save(str(path))
    return made


@pytest.mark.parametrize("text", ["", "Cats sat", "[MASK] dog-cat [sep]", "dogs [SEP] " * 40, "\t\x07sat\n", "c" * 101])
def test_a_text_of_ascii_is_cut_as_the_published_tokenizer_cuts_it(tmp_path, text):
    tokenizer = published(tmp_path / "words.json")
    assert of_ascii(tmp_path / "words.json", tokenizer)(text) == tokenizer.encode(text).ids


@pytest.mark.parametrize(
    "unlike",
    [
        {"lowercase": False},
        {"marks": [*MARKS, "<q>"]},
        {"marks": MARKS[:-1]},
        {"words": [word for word in WORDS if word != "[MASK]"]},
    ],
)
def test_nothing_cuts_in_place_of_a_tokenizer_that_cuts_otherwise(tmp_path, unlike):
    assert of_ascii(tmp_path / "words.json", published(tmp_path / "words.json", **unlike)) is None
