"""Models of other origin: folders with tensors or a graph, foreign packages, and what is no model at all."""

import json
import struct

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tests.search import tiny_model

from broadsheet.errors import BadInput, BroadsheetError, Conflict, NotFound, Refused
from broadsheet.search.encoders import added, centred, embed, onnx_foreign, onnx_graph, packed, weights

IDS = [tiny_model.WORDS.index(word) for word in ["[CLS]", "a", "cat", "##s", "sat", "[SEP]"]]


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def folder(tmp_path):
    return tiny_model.saved(tmp_path / "published")


@pytest.fixture
def never_centred(monkeypatch):
    """A vocabulary of sixteen pieces tells hardly any texts apart, so these models would be."""
    monkeypatch.setattr(centred, "MOST", 2.0)


def graph(
    folder, *, inputs=("input_ids", "attention_mask", "token_type_ids"), outputs=("last_hidden_state",), opset=17
):
    """Write a graph of one table of rows that wants and gives what is said; a token's row is what the mask leaves."""
    table = np.random.default_rng(3).standard_normal((len(tiny_model.WORDS), 12)).astype(np.float32)
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["rows"])]
    last = "rows"
    for name in inputs[1:]:
        nodes.append(helper.make_node("Cast", [name], [f"{name}_f"], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Unsqueeze", [f"{name}_f", "two"], [f"{name}_u"]))
        nodes.append(helper.make_node("Mul" if name == "attention_mask" else "Add", [last, f"{name}_u"], [f"{name}_m"]))
        last = f"{name}_m"
    shapes = {"last_hidden_state": [1, "tokens", 12], "sentence_embedding": [1, 12], "pooler_output": [1, 12]}
    given = []
    for name in outputs:
        if name == "last_hidden_state":
            nodes.append(helper.make_node("Identity", [last], [name]))
        else:
            nodes.append(helper.make_node("ReduceMax", [last], [name], axes=[1], keepdims=0))
        given.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shapes.get(name, [1, 12])))
    wanted = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in inputs]
    constants = [numpy_helper.from_array(table, "table"), numpy_helper.from_array(np.array([2]), "two")]
    made = helper.make_graph(nodes, "foreign", wanted, given, constants)
    model = helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)], ir_version=9)
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "model.onnx")
    tiny_model.tokenizer().save(str(folder / "tokenizer.json"))
    return table


def unit(vector):
    return vector / np.linalg.norm(vector)


# --- Tensors ------------------------------------------------------------------------------------------------------


def test_a_folder_of_tensors_is_taken_in_and_needs_its_folder_no_more(models, folder, never_centred):
    taken = added.add(models, folder, "mine", tokens=64)
    for path in folder.iterdir():
        path.unlink()
    assert (taken.dim, taken.tokens, taken.pooling) == (16, 64, "mean")
    assert weights.names(models) == [*weights.MODELS, "mine"]
    assert embed.available(models, "mine").state == "ready"
    loaded = embed.load(models, "mine")
    assert loaded.mark == taken.mark
    assert loaded.embed_query("A cats SAT") @ tiny_model.forward(tiny_model.weights(), IDS, tiny_model.HEADS) > 0.98


def test_what_the_folder_says_of_itself_counts_where_nothing_else_is_said(models, folder):
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text(json.dumps({"pooling_mode_cls_token": True}))
    (folder / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 128}))
    taken = added.add(models, folder, "mine")
    assert (taken.pooling, taken.tokens) == ("cls", 128)
    other = added.add(models, folder, "other", pooling="mean", tokens=9)
    assert (other.pooling, other.tokens) == ("mean", 9)
    one, two = embed.load(models, "mine"), embed.load(models, "other")
    assert not np.allclose(one.embed_query("cat sat"), two.embed_query("cat sat"), atol=1e-3)
    assert np.array_equal(*two.embed(["cat " * 9, "cat " * 30], tokens=256))


def test_prefixes_stand_before_what_is_asked_and_what_is_found(models, folder, never_centred):
    added.add(models, folder, "mine", query_prefix="cat ", passage_prefix="dog ")
    added.add(models, folder, "plain")
    mine, plain = embed.load(models, "mine"), embed.load(models, "plain")
    assert np.allclose(mine.embed_query("sat"), plain.embed_query("cat sat"), atol=1e-5)
    assert np.allclose(mine.embed(["sat"])[0], plain.embed(["dog sat"])[0], atol=1e-5)
    assert mine.mark != plain.mark


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "roberta"}, "model_type roberta"),
        ({"hidden_act": "relu"}, "hidden_act relu"),
        ({"num_attention_heads": None}, "num_attention_heads"),
    ],
)
def test_tensors_of_another_layout_are_refused_with_the_way_out(models, tmp_path, config, said):
    with pytest.raises(Refused, match=said) as caught:
        added.add(models, tiny_model.saved(tmp_path / "other", **config), "mine")
    assert "model.onnx" in caught.value.hint
    assert weights.names(models) == list(weights.MODELS)


