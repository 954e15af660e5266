"""The model is found, built once, loaded quickly, and gives every text its one vector of unit length."""

import csv
import hashlib
import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from safetensors.numpy import save_file
from tests.search import tiny_model

from broadsheet.errors import BadInput, Refused
from broadsheet.search.encoders import embed, onnx_graph, weights
from broadsheet.search.machine import mapped

REAL = "all-MiniLM-L6-v2"


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def tiny(models, monkeypatch):
    """A small made-up model that lies where ``get`` would have put it."""
    (models / "tiny").mkdir(parents=True)
    save_file(tiny_model.weights(), models / "tiny" / "model.safetensors")
    tiny_model.tokenizer().save(str(models / "tiny" / "tokenizer.json"))
    files = (
        weights.Published(path.name, path.stat().st_size, weights.sha256(path)) for path in _files(models / "tiny")
    )
    model = weights.Model("example/tiny", "a_package_that_is_not_there", *files, tiny_model.HEADS, tiny_model.DIM)
    monkeypatch.setitem(weights.MODELS, "tiny", model)
    return "tiny"


def _files(folder):
    return folder / "model.safetensors", folder / "tokenizer.json"


@pytest.fixture
def embedder(models, tiny):
    return embed.load(models, tiny)


@pytest.fixture
def never_built(monkeypatch):
    def build(*_, **__):
        raise AssertionError("built although there was no need")

    return lambda: monkeypatch.setattr(onnx_graph, "build", build)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    models = tmp_path_factory.mktemp("models")
    state = embed.available(models, REAL)
    if state.state == "missing":
        pytest.skip(state.reason)
    return embed.load(models, REAL, threads=2)


# --- Vectors ------------------------------------------------------------------------------------------------------


def test_every_text_gets_a_vector_of_unit_length_in_its_own_place(embedder):
    texts = ["a cat sat", "graph model of stars", "dog", "a cat sat"]
    vectors = embedder.embed(texts)
    assert (vectors.shape, vectors.dtype, embedder.name, embedder.dim) == ((4, 16), np.float32, "tiny", 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert np.array_equal(vectors[0], vectors[3])
    assert np.abs(vectors[0] - vectors[1]).max() > 0.01
    assert np.array_equal(vectors[2], embedder.embed(["dog"])[0])


def test_the_vector_is_that_of_the_published_encoder(embedder):
    ids = [tiny_model.WORDS.index(word) for word in ["[CLS]", "a", "cat", "##s", "sat", "[SEP]"]]
    expected = tiny_model.forward(tiny_model.weights(), ids, tiny_model.HEADS)
    assert float(embedder.embed(["A cats SAT"])[0] @ expected) > 0.98


def test_no_texts_give_no_vectors(embedder):
    assert embedder.embed([]).shape == (0, 16)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\0", "\ud800", "cat \udfff\0 dog", "\N{COMBINING ACUTE ACCENT}" * 9999, "x" * 10**6, "😀" * 999],
)
def test_a_broken_text_gets_a_vector_too(embedder, text):
    vector = embedder.embed([text])[0]
    assert np.isfinite(vector).all()
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_lone_surrogate_does_not_hide_the_words_around_it(embedder):
    broken, whole = embedder.embed(["cat \ud800 dog", "cat ? dog"])
    assert np.array_equal(broken, whole)


def test_a_text_is_read_as_far_as_the_tokens_go_and_no_further(embedder):
    long, cut, longer = embedder.embed(["cat dog sat mat graph", "cat dog sat", "cat dog sat a a a"], tokens=5)
    assert np.array_equal(long, cut)
    assert np.array_equal(longer, cut)
    assert not np.array_equal(embedder.embed(["cat dog sat mat graph"], tokens=6)[0], cut)


def test_more_is_read_than_the_tokenizer_file_would_cut_at(embedder):
    some, more = embedder.embed(["cat " * 8, "cat " * 8 + "stars graph"])
    assert not np.array_equal(some, more)


def test_a_huge_text_is_cut_before_it_is_taken_apart(embedder, monkeypatch):
    seen = []
    encode = embedder._tokenizer.encode

    class Watched:
        @staticmethod
        def encode(text):
            seen.append(len(text))
            return encode(text)

    monkeypatch.setattr(embedder, "_tokenizer", Watched)
    huge, fitting = embedder.embed(["cat " * 500_000, "cat " * 300], tokens=64)
    assert np.array_equal(huge, fitting)
    assert max(seen) <= 64 * 16


