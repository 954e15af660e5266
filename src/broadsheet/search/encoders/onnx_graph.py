"""The layout of a BERT sentence encoder as an ONNX graph, made from its weights. ``embed`` keeps and runs it."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from broadsheet.errors import BadInput

type Pooling = Literal["mean", "cls"]

Array = NDArray[Any]
Weights = Mapping[str, Array]

OPSET, IR_VERSION = 23, 11  # the first operator set with Attention as a standard operator, and its file version
EPSILON = 1e-12  # of the layer normalisations, as the published configuration has it

# Seven bits, not eight: processors without VNNI add two products of an unsigned and a signed byte in 16 bits, which
# full-range weights overflow without a word. On Cranfield the eighth bit changes nothing.
WEIGHT_LIMIT = 63
TABLE_LIMIT = 127

POOL, WHOLE = "pool", "whole"
"""Names of the node that makes one vector of the tokens', and of its like in a graph that gives one itself."""


def build(weights: Weights, *, heads: int, int8: bool = True, pooling: Pooling = "mean") -> bytes:
    """Return the encoder as the bytes of an ONNX model: ``ids`` int64 (1, tokens) -> ``vector`` float32 (1, dim).

    BERT (Devlin et al. 2019) with the mean of the last layer's tokens as the sentence (Reimers and Gurevych 2019),
    scaled to unit length. It reads one text at a time: without padding there is nothing to mask, and as int8
    measures each activation's range anew, a text's vector would otherwise depend on its neighbours in the batch.

    weights: tensors by their published names (``encoder.layer.0.output.dense.weight``).
    heads: attention heads of each layer, the one number that the tensors do not show.
    int8: store weights as int8 with a scale per output (per row of the word table) and multiply in int8 with
        activations quantised as they come; otherwise all is float32.
    pooling: ``cls`` takes the first token's vector for the sentence, in place of the mean of all.
    """
    graph = _Graph(int8=int8)
    flow = _embedding(graph, weights)
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in weights:
        flow = _layer(graph, weights, f"encoder.layer.{layer}.", flow, heads)
        layer += 1
    if pooling == "cls":
        sentence = graph.add("Gather", flow, graph.constant(np.array(0)), axis=1, name=POOL)
    else:
        sentence = graph.add("ReduceMean", flow, graph.constant(np.array([1])), keepdims=0, name=POOL)
    vector = graph.add("LpNormalization", sentence, axis=-1, p=2)
    dim = weights["embeddings.word_embeddings.weight"].shape[1]
    return graph.finish(vector, dim)


def with_tokens(graph: bytes) -> bytes:
    """Return a graph that ``build`` or ``wrapped`` made with another output, ``tokens`` float32 (1, tokens, dim).

    That is the last layer. It is made from the built graph where it is wanted, so that what is kept of a model, and its
    vectors, stay as is. Raises BadInput for a graph that tells no more than the sentence.
    """
    model = onnx.load_from_string(graph)
    named = (node for node in model.graph.node if node.name == POOL)
    # Graphs built before nodes had names have one such node.
    pooled = next(named, None) or next((node for node in model.graph.node if node.op_type == "ReduceMean"), None)
    if pooled is None or any(node.name == WHOLE for node in model.graph.node):
        raise BadInput("This model gives a vector of a text alone, none of its words.", "Leave MaxSim off with it.")
    dim = model.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    model.graph.node.append(helper.make_node("Identity", [pooled.input[0]], ["tokens"]))
    model.graph.output.append(helper.make_tensor_value_info("tokens", TensorProto.FLOAT, [1, "tokens", dim]))
    return bytes(model.SerializeToString())


