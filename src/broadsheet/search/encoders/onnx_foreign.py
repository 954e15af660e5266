"""Encoders that others exported as ONNX graphs, dressed like those of ``onnx_graph``: one text in, one vector out."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from broadsheet.errors import BadInput
from broadsheet.search.encoders.onnx_graph import POOL, WHOLE, Pooling

IDS, MASK, KINDS, PLACES = "input_ids", "attention_mask", "token_type_ids", "position_ids"
WHOLE_OUTPUTS = ("sentence_embedding", "text_embeds", "pooled_embedding")
TOKEN_OUTPUTS = ("last_hidden_state", "token_embeddings", "hidden_states", "output")

type Graph = Any


def wrapped(path: Path, *, pooling: Pooling) -> bytes:
    """Return a published graph with ``ids`` int64 (1, tokens) as its one input, ``vector`` float32 (1, dim) as output.

    The graph stays as it is, and weights in a file beside it are taken into it. Mask, token types and places, where it
    wants them, are made of the number of tokens, as one text is read at a time. A sentence's vector that it gives is
    taken, else that of its tokens by ``pooling``; both are scaled to unit length.

    Raises BadInput for what is no ONNX graph, or has other inputs and outputs.
    """
    model = _loaded(path)
    graph = model.graph
    before = _inputs(graph, path)
    after = _outputs(graph, pooling, _opset(model, path), path)
    nodes = [*before, *graph.node, *after]
    del graph.node[:], graph.input[:], graph.output[:]
    graph.node.extend(nodes)
    graph.input.append(helper.make_tensor_value_info("ids", TensorProto.INT64, [1, "tokens"]))
    graph.output.append(helper.make_tensor_value_info("vector", TensorProto.FLOAT, [1, "dim"]))
    try:
        return bytes(model.SerializeToString())
    except ValueError as error:  # 2 GB are the most that one such file can hold
        raise BadInput(f"{path} is too large: {error}", "Export the model with 8-bit weights.") from error


def _loaded(path: Path) -> onnx.ModelProto:
    try:
        model: onnx.ModelProto = onnx.load(str(path))
    except Exception as error:  # the parser raises its own errors, the checker of paths others
        raise BadInput(f"{path} cannot be read as an ONNX graph: {_line(error)}", "Export the model again.") from error
    if not model.graph.node:
        raise BadInput(f"{path} holds no ONNX graph.", "Give a folder with model.onnx as published on the hub.")
    return model


def _inputs(graph: Graph, path: Path) -> list[Any]:
    """Return nodes that make all inputs of the token numbers."""
    constants = {one.name for one in graph.initializer}
    wanted = {one.name: one.type.tensor_type.elem_type for one in graph.input if one.name not in constants}
    strange = sorted(set(wanted) - {IDS, MASK, KINDS, PLACES})
    if IDS not in wanted or strange:
        raise BadInput(
            f"{path} wants the inputs {', '.join(sorted(wanted)) or 'none'}.",
            f"A text encoder takes {IDS}, and {MASK}, {KINDS} or {PLACES} beside it.",
        )
    nodes = [
        helper.make_node("Shape", ["ids"], ["ids_shape"]),
        helper.make_node("Cast", ["ids"], [IDS], to=wanted[IDS]),
    ]
    for name, value in ((MASK, 1), (KINDS, 0)):
        if name in wanted:
            filled = numpy_helper.from_array(np.array([value], np.int64))
            nodes.append(helper.make_node("ConstantOfShape", ["ids_shape"], [f"{name}_made"], value=filled))
            nodes.append(helper.make_node("Cast", [f"{name}_made"], [name], to=wanted[name]))
    if PLACES in wanted:
        zero, one = (_constant(graph, f"places_{value}", np.array(value)) for value in (0, 1))
        nodes.append(helper.make_node("Gather", ["ids_shape", one], ["tokens_count"], axis=0))
        nodes.append(helper.make_node("Range", [zero, "tokens_count", one], ["places_flat"]))
        nodes.append(helper.make_node("Reshape", ["places_flat", "ids_shape"], ["places_made"]))
        nodes.append(helper.make_node("Cast", ["places_made"], [PLACES], to=wanted[PLACES]))
    return nodes


def _outputs(graph: Graph, pooling: Pooling, opset: int, path: Path) -> list[Any]:
    """Return nodes that make one vector of unit length of what the graph gives."""
    given = {one.name: len(one.type.tensor_type.shape.dim) for one in graph.output}
    whole = next((name for name in WHOLE_OUTPUTS if name in given), None)
    tokens = next((name for name in TOKEN_OUTPUTS if name in given), None)
    if whole is None and tokens is None:  # by their shapes: (1, tokens, dim), or (1, dim)
        tokens = next((name for name, rank in given.items() if rank == 3), None)
        whole = next((name for name, rank in given.items() if rank == 2), None) if tokens is None else None
    if whole is not None:
        nodes = [helper.make_node("Cast", [whole], ["sentence"], to=TensorProto.FLOAT, name=WHOLE)]
    elif tokens is not None:
        cast = helper.make_node("Cast", [tokens], ["tokens_as_float"], to=TensorProto.FLOAT)
        nodes = [cast, _pool(graph, pooling, opset)]
    else:
        raise BadInput(
            f"{path} gives {', '.join(given) or 'nothing'}.",
            f"A text encoder gives {TOKEN_OUTPUTS[0]} (a vector a token) or {WHOLE_OUTPUTS[0]} (one of the text).",
        )
    return [*nodes, helper.make_node("LpNormalization", ["sentence"], ["vector"], axis=-1, p=2)]


def _pool(graph: Graph, pooling: Pooling, opset: int) -> Any:
    """Return the node that makes one vector of the tokens'; where the axes of a mean are told changed with set 18."""
    tokens = "tokens_as_float"
    if pooling == "cls":
        first = _constant(graph, "first_token", np.array(0))
        return helper.make_node("Gather", [tokens, first], ["sentence"], axis=1, name=POOL)
    if opset < 18:
        return helper.make_node("ReduceMean", [tokens], ["sentence"], axes=[1], keepdims=0, name=POOL)
    axis = _constant(graph, "axis_of_tokens", np.array([1]))
    return helper.make_node("ReduceMean", [tokens, axis], ["sentence"], keepdims=0, name=POOL)


def _constant(graph: Graph, name: str, value: NDArray[np.int64]) -> str:
    graph.initializer.append(numpy_helper.from_array(value, name))
    return name


def _opset(model: onnx.ModelProto, path: Path) -> int:
    number = max((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), default=0)
    if number < 11:
        raise BadInput(f"{path} is of ONNX operator set {number}.", "Export the model with 11 or later.")
    return number


def _line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