def test_a_layer_behind_the_encoder_is_refused(models, folder):
    kinds = ["Transformer", "Pooling", "Dense"]
    (folder / "modules.json").write_text(json.dumps([{"type": f"sentence_transformers.models.{k}"} for k in kinds]))
    with pytest.raises(Refused, match="Dense"):
        added.add(models, folder, "mine")


@pytest.mark.parametrize("name", ["", "none", "../x", "a/b", "x" * 61, ".hidden"])
def test_a_name_that_will_not_do_is_bad_input(models, folder, name):
    with pytest.raises(BadInput):
        added.add(models, folder, name)


def test_a_name_that_is_taken_is_a_conflict_but_the_same_model_may_come_again(models, folder, tmp_path):
    first = added.add(models, folder, "mine")
    assert added.add(models, folder, "mine").mark == first.mark
    with pytest.raises(Conflict):
        added.add(models, tiny_model.saved(tmp_path / "other", seed=9), "mine")
    with pytest.raises(Conflict):
        added.add(models, folder, "all-MiniLM-L6-v2")
    assert weights.known(models, "mine").mark == first.mark


@pytest.mark.parametrize("file", ["model.safetensors", "tokenizer.json"])
@pytest.mark.parametrize("harm", [b"", b"nonsense", None])
def test_files_that_are_none_are_refused_and_nothing_is_kept(models, folder, file, harm):
    if harm is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(harm)
    with pytest.raises((Refused, NotFound)) as caught:
        added.add(models, folder, "mine")
    assert caught.value.hint
    assert weights.names(models) == list(weights.MODELS)


# --- Graphs -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("opset", [13, 17])
@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_a_published_graph_is_fed_and_pooled(tmp_path, opset, pooling):
    inputs = ("input_ids", "attention_mask", "token_type_ids", "position_ids")
    table = graph(tmp_path / "g", inputs=inputs, opset=opset)
    rows = table[IDS] + np.arange(len(IDS))[:, None]
    expected = unit(rows.mean(axis=0) if pooling == "mean" else rows[0])
    made = embed._session(onnx_foreign.wrapped(tmp_path / "g" / "model.onnx", pooling=pooling))
    np.testing.assert_allclose(made.run(["vector"], {"ids": np.array([IDS], np.int64)})[0][0], expected, atol=1e-5)


def test_a_folder_with_a_graph_is_taken_in(models, tmp_path, never_centred):
    table = graph(tmp_path / "g" / "onnx")
    taken = added.add(models, tmp_path / "g", "mine", passage_prefix="a ")
    loaded = embed.load(models, "mine")
    assert (taken.dim, taken.weights.name) == (12, "model.onnx")
    np.testing.assert_allclose(loaded.embed(["cats sat"])[0], unit(table[IDS].mean(axis=0)), atol=1e-5)
    np.testing.assert_allclose(loaded.token_vectors("a cats sat")[0], unit(table[IDS[1]]), atol=1e-5)


def test_a_vector_that_the_graph_gives_itself_is_taken(models, tmp_path, never_centred):
    table = graph(tmp_path / "g", inputs=("input_ids",), outputs=("last_hidden_state", "sentence_embedding"), opset=17)
    added.add(models, tmp_path / "g", "mine")
    loaded = embed.load(models, "mine")
    np.testing.assert_allclose(loaded.embed_query("a cats sat"), unit(table[IDS].max(axis=0)), atol=1e-5)
    with pytest.raises(BadInput, match="none of its words"):
        loaded.token_vectors("a cats sat")


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ({"inputs": ("pixels",)}, "pixels"),
        ({"inputs": ("input_ids", "attention_mask", "labels")}, "labels"),
        ({"outputs": ("pooler_output", "pooler_output_2")[:0]}, "gives nothing"),
        ({"opset": 7}, "operator set 7"),
    ],
)
def test_a_graph_that_is_no_encoder_is_told_what_one_takes_and_gives(tmp_path, shape, said):
    graph(tmp_path / "g", **shape) if "pixels" not in str(shape) else _of_pixels(tmp_path / "g")
    with pytest.raises(BadInput, match=said):
        onnx_foreign.wrapped(tmp_path / "g" / "model.onnx", pooling="mean")


def _of_pixels(folder):
    pixels = helper.make_tensor_value_info("pixels", TensorProto.FLOAT, [1, 3])
    out = helper.make_tensor_value_info("out", TensorProto.FLOAT, [1, 3])
    made = helper.make_graph([helper.make_node("Identity", ["pixels"], ["out"])], "pixels", [pixels], [out])
    folder.mkdir()
    onnx.save(helper.make_model(made, opset_imports=[helper.make_opsetid("", 17)]), folder / "model.onnx")