class _Graph:
    """Nodes and constants so far; every value is known by the name that ``constant`` and ``add`` return."""

    def __init__(self, *, int8: bool) -> None:
        self.int8 = int8
        self._nodes: list[Any] = []
        self._constants: list[Any] = []

    def constant(self, array: Array) -> str:
        name = f"constant_{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.asarray(array, order="C"), name))
        return name

    def add(self, operator: str, *inputs: str, **attributes: Any) -> str:
        return self.add_many(operator, 1, *inputs, **attributes)[0]

    def add_many(self, operator: str, outputs: int, *inputs: str, **attributes: Any) -> list[str]:
        names = [f"{operator}_{len(self._nodes)}_{output}" for output in range(outputs)]
        self._nodes.append(helper.make_node(operator, inputs, names, **attributes))
        return names

    def finish(self, output: str, dim: int) -> bytes:
        self._nodes.append(helper.make_node("Identity", [output], ["vector"]))
        graph = helper.make_graph(
            self._nodes,
            "sentence_encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"])],
            [helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, dim])],
            self._constants,
        )
        opsets = [helper.make_opsetid("", OPSET)]
        model: onnx.ModelProto = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        return bytes(model.SerializeToString())


def _embedding(graph: _Graph, weights: Weights) -> str:
    """Words plus positions; the first token type, the only one that occurs, is folded into the positions."""
    words = weights["embeddings.word_embeddings.weight"]
    if graph.int8:
        table, scale = quantise(words, axis=1, limit=TABLE_LIMIT)
        picked = graph.add("Cast", graph.add("Gather", graph.constant(table), "ids"), to=TensorProto.FLOAT)
        word = graph.add("Mul", picked, graph.add("Gather", graph.constant(scale), "ids"))
    else:
        word = graph.add("Gather", graph.constant(words), "ids")
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    tokens = graph.add("Shape", "ids", start=1, end=2)
    place = graph.add("Slice", graph.constant(places), graph.constant(np.array([0])), tokens)
    return _normal(graph, weights, "embeddings.LayerNorm", graph.add("Add", word, place))


def _layer(graph: _Graph, weights: Weights, prefix: str, flow: str, heads: int) -> str:
    # All three in one product, as each call has its price and a short text makes little work of one.
    parts = [f"{prefix}attention.self.{part}" for part in ("query", "key", "value")]
    asked = graph.add_many("Split", len(parts), _linear(graph, weights, flow, *parts), axis=-1, num_outputs=len(parts))
    heard = graph.add("Attention", *asked, q_num_heads=heads, kv_num_heads=heads)
    heard = _linear(graph, weights, heard, f"{prefix}attention.output.dense")
    flow = _normal(graph, weights, f"{prefix}attention.output.LayerNorm", graph.add("Add", heard, flow))
    wide = graph.add("Gelu", _linear(graph, weights, flow, f"{prefix}intermediate.dense"))
    narrow = _linear(graph, weights, wide, f"{prefix}output.dense")
    return _normal(graph, weights, f"{prefix}output.LayerNorm", graph.add("Add", narrow, flow))


def _normal(graph: _Graph, weights: Weights, name: str, value: str) -> str:
    scale, shift = graph.constant(weights[f"{name}.weight"]), graph.constant(weights[f"{name}.bias"])
    return graph.add("LayerNormalization", value, scale, shift, axis=-1, epsilon=EPSILON)


def _linear(graph: _Graph, weights: Weights, value: str, *names: str) -> str:
    """Return what the linear layers of these names make of a value, side by side; each output keeps its own scale."""
    matrix = np.concatenate([weights[f"{name}.weight"].T for name in names], axis=1)
    bias = graph.constant(np.concatenate([weights[f"{name}.bias"] for name in names]))
    if not graph.int8:
        return graph.add("Add", graph.add("MatMul", value, graph.constant(matrix)), bias)
    small, scale = quantise(matrix, axis=0, limit=WEIGHT_LIMIT)
    quantised, value_scale, zero = graph.add_many("DynamicQuantizeLinear", 3, value)
    whole = graph.add("Cast", graph.add("MatMulInteger", quantised, graph.constant(small), zero), to=TensorProto.FLOAT)
    back = graph.add("Mul", value_scale, graph.constant(scale.reshape(-1)))
    return graph.add("Add", graph.add("Mul", whole, back), bias)


def quantise(array: Array, *, axis: int, limit: int) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Return (small, scale) with ``array`` about ``small * scale``: int8 up to ``limit``, one scale along ``axis``."""
    scale = (np.abs(array).max(axis=axis, keepdims=True) / limit).astype(np.float32)
    scale[scale == 0] = 1
    return np.rint(array / scale).clip(-limit, limit).astype(np.int8), scale
