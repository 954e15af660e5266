"""Taking in an embedding model from a folder of this machine, laid out as on the hub. Which are known: ``weights``.

Everything is copied, so that the folder may go. What the folder says of itself is read where nothing else was said:
how tokens are pooled, how many are read, how many heads there are.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np

from broadsheet.errors import BadInput, BroadsheetError, Conflict, NotFound, Refused
from broadsheet.search.encoders import embed, weights
from broadsheet.search.encoders.weights import ADDED, Model, Pooling, Published
from broadsheet.search.machine import mapped

TENSORS, GRAPH, WORDS = "model.safetensors", "model.onnx", "tokenizer.json"

PROBES = ("A paper on graph networks.", "Sterne und ihre Massen: ein Überblick.", "")


def add(
    models: Path,
    folder: Path,
    name: str,
    *,
    query_prefix: str = "",
    passage_prefix: str = "",
    pooling: Pooling | None = None,
    tokens: int | None = None,
) -> Model:
    """Take in a model under a name, once three texts have got their vectors of it; return it as it is known then.

    pooling, tokens: None for what the folder says, else the mean of all tokens, and 512.
    Raises BadInput for a name that will not do, NotFound for missing files, Conflict for a name that another model has,
    and Refused for files that are no sentence encoder, or where they cannot be kept.
    """
    _check_name(models, name)
    config = _json(folder / "config.json")
    source, words = _files(folder, config)
    model = Model(
        hub="",
        package="",
        weights=_published(source, source.name),
        tokenizer=_published(words, WORDS),
        heads=int(config.get("num_attention_heads") or 0),
        dim=0,
        pooling=pooling or _pooling(folder),
        query_prefix=query_prefix,
        passage_prefix=passage_prefix,
        tokens=min(tokens or _tokens(folder, config), embed.MOST_TOKENS),
    )
    if model.tokens < embed.FEWEST_TOKENS:
        raise BadInput(f"A model cannot read {tokens} tokens.", f"It reads {embed.FEWEST_TOKENS} or more.")
    model = _tried(name, source, words, model)
    model = model._replace(mark=hashlib.blake2b(_noted(model), digest_size=4).hexdigest())
    here = models / name
    _check_other(models, name, model)
    with weights.writing(here, "get", wait=10.0):
        for path, file in ((source, model.weights), (words, model.tokenizer)):
            if path.resolve() != (here / file.name).resolve():
                part = here / f"{file.name}.part"
                shutil.copyfile(path, part)
                mapped.named(part, here / file.name)
        mapped.put(here / ADDED, _noted(model))
    embed.load(models, name)
    return weights.known(models, name)


def _check_name(models: Path, name: str) -> None:
    if not weights.NAME.fullmatch(name) or name == "none":
        raise BadInput(f"{name!r} is no name for a model.", "Take up to 60 letters, digits, dots, dashes, underscores.")
    if name in weights.MODELS:
        raise Conflict(f"{name} is the name of a published model.", f"Call yours otherwise, such as {name}-mine.")


def _check_other(models: Path, name: str, model: Model) -> None:
    """Raise Conflict where the name is another model's: vectors of that are kept under it."""
    if not (models / name / ADDED).exists():
        return
    if weights.known(models, name).mark != model._replace(mark=weights.mark_of(name, model.mark)).mark:
        raise Conflict(f"{name} is another model already.", "Give this one another name.")


def _files(folder: Path, config: dict[str, Any]) -> tuple[Path, Path]:
    """Return the file of the model and that of its tokens: tensors where they are laid out as we read them."""
    graphs = [path for path in (folder / GRAPH, folder / "onnx" / GRAPH) if path.is_file()]
    words = [path for path in (folder / WORDS, folder / "onnx" / WORDS) if path.is_file()]
    tensors = folder / TENSORS
    why_not = _why_not_ours(config) if tensors.is_file() else ""
    if not words or not (graphs or tensors.is_file()):
        missing = WORDS if not words else f"{GRAPH} or {TENSORS}"
        raise NotFound(f"There is no {missing} in {folder}.", "Give a folder with the files as published on the hub.")
    if tensors.is_file() and not why_not:
        _check_modules(folder)
        return tensors, words[0]
    if graphs:
        return graphs[0], words[0]
    raise Refused(f"{tensors} {why_not}.", f"Give the model as {GRAPH} in that folder, with its weights inside.")


