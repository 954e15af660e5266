"""Models whose vectors all point one way are turned so that unlike texts have cosines near to zero, as others have.

Search adds cosines to the scores of words and knows by fixed numbers what is near in meaning. Contrastive training at a
low temperature, as of the e5 models, leaves all cosines between 0.7 and 0.9, which says next to nothing there.
"""

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper

MOST = 0.5
"""Length of the mean of unlike texts' vectors above which it is taken off; of all-MiniLM-L6-v2 it is 0.35."""

UNLIKE = (
    "Graph neural networks for molecules",
    "Stars and their masses",
    "Language models that follow instructions",
    "A proof of a theorem on prime numbers",
    "Superconductivity in thin films",
    "Gene expression in single cells",
    "Portfolio optimisation under risk",
    "Robots that learn to walk",
    "Cosmology of dark energy",
    "Turbulence in pipes",
    "Quantum error correction",
    "Image segmentation in medicine",
    "Estimation with missing data",
    "Game theory and auctions",
    "Speech recognition in noise",
    "Climate and ocean models",
    "Cryptographic protocols",
    "Topology of manifolds",
    "Partial differential equations",
    "Particle physics at colliders",
    "Gravitational waves",
    "Databases and queries",
    "Networks and routing",
    "Programming languages and types",
    "Signal processing",
    "Protein folding",
    "Neurons and brains",
    "Ecology of populations",
    "Optical materials",
    "Soft matter and polymers",
    "String theory",
    "Number fields",
    "Random matrices",
    "Recommender systems",
    "Human computer interaction",
    "Software testing",
)
"""Texts on everything that papers are about. Another list makes other vectors: it is part of the recipe."""


def is_needed(vectors: NDArray[np.float32]) -> bool:
    """Tell by a model's vectors of UNLIKE, a row each, whether they all point one way."""
    return bool(np.linalg.norm(vectors.mean(axis=0)) > MOST)


def centred(graph: bytes, middle: NDArray[np.float32]) -> bytes:
    """Return a graph whose ``vector`` is that of another less ``middle``, at unit length again.

    The graph is one that ``onnx_graph`` or ``onnx_foreign`` made.
    """
    model = onnx.load_from_string(graph)
    last = next(node for node in model.graph.node if "vector" in node.output)
    last.output[:] = ["vector_before"]
    model.graph.initializer.append(numpy_helper.from_array(middle[None], "middle"))
    nodes: list[Any] = [
        helper.make_node("Sub", ["vector_before", "middle"], ["vector_less"]),
        helper.make_node("LpNormalization", ["vector_less"], ["vector"], axis=-1, p=2),
    ]
    model.graph.node.extend(nodes)
    return bytes(model.SerializeToString())
