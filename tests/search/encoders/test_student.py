"""The static student: fitted to vectors that are known, it gives them again; it cuts text as its model does."""

import json
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st
from tests.search import tiny_model

from broadsheet.errors import BadInput
from broadsheet.search.encoders import embed, student, student_fit
from broadsheet.search.encoders.wordpieces import WordPieces, pieces_of

WORDS = ["[UNK]", "the", "ship", "mast", "lantern", "bread", "yeast", "stone", "never-seen"]


@pytest.fixture(scope="module")
def words():
    return WordPieces(WORDS)


@pytest.fixture(scope="module")
def fitted(words):
    rng = np.random.default_rng(3)
    truth = rng.normal(size=(len(WORDS), 16)).astype(np.float32)
    texts = [" ".join(["the", *rng.choice(WORDS[2:8], size=3, replace=False)]) for _ in range(400)]
    vectors = np.stack([truth[[WORDS.index(word) for word in text.split()[1:]]].sum(axis=0) for text in texts])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    steps = []
    table = student_fit.fit(
        words,
        student_fit.counted(words, texts),
        vectors,
        about={"space": "made up/1"},
        report=lambda done, total: steps.append((done, total)),
    )
    return texts, vectors, table, steps


def test_a_student_lies_near_the_model_that_it_was_fitted_to(fitted):
    texts, vectors, table, _ = fitted
    found = student.Student(table).embed(texts)
    assert found.shape == vectors.shape
    assert (found * vectors).sum(axis=1).mean() > 0.97
    assert table.about == {"space": "made up/1", "texts": 400}


def test_fitting_shows_how_far_it_is_and_can_be_stopped(fitted, words):
    texts, vectors, table, steps = fitted
    assert steps == [(done, student_fit.ROUNDS) for done in range(1, student_fit.ROUNDS + 1)]
    asked = iter([False, True])
    rows = student_fit.counted(words, texts)
    early = student_fit.fit(words, rows, vectors, about={}, stop=lambda: next(asked))
    assert early.rows.any()
    assert (early.rows != table.rows).any()


def test_likeness_of_texts_follows_their_words(fitted):
    ship, like, other = student.Student(fitted[2]).embed(["the ship lantern", "lantern ship mast", "bread yeast stone"])
    assert ship @ like > ship @ other + 0.3


def test_a_text_of_nothing_known_is_like_nothing(fitted):
    made = student.Student(fitted[2])
    assert not made.embed([""]).any()
    assert np.isfinite(made.embed_query("nowhere")).all()


def test_a_table_is_the_same_after_writing_and_reading(fitted, tmp_path):
    path = tmp_path / "student.npz"
    student.save(fitted[2], path)
    again = student.read(path.read_bytes(), path.name)
    assert (again.rows == fitted[2].rows).all()
    assert (again.about, again.pieces) == (fitted[2].about, tuple(WORDS))
    assert (student.Student(again).embed(["the ship"]) == student.Student(fitted[2]).embed(["the ship"])).all()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x93NUMPY"])
def test_what_is_no_table_is_named(content):
    with pytest.raises(BadInput, match=r"mine\.npz is no table"):
        student.read(content, "mine.npz")


def test_parts_that_do_not_fit_together_are_no_table(fitted, tmp_path):
    path = tmp_path / "short.npz"
    student.save(fitted[2]._replace(pieces=tuple(WORDS[:-1])), path)
    with pytest.raises(BadInput, match="do not fit together"):
        student.read(path.read_bytes(), path.name)


def test_a_table_fitted_here_comes_before_the_shipped_one(fitted, settings, tmp_path):
    settings.MODELS_DIR = tmp_path
    space = embed.mark("all-MiniLM-L6-v2")
    assert student.of_space(space) is student.shipped()
    assert student.of_space("another/1") is None
    path = student.own_table(space)
    path.parent.mkdir()
    student.save(fitted[2]._replace(about={"space": space}), path)
    assert student.of_space(space).dim == 16