@pytest.mark.parametrize("tokens", [-1, 0, 2, 513, 100_000])
def test_a_number_of_tokens_that_the_model_cannot_read_is_refused(embedder, tokens):
    with pytest.raises(BadInput, match=f"{tokens} tokens"):
        embedder.embed(["cat"], tokens=tokens)


@pytest.mark.parametrize("tokens", [3, 512])
def test_the_fewest_and_the_most_tokens_are_read(embedder, tokens):
    assert embedder.embed(["cat " * 600], tokens=tokens).shape == (1, 16)


def test_several_threads_inside_and_outside_give_the_same_vectors(models, embedder):
    texts = [" ".join(tiny_model.WORDS[4 + (row * k) % 10] for k in range(1 + row % 7)) for row in range(40)]
    expected = embedder.embed(texts)
    several = embed.load(models, "tiny", threads=3)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(lambda _: several.embed(texts), range(8)):
            assert np.array_equal(vectors, expected)


# --- Texts --------------------------------------------------------------------------------------------------------


def test_what_is_embedded_is_title_and_abstract():
    assert embed.text_of(" A title ", "Its abstract.\n") == "A title\nIts abstract."
    assert embed.text_of("A title", "") == "A title"


def test_a_digest_has_16_hex_digits_and_differs_when_the_text_does():
    assert embed.digest("a text") == hashlib.blake2b(b"a text", digest_size=8).hexdigest()
    assert len({embed.digest(text) for text in ("", "a", "b", "a ", "\ud800", "?")}) == 6


# --- Building and loading -----------------------------------------------------------------------------------------


def test_a_model_is_built_once_and_then_only_loaded(models, tiny, never_built):
    first = embed.load(models, tiny).embed(["a cat"])
    never_built()
    assert np.array_equal(embed.load(models, tiny).embed(["a cat"]), first)


def test_a_built_model_needs_its_weights_no_more(models, tiny):
    embed.load(models, tiny)
    for path in _files(models / tiny):
        path.unlink()
    assert embed.available(models, tiny) == ("ready", "")
    assert embed.load(models, tiny).embed(["a cat"]).shape == (1, 16)


@pytest.mark.parametrize("file", [embed.GRAPH, embed.WORDS, embed.MARK])
@pytest.mark.parametrize("harm", [b"", b"{}", b"\xff\xfe something else", None])
def test_a_damaged_half_built_or_foreign_file_is_built_anew(models, tiny, file, harm):
    expected = embed.load(models, tiny).embed(["a cat"])
    path = models / tiny / file
    if harm is None:
        path.unlink()
    else:
        path.write_bytes(harm)
    assert embed.available(models, tiny).state == "buildable"
    assert np.array_equal(embed.load(models, tiny).embed(["a cat"]), expected)
    assert embed.available(models, tiny).state == "ready"


def test_a_model_of_an_older_recipe_is_built_anew(models, tiny, monkeypatch):
    embed.load(models, tiny)
    monkeypatch.setattr(weights, "RECIPE", weights.RECIPE + 1)
    assert embed.available(models, tiny).state == "buildable"
    embed.load(models, tiny)
    assert json.loads((models / tiny / embed.MARK).read_text())["recipe"].startswith(f"{weights.RECIPE} from ")


def test_two_at_once_build_once(models, tiny, monkeypatch):
    built = []
    build, together = onnx_graph.build, threading.Barrier(2)

    def slowly(*args, **options):
        built.append(1)
        time.sleep(0.2)
        return build(*args, **options)

    def load():
        together.wait()
        return embed.load(models, tiny).embed(["a cat"])

    monkeypatch.setattr(onnx_graph, "build", slowly)
    with ThreadPoolExecutor(2) as pool:
        one, two = (future.result() for future in [pool.submit(load), pool.submit(load)])
    assert np.array_equal(one, two)
    assert built == [1]


