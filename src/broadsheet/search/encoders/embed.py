"""The one place where the embedding model is built, loaded and run.

Where its files come from is told in ``weights``, how its graph is laid out in ``onnx_graph``.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from broadsheet.errors import BadInput, BroadsheetError
from broadsheet.search.encoders import packed, weights, wordpieces
from broadsheet.search.encoders.weights import ModelMissing, get
from broadsheet.search.machine import mapped

__all__ = ["Availability", "Embedder", "ModelMissing", "available", "digest", "get", "load", "text_of"]

GRAPH, WORDS, MARK = "graph.onnx", "words.json", "built.json"
BUILD_WAIT = 300.0  # seconds that a process waits while another builds, which takes two or three
FEWEST_TOKENS, MOST_TOKENS = 3, 512  # one word between the two marks; rows of the published position table
SIGNS_PER_TOKEN = 16  # real text has 4 to 6; what lies beyond is cut unread


class Availability(NamedTuple):
    """Whether a model can be used: now, after some seconds of building, or not; and a sentence on why not now."""

    state: Literal["ready", "buildable", "missing"]
    reason: str


class Embedder:
    """A loaded model. Calls may come from any thread; the same text always gets the same vector.

    name: of the model. mark: name and recipe, kept beside each vector. dim: numbers in a vector. most: the most tokens
    it can read.
    """

    def __init__(
        self,
        name: str,
        model: weights.Model,
        session: Any,
        tokenizer: Any,
        threads: int,
        graph: Path | None = None,
        of_ascii: Callable[[str], list[int]] | None = None,
    ) -> None:
        self._graph = graph
        self._of_ascii = of_ascii
        self._by_token: Any = None
        self.name = name
        self.mark = model.mark
        self.dim = model.dim
        self.most = model.tokens
        self._query_prefix, self._passage_prefix = model.query_prefix, model.passage_prefix
        self._session = session
        self._tokenizer = tokenizer
        self._threads = threads

    def embed(self, texts: Sequence[str], *, tokens: int = 256) -> NDArray[np.float32]:
        """Return a vector of unit length for each text that is found; empty and broken texts get one too.

        The shape is (len(texts), dim). What is asked goes to ``embed_query``: some models tell the two apart.

        tokens: how much of a text is read, 3 to 512, and no more than the model can. A single text is read in the
        caller's thread, several by as many threads as were given to ``load``. Raises BadInput for another number.
        """
        self._check(tokens)

        def read(text: str) -> NDArray[np.float32]:
            return self._read(self._passage_prefix + text, tokens)

        if self._threads == 1 or len(texts) < 2:
            rows = list(map(read, texts))
        else:
            with ThreadPoolExecutor(min(self._threads, len(texts)), "embed") as pool:
                rows = list(pool.map(read, texts))
        return np.array(rows, dtype=np.float32).reshape(len(rows), -1 if rows else self.dim)

    def embed_query(self, text: str, *, tokens: int = 256) -> NDArray[np.float32]:
        """Return the vector of unit length of what is asked, shape (dim,). tokens: as in ``embed``."""
        self._check(tokens)
        text, tokens = self._query_prefix + text, min(tokens, self.most)
        if self._of_ascii is None or not text.isascii():
            return self._read(text, tokens)
        # A search waits for it, and the tokenizer also reckons where each piece stands.
        return self._vector(_cut(self._of_ascii(text[: tokens * SIGNS_PER_TOKEN]), tokens))

    def token_vectors(self, text: str, *, tokens: int = 256) -> NDArray[np.float32]:
        """Return a vector of unit length for each token of a text, the marks around it aside; one row at least.

        The first call lays the graph out once more, which takes some 40 MB. tokens: as in ``embed``.
        Raises BadInput for a model that gives vectors of whole texts alone.
        """
        self._check(tokens)
        if self._by_token is None:
            from broadsheet.search.encoders import onnx_graph

            if self._graph is None:
                raise BadInput(f"{self.name} was loaded without its graph.", "Load it with embed.load.")
            self._by_token = _session(onnx_graph.with_tokens(self._graph.read_bytes()))
        vectors: NDArray[np.float32] = self._by_token.run(["tokens"], {"ids": self._ids(text, tokens)})[0][0]
        inner = vectors[1:-1] if len(vectors) > 2 else vectors
        lengths = np.linalg.norm(inner, axis=1, keepdims=True)
        return (inner / np.maximum(lengths, 1e-12)).astype(np.float32)

    def _check(self, tokens: int) -> None:
        if not FEWEST_TOKENS <= tokens <= MOST_TOKENS:
            raise BadInput(f"The model cannot read {tokens} tokens.", f"It takes {FEWEST_TOKENS} to {MOST_TOKENS}.")

    def _read(self, text: str, tokens: int) -> NDArray[np.float32]:
        return self._vector(self._ids(text, tokens))

    def _vector(self, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        vector: NDArray[np.float32] = self._session.run(["vector"], {"ids": ids})[0][0]
        return vector

    def _ids(self, text: str, tokens: int) -> NDArray[np.int64]:
        """Return the tokens' numbers, shape (1, at most tokens); the closing mark stays when a text is cut."""
        tokens = min(tokens, self.most)
        # The tokenizer reads UTF-8, which has no place for half of a surrogate pair.
        clean = text[: tokens * SIGNS_PER_TOKEN].encode("utf-8", "replace").decode("utf-8")
        # One text at a time: the tokenizer's own batches would take every core, and break in forked processes.
        return _cut(self._tokenizer.encode(clean).ids, tokens)


def _cut(ids: Sequence[int], tokens: int) -> NDArray[np.int64]:
    """Return tokens' numbers as the model takes them, so many at most; the closing mark stays."""
    return np.array([ids if len(ids) <= tokens else [*ids[: tokens - 1], ids[-1]]], dtype=np.int64)


