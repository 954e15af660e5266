"""The graph computes what the encoder is defined to compute; int8 stays close to it."""

import hashlib

import numpy as np
import onnx
import onnxruntime
import pytest
from safetensors.numpy import load_file
from tests.search import tiny_model

from broadsheet.search.encoders import weights
from broadsheet.search.encoders.onnx_graph import build, quantise

NAME = "all-MiniLM-L6-v2"
# Two texts as the published tokenizer numbers them: "the cat sat on the mat" and "dogs dream".
PUBLISHED_IDS = ([101, 1996, 4937, 2938, 2006, 1996, 13523, 102], [101, 6077, 3959, 102])


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    try:
        folder = weights.find(tmp_path_factory.mktemp("none"), NAME)
    except weights.ModelMissing as error:
        pytest.skip(str(error))
    return load_file(folder / "model.safetensors")


def run(graph, ids):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"ids": np.array([ids], dtype=np.int64)})[0][0]


@pytest.mark.parametrize("ids", [[2, 3], [2, 6, 3], [2, 4, 6, 8, 5, 9, 14, 3], [2, *range(4, 14)] * 9])
def test_the_graph_computes_what_a_plain_forward_pass_does(ids):
    tensors = tiny_model.weights()
    vector = run(build(tensors, heads=tiny_model.HEADS, int8=False), ids)
    np.testing.assert_allclose(vector, tiny_model.forward(tensors, ids, tiny_model.HEADS), atol=1e-5)


def test_the_number_of_heads_is_heeded():
    tensors, ids = tiny_model.weights(), [2, 6, 7, 8, 3]
    one, two = run(build(tensors, heads=2, int8=False), ids), tiny_model.forward(tensors, ids, 2)
    np.testing.assert_allclose(one, two, atol=1e-5)
    assert np.abs(one - tiny_model.forward(tensors, ids, 4)).max() > 1e-3


def test_the_published_weights_give_what_a_plain_forward_pass_does(published):
    graph = build(published, heads=12, int8=False)
    for ids in PUBLISHED_IDS:
        np.testing.assert_allclose(run(graph, ids), tiny_model.forward(published, ids, 12), atol=1e-4)


def test_int8_stays_close_to_float_and_is_a_quarter_of_its_size(published):
    small = build(published, heads=12)
    near = [float(run(small, ids) @ tiny_model.forward(published, ids, 12)) for ids in PUBLISHED_IDS]
    assert np.mean(near) >= 0.98
    assert len(small) < 25_000_000


@pytest.mark.parametrize("int8", [True, False])
def test_the_graph_holds_by_the_standard_and_needs_no_operators_of_one_engine(int8):
    model = onnx.load_from_string(build(tiny_model.weights(), heads=tiny_model.HEADS, int8=int8))
    onnx.checker.check_model(model, full_check=True)
    assert {node.domain for node in model.graph.node} == {""}


def test_a_quantised_slice_keeps_its_largest_number_and_a_slice_of_zeros_stays_zero():
    array = np.array([[0.0, 0.0, 0.0], [1.0, -4.0, 3.0]], dtype=np.float32)
    small, scale = quantise(array, axis=1, limit=63)
    assert small.tolist() == [[0, 0, 0], [16, -63, 47]]
    np.testing.assert_allclose(small * scale, array, atol=4 / 63 / 2)


def test_another_graph_has_another_recipe_number():
    model = onnx.load_from_string(build(tiny_model.weights(), heads=tiny_model.HEADS))
    seen = hashlib.sha256()
    for node in model.graph.node:
        settings = sorted(f"{setting.name}={onnx.helper.get_attribute_value(setting)}" for setting in node.attribute)
        seen.update(f"{node.op_type} {list(node.input)} {settings};".encode())
    for constant in model.graph.initializer:
        array = onnx.numpy_helper.to_array(constant)
        largest = np.abs(array).max() if array.dtype == np.int8 else ""
        seen.update(f"{array.dtype} {array.shape} {largest};".encode())
    # Of 1 the second digest: query, key and value became one product, which gives the same bits.
    known = {1: "ae6807e25bb86a48"}
    assert known.get(weights.RECIPE) == seen.hexdigest()[:16], (
        "the graph has changed: raise weights.RECIPE, add its digest"
    )
