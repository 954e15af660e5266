"""A made-up encoder of two small layers with its tokenizer, and a plain forward pass to compare graphs with."""

import json
import math

import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

WORDS = [
    "[PAD]",
    "[UNK]",
    "[CLS]",
    "[SEP]",
    "a",
    "of",
    "cat",
    "dog",
    "sat",
    "mat",
    "graph",
    "model",
    "paper",
    "stars",
    "##s",
    "##ing",
]
DIM, WIDE, HEADS, LAYERS, PLACES = 16, 32, 4, 2, 512


def weights(seed=7, dim=DIM):
    """Random tensors under the published names. dim: a multiple of HEADS."""
    numbers = np.random.default_rng(seed)

    def tensor(*shape):
        return (numbers.standard_normal(shape) * 0.4).astype(np.float32)

    def dense(name, width, depth):
        return {f"{name}.weight": tensor(width, depth), f"{name}.bias": tensor(width)}

    def normal(name):
        return {f"{name}.weight": 1 + tensor(dim), f"{name}.bias": tensor(dim)}

    made = {
        "embeddings.word_embeddings.weight": tensor(len(WORDS), dim),
        "embeddings.position_embeddings.weight": tensor(PLACES, dim),
        "embeddings.token_type_embeddings.weight": tensor(2, dim),
        **normal("embeddings.LayerNorm"),
    }
    for layer in range(LAYERS):
        prefix = f"encoder.layer.{layer}."
        for part in ("self.query", "self.key", "self.value", "output.dense"):
            made |= dense(f"{prefix}attention.{part}", dim, dim)
        made |= normal(f"{prefix}attention.output.LayerNorm") | normal(f"{prefix}output.LayerNorm")
        made |= dense(f"{prefix}intermediate.dense", WIDE, dim) | dense(f"{prefix}output.dense", dim, WIDE)
    return made


def saved(folder, seed=7, dim=DIM, **config):
    """Write a model as it is published on the hub, and return the folder. config: more of its config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file(weights(seed, dim), folder / "model.safetensors")
    tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "config.json").write_text(json.dumps({"num_attention_heads": HEADS, "model_type": "bert"} | config))
    return folder


def add_two(folder):
    """Take in two models of unlike dimensions, called one and two; return the folder that holds them."""
    from broadsheet.search.encoders import added

    for name, seed, dim in (("one", 7, 16), ("two", 8, 24)):
        added.add(folder / "models", saved(folder / name, seed, dim), name, tokens=64)
    return folder / "models"


def tokenizer():
    """A word-piece tokenizer that, as the published one does, pads and cuts unless told otherwise."""
    made = Tokenizer(models.WordPiece({word: number for number, word in enumerate(WORDS)}, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", WORDS.index("[CLS]")), ("[SEP]", WORDS.index("[SEP]"))]
    )
    made.enable_truncation(8)
    made.enable_padding(length=8)
    return made


def forward(tensors, ids, heads):
    """The encoder written out in float64: mean of the last layer's tokens, scaled to unit length."""
    t = {name: np.asarray(tensor, np.float64) for name, tensor in tensors.items() if tensor.dtype != np.int64}
    erf = np.vectorize(math.erf)

    def dense(name, x):
        return x @ t[f"{name}.weight"].T + t[f"{name}.bias"]

    def normal(name, x):
        x = x - x.mean(-1, keepdims=True)
        return x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-12) * t[f"{name}.weight"] + t[f"{name}.bias"]

    def split(x):
        return x.reshape(len(ids), heads, -1).swapaxes(0, 1)

    x = t["embeddings.word_embeddings.weight"][ids] + t["embeddings.position_embeddings.weight"][: len(ids)]
    x = normal("embeddings.LayerNorm", x + t["embeddings.token_type_embeddings.weight"][0])
    for layer in range(sum(name.endswith("intermediate.dense.bias") for name in t)):
        prefix = f"encoder.layer.{layer}."
        query, key, value = (split(dense(f"{prefix}attention.self.{part}", x)) for part in ("query", "key", "value"))
        heat = np.exp(query @ key.swapaxes(1, 2) / math.sqrt(query.shape[-1]))
        heard = (heat / heat.sum(-1, keepdims=True) @ value).swapaxes(0, 1).reshape(x.shape)
        x = normal(f"{prefix}attention.output.LayerNorm", x + dense(f"{prefix}attention.output.dense", heard))
        wide = dense(f"{prefix}intermediate.dense", x)
        wide = wide * 0.5 * (1 + erf(wide / math.sqrt(2)))
        x = normal(f"{prefix}output.LayerNorm", x + dense(f"{prefix}output.dense", wide))
    mean = x.mean(0)
    return mean / np.linalg.norm(mean)