def text_of(title: str, abstract: str) -> str:
    """Return what is embedded of a paper."""
    return f"{title.strip()}\n{abstract.strip()}".strip()


def digest(text: str) -> str:
    """Return 16 hex digits that change when the text does, to find stale vectors. No protection against forgery."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def mark(name: str) -> str:
    """Return what is kept beside a vector of a published model: vectors of another recipe of it are stale."""
    return weights.mark_of(name)


def available(models: Path, name: str) -> Availability:
    """Say whether ``load`` would succeed, without building anything. A name that is not known counts as missing."""
    try:
        if _is_built(models / name, weights.known(models, name)):
            return Availability("ready", "")
        weights.find(models, name)
    except BroadsheetError as error:
        return Availability("missing", str(error))
    return Availability("buildable", f"The embedding model {name} is here, but not built yet: its first use does that.")


def load(models: Path, name: str, *, threads: int = 1) -> Embedder:
    """Return the model, built in ``models`` at first use: seconds then, a fraction of one later. Keep the result.

    threads: how many texts ``embed`` reads at once. Each text is read in a single thread, and the engine keeps no
    threads of its own: nothing spins while idle, and a background thread's low priority holds for its texts.

    Raises ModelMissing where there are no weights, BadInput for an unknown name, Refused for weights that are not
    the published ones or when ``models`` cannot be written, Conflict when another process builds for minutes.
    """
    model = weights.known(models, name)
    folder = models / name
    if not _is_built(folder, model):
        _build(folder, model, weights.find(models, name))
    tokenizer = _tokenizer((folder / WORDS).read_bytes())
    of_ascii = wordpieces.of_ascii(folder / WORDS, tokenizer)
    return Embedder(name, model, _session(folder / GRAPH), tokenizer, threads, folder / GRAPH, of_ascii)


def trial(name: str, model: weights.Model, source: Path, words: Path) -> Embedder:
    """Return a model that is built in memory of a file that nobody has checked, to see whether it runs."""
    graph, text = _made(source, words, model)
    return Embedder(name, model, _session(graph), _tokenizer(text), 1)


def points_one_way(model: weights.Model, source: Path, words: Path) -> bool:
    """Tell whether unlike texts are all near to each other by a model of such a file, so that it is to be centred."""
    from broadsheet.search.encoders import centred

    return centred.is_needed(_unlike(model, *_graph_of(source, words, model)))


def _tokenizer(words: bytes) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_buffer(words)
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _session(graph: Path | bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False  # texts differ in length; an arena would keep memory for each, to no gain
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _is_built(folder: Path, model: weights.Model) -> bool:
    """Tell whether graph and tokenizer lie in ``folder``, whole, ours, and of this recipe."""
    try:
        mark = json.loads((folder / MARK).read_bytes())
        return bool(mark == _mark(model, weights.sha256(folder / GRAPH), weights.sha256(folder / WORDS)))
    except (OSError, ValueError):
        return False


def _mark(model: weights.Model, graph: str, words: str) -> dict[str, str]:
    return {"recipe": f"{weights.RECIPE} from {model.weights.sha256}", GRAPH: graph, WORDS: words}


def _build(folder: Path, model: weights.Model, source: Path) -> None:
    """Make the graph from the weights in ``source``. The mark comes last: without it the rest counts for nothing."""
    with weights.writing(folder, "build", wait=BUILD_WAIT):
        if _is_built(folder, model):
            return  # by another process, while this one waited
        for file in dict.fromkeys((model.weights, model.tokenizer)):
            weights.check(source / file.name, file)
        graph, words = _made(source / model.weights.name, source / model.tokenizer.name, model)
        mapped.put(folder / GRAPH, graph)
        mapped.put(folder / WORDS, words)
        mark = _mark(model, weights.sha256(folder / GRAPH), weights.sha256(folder / WORDS))
        mapped.put(folder / MARK, json.dumps(mark, indent=1).encode())


def _made(path: Path, words: Path, model: weights.Model) -> tuple[bytes, bytes]:
    """Return the graph of a model, centred where it is to be, and its tokenizer."""
    graph, text = _graph_of(path, words, model)
    if model.centred:
        from broadsheet.search.encoders import centred

        graph = centred.centred(graph, _unlike(model, graph, text).mean(axis=0))
    return graph, text


def _unlike(model: weights.Model, graph: bytes, words: bytes) -> NDArray[np.float32]:
    """Return the vectors of texts on everything that papers are about, shape (texts, dim)."""
    from broadsheet.search.encoders import centred

    embedder = Embedder("", model, _session(graph), _tokenizer(words), 1)
    return np.array([embedder.embed([text])[0] for text in centred.UNLIKE])


def _graph_of(path: Path, words: Path, model: weights.Model) -> tuple[bytes, bytes]:
    """Return the graph made of a model's file, and its tokenizer. Raises BadInput for one that is no encoder."""
    if path.suffix == ".onnx":
        from broadsheet.search.encoders import onnx_foreign

        return onnx_foreign.wrapped(path, pooling=model.pooling), words.read_bytes()
    from broadsheet.search.encoders import onnx_graph

    if path.suffix == packed.SUFFIX:
        held = packed.read(path)
        return onnx_graph.build(held.tensors, heads=model.heads, pooling=model.pooling), held.words.encode()
    from safetensors.numpy import load_file

    tensors = {key.removeprefix("bert."): np.asarray(array, np.float32) for key, array in load_file(path).items()}
    return onnx_graph.build(tensors, heads=model.heads, pooling=model.pooling), words.read_bytes()