def _why_not_ours(config: dict[str, Any]) -> str:
    """Return why tensors cannot be laid out by ``onnx_graph``; empty where they can."""
    if not config.get("num_attention_heads"):
        return "has no config.json beside it that says num_attention_heads"
    wanted = {
        "model_type": "bert",
        "hidden_act": "gelu",
        "position_embedding_type": "absolute",
        "layer_norm_eps": 1e-12,
    }
    other = [f"{key} {config[key]}" for key, value in wanted.items() if config.get(key, value) != value]
    return f"is not laid out like BERT: {', '.join(other)}" if other else ""


def _check_modules(folder: Path) -> None:
    """Raise Refused for a model that puts more behind the encoder than pooling and unit length."""
    listed = _json(folder / "modules.json", list)
    kinds = {str(one.get("type", "")).rpartition(".")[2] for one in listed if isinstance(one, dict)}
    if other := sorted(kinds - {"Transformer", "Pooling", "Normalize", ""}):
        raise Refused(
            f"{folder} puts {', '.join(other)} behind the encoder, which is not in {TENSORS}.",
            f"Give the model as {GRAPH} with the output sentence_embedding.",
        )


def _pooling(folder: Path) -> Pooling:
    return "cls" if _json(folder / "1_Pooling" / "config.json").get("pooling_mode_cls_token") else "mean"


def _tokens(folder: Path, config: dict[str, Any]) -> int:
    said = _json(folder / "sentence_bert_config.json").get("max_seq_length") or config.get("max_position_embeddings")
    return said if isinstance(said, int) and said > 0 else embed.MOST_TOKENS


def _tried(name: str, source: Path, words: Path, model: Model) -> Model:
    """Return a model with what only running it tells: how many numbers its vectors have, whether to centre them.

    Raises Refused for one that does not give texts theirs.
    """
    try:
        model = model._replace(centred=embed.points_one_way(model, source, words))
        embedder = embed.trial(name, model, source, words)
        vectors = [embedder.embed_query(text) for text in PROBES]
    except BroadsheetError:
        raise
    except Exception as error:  # engine, tokenizer and files of tensors each raise kinds of their own
        told = str(error).strip().partition("\n")[0][:300]
        raise Refused(
            f"{source} cannot be run: {told}.", "Is it a sentence encoder, and are these its tokens?"
        ) from error
    first = vectors[0]
    if first.ndim != 1 or any(vector.shape != first.shape for vector in vectors) or len(first) < 2:
        raise Refused(f"{source} gives arrays of shape {first.shape}, no vector of a text.", "Give a sentence encoder.")
    if not all(np.isfinite(vector).all() and abs(np.linalg.norm(vector) - 1) < 1e-3 for vector in vectors):
        raise Refused(f"{source} gives vectors that are not finite, or of zeros.", "Export the model again.")
    if np.allclose(vectors[0], vectors[1], atol=1e-4):
        raise Refused(f"{source} gives two texts the same vector.", "Are these its tokens, and is it trained?")
    return model._replace(dim=len(first))


def _published(path: Path, name: str) -> Published:
    return Published(name, path.stat().st_size, weights.sha256(path))


def _noted(model: Model) -> bytes:
    told = model._asdict()
    return json.dumps({key: told[key] for key in told if key not in ("hub", "package")}, indent=1).encode()


def _json(path: Path, kind: type = dict) -> Any:
    """Return what a file of the folder says; nothing where there is none that can be read."""
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return kind()
    return told if isinstance(told, kind) else kind()
