"""JSON lines, plain or compressed, as a source. What a row means is read in ``rows``."""

import bz2
import contextlib
import gzip
import hashlib
import io
import json
import lzma
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from zstandard import ZstdError

from broadsheet.errors import BadInput
from broadsheet.sources.record import Item, Record, Reject
from broadsheet.sources.rows import LONGEST_SOURCE, record_of
from broadsheet.sources.zstd import ZstdReader

ENDINGS = (".jsonl", ".jsonl.gz", ".jsonl.xz", ".jsonl.zst", ".jsonl.bz2")
LONGEST_LINE = 4_000_000
"""Bytes of a line that is read, its end included; a longer one is rejected without being held in memory."""

_KEPT = 10_000
_CHUNK = 1 << 20
_FEW = 1000
# What the archives' readers raise; a zip archive may need a password, or a way of packing that is not known.
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    ZstdError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
)
"""What reading a cut off, damaged or locked archive raises."""


class JsonLines:
    """A file of records, one JSON object a line, read in a stream. done and total are bytes of the file as it lies."""

    def __init__(self, path: Path, name: str | None = None) -> None:
        self.path = path
        self.name = (name or path.name.split(".")[0] or "records")[:LONGEST_SOURCE]
        self.total: int | None = path.stat().st_size
        self.done = 0

    def fetch(self, after: int = 0) -> Iterator[Item]:
        """Yield the rows after line ``after``; those before it are only counted.

        Raises BadInput, after all that could be read, where the archive is cut off or damaged.
        """
        position = after
        with self.path.open("rb") as raw, unpacked(self.path, raw) as file:
            try:
                _skip_lines(file, after)
                while line := file.readline(LONGEST_LINE + 1):
                    position += 1
                    if is_long := len(line) > LONGEST_LINE:
                        _skip_line(file, line)
                    if is_long or not line.isspace():
                        self.done = raw.tell()
                        yield Item(position, self._row(line))
            except BROKEN as error:
                raise BadInput(
                    f"{self.path} cannot be read beyond line {position}: {error}.",
                    "The file is cut off or damaged; what came before is taken in.",
                ) from None
        self.done = self.total or 0

    def record(self, row: object) -> Record:
        """Return the record that a decoded line stands for; raises BadInput, saying why, where it stands for none."""
        return record_of(row, self.name)

    def _row(self, line: bytes) -> Record | Reject:
        if len(line) > LONGEST_LINE:
            return Reject(f"The line is longer than {LONGEST_LINE} bytes.", _kept(line))
        line = line.strip()
        try:
            return self.record(json.loads(line.decode("utf-8-sig")))
        except BadInput as error:
            return Reject(error.message, _kept(line))
        except UnicodeDecodeError as error:
            return Reject(f"The line is not UTF-8 at byte {error.start}.", _kept(line))
        except (ValueError, RecursionError) as error:
            return Reject(f"The line is not JSON: {error}.", _kept(line))


def fingerprint(path: Path) -> str:
    """Return 32 hex digits that change with a file's size, beginning or end, to tell whether it is the same content."""
    size = path.stat().st_size
    digest = hashlib.blake2b(str(size).encode(), digest_size=16)
    with path.open("rb") as file:
        digest.update(file.read(1 << 16))
        file.seek(max(0, size - (1 << 16)))
        digest.update(file.read())
    return digest.hexdigest()


def unpacked(path: Path, raw: IO[bytes]) -> contextlib.AbstractContextManager[IO[bytes]]:
    """Return a stream of what an opened file holds, by its ending; of a zip archive its first file."""
    match path.suffix:
        case ".gz":
            return contextlib.closing(cast("IO[bytes]", gzip.GzipFile(fileobj=raw)))
        case ".xz":
            return contextlib.closing(lzma.LZMAFile(raw))
        case ".bz2":
            return contextlib.closing(bz2.BZ2File(raw))
        case ".zst":
            return io.BufferedReader(ZstdReader(raw), 1 << 20)
        case ".zip":
            return _first_of_zip(raw)
        case _:
            return contextlib.nullcontext(raw)


@contextlib.contextmanager
def _first_of_zip(raw: IO[bytes]) -> Iterator[IO[bytes]]:
    with zipfile.ZipFile(raw) as archive:
        first = next((one for one in archive.infolist() if not one.is_dir()), None)
        if first is None:
            raise zipfile.BadZipFile("the archive is empty")
        with archive.open(first) as packed, io.BufferedReader(cast("io.RawIOBase", packed), _CHUNK) as file:
            yield cast("IO[bytes]", file)


def _skip_lines(file: IO[bytes], number: int) -> None:
    """Pass over so many lines. They are counted in large pieces, which is ten times quicker than reading each."""
    # A piece of n bytes ends at most n lines, so none is passed over too many.
    while number > _FEW and (piece := file.read(min(_CHUNK, number))):
        number -= piece.count(b"\n")
    while number > 0 and (line := file.readline(_CHUNK)):
        number -= line.endswith(b"\n")


def _skip_line(file: IO[bytes], line: bytes) -> None:
    while line and not line.endswith(b"\n"):
        line = file.readline(LONGEST_LINE)


def _kept(line: bytes) -> str:
    """Return a row's own text, so that nothing is lost; of a giant its beginning."""
    text = line.decode("utf-8", "backslashreplace")
    return text if len(text) <= _KEPT else f"{text[:_KEPT]}..."