def test_an_interrupted_build_leaves_nothing_that_passes_for_a_model(models, tiny, monkeypatch):
    def write_and_stop(path, content):
        path.write_bytes(content[: len(content) // 2])
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(mapped, "put", write_and_stop)
        with pytest.raises(KeyboardInterrupt):
            embed.load(models, tiny)
    assert embed.available(models, tiny).state == "buildable"
    assert embed.load(models, tiny).embed(["a cat"]).shape == (1, 16)


def test_weights_that_are_not_the_published_ones_are_refused_with_both_hashes(models, tiny):
    path, _ = _files(models / tiny)
    expected = weights.sha256(path)
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(Refused) as caught:
        embed.load(models, tiny)
    assert expected in caught.value.message
    assert weights.sha256(path) in caught.value.message
    assert "model get" in caught.value.hint


def test_a_folder_that_cannot_be_written_is_named(tmp_path, models, tiny, monkeypatch):
    blocked = tmp_path / "blocked"
    blocked.write_text("a file where a folder should be")
    monkeypatch.setattr(weights, "find", lambda _models, name: models / name)
    with pytest.raises(Refused, match="blocked"):
        embed.load(blocked, tiny)


def test_without_weights_the_way_to_get_them_is_told(models, tiny):
    for path in _files(models / tiny):
        path.unlink()
    state, reason = embed.available(models, tiny)
    assert state == "missing"
    with pytest.raises(embed.ModelMissing) as caught:
        embed.load(models, tiny)
    assert str(caught.value) == reason
    for way in ("broadsheet model get`", "broadsheet model get --from PATH`", "broadsheet[model]"):
        assert way in caught.value.hint


def test_an_unknown_model_is_bad_input_and_counts_as_missing(models):
    with pytest.raises(BadInput, match=r"'\.\./gpt'"):
        embed.load(models, "../gpt")
    state, reason = embed.available(models, "../gpt")
    assert state == "missing"
    assert "all-MiniLM-L6-v2" in reason
    assert not models.exists()


def test_weights_in_an_installed_package_are_found_without_importing_it(models, tiny, tmp_path, monkeypatch):
    package = tmp_path / "site" / "weights_in_a_package"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('this would want torch')")
    (models / tiny).rename(package / "model")
    monkeypatch.syspath_prepend(package.parent)
    monkeypatch.setitem(weights.MODELS, tiny, weights.MODELS[tiny]._replace(package=package.name))
    assert embed.available(models, tiny).state == "buildable"
    assert not list(models.iterdir()), "looking builds nothing"
    assert embed.load(models, tiny).embed(["a cat"]).shape == (1, 16)


# --- The real model -----------------------------------------------------------------------------------------------


ASKED = ["graphs", "Un-affable [MASK] nets?", "", " \t\x07 ", "stars " * 600, "x" * 120, "caf\u00e9 [sep]"]


@pytest.mark.parametrize("text", ASKED)
def test_what_is_asked_is_cut_as_papers_are(real, text):
    for tokens in (5, 256):
        assert real.embed_query(text, tokens=tokens).tolist() == real.embed([text], tokens=tokens)[0].tolist()


def test_likeness_of_meaning_is_nearness(real):
    one, same, other = real.embed(
        [
            "Language models hallucinate facts that are not in their sources.",
            "Text generators invent statements without support in the evidence.",
            "We measure the mass of a neutron star from its X-ray bursts.",
        ]
    )
    assert one @ same > one @ other + 0.2


def test_the_real_model_finds_what_judges_found_on_cranfield(real, shared_data):
    with shared_data("cranfield/corpus.jsonl").open() as lines:
        documents = [json.loads(line) for line in lines]
    with shared_data("cranfield/queries.jsonl").open() as lines:
        queries = {query["_id"]: query["text"] for query in map(json.loads, lines)}
    judged = {}
    with shared_data("cranfield/qrels/test.tsv").open() as rows:
        for row in csv.DictReader(rows, delimiter="\t"):
            judged.setdefault(row["query-id"], {})[row["corpus-id"]] = max(0, int(row["score"]))
    papers = real.embed([embed.text_of(document["title"], document["text"]) for document in documents], tokens=128)
    questions = real.embed([queries[query] for query in judged])
    gains = []
    for relevant, question in zip(judged.values(), questions, strict=True):
        best = np.argsort(-(papers @ question))[:10]
        ideal = _discounted(sorted(relevant.values(), reverse=True)[:10])
        gains.append(_discounted([relevant.get(documents[row]["_id"], 0) for row in best]) / ideal)
    assert np.mean(gains) > 0.48, "nDCG@10 of vectors alone; 0.50 was measured with float32 weights"


def _discounted(grades):
    return sum((2**grade - 1) / np.log2(place + 2) for place, grade in enumerate(grades))