def test_a_file_that_is_no_graph_is_bad_input(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"\x00nonsense")
    with pytest.raises(BroadsheetError, match=r"model\.onnx"):
        onnx_foreign.wrapped(tmp_path / "model.onnx", pooling="mean")


# --- Vectors that all point one way -------------------------------------------------------------------------------


def test_what_all_vectors_share_is_taken_off_and_they_stay_of_unit_length(folder):
    plain = onnx_graph.build(tiny_model.weights(), heads=tiny_model.HEADS)
    middle = np.full(16, 0.2, np.float32)
    one, other = embed._session(plain), embed._session(centred.centred(plain, middle))
    ids = {"ids": np.array([IDS], np.int64)}
    expected = unit(one.run(["vector"], ids)[0][0] - middle)
    np.testing.assert_allclose(other.run(["vector"], ids)[0][0], expected, atol=1e-6)


def test_only_a_model_whose_unlike_texts_are_alike_is_centred():
    apart = np.eye(36, dtype=np.float32)
    assert not centred.is_needed(apart)
    assert centred.is_needed(apart + 1)


def test_an_added_model_that_points_one_way_is_centred(models, folder):
    assert added.add(models, folder, "mine").centred, "nearly all words are unknown to it, so all texts are alike"
    loaded = embed.load(models, "mine")
    assert np.linalg.norm(loaded.embed(list(centred.UNLIKE)).mean(axis=0)) < centred.MOST


# --- Four bits a weight -------------------------------------------------------------------------------------------


def pack(path, tensors, pieces):
    """Write tensors as the package does: halves of bytes for matrices, floats for the rest."""

    def small(array):
        blocks = array.reshape(-1, 32)
        scale = np.abs(blocks).max(axis=1) / 7
        whole = np.rint(blocks / scale[:, None]).astype(np.int8) + 8
        both = (whole[:, :16] | (whole[:, 16:] << 4)).astype(np.uint8)
        made = np.zeros(len(blocks), packed._BLOCK)
        made["scale"], made["pairs"] = scale, both
        return made.tobytes()

    short = {name: key for key, name in packed._LAYER.items()}
    parts = {
        "emb.word": small(tensors["embeddings.word_embeddings.weight"]),
        "emb.pos": tensors["embeddings.position_embeddings.weight"].tobytes(),
        "emb.type": tensors["embeddings.token_type_embeddings.weight"].tobytes(),
        "emb.ln.w": tensors["embeddings.LayerNorm.weight"].tobytes(),
        "emb.ln.b": tensors["embeddings.LayerNorm.bias"].tobytes(),
    }
    for name, array in tensors.items():
        if name.startswith("encoder."):
            layer, rest = name.removeprefix("encoder.layer.").split(".", 1)
            part, kind = rest.rsplit(".", 1)
            key = f"l{layer}.{short[part]}.{'w' if kind == 'weight' else 'b'}"
            parts[key] = small(array) if array.ndim == 2 else array.tobytes()
    letters = [piece.encode() for piece in pieces]
    head = b"E5S1" + struct.pack("<I7ifi", 1, 32, tiny_model.LAYERS, 4, 32, len(pieces), 512, 2, 1e-12, 32)
    ends = np.cumsum([0, *map(len, letters)]).astype("<u4")
    scores = np.full(len(pieces), -1, "<f4")
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, int(ends[-1]))
    head += ends.tobytes() + scores.tobytes() + b"".join(letters) + struct.pack("<iI", 0, 0)
    length = len(head) + 4 + sum(2 + len(name) + 21 for name in parts)
    listed, content = struct.pack("<i", len(parts)), b""
    for name, part in parts.items():
        listed += struct.pack("<H", len(name)) + name.encode()
        listed += struct.pack("<BIQQ", 0, 0, length + len(content), len(part))
        content += part
    path.write_bytes(head + listed + content)


def test_a_packed_model_is_read_with_its_tokens(tmp_path):
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "\u2581", "\u2581cat", "s", "\u2581sat", "α"]
    tensors = tiny_model.weights(dim=32)
    tensors["embeddings.word_embeddings.weight"] = tensors["embeddings.word_embeddings.weight"][: len(pieces)]
    pack(tmp_path / "packed.bin", tensors, pieces)
    held = packed.read(tmp_path / "packed.bin")
    assert held.tensors.keys() == tensors.keys()
    for name, array in tensors.items():
        np.testing.assert_allclose(held.tensors[name], array, atol=np.abs(array).max() / 12)
    tokens = embed._tokenizer(held.words.encode()).encode("cats  sat")
    assert tokens.tokens == ["<s>", "\u2581cat", "s", "\u2581sat", "</s>"]
    content = (tmp_path / "packed.bin").read_bytes()
    for harm in (b"", b"E5S1", b"nonsense" * 40, content[: len(content) // 3], content[:-100]):
        (tmp_path / "packed.bin").write_bytes(harm)
        with pytest.raises(Refused, match="four bits"):
            packed.read(tmp_path / "packed.bin")