def test_a_table_with_a_changed_bit_is_one_or_is_none(fitted, tmp_path):
    path = tmp_path / "student.npz"
    student.save(fitted[2], path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        with suppress(BadInput):
            student.read(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :], "mine.npz")


def test_of_a_broken_table_that_was_fitted_here_one_is_told_once_and_the_shipped_one_serves(settings, tmp_path, caplog):
    settings.MODELS_DIR = tmp_path
    for space in (student.SPACE, "another/1"):
        path = student.own_table(space)
        path.parent.mkdir()
        path.write_bytes(b"PK\x03\x04 broken")
    assert student.of_space(student.SPACE) is student.of_space(student.SPACE) is student.shipped()
    assert student.of_space("another/1") is None
    assert [str(student.own_table(student.SPACE)) in line for line in caplog.messages] == [True, False]


def test_the_shipped_student_knows_which_texts_are_alike():
    made = student.shipped()
    assert (made.space, made.dim) == (embed.mark("all-MiniLM-L6-v2"), 384)
    ask, like, other = made.embed(
        ["automobile engines", "Combustion in the motors of cars", "Prime numbers in short intervals"]
    )
    assert ask @ like > ask @ other + 0.2


def test_the_shipped_student_speaks_the_language_of_the_model(models):
    loaded = embed.load(models, "all-MiniLM-L6-v2")
    texts = [
        "Galaxies at high redshift\nWe measure the luminosity function of galaxies seen in deep infrared images.",
        "Sparse attention for long documents\nWe train transformers whose attention costs grow linearly with length.",
        "Bounds on gaps between primes\nWe prove that small gaps between prime numbers occur infinitely often.",
    ]
    assert (student.shipped().embed(texts) * loaded.embed(texts)).sum(axis=1).min() > 0.7


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A tokenizer's file as models publish it, and what cuts as it does."""
    path = tmp_path_factory.mktemp("published") / "tokenizer.json"
    tokenizer = tiny_model.tokenizer()
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.add_special_tokens(["[CLS]", "[SEP]", "[UNK]", "[PAD]"])
    tokenizer.save(str(path))
    return tokenizer, WordPieces(pieces_of(path))


# What of Unicode is older than the published tokenizer's tables, with the signs that its rules name.
OLD = st.characters(codec="utf-8", max_codepoint=0x2FFF, exclude_categories=["Cn", "Cs", "Mn", "P", "So", "Mc", "Cf"])
SIGNS = st.one_of(OLD, st.sampled_from("“”–…≠éÉñΣςİ中語\u00ad\u200b\u00a0\u0085\x00\x1f\ufffd\t\n .,-[]$=`"))


@with_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(["cats", "Dogs", "[SEP]", "graphing", "modelss", " "]), st.text(SIGNS))))
def test_text_is_cut_as_the_published_tokenizer_cuts_it(published, parts):
    text = "".join(parts)
    tokenizer, words = published
    assert words.ids(text) == tokenizer.encode(text, add_special_tokens=False).ids


@with_settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(max_size=300))
def test_any_text_gets_a_finite_vector(fitted, text):
    assert np.isfinite(student.Student(fitted[2]).embed([text])).all()


def test_words_are_cut_the_same_however_many_are_remembered(words, monkeypatch):
    monkeypatch.setattr("broadsheet.search.encoders.wordpieces.WORDS_KEPT", 2)
    text = "the ship the mast the lantern stone nowhere"
    assert words.ids(text) == words.ids(text) == [WORDS.index(word) for word in text.split()[:-1]] + [0]


def test_a_tokenizer_that_cuts_otherwise_is_refused(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps({"normalizer": None, "model": {"type": "BPE", "vocab": {}}}))
    with pytest.raises(BadInput, match="cuts words in another way"):
        pieces_of(path)
